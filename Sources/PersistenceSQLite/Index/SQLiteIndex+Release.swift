package import Archive
import Foundation
import GRDB

extension SQLiteIndex {
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
