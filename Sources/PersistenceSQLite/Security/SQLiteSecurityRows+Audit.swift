import Foundation
import GRDB
import SecurityProfiles

extension SQLiteSecurityRows: AuditRows {
    private static let auditColumns = """
        sequence, at, utc_offset_minutes, kind, outcome, actor_kind, actor_id, actor_name, actor_roles, origin, objects,
        details, hash
        """

    func auditHead() throws -> AuditHead? {
        try row("SELECT sequence, hash, seal FROM audit_head").map { row in
            let columns = ColumnReader(row: row)
            return AuditHead(
                sequence: columns.integer("sequence") ?? 0, hash: columns.bytes("hash") ?? [],
                seal: columns.bytes("seal") ?? [])
        }
    }

    func setAuditHead(_ head: AuditHead) throws {
        try execute(
            """
            INSERT INTO audit_head (only, sequence, hash, seal) VALUES (1, ?, ?, ?)
            ON CONFLICT (only) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash, seal = excluded.seal
            """, [head.sequence, Data(head.hash), Data(head.seal)])
    }

    func append(_ record: AuditRecord) throws {
        try execute(
            "INSERT INTO audit_record (\(Self.auditColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                record.sequence, record.atMilliseconds, record.utcOffsetMinutes, record.kind, record.outcome,
                record.actorKind, record.actorID, record.actorName, record.actorRoles, record.origin, record.objects,
                record.details, Data(record.hash),
            ])
        for uid in Set(record.studyInstanceUIDs) {
            try execute(
                "INSERT INTO audit_study (study_instance_uid, sequence) VALUES (?, ?)", [uid, record.sequence])
        }
    }

    func auditRecords(after sequence: Int64, limit: Int) throws -> [AuditRecord] {
        try rows(
            "SELECT \(Self.auditColumns) FROM audit_record WHERE sequence > ? ORDER BY sequence LIMIT ?",
            [sequence, limit]
        ).map(Self.record)
    }

    func auditRecords(_ query: AuditQuery) throws -> [AuditRecord] {
        var conditions: [String] = []
        var arguments = StatementArguments()
        func restrict(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            arguments += [value]
        }
        restrict("sequence < ?", query.before)
        restrict("actor_name = ?", query.actorName)
        restrict("at >= ?", query.fromMilliseconds)
        restrict("at <= ?", query.untilMilliseconds)
        restrict("sequence IN (SELECT sequence FROM audit_study WHERE study_instance_uid = ?)", query.studyInstanceUID)
        if !query.kinds.isEmpty {
            let kinds = query.kinds.map(\.rawValue).sorted()
            conditions.append("kind IN (\(kinds.map { _ in "?" }.joined(separator: ", ")))")
            arguments += StatementArguments(kinds)
        }
        arguments += [query.limit]
        let filter = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))"
        return try rows(
            "SELECT \(Self.auditColumns) FROM audit_record \(filter) ORDER BY sequence DESC LIMIT ?", arguments
        ).map(Self.record)
    }

    /// Values of another type become empty and so break the chain.
    private static func record(_ row: Row) -> AuditRecord {
        let columns = ColumnReader(row: row)
        return AuditRecord(
            sequence: columns.integer("sequence") ?? 0, atMilliseconds: columns.integer("at") ?? 0,
            utcOffsetMinutes: columns.integer("utc_offset_minutes") ?? 0, kind: columns.text("kind") ?? "",
            outcome: columns.integer("outcome") ?? 0, actorKind: columns.text("actor_kind") ?? "",
            actorID: columns.text("actor_id") ?? "", actorName: columns.text("actor_name") ?? "",
            actorRoles: columns.text("actor_roles") ?? "", origin: columns.text("origin") ?? "",
            objects: columns.text("objects") ?? "", details: columns.text("details") ?? "",
            hash: columns.bytes("hash") ?? [])
    }
}
