/// Creating, changing and listing accounts. Blocking. Callers check the right (`user.manage`) first.
package struct AccountService: Sendable {
    let context: SecurityContext
    let hasher: PasswordHasher

    private var check: CredentialCheck { CredentialCheck(context: context, hasher: hasher) }

    /// - Parameter mustChangePassword: true when somebody else chose the password.
    /// - Throws: `invalidAccountName`, `invalidDisplayName`, `weakPassword`, `accountExists`, `busy` or a store error.
    package func create(
        name: String, displayName: String = "", password: String, roles: Set<Role>, mustChangePassword: Bool = true,
        by author: Author
    ) throws(SecurityError) -> AccountSummary {
        let account = try prepare(
            name: name, displayName: displayName, password: password, roles: roles,
            mustChangePassword: mustChangePassword)
        return try context.store.write { rows in
            try insert(account, rows)
            try context.record(
                AuditEvent(
                    .accountCreated, actor: author.principal, origin: author.origin,
                    objects: [.account(name: account.name)],
                    details: [.roles: Role.text(roles)]), rows)
            return summary(account, state: nil, isIntact: true)
        }
    }

    /// Checks the fields and hashes the password, before any transaction.
    func prepare(
        name: String, displayName: String, password: String, roles: Set<Role>, mustChangePassword: Bool
    ) throws(SecurityError) -> Account {
        let checked = try AccountName(name)
        guard displayName.unicodeScalars.count <= 128, DeviceDraft.isPlain(displayName) else {
            throw .invalidDisplayName
        }
        try requireStrong(password, accountName: name)
        let hash = try hasher.hash(password)
        let now = context.now
        return Account(
            id: context.newIdentifier(), name: checked.text, displayName: displayName, roles: roles,
            passwordHash: hash.encoded, isEnabled: true, mustChangePassword: mustChangePassword,
            createdAtMilliseconds: now, passwordChangedAtMilliseconds: now)
    }

    func insert(_ account: Account, _ rows: any SecurityRows) throws {
        guard try rows.account(foldedName: account.foldedName) == nil else {
            throw SecurityError.accountExists(name: account.name)
        }
        try context.put(account, rows)
        // An administrator made by any way closes the set-up link.
        if account.roles.contains(.administrator) { try rows.setSetupLink(nil) }
    }

    private func requireStrong(_ password: String, accountName: String) throws(SecurityError) {
        let policy = try context.store.read { rows in try context.settings(rows).passwordPolicy }
        let violations = policy.violations(of: password, accountName: accountName)
        guard violations.isEmpty else { throw .weakPassword(violations) }
    }

    /// Sets a password for somebody else, unlocks the account and ends its sessions.
    package func resetPassword(
        name: String, to password: String, mustChangePassword: Bool = true, by author: Author
    ) throws(SecurityError) {
        try requireStrong(password, accountName: name)
        let hash = try hasher.hash(password).encoded
        try change(name, by: author, kind: .passwordChanged, details: [.reason: "reset"]) { account, rows in
            account.passwordHash = hash
            account.mustChangePassword = mustChangePassword
            account.passwordChangedAtMilliseconds = context.now
            try rows.setLoginState(nil, nameKey: check.nameKey(account.name), limit: 1)
            try removeSessions(of: account, except: nil, rows)
        }
    }

    /// Changes one's own password and ends one's other sessions.
    ///
    /// - Throws: `wrongPassword` (counted like a failed sign-in), `weakPassword`, `busy` or a store error.
    package func changeOwnPassword(
        current: String, to password: String, by author: Author
    ) throws(SecurityError) {
        let name = author.principal.name
        try requireStrong(password, accountName: name)
        guard
            case .accepted(let account, let key) = try check.check(name: name, password: current, origin: author.origin),
            account.id == author.principal.id
        else { throw .wrongPassword }
        guard current != password else { throw .weakPassword([.unchanged]) }
        let hash = try hasher.hash(password).encoded
        try change(name, by: author, kind: .passwordChanged, details: [.reason: "own"]) { account, rows in
            account.passwordHash = hash
            account.mustChangePassword = false
            account.passwordChangedAtMilliseconds = context.now
            try rows.setLoginState(nil, nameKey: key, limit: 1)
            try removeSessions(of: account, except: author.principal.sessionID, rows)
        }
    }

    /// Takes effect with the next request of the account's sessions.
    package func setRoles(_ roles: Set<Role>, name: String, by author: Author) throws(SecurityError) {
        try change(name, by: author, kind: .accountRolesChanged, details: [.after: Role.text(roles)]) { account, rows in
            if account.roles.contains(.administrator), !roles.contains(.administrator) {
                try requireAnotherAdministrator(than: account, rows)
            }
            account.roles = roles
            if roles.contains(.administrator) { try rows.setSetupLink(nil) }
        }
    }

    /// Disabling ends the account's sessions at once.
    package func setEnabled(_ isEnabled: Bool, name: String, by author: Author) throws(SecurityError) {
        let details: [AuditField: String] = [.after: isEnabled ? "enabled" : "disabled"]
        try change(name, by: author, kind: .accountStateChanged, details: details) { account, rows in
            if !isEnabled {
                if account.roles.contains(.administrator) { try requireAnotherAdministrator(than: account, rows) }
                try removeSessions(of: account, except: nil, rows)
            }
            account.isEnabled = isEnabled
        }
    }

    package func unlock(name: String, by author: Author) throws(SecurityError) {
        try change(name, by: author, kind: .accountStateChanged, details: [.after: "unlocked"]) { account, rows in
            try rows.setLoginState(nil, nameKey: check.nameKey(account.name), limit: 1)
        }
    }

    /// All accounts by name.
    package func list() throws(SecurityError) -> [AccountSummary] {
        try context.store.read { rows in
            try rows.accounts().map { sealed in
                summary(
                    sealed.record, state: try rows.loginState(nameKey: check.nameKey(sealed.record.name)),
                    isIntact: context.sealer.isIntact(sealed))
            }.sorted { $0.name.lowercased() < $1.name.lowercased() }
        }
    }

    private func change(
        _ name: String, by author: Author, kind: AuditEventKind, details: [AuditField: String],
        _ body: (inout Account, any SecurityRows) throws -> Void
    ) throws(SecurityError) {
        let folded = name.lowercased()
        try context.store.write { rows in
            guard let sealed = try rows.account(foldedName: folded) else {
                throw SecurityError.accountNotFound(name: name)
            }
            var account = try context.sealer.open(sealed)
            var details = details
            if kind == .accountRolesChanged { details[.before] = Role.text(account.roles) }
            try body(&account, rows)
            try context.put(account, rows)
            try context.record(
                AuditEvent(
                    kind, actor: author.principal, origin: author.origin, objects: [.account(name: account.name)],
                    details: details), rows)
        }
    }

    private func requireAnotherAdministrator(than account: Account, _ rows: any SecurityRows) throws {
        let isThereAnother = try rows.accounts().contains { sealed in
            sealed.record.id != account.id && sealed.record.isEnabled && sealed.record.roles.contains(.administrator)
                && context.sealer.isIntact(sealed)
        }
        guard isThereAnother else { throw SecurityError.lastAdministrator }
    }

    private func removeSessions(of account: Account, except kept: String?, _ rows: any SecurityRows) throws {
        try rows.removeSessions(
            ids: try rows.sessions(accountID: account.id).map(\.sealed.record.id).filter { $0 != kept })
    }

    private func summary(_ account: Account, state: LoginState?, isIntact: Bool) -> AccountSummary {
        let lockedUntil = state.flatMap { $0.isLocked(atMilliseconds: context.now) ? $0.lockedUntilMilliseconds : nil }
        return AccountSummary(
            id: account.id, name: account.name, displayName: account.displayName, roles: account.roles,
            isEnabled: account.isEnabled, mustChangePassword: account.mustChangePassword,
            lockedUntilMilliseconds: lockedUntil, createdAtMilliseconds: account.createdAtMilliseconds,
            passwordChangedAtMilliseconds: account.passwordChangedAtMilliseconds, isIntact: isIntact)
    }
}
