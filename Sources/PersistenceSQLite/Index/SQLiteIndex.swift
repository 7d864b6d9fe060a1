package import Archive
import DICOMCore
import Foundation
import GRDB

/// The index in one SQLite file: registration, queries, look-up for retrieval, the change feed, jobs and refusals.
///
/// Blocking; any thread may call. Registration is crash-safe but not durable until `flush()` (the object store replays
/// what a power cut took); jobs are durable when `enqueue` returns, because somebody was promised them.
package final class SQLiteIndex: Sendable {
    let database: SQLiteDatabase
    /// Above this, collecting the hits of a condition on text costs more than a page should.
    let manyStudies: Int
    private let registrar = Registrar()

    /// - Parameters:
    ///   - path: of the database file; its folder must be writable, `-wal` and `-shm` files appear beside it.
    ///   - isReadOnly: for tools beside a running server.
    package convenience init(path: String, isReadOnly: Bool = false) throws(IndexError) {
        try self.init(path: path, isReadOnly: isReadOnly, manyStudies: 5_000)
    }

    init(path: String, isReadOnly: Bool, manyStudies: Int) throws(IndexError) {
        self.manyStudies = manyStudies
        database = try SQLiteDatabase(path: path, isReadOnly: isReadOnly) { IndexSchema.register(in: &$0) }
    }

    /// Whether the disk can only be read now, so that every change throws.
    package var isOnReadOnlyDisk: Bool { database.isOnReadOnlyDisk }

    /// Waits for running calls and closes the file; calls after that fail.
    package func close() throws(IndexError) {
        try database.close()
    }
}

extension SQLiteIndex: InstanceIndex {
    package func register(_ entries: [InstanceEntry]) throws(IndexError) -> [RegistrationOutcome] {
        guard !entries.isEmpty else { return [] }
        return try rememberingOnlyCommitted { db in try registrar.register(entries, db) }
    }

    /// The registrar is ahead of the tables until its transaction is committed; a full disk may show only then.
    private func rememberingOnlyCommitted<Result>(_ body: (Database) throws -> Result) throws(IndexError) -> Result {
        do {
            return try database.write(body)
        } catch {
            try database.withoutTransaction { _ in registrar.forget() }
            throw error
        }
    }

    package func relocate(_ moves: [Relocation]) throws(IndexError) -> [Bool] {
        guard !moves.isEmpty else { return [] }
        return try rememberingOnlyCommitted { db in try moves.map { try registrar.relocate($0, db) } }
    }

    package func flush() throws(IndexError) {
        try database.writeDurably { db in
            try db.execute(sql: "UPDATE total SET flushes = flushes + 1")
        }
    }

    package func containersInUse() throws(IndexError) -> [ContainerID] {
        try database.read { db in
            let sql = "SELECT DISTINCT volume_id, container_id FROM instance ORDER BY volume_id, container_id"
            return try Row.fetchAll(db, sql: sql).map { ContainerID(volumeID: $0[0], containerID: $0[1]) }
        }
    }

    package func isIndexed(_ location: ObjectLocation) throws(IndexError) -> Bool {
        try database.read { db in
            let sql = "SELECT 1 FROM instance WHERE volume_id = ? AND container_id = ? AND record_offset = ?"
            return try Row.fetchOne(
                db.cachedStatement(sql: sql), arguments: [location.volumeID, location.containerID, location.offset]) != nil
        }
    }

    package func liveBytes(in container: ContainerID) throws(IndexError) -> Int64 {
        try database.read { db in
            let sql = "SELECT coalesce(sum(record_bytes), 0) FROM instance WHERE volume_id = ? AND container_id = ?"
            return try Int64.fetchOne(
                db.cachedStatement(sql: sql), arguments: [container.volumeID, container.containerID]) ?? 0
        }
    }

    package func instances(in container: ContainerID) throws(IndexError) -> [StoredInstance] {
        try database.read { db in
            let sql = StoredInstanceReader.select + " WHERE i.volume_id = ? AND i.container_id = ? ORDER BY i.record_offset"
            return try StoredInstanceReader.fetch(db, sql, [container.volumeID, container.containerID])
        }
    }

    /// Keeps jobs, refusals and how far consumers have read; sequence numbers and keys go on rising.
    package func removeAll() throws(IndexError) {
        try database.write { db in
            registrar.forget()
            let items = IndexedAttribute.all.filter { $0.kind == .sequence }.map { IndexColumns.itemTable($0) }
            let tables = ["change", "conflict", "inconsistency"] + items
                + ["instance", "series", "study_text", "study", "patient", "person_name_word", "person_name_key", "person_name", "term"]
            try db.execute(
                sql: """
                    INSERT INTO person_name_trigram (person_name_trigram) VALUES ('delete-all');
                    INSERT INTO study_text_trigram (study_text_trigram) VALUES ('delete-all');
                    UPDATE total SET patients = 0, studies = 0, series = 0, instances = 0, conflicts = 0, bytes_received = 0,
                    bytes_stored = 0;
                    """)
            for table in tables { try db.execute(sql: "DELETE FROM \(table)") }
        }
    }
}

extension Registrar {
    func relocate(_ move: Relocation, _ db: Database) throws -> Bool {
        let sql = """
            UPDATE instance SET volume_id = ?, container_id = ?, record_offset = ?, record_bytes = ?, payload_offset = ?,
                payload_bytes = ?, frames = ?, stored_transfer_syntax = ?
            WHERE id = ? AND volume_id = ? AND container_id = ? AND record_offset = ?
            """
        let arguments: [DatabaseValue] = [
            move.to.volumeID.databaseValue, move.to.containerID.databaseValue, move.to.offset.databaseValue,
            move.to.recordBytes.databaseValue, move.to.payloadOffset.databaseValue, move.to.payloadBytes.databaseValue,
            Data(FrameLayoutCoding.encode(move.frames)).databaseValue,
            try dictionaries.term(move.storedTransferSyntaxUID, db).databaseValue, move.instanceKey.databaseValue,
            move.from.volumeID.databaseValue, move.from.containerID.databaseValue, move.from.offset.databaseValue,
        ]
        try db.cachedStatement(sql: sql).execute(arguments: StatementArguments(arguments))
        guard db.changesCount == 1 else { return false }
        var totals = Totals()
        totals.bytesStored = move.to.recordBytes - move.from.recordBytes
        try add(totals, db)
        try noteChange(.relocated, instance: move.instanceKey, db)
        return true
    }
}
