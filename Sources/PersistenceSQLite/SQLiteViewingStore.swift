package import Archive
import Foundation
import GRDB

/// Prepared series and previews in a file of their own: derived from the objects, made again when the file is gone.
package final class SQLiteViewingStore: ViewingStore {
    private let database: SQLiteDatabase

    /// Series kept; the least recently made ones go first.
    private static let limit = 200_000

    /// Room for previews; with 0 none are kept.
    private let previewBytes: Int64

    package init(path: String, previewBytes: Int64) throws(IndexError) {
        self.previewBytes = previewBytes
        database = try SQLiteDatabase(path: path, isReadOnly: false) { migrator in
            migrator.registerMigration("1") { db in
                try db.execute(
                    sql: """
                        CREATE TABLE prepared(
                            id INTEGER PRIMARY KEY, series_instance_uid TEXT NOT NULL UNIQUE, revision TEXT NOT NULL,
                            frames BLOB NOT NULL, manifest BLOB NOT NULL) STRICT
                        """)
            }
            // The bytes stand before the content, so that adding them up reads no contents.
            migrator.registerMigration("2 previews") { db in
                try db.execute(
                    sql: """
                        CREATE TABLE preview(
                            id INTEGER PRIMARY KEY, digest BLOB NOT NULL, frame INTEGER NOT NULL, bytes INTEGER NOT NULL,
                            codestream BLOB NOT NULL, UNIQUE(digest, frame)) STRICT
                        """)
            }
        }
    }

    package func prepared(_ seriesInstanceUID: String, revision: String) throws(IndexError) -> PreparedSeries? {
        try database.read { db in
            let sql = "SELECT frames, manifest FROM prepared WHERE series_instance_uid = ? AND revision = ?"
            guard let row = try Row.fetchOne(db, sql: sql, arguments: [seriesInstanceUID, revision]) else { return nil }
            let (frames, text): (Data, Data) = (row[0], row[1])
            guard let order = FrameOrder(encoded: [UInt8](frames)) else { return nil }
            return PreparedSeries(seriesInstanceUID: seriesInstanceUID, revision: revision, text: [UInt8](text), order: order)
        }
    }

    package func keep(_ prepared: PreparedSeries) throws(IndexError) {
        try database.write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO prepared(series_instance_uid, revision, frames, manifest) VALUES (?, ?, ?, ?)",
                arguments: [
                    prepared.seriesInstanceUID, prepared.revision, Data(prepared.order.encoded), Data(prepared.text),
                ])
            try db.execute(sql: "DELETE FROM prepared WHERE id <= ?", arguments: [db.lastInsertedRowID - Int64(Self.limit)])
        }
    }
}

extension SQLiteViewingStore: PreviewStore {
    package func preview(_ key: PreviewKey) throws(IndexError) -> [UInt8]? {
        try database.read { db in
            let sql = "SELECT codestream FROM preview WHERE digest = ? AND frame = ?"
            return try Data.fetchOne(db, sql: sql, arguments: [Data(key.digest), key.frameNumber]).map { [UInt8]($0) }
        }
    }

    package func hasPreview(_ key: PreviewKey) throws(IndexError) -> Bool {
        try database.read { db in
            let sql = "SELECT EXISTS(SELECT 1 FROM preview WHERE digest = ? AND frame = ?)"
            return try Bool.fetchOne(db, sql: sql, arguments: [Data(key.digest), key.frameNumber]) ?? false
        }
    }

    package func keepPreview(_ codestream: [UInt8], as key: PreviewKey) throws(IndexError) {
        guard codestream.count <= previewBytes else { return }
        try database.write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO preview(digest, frame, bytes, codestream) VALUES (?, ?, ?, ?)",
                arguments: [Data(key.digest), key.frameNumber, codestream.count, Data(codestream)])
            try Self.makeRoom(db, within: previewBytes)
        }
    }

    package func previewUsage() throws(IndexError) -> PreviewUsage {
        try database.read { db in try Self.usage(db) }
    }

    private static func usage(_ db: Database) throws -> PreviewUsage {
        let row = try Row.fetchOne(db, sql: "SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM preview")
        return PreviewUsage(count: row?[0] ?? 0, bytes: row?[1] ?? 0)
    }

    private static func makeRoom(_ db: Database, within limit: Int64) throws {
        var excess = try usage(db).bytes - limit
        while excess > 0, let oldest = try Row.fetchOne(db, sql: "SELECT id, bytes FROM preview ORDER BY id LIMIT 1") {
            let (id, bytes): (Int64, Int64) = (oldest[0], oldest[1])
            try db.execute(sql: "DELETE FROM preview WHERE id = ?", arguments: [id])
            excess -= bytes
        }
    }
}
