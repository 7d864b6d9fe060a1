package import Archive
import DICOMCore
import Foundation
import GRDB

/// Rows of `instance` as `StoredInstance`.
enum StoredInstanceReader {
    static let select = """
        SELECT i.id, (SELECT text FROM term WHERE id = i.sop_class_uid), i.sop_instance_uid, s.study_instance_uid,
            e.series_instance_uid, (SELECT text FROM term WHERE id = i.available_transfer_syntax_uid),
            (SELECT text FROM term WHERE id = i.stored_transfer_syntax), i.volume_id, i.container_id, i.record_offset,
            i.record_bytes, i.payload_offset, i.payload_bytes, i.frames, i.digest, i.data_set_bytes, i.received_at,
            (SELECT text FROM term WHERE id = i.source), i.is_quarantined, i.conflict_version
        FROM instance i JOIN series e ON e.id = i.series JOIN study s ON s.id = e.study
        """

    static func fetch(_ db: Database, _ sql: String, _ arguments: StatementArguments) throws -> [StoredInstance] {
        let rows = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
        var instances: [StoredInstance] = []
        while let row = try rows.next() { instances.append(try instance(row)) }
        return instances
    }

    private static func instance(_ row: Row) throws -> StoredInstance {
        let frames: Data = row[13]
        let digest: Data = row[14]
        guard let layout = FrameLayoutCoding.decode([UInt8](frames)) else {
            throw IndexError.corrupt(message: "frame table of instance \(row[0] as Int64) is unreadable; run apus reindex")
        }
        let location = ObjectLocation(
            volumeID: row[7], containerID: row[8], offset: row[9], recordBytes: row[10], payloadOffset: row[11],
            payloadBytes: row[12])
        return StoredInstance(
            instanceKey: row[0], sopClassUID: (row[1] as String?) ?? "", sopInstanceUID: row[2], studyInstanceUID: row[3],
            seriesInstanceUID: row[4], transferSyntaxUID: (row[5] as String?) ?? "",
            storedTransferSyntaxUID: (row[6] as String?) ?? "", location: location, frames: layout,
            dataSetDigest: [UInt8](digest), dataSetBytes: row[15], receivedAtMilliseconds: row[16],
            source: (row[17] as String?) ?? "", isQuarantined: row[18], conflictVersion: row[19])
    }
}

extension SQLiteIndex: InstanceLookup {
    package func instances(
        _ scope: InstanceScope, includingConflicts: Bool
    ) throws(IndexError) -> [StoredInstance] {
        var conditions: [String] = includingConflicts ? [] : ["i.conflict_version = 0"]
        var arguments: [DatabaseValue] = []
        func demand(_ column: String, _ values: [String]) {
            conditions.append(values.count == 1 ? "\(column) = ?" : "\(column) IN (SELECT value FROM json_each(?))")
            arguments.append((values.count == 1 ? values[0] : TextList.encode(values)).databaseValue)
        }
        switch scope {
        case .patients(let identifiers): demand("s.patient_id", identifiers)
        case .studies(let studies): demand("s.study_instance_uid", studies)
        case .series(let study, let series):
            if let study { demand("s.study_instance_uid", [study]) }
            demand("e.series_instance_uid", series)
        case .instances(let study, let series, let instances):
            if let study { demand("s.study_instance_uid", [study]) }
            if let series { demand("e.series_instance_uid", [series]) }
            demand("i.sop_instance_uid", instances)
        }
        let sql = StoredInstanceReader.select + " WHERE " + conditions.joined(separator: " AND ") + """
             ORDER BY s.id, e.series_number, e.id, i.instance_number, i.conflict_version, i.id
            """
        let bound = StatementArguments(arguments)
        return try database.read { db in try StoredInstanceReader.fetch(db, sql, bound) }
    }

    package func representatives(of level: QueryLevel, keys: [Int64]) throws(IndexError) -> [Int64: StoredInstance] {
        let first = Self.firstInstance(level)
        return try database.read { db in
            var found: [Int64: StoredInstance] = [:]
            for key in keys {
                let sql = StoredInstanceReader.select + " WHERE i.id = (\(first))"
                found[key] = try StoredInstanceReader.fetch(db, sql, [key]).first
            }
            return found
        }
    }

    /// Objects on each storage location, conflicting versions included.
    package func objectCounts() throws(IndexError) -> [Int64: Int] {
        try database.read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT volume_id, count(*) FROM instance GROUP BY volume_id")
            return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as Int64, $0[1] as Int) })
        }
    }

    /// Follows the order of an index at each step, so that one row is read and no more.
    private static func firstInstance(_ level: QueryLevel) -> String {
        switch level {
        case .instance: "?"
        case .series:
            "SELECT id FROM instance WHERE series = ? AND conflict_version = 0 ORDER BY instance_number, id LIMIT 1"
        case .study:
            """
            SELECT i.id FROM series e JOIN instance i ON i.series = e.id AND i.conflict_version = 0 WHERE e.study = ?
            ORDER BY e.series_number, e.id, i.instance_number, i.id LIMIT 1
            """
        case .patient:
            """
            SELECT i.id FROM study s JOIN series e ON e.study = s.id JOIN instance i ON i.series = e.id
            AND i.conflict_version = 0 WHERE s.patient = ? ORDER BY s.id, e.series_number, e.id, i.instance_number, i.id LIMIT 1
            """
        }
    }
}

extension SQLiteIndex: ChangeFeed {
    package func lastSequence() throws(IndexError) -> Int64 {
        try database.read { db in try Int64.fetchOne(db, sql: "SELECT max(sequence) FROM change") ?? 0 }
    }

    package func changes(after sequence: Int64, limit: Int) throws(IndexError) -> [Change] {
        try database.read { db in
            let sql = """
                SELECT c.sequence, c.kind, c.instance, s.study_instance_uid, e.series_instance_uid, i.sop_instance_uid
                FROM change c JOIN instance i ON i.id = c.instance JOIN series e ON e.id = i.series
                    JOIN study s ON s.id = e.study
                WHERE c.sequence > ? ORDER BY c.sequence LIMIT ?
                """
            return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [sequence, max(0, limit)]).map { row in
                Change(
                    sequence: row[0], kind: Change.Kind(code: row[1]), instanceKey: row[2], studyInstanceUID: row[3],
                    seriesInstanceUID: row[4], sopInstanceUID: row[5])
            }
        }
    }

    package func position(of consumer: String) throws(IndexError) -> Int64 {
        try database.read { db in
            let statement = try db.cachedStatement(sql: "SELECT position FROM consumer WHERE name = ?")
            return try Int64.fetchOne(statement, arguments: [consumer]) ?? 0
        }
    }

    package func setPosition(_ sequence: Int64, of consumer: String) throws(IndexError) {
        try database.write { db in
            try db.cachedStatement(
                sql: "INSERT INTO consumer VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position"
            ).execute(arguments: [consumer, sequence])
        }
    }
}
