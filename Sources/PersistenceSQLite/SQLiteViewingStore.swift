package import Archive
import Foundation
import GRDB

/// Prepared series in a file of their own: derived from the objects, made again when the file is gone.
package final class SQLiteViewingStore: ViewingStore {
    private let database: SQLiteDatabase

    /// Series kept; the least recently made ones go first.
    private static let limit = 200_000

    package init(path: String) throws(IndexError) {
        database = try SQLiteDatabase(path: path, isReadOnly: false) { migrator in
            migrator.registerMigration("1") { db in
                try db.execute(
                    sql: """
                        CREATE TABLE prepared(
                            id INTEGER PRIMARY KEY, series_instance_uid TEXT NOT NULL UNIQUE, revision TEXT NOT NULL,
                            frames BLOB NOT NULL, manifest BLOB NOT NULL) STRICT
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
