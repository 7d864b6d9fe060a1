/// The one open invitation to create the first administrator.
package struct SetupLink: SealedRecord, Hashable {
    /// `Sealer.keyedHash` of the token in the link.
    package var secretHash: [UInt8]
    package var createdAtMilliseconds: Int64
    package var expiresAtMilliseconds: Int64

    package init(secretHash: [UInt8], createdAtMilliseconds: Int64, expiresAtMilliseconds: Int64) {
        self.secretHash = secretHash
        self.createdAtMilliseconds = createdAtMilliseconds
        self.expiresAtMilliseconds = expiresAtMilliseconds
    }

    package static var sealKind: SealKind { .setupLink }
    package var sealKey: String { "" }
    package func encodeForSeal(_ fields: inout CanonicalFields) {
        fields.append(secretHash)
        fields.append(createdAtMilliseconds)
        fields.append(expiresAtMilliseconds)
    }
}

/// Why a set-up link does not work.
package enum SetupRefusal: String, Hashable, Sendable, CustomStringConvertible {
    /// Never issued, replaced by a newer one, or used.
    case invalid
    case expired
    case administratorExists

    package var description: String {
        switch self {
        case .invalid: "The set-up link is not valid or was used already. Restart Apus to get a new one."
        case .expired: "The set-up link has expired. Restart Apus to get a new one."
        case .administratorExists: "An administrator exists already. Sign in instead."
        }
    }
}
