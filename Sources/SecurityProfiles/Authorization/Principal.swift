/// Who is acting, once authenticated.
package struct Principal: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// A person signed in through the browser.
        case user
        /// A program with an API token.
        case token
        /// A DICOM node.
        case device
        /// Somebody at the command line of the server itself.
        case terminal
        /// Apus itself: jobs, start-up checks.
        case system
        /// Nobody yet.
        case anonymous
    }

    package var kind: Kind
    /// Account or token identifier, AE title, or operating system user name.
    package var id: String
    package var name: String
    package var roles: Set<Role>
    /// Until the password is changed, nothing else is allowed.
    package var mustChangePassword: Bool
    /// The session's handle for lists and revocation; `nil` without a session.
    package var sessionID: String?

    package init(
        kind: Kind, id: String, name: String, roles: Set<Role> = [], mustChangePassword: Bool = false,
        sessionID: String? = nil
    ) {
        self.kind = kind
        self.id = id
        self.name = name
        self.roles = roles
        self.mustChangePassword = mustChangePassword
        self.sessionID = sessionID
    }

    package static let anonymous = Principal(kind: .anonymous, id: "", name: "")
    package static let system = Principal(kind: .system, id: "apus", name: "apus")

    /// The person at the server's own command line; the operating system has authenticated him.
    package static func terminal(user: String) -> Principal {
        Principal(kind: .terminal, id: user, name: user, roles: [.administrator])
    }
}

/// The answer to "may this principal do that?"
package enum Decision: Hashable, Sendable {
    case allowed
    case refused(Reason)

    package enum Reason: String, Hashable, Sendable {
        /// HTTP 401.
        case notAuthenticated
        /// HTTP 403; the browser shows the password form.
        case passwordChangeRequired
        /// HTTP 403.
        case permissionMissing
    }

    package var isAllowed: Bool { self == .allowed }
}

/// The one place where rights are decided. Pure; the caller records a refusal with `AuditEventKind.accessRefused`.
///
/// DICOM nodes are not decided here but by `NodeGrant.allows(_:)`.
package func authorize(_ principal: Principal, _ permission: Permission) -> Decision {
    switch principal.kind {
    case .anonymous: return .refused(.notAuthenticated)
    case .system: return .allowed
    case .device: return .refused(.permissionMissing)
    case .user, .token, .terminal: break
    }
    guard !principal.mustChangePassword else { return .refused(.passwordChangeRequired) }
    guard !permission.row.roles.isDisjoint(with: principal.roles) else { return .refused(.permissionMissing) }
    return .allowed
}
