/// Rows of the disk with what was written in memory laid over them; changes go to memory alone.
final class OverlaidRows {
    private let base: any SecurityRows
    private(set) var overlay: MemoryOverlay

    init(_ base: any SecurityRows, _ overlay: MemoryOverlay) {
        self.base = base
        self.overlay = overlay
    }

    private var refusal: SecurityError { .storeNotWritable(message: overlay.reason) }
}

extension OverlaidRows: AccountRows {
    func account(id: String) throws -> Sealed<Account>? { try base.account(id: id) }
    func account(foldedName: String) throws -> Sealed<Account>? { try base.account(foldedName: foldedName) }
    func accounts() throws -> [Sealed<Account>] { try base.accounts() }
    func put(_ account: Sealed<Account>) throws { throw refusal }

    func loginState(nameKey: [UInt8]) throws -> LoginState? {
        if let known = overlay.loginStates[nameKey] { return known }
        return try base.loginState(nameKey: nameKey)
    }

    func setLoginState(_ state: LoginState?, nameKey: [UInt8], limit: Int) throws {
        // Guessing goes on being counted; beyond the limit the oldest guesses are forgotten together.
        if overlay.loginStates.count >= max(1, CredentialCheck.maximumLoginStates) { overlay.loginStates.removeAll() }
        overlay.loginStates[nameKey] = .some(state)
    }
}

extension OverlaidRows: SessionRows {
    func session(secretHash: [UInt8]) throws -> StoredSession? {
        if let found = overlay.sessions.values.first(where: { $0.sealed.record.secretHash == secretHash }) {
            return current(found)
        }
        return try base.session(secretHash: secretHash).flatMap(current)
    }

    func session(id: String) throws -> StoredSession? {
        try (overlay.sessions[id] ?? base.session(id: id)).flatMap(current)
    }

    func sessions(accountID: String?) throws -> [StoredSession] {
        let added = overlay.sessions.values.filter { accountID == nil || $0.sealed.record.accountID == accountID }
        return (added + (try base.sessions(accountID: accountID))).compactMap(current).sorted {
            let (left, right) = ($0.sealed.record, $1.sealed.record)
            return left.createdAtMilliseconds == right.createdAtMilliseconds
                ? left.id < right.id : left.createdAtMilliseconds > right.createdAtMilliseconds
        }
    }

    private func current(_ session: StoredSession) -> StoredSession? {
        let id = session.sealed.record.id
        guard !overlay.removedSessions.contains(id) else { return nil }
        var session = session
        if let activity = overlay.lastActivity[id] { session.lastActivityMilliseconds = activity }
        return session
    }

    func insert(_ session: StoredSession) throws { overlay.sessions[session.sealed.record.id] = session }

    func setLastActivity(_ milliseconds: Int64, sessionID: String) throws {
        overlay.lastActivity[sessionID] = milliseconds
    }

    func removeSessions(ids: [String]) throws {
        for id in ids {
            overlay.lastActivity[id] = nil
            if overlay.sessions.removeValue(forKey: id) == nil { overlay.removedSessions.insert(id) }
        }
    }
}

extension OverlaidRows: TokenRows {
    func token(id: String) throws -> StoredToken? { try base.token(id: id) }
    func tokens() throws -> [StoredToken] { try base.tokens() }
    func put(_ token: Sealed<APIToken>) throws { throw refusal }
    /// A note for lists; it can wait.
    func setLastUsed(_ milliseconds: Int64, tokenID: String) throws {}
}

extension OverlaidRows: DeviceRows {
    func device(aeTitle: AETitle) throws -> Sealed<Device>? { try base.device(aeTitle: aeTitle) }
    func devices() throws -> [Sealed<Device>] { try base.devices() }
    func put(_ device: Sealed<Device>) throws { throw refusal }
    func removeDevice(aeTitle: AETitle) throws { throw refusal }
    func unknownCallers() throws -> [UnknownCaller] { try base.unknownCallers() }
    /// They call again.
    func addUnknownCaller(_ caller: UnknownCaller, limit: Int) throws {}
    func removeUnknownCallers(aeTitle: AETitle) throws { throw refusal }
}

extension OverlaidRows: SettingRows {
    func setting(key: String) throws -> Sealed<SettingRecord>? { try base.setting(key: key) }
    func settings() throws -> [Sealed<SettingRecord>] { try base.settings() }
    func put(_ setting: Sealed<SettingRecord>) throws { throw refusal }
    func removeSetting(key: String) throws { throw refusal }
}

extension OverlaidRows: SetupRows {
    func setupLink() throws -> Sealed<SetupLink>? { try base.setupLink() }
    func setSetupLink(_ link: Sealed<SetupLink>?) throws { throw refusal }
}

extension OverlaidRows: AuditRows {
    func auditHead() throws -> AuditHead? { try overlay.head ?? base.auditHead() }

    /// Follows only records that found room.
    func setAuditHead(_ head: AuditHead) throws {
        if overlay.records.last?.sequence == head.sequence { overlay.head = head }
    }

    func append(_ record: AuditRecord) throws {
        guard overlay.records.count < ResilientSecurityStore.maximumAuditRecords else {
            overlay.lost += 1
            return
        }
        overlay.records.append(record)
    }

    func auditRecords(after sequence: Int64, limit: Int) throws -> [AuditRecord] {
        let stored = try base.auditRecords(after: sequence, limit: limit)
        let added = overlay.records.lazy.filter { $0.sequence > sequence }.prefix(max(0, limit - stored.count))
        return stored + added
    }

    func auditRecords(_ query: AuditQuery) throws -> [AuditRecord] {
        let added = overlay.records.reversed().filter { query.matches($0) }.prefix(query.limit)
        var rest = query
        rest.limit = query.limit - added.count
        return rest.limit > 0 ? added + (try base.auditRecords(rest)) : Array(added)
    }
}

extension OverlaidRows: SealRows {
    func rowSeals(of kind: SealKind) throws -> [RowSeal] { try base.rowSeals(of: kind) }
    func manifest(of kind: SealKind) throws -> [UInt8]? { try base.manifest(of: kind) }
    func setManifest(_ manifest: [UInt8], of kind: SealKind) throws { throw refusal }
    func unreadableRows(of kind: SealKind) throws -> [String] { try base.unreadableRows(of: kind) }
    func keyCheck() throws -> [UInt8]? { try base.keyCheck() }
    func setKeyCheck(_ value: [UInt8]) throws { throw refusal }
}

extension AuditQuery {
    /// Whether a record kept in memory is one of those wanted.
    fileprivate func matches(_ record: AuditRecord) -> Bool {
        (kinds.isEmpty || kinds.contains { $0.rawValue == record.kind })
            && actorName.map { $0 == record.actorName } ?? true
            && studyInstanceUID.map { record.studyInstanceUIDs.contains($0) } ?? true
            && fromMilliseconds.map { record.atMilliseconds >= $0 } ?? true
            && untilMilliseconds.map { record.atMilliseconds <= $0 } ?? true
            && before.map { record.sequence < $0 } ?? true
    }
}
