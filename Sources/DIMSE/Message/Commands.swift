/// A command with its parameters (PS3.7 §9.1, §9.3, §10.1, §10.3), one case per shape.
public enum Command: Hashable, Sendable {
    case store(StoreCommand)
    case query(QueryCommand)
    case echo(EchoCommand)
    case cancel(CancelCommand)
    case normalized(NormalizedCommand)
    case response(ResponseCommand)
}

/// Command Field (0000,0100) (PS3.7 §E.1); a response is its request plus 8000H.
public struct CommandField: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let cStoreRQ = Self(rawValue: 0x0001)
    public static let cGetRQ = Self(rawValue: 0x0010)
    public static let cFindRQ = Self(rawValue: 0x0020)
    public static let cMoveRQ = Self(rawValue: 0x0021)
    public static let cEchoRQ = Self(rawValue: 0x0030)
    public static let nEventReportRQ = Self(rawValue: 0x0100)
    public static let nGetRQ = Self(rawValue: 0x0110)
    public static let nSetRQ = Self(rawValue: 0x0120)
    public static let nActionRQ = Self(rawValue: 0x0130)
    public static let nCreateRQ = Self(rawValue: 0x0140)
    public static let nDeleteRQ = Self(rawValue: 0x0150)
    public static let cCancelRQ = Self(rawValue: 0x0FFF)

    public var isResponse: Bool { rawValue & 0x8000 != 0 }
    public var response: CommandField { Self(rawValue: rawValue | 0x8000) }
    public var request: CommandField { Self(rawValue: rawValue & 0x7FFF) }
}

/// Priority (0000,0700).
public struct Priority: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    public static let medium = Self(rawValue: 0)
    public static let high = Self(rawValue: 1)
    public static let low = Self(rawValue: 2)
}

/// C-STORE-RQ (PS3.7 §9.3.1.1).
public struct StoreCommand: Hashable, Sendable {
    public var messageID: UInt16
    /// As it came, also where it is no UID.
    public var affectedSOPClassUID: String
    /// As it came, also where it is no UID.
    public var affectedSOPInstanceUID: String
    public var priority: Priority
    /// Who asked for the C-MOVE this is a sub-operation of.
    public var moveOriginatorAETitle: String?
    public var moveOriginatorMessageID: UInt16?

    public init(
        messageID: UInt16, affectedSOPClassUID: String, affectedSOPInstanceUID: String, priority: Priority = .medium,
        moveOriginatorAETitle: String? = nil, moveOriginatorMessageID: UInt16? = nil
    ) {
        self.messageID = messageID
        self.affectedSOPClassUID = affectedSOPClassUID
        self.affectedSOPInstanceUID = affectedSOPInstanceUID
        self.priority = priority
        self.moveOriginatorAETitle = moveOriginatorAETitle
        self.moveOriginatorMessageID = moveOriginatorMessageID
    }
}

/// C-FIND-RQ, C-GET-RQ or C-MOVE-RQ; an identifier follows (PS3.7 §9.3.2 to §9.3.4).
public struct QueryCommand: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case find
        case get
        case move(destination: String)
    }

    public var kind: Kind
    public var messageID: UInt16
    public var affectedSOPClassUID: String
    public var priority: Priority

    public init(kind: Kind, messageID: UInt16, affectedSOPClassUID: String, priority: Priority = .medium) {
        self.kind = kind
        self.messageID = messageID
        self.affectedSOPClassUID = affectedSOPClassUID
        self.priority = priority
    }
}

/// C-ECHO-RQ (PS3.7 §9.3.5.1).
public struct EchoCommand: Hashable, Sendable {
    public var messageID: UInt16
    public var affectedSOPClassUID: String

    public init(messageID: UInt16, affectedSOPClassUID: String) {
        self.messageID = messageID
        self.affectedSOPClassUID = affectedSOPClassUID
    }
}

/// C-CANCEL-RQ (PS3.7 §9.3.2.3); it has no response of its own.
public struct CancelCommand: Hashable, Sendable {
    public var messageIDBeingRespondedTo: UInt16

    public init(messageIDBeingRespondedTo: UInt16) { self.messageIDBeingRespondedTo = messageIDBeingRespondedTo }
}

/// A request of the normalized services (PS3.7 §10.3).
public struct NormalizedCommand: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case eventReport(eventTypeID: UInt16)
        case get(attributes: [UInt32])
        case set
        case action(actionTypeID: UInt16)
        case create
        case delete
    }

    public var kind: Kind
    public var messageID: UInt16
    /// Affected or Requested SOP Class UID, as the kind has it.
    public var sopClassUID: String
    /// Affected or Requested SOP Instance UID; `nil` only for N-CREATE, whose performer may choose it.
    public var sopInstanceUID: String?
    public var hasDataSet: Bool

    public init(
        kind: Kind, messageID: UInt16, sopClassUID: String, sopInstanceUID: String?, hasDataSet: Bool
    ) {
        self.kind = kind
        self.messageID = messageID
        self.sopClassUID = sopClassUID
        self.sopInstanceUID = sopInstanceUID
        self.hasDataSet = hasDataSet
    }
}

/// Any response: optional elements stand where the service has them (PS3.7 §9.3, §10.3).
public struct ResponseCommand: Hashable, Sendable {
    /// The field of the request answered.
    public var requestField: CommandField
    public var messageIDBeingRespondedTo: UInt16
    public var status: DIMSEStatus
    public var affectedSOPClassUID: String?
    public var affectedSOPInstanceUID: String?
    public var hasDataSet = false
    /// C-GET and C-MOVE.
    public var suboperations: SuboperationCounts?
    /// Up to 64 characters (LO).
    public var errorComment: String?
    public var errorID: UInt16?
    public var offendingElements: [UInt32] = []
    public var eventTypeID: UInt16?
    public var actionTypeID: UInt16?

    public init(requestField: CommandField, messageIDBeingRespondedTo: UInt16, status: DIMSEStatus) {
        self.requestField = requestField
        self.messageIDBeingRespondedTo = messageIDBeingRespondedTo
        self.status = status
    }
}

/// Numbers of C-STORE sub-operations of a C-GET or C-MOVE (PS3.4 §C.4.2.1.6 and following).
public struct SuboperationCounts: Hashable, Sendable {
    public var remaining: Int
    public var completed: Int
    public var failed: Int
    public var warning: Int

    public init(remaining: Int = 0, completed: Int = 0, failed: Int = 0, warning: Int = 0) {
        self.remaining = remaining
        self.completed = completed
        self.failed = failed
        self.warning = warning
    }
}
