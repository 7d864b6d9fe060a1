import Foundation
import GRDB
import SecurityProfiles

/// The rows of one transaction.
struct SQLiteSecurityRows {
    let db: Database

    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments)
    }

    func row(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
        try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }

    func execute(_ sql: String, _ arguments: StatementArguments = []) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }
}

/// Columns read without trusting that they hold what Apus wrote.
struct ColumnReader {
    let row: Row

    func text(_ column: String) -> String? { String.fromDatabaseValue(row[column]) }
    func integer(_ column: String) -> Int64? { Int64.fromDatabaseValue(row[column]) }
    func bytes(_ column: String) -> [UInt8]? { Data.fromDatabaseValue(row[column]).map { [UInt8]($0) } }
    func isNull(_ column: String) -> Bool { (row[column] as DatabaseValue).isNull }
}

extension SQLiteSecurityRows: AccountRows {
    private static let accountColumns = """
        id, name, folded_name, display_name, roles, password_hash, enabled, must_change_password, created_at,
        password_changed_at, seal
        """

    func account(id: String) throws -> Sealed<Account>? {
        try row("SELECT \(Self.accountColumns) FROM account WHERE id = ?", [id]).map {
            try required($0, .account, "id", Self.account)
        }
    }

    func account(foldedName: String) throws -> Sealed<Account>? {
        try row("SELECT \(Self.accountColumns) FROM account WHERE folded_name = ?", [foldedName])
            .map { try required($0, .account, "id", Self.account) }
    }

    func accounts() throws -> [Sealed<Account>] {
        try rows("SELECT \(Self.accountColumns) FROM account ORDER BY folded_name").compactMap(Self.account)
    }

    func put(_ account: Sealed<Account>) throws {
        let record = account.record
        try execute(
            """
            INSERT INTO account (\(Self.accountColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, folded_name = excluded.folded_name,
                display_name = excluded.display_name, roles = excluded.roles, password_hash = excluded.password_hash,
                enabled = excluded.enabled, must_change_password = excluded.must_change_password,
                created_at = excluded.created_at, password_changed_at = excluded.password_changed_at, seal = excluded.seal
            """,
            [
                record.id, record.name, record.foldedName, record.displayName, Role.text(record.roles),
                record.passwordHash,
                record.isEnabled, record.mustChangePassword, record.createdAtMilliseconds,
                record.passwordChangedAtMilliseconds, Data(account.seal),
            ])
    }

    private static func account(_ row: Row) -> Sealed<Account>? {
        let columns = ColumnReader(row: row)
        guard let id = columns.text("id"), let name = columns.text("name"),
            let displayName = columns.text("display_name"),
            let roles = columns.text("roles").flatMap({ Role.set($0) }), let hash = columns.text("password_hash"),
            let enabled = columns.integer("enabled"), let mustChange = columns.integer("must_change_password"),
            let created = columns.integer("created_at"), let changed = columns.integer("password_changed_at"),
            let seal = columns.bytes("seal"), columns.text("folded_name") == name.lowercased(),
            columns.text("roles") == Role.text(roles)
        else { return nil }
        let account = Account(
            id: id, name: name, displayName: displayName, roles: roles, passwordHash: hash, isEnabled: enabled == 1,
            mustChangePassword: mustChange == 1, createdAtMilliseconds: created, passwordChangedAtMilliseconds: changed)
        return Sealed(record: account, seal: seal)
    }

    func loginState(nameKey: [UInt8]) throws -> LoginState? {
        try row("SELECT failures, last_failure_at, locked_until FROM login_state WHERE name_key = ?", [Data(nameKey)])
            .map {
                let columns = ColumnReader(row: $0)
                return LoginState(
                    failures: Int(clamping: columns.integer("failures") ?? 0),
                    lastFailureAtMilliseconds: columns.integer("last_failure_at") ?? 0,
                    lockedUntilMilliseconds: columns.integer("locked_until") ?? 0)
            }
    }

    func setLoginState(_ state: LoginState?, nameKey: [UInt8], limit: Int) throws {
        guard let state else { return try execute("DELETE FROM login_state WHERE name_key = ?", [Data(nameKey)]) }
        try execute(
            """
            INSERT INTO login_state (name_key, failures, last_failure_at, locked_until) VALUES (?, ?, ?, ?)
            ON CONFLICT (name_key) DO UPDATE SET failures = excluded.failures, last_failure_at = excluded.last_failure_at,
                locked_until = excluded.locked_until
            """,
            [Data(nameKey), state.failures, state.lastFailureAtMilliseconds, state.lockedUntilMilliseconds])
        try execute(
            """
            DELETE FROM login_state WHERE name_key IN
                (SELECT name_key FROM login_state ORDER BY last_failure_at DESC LIMIT -1 OFFSET ?)
            """, [max(1, limit)])
    }
}

extension SQLiteSecurityRows {
    /// A row that cannot be read is a row changed outside Apus.
    func required<Record>(
        _ row: Row, _ kind: SealKind, _ keyColumn: String, _ decode: (Row) -> Record?
    ) throws -> Record {
        guard let record = decode(row) else {
            throw SecurityError.tampered(kind, key: ColumnReader(row: row).text(keyColumn) ?? "?")
        }
        return record
    }
}
