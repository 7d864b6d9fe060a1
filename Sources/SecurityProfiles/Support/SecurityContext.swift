/// Who does something, and from where: what every change is recorded with.
package struct Author: Hashable, Sendable {
    package var principal: Principal
    /// Address of the client, or `terminal`.
    package var origin: String

    package init(_ principal: Principal, origin: String) {
        self.principal = principal
        self.origin = origin
    }

    package static func terminal(user: String) -> Author { Author(.terminal(user: user), origin: "terminal") }
    package static let system = Author(.system, origin: "apus")
}

/// What all services share: store, seals, clock and randomness.
struct SecurityContext: Sendable {
    let store: any SecurityStore
    let sealer: Sealer
    let environment: SecurityEnvironment
    /// For refusals anybody on the network can provoke.
    let refusalThrottle = EventThrottle(budgetPerWindow: 120)

    var now: Int64 { environment.nowMilliseconds() }

    /// Settings in force. A setting changed outside Apus has no effect: its default applies (PACS-4.5.10-2).
    func settings(_ rows: any SecurityRows) throws -> SecuritySettings {
        var changed: [SecuritySetting: String] = [:]
        for sealed in try rows.settings() where sealer.isIntact(sealed) {
            guard let setting = SecuritySetting(rawValue: sealed.record.key) else { continue }
            guard (try? setting.validate(sealed.record.value)) != nil else { continue }
            changed[setting] = sealed.record.value
        }
        return SecuritySettings(changed: changed)
    }

    func put(_ account: Account, _ rows: any SecurityRows) throws {
        try changingList(.account, rows) { try rows.put(sealer.seal(account)) }
    }

    func put(_ token: APIToken, _ rows: any SecurityRows) throws {
        try changingList(.token, rows) { try rows.put(sealer.seal(token)) }
    }

    func put(_ device: Device, _ rows: any SecurityRows) throws {
        try changingList(.device, rows) { try rows.put(sealer.seal(device)) }
    }

    func put(_ setting: SettingRecord, _ rows: any SecurityRows) throws {
        try changingList(.setting, rows) { try rows.put(sealer.seal(setting)) }
    }

    /// Changes rows of a listed kind and renews the seal over the list, unless the list was already broken: a change made
    /// outside Apus must not be covered up by the next one made inside.
    func changingList(_ kind: SealKind, _ rows: any SecurityRows, _ change: () throws -> Void) throws {
        let wasIntact = try isListIntact(kind, rows)
        try change()
        if wasIntact { try sealList(kind, rows) }
    }

    func sealList(_ kind: SealKind, _ rows: any SecurityRows) throws {
        try rows.setManifest(sealer.manifest(of: kind, rows: try rows.rowSeals(of: kind)), of: kind)
    }

    func isListIntact(_ kind: SealKind, _ rows: any SecurityRows) throws -> Bool {
        guard let manifest = try rows.manifest(of: kind) else { return false }
        return equalInConstantTime(manifest, sealer.manifest(of: kind, rows: try rows.rowSeals(of: kind)))
    }

    /// Adds to the audit log within the transaction of what it tells about.
    func record(_ event: AuditEvent, _ rows: any SecurityRows) throws {
        var end = try AuditChain.End(rows, sealer: sealer)
        try end.append(AuditRecord(event, environment: environment), rows)
        try rows.setAuditHead(end.head(sealer))
    }

    /// Records a refusal that strangers can provoke, unless it repeats too fast.
    func recordRefusal(_ event: AuditEvent, key: String) throws(SecurityError) {
        guard let suppressed = refusalThrottle.admit("\(event.kind.rawValue) \(key)", nowMilliseconds: now) else {
            return
        }
        var event = event
        if suppressed > 0 { event.details[.suppressed] = String(suppressed) }
        try store.write { rows in try record(event, rows) }
    }

    /// A random public identifier: sixteen letters and digits, 80 bits.
    func newIdentifier(length: Int = 16) -> String { ByteText.readableIdentifier(environment.randomBytes(length)) }

    /// A random secret of 256 bits, 43 URL-safe characters.
    func newSecret() -> String { ByteText.base64URL(environment.randomBytes(32)) }
}
