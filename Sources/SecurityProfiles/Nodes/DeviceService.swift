/// A registered device as lists show it.
package struct DeviceSummary: Hashable, Sendable {
    package var device: Device
    /// `false`: the record was changed outside Apus, and the device is refused.
    package var isIntact: Bool
}

/// Registering DICOM nodes and approving unknown callers. Blocking. Callers check the right (`device.manage`) first.
package struct DeviceService: Sendable {
    let context: SecurityContext

    /// - Throws: `invalidDevice`, `deviceExists` or a store error.
    @discardableResult
    package func add(_ draft: DeviceDraft, by author: Author) throws(SecurityError) -> Device {
        let device = try draft.validated(createdAtMilliseconds: context.now)
        try context.store.write { rows in
            guard try rows.device(aeTitle: device.aeTitle) == nil else {
                throw SecurityError.deviceExists(aeTitle: device.aeTitle.text)
            }
            try context.put(device, rows)
            try rows.removeUnknownCallers(aeTitle: device.aeTitle)
            try record(.deviceAdded, device.aeTitle, [.after: Self.text(device)], author, rows)
        }
        return device
    }

    /// Replaces everything but the AE title.
    @discardableResult
    package func update(_ draft: DeviceDraft, by author: Author) throws(SecurityError) -> Device {
        let device = try draft.validated(createdAtMilliseconds: context.now)
        return try context.store.write { rows in
            guard let sealed = try rows.device(aeTitle: device.aeTitle) else {
                throw SecurityError.deviceNotFound(aeTitle: device.aeTitle.text)
            }
            let before = try context.sealer.open(sealed)
            var changed = device
            changed.createdAtMilliseconds = before.createdAtMilliseconds
            try context.put(changed, rows)
            try record(
                .deviceChanged, device.aeTitle, [.before: Self.text(before), .after: Self.text(changed)], author, rows)
            return changed
        }
    }

    /// Also removes a device whose record was changed outside Apus.
    package func remove(aeTitle: String, by author: Author) throws(SecurityError) {
        guard let title = AETitle(aeTitle) else { throw .deviceNotFound(aeTitle: String(aeTitle.prefix(32))) }
        try context.store.write { rows in
            let isPresent = try rows.rowSeals(of: .device).contains { $0.key == title.text }
            guard isPresent else { throw SecurityError.deviceNotFound(aeTitle: title.text) }
            try context.changingList(.device, rows) { try rows.removeDevice(aeTitle: title) }
            try record(.deviceRemoved, title, [:], author, rows)
        }
    }

    /// By AE title.
    package func list() throws(SecurityError) -> [DeviceSummary] {
        try context.store.read { rows in
            try rows.devices().map { DeviceSummary(device: $0.record, isIntact: context.sealer.isIntact($0)) }
                .sorted { $0.device.aeTitle.text < $1.device.aeTitle.text }
        }
    }

    /// - Returns: `nil` when not registered.
    /// - Throws: `tampered` when changed outside Apus.
    package func device(aeTitle: String) throws(SecurityError) -> Device? {
        guard let title = AETitle(aeTitle) else { return nil }
        return try context.store.read { rows in try rows.device(aeTitle: title).map { try context.sealer.open($0) } }
    }

    /// Where a C-MOVE or a forwarding may send to: registered, enabled, intact, with host and port; `nil` otherwise
    /// (C-MOVE status A801, PS3.4 §C.4.2.1.5).
    package func destination(aeTitle: String) throws(SecurityError) -> Device? {
        do {
            guard let device = try device(aeTitle: aeTitle), device.isEnabled, device.host != nil, device.port != nil
            else {
                return nil
            }
            return device
        } catch .tampered {
            return nil
        }
    }

    /// Callers without registration, latest first.
    package func unknownCallers() throws(SecurityError) -> [UnknownCaller] {
        try context.store.read { rows in try rows.unknownCallers() }
    }

    /// Registers an unknown caller; the draft may name more than the caller told, e.g. its address.
    ///
    /// - Throws: `callerNotFound`, `invalidDevice`, `deviceExists` or a store error.
    @discardableResult
    package func approve(_ draft: DeviceDraft, by author: Author) throws(SecurityError) -> Device {
        let title = AETitle(draft.aeTitle)
        let isListed = try unknownCallers().contains { $0.aeTitle == title }
        guard isListed else { throw .callerNotFound(aeTitle: String(draft.aeTitle.prefix(32))) }
        return try add(draft, by: author)
    }

    /// Takes a caller off the list; it comes back when it calls again.
    package func dismissCaller(aeTitle: String) throws(SecurityError) {
        guard let title = AETitle(aeTitle) else { throw .callerNotFound(aeTitle: String(aeTitle.prefix(32))) }
        try context.store.write { rows in try rows.removeUnknownCallers(aeTitle: title) }
    }

    private func record(
        _ kind: AuditEventKind, _ title: AETitle, _ details: [AuditField: String], _ author: Author,
        _ rows: any SecurityRows
    ) throws {
        try context.record(
            AuditEvent(
                kind, actor: author.principal, origin: author.origin, objects: [.device(aeTitle: title.text)],
                details: details), rows)
    }

    private static func text(_ device: Device) -> String {
        let place = device.host.map { "\($0):\(device.port.map { String($0) } ?? "-")" } ?? "-"
        let fingerprint = device.certificateFingerprint.map { String($0.prefix(16)) } ?? "-"
        return "\(device.isEnabled ? "enabled" : "disabled") at \(place) services \(NodeService.text(device.services)) "
            + "certificate \(fingerprint) from \(device.addressRulesText.isEmpty ? "-" : device.addressRulesText)"
    }
}
