import Archive
import GRDB

/// One SQLite file in write-ahead mode: a single writer, several readers that never wait for it.
///
/// Commits are atomic at once and durable with the next `flush()` or durable write; a power cut may take back commits
/// since, never part of one. Readers in other processes are welcome.
final class SQLiteDatabase: Sendable {
    private let pool: ReopeningPool

    /// - Parameters:
    ///   - isReadOnly: for tools beside a running server; the schema must be there already.
    ///   - migrations: what this file must hold, in order of version.
    init(path: String, isReadOnly: Bool, migrations: @escaping @Sendable (inout DatabaseMigrator) -> Void) throws(IndexError) {
        pool = try Self.mapping {
            try ReopeningPool(path: path, isNotWritable: { !isReadOnly && Self.isNotWritable($0) }) {
                try Self.open(path, isReadOnly, migrations)
            } forReading: {
                try ReadOnlyFile.open(path, label: "index") { db in try Self.prepare(db) }
            }
        }
    }

    /// Whether the file was asked for to write, but lies on a disk that can only be read now.
    var isOnReadOnlyDisk: Bool { pool.isReadOnly }

    private static func isNotWritable(_ error: any Error) -> Bool {
        let codes: [ResultCode] = [.SQLITE_FULL, .SQLITE_READONLY, .SQLITE_IOERR, .SQLITE_CANTOPEN]
        return (error as? DatabaseError).map { codes.contains($0.resultCode) } ?? false
    }

    private static func prepare(_ db: Database) throws {
        try db.execute(sql: "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -65536")
    }

    private static func open(
        _ path: String, _ isReadOnly: Bool, _ migrations: (inout DatabaseMigrator) -> Void
    ) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.readonly = isReadOnly
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 6
        configuration.label = "index"
        configuration.prepareDatabase { db in try prepare(db) }
        let pool = try DatabasePool(path: path, configuration: configuration)
        guard !isReadOnly else { return pool }
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 268435456")
        }
        var migrator = DatabaseMigrator()
        migrations(&migrator)
        try migrator.migrate(pool)
        // A file on a read-only disk is opened without complaint; only the wish to write tells. This changes nothing.
        try pool.writeWithoutTransaction { db in try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = ''") }
        return pool
    }

    func read<Result>(_ body: (Database) throws -> Result) throws(IndexError) -> Result {
        try Self.mapping { try pool.read { try $0.read(body) } }
    }

    /// One transaction, undone when `body` throws.
    func write<Result>(_ body: (Database) throws -> Result) throws(IndexError) -> Result {
        try Self.mapping { try pool.write { try $0.writeWithoutTransaction { db in try Self.transaction(db, body) } } }
    }

    /// On the writer's queue, alone.
    func withoutTransaction(_ body: (Database) throws -> Void) throws(IndexError) {
        try Self.mapping { try pool.write { try $0.writeWithoutTransaction(body) } }
    }

    /// Waits for running calls and closes the file; calls after that fail.
    func close() throws(IndexError) {
        try Self.mapping { try pool.close() }
    }

    /// One transaction that is on the disk when this returns, and with it every earlier one.
    ///
    /// The whole write-ahead log is one file, so the sync of this commit covers all frames before it. `PRAGMA
    /// synchronous` must be set here each time: the pool resets it to NORMAL when it opens a connection.
    func writeDurably<Result>(_ body: (Database) throws -> Result) throws(IndexError) -> Result {
        try Self.mapping {
            try pool.write { pool in
                try pool.writeWithoutTransaction { db in
                    try db.execute(sql: "PRAGMA synchronous = FULL")
                    let result = Swift.Result { try Self.transaction(db, body) }
                    try db.execute(sql: "PRAGMA synchronous = NORMAL")
                    return try result.get()
                }
            }
        }
    }

    private static func transaction<Result>(_ db: Database, _ body: (Database) throws -> Result) throws -> Result {
        var result: Result?
        try db.inTransaction(.immediate) {
            result = try body(db)
            return .commit
        }
        guard let result else { throw IndexError.unavailable(message: "transaction gave no result") }
        return result
    }

    /// Database errors by code alone: messages of the database may quote values, and values are patient data.
    static func mapping<Result>(_ body: () throws -> Result) throws(IndexError) -> Result {
        do {
            return try body()
        } catch let error as IndexError {
            throw error
        } catch let error as DatabaseError {
            let text = "SQLite \(error.extendedResultCode.rawValue): \(meaning(of: error.resultCode))"
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: throw .corrupt(message: text)
            default: throw .unavailable(message: text)
            }
        } catch {
            throw .unavailable(message: "index: \(type(of: error))")
        }
    }

    private static func meaning(of code: ResultCode) -> String {
        switch code {
        case .SQLITE_FULL: "the disk is full"
        case .SQLITE_IOERR: "input/output error"
        case .SQLITE_READONLY: "the index is read-only"
        case .SQLITE_CANTOPEN: "the index file cannot be opened"
        case .SQLITE_BUSY, .SQLITE_LOCKED: "another process holds the index"
        case .SQLITE_CORRUPT: "the index file is damaged; run apus reindex"
        case .SQLITE_NOTADB: "the file is not an index"
        case .SQLITE_CONSTRAINT: "a constraint of the schema was about to be violated"
        case .SQLITE_NOMEM: "out of memory"
        default: "unexpected result"
        }
    }
}
