package import Archive
import Foundation
import GRDB

/// The workspace in one SQLite file. Every write is on the disk when it returns.
package final class SQLiteWorkspace: Sendable {
    private let database: SQLiteDatabase

    /// Answers to requests to publish that are remembered.
    private static let publications = 100_000

    /// - Parameter path: of the database file; its folder must be writable.
    package init(path: String, isReadOnly: Bool = false) throws(IndexError) {
        database = try SQLiteDatabase(path: path, isReadOnly: isReadOnly) { migrator in
            migrator.registerMigration("1") { db in try db.execute(sql: Self.schema) }
            migrator.registerMigration("2 workplaces") { db in try db.execute(sql: Self.workplaces) }
        }
    }

    package func close() throws(IndexError) {
        try database.close()
    }

    private static let schema = """
        CREATE TABLE draft (
            study TEXT NOT NULL, author TEXT NOT NULL, revision INTEGER NOT NULL, attempt TEXT NOT NULL, body BLOB NOT NULL,
            changed_at INTEGER NOT NULL, PRIMARY KEY (study, author)
        ) STRICT;
        CREATE TABLE publication (
            id INTEGER PRIMARY KEY AUTOINCREMENT, study TEXT NOT NULL, author TEXT NOT NULL, attempt TEXT NOT NULL,
            answer BLOB NOT NULL, at_milliseconds INTEGER NOT NULL, UNIQUE (study, author, attempt)
        ) STRICT;
        CREATE TABLE hanging_protocol (
            id TEXT NOT NULL, owner TEXT NOT NULL, body BLOB NOT NULL, changed_at INTEGER NOT NULL, PRIMARY KEY (owner, id)
        ) STRICT;
        CREATE TABLE installation (id INTEGER PRIMARY KEY CHECK (id = 1), device_uid TEXT NOT NULL) STRICT;
        """
}

extension SQLiteWorkspace {
    fileprivate static let workplaces = """
        CREATE TABLE preference (
            owner TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL, changed_at INTEGER NOT NULL, PRIMARY KEY (owner, name)
        ) STRICT;
        CREATE TABLE display_check (
            id INTEGER PRIMARY KEY AUTOINCREMENT, at_milliseconds INTEGER NOT NULL, author TEXT NOT NULL, workstation TEXT NOT NULL,
            screen TEXT NOT NULL, role TEXT NOT NULL, pixels_per_mm REAL, passed INTEGER NOT NULL, seen TEXT NOT NULL,
            note TEXT NOT NULL
        ) STRICT;
        """
}

extension SQLiteWorkspace: WorkspaceStore {
    // MARK: Drafts

    package func draft(study: String, author: String) throws(IndexError) -> MarkDraft? {
        try database.read { db in try Self.row(study, author, db)?.draft }
    }

    private static func row(_ study: String, _ author: String, _ db: Database) throws -> (draft: MarkDraft, attempt: String)? {
        let sql = "SELECT revision, body, attempt FROM draft WHERE study = ? AND author = ?"
        guard let row = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [study, author]) else { return nil }
        let body: Data = row[1]
        return (MarkDraft(revision: row[0], body: [UInt8](body)), row[2])
    }

    package func saveDraft(_ draft: NewMarkDraft) throws(IndexError) -> DraftOutcome {
        try database.writeDurably { db in
            let present = try Self.row(draft.study, draft.author, db)
            let revision = present?.draft.revision ?? 0
            if let present, present.attempt == draft.attempt { return .stored(revision: revision) }
            guard draft.seen == revision else {
                return .conflict(present?.draft ?? MarkDraft(revision: 0, body: Array(#"{"marks":[],"deleted":[]}"#.utf8)))
            }
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO draft (study, author, revision, attempt, body, changed_at) VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    draft.study, draft.author, revision + 1, draft.attempt, Data(draft.body), draft.nowMilliseconds,
                ])
            return .stored(revision: revision + 1)
        }
    }

    // MARK: Publications

    package func publication(study: String, author: String, attempt: String) throws(IndexError) -> [UInt8]? {
        try database.read { db in
            let sql = "SELECT answer FROM publication WHERE study = ? AND author = ? AND attempt = ?"
            return try Data.fetchOne(db, sql: sql, arguments: [study, author, attempt]).map { [UInt8]($0) }
        }
    }

    package func keepPublication(
        study: String, author: String, attempt: String, answer: [UInt8], nowMilliseconds: Int64
    ) throws(IndexError) {
        try database.writeDurably { db in
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO publication (study, author, attempt, answer, at_milliseconds) VALUES (?, ?, ?, ?, ?)
                    """, arguments: [study, author, attempt, Data(answer), nowMilliseconds])
            try db.execute(
                sql: "DELETE FROM publication WHERE id <= ?", arguments: [db.lastInsertedRowID - Int64(Self.publications)])
        }
    }

    // MARK: Hanging protocols

    package func protocols(owner: String) throws(IndexError) -> [StoredProtocol] {
        try database.read { db in
            let sql = """
                SELECT id, owner, body FROM hanging_protocol WHERE owner = ? OR owner = ?
                ORDER BY owner = ?, changed_at DESC, id
                """
            let site = StoredProtocol.site
            return try Row.fetchAll(db, sql: sql, arguments: [owner, site, site]).map { row in
                let body: Data = row[2]
                return StoredProtocol(id: row[0], owner: row[1], body: [UInt8](body))
            }
        }
    }

    package func saveProtocol(_ stored: StoredProtocol, nowMilliseconds: Int64) throws(IndexError) -> Bool {
        try database.writeDurably { db in
            let others = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM hanging_protocol WHERE owner = ? AND id <> ?", arguments: [stored.owner, stored.id])
            guard (others ?? 0) < StoredProtocol.limit else { return false }
            try db.execute(
                sql: "INSERT OR REPLACE INTO hanging_protocol (id, owner, body, changed_at) VALUES (?, ?, ?, ?)",
                arguments: [stored.id, stored.owner, Data(stored.body), nowMilliseconds])
            return true
        }
    }

    package func removeProtocol(id: String, owner: String) throws(IndexError) -> Bool {
        try database.writeDurably { db in
            try db.execute(sql: "DELETE FROM hanging_protocol WHERE id = ? AND owner = ?", arguments: [id, owner])
            return db.changesCount == 1
        }
    }

    // MARK: Installation

    package func deviceUID(proposed: String) throws(IndexError) -> String {
        try database.writeDurably { db in
            try db.execute(sql: "INSERT OR IGNORE INTO installation (id, device_uid) VALUES (1, ?)", arguments: [proposed])
            return try String.fetchOne(db, sql: "SELECT device_uid FROM installation") ?? proposed
        }
    }

    // MARK: Workplaces

    package func preference(owner: String, name: String) throws(IndexError) -> [UInt8]? {
        try database.read { db in
            let sql = "SELECT body FROM preference WHERE owner = ? AND name = ?"
            return try Data.fetchOne(db, sql: sql, arguments: [owner, name]).map { [UInt8]($0) }
        }
    }

    package func savePreference(owner: String, name: String, body: [UInt8], nowMilliseconds: Int64) throws(IndexError) {
        try database.writeDurably { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO preference (owner, name, body, changed_at) VALUES (?, ?, ?, ?)",
                arguments: [owner, name, Data(body), nowMilliseconds])
        }
    }

    package func recordDisplayCheck(_ check: DisplayCheck) throws(IndexError) -> Int64 {
        try database.writeDurably { db in
            try db.execute(
                sql: """
                    INSERT INTO display_check (at_milliseconds, author, workstation, screen, role, pixels_per_mm, passed, seen, note)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    check.atMilliseconds, check.author, check.workstation, check.screen, check.role, check.pixelsPerMM,
                    check.passed, String(check.seen.map { $0 ? "1" : "0" }), check.note,
                ])
            return db.lastInsertedRowID
        }
    }

    package func displayChecks(limit: Int, before: Int64?) throws(IndexError) -> [(number: Int64, check: DisplayCheck)] {
        try database.read { db in
            let sql = """
                SELECT id, at_milliseconds, author, workstation, screen, role, pixels_per_mm, passed, seen, note
                FROM display_check WHERE id < ? ORDER BY id DESC LIMIT ?
                """
            return try Row.fetchAll(db, sql: sql, arguments: [before ?? .max, max(0, limit)]).map { row in
                let seen: String = row[8]
                let check = DisplayCheck(
                    atMilliseconds: row[1], author: row[2], workstation: row[3], screen: row[4], role: row[5], pixelsPerMM: row[6],
                    passed: row[7], seen: seen.map { $0 == "1" }, note: row[9])
                return (row[0], check)
            }
        }
    }
}
