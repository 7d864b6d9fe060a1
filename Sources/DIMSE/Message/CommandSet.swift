public import DICOMCore

/// Attributes of command sets (PS3.7 Annex E).
enum CommandTag {
    static let groupLength = Tag(0x0000, 0x0000)
    static let affectedSOPClassUID = Tag(0x0000, 0x0002)
    static let requestedSOPClassUID = Tag(0x0000, 0x0003)
    static let commandField = Tag(0x0000, 0x0100)
    static let messageID = Tag(0x0000, 0x0110)
    static let messageIDBeingRespondedTo = Tag(0x0000, 0x0120)
    static let moveDestination = Tag(0x0000, 0x0600)
    static let priority = Tag(0x0000, 0x0700)
    static let dataSetType = Tag(0x0000, 0x0800)
    static let status = Tag(0x0000, 0x0900)
    static let offendingElement = Tag(0x0000, 0x0901)
    static let errorComment = Tag(0x0000, 0x0902)
    static let errorID = Tag(0x0000, 0x0903)
    static let affectedSOPInstanceUID = Tag(0x0000, 0x1000)
    static let requestedSOPInstanceUID = Tag(0x0000, 0x1001)
    static let eventTypeID = Tag(0x0000, 0x1002)
    static let attributeIdentifierList = Tag(0x0000, 0x1005)
    static let actionTypeID = Tag(0x0000, 0x1008)
    static let remainingSuboperations = Tag(0x0000, 0x1020)
    static let completedSuboperations = Tag(0x0000, 0x1021)
    static let failedSuboperations = Tag(0x0000, 0x1022)
    static let warningSuboperations = Tag(0x0000, 0x1023)
    static let moveOriginatorAETitle = Tag(0x0000, 0x1030)
    static let moveOriginatorMessageID = Tag(0x0000, 0x1031)

    static func vr(_ tag: Tag) -> VR {
        switch tag {
        case groupLength: .ul
        case affectedSOPClassUID, requestedSOPClassUID, affectedSOPInstanceUID, requestedSOPInstanceUID: .ui
        case moveDestination, moveOriginatorAETitle: .ae
        case offendingElement, attributeIdentifierList: .at
        case errorComment: .lo
        case commandField, messageID, messageIDBeingRespondedTo, priority, dataSetType, status, errorID, eventTypeID,
            actionTypeID, remainingSuboperations, completedSuboperations, failedSuboperations, warningSuboperations,
            moveOriginatorMessageID:
            .us
        default: .un
        }
    }
}

/// Why a message is not one we take. Offsets are bytes within the command set.
public enum MessageError: Error, Hashable, Sendable {
    case commandTooLong(limit: Int)
    case dataSetTooLong(limit: Int)
    case truncatedCommand(offset: Int)
    case lengthExceedsCommand(tag: Tag, declared: UInt32, remaining: Int, offset: Int)
    /// Not of group 0000, or not in ascending order (PS3.7 §6.3.1).
    case invalidCommandElement(tag: Tag, offset: Int)
    case tooManyCommandElements(limit: Int)
    case missingElement(tag: Tag)
    case invalidElement(tag: Tag)
    case unknownCommandField(rawValue: UInt16)
    /// A fragment of a data set where a command was due, or the reverse (PS3.7 §6.3.1, PS3.8 Annex E).
    case unexpectedFragment(isCommand: Bool, contextID: UInt8)
    /// The fragments of one message named different presentation contexts.
    case contextChanged(from: UInt8, to: UInt8)
    case contextNotAccepted(contextID: UInt8)
    case unexpectedResponse(messageID: UInt16)
    case unreadableDataSet(DataSetError)
}

/// A command set: group 0000, Implicit VR Little Endian, no sequences (PS3.7 §6.3.1).
public struct CommandSet: Hashable, Sendable {
    public private(set) var dataSet = DataSet()

    private static let maximumElements = 256
    /// Command Data Set Type (0000,0800) when no data set follows.
    private static let noDataSet = 0x0101

    init() {}

    /// - Parameter bytes: the whole command set. Command Group Length is not relied upon.
    public init(decoding bytes: [UInt8]) throws(MessageError) {
        var offset = 0
        while offset < bytes.count {
            guard bytes.count - offset >= 8 else { throw .truncatedCommand(offset: offset) }
            let tag = Tag(Self.uint16(bytes, offset), Self.uint16(bytes, offset + 2))
            let declared = UInt32(Self.uint16(bytes, offset + 4)) | UInt32(Self.uint16(bytes, offset + 6)) << 16
            let remaining = bytes.count - offset - 8
            guard let length = Int(exactly: declared), length <= remaining else {
                throw .lengthExceedsCommand(tag: tag, declared: declared, remaining: remaining, offset: offset)
            }
            let start = offset + 8
            let element = DataElement(tag, CommandTag.vr(tag), bytes: bytes[start..<start + length])
            guard tag.group == 0, dataSet.append(element) else {
                throw .invalidCommandElement(tag: tag, offset: offset)
            }
            guard dataSet.elements.count <= Self.maximumElements else {
                throw .tooManyCommandElements(limit: Self.maximumElements)
            }
            offset = start + length
        }
    }

    /// The bytes, with Command Group Length in front.
    public func encoded() -> [UInt8] {
        var body: [UInt8] = []
        for element in dataSet.elements where element.tag != CommandTag.groupLength {
            guard let value = element.bytes, let length = UInt32(exactly: value.count) else { continue }
            Self.append(UInt32(element.tag.group) | UInt32(element.tag.element) << 16, to: &body)
            Self.append(length, to: &body)
            body += value
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.count + 12)
        for word in [0, 4, UInt32(truncatingIfNeeded: body.count)] { Self.append(word, to: &bytes) }
        return bytes + body
    }

    var hasDataSet: Bool { dataSet.int(CommandTag.dataSetType) != Self.noDataSet }

    mutating func setDataSetType(present: Bool) {
        dataSet.set(CommandTag.dataSetType, .us, ints: [present ? 0x0001 : Self.noDataSet])
    }

    func uint16(_ tag: Tag) -> UInt16? { dataSet.int(tag).flatMap { UInt16(exactly: $0) } }

    func requiredUInt16(_ tag: Tag) throws(MessageError) -> UInt16 {
        guard let value = uint16(tag) else { throw .missingElement(tag: tag) }
        return value
    }

    /// A UID as it came, or `nil` when absent or empty; bytes outside printable ASCII are refused.
    func uid(_ tag: Tag) throws(MessageError) -> String? {
        guard let uid = dataSet.uid(tag) else { return nil }
        guard uid.utf8.count <= 64, uid.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .invalidElement(tag: tag)
        }
        return uid
    }

    /// What stands where a UID should, whether it is one or not; empty when absent.
    func identifier(_ tag: Tag) -> String { dataSet.uid(tag) ?? "" }

    func requiredUID(_ tag: Tag) throws(MessageError) -> String {
        guard let uid = try uid(tag) else { throw .missingElement(tag: tag) }
        return uid
    }

    /// Command sets have the default repertoire only (PS3.7 §6.3.1): anything else becomes a question mark.
    func text(_ tag: Tag) -> String? {
        dataSet.string(tag).map { text in
            String(String.UnicodeScalarView(text.unicodeScalars.map { (" "..."~").contains($0) ? $0 : "?" }))
        }
    }

    func tags(_ tag: Tag) -> [UInt32] { dataSet.ints(tag).map { UInt32(truncatingIfNeeded: $0) } }

    mutating func set(_ tag: Tag, _ value: UInt16?) {
        if let value { dataSet.set(tag, .us, ints: [Int(value)]) }
    }

    mutating func set(_ tag: Tag, _ value: String?) {
        if let value { dataSet.set(tag, CommandTag.vr(tag), value) }
    }

    mutating func set(_ tag: Tag, tags: [UInt32]) {
        if !tags.isEmpty { dataSet.set(tag, .at, ints: tags.map { Int($0) }) }
    }

    private static func uint16(_ bytes: [UInt8], _ offset: Int) -> UInt16 {
        UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8
    }

    private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
        for shift in [UInt32(0), 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}
