/// First start: a link printed by the server lets its owner create the first administrator, once. Blocking.
package struct SetupService: Sendable {
    let context: SecurityContext
    let accounts: AccountService

    /// Whether no administrator exists yet.
    package func isOpen() throws(SecurityError) -> Bool {
        try context.store.read { rows in try !hasAdministrator(rows) }
    }

    /// Makes a link's token, replacing any earlier one.
    ///
    /// - Returns: the token, shown once; `nil` when an administrator exists.
    /// - Throws: `tampered` when accounts were removed outside Apus: that must not open the door again.
    package func issueToken(by author: Author) throws(SecurityError) -> String? {
        let secret = context.newSecret()
        return try context.store.write { rows in
            guard try !hasAdministrator(rows) else { return nil }
            let now = context.now
            let link = SetupLink(
                secretHash: hash(secret), createdAtMilliseconds: now,
                expiresAtMilliseconds: now + Int64(try context.settings(rows).setupLinkSeconds) * 1000)
            try rows.setSetupLink(context.sealer.seal(link))
            try context.record(
                AuditEvent(
                    .setupLinkIssued, actor: author.principal, origin: author.origin,
                    details: [.expires: String(link.expiresAtMilliseconds)]), rows)
            return secret
        }
    }

    /// Whether a token would be taken now; for showing the form.
    package func refusal(of token: String) throws(SecurityError) -> SetupRefusal? {
        try context.store.read { rows in try refusal(of: token, rows) }
    }

    /// Uses the token up and creates the administrator, both or neither. Of two who try at once, one succeeds.
    ///
    /// - Throws: `setupRefused`, or what `AccountService.create` throws; the token stays valid then.
    package func redeem(
        token: String, name: String, displayName: String = "", password: String, origin: String
    ) throws(SecurityError) -> AccountSummary {
        if let refused = try refusal(of: token) {
            try context.recordRefusal(
                AuditEvent(
                    .setupFailed, outcome: .minorFailure, actor: .anonymous, origin: origin,
                    details: [.reason: refused.rawValue]), key: origin)
            throw .setupRefused(refused)
        }
        let account = try accounts.prepare(
            name: name, displayName: displayName, password: password, roles: [.administrator], mustChangePassword: false
        )
        return try context.store.write { rows in
            // Again, now that nobody else can write: somebody may have been faster.
            if let refused = try refusal(of: token, rows) { throw SecurityError.setupRefused(refused) }
            try accounts.insert(account, rows)
            try rows.setSetupLink(nil)
            try context.record(
                AuditEvent(
                    .setupCompleted,
                    actor: Principal(kind: .user, id: account.id, name: account.name, roles: account.roles),
                    origin: origin, objects: [.account(name: account.name)]), rows)
            return AccountSummary(
                id: account.id, name: account.name, displayName: account.displayName, roles: account.roles,
                isEnabled: true, mustChangePassword: false, lockedUntilMilliseconds: nil,
                createdAtMilliseconds: account.createdAtMilliseconds,
                passwordChangedAtMilliseconds: account.passwordChangedAtMilliseconds, isIntact: true)
        }
    }

    private func refusal(of token: String, _ rows: any SecurityRows) throws -> SetupRefusal? {
        guard try !hasAdministrator(rows) else { return .administratorExists }
        guard token.utf8.count <= 128, let sealed = try rows.setupLink(), context.sealer.isIntact(sealed),
            equalInConstantTime(sealed.record.secretHash, hash(token))
        else { return .invalid }
        return context.now < sealed.record.expiresAtMilliseconds ? nil : .expired
    }

    /// Disabled administrators count, and so does any record changed outside Apus: it may have been one.
    private func hasAdministrator(_ rows: any SecurityRows) throws -> Bool {
        guard try context.isListIntact(.account, rows) else { throw SecurityError.tampered(.account, key: "*") }
        return try rows.accounts().contains { $0.record.roles.contains(.administrator) || !context.sealer.isIntact($0) }
    }

    private func hash(_ token: String) -> [UInt8] { context.sealer.keyedHash(token, purpose: "setup") }
}
