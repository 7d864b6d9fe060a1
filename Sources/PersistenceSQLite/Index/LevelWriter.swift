import Archive
import DICOMCore
import GRDB

/// Inserts rows of one level: header attributes by the declaration, the rest as given.
struct LevelWriter {
    /// Column attributes first, then sequences.
    let reader: HeaderReader
    private let columnCount: Int
    private let insert: String
    private let itemInserts: [String]
    private let positions: [Tag: Int]

    /// - Parameters:
    ///   - before: the column of the parent's key, if any.
    ///   - after: further columns, bound after the attributes.
    init(_ level: QueryLevel, before: [String], after: [String]) {
        let columns = IndexColumns.attributes(in: level).filter {
            $0.kind != .sequence && ($0.source == .header || level == .instance)
        }
        let sequences = IndexColumns.sequences(of: level)
        reader = HeaderReader(columns + sequences)
        columnCount = columns.count
        positions = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1.tag, $0) })
        let names = before + columns.flatMap { IndexColumns.names($0) } + after
        insert = Self.insert(IndexColumns.table(level), names)
        itemInserts = sequences.map { sequence in
            Self.insert(
                IndexColumns.itemTable(sequence), ["owner", "item"] + sequence.items.flatMap { IndexColumns.names($0) })
        }
    }

    private static func insert(_ table: String, _ names: [String]) -> String {
        let places = names.map { _ in "?" }.joined(separator: ", ")
        return "INSERT INTO \(table) (\(names.joined(separator: ", "))) VALUES (\(places)) ON CONFLICT DO NOTHING"
    }

    func position(_ tag: Tag) -> Int? { positions[tag] }

    /// - Parameters:
    ///   - parent: key of the row above, bound first.
    ///   - after: binds the columns that follow the attributes.
    /// - Returns: the new row's key; `nil` when a row with its unique columns is there already.
    func write(
        _ values: [IndexedValue], parent: Int64?, _ dictionaries: IndexDictionaries, _ db: Database,
        after: (inout RowStatement) throws -> Void = { _ in }
    ) throws -> Int64? {
        // Terms and names come first: their own statements must not run between binding and running this one.
        let keys = try (0..<columnCount).map { try Self.key(values[$0], reader.attributes[$0], dictionaries, db) }
        var statement = try RowStatement(insert, db)
        if let parent { statement.bind(parent) }
        for index in 0..<columnCount { Self.bind(values[index], keys[index], reader.attributes[index], &statement) }
        try after(&statement)
        try statement.run()
        guard db.changesCount == 1 else { return nil }
        let key = db.lastInsertedRowID
        for (index, sql) in itemInserts.enumerated() {
            guard case .items(let items) = values[columnCount + index] else { continue }
            try writeItems(items, of: reader.attributes[columnCount + index], owner: key, sql, dictionaries, db)
        }
        return key
    }

    private func writeItems(
        _ items: [[IndexedValue]], of sequence: IndexedAttribute, owner: Int64, _ sql: String,
        _ dictionaries: IndexDictionaries, _ db: Database
    ) throws {
        for (number, item) in items.enumerated() {
            let keys = try zip(sequence.items, item).map { try Self.key($1, $0, dictionaries, db) }
            var statement = try RowStatement(sql, db)
            statement.bind(owner)
            statement.bind(number)
            for index in item.indices { Self.bind(item[index], keys[index], sequence.items[index], &statement) }
            try statement.run()
        }
    }

    /// The row in `term` or `person_name`, for attributes that have one.
    private static func key(
        _ value: IndexedValue, _ attribute: IndexedAttribute, _ dictionaries: IndexDictionaries, _ db: Database
    ) throws -> Int64? {
        guard attribute.isRepetitive || attribute.kind == .personName else { return nil }
        switch value {
        case .text(let text):
            return try attribute.isRepetitive ? dictionaries.term(text, db) : dictionaries.name(text, db)
        case .list(let values): return try dictionaries.term(TextList.encode(values), isList: true, db)
        default: return nil
        }
    }

    /// One value for each of `IndexColumns.names(attribute)`.
    private static func bind(
        _ value: IndexedValue, _ key: Int64?, _ attribute: IndexedAttribute, _ statement: inout RowStatement
    ) {
        if attribute.isRepetitive {
            statement.bind(key)
            return
        }
        switch (attribute.kind, value) {
        case (.sequence, _): break
        case (.integer, .integer(let number)): statement.bind(number)
        case (.integer, _): statement.bindNull()
        case (.personName, _):
            statement.bind(value.columnText)
            statement.bind(key)
        case (.dateTime, .moment(let text, let utc)):
            statement.bind(text)
            statement.bind(utc)
        case (.dateTime, _):
            statement.bind("")
            statement.bind("")
        default: statement.bind(value.columnText)
        }
    }
}
