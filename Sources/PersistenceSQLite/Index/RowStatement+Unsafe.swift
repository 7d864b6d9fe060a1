import GRDB
import GRDBSQLite

/// A prepared statement bound value by value, for the few statements that run for every arriving instance.
///
/// The texts and bytes are copied by the database (SQLITE_TRANSIENT) before their pointers end, and the statement belongs
/// to the connection's cache, which outlives this value.
struct RowStatement: ~Copyable {
    private let statement: OpaquePointer
    private var position: Int32 = 0

    init(_ sql: String, _ db: Database) throws {
        statement = try db.cachedStatement(sql: sql).sqliteStatement
        sqlite3_reset(statement)
    }

    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    mutating func bind(_ text: String) {
        position += 1
        var text = text
        text.withUTF8 { bytes in
            // A null pointer would bind NULL, not the empty text.
            guard let start = bytes.baseAddress, !bytes.isEmpty else {
                _ = sqlite3_bind_text(statement, position, "", 0, Self.copied)
                return
            }
            start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                _ = sqlite3_bind_text(statement, position, $0, Int32(clamping: bytes.count), Self.copied)
            }
        }
    }

    mutating func bind(_ number: Int64) {
        position += 1
        sqlite3_bind_int64(statement, position, number)
    }

    mutating func bind(_ number: Int) { bind(Int64(number)) }

    mutating func bind(_ number: Int64?) {
        if let number { bind(number) } else { bindNull() }
    }

    mutating func bindNull() {
        position += 1
        sqlite3_bind_null(statement, position)
    }

    mutating func bind(_ bytes: [UInt8]) {
        position += 1
        bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress, !buffer.isEmpty else {
                _ = sqlite3_bind_zeroblob(statement, position, 0)
                return
            }
            _ = sqlite3_bind_blob(statement, position, start, Int32(clamping: buffer.count), Self.copied)
        }
    }

    /// Runs to the end. A value the database refused to bind shows here as a constraint violation or is caught by the
    /// tables' types.
    consuming func run() throws {
        var code = sqlite3_step(statement)
        while code == SQLITE_ROW { code = sqlite3_step(statement) }
        sqlite3_reset(statement)
        guard code == SQLITE_DONE else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
    }
}
