import Foundation
import GRDB
import SecurityProfiles

extension SQLiteSecurityRows: SessionRows {
    private static let sessionColumns = """
        id, secret_hash, account_id, created_at, expires_at, address, client_description, client_binding, last_activity_at, seal
        """

    func session(secretHash: [UInt8]) throws -> StoredSession? {
        try row("SELECT \(Self.sessionColumns) FROM session WHERE secret_hash = ?", [Data(secretHash)])
            .map { try required($0, .session, "id", Self.session) }
    }

    func session(id: String) throws -> StoredSession? {
        try row("SELECT \(Self.sessionColumns) FROM session WHERE id = ?", [id])
            .map { try required($0, .session, "id", Self.session) }
    }

    func sessions(accountID: String?) throws -> [StoredSession] {
        let columns = "SELECT \(Self.sessionColumns) FROM session"
        let order = "ORDER BY created_at DESC, id"
        let found =
            if let accountID {
                try rows("\(columns) WHERE account_id = ? \(order)", [accountID])
            } else {
                try rows("\(columns) \(order)")
            }
        return found.compactMap(Self.session)
    }

    func insert(_ session: StoredSession) throws {
        let record = session.sealed.record
        try execute(
            "INSERT INTO session (\(Self.sessionColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                record.id, Data(record.secretHash), record.accountID, record.createdAtMilliseconds,
                record.expiresAtMilliseconds, record.address, record.clientDescription, Data(record.clientBinding),
                session.lastActivityMilliseconds, Data(session.sealed.seal),
            ])
    }

    func setLastActivity(_ milliseconds: Int64, sessionID: String) throws {
        try execute("UPDATE session SET last_activity_at = ? WHERE id = ?", [milliseconds, sessionID])
    }

    func removeSessions(ids: [String]) throws {
        for id in ids { try execute("DELETE FROM session WHERE id = ?", [id]) }
    }

    private static func session(_ row: Row) -> StoredSession? {
        let columns = ColumnReader(row: row)
        guard let id = columns.text("id"), let secretHash = columns.bytes("secret_hash"),
            let accountID = columns.text("account_id"), let created = columns.integer("created_at"),
            let expires = columns.integer("expires_at"), let address = columns.text("address"),
            let description = columns.text("client_description"), let binding = columns.bytes("client_binding"),
            let lastActivity = columns.integer("last_activity_at"), let seal = columns.bytes("seal")
        else { return nil }
        let session = Session(
            id: id, secretHash: secretHash, accountID: accountID, createdAtMilliseconds: created,
            expiresAtMilliseconds: expires, address: address, clientDescription: description, clientBinding: binding)
        return StoredSession(sealed: Sealed(record: session, seal: seal), lastActivityMilliseconds: lastActivity)
    }
}

extension SQLiteSecurityRows: TokenRows {
    private static let tokenColumns =
        "id, name, roles, secret_hash, created_at, created_by, expires_at, revoked_at, seal"

    func token(id: String) throws -> StoredToken? {
        try row("SELECT \(Self.tokenColumns), last_used_at FROM api_token WHERE id = ?", [id])
            .map { try required($0, .token, "id", Self.token) }
    }

    func tokens() throws -> [StoredToken] {
        try rows("SELECT \(Self.tokenColumns), last_used_at FROM api_token ORDER BY created_at DESC, id")
            .compactMap(Self.token)
    }

    func put(_ token: Sealed<APIToken>) throws {
        let record = token.record
        try execute(
            """
            INSERT INTO api_token (\(Self.tokenColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, roles = excluded.roles, secret_hash = excluded.secret_hash,
                created_at = excluded.created_at, created_by = excluded.created_by, expires_at = excluded.expires_at,
                revoked_at = excluded.revoked_at, seal = excluded.seal
            """,
            [
                record.id, record.name, Role.text(record.roles), Data(record.secretHash), record.createdAtMilliseconds,
                record.createdBy, record.expiresAtMilliseconds, record.revokedAtMilliseconds, Data(token.seal),
            ])
    }

    func setLastUsed(_ milliseconds: Int64, tokenID: String) throws {
        try execute("UPDATE api_token SET last_used_at = ? WHERE id = ?", [milliseconds, tokenID])
    }

    private static func token(_ row: Row) -> StoredToken? {
        let columns = ColumnReader(row: row)
        guard let id = columns.text("id"), let name = columns.text("name"),
            let roles = columns.text("roles").flatMap({ Role.set($0) }), columns.text("roles") == Role.text(roles),
            let secretHash = columns.bytes("secret_hash"), let created = columns.integer("created_at"),
            let createdBy = columns.text("created_by"), let seal = columns.bytes("seal")
        else { return nil }
        let token = APIToken(
            id: id, name: name, roles: roles, secretHash: secretHash, createdAtMilliseconds: created,
            createdBy: createdBy,
            expiresAtMilliseconds: columns.integer("expires_at"), revokedAtMilliseconds: columns.integer("revoked_at"))
        return StoredToken(
            sealed: Sealed(record: token, seal: seal), lastUsedAtMilliseconds: columns.integer("last_used_at"))
    }
}

extension SQLiteSecurityRows: SetupRows {
    func setupLink() throws -> Sealed<SetupLink>? {
        try row("SELECT secret_hash, created_at, expires_at, seal FROM setup_link").flatMap { row in
            let columns = ColumnReader(row: row)
            guard let hash = columns.bytes("secret_hash"), let created = columns.integer("created_at"),
                let expires = columns.integer("expires_at"), let seal = columns.bytes("seal")
            else { return nil }
            return Sealed(
                record: SetupLink(secretHash: hash, createdAtMilliseconds: created, expiresAtMilliseconds: expires),
                seal: seal)
        }
    }

    func setSetupLink(_ link: Sealed<SetupLink>?) throws {
        try execute("DELETE FROM setup_link")
        guard let link else { return }
        try execute(
            "INSERT INTO setup_link (only, secret_hash, created_at, expires_at, seal) VALUES (1, ?, ?, ?, ?)",
            [
                Data(link.record.secretHash), link.record.createdAtMilliseconds, link.record.expiresAtMilliseconds,
                Data(link.seal),
            ])
    }
}
