import GRDB
import Glibc
package import SecurityProfiles

/// `security.sqlite`: write-ahead log, every commit flushed to disk before it is acknowledged.
package final class SQLiteSecurityStore: SecurityStore {
    private let pool: ReopeningPool

    /// Opens the file, creating it readable by its owner only, and brings its tables up to date. Several processes may have
    /// it open. On a full or read-only disk an existing file is opened for reading; writes then throw `storeNotWritable` until the
    /// disk can be written.
    package init(path: String) throws(SecurityError) {
        pool = try mappingErrors {
            try ReopeningPool(path: path, isNotWritable: { Self.isNotWritable($0) }) {
                try Self.openForWriting(path)
            } forReading: {
                try ReadOnlyFile.open(path, label: "security")
            }
        }
    }

    private static func isNotWritable(_ error: any Error) -> Bool {
        if case SecurityError.storeNotWritable = error { true } else { false }
    }

    private static func openForWriting(_ path: String) throws(SecurityError) -> DatabasePool {
        try mappingErrors {
            let lock = try Self.lockOpening(of: path)
            defer { close(lock) }
            try Self.createPrivately(path)
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            configuration.foreignKeysEnabled = true
            configuration.maximumReaderCount = 4
            configuration.label = "security"
            let pool = try DatabasePool(path: path, configuration: configuration)
            // The pool sets NORMAL itself after its preparation hook; an acknowledged change must survive a power cut.
            try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
            try SecuritySchema.migrator.migrate(pool)
            return pool
        }
    }

    /// The migrator looks for what is to do before its transaction begins, so processes that start at once take turns.
    ///
    /// - Returns: a descriptor; closing it lets the next one in.
    private static func lockOpening(of path: String) throws -> Int32 {
        let descriptor = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path + ".lock") }
        guard flock(descriptor, LOCK_EX) == 0 else {
            close(descriptor)
            throw failure(path + ".lock")
        }
        return descriptor
    }

    /// The log and shared memory files take over the permissions of the database file. An existing file is not even
    /// opened: closing it again would drop the locks SQLite holds on it in this process.
    private static func createPrivately(_ path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { return }
            throw failure(path)
        }
        close(descriptor)
    }

    private static func failure(_ path: String) -> SecurityError {
        let message = "\(path): \(String(cString: strerror(errno)))"
        return [EROFS, ENOSPC, EDQUOT].contains(errno) ? .storeNotWritable(message: message) : .storeUnavailable(message: message)
    }

    package func read<T>(_ body: (any SecurityRows) throws -> T) throws(SecurityError) -> T {
        try mappingErrors { try pool.read { pool in try pool.read { db in try body(SQLiteSecurityRows(db: db)) } } }
    }

    package func write<T>(_ body: (any SecurityRows) throws -> T) throws(SecurityError) -> T {
        try mappingErrors { try pool.write { pool in try pool.write { db in try body(SQLiteSecurityRows(db: db)) } } }
    }

    package func revision() throws(SecurityError) -> Int64 {
        try mappingErrors {
            try pool.read { pool in
                try pool.read { db in try Int64.fetchOne(db, sql: "SELECT revision FROM installation") ?? 0 }
            }
        }
    }

    /// Value of `PRAGMA synchronous` on the connection that writes: 2 is FULL.
    package func writerSynchronous() throws(SecurityError) -> Int {
        try mappingErrors {
            try pool.write { pool in
                try pool.writeWithoutTransaction { db in try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? -1 }
            }
        }
    }
}

/// Database messages name tables and codes, never values.
private func mappingErrors<T>(_ work: () throws -> T) throws(SecurityError) -> T {
    do {
        return try work()
    } catch let error as SecurityError {
        throw error
    } catch let error as DatabaseError {
        let message = "\(error.message ?? "error") (SQLite \(error.extendedResultCode.rawValue))"
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: throw .storeCorrupt(message: message)
        case .SQLITE_FULL, .SQLITE_READONLY, .SQLITE_IOERR, .SQLITE_CANTOPEN: throw .storeNotWritable(message: message)
        default: throw .storeUnavailable(message: message)
        }
    } catch {
        throw .storeUnavailable(message: "unexpected database error")
    }
}
