/// All security services over one store. The composition root makes one and hands each part of the server what it needs.
package struct SecurityServices: Sendable {
    package let accounts: AccountService
    package let setup: SetupService
    package let sessions: SessionService
    package let tokens: TokenService
    package let devices: DeviceService
    package let settings: SettingsService
    package let audit: AuditLog
    package let integrity: IntegrityService
    package let configuration: ConfigurationSeal
    private let context: SecurityContext
    private let resilient: ResilientSecurityStore

    /// - Parameters:
    ///   - key: from the installation's key file.
    ///   - keyIsNew: whether that file was made just now.
    ///   - scrypt: cost of new password hashes; older hashes follow at the next sign-in.
    package init(
        store: any SecurityStore, key: IntegrityKey, keyIsNew: Bool, environment: SecurityEnvironment = .system,
        scrypt: ScryptParameters = .standard
    ) throws(SecurityError) {
        let sealer = Sealer(key: key)
        resilient = ResilientSecurityStore(store, sealer: sealer, environment: environment)
        context = SecurityContext(store: resilient, sealer: sealer, environment: environment)
        let hasher = PasswordHasher(parameters: scrypt, randomBytes: environment.randomBytes)
        accounts = AccountService(context: context, hasher: hasher)
        setup = SetupService(context: context, accounts: accounts)
        sessions = SessionService(context: context, hasher: hasher)
        tokens = TokenService(context: context)
        devices = DeviceService(context: context)
        settings = SettingsService(context: context)
        audit = AuditLog(context: context)
        configuration = ConfigurationSeal(context: context)
        integrity = IntegrityService(context: context, log: audit)
        try integrity.prepare(keyIsNew: keyIsNew)
    }

    /// The check for incoming associations.
    ///
    /// - Parameters:
    ///   - ownAETitles: titles Apus answers to; empty answers to all.
    ///   - resolve: looks up host name rules; blocks.
    package func nodePolicy(
        ownAETitles: Set<AETitle>, resolve: @escaping @Sendable (String) -> [IPAddress] = systemHostAddresses
    ) -> NodePolicy {
        NodePolicy(context: context, ownAETitles: ownAETitles, resolve: resolve)
    }

    /// What cannot be kept on the disk at the moment; `nil` when everything can.
    package var degradation: SecurityDegradation? { resilient.degradation }

    /// Brings what waits in memory to the disk when that can be written again. Call it every minute or so, and at the end.
    package func restoreFromMemory() { resilient.restore(evenIfRecent: true) }

    /// Grows whenever an account, token, device or setting changes, in whichever process: cheap to poll each second.
    package func revision() throws(SecurityError) -> Int64 { try context.store.revision() }
}
