/// A token as lists show it.
package struct TokenSummary: Hashable, Sendable {
    /// `apus_` and eight characters: the start of the token, for recognition.
    package var prefix: String
    package var id: String
    package var name: String
    package var roles: Set<Role>
    package var createdAtMilliseconds: Int64
    package var createdBy: String
    package var expiresAtMilliseconds: Int64?
    package var revokedAtMilliseconds: Int64?
    package var lastUsedAtMilliseconds: Int64?
    package var isIntact: Bool
}

/// Why a bearer token was not taken (HTTP 401).
package enum TokenRefusal: String, Hashable, Sendable { case unknown, expired, revoked, tampered }

package enum TokenCheck: Hashable, Sendable {
    case valid(Principal)
    case refused(TokenRefusal)
}

/// API bearer tokens: `apus_IDENTIFIER_SECRET`. Blocking. Callers check the right (`token.manage`) first.
package struct TokenService: Sendable {
    let context: SecurityContext

    package static let scheme = "apus_"
    private static let identifierLength = 8
    private static let lastUseGranularityMilliseconds: Int64 = 60_000

    /// - Parameter validSeconds: `nil`: until revoked.
    /// - Returns: the token, to be shown once, and how lists show it.
    package func create(
        name: String, roles: Set<Role>, validSeconds: Int? = nil, by author: Author
    ) throws(SecurityError) -> (token: String, summary: TokenSummary) {
        guard (1...64).contains(name.unicodeScalars.count), DeviceDraft.isPlain(name) else {
            throw .invalidToken(reason: "a name of 1 to 64 characters without control characters is needed")
        }
        guard !roles.isEmpty else { throw .invalidToken(reason: "a role is needed") }
        if let validSeconds, !(1...315_360_000).contains(validSeconds) {
            throw .invalidToken(reason: "it must be valid for 1 second to 10 years")
        }
        let id = context.newIdentifier(length: Self.identifierLength)
        let text = "\(Self.scheme)\(id)_\(context.newSecret())"
        let now = context.now
        let token = APIToken(
            id: id, name: name, roles: roles, secretHash: hash(text), createdAtMilliseconds: now,
            createdBy: author.principal.name, expiresAtMilliseconds: validSeconds.map { now + Int64($0) * 1000 },
            revokedAtMilliseconds: nil)
        try context.store.write { rows in
            guard try rows.token(id: id) == nil else { throw SecurityError.busy }
            try context.put(token, rows)
            try context.record(
                AuditEvent(
                    .tokenCreated, actor: author.principal, origin: author.origin, objects: [.token(id: id)],
                    details: [.roles: Role.text(roles)]), rows)
        }
        return (text, summary(StoredToken(sealed: context.sealer.seal(token), lastUsedAtMilliseconds: nil)))
    }

    /// Checks the value of an `Authorization: Bearer` header.
    package func authenticate(_ text: String, origin: String) throws(SecurityError) -> TokenCheck {
        guard text.utf8.count <= 128, text.hasPrefix(Self.scheme) else { return .refused(.unknown) }
        let id = String(text.dropFirst(Self.scheme.count).prefix(Self.identifierLength))
        let (check, shouldNote) = try context.store.read { rows in try examine(text, id: id, rows) }
        switch check {
        case .valid:
            // A note for the administrator; a full disk must not keep anybody out.
            if shouldNote { try? context.store.write { rows in try rows.setLastUsed(context.now, tokenID: id) } }
        case .refused(let refusal) where refusal != .unknown:
            try context.recordRefusal(
                AuditEvent(
                    .tokenRefused, outcome: refusal == .tampered ? .seriousFailure : .minorFailure, actor: .anonymous,
                    origin: origin, objects: [.token(id: id)], details: [.reason: refusal.rawValue]), key: id)
        case .refused: break
        }
        return check
    }

    private func examine(_ text: String, id: String, _ rows: any SecurityRows) throws -> (TokenCheck, Bool) {
        let found: StoredToken?
        do { found = try rows.token(id: id) } catch SecurityError.tampered { return (.refused(.tampered), false) }
        guard let stored = found else { return (.refused(.unknown), false) }
        let token = stored.sealed.record
        guard equalInConstantTime(token.secretHash, hash(text)) else { return (.refused(.unknown), false) }
        guard context.sealer.isIntact(stored.sealed) else { return (.refused(.tampered), false) }
        guard token.revokedAtMilliseconds == nil else { return (.refused(.revoked), false) }
        let now = context.now
        if let expires = token.expiresAtMilliseconds, now >= expires { return (.refused(.expired), false) }
        let isNoteDue = stored.lastUsedAtMilliseconds.map { now &- $0 >= Self.lastUseGranularityMilliseconds } ?? true
        return (.valid(Principal(kind: .token, id: token.id, name: token.name, roles: token.roles)), isNoteDue)
    }

    /// Takes effect at once, in every process.
    ///
    /// - Parameter identifier: the identifier or the prefix shown in lists.
    package func revoke(_ identifier: String, by author: Author) throws(SecurityError) {
        let id = identifier.hasPrefix(Self.scheme) ? String(identifier.dropFirst(Self.scheme.count)) : identifier
        try context.store.write { rows in
            guard let stored = try rows.token(id: id) else { throw SecurityError.tokenNotFound(id: identifier) }
            var token = try context.sealer.open(stored.sealed)
            guard token.revokedAtMilliseconds == nil else { return }
            token.revokedAtMilliseconds = context.now
            try context.put(token, rows)
            try context.record(
                AuditEvent(.tokenRevoked, actor: author.principal, origin: author.origin, objects: [.token(id: id)]),
                rows)
        }
    }

    /// Newest first, revoked ones included.
    package func list() throws(SecurityError) -> [TokenSummary] {
        try context.store.read { rows in
            try rows.tokens().map(summary).sorted { $0.createdAtMilliseconds > $1.createdAtMilliseconds }
        }
    }

    private func summary(_ stored: StoredToken) -> TokenSummary {
        let token = stored.sealed.record
        return TokenSummary(
            prefix: Self.scheme + token.id, id: token.id, name: token.name, roles: token.roles,
            createdAtMilliseconds: token.createdAtMilliseconds, createdBy: token.createdBy,
            expiresAtMilliseconds: token.expiresAtMilliseconds, revokedAtMilliseconds: token.revokedAtMilliseconds,
            lastUsedAtMilliseconds: stored.lastUsedAtMilliseconds, isIntact: context.sealer.isIntact(stored.sealed))
    }

    private func hash(_ token: String) -> [UInt8] { context.sealer.keyedHash(token, purpose: "token") }
}
