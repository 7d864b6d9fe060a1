/// The status of a DIMSE operation, (0000,0900) (PS3.7 Annex C; PS3.4 for the service classes).
public struct DIMSEStatus: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The class of a status code (PS3.7 Table C-1).
    public enum Category: Hashable, Sendable { case success, pending, cancel, warning, failure }

    public var category: Category {
        switch rawValue {
        case 0x0000: .success
        case 0xFF00, 0xFF01: .pending
        case 0xFE00: .cancel
        case 0x0001, 0x0107, 0x0116, 0xB000...0xBFFF: .warning
        default: .failure
        }
    }

    /// Success or warning: the operation had its effect.
    public var isSuccessOrWarning: Bool { category == .success || category == .warning }

    public static let success = Self(rawValue: 0x0000)
    public static let cancel = Self(rawValue: 0xFE00)
    public static let pending = Self(rawValue: 0xFF00)
    /// Pending: one or more optional keys were not supported for matching (PS3.4 Table C.4-1).
    public static let pendingWithUnsupportedOptionalKeys = Self(rawValue: 0xFF01)

    // General failures and warnings (PS3.7 Annex C).
    public static let attributeListError = Self(rawValue: 0x0107)
    public static let attributeValueOutOfRange = Self(rawValue: 0x0116)
    public static let noSuchAttribute = Self(rawValue: 0x0105)
    public static let invalidAttributeValue = Self(rawValue: 0x0106)
    public static let processingFailure = Self(rawValue: 0x0110)
    public static let duplicateSOPInstance = Self(rawValue: 0x0111)
    public static let noSuchSOPInstance = Self(rawValue: 0x0112)
    public static let noSuchEventType = Self(rawValue: 0x0113)
    public static let noSuchArgument = Self(rawValue: 0x0114)
    public static let invalidArgumentValue = Self(rawValue: 0x0115)
    public static let invalidSOPInstance = Self(rawValue: 0x0117)
    public static let noSuchSOPClass = Self(rawValue: 0x0118)
    public static let classInstanceConflict = Self(rawValue: 0x0119)
    public static let missingAttribute = Self(rawValue: 0x0120)
    public static let missingAttributeValue = Self(rawValue: 0x0121)
    public static let sopClassNotSupported = Self(rawValue: 0x0122)
    public static let noSuchActionType = Self(rawValue: 0x0123)
    public static let notAuthorized = Self(rawValue: 0x0124)
    public static let duplicateInvocation = Self(rawValue: 0x0210)
    public static let unrecognizedOperation = Self(rawValue: 0x0211)
    public static let mistypedArgument = Self(rawValue: 0x0212)
    public static let resourceLimitation = Self(rawValue: 0x0213)

    // Storage (PS3.4 Table B.2-1) and query/retrieve (PS3.4 Tables C.4-1 to C.4-3).
    public static let outOfResources = Self(rawValue: 0xA700)
    public static let outOfResourcesUnableToCountMatches = Self(rawValue: 0xA701)
    public static let outOfResourcesUnableToPerformSuboperations = Self(rawValue: 0xA702)
    public static let moveDestinationUnknown = Self(rawValue: 0xA801)
    public static let dataSetDoesNotMatchSOPClass = Self(rawValue: 0xA900)
    public static let coercionOfDataElements = Self(rawValue: 0xB000)
    public static let suboperationsCompleteWithFailures = Self(rawValue: 0xB000)
    public static let elementsDiscarded = Self(rawValue: 0xB006)
    public static let dataSetDoesNotMatchSOPClassWarning = Self(rawValue: 0xB007)
    public static let cannotUnderstand = Self(rawValue: 0xC000)
    public static let unableToProcess = Self(rawValue: 0xC001)
}

extension DIMSEStatus: CustomStringConvertible {
    /// Four hexadecimal digits and H, as the standard writes them.
    public var description: String {
        let digits = String(rawValue, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "H"
    }
}
