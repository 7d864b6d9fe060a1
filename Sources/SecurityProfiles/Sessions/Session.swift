/// A signed-in browser. The secret itself is never stored.
package struct Session: SealedRecord, Hashable {
    /// Handle for lists and revocation; not secret.
    package var id: String
    /// `Sealer.keyedHash` of the cookie value.
    package var secretHash: [UInt8]
    package var accountID: String
    package var createdAtMilliseconds: Int64
    package var expiresAtMilliseconds: Int64
    /// Address the sign-in came from.
    package var address: String
    /// Browser as shown in the session list.
    package var clientDescription: String
    /// Keyed hash of what identifies the browser; a cookie copied elsewhere does not work (PACS-4.5.3-5).
    package var clientBinding: [UInt8]

    package init(
        id: String, secretHash: [UInt8], accountID: String, createdAtMilliseconds: Int64, expiresAtMilliseconds: Int64,
        address: String, clientDescription: String, clientBinding: [UInt8]
    ) {
        self.id = id
        self.secretHash = secretHash
        self.accountID = accountID
        self.createdAtMilliseconds = createdAtMilliseconds
        self.expiresAtMilliseconds = expiresAtMilliseconds
        self.address = address
        self.clientDescription = clientDescription
        self.clientBinding = clientBinding
    }

    package static var sealKind: SealKind { .session }
    package var sealKey: String { id }
    package func encodeForSeal(_ fields: inout CanonicalFields) {
        fields.append(secretHash)
        fields.append(accountID)
        fields.append(createdAtMilliseconds)
        fields.append(expiresAtMilliseconds)
        fields.append(address)
        fields.append(clientDescription)
        fields.append(clientBinding)
    }
}

/// A stored session with its last activity, which changes too often to be sealed.
package struct StoredSession: Sendable {
    package var sealed: Sealed<Session>
    package var lastActivityMilliseconds: Int64
    package init(sealed: Sealed<Session>, lastActivityMilliseconds: Int64) {
        self.sealed = sealed
        self.lastActivityMilliseconds = lastActivityMilliseconds
    }
}

/// What is known of the client of a request.
package struct ClientContext: Hashable, Sendable {
    /// Address without port.
    package var address: String
    /// Shown in the session list, e.g. the User-Agent; cut to 200 characters.
    package var description: String
    /// What a copied cookie would not bring along, e.g. the User-Agent; empty binds to nothing.
    package var fingerprint: String

    package init(address: String, description: String = "", fingerprint: String = "") {
        self.address = address
        self.description = description
        self.fingerprint = fingerprint
    }
}
