/// Why bytes are not a readable data set. Offsets are bytes from the start of the input; no value ever appears.
public enum DataSetError: Error, Hashable, Sendable {
    case lengthExceedsInput(tag: Tag, declared: UInt32, remaining: Int, offset: Int)
    /// The input ends within an element header, a sequence or before a delimiter.
    case truncated(tag: Tag?, offset: Int)
    case nestingTooDeep(tag: Tag, limit: Int, offset: Int)
    case tooManyElements(limit: Int, offset: Int)
    case invalidVR(tag: Tag, rawValue: UInt16, offset: Int)
    /// Undefined length where none is allowed, or a delimiter outside any sequence.
    case unexpectedDelimiter(tag: Tag, offset: Int)
    case undefinedLengthNotAllowed(tag: Tag, offset: Int)
    /// A tag that does not come after its predecessor (PS3.5 §7.1): duplicate or out of order.
    case tagOutOfOrder(tag: Tag, offset: Int)
    case badFileMeta(reason: String, offset: Int)
    case notDICOM(offset: Int)
    case deflateFailed(offset: Int)
    case inflatedTooLarge(limit: Int)
    case unsupportedTransferSyntax(uid: String)
    /// The medium failed or became shorter while being read; `code` is the system's error number, 0 when unknown.
    case sourceUnreadable(code: Int32, offset: Int)
    /// Writing: a value or sequence longer than a length field can say.
    case valueTooLong(tag: Tag)
    /// Writing: fragments in a transfer syntax without encapsulation (PS3.5 §A.4).
    case encapsulationNotAllowed(tag: Tag)
}

/// Bounds on everything that a hostile input could inflate.
public struct ParsingLimits: Hashable, Sendable {
    /// Sequences within sequences; real objects stay below 10.
    public var maximumDepth = 64
    /// Elements in the whole tree, items included.
    public var maximumElements = 2_000_000
    /// Bytes a deflated data set may grow to.
    public var maximumInflatedBytes = 4 << 30

    public init() {}
    public static let `default` = ParsingLimits()
}
