/// What a person or program is here to do. Rights hang on roles only; a new account without a role may do nothing.
package enum Role: String, CaseIterable, Hashable, Sendable {
    case administrator, radiologist, technologist, registrar, clinician
    /// Programs that use the interface with a token.
    case integration

    package var nameEN: String {
        switch self {
        case .administrator: "Administrator"
        case .radiologist: "Radiologist"
        case .technologist: "Technologist"
        case .registrar: "Registrar"
        case .clinician: "Clinician"
        case .integration: "Integration"
        }
    }

    package var nameZH: String {
        switch self {
        case .administrator: "系统管理员"
        case .radiologist: "诊断医师"
        case .technologist: "技师"
        case .registrar: "登记员"
        case .clinician: "临床医师"
        case .integration: "系统接口"
        }
    }

    /// Everything this role may do.
    package var permissions: Set<Permission> { Set(Permission.allCases.filter { $0.row.roles.contains(self) }) }

    /// Comma-separated names in a fixed order, the stored form.
    package static func text(_ roles: Set<Role>) -> String {
        allCases.filter(roles.contains).map(\.rawValue).joined(separator: ",")
    }

    /// - Returns: `nil` when a name is unknown. Empty text is no role.
    package static func set(_ text: String) -> Set<Role>? {
        var roles: Set<Role> = []
        for name in text.split(separator: ",") {
            guard let role = Role(rawValue: String(name)) else { return nil }
            roles.insert(role)
        }
        return roles
    }
}
