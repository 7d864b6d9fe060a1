import Foundation
import GRDB
import SecurityProfiles

extension SQLiteSecurityRows: DeviceRows {
    private static let deviceColumns = """
        ae_title, host, port, address_rules, certificate_fingerprint, modality, details, enabled, services, created_at, seal
        """

    func device(aeTitle: AETitle) throws -> Sealed<Device>? {
        try row("SELECT \(Self.deviceColumns) FROM device WHERE ae_title = ?", [aeTitle.text])
            .map { try required($0, .device, "ae_title", Self.device) }
    }

    func devices() throws -> [Sealed<Device>] {
        try rows("SELECT \(Self.deviceColumns) FROM device ORDER BY ae_title").compactMap(Self.device)
    }

    func put(_ device: Sealed<Device>) throws {
        let record = device.record
        try execute(
            """
            INSERT INTO device (\(Self.deviceColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (ae_title) DO UPDATE SET host = excluded.host, port = excluded.port,
                address_rules = excluded.address_rules, certificate_fingerprint = excluded.certificate_fingerprint,
                modality = excluded.modality, details = excluded.details, enabled = excluded.enabled,
                services = excluded.services, created_at = excluded.created_at, seal = excluded.seal
            """,
            [
                record.aeTitle.text, record.host, record.port, record.addressRulesText, record.certificateFingerprint,
                record.modality, record.details, record.isEnabled, NodeService.text(record.services),
                record.createdAtMilliseconds, Data(device.seal),
            ])
    }

    func removeDevice(aeTitle: AETitle) throws { try execute("DELETE FROM device WHERE ae_title = ?", [aeTitle.text]) }

    private static func device(_ row: Row) -> Sealed<Device>? {
        let columns = ColumnReader(row: row)
        guard let title = columns.text("ae_title").flatMap({ AETitle($0) }), columns.text("ae_title") == title.text,
            let rules = columns.text("address_rules").flatMap(addressRules),
            let services = columns.text("services").flatMap({ NodeService.set($0) }),
            columns.text("services") == NodeService.text(services), let modality = columns.text("modality"),
            let details = columns.text("details"), let enabled = columns.integer("enabled"),
            let created = columns.integer("created_at"), let seal = columns.bytes("seal")
        else { return nil }
        let device = Device(
            aeTitle: title, host: columns.text("host"), port: columns.integer("port").map { Int($0) },
            addressRules: rules,
            certificateFingerprint: columns.text("certificate_fingerprint"), modality: modality, details: details,
            isEnabled: enabled == 1, services: services, createdAtMilliseconds: created)
        return Sealed(record: device, seal: seal)
    }

    private static func addressRules(_ text: String) -> [AddressRule]? {
        var rules: [AddressRule] = []
        for part in text.split(separator: ",") {
            guard let rule = AddressRule(String(part)) else { return nil }
            rules.append(rule)
        }
        return rules.map(\.description).joined(separator: ",") == text ? rules : nil
    }

    func unknownCallers() throws -> [UnknownCaller] {
        try rows(
            """
            SELECT ae_title, address, called_ae_title, first_seen_at, last_seen_at, calls FROM unknown_caller
            ORDER BY last_seen_at DESC, ae_title, address
            """
        ).compactMap { row in
            let columns = ColumnReader(row: row)
            guard let title = columns.text("ae_title").flatMap({ AETitle($0) }), let address = columns.text("address"),
                let called = columns.text("called_ae_title"), let first = columns.integer("first_seen_at"),
                let last = columns.integer("last_seen_at"), let calls = columns.integer("calls")
            else { return nil }
            return UnknownCaller(
                aeTitle: title, address: address, calledAETitle: called, firstSeenMilliseconds: first,
                lastSeenMilliseconds: last, count: Int(clamping: calls))
        }
    }

    func addUnknownCaller(_ caller: UnknownCaller, limit: Int) throws {
        try execute(
            """
            INSERT INTO unknown_caller (ae_title, address, called_ae_title, first_seen_at, last_seen_at, calls)
            VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (ae_title, address) DO UPDATE SET called_ae_title = excluded.called_ae_title,
                last_seen_at = excluded.last_seen_at, calls = calls + excluded.calls
            """,
            [
                caller.aeTitle.text, caller.address, caller.calledAETitle, caller.firstSeenMilliseconds,
                caller.lastSeenMilliseconds, caller.count,
            ])
        try execute(
            """
            DELETE FROM unknown_caller WHERE (ae_title, address) IN
                (SELECT ae_title, address FROM unknown_caller ORDER BY last_seen_at DESC LIMIT -1 OFFSET ?)
            """, [max(1, limit)])
    }

    func removeUnknownCallers(aeTitle: AETitle) throws {
        try execute("DELETE FROM unknown_caller WHERE ae_title = ?", [aeTitle.text])
    }
}

extension SQLiteSecurityRows: SettingRows {
    func setting(key: String) throws -> Sealed<SettingRecord>? {
        try row("SELECT key, value, seal FROM setting WHERE key = ?", [key])
            .map { try required($0, .setting, "key", Self.setting) }
    }

    func settings() throws -> [Sealed<SettingRecord>] {
        try rows("SELECT key, value, seal FROM setting ORDER BY key").compactMap(Self.setting)
    }

    func put(_ setting: Sealed<SettingRecord>) throws {
        try execute(
            """
            INSERT INTO setting (key, value, seal) VALUES (?, ?, ?)
            ON CONFLICT (key) DO UPDATE SET value = excluded.value, seal = excluded.seal
            """, [setting.record.key, setting.record.value, Data(setting.seal)])
    }

    func removeSetting(key: String) throws { try execute("DELETE FROM setting WHERE key = ?", [key]) }

    private static func setting(_ row: Row) -> Sealed<SettingRecord>? {
        let columns = ColumnReader(row: row)
        guard let key = columns.text("key"), let value = columns.text("value"), let seal = columns.bytes("seal") else {
            return nil
        }
        return Sealed(record: SettingRecord(key: key, value: value), seal: seal)
    }
}

extension SQLiteSecurityRows: SealRows {
    private static func table(of kind: SealKind) -> (name: String, key: String)? {
        switch kind {
        case .account: ("account", "id")
        case .token: ("api_token", "id")
        case .device: ("device", "ae_title")
        case .setting: ("setting", "key")
        case .session, .setupLink: nil
        }
    }

    func rowSeals(of kind: SealKind) throws -> [RowSeal] {
        guard let table = Self.table(of: kind) else { return [] }
        return try rows("SELECT \(table.key) AS key, seal FROM \(table.name)").map { row in
            let columns = ColumnReader(row: row)
            return RowSeal(key: columns.text("key") ?? "", seal: columns.bytes("seal") ?? [])
        }
    }

    func manifest(of kind: SealKind) throws -> [UInt8]? {
        try row("SELECT seal FROM manifest WHERE kind = ?", [kind.rawValue]).flatMap {
            ColumnReader(row: $0).bytes("seal")
        }
    }

    func setManifest(_ manifest: [UInt8], of kind: SealKind) throws {
        try execute(
            "INSERT INTO manifest (kind, seal) VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET seal = excluded.seal",
            [kind.rawValue, Data(manifest)])
    }

    func unreadableRows(of kind: SealKind) throws -> [String] {
        let readable: Set<String> =
            switch kind {
            case .account: Set(try accounts().map(\.record.sealKey))
            case .token: Set(try tokens().map(\.sealed.record.sealKey))
            case .device: Set(try devices().map(\.record.sealKey))
            case .setting: Set(try settings().map(\.record.sealKey))
            case .session, .setupLink: []
            }
        return try rowSeals(of: kind).map(\.key).filter { !readable.contains($0) }.sorted()
    }

    func keyCheck() throws -> [UInt8]? {
        try row("SELECT key_check FROM installation").flatMap { ColumnReader(row: $0).bytes("key_check") }
    }

    func setKeyCheck(_ value: [UInt8]) throws { try execute("UPDATE installation SET key_check = ?", [Data(value)]) }
}
