import Archive
import Foundation
import GRDB
@testable import PersistenceSQLite
import Testing

@Suite struct `Jobs and refusals` {
    private let fixture: TemporaryIndex
    private var index: SQLiteIndex { fixture.index }

    init() throws { fixture = try TemporaryIndex() }

    private func job(_ key: String, due: Int64 = 0, kind: String = "forward") -> NewJob {
        NewJob(kind: kind, key: key, payload: Array(key.utf8), dueAtMilliseconds: due)
    }

    @Test func `an open job is not added twice, a finished one may come again`() throws {
        let first = try index.enqueue(job("a"))
        #expect(try index.enqueue(job("a")) == first)
        #expect(try index.enqueue(job("a", kind: "commit")) != first)
        let claimed = try index.claim(kind: "forward", nowMilliseconds: 5, limit: 10)
        #expect(claimed.map { $0.id } == [first] && claimed[0].attempts == 1 && claimed[0].payload == [97])
        #expect(try index.enqueue(job("a")) == first)
        try index.finish(first, outcome: .done, nowMilliseconds: 6)
        #expect(try index.enqueue(job("a")) != first)
    }

    @Test func `jobs are claimed once, when due, the most overdue first`() throws {
        let ids = try index.enqueue([job("late", due: 100), job("early", due: 10), job("mid", due: 50)])
        #expect(try index.claim(kind: "forward", nowMilliseconds: 5, limit: 10).isEmpty)
        #expect(try index.claim(kind: "forward", nowMilliseconds: 60, limit: 1).map { $0.id } == [ids[1]])
        #expect(try index.claim(kind: "forward", nowMilliseconds: 60, limit: 9).map { $0.id } == [ids[2]])
        try index.finish(ids[1], outcome: .retry(atMilliseconds: 80, error: "refused"), nowMilliseconds: 61)
        #expect(try index.claim(kind: "forward", nowMilliseconds: 79, limit: 9).isEmpty)
        let again = try index.claim(kind: "forward", nowMilliseconds: 80, limit: 9)
        #expect(again.map { $0.attempts } == [2] && again[0].lastError == "refused")
        try index.finish(ids[1], outcome: .failed(error: "gone"), nowMilliseconds: 90)
        #expect(try index.jobs(kind: "forward", state: .failed, limit: 9).map { $0.id } == [ids[1]])
    }

    @Test func `what a crash left running becomes due again`() throws {
        let id = try index.enqueue(job("a"))
        _ = try index.claim(kind: "forward", nowMilliseconds: 1, limit: 1)
        try fixture.reopen()
        #expect(try index.claim(kind: "forward", nowMilliseconds: 1, limit: 1).isEmpty)
        try index.releaseRunning()
        #expect(try index.claim(kind: "forward", nowMilliseconds: 1, limit: 1).map { $0.id } == [id])
    }

    private func refusal(_ number: Int) -> Refusal {
        Refusal(
            direction: number % 2 == 0 ? .refusedByPeer : .refusedByUs, party: "CT\(number)", operation: "C-STORE",
            sopInstanceUID: number == 3 ? nil : "1.\(number)", code: "A700", reason: "full", atMilliseconds: Int64(number))
    }

    @Test func `PACS-4.2.2-b refusals are kept, newest first, page by page`() throws {
        let refusals = (1...5).map { refusal($0) }
        try index.record(refusals)
        let page = try index.refusals(limit: 2, before: nil)
        #expect(page.map { $0.refusal } == [refusals[4], refusals[3]])
        let next = try index.refusals(limit: 9, before: page[1].sequence)
        #expect(next.map { $0.refusal } == [refusals[2], refusals[1], refusals[0]])
    }
}

@Suite struct `Durability settings` {
    @Test func `flush commits under synchronous FULL and leaves NORMAL behind`() throws {
        let fixture = try TemporaryIndex()
        let database = fixture.index.database
        let inside = try database.writeDurably { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
        #expect(inside == 2)
        let after = try database.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
        #expect(after == 1)
        try fixture.index.flush()
        let flushes = try database.read { try Int.fetchOne($0, sql: "SELECT flushes FROM total") }
        #expect(flushes == 1)
    }

    @Test func `a failing durable write goes back to NORMAL too`() throws {
        let fixture = try TemporaryIndex()
        let database = fixture.index.database
        #expect(throws: IndexError.self) { try database.writeDurably { try $0.execute(sql: "INSERT INTO nowhere VALUES (1)") } }
        #expect(try database.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 1)
    }

    @Test func `foreign keys are enforced and the journal is a write-ahead log`() throws {
        let fixture = try TemporaryIndex()
        let settings = try fixture.index.database.write { db in
            (try Int.fetchOne(db, sql: "PRAGMA foreign_keys"), try String.fetchOne(db, sql: "PRAGMA journal_mode"))
        }
        #expect(settings.0 == 1 && settings.1 == "wal")
    }

    @Test func `errors carry codes, never values`() throws {
        let fixture = try TemporaryIndex()
        let error = #expect(throws: IndexError.self) {
            try fixture.index.database.write { db in
                try db.execute(sql: "INSERT INTO person_name (id, text) VALUES (1, 'SECRET'), (1, 'SECRET')")
            }
        }
        #expect(error.map { "\($0)".contains("SECRET") } == false)
    }

    @Test func `columns of the tables are those of the declaration`() throws {
        let fixture = try TemporaryIndex()
        for level in QueryLevel.allCases {
            let table = IndexColumns.table(level)
            let columns = try fixture.index.database.read { db in
                try Set(String.fetchAll(db, sql: "SELECT name FROM pragma_table_info(?)", arguments: [table]))
            }
            let declared = IndexColumns.attributes(in: level).flatMap { IndexColumns.names($0) }
            #expect(columns.isSuperset(of: declared))
        }
        #expect(IndexColumns.attributes(in: .study).contains { IndexColumns.name($0) == "sop_classes_in_study" })
    }

    @Test func `a file that is no database is corrupt, a missing one for reading is unavailable`() throws {
        let fixture = try TemporaryIndex()
        let garbage = fixture.folder.appending(path: "garbage.sqlite")
        try Data(repeating: 0x41, count: 8192).write(to: garbage)
        let error = #expect(throws: IndexError.self) { _ = try SQLiteIndex(path: garbage.path) }
        guard case .corrupt? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let missing = fixture.folder.appending(path: "missing.sqlite").path
        #expect(throws: IndexError.self) { _ = try SQLiteIndex(path: missing, isReadOnly: true) }
    }
}
