/// Reading and changing the security settings. Blocking. Callers check the right (`settings.manage`) first.
package struct SettingsService: Sendable {
    let context: SecurityContext

    /// In force now.
    package func current() throws(SecurityError) -> SecuritySettings {
        try context.store.read { rows in try context.settings(rows) }
    }

    /// - Throws: `unknownSetting`, `invalidSetting` or a store error.
    package func set(_ key: String, to value: String, by author: Author) throws(SecurityError) {
        guard let setting = SecuritySetting(rawValue: key) else { throw .unknownSetting(key: key) }
        try setting.validate(value)
        try context.store.write { rows in
            let before = try context.settings(rows).value(of: setting)
            try context.put(SettingRecord(key: key, value: value), rows)
            try context.record(
                AuditEvent(
                    .settingChanged, actor: author.principal, origin: author.origin, objects: [.setting(key: key)],
                    details: [.before: before, .after: value]), rows)
        }
    }

    /// Back to the declared default.
    package func reset(_ key: String, by author: Author) throws(SecurityError) {
        guard let setting = SecuritySetting(rawValue: key) else { throw .unknownSetting(key: key) }
        try context.store.write { rows in
            let before = try context.settings(rows).value(of: setting)
            try context.changingList(.setting, rows) { try rows.removeSetting(key: key) }
            try context.record(
                AuditEvent(
                    .settingChanged, actor: author.principal, origin: author.origin, objects: [.setting(key: key)],
                    details: [.before: before, .after: setting.declaration.defaultValue]), rows)
        }
    }
}
