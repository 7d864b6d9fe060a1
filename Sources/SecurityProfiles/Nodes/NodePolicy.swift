import Synchronization

/// A refusal as PS3.8 §9.3.4 encodes it in A-ASSOCIATE-RJ.
package struct AssociationRejection: Hashable, Sendable {
    /// 1 permanent, 2 transient.
    package let result: UInt8
    /// 1 service user, 2 service provider (ACSE), 3 service provider (presentation).
    package let source: UInt8
    package let reason: UInt8

    package static let callingAETitleNotRecognized = Self(result: 1, source: 1, reason: 3)
    package static let calledAETitleNotRecognized = Self(result: 1, source: 1, reason: 7)
    package static let temporaryCongestion = Self(result: 2, source: 3, reason: 1)
}

/// What an accepted caller may do on its association.
package struct NodeGrant: Hashable, Sendable {
    package var aeTitle: AETitle
    /// `nil` for an unknown caller let in by `device.unknownCallers = accept`.
    package var device: Device?
    package var services: Set<NodeService>

    package func allows(_ service: NodeService) -> Bool { services.contains(service) }

    /// For presentation contexts: unknown abstract syntaxes go with `store`, and the archive decides about them.
    package func allows(abstractSyntaxUID uid: String) -> Bool {
        services.contains(NodeService.service(abstractSyntaxUID: uid) ?? .store)
    }

    package var principal: Principal { Principal(kind: .device, id: aeTitle.text, name: aeTitle.text) }
}

/// Why a caller was turned away: for the peer, for the administrator.
package struct NodeRefusal: Hashable, Sendable {
    package enum Cause: String, Hashable, Sendable {
        case calledAETitle, malformedAETitle, unknownCaller, disabled, address, certificate, tampered, storeUnavailable
    }

    package var cause: Cause
    package var rejection: AssociationRejection
    /// For the log and the administrator; says what to do.
    package var message: String
}

package enum NodeDecision: Hashable, Sendable {
    case accept(NodeGrant)
    case refuse(NodeRefusal)
}

/// Decides about callers (PACS-4.5.4-1, PACS-4.5.4-2). Blocking: reads the store, and the resolver for host name rules.
package final class NodePolicy: Sendable {
    private let context: SecurityContext
    private let ownAETitles: Set<AETitle>
    private let resolve: @Sendable (String) -> [IPAddress]
    private let inbox: CallerInbox

    init(context: SecurityContext, ownAETitles: Set<AETitle>, resolve: @escaping @Sendable (String) -> [IPAddress]) {
        self.context = context
        self.ownAETitles = ownAETitles
        self.resolve = resolve
        inbox = CallerInbox(context: context)
    }

    private struct Caller {
        var title: AETitle
        var called: String
        var address: String
        var fingerprint: String?
    }

    /// - Parameters:
    ///   - address: IP address of the peer, without port.
    ///   - certificateFingerprint: SHA-256 of the client certificate (DER) in hexadecimal; `nil` without TLS client
    ///     authentication.
    package func decide(
        callingAE: String, calledAE: String, address: String, certificateFingerprint: String?
    ) -> NodeDecision {
        guard let title = AETitle(callingAE) else {
            return refuse(.malformedAETitle, "the calling AE title is malformed", title: nil, calledAE, address)
        }
        let caller = Caller(
            title: title, called: AETitle(calledAE)?.text ?? "", address: address,
            fingerprint: certificateFingerprint.flatMap { Device.fingerprint($0) })
        do {
            let (settings, found) = try context.store.read { rows in
                (try context.settings(rows), try registered(title, rows))
            }
            if settings.checksCalledAE, !ownAETitles.isEmpty, !ownAETitles.contains(where: { $0.text == caller.called })
            {
                return refuse(
                    .calledAETitle,
                    "it called \(caller.called.isEmpty ? "a malformed AE title" : caller.called), which is not "
                        + "one of ours. Correct the called AE title at the device, or set device.checkCalledAE = no",
                    title: title, caller.called, address)
            }
            switch found {
            case .none: return try decideUnknown(caller, settings)
            case .device(let device): return decideRegistered(device, caller)
            case .tampered:
                return refuse(
                    .tampered, "its device record was changed outside Apus. Review it with apus audit --verify",
                    title: title, caller.called, address)
            }
        } catch {
            return .refuse(
                NodeRefusal(
                    cause: .storeUnavailable, rejection: .temporaryCongestion,
                    message: "Association from \(title) refused: \(error)"))
        }
    }

    private enum Registration {
        case none
        case device(Device)
        case tampered
    }

    private func registered(_ title: AETitle, _ rows: any SecurityRows) throws -> Registration {
        do {
            guard let sealed = try rows.device(aeTitle: title) else { return .none }
            return .device(try context.sealer.open(sealed))
        } catch SecurityError.tampered {
            return .tampered
        }
    }

    private func decideRegistered(_ device: Device, _ caller: Caller) -> NodeDecision {
        guard device.isEnabled else {
            return refuse(
                .disabled, "the device is disabled. Enable it with apus device add", title: device.aeTitle,
                caller.called, caller.address)
        }
        if !device.addressRules.isEmpty {
            let address = IPAddress(caller.address)
            let isKnown = address.map { address in
                device.addressRules.contains { $0.matches(address, resolve: resolve) }
            }
            guard isKnown == true else {
                return refuse(
                    .address,
                    "\(caller.address) is not among its addresses. Correct them with apus device add",
                    title: device.aeTitle, caller.called, caller.address)
            }
        }
        if let expected = device.certificateFingerprint, caller.fingerprint != expected {
            return refuse(
                .certificate,
                "it did not present its registered TLS certificate. Correct the fingerprint with "
                    + "apus device add", title: device.aeTitle, caller.called, caller.address)
        }
        return .accept(NodeGrant(aeTitle: device.aeTitle, device: device, services: device.services))
    }

    private func decideUnknown(_ caller: Caller, _ settings: SecuritySettings) throws -> NodeDecision {
        if settings.unknownCallers != .refuse {
            try inbox.note(caller.title, address: caller.address, called: caller.called)
        }
        if settings.unknownCallers == .accept {
            return .accept(NodeGrant(aeTitle: caller.title, device: nil, services: settings.unknownCallerServices))
        }
        let advice =
            settings.unknownCallers == .inbox
            ? "Approve it with apus device inbox"
            : "Add it with apus device add, or set device.unknownCallers = inbox"
        return refuse(
            .unknownCaller, "the calling AE title is not registered. \(advice)", title: caller.title, caller.called,
            caller.address)
    }

    private func refuse(
        _ cause: NodeRefusal.Cause, _ message: String, title: AETitle?, _ called: String, _ address: String
    ) -> NodeDecision {
        let name = title?.text ?? "an unnamed caller"
        let event = AuditEvent(
            .associationRefused, outcome: .minorFailure,
            actor: Principal(kind: .device, id: title?.text ?? "", name: title?.text ?? ""), origin: address,
            details: [.reason: cause.rawValue, .calledAE: called, .address: address])
        // Refusing must work even when the log cannot be written.
        try? context.recordRefusal(event, key: "\(name) \(address) \(cause.rawValue)")
        // A caller with the wrong address or certificate learns no more than a stranger.
        let rejection: AssociationRejection =
            cause == .calledAETitle ? .calledAETitleNotRecognized : .callingAETitleNotRecognized
        return .refuse(
            NodeRefusal(cause: cause, rejection: rejection, message: "Association from \(name) refused: \(message)."))
    }
}

/// Collects repeated calls so that a device knocking many times a second costs one write a second.
private final class CallerInbox: Sendable {
    private struct Key: Hashable {
        var title: AETitle
        var address: String
    }

    private struct Pending {
        var count: Int
        var writtenAt: Int64
    }

    private let context: SecurityContext
    private let pending = Mutex<[Key: Pending]>([:])
    private static let maximumListed = 500
    private static let writeIntervalMilliseconds: Int64 = 1000

    init(context: SecurityContext) { self.context = context }

    func note(_ title: AETitle, address: String, called: String) throws {
        let now = context.now
        let key = Key(title: title, address: String(address.prefix(64)))
        let due = pending.withLock { pending -> Int? in
            if pending.count >= Self.maximumListed { pending.removeAll() }
            let entry = pending[key]
            let count = (entry?.count ?? 0) &+ 1
            if let entry, abs(now &- entry.writtenAt) < Self.writeIntervalMilliseconds {
                pending[key] = Pending(count: count, writtenAt: entry.writtenAt)
                return nil
            }
            pending[key] = Pending(count: 0, writtenAt: now)
            return count
        }
        guard let due else { return }
        try context.store.write { rows in
            try rows.addUnknownCaller(
                UnknownCaller(
                    aeTitle: title, address: key.address, calledAETitle: called, firstSeenMilliseconds: now,
                    lastSeenMilliseconds: now, count: due), limit: Self.maximumListed)
        }
    }
}
