/// A protocol data unit of the upper layer other than P-DATA-TF, which is streamed (PS3.8 §9.3).
public enum PDU: Hashable, Sendable {
    case associateRQ(AssociateRQ)
    case associateAC(AssociateAC)
    case associateRJ(AssociateRJ)
    case releaseRQ
    case releaseRP
    case abort(AbortPDU)
}

/// PDU types of PS3.8 §9.3 by their first byte.
enum PDUType {
    static let associateRQ: UInt8 = 0x01
    static let associateAC: UInt8 = 0x02
    static let associateRJ: UInt8 = 0x03
    static let dataTF: UInt8 = 0x04
    static let releaseRQ: UInt8 = 0x05
    static let releaseRP: UInt8 = 0x06
    static let abort: UInt8 = 0x07
}

/// A-ASSOCIATE-RQ (PS3.8 §9.3.2).
public struct AssociateRQ: Hashable, Sendable {
    /// Bit 0 stands for version 1, the only one there is.
    public var protocolVersion: UInt16 = 1
    /// Without padding.
    public var calledAETitle: String
    public var callingAETitle: String
    public var applicationContextName: String = UpperLayerConstants.applicationContextName
    public var presentationContexts: [ProposedPresentationContext]
    public var userInformation: UserInformation

    public init(
        calledAETitle: String, callingAETitle: String, presentationContexts: [ProposedPresentationContext],
        userInformation: UserInformation
    ) {
        self.calledAETitle = calledAETitle
        self.callingAETitle = callingAETitle
        self.presentationContexts = presentationContexts
        self.userInformation = userInformation
    }
}

/// A-ASSOCIATE-AC (PS3.8 §9.3.3).
public struct AssociateAC: Hashable, Sendable {
    public var protocolVersion: UInt16 = 1
    /// The titles of the request, echoed; not significant to the receiver.
    public var calledAETitle: String
    public var callingAETitle: String
    public var applicationContextName: String = UpperLayerConstants.applicationContextName
    public var presentationContexts: [AnsweredPresentationContext]
    public var userInformation: UserInformation

    public init(
        calledAETitle: String, callingAETitle: String, presentationContexts: [AnsweredPresentationContext],
        userInformation: UserInformation
    ) {
        self.calledAETitle = calledAETitle
        self.callingAETitle = callingAETitle
        self.presentationContexts = presentationContexts
        self.userInformation = userInformation
    }
}

/// One presentation context as proposed (PS3.8 §9.3.2.2).
public struct ProposedPresentationContext: Hashable, Sendable {
    /// Odd, 1 to 255.
    public var id: UInt8
    public var abstractSyntax: String
    public var transferSyntaxes: [String]

    public init(id: UInt8, abstractSyntax: String, transferSyntaxes: [String]) {
        self.id = id
        self.abstractSyntax = abstractSyntax
        self.transferSyntaxes = transferSyntaxes
    }
}

/// One presentation context as answered (PS3.8 §9.3.3.2).
public struct AnsweredPresentationContext: Hashable, Sendable {
    /// Result/Reason of PS3.8 Table 9-18.
    public struct Result: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let acceptance = Self(rawValue: 0)
        public static let userRejection = Self(rawValue: 1)
        public static let noReason = Self(rawValue: 2)
        public static let abstractSyntaxNotSupported = Self(rawValue: 3)
        public static let transferSyntaxesNotSupported = Self(rawValue: 4)
    }

    public var id: UInt8
    public var result: Result
    /// Not significant unless accepted.
    public var transferSyntax: String

    public init(id: UInt8, result: Result, transferSyntax: String) {
        self.id = id
        self.result = result
        self.transferSyntax = transferSyntax
    }
}

/// A-ASSOCIATE-RJ (PS3.8 §9.3.4, Table 9-21).
public struct AssociateRJ: Hashable, Sendable {
    public struct Result: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let permanent = Self(rawValue: 1)
        public static let transient = Self(rawValue: 2)
    }

    public struct Source: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let serviceUser = Self(rawValue: 1)
        public static let serviceProviderACSE = Self(rawValue: 2)
        public static let serviceProviderPresentation = Self(rawValue: 3)
    }

    public var result: Result
    public var source: Source
    /// Its meaning depends on ``source``.
    public var reason: UInt8

    public init(result: Result, source: Source, reason: UInt8) {
        self.result = result
        self.source = source
        self.reason = reason
    }

    public static let callingAETitleNotRecognized = Self(result: .permanent, source: .serviceUser, reason: 3)
    public static let calledAETitleNotRecognized = Self(result: .permanent, source: .serviceUser, reason: 7)
    public static let noReasonGiven = Self(result: .permanent, source: .serviceUser, reason: 1)
    public static let applicationContextNotSupported = Self(result: .permanent, source: .serviceUser, reason: 2)
    public static let protocolVersionNotSupported = Self(result: .permanent, source: .serviceProviderACSE, reason: 2)
    public static let temporaryCongestion = Self(result: .transient, source: .serviceProviderPresentation, reason: 1)
    public static let localLimitExceeded = Self(result: .transient, source: .serviceProviderPresentation, reason: 2)
}

/// A-ABORT (PS3.8 §9.3.8, Table 9-26).
public struct AbortPDU: Hashable, Sendable {
    public struct Source: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let serviceUser = Self(rawValue: 0)
        public static let serviceProvider = Self(rawValue: 2)
    }

    public struct Reason: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let notSpecified = Self(rawValue: 0)
        public static let unrecognizedPDU = Self(rawValue: 1)
        public static let unexpectedPDU = Self(rawValue: 2)
        public static let unrecognizedPDUParameter = Self(rawValue: 4)
        public static let unexpectedPDUParameter = Self(rawValue: 5)
        public static let invalidPDUParameterValue = Self(rawValue: 6)
    }

    public var source: Source
    /// Significant only when the service provider is the source.
    public var reason: Reason

    public init(source: Source, reason: Reason = .notSpecified) {
        self.source = source
        self.reason = reason
    }
}

public enum UpperLayerConstants {
    /// The DICOM application context (PS3.7 §A.2.1).
    public static let applicationContextName = "1.2.840.10008.3.1.1.1"
    /// Presentation context identifiers are the odd numbers of a byte.
    public static let maximumPresentationContexts = 128
}
