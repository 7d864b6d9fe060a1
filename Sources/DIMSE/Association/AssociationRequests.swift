public import DICOMCore

/// Where an association comes from or goes to.
public struct ConnectionInfo: Hashable, Sendable {
    /// Counts up within the process, for logs and live displays.
    public let id: UInt64
    /// Numeric, IPv4 or IPv6.
    public let peerAddress: String
    public let peerPort: Int
    public let localPort: Int
    public let isTLS: Bool
    /// The leaf certificate the peer proved to own, in DER; `nil` without TLS or without a client certificate.
    public let peerCertificateDER: [UInt8]?
}

/// An association request and where it comes from.
public struct AssociationRequest: Sendable {
    public let pdu: AssociateRQ
    public let connection: ConnectionInfo

    public var callingAETitle: String { pdu.callingAETitle }
    public var calledAETitle: String { pdu.calledAETitle }
    public var presentationContexts: [ProposedPresentationContext] { pdu.presentationContexts }
    public var roleSelections: [RoleSelection] { pdu.userInformation.roleSelections }
    public var userIdentity: UserIdentity? { pdu.userInformation.userIdentity }
}

public enum NegotiationAnswer: Sendable {
    case accept(NegotiationAcceptance)
    case reject(AssociateRJ)
}

/// What of a request is granted.
public struct NegotiationAcceptance: Sendable {
    public enum ContextDecision: Hashable, Sendable {
        /// One of the proposed transfer syntaxes.
        case accept(transferSyntaxUID: String)
        case reject(AnsweredPresentationContext.Result)
    }

    /// By presentation context ID; contexts left out are refused: abstract syntax not supported.
    public var contexts: [UInt8: ContextDecision]
    /// Only for SOP classes the requestor proposed roles for; left out means the default roles.
    public var roleSelections: [RoleSelection] = []
    public var extendedNegotiations: [SOPClassExtendedNegotiation] = []
    public var userIdentityResponse: [UInt8]?

    public init(contexts: [UInt8: ContextDecision]) { self.contexts = contexts }
}

/// An accepted presentation context.
public struct PresentationContext: Hashable, Sendable {
    public let id: UInt8
    public let abstractSyntax: String
    public let transferSyntax: TransferSyntax
    /// This side may invoke operations as service class user.
    public let isLocalSCU: Bool
    /// This side performs operations as service class provider.
    public let isLocalSCP: Bool
}

public struct EchoRequest: Sendable {
    public let association: Association
    public let messageID: UInt16
}

/// A C-STORE request whose data set is about to arrive.
public struct StoreRequest: Sendable {
    public let association: Association
    public let context: PresentationContext
    public let command: StoreCommand
    public let flow: StoreFlow

    public var sopClassUID: String { command.affectedSOPClassUID }
    public var sopInstanceUID: String { command.affectedSOPInstanceUID }
    public var transferSyntax: TransferSyntax { context.transferSyntax }
}

public struct FindRequest: Sendable {
    public let association: Association
    public let context: PresentationContext
    public let messageID: UInt16
    public let priority: Priority
    /// Names the information model.
    public var sopClassUID: String { context.abstractSyntax }
}

/// One match of a C-FIND.
public struct FindAnswer: Sendable {
    public var identifier: DataSet
    /// Pending, or pending with unsupported optional keys.
    public var status: DIMSEStatus

    public init(_ identifier: DataSet, status: DIMSEStatus = .pending) {
        self.identifier = identifier
        self.status = status
    }
}

/// A C-MOVE or C-GET request.
public struct RetrieveRequest: Sendable {
    public let association: Association
    public let context: PresentationContext
    public let messageID: UInt16
    public let priority: Priority
    /// The AE title of a C-MOVE's destination; `nil` for C-GET.
    public let moveDestination: String?
    public var sopClassUID: String { context.abstractSyntax }
}

/// How a C-MOVE or C-GET ended.
public struct RetrieveResult: Hashable, Sendable {
    public var status: DIMSEStatus
    public var counts: SuboperationCounts
    /// Goes out as Failed SOP Instance UID List (0008,0058).
    public var failedSOPInstanceUIDs: [String]
    public var errorComment: String?

    public init(
        status: DIMSEStatus, counts: SuboperationCounts = SuboperationCounts(), failedSOPInstanceUIDs: [String] = [],
        errorComment: String? = nil
    ) {
        self.status = status
        self.counts = counts
        self.failedSOPInstanceUIDs = failedSOPInstanceUIDs
        self.errorComment = errorComment
    }
}

/// A request of the normalized services.
public struct NormalizedRequest: Sendable {
    public let association: Association
    public let context: PresentationContext
    public let command: NormalizedCommand
}

public struct NormalizedAnswer: Hashable, Sendable {
    public var status: DIMSEStatus
    /// Attribute list, event reply or action reply.
    public var dataSet: DataSet?
    /// For N-CREATE, when the performer chose the UID.
    public var affectedSOPInstanceUID: String?
    public var errorComment: String?

    public init(
        status: DIMSEStatus, dataSet: DataSet? = nil, affectedSOPInstanceUID: String? = nil,
        errorComment: String? = nil
    ) {
        self.status = status
        self.dataSet = dataSet
        self.affectedSOPInstanceUID = affectedSOPInstanceUID
        self.errorComment = errorComment
    }
}

/// An operation ended with a failure status.
public struct DIMSEFailure: Error, Hashable, Sendable {
    public var status: DIMSEStatus
    public var errorComment: String?
    public var offendingElements: [Tag]

    public init(status: DIMSEStatus, errorComment: String? = nil, offendingElements: [Tag] = []) {
        self.status = status
        self.errorComment = errorComment
        self.offendingElements = offendingElements
    }
}

/// One instance to send with C-STORE.
public struct OutgoingInstance: Sendable {
    public var sopClassUID: String
    public var sopInstanceUID: String
    /// How `source` is encoded; a context with exactly this transfer syntax must have been accepted.
    public var transferSyntaxUID: String
    public var source: any DataSetSource
    public var priority: Priority = .medium
    /// The C-MOVE this is a sub-operation of.
    public var moveOriginatorAETitle: String?
    public var moveOriginatorMessageID: UInt16?

    public init(
        sopClassUID: String, sopInstanceUID: String, transferSyntaxUID: String, source: any DataSetSource
    ) {
        self.sopClassUID = sopClassUID
        self.sopInstanceUID = sopInstanceUID
        self.transferSyntaxUID = transferSyntaxUID
        self.source = source
    }
}

/// The answer to a C-STORE.
public struct StoreOutcome: Hashable, Sendable {
    public let status: DIMSEStatus
    public let errorComment: String?
}
