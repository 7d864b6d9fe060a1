/// A bearer token for programs. The token itself is shown once and never stored.
package struct APIToken: SealedRecord, Hashable {
    /// Eight characters, part of the token, so that a token found somewhere can be recognised and revoked.
    package var id: String
    package var name: String
    package var roles: Set<Role>
    /// `Sealer.keyedHash` of the whole token.
    package var secretHash: [UInt8]
    package var createdAtMilliseconds: Int64
    /// Name of who made it.
    package var createdBy: String
    /// `nil`: until revoked.
    package var expiresAtMilliseconds: Int64?
    package var revokedAtMilliseconds: Int64?

    package init(
        id: String, name: String, roles: Set<Role>, secretHash: [UInt8], createdAtMilliseconds: Int64,
        createdBy: String,
        expiresAtMilliseconds: Int64?, revokedAtMilliseconds: Int64?
    ) {
        self.id = id
        self.name = name
        self.roles = roles
        self.secretHash = secretHash
        self.createdAtMilliseconds = createdAtMilliseconds
        self.createdBy = createdBy
        self.expiresAtMilliseconds = expiresAtMilliseconds
        self.revokedAtMilliseconds = revokedAtMilliseconds
    }

    package static var sealKind: SealKind { .token }
    package var sealKey: String { id }
    package func encodeForSeal(_ fields: inout CanonicalFields) {
        fields.append(name)
        fields.append(Role.text(roles))
        fields.append(secretHash)
        fields.append(createdAtMilliseconds)
        fields.append(createdBy)
        fields.append(expiresAtMilliseconds)
        fields.append(revokedAtMilliseconds)
    }
}

/// A stored token with its last use, which is written lazily and not sealed.
package struct StoredToken: Sendable {
    package var sealed: Sealed<APIToken>
    /// To the minute; `nil` when never used.
    package var lastUsedAtMilliseconds: Int64?
    package init(sealed: Sealed<APIToken>, lastUsedAtMilliseconds: Int64?) {
        self.sealed = sealed
        self.lastUsedAtMilliseconds = lastUsedAtMilliseconds
    }
}
