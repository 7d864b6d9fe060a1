package import Archive
import Foundation
import GRDB

extension SQLiteIndex {
    /// Of how many patients the studies are.
    package func patientCount(ofStudies studies: [String]) throws(IndexError) -> Int {
        try database.read { db in
            var patients: Set<Int64> = []
            for start in stride(from: 0, to: studies.count, by: 500) {
                let some = studies[start...].prefix(500)
                let places = some.map { _ in "?" }.joined(separator: ",")
                patients.formUnion(
                    try Int64.fetchAll(
                        db, sql: "SELECT patient FROM study WHERE study_instance_uid IN (\(places))", arguments: StatementArguments(some)))
            }
            return patients.count
        }
    }

    /// Lets an instance out of quarantine after a person has looked at it: it is no longer marked, and forwarding takes it up.
    /// The object stays as it came, with its reasons in its record.
    ///
    /// - Returns: the instance; `nil` when no such one is in quarantine.
    package func release(
        sopInstanceUID: String, version: Int, author: String, reason: String, nowMilliseconds: Int64
    ) throws(IndexError) -> StoredInstance? {
        try database.writeDurably { db in
            let sql = StoredInstanceReader.select
                + " WHERE i.sop_instance_uid = ? AND i.conflict_version = ? AND i.is_quarantined <> 0"
            guard let instance = try StoredInstanceReader.fetch(db, sql, [sopInstanceUID, version]).first else { return nil }
            try db.execute(
                sql: "INSERT OR REPLACE INTO quarantine_release VALUES (?, ?, ?, ?, ?)",
                arguments: [sopInstanceUID, Data(instance.dataSetDigest), author, reason, nowMilliseconds])
            try db.execute(sql: "UPDATE instance SET is_quarantined = 0 WHERE id = ?", arguments: [instance.instanceKey])
            try db.execute(
                sql: "INSERT INTO change (kind, instance) VALUES (?, ?)",
                arguments: [Change.Kind.released.code, instance.instanceKey])
            return instance
        }
    }
}
