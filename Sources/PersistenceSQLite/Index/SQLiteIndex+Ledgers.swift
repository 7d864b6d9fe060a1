package import Archive
import Foundation
import GRDB

extension SQLiteIndex: JobStore {
    package func enqueue(_ job: NewJob) throws(IndexError) -> Int64 {
        try enqueue([job])[0]
    }

    /// Many jobs for the price of one sync.
    package func enqueue(_ jobs: [NewJob]) throws(IndexError) -> [Int64] {
        try database.writeDurably { db in
            try jobs.map { job in
                let insert = """
                    INSERT INTO job (kind, key, payload, state, due_at, changed_at) VALUES (?, ?, ?, 'waiting', ?, ?)
                    ON CONFLICT (kind, key) WHERE state IN ('waiting', 'running') DO NOTHING
                    """
                try db.cachedStatement(sql: insert).execute(arguments: [
                    job.kind, job.key, Data(job.payload), job.dueAtMilliseconds, job.dueAtMilliseconds,
                ])
                if db.changesCount == 1 { return db.lastInsertedRowID }
                let open = "SELECT id FROM job WHERE kind = ? AND key = ? AND state IN ('waiting', 'running')"
                guard let id = try Int64.fetchOne(db.cachedStatement(sql: open), arguments: [job.kind, job.key]) else {
                    throw IndexError.corrupt(message: "an open job is in an index but not in the table")
                }
                return id
            }
        }
    }

    package func claim(kind: String, nowMilliseconds: Int64, limit: Int) throws(IndexError) -> [Job] {
        let hasDue = try database.read { db in
            let sql = "SELECT 1 FROM job WHERE kind = ? AND state = 'waiting' AND due_at <= ? LIMIT 1"
            return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [kind, nowMilliseconds]) != nil
        }
        guard hasDue else { return [] }
        return try database.write { db in
            let sql = """
                UPDATE job SET state = 'running', attempts = attempts + 1, changed_at = ?
                WHERE id IN (SELECT id FROM job WHERE kind = ? AND state = 'waiting' AND due_at <= ?
                    ORDER BY due_at, id LIMIT ?)
                RETURNING \(Self.jobColumns)
                """
            return try Row.fetchAll(
                db.cachedStatement(sql: sql), arguments: [nowMilliseconds, kind, nowMilliseconds, max(0, limit)]
            ).map { Self.job($0) }.sorted { ($0.dueAtMilliseconds, $0.id) < ($1.dueAtMilliseconds, $1.id) }
        }
    }

    package func finish(_ id: Int64, outcome: JobOutcome, nowMilliseconds: Int64) throws(IndexError) {
        try database.write { db in
            switch outcome {
            case .done:
                try db.execute(
                    sql: "UPDATE job SET state = 'done', last_error = NULL, changed_at = ? WHERE id = ?",
                    arguments: [nowMilliseconds, id])
            case .retry(let due, let error):
                try db.execute(
                    sql: "UPDATE job SET state = 'waiting', due_at = ?, last_error = ?, changed_at = ? WHERE id = ?",
                    arguments: [due, error, nowMilliseconds, id])
            case .failed(let error):
                try db.execute(
                    sql: "UPDATE job SET state = 'failed', last_error = ?, changed_at = ? WHERE id = ?",
                    arguments: [error, nowMilliseconds, id])
            }
        }
    }

    /// Newest first.
    package func jobs(kind: String?, state: Job.State?, limit: Int) throws(IndexError) -> [Job] {
        try database.read { db in
            let sql = """
                SELECT \(Self.jobColumns) FROM job WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR state = ?2)
                ORDER BY id DESC LIMIT ?3
                """
            return try Row.fetchAll(
                db.cachedStatement(sql: sql), arguments: [kind, state?.rawValue, max(0, limit)]
            ).map { Self.job($0) }
        }
    }

    package func openJob(kind: String, key: String) throws(IndexError) -> Job? {
        try database.read { db in
            let sql = "SELECT \(Self.jobColumns) FROM job WHERE kind = ? AND key = ? AND state IN ('waiting', 'running')"
            return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [kind, key]).map { Self.job($0) }
        }
    }

    package func releaseRunning() throws(IndexError) {
        try database.write { db in
            try db.execute(sql: "UPDATE job SET state = 'waiting' WHERE state = 'running'")
        }
    }

    private static let jobColumns = "id, kind, key, payload, state, attempts, due_at, last_error"

    private static func job(_ row: Row) -> Job {
        let payload: Data = row[3]
        return Job(
            id: row[0], kind: row[1], key: row[2], payload: [UInt8](payload),
            state: Job.State(rawValue: row[4] as String) ?? .failed, attempts: row[5], dueAtMilliseconds: row[6],
            lastError: row[7])
    }
}

extension SQLiteIndex: RefusalLog {
    package func record(_ refusals: [Refusal]) throws(IndexError) {
        guard !refusals.isEmpty else { return }
        try database.write { db in
            let sql = """
                INSERT INTO refusal (direction, party, operation, sop_instance_uid, sop_class_uid, study_instance_uid, code,
                    reason, at_milliseconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
            for refusal in refusals {
                try db.cachedStatement(sql: sql).execute(arguments: [
                    refusal.direction.rawValue, refusal.party, refusal.operation, refusal.sopInstanceUID,
                    refusal.sopClassUID, refusal.studyInstanceUID, refusal.code, refusal.reason, refusal.atMilliseconds,
                ])
            }
        }
    }

    /// Newest first.
    package func refusals(
        limit: Int, before sequence: Int64?
    ) throws(IndexError) -> [(sequence: Int64, refusal: Refusal)] {
        try database.read { db in
            let sql = """
                SELECT sequence, direction, party, operation, sop_instance_uid, sop_class_uid, study_instance_uid, code,
                    reason, at_milliseconds
                FROM refusal WHERE sequence < ? ORDER BY sequence DESC LIMIT ?
                """
            let arguments: StatementArguments = [sequence ?? .max, max(0, limit)]
            return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments).map { row in
                let refusal = Refusal(
                    direction: Refusal.Direction(rawValue: row[1] as String) ?? .refusedByUs, party: row[2],
                    operation: row[3], sopInstanceUID: row[4], sopClassUID: row[5], studyInstanceUID: row[6], code: row[7],
                    reason: row[8], atMilliseconds: row[9])
                return (row[0], refusal)
            }
        }
    }
}
