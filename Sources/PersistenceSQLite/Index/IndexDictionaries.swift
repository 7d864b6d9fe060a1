import Archive
import DICOMCore
import GRDB

/// Terms and names stored once, with the keys of those seen lately. Belongs to the writer; not thread-safe.
final class IndexDictionaries {
    private struct TermKey: Hashable {
        let text: String
        let isList: Bool
    }

    private static let limit = 20_000
    private var terms: [TermKey: Int64] = [:]
    private var names: [String: Int64] = [:]
    private var searchTexts: [String: String] = [:]

    /// After a transaction was undone, keys given out in it are void.
    func forget() {
        terms.removeAll(keepingCapacity: true)
        names.removeAll(keepingCapacity: true)
    }

    /// What free text search looks through for one value: folded, names in each of their forms, delimiters as spaces.
    func searchText(_ text: String, isName: Bool) -> String {
        if let known = searchTexts[text] { return known }
        let forms = isName ? NameKeys.keys(of: text).map { $0.text }.joined(separator: " ") : text
        var plain = String.UnicodeScalarView()
        for scalar in forms.unicodeScalars {
            plain.append(scalar == "^" || scalar == "=" || scalar == "\\" ? " " : scalar)
        }
        let folded = TextFolding.foldDiacritics(String(plain))
        if searchTexts.count >= Self.limit { searchTexts.removeAll(keepingCapacity: true) }
        searchTexts[text] = folded
        return folded
    }

    func term(_ text: String, isList: Bool = false, _ db: Database) throws -> Int64 {
        let key = TermKey(text: text, isList: isList)
        if let known = terms[key] { return known }
        let arguments: StatementArguments = [text, isList]
        let select = try db.cachedStatement(sql: "SELECT id FROM term WHERE text = ? AND is_list = ?")
        var id = try Int64.fetchOne(select, arguments: arguments)
        if id == nil {
            try db.cachedStatement(sql: "INSERT INTO term (text, is_list) VALUES (?, ?)").execute(arguments: arguments)
            id = db.lastInsertedRowID
        }
        if terms.count >= Self.limit { terms.removeAll(keepingCapacity: true) }
        let result = id ?? 0
        terms[key] = result
        return result
    }

    /// - Parameter text: one or more names, formatted, separated by backslashes; not empty.
    func name(_ text: String, _ db: Database) throws -> Int64 {
        if let known = names[text] { return known }
        let id = try insertName(text, db)
            ?? Int64.fetchOne(db.cachedStatement(sql: "SELECT id FROM person_name WHERE text = ?"), arguments: [text])
        guard let id else { throw IndexError.corrupt(message: "a name is in an index but not in the table") }
        if names.count >= Self.limit { names.removeAll(keepingCapacity: true) }
        names[text] = id
        return id
    }

    /// - Returns: `nil` when the name is there.
    private func insertName(_ text: String, _ db: Database) throws -> Int64? {
        var insert = try RowStatement("INSERT INTO person_name (text) VALUES (?) ON CONFLICT DO NOTHING", db)
        insert.bind(text)
        try insert.run()
        guard db.changesCount == 1 else { return nil }
        let id = db.lastInsertedRowID
        for key in NameKeys.keys(of: text) { try insertKey(key, of: id, db) }
        for word in NameKeys.words(of: text) {
            var insertWord = try RowStatement("INSERT INTO person_name_word (word, name) VALUES (?, ?)", db)
            insertWord.bind(word)
            insertWord.bind(id)
            try insertWord.run()
        }
        return id
    }

    private func insertKey(_ key: NameKeys.Key, of name: Int64, _ db: Database) throws {
        var insert = try RowStatement("INSERT INTO person_name_key (name, component_group, text) VALUES (?, ?, ?)", db)
        insert.bind(name)
        insert.bind(key.group)
        insert.bind(key.text)
        try insert.run()
        let row = db.lastInsertedRowID
        // Shorter keys have no trigram.
        guard key.text.unicodeScalars.count >= 3 else { return }
        var trigrams = try RowStatement("INSERT INTO person_name_trigram (rowid, text) VALUES (?, ?)", db)
        trigrams.bind(row)
        trigrams.bind(key.text)
        try trigrams.run()
    }
}
