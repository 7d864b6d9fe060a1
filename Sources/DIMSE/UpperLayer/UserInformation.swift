/// The user information item of an association request or answer (PS3.8 §9.3.2.3, PS3.7 Annex D).
public struct UserInformation: Hashable, Sendable {
    /// Largest P-DATA-TF variable field the sender of this item will receive; 0 is without limit (PS3.8 §D.1).
    public var maximumPDULength: UInt32
    public var implementationClassUID: String
    /// Up to 16 characters.
    public var implementationVersionName: String?
    /// Absent stands for one operation at a time.
    public var asynchronousOperationsWindow: AsynchronousOperationsWindow?
    public var roleSelections: [RoleSelection] = []
    public var extendedNegotiations: [SOPClassExtendedNegotiation] = []
    public var commonExtendedNegotiations: [SOPClassCommonExtendedNegotiation] = []
    /// In a request only.
    public var userIdentity: UserIdentity?
    /// In an answer only: Kerberos ticket, SAML response or JWT (PS3.7 §D.3.3.7.2).
    public var userIdentityResponse: [UInt8]?

    public init(
        maximumPDULength: UInt32, implementationClassUID: String, implementationVersionName: String? = nil
    ) {
        self.maximumPDULength = maximumPDULength
        self.implementationClassUID = implementationClassUID
        self.implementationVersionName = implementationVersionName
    }
}

/// Outstanding operations, seen from the association requestor; 0 is without limit (PS3.7 §D.3.3.3).
public struct AsynchronousOperationsWindow: Hashable, Sendable {
    /// What the requestor may invoke before an answer comes.
    public var maximumInvoked: UInt16
    /// What the requestor performs before it answers.
    public var maximumPerformed: UInt16

    public init(maximumInvoked: UInt16, maximumPerformed: UInt16) {
        self.maximumInvoked = maximumInvoked
        self.maximumPerformed = maximumPerformed
    }

    public static let synchronous = Self(maximumInvoked: 1, maximumPerformed: 1)
}

/// Which roles the association requestor proposes or is granted for a SOP class (PS3.7 §D.3.3.4).
public struct RoleSelection: Hashable, Sendable {
    public var sopClassUID: String
    public var isSCU: Bool
    public var isSCP: Bool

    public init(sopClassUID: String, isSCU: Bool, isSCP: Bool) {
        self.sopClassUID = sopClassUID
        self.isSCU = isSCU
        self.isSCP = isSCP
    }
}

/// Service class application information, opaque here (PS3.7 §D.3.3.5; PS3.4 §C.5 for queries).
public struct SOPClassExtendedNegotiation: Hashable, Sendable {
    public var sopClassUID: String
    public var applicationInformation: [UInt8]

    public init(sopClassUID: String, applicationInformation: [UInt8]) {
        self.sopClassUID = sopClassUID
        self.applicationInformation = applicationInformation
    }
}

/// The service class and related general SOP classes of a specialised SOP class (PS3.7 §D.3.3.6).
public struct SOPClassCommonExtendedNegotiation: Hashable, Sendable {
    public var sopClassUID: String
    public var serviceClassUID: String
    public var relatedGeneralSOPClassUIDs: [String]

    public init(sopClassUID: String, serviceClassUID: String, relatedGeneralSOPClassUIDs: [String]) {
        self.sopClassUID = sopClassUID
        self.serviceClassUID = serviceClassUID
        self.relatedGeneralSOPClassUIDs = relatedGeneralSOPClassUIDs
    }
}

/// Who asks, and how this can be checked (PS3.7 §D.3.3.7). Both fields are secrets: they never stand in a message.
public struct UserIdentity: Hashable, Sendable {
    public struct Kind: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let username = Self(rawValue: 1)
        public static let usernameAndPasscode = Self(rawValue: 2)
        public static let kerberos = Self(rawValue: 3)
        public static let saml = Self(rawValue: 4)
        public static let jsonWebToken = Self(rawValue: 5)
    }

    public var kind: Kind
    public var isPositiveResponseRequested: Bool
    /// User name in UTF-8, Kerberos ticket, SAML assertion or JWT.
    public var primaryField: [UInt8]
    /// The passcode of kind 2; else empty.
    public var secondaryField: [UInt8]

    public init(kind: Kind, isPositiveResponseRequested: Bool, primaryField: [UInt8], secondaryField: [UInt8] = []) {
        self.kind = kind
        self.isPositiveResponseRequested = isPositiveResponseRequested
        self.primaryField = primaryField
        self.secondaryField = secondaryField
    }
}

extension UserIdentity: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "UserIdentity(kind: \(kind.rawValue))" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["kind": kind.rawValue]) }
}
