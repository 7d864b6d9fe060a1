/// Keeps accounts, sessions, tokens, devices, settings and the audit log. Blocking; other processes may write the same
/// store at any time, so nothing read from it may be kept.
package protocol SecurityStore: Sendable {
    /// Runs `body` on one consistent state; it must not write.
    func read<T>(_ body: (any SecurityRows) throws -> T) throws(SecurityError) -> T
    /// Runs `body` alone, across processes; all its changes become durable together, or none when it throws.
    func write<T>(_ body: (any SecurityRows) throws -> T) throws(SecurityError) -> T
    /// Grows whenever an account, token, device or setting changes, whoever changed it.
    func revision() throws(SecurityError) -> Int64
}

/// What a transaction can see and change. Valid only inside the closure it was handed to.
package typealias SecurityRows =
    AccountRows & SessionRows & TokenRows & DeviceRows & SettingRows & SetupRows & AuditRows & SealRows

package protocol AccountRows {
    func account(id: String) throws -> Sealed<Account>?
    func account(foldedName: String) throws -> Sealed<Account>?
    func accounts() throws -> [Sealed<Account>]
    /// Inserts, or replaces the account with the same identifier.
    func put(_ account: Sealed<Account>) throws
    func loginState(nameKey: [UInt8]) throws -> LoginState?
    /// `nil` removes. Keeps at most `limit` states, dropping the longest unused.
    func setLoginState(_ state: LoginState?, nameKey: [UInt8], limit: Int) throws
}

package protocol SessionRows {
    func session(secretHash: [UInt8]) throws -> StoredSession?
    func session(id: String) throws -> StoredSession?
    /// Newest first; of one account, or all.
    func sessions(accountID: String?) throws -> [StoredSession]
    func insert(_ session: StoredSession) throws
    func setLastActivity(_ milliseconds: Int64, sessionID: String) throws
    func removeSessions(ids: [String]) throws
}

package protocol TokenRows {
    func token(id: String) throws -> StoredToken?
    func tokens() throws -> [StoredToken]
    func put(_ token: Sealed<APIToken>) throws
    func setLastUsed(_ milliseconds: Int64, tokenID: String) throws
}

package protocol DeviceRows {
    func device(aeTitle: AETitle) throws -> Sealed<Device>?
    func devices() throws -> [Sealed<Device>]
    func put(_ device: Sealed<Device>) throws
    func removeDevice(aeTitle: AETitle) throws
    /// Latest first.
    func unknownCallers() throws -> [UnknownCaller]
    /// Adds `count` calls to the caller's entry, making it when new; keeps at most `limit`, dropping the longest unseen.
    func addUnknownCaller(_ caller: UnknownCaller, limit: Int) throws
    func removeUnknownCallers(aeTitle: AETitle) throws
}

package protocol SettingRows {
    func setting(key: String) throws -> Sealed<SettingRecord>?
    func settings() throws -> [Sealed<SettingRecord>]
    func put(_ setting: Sealed<SettingRecord>) throws
    func removeSetting(key: String) throws
}

package protocol SetupRows {
    func setupLink() throws -> Sealed<SetupLink>?
    /// Replaces the one link; `nil` removes it.
    func setSetupLink(_ link: Sealed<SetupLink>?) throws
}

package protocol AuditRows {
    func auditHead() throws -> AuditHead?
    func setAuditHead(_ head: AuditHead) throws
    func append(_ record: AuditRecord) throws
    /// In order of sequence, for verification.
    func auditRecords(after sequence: Int64, limit: Int) throws -> [AuditRecord]
    /// Latest first.
    func auditRecords(_ query: AuditQuery) throws -> [AuditRecord]
}

package protocol SealRows {
    /// Key and seal of every row of a kind in `SealKind.listed`, read without looking at the fields.
    func rowSeals(of kind: SealKind) throws -> [RowSeal]
    func manifest(of kind: SealKind) throws -> [UInt8]?
    func setManifest(_ manifest: [UInt8], of kind: SealKind) throws
    /// Keys of rows whose fields cannot be read at all, e.g. an unknown role.
    func unreadableRows(of kind: SealKind) throws -> [String]
    func keyCheck() throws -> [UInt8]?
    func setKeyCheck(_ value: [UInt8]) throws
}

/// Which records of the log are wanted; `nil` fields do not restrict.
package struct AuditQuery: Hashable, Sendable {
    package var kinds: Set<AuditEventKind>
    package var actorName: String?
    package var studyInstanceUID: String?
    package var fromMilliseconds: Int64?
    package var untilMilliseconds: Int64?
    /// Continue below this sequence number.
    package var before: Int64?
    /// 1 to 1000.
    package var limit: Int

    package init(
        kinds: Set<AuditEventKind> = [], actorName: String? = nil, studyInstanceUID: String? = nil,
        fromMilliseconds: Int64? = nil, untilMilliseconds: Int64? = nil, before: Int64? = nil, limit: Int = 100
    ) {
        self.kinds = kinds
        self.actorName = actorName
        self.studyInstanceUID = studyInstanceUID
        self.fromMilliseconds = fromMilliseconds
        self.untilMilliseconds = untilMilliseconds
        self.before = before
        self.limit = limit
    }
}
