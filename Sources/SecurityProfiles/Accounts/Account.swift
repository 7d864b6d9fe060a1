/// A person who may sign in. Accounts are disabled, never removed, so that the audit log keeps naming one person each.
package struct Account: SealedRecord, Hashable {
    /// Random; never reused.
    package var id: String
    package var name: String
    package var displayName: String
    package var roles: Set<Role>
    /// `PasswordHash.encoded`.
    package var passwordHash: String
    package var isEnabled: Bool
    /// Set when somebody else chose the password.
    package var mustChangePassword: Bool
    package var createdAtMilliseconds: Int64
    package var passwordChangedAtMilliseconds: Int64

    package init(
        id: String, name: String, displayName: String, roles: Set<Role>, passwordHash: String, isEnabled: Bool,
        mustChangePassword: Bool, createdAtMilliseconds: Int64, passwordChangedAtMilliseconds: Int64
    ) {
        self.id = id
        self.name = name
        self.displayName = displayName
        self.roles = roles
        self.passwordHash = passwordHash
        self.isEnabled = isEnabled
        self.mustChangePassword = mustChangePassword
        self.createdAtMilliseconds = createdAtMilliseconds
        self.passwordChangedAtMilliseconds = passwordChangedAtMilliseconds
    }

    package static var sealKind: SealKind { .account }
    package var sealKey: String { id }
    package func encodeForSeal(_ fields: inout CanonicalFields) {
        fields.append(name)
        fields.append(displayName)
        fields.append(Role.text(roles))
        fields.append(passwordHash)
        fields.append(isEnabled)
        fields.append(mustChangePassword)
        fields.append(createdAtMilliseconds)
        fields.append(passwordChangedAtMilliseconds)
    }

    /// The name in the form that is compared.
    package var foldedName: String { name.lowercased() }
}

/// An account as lists show it: nothing secret.
package struct AccountSummary: Hashable, Sendable {
    package var id: String
    package var name: String
    package var displayName: String
    package var roles: Set<Role>
    package var isEnabled: Bool
    package var mustChangePassword: Bool
    /// `nil` when not locked.
    package var lockedUntilMilliseconds: Int64?
    package var createdAtMilliseconds: Int64
    package var passwordChangedAtMilliseconds: Int64
    /// `false`: the record was changed outside Apus and cannot sign in.
    package var isIntact: Bool
}
