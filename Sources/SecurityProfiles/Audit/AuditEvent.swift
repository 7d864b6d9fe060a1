/// Something the log keeps. What fits nowhere here must not be logged: there is no field for names, birth dates or any
/// other patient value, and none for secrets.
package struct AuditEvent: Hashable, Sendable {
    package var kind: AuditEventKind
    package var outcome: AuditOutcome
    package var actor: Principal
    /// Address, AE title with address, or `terminal`: where the act came from.
    package var origin: String
    package var objects: [AuditObject]
    package var details: [AuditField: String]

    package init(
        _ kind: AuditEventKind, outcome: AuditOutcome = .success, actor: Principal, origin: String,
        objects: [AuditObject] = [], details: [AuditField: String] = [:]
    ) {
        self.kind = kind
        self.outcome = outcome
        self.actor = actor
        self.origin = origin
        self.objects = objects
        self.details = details
    }
}

/// Event Outcome Indicator (PS3.15 §A.5.1).
package enum AuditOutcome: Int, Hashable, Sendable {
    case success = 0
    case minorFailure = 4
    case seriousFailure = 8
    case majorFailure = 12
}

/// What an event is about. Patients appear only as their studies.
package enum AuditObject: Hashable, Sendable {
    case study(uid: String)
    case series(uid: String)
    case instance(uid: String)
    case account(name: String)
    case token(id: String)
    case session(id: String)
    case device(aeTitle: String)
    case setting(key: String)
    /// A table, file or part of the archive.
    case store(name: String)

    var type: String {
        switch self {
        case .study: "study"
        case .series: "series"
        case .instance: "instance"
        case .account: "account"
        case .token: "token"
        case .session: "session"
        case .device: "device"
        case .setting: "setting"
        case .store: "store"
        }
    }

    var identifier: String {
        switch self {
        case .study(let uid), .series(let uid), .instance(let uid): Self.uidOnly(uid)
        case .account(let name), .store(let name): name
        case .token(let id), .session(let id): id
        case .device(let aeTitle): aeTitle
        case .setting(let key): key
        }
    }

    /// A UID that is none could be anything, a patient's name included; it is not written down.
    private static func uidOnly(_ uid: String) -> String {
        let isUID =
            (1...64).contains(uid.utf8.count) && uid.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
        return isUID ? uid : "invalid-uid"
    }
}

/// The closed list of details an event may carry.
package enum AuditField: String, CaseIterable, Hashable, Sendable {
    case reason, count, bytes, before, after, roles, services, address, calledAE, failures, lockedUntil, expires, path,
        permission
    case operations, transferSyntax, status, remote, suppressed, version, problem, sequence, service, session
}

/// One line of the log as stored: text and numbers only, hashed exactly as they stand.
package struct AuditRecord: Hashable, Sendable {
    /// 1, 2, 3 … without gaps.
    package var sequence: Int64
    package var atMilliseconds: Int64
    /// Offset of local time from UTC in minutes when the event happened.
    package var utcOffsetMinutes: Int64
    /// `AuditEventKind.rawValue`.
    package var kind: String
    package var outcome: Int64
    package var actorKind: String
    package var actorID: String
    package var actorName: String
    package var actorRoles: String
    package var origin: String
    /// `study:1.2.3` and so on, one per line.
    package var objects: String
    /// `reason=…` and so on, one per line.
    package var details: String
    package var hash: [UInt8]

    package init(
        sequence: Int64, atMilliseconds: Int64, utcOffsetMinutes: Int64, kind: String, outcome: Int64,
        actorKind: String,
        actorID: String, actorName: String, actorRoles: String, origin: String, objects: String, details: String,
        hash: [UInt8]
    ) {
        self.sequence = sequence
        self.atMilliseconds = atMilliseconds
        self.utcOffsetMinutes = utcOffsetMinutes
        self.kind = kind
        self.outcome = outcome
        self.actorKind = actorKind
        self.actorID = actorID
        self.actorName = actorName
        self.actorRoles = actorRoles
        self.origin = origin
        self.objects = objects
        self.details = details
        self.hash = hash
    }

    /// Not yet in the chain.
    init(_ event: AuditEvent, environment: SecurityEnvironment) {
        let now = environment.nowMilliseconds()
        self.init(
            sequence: 0, atMilliseconds: now, utcOffsetMinutes: Int64(environment.utcOffsetMinutes(now)),
            kind: event.kind.rawValue, outcome: Int64(event.outcome.rawValue), actorKind: event.actor.kind.rawValue,
            actorID: Self.plain(event.actor.id), actorName: Self.plain(event.actor.name),
            actorRoles: Role.text(event.actor.roles), origin: Self.plain(event.origin),
            objects: event.objects.prefix(Self.maximumObjects)
                .map { "\($0.type):\(Self.plain($0.identifier))" }.joined(separator: "\n"),
            details: event.details.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { "\($0.key.rawValue)=\(Self.plain($0.value))" }.joined(separator: "\n"),
            hash: [])
    }

    /// More objects than this in one event are cut; callers write several events.
    package static let maximumObjects = 1000
    private static let maximumTextLength = 300

    /// Outside text must not break lines or flood the log.
    private static func plain(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(maximumTextLength) {
            let isControl =
                scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || (0x2028...0x202E).contains(scalar.value)
            scalars.append(isControl ? "\u{FFFD}" : scalar)
        }
        return String(scalars)
    }

    /// Studies named by the event.
    package var studyInstanceUIDs: [String] {
        objects.split(separator: "\n").filter { $0.hasPrefix("study:") }.map { String($0.dropFirst(6)) }
    }
}
