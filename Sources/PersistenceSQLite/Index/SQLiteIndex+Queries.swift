package import Archive
import DICOMCore
import GRDB

extension SQLiteIndex: StudyQueries {
    /// A cursor that does not belong to the query gives an empty last page; `ArchiveQuery.resume(token:)` refuses it
    /// with a reason.
    package func find(_ query: ArchiveQuery) throws(IndexError) -> QueryPage {
        let limit = min(query.limit, ArchiveQuery.maximumLimit)
        guard limit > 0, query.cursor.map({ query.accepts($0) }) ?? true else { return QueryPage(rows: [], next: nil) }
        return try database.read { db in
            let compiler = QueryCompiler(query) { try self.fewStudies($0, db) }
            let sql = try compiler.select(limit: limit + 1)
            var reader = RowReader(compiler)
            let rows = try Row.fetchCursor(db, sql: sql.text, arguments: StatementArguments(sql.arguments))
            while let row = try rows.next() { reader.read(row) }
            let page = reader.page(limit: limit)
            return try Self.withItems(page, compiler, db)
        }
    }

    package func count(_ query: ArchiveQuery) throws(IndexError) -> Int {
        if query.matches.isEmpty, query.text == nil, query.restriction == nil {
            let statistics = try statistics()
            switch query.level {
            case .patient: return statistics.patients
            case .study: return statistics.studies
            case .series: return statistics.series
            case .instance: return statistics.instances
            }
        }
        return try database.read { db in
            let sql = try QueryCompiler(query).count()
            return try Int.fetchOne(db, sql: sql.text, arguments: StatementArguments(sql.arguments)) ?? 0
        }
    }

    package func statistics() throws(IndexError) -> ArchiveStatistics {
        try database.read { db in
            let sql = """
                SELECT patients, studies, series, instances, conflicts, bytes_received, bytes_stored FROM total
                """
            var statistics = ArchiveStatistics()
            guard let row = try Row.fetchOne(db.cachedStatement(sql: sql)) else { return statistics }
            statistics.patients = row[0]
            statistics.studies = row[1]
            statistics.series = row[2]
            statistics.instances = row[3]
            statistics.conflicts = row[4]
            statistics.bytesReceived = row[5]
            statistics.bytesStored = row[6]
            return statistics
        }
    }

    private func fewStudies(_ select: SQLText, _ db: Database) throws -> [Int64]? {
        let arguments = StatementArguments(select.arguments + [(manyStudies + 1).databaseValue])
        let keys = try Int64.fetchAll(db.cachedStatement(sql: select.text + " LIMIT ?"), arguments: arguments)
        return keys.count > manyStudies ? nil : keys
    }

    private static func withItems(_ page: QueryPage, _ compiler: QueryCompiler, _ db: Database) throws -> QueryPage {
        var page = page
        let positions = Dictionary(uniqueKeysWithValues: page.rows.enumerated().map { ($1.key, $0) })
        for key in compiler.keys where key.attribute.kind == .sequence && !page.rows.isEmpty {
            let sequence = key.attribute
            let sql = compiler.items(of: sequence, rows: page.rows.map { $0.key })
            let rows = try Row.fetchCursor(
                db.cachedStatement(sql: sql.text), arguments: StatementArguments(sql.arguments))
            while let row = try rows.next() {
                guard let position = positions[row[0] as Int64] else { continue }
                var item: [Tag: [String]] = [:]
                for (index, leaf) in sequence.items.enumerated() {
                    let values = RowReader.values(leaf, row, at: index + 1)
                    if !values.isEmpty { item[leaf.tag] = values }
                }
                page.rows[position].items[sequence.tag, default: []].append(item)
            }
        }
        return page
    }
}

/// Result rows as `QueryRow`s and the cursor after them.
struct RowReader {
    private let compiler: QueryCompiler
    private let attributes: [IndexedAttribute]
    private var rows: [QueryRow] = []
    private var cursors: [QueryCursor] = []

    init(_ compiler: QueryCompiler) {
        self.compiler = compiler
        attributes = compiler.keys.map { $0.attribute }.filter { $0.kind != .sequence }
    }

    mutating func read(_ row: Row) {
        let key: Int64 = row[0]
        let cursor = compiler.order.enumerated().map { index, order -> QueryCursor.Value in
            order.attribute.kind == .integer ? .integer(row[index + 1]) : .text((row[index + 1] as String?) ?? "")
        }
        var values: [Tag: [String]] = [:]
        values.reserveCapacity(attributes.count)
        let first = compiler.order.count + 1
        for (index, attribute) in attributes.enumerated() {
            let texts = Self.values(attribute, row, at: first + index)
            if !texts.isEmpty { values[attribute.tag] = texts }
        }
        rows.append(QueryRow(level: compiler.query.level, key: key, values: values))
        cursors.append(QueryCursor(values: cursor, rowKey: key))
    }

    /// - Parameter limit: one row more was asked for, to know whether there is another page.
    func page(limit: Int) -> QueryPage {
        guard rows.count > limit else { return QueryPage(rows: rows, next: nil) }
        return QueryPage(rows: Array(rows.prefix(limit)), next: cursors[limit - 1])
    }

    static func values(_ attribute: IndexedAttribute, _ row: Row, at index: Int) -> [String] {
        if attribute.kind == .integer { return (row[index] as Int64?).map { [String($0)] } ?? [] }
        guard let text = row[index] as String?, !text.isEmpty else { return [] }
        if attribute.kind == .personName { return text.split(separator: "\\").map { String($0) } }
        return attribute.isMultiValued ? TextList.decode(text) : [text]
    }
}

/// Quarantine, conflicts and inconsistencies, newest first.
extension SQLiteIndex {
    package func quarantined(limit: Int, before instanceKey: Int64?) throws(IndexError) -> [StoredInstance] {
        try database.read { db in
            let sql = StoredInstanceReader.select + " WHERE i.is_quarantined <> 0 AND i.id < ? ORDER BY i.id DESC LIMIT ?"
            return try StoredInstanceReader.fetch(db, sql, [instanceKey ?? .max, max(0, limit)])
        }
    }

    package func conflicts(limit: Int, before sequence: Int64?) throws(IndexError) -> [ConflictRecord] {
        try database.read { db in
            let sql = """
                SELECT c.sequence, c.instance, c.with_instance, i.sop_instance_uid, s.study_instance_uid,
                    e.series_instance_uid, i.conflict_version, c.is_elsewhere, c.at_milliseconds, c.source
                FROM conflict c JOIN instance i ON i.id = c.instance JOIN series e ON e.id = i.series
                    JOIN study s ON s.id = e.study
                WHERE c.sequence < ? ORDER BY c.sequence DESC LIMIT ?
                """
            let arguments: StatementArguments = [sequence ?? .max, max(0, limit)]
            return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments).map { row in
                ConflictRecord(
                    sequence: row[0], instanceKey: row[1], withInstanceKey: row[2], sopInstanceUID: row[3],
                    studyInstanceUID: row[4], seriesInstanceUID: row[5], version: row[6], isElsewhere: row[7],
                    atMilliseconds: row[8], source: row[9])
            }
        }
    }

    package func inconsistencies(limit: Int, before sequence: Int64?) throws(IndexError) -> [InconsistencyRecord] {
        try database.read { db in
            let sql = """
                SELECT c.sequence, c.level, c.tag, c.kept, c.found, s.study_instance_uid, i.sop_instance_uid, c.instance,
                    c.at_milliseconds, c.source
                FROM inconsistency c JOIN instance i ON i.id = c.instance JOIN series e ON e.id = i.series
                    JOIN study s ON s.id = e.study
                WHERE c.sequence < ? ORDER BY c.sequence DESC LIMIT ?
                """
            let arguments: StatementArguments = [sequence ?? .max, max(0, limit)]
            return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments).map { row in
                let tag = UInt32(truncatingIfNeeded: row[2] as Int64)
                return InconsistencyRecord(
                    sequence: row[0], level: QueryLevel(rawValue: row[1]) ?? .study, tag: Tag(rawValue: tag),
                    keptValue: row[3], foundValue: row[4], studyInstanceUID: row[5], sopInstanceUID: row[6],
                    instanceKey: row[7], atMilliseconds: row[8], source: row[9])
            }
        }
    }
}
