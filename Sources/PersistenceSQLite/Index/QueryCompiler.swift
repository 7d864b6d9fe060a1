import Archive
import DICOMCore
import GRDB

/// An `ArchiveQuery` as one statement: `p` patient, `s` study, `e` series, `i` instance.
struct QueryCompiler {
    let query: ArchiveQuery
    let keys: [ArchiveQuery.ReturnKey]
    let order: [ArchiveQuery.Order]
    /// The studies that fulfil a condition on text; `nil` when there are so many that looking each row over in the order
    /// wanted finds a page sooner than collecting and sorting them.
    private let fewStudies: ((SQLText) throws -> [Int64]?)?

    /// - Parameter fewStudies: runs a statement that selects study keys, for conditions on names and free text; `nil` when
    ///   all hits are wanted anyway.
    init(_ query: ArchiveQuery, fewStudies: ((SQLText) throws -> [Int64]?)? = nil) {
        self.query = query
        keys = query.returnedKeys
        order = query.effectiveOrder
        self.fewStudies = fewStudies
    }

    /// Columns: key, order values, then one for each key that is not a sequence.
    func select(limit: Int) throws -> SQLText {
        let columns = [rowKey] + order.map { expression($0.attribute) }
            + keys.filter { $0.attribute.kind != .sequence }.map { returned($0.attribute) }
        var conditions = try conditions()
        if let cursor = query.cursor { conditions.append(after(cursor)) }
        let filter = SQLText.all(conditions)
        let direction = order.first?.isAscending ?? true
        let terms = order.map { "\(expression($0.attribute)) \($0.isAscending ? "ASC" : "DESC")" }
            + ["\(rowKey) \(direction ? "ASC" : "DESC")"]
        return SQLText(
            """
            SELECT \(columns.joined(separator: ", ")) FROM \(source) WHERE \(filter.text)
            ORDER BY \(terms.joined(separator: ", ")) LIMIT ? OFFSET ?
            """, filter.arguments + [limit.databaseValue, max(0, query.offset).databaseValue])
    }

    func count() throws -> SQLText {
        let filter = SQLText.all(try conditions())
        return SQLText("SELECT count(*) FROM \(source) WHERE \(filter.text)", filter.arguments)
    }

    /// The key that items of a sequence attribute of this row refer to, for row keys given as a JSON array.
    func items(of sequence: IndexedAttribute, rows: [Int64]) -> SQLText {
        let columns = sequence.items.map { "q." + IndexColumns.name($0) }
        return SQLText(
            """
            SELECT \(rowKey), \(columns.joined(separator: ", ")) FROM \(source)
            JOIN \(IndexColumns.itemTable(sequence)) q ON q.owner = \(owner(sequence.level))
            WHERE \(rowKey) IN (SELECT value FROM json_each(?)) ORDER BY \(rowKey), q.item
            """, [TextList.encode(rows).databaseValue])
    }

    // MARK: Sources

    private var source: String {
        switch query.level {
        case .patient: "patient p"
        case .study: "study s"
        case .series: "series e JOIN study s ON s.id = e.study"
        case .instance: "instance i JOIN series e ON e.id = i.series JOIN study s ON s.id = e.study"
        }
    }

    private var rowKey: String {
        switch query.level {
        case .patient: "p.id"
        case .study: "s.id"
        case .series: "e.id"
        case .instance: "i.id"
        }
    }

    /// Entities known from conflicting versions alone are not found.
    private var visible: String {
        switch query.level {
        case .patient: "p.number_of_patient_related_instances > 0"
        case .study: "s.number_of_study_related_instances > 0"
        case .series: "e.number_of_series_related_instances > 0"
        case .instance: "i.conflict_version = 0"
        }
    }

    private func base(_ level: QueryLevel) -> String {
        switch level {
        case .patient: query.level == .patient ? "p." : "s."
        case .study: "s."
        case .series: "e."
        case .instance: "i."
        }
    }

    private func owner(_ level: QueryLevel) -> String {
        if level == .patient { return query.level == .patient ? "p.id" : "s.patient" }
        return base(level) + "id"
    }

    private func column(_ attribute: IndexedAttribute) -> String {
        if attribute.level == .patient, attribute.source == .derived, query.level != .patient {
            return "(SELECT p.\(IndexColumns.name(attribute)) FROM patient p WHERE p.id = s.patient)"
        }
        return base(attribute.level) + IndexColumns.name(attribute)
    }

    private func returned(_ attribute: IndexedAttribute) -> String {
        attribute.isRepetitive ? "(SELECT text FROM term WHERE id = \(column(attribute)))" : column(attribute)
    }

    /// For ordering: never NULL.
    private func expression(_ attribute: IndexedAttribute) -> String {
        if attribute.kind == .integer { return "coalesce(\(column(attribute)), \(Int64.min + 1))" }
        return attribute.isRepetitive ? "coalesce(\(returned(attribute)), '')" : column(attribute)
    }

    // MARK: Conditions

    private func conditions() throws -> [SQLText] {
        var conditions = try matches(query.matches) + [SQLText(visible)]
        if let text = query.text { conditions.append(contentsOf: try freeText(text)) }
        if let restriction = query.restriction {
            conditions.append(.any(try restriction.anyOf.map { .all(try matches($0)) }))
        }
        return conditions
    }

    private func matches(_ matches: [Match]) throws -> [SQLText] {
        let lower = matches.filter { $0.attribute.level > query.level }
        var conditions = try matches.filter { $0.attribute.level <= query.level }.flatMap { match -> [SQLText] in
            if case .name(let pattern) = match.condition { return try names(pattern, match.attribute) }
            return [MatchCompiler.condition(match, base: base(match.attribute.level), owner: owner(match.attribute.level))]
        }
        if let deepest = lower.map({ $0.attribute.level }).max() { conditions.append(below(lower, deepest)) }
        return conditions
    }

    private func names(_ pattern: NamePattern, _ attribute: IndexedAttribute) throws -> [SQLText] {
        let column = base(attribute.level) + IndexColumns.reference(attribute)
        let selects = pattern.conditions.map { NameCompiler.selects($0) }
        guard let fewStudies, mayWalk else { return selects.map { NameCompiler.collected($0, column) } }
        let filter = SQLText.all(selects.map { NameCompiler.collected($0, IndexColumns.reference(attribute)) })
        if let studies = try fewStudies(SQLText("SELECT id FROM study WHERE \(filter.text)", filter.arguments)) {
            return [Self.studies(studies)]
        }
        return pattern.conditions.map { NameCompiler.rowByRow($0, column) }
    }

    private static func studies(_ keys: [Int64]) -> SQLText {
        SQLText("s.id IN (SELECT value FROM json_each(?))", [TextList.encode(keys).databaseValue])
    }

    /// Rows can be looked over in the order of an index, and nothing but dates narrows them further.
    private var mayWalk: Bool {
        guard query.level == .study, query.order.isEmpty, query.offset < 1000 else { return false }
        return query.matches.allSatisfy { [.personName, .date, .time].contains($0.attribute.kind) }
    }

    /// Attributes of lower levels: one series, one instance must fulfil them all.
    private func below(_ matches: [Match], _ deepest: QueryLevel) -> SQLText {
        let parts = [
            (level: QueryLevel.study, table: "study", alias: "s", parent: "patient"),
            (level: .series, table: "series", alias: "e", parent: "study"),
            (level: .instance, table: "instance", alias: "i", parent: "series"),
        ].filter { $0.level > query.level && $0.level <= deepest }
        guard let top = parts.first else { return SQLText("1") }
        var from = "\(top.table) \(top.alias)"
        for (upper, lower) in zip(parts, parts.dropFirst()) {
            from += " JOIN \(lower.table) \(lower.alias) ON \(lower.alias).\(lower.parent) = \(upper.alias).id"
        }
        var conditions = matches.map { match in
            MatchCompiler.condition(match, base: base(match.attribute.level), owner: owner(match.attribute.level))
        }
        if deepest == .instance { conditions.append(SQLText("i.conflict_version = 0")) }
        let filter = SQLText.all(conditions)
        return SQLText(
            "\(rowKey) IN (SELECT \(top.alias).\(top.parent) FROM \(from) WHERE \(filter.text))", filter.arguments)
    }

    private func freeText(_ text: String) throws -> [SQLText] {
        let separators: Set<Character> = [" ", "^", "=", "\\"]
        let words = TextFolding.foldDiacritics(text).split { separators.contains($0) }.prefix(10).map { $0.prefix(256) }
        guard !words.isEmpty else { return [] }
        let studies = Self.studies(containing: words)
        if query.level == .patient {
            return [SQLText("p.id IN (SELECT patient FROM study WHERE id IN (\(studies.text)))", studies.arguments)]
        }
        guard let fewStudies, mayWalk else { return [SQLText("s.id IN (\(studies.text))", studies.arguments)] }
        if let few = try fewStudies(studies) { return [Self.studies(few)] }
        let row = Self.globs(words, "x.text")
        return [SQLText("EXISTS (SELECT 1 FROM study_text x WHERE x.study = s.id AND \(row.text))", row.arguments)]
    }

    /// Keys of the studies whose text contains all words: by trigrams as far as words are long enough.
    private static func studies(containing words: [Substring]) -> SQLText {
        let long = globs(words.filter { $0.unicodeScalars.count >= 3 }, "text")
        let short = globs(words.filter { $0.unicodeScalars.count < 3 }, "text")
        let plain = "SELECT study FROM study_text WHERE"
        guard !long.arguments.isEmpty else { return SQLText("\(plain) \(short.text)", short.arguments) }
        let indexed = SQLText("SELECT rowid FROM study_text_trigram WHERE \(long.text)", long.arguments)
        guard !short.arguments.isEmpty else { return indexed }
        return SQLText("\(plain) study IN (\(indexed.text)) AND \(short.text)", indexed.arguments + short.arguments)
    }

    private static func globs(_ words: [Substring], _ column: String) -> SQLText {
        .all(
            words.map { word in
                let glob = "*" + WildcardPattern.globEscaped(String(word)) + "*"
                return SQLText("\(column) GLOB ?", [glob.databaseValue])
            })
    }

    // MARK: Paging

    private func after(_ cursor: QueryCursor) -> SQLText {
        let columns = order.map { expression($0.attribute) } + [rowKey]
        let ascending = order.map { $0.isAscending } + [order.first?.isAscending ?? true]
        let values = cursor.values.map { value in
            switch value {
            case .text(let text): text.databaseValue
            case .integer(let number): number.databaseValue
            }
        } + [cursor.rowKey.databaseValue]
        if Set(ascending).count == 1 {
            let places = columns.map { _ in "?" }.joined(separator: ", ")
            return SQLText("(\(columns.joined(separator: ", "))) \(ascending[0] ? ">" : "<") (\(places))", values)
        }
        let steps = columns.indices.map { last in
            let equal = (0..<last).map { SQLText("\(columns[$0]) = ?", [values[$0]]) }
            return SQLText.all(equal + [SQLText("\(columns[last]) \(ascending[last] ? ">" : "<") ?", [values[last]])])
        }
        return .any(steps)
    }
}
