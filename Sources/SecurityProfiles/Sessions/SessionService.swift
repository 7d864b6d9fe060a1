/// What a browser gets at sign-in. `secret` goes into a cookie (HttpOnly, Secure, SameSite) and is not kept.
package struct SessionGrant: Sendable {
    package var secret: String
    package var session: AuthenticatedSession
}

/// A session found valid for one request.
package struct AuthenticatedSession: Hashable, Sendable {
    package var principal: Principal
    package var displayName: String
    /// Must come back in a header with every request that changes something.
    package var csrfToken: String
    package var expiresAtMilliseconds: Int64
    /// When it ends without further activity; the browser counts down to it.
    package var idleExpiresAtMilliseconds: Int64
}

package enum LoginOutcome: Sendable {
    case success(SessionGrant)
    case refused(LoginRefusal)
}

/// Why a cookie was not taken (HTTP 401).
package enum SessionRefusal: String, Hashable, Sendable {
    /// Never issued, signed out or revoked.
    case unknown
    case idle, expired
    /// Presented by another browser than it was given to (PACS-4.5.3-5).
    case otherDevice
    case accountDisabled
    case tampered
}

package enum SessionCheck: Hashable, Sendable {
    case valid(AuthenticatedSession)
    case refused(SessionRefusal)
}

/// A session as lists show it.
package struct SessionSummary: Hashable, Sendable {
    package var id: String
    package var accountName: String
    package var createdAtMilliseconds: Int64
    package var expiresAtMilliseconds: Int64
    package var lastActivityMilliseconds: Int64
    package var address: String
    package var clientDescription: String
}

/// Signing in, checking requests, signing out. Blocking.
package struct SessionService: Sendable {
    let context: SecurityContext
    let hasher: PasswordHasher

    static let maximumSessionsPerAccount = 50

    /// - Throws: `busy` when too many passwords are being checked, or a store error.
    package func signIn(
        name: String, password: String, client: ClientContext
    ) throws(SecurityError) -> LoginOutcome {
        let check = CredentialCheck(context: context, hasher: hasher)
        switch try check.check(name: name, password: password, origin: client.address) {
        case .refused(let refusal): return .refused(refusal)
        case .accepted(let account, let key):
            let renewedHash = try hashWithTodaysCost(password, account)
            let grant: SessionGrant?
            do {
                grant = try open(account, nameKey: key, renewedHash: renewedHash, client)
            } catch .storeNotWritable where renewedHash != nil {
                // The new hash can wait until accounts can be written again; people cannot.
                grant = try open(account, nameKey: key, renewedHash: nil, client)
            }
            return grant.map { .success($0) } ?? .refused(.invalidCredentials)
        }
    }

    private func hashWithTodaysCost(_ password: String, _ account: Account) throws(SecurityError) -> String? {
        guard PasswordHash(encoded: account.passwordHash)?.parameters != hasher.parameters else { return nil }
        return try hasher.hash(password).encoded
    }

    /// - Returns: `nil` when the account changed while the password was being checked.
    private func open(
        _ checked: Account, nameKey: [UInt8], renewedHash: String?, _ client: ClientContext
    ) throws(SecurityError) -> SessionGrant? {
        let secret = context.newSecret()
        return try context.store.write { rows in
            guard let sealed = try rows.account(id: checked.id) else { return nil }
            var account = try context.sealer.open(sealed)
            guard account.isEnabled, account.passwordHash == checked.passwordHash else { return nil }
            if let renewedHash {
                account.passwordHash = renewedHash
                try context.put(account, rows)
            }
            try rows.setLoginState(nil, nameKey: nameKey, limit: 1)
            let settings = try context.settings(rows)
            let session = newSession(secret, account, client, settings)
            try rows.insert(StoredSession(sealed: context.sealer.seal(session), lastActivityMilliseconds: context.now))
            let surplus = try rows.sessions(accountID: account.id).dropFirst(Self.maximumSessionsPerAccount)
            try rows.removeSessions(ids: surplus.map(\.sealed.record.id))
            let opened = authenticated(session, account, secret: secret, lastActivity: context.now, settings)
            try context.record(
                AuditEvent(
                    .loginSucceeded, actor: opened.principal, origin: client.address,
                    objects: [.account(name: account.name), .session(id: session.id)]), rows)
            return SessionGrant(secret: secret, session: opened)
        }
    }

    private func newSession(
        _ secret: String, _ account: Account, _ client: ClientContext, _ settings: SecuritySettings
    ) -> Session {
        let now = context.now
        return Session(
            id: context.newIdentifier(), secretHash: hash(secret), accountID: account.id, createdAtMilliseconds: now,
            expiresAtMilliseconds: now + Int64(settings.sessionAbsoluteSeconds) * 1000,
            address: String(client.address.prefix(64)), clientDescription: String(client.description.prefix(200)),
            clientBinding: binding(client))
    }

    /// Checks a request's cookie.
    ///
    /// - Parameter isActivity: whether a person did something. Background refreshes pass `false` and do not postpone the
    ///   automatic logout (PACS-4.5.1-1).
    package func authenticate(
        secret: String, client: ClientContext, isActivity: Bool
    ) throws(SecurityError) -> SessionCheck {
        guard secret.utf8.count <= 128 else { return .refused(.unknown) }
        let (check, sessionID, shouldTouch) = try context.store.read { rows in
            do {
                return try examine(secret, client, rows)
            } catch SecurityError.tampered {
                return (.refused(.tampered), nil, false)
            }
        }
        switch check {
        case .valid:
            if isActivity, shouldTouch, let sessionID {
                // A full disk must not end the work of who is signed in.
                try? context.store.write { rows in try rows.setLastActivity(context.now, sessionID: sessionID) }
            }
        case .refused(let refusal):
            if let sessionID { try end(sessionID, because: refusal, origin: client.address) }
        }
        return check
    }

    private func examine(
        _ secret: String, _ client: ClientContext, _ rows: any SecurityRows
    ) throws -> (SessionCheck, String?, Bool) {
        guard let stored = try rows.session(secretHash: hash(secret)) else { return (.refused(.unknown), nil, false) }
        let session = stored.sealed.record
        guard context.sealer.isIntact(stored.sealed) else { return (.refused(.tampered), session.id, false) }
        let settings = try context.settings(rows)
        if let refusal = expiry(of: session, lastActivity: stored.lastActivityMilliseconds, settings) {
            return (.refused(refusal), session.id, false)
        }
        guard equalInConstantTime(session.clientBinding, binding(client)) else {
            return (.refused(.otherDevice), session.id, false)
        }
        let account: Account
        do {
            guard let sealed = try rows.account(id: session.accountID) else {
                return (.refused(.tampered), session.id, false)
            }
            account = try context.sealer.open(sealed)
        } catch SecurityError.tampered {
            return (.refused(.tampered), session.id, false)
        }
        guard account.isEnabled else { return (.refused(.accountDisabled), session.id, false) }
        let granularity = Int64(max(1, min(10, settings.sessionIdleSeconds / 30))) * 1000
        return (
            .valid(
                authenticated(session, account, secret: secret, lastActivity: stored.lastActivityMilliseconds, settings)
            ),
            session.id, context.now &- stored.lastActivityMilliseconds >= granularity
        )
    }

    private func expiry(of session: Session, lastActivity: Int64, _ settings: SecuritySettings) -> SessionRefusal? {
        let now = context.now
        if now >= session.expiresAtMilliseconds { return .expired }
        return now &- lastActivity >= Int64(settings.sessionIdleSeconds) * 1000 ? .idle : nil
    }

    private func authenticated(
        _ session: Session, _ account: Account, secret: String, lastActivity: Int64, _ settings: SecuritySettings
    ) -> AuthenticatedSession {
        AuthenticatedSession(
            principal: Principal(
                kind: .user, id: account.id, name: account.name, roles: account.roles,
                mustChangePassword: account.mustChangePassword, sessionID: session.id),
            displayName: account.displayName, csrfToken: csrfToken(secret),
            expiresAtMilliseconds: session.expiresAtMilliseconds,
            idleExpiresAtMilliseconds: lastActivity &+ Int64(settings.sessionIdleSeconds) * 1000)
    }

    /// Whether a request that changes something comes from our own pages.
    package func isCSRFTokenValid(_ token: String, secret: String) -> Bool {
        equalInConstantTime(Array(token.utf8), Array(csrfToken(secret).utf8))
    }

    /// Signs out the browser with this cookie; nothing happens when there is no such session.
    package func signOut(secret: String, origin: String) throws(SecurityError) {
        guard secret.utf8.count <= 128 else { return }
        let id = try context.store.read { rows in try rows.session(secretHash: hash(secret))?.sealed.record.id }
        if let id { try end(id, because: nil, origin: origin) }
    }

    /// Ends a session of whomever.
    package func revoke(id: String, by author: Author) throws(SecurityError) {
        try context.store.write { rows in
            guard let stored = try rows.session(id: id) else {
                throw SecurityError.sessionNotFound(id: id)
            }
            try rows.removeSessions(ids: [id])
            let owner = try rows.account(id: stored.sealed.record.accountID)?.record.name
            try context.record(
                AuditEvent(
                    .sessionRevoked, actor: author.principal, origin: author.origin,
                    objects: [.session(id: id)] + (owner.map { [.account(name: $0)] } ?? []),
                    details: [.reason: "revoked"]), rows)
        }
    }

    /// Open sessions, newest first; of one account or all.
    package func list(accountID: String? = nil) throws(SecurityError) -> [SessionSummary] {
        try context.store.read { rows in
            let settings = try context.settings(rows)
            return try rows.sessions(accountID: accountID).compactMap { stored in
                let session = stored.sealed.record
                guard expiry(of: session, lastActivity: stored.lastActivityMilliseconds, settings) == nil,
                    let account = try rows.account(id: session.accountID)?.record
                else { return nil }
                return SessionSummary(
                    id: session.id, accountName: account.name, createdAtMilliseconds: session.createdAtMilliseconds,
                    expiresAtMilliseconds: session.expiresAtMilliseconds,
                    lastActivityMilliseconds: stored.lastActivityMilliseconds, address: session.address,
                    clientDescription: session.clientDescription)
            }
        }
    }

    /// Ends sessions that are over, so that the log tells of the automatic logout though the browser is gone. Call it
    /// every minute or so.
    ///
    /// - Returns: how many were ended.
    @discardableResult
    package func endExpired() throws(SecurityError) -> Int {
        let over = try context.store.read { rows in
            let settings = try context.settings(rows)
            return try rows.sessions(accountID: nil).compactMap { stored -> (String, SessionRefusal)? in
                expiry(of: stored.sealed.record, lastActivity: stored.lastActivityMilliseconds, settings)
                    .map { (stored.sealed.record.id, $0) }
            }
        }
        for (id, refusal) in over { try end(id, because: refusal, origin: "apus") }
        return over.count
    }

    private func end(_ id: String, because refusal: SessionRefusal?, origin: String) throws(SecurityError) {
        try context.store.write { rows in
            // Another request may have ended it already; the log tells it once.
            guard let stored = try rows.session(id: id) else { return }
            try rows.removeSessions(ids: [id])
            let owner = try? rows.account(id: stored.sealed.record.accountID)?.record
            let actor = owner.map { Principal(kind: .user, id: $0.id, name: $0.name, roles: $0.roles, sessionID: id) }
            var event = AuditEvent(.logout, actor: actor ?? .anonymous, origin: origin, objects: [.session(id: id)])
            if let refusal { event.details[.reason] = refusal.rawValue }
            if refusal == .otherDevice || refusal == .tampered {
                event.kind = .sessionRevoked
                event.outcome = .seriousFailure
            }
            try context.record(event, rows)
        }
    }

    private func hash(_ secret: String) -> [UInt8] { context.sealer.keyedHash(secret, purpose: "session") }

    /// Derived, so that it is neither stored nor guessable without the cookie.
    private func csrfToken(_ secret: String) -> String {
        ByteText.base64URL(context.sealer.keyedHash(secret, purpose: "csrf"))
    }

    private func binding(_ client: ClientContext) -> [UInt8] {
        context.sealer.keyedHash(client.fingerprint, purpose: "client")
    }
}
