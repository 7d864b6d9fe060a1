/// Why a sign-in was refused. Strangers never learn of `tampered`, nor whether there is an account.
package enum LoginRefusal: Hashable, Sendable {
    /// No such account, or wrong password.
    case invalidCredentials
    case locked(untilMilliseconds: Int64)
    /// Told only to who knows the password.
    case disabled
    /// The account's record was changed outside Apus.
    case tampered

    var auditReason: String {
        switch self {
        case .invalidCredentials: "invalid-credentials"
        case .locked: "locked"
        case .disabled: "disabled"
        case .tampered: "tampered"
        }
    }
}

/// Checks name and password, counting failures so that guessing in parallel gains nothing.
struct CredentialCheck: Sendable {
    let context: SecurityContext
    let hasher: PasswordHasher

    enum Result {
        /// The caller clears the failures in the transaction that uses the account.
        case accepted(Account, nameKey: [UInt8])
        case refused(LoginRefusal)
    }

    private struct Attempt {
        var account: Account?
        var isTampered = false
        var before: LoginState?
        var after = LoginState()
    }

    static let maximumLoginStates = 10_000

    /// Records refusals in the audit log; acceptance is the caller's to record.
    func check(name: String, password: String, origin: String) throws(SecurityError) -> Result {
        let key = nameKey(name)
        let attempt = try begin(name: name, nameKey: key)
        let now = context.now
        if let before = attempt.before, before.isLocked(atMilliseconds: now) {
            let refusal = LoginRefusal.locked(untilMilliseconds: before.lockedUntilMilliseconds)
            try recordRefusal(refusal, attempt, nameKey: key, origin: origin)
            return .refused(refusal)
        }
        let isRight: Bool
        do {
            isRight = try hasher.verify(
                password, against: attempt.account.flatMap { PasswordHash(encoded: $0.passwordHash) })
        } catch {
            // Not a guess: give the attempt back.
            try context.store.write { rows in
                try rows.setLoginState(attempt.before, nameKey: key, limit: Self.maximumLoginStates)
            }
            throw error
        }
        guard isRight, let account = attempt.account else {
            let refusal: LoginRefusal = attempt.isTampered ? .tampered : .invalidCredentials
            try recordRefusal(refusal, attempt, nameKey: key, origin: origin)
            return .refused(refusal)
        }
        guard account.isEnabled else {
            try recordRefusal(.disabled, attempt, nameKey: key, origin: origin)
            return .refused(.disabled)
        }
        return .accepted(account, nameKey: key)
    }

    /// Keyed, because people sometimes type their password as name.
    func nameKey(_ name: String) -> [UInt8] {
        let folded = String(name.unicodeScalars.prefix(AccountName.lengths.upperBound + 1)).lowercased()
        return context.sealer.keyedHash(folded, purpose: "login-name")
    }

    /// Counts the failure first and takes it back on success: a hundred attempts at once are a hundred failures.
    private func begin(name: String, nameKey: [UInt8]) throws(SecurityError) -> Attempt {
        let folded = (try? AccountName(name))?.folded
        return try context.store.write { rows in
            var attempt = Attempt()
            do {
                attempt.account = try folded.flatMap { try rows.account(foldedName: $0) }.map {
                    try context.sealer.open($0)
                }
            } catch SecurityError.tampered {
                attempt.isTampered = true
            }
            attempt.before = try rows.loginState(nameKey: nameKey)
            let before = attempt.before ?? LoginState()
            guard !before.isLocked(atMilliseconds: context.now) else { return attempt }
            attempt.after = before.afterFailure(
                atMilliseconds: context.now, policy: try context.settings(rows).lockoutPolicy)
            try rows.setLoginState(attempt.after, nameKey: nameKey, limit: Self.maximumLoginStates)
            return attempt
        }
    }

    private func recordRefusal(
        _ refusal: LoginRefusal, _ attempt: Attempt, nameKey: [UInt8], origin: String
    ) throws(SecurityError) {
        // A name that is no account is not written down: it may be a password in the wrong field.
        let name = attempt.account?.name
        let objects = name.map { [AuditObject.account(name: $0)] } ?? []
        var event = AuditEvent(
            .loginFailed, outcome: .minorFailure, actor: .anonymous, origin: origin, objects: objects,
            details: [.reason: refusal.auditReason])
        if attempt.isTampered { event.outcome = .seriousFailure }
        if case .locked(let until) = refusal {
            event.details[.lockedUntil] = String(until)
            return try context.recordRefusal(event, key: ByteText.hexadecimal(nameKey.prefix(8)))
        }
        event.details[.failures] = String(attempt.after.failures)
        guard name != nil || attempt.isTampered else {
            return try context.recordRefusal(event, key: "unknown \(ByteText.hexadecimal(nameKey.prefix(8)))")
        }
        let failed = event
        try context.store.write { rows in
            try context.record(failed, rows)
            guard attempt.after.lockedUntilMilliseconds > 0 else { return }
            let details: [AuditField: String] = [
                .failures: String(attempt.after.failures), .lockedUntil: String(attempt.after.lockedUntilMilliseconds),
            ]
            try context.record(
                AuditEvent(
                    .accountLocked, outcome: .seriousFailure, actor: .anonymous, origin: origin, objects: objects,
                    details: details), rows)
        }
    }
}
