/// The security settings, one declaration each: name, form, default. Drives validation, settings page, CLI and manual.
package enum SecuritySetting: String, CaseIterable, Hashable, Sendable {
    case passwordMinimumLength = "password.minimumLength"
    case passwordMinimumClasses = "password.minimumClasses"
    case lockoutMaximumFailures = "lockout.maximumFailures"
    case lockoutFirstLockSeconds = "lockout.firstLockSeconds"
    case lockoutMaximumLockSeconds = "lockout.maximumLockSeconds"
    case sessionIdleSeconds = "session.idleSeconds"
    case sessionAbsoluteSeconds = "session.absoluteSeconds"
    case setupLinkSeconds = "setup.linkSeconds"
    case deviceUnknownCallers = "device.unknownCallers"
    case deviceUnknownCallerServices = "device.unknownCallerServices"
    case deviceCheckCalledAE = "device.checkCalledAE"

    package enum Form: Hashable, Sendable {
        case integer(ClosedRange<Int>)
        case choice([String])
        /// Comma-separated names of `NodeService`.
        case services
    }

    package struct Declaration: Hashable, Sendable {
        package let form: Form
        package let defaultValue: String
        package let nameZH: String
        package let nameEN: String

        init(_ form: Form, _ defaultValue: String, _ nameZH: String, _ nameEN: String) {
            self.form = form
            self.defaultValue = defaultValue
            self.nameZH = nameZH
            self.nameEN = nameEN
        }
    }

    package var declaration: Declaration {
        switch self {
        case .passwordMinimumLength: Declaration(.integer(8...64), "10", "密码最小长度", "Minimum password length")
        case .passwordMinimumClasses: Declaration(.integer(1...4), "3", "密码字符种类", "Character classes in a password")
        case .lockoutMaximumFailures: Declaration(.integer(3...20), "5", "锁定前失败次数", "Failures before a lock")
        case .lockoutFirstLockSeconds: Declaration(.integer(10...86400), "60", "首次锁定时间（秒）", "First lock, seconds")
        case .lockoutMaximumLockSeconds: Declaration(.integer(10...86400), "3600", "最长锁定时间（秒）", "Longest lock, seconds")
        case .sessionIdleSeconds:
            Declaration(.integer(60...28800), "900", "自动注销时间（秒）", "Automatic logout after, seconds")
        case .sessionAbsoluteSeconds:
            Declaration(.integer(600...604_800), "43200", "会话最长时间（秒）", "Longest session, seconds")
        case .setupLinkSeconds:
            Declaration(.integer(60...604_800), "86400", "初始设置链接有效期（秒）", "Set-up link valid for, seconds")
        case .deviceUnknownCallers:
            Declaration(.choice(["refuse", "inbox", "accept"]), "inbox", "未知设备", "Unknown calling devices")
        case .deviceUnknownCallerServices:
            Declaration(.services, "echo,store", "未知设备可用服务", "Services for accepted unknown devices")
        case .deviceCheckCalledAE: Declaration(.choice(["no", "yes"]), "yes", "检查被叫 AE", "Check the called AE title")
        }
    }

    /// - Throws: `SecurityError.invalidSetting` with what is allowed.
    package func validate(_ value: String) throws(SecurityError) {
        switch declaration.form {
        case .integer(let range):
            guard let number = Int(value), range.contains(number) else {
                throw .invalidSetting(
                    key: rawValue, reason: "a whole number from \(range.lowerBound) to \(range.upperBound) is needed")
            }
        case .choice(let choices):
            guard choices.contains(value) else {
                throw .invalidSetting(key: rawValue, reason: "one of \(choices.joined(separator: ", ")) is needed")
            }
        case .services:
            guard NodeService.set(value) != nil else {
                throw .invalidSetting(key: rawValue, reason: "a list of " + NodeService.allNames + " is needed")
            }
        }
    }
}

/// A changed setting as stored; settings at their default have no record.
package struct SettingRecord: SealedRecord, Hashable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    package static var sealKind: SealKind { .setting }
    package var sealKey: String { key }
    package func encodeForSeal(_ fields: inout CanonicalFields) { fields.append(value) }
}

/// What is done with a caller whose AE title is not registered.
package enum UnknownCallerPolicy: String, Hashable, Sendable {
    case refuse
    /// Refused, but listed for approval.
    case inbox
    /// Accepted for `device.unknownCallerServices`, and listed.
    case accept
}

/// The settings in force at one moment.
package struct SecuritySettings: Hashable, Sendable {
    private let values: [SecuritySetting: String]

    /// - Parameter changed: valid values that differ from the defaults.
    package init(changed: [SecuritySetting: String] = [:]) { values = changed }

    package func value(of setting: SecuritySetting) -> String { values[setting] ?? setting.declaration.defaultValue }

    private func integer(_ setting: SecuritySetting) -> Int {
        Int(value(of: setting)) ?? Int(setting.declaration.defaultValue) ?? 0
    }

    package var passwordPolicy: PasswordPolicy {
        PasswordPolicy(
            minimumLength: integer(.passwordMinimumLength), minimumClasses: integer(.passwordMinimumClasses))
    }

    package var lockoutPolicy: LockoutPolicy {
        LockoutPolicy(
            maximumFailures: integer(.lockoutMaximumFailures), firstLockSeconds: integer(.lockoutFirstLockSeconds),
            maximumLockSeconds: integer(.lockoutMaximumLockSeconds))
    }

    package var sessionIdleSeconds: Int { integer(.sessionIdleSeconds) }
    package var sessionAbsoluteSeconds: Int { integer(.sessionAbsoluteSeconds) }
    package var setupLinkSeconds: Int { integer(.setupLinkSeconds) }
    package var unknownCallers: UnknownCallerPolicy {
        UnknownCallerPolicy(rawValue: value(of: .deviceUnknownCallers)) ?? .refuse
    }
    package var unknownCallerServices: Set<NodeService> {
        NodeService.set(value(of: .deviceUnknownCallerServices)) ?? []
    }
    package var checksCalledAE: Bool { value(of: .deviceCheckCalledAE) == "yes" }
}
