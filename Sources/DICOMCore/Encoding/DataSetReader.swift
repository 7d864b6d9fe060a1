/// Reads encoded data sets (PS3.5 §7, Annex A) that are in memory.
///
/// Values are slices of the input, or of what it inflates to; big endian values are copied into little endian.
public struct DataSetReader: Sendable {
    public let syntax: TransferSyntax
    public var limits: ParsingLimits
    public var tolerance: ParsingTolerance

    public init(
        syntax: TransferSyntax, limits: ParsingLimits = .default, tolerance: ParsingTolerance = .strict
    ) {
        self.syntax = syntax
        self.limits = limits
        self.tolerance = tolerance
    }

    /// A data set and what was odd about it.
    public struct Result: Hashable, Sendable {
        public let dataSet: DataSet
        public let notes: [ParsingNote]
        /// After the last byte read, in the input (or, if deflated, in what it inflates to).
        public let endOffset: Int
    }

    /// Reads a data set that fills `bytes`.
    ///
    /// - Parameter baseOffset: of `bytes` in the file or stream; added to the offsets of errors.
    /// - Throws: the first deviation that prevents reading.
    public func read(_ bytes: ArraySlice<UInt8>, baseOffset: Int = 0) throws(DataSetError) -> DataSet {
        try readNoting(bytes, baseOffset: baseOffset).dataSet
    }

    public func read(_ bytes: [UInt8]) throws(DataSetError) -> DataSet { try read(bytes[...]) }

    /// As `read`, and tells what deviates from the standard without preventing reading.
    public func readNoting(
        _ bytes: ArraySlice<UInt8>, baseOffset: Int = 0
    ) throws(DataSetError) -> Result {
        try read(bytes, stopBefore: nil, baseOffset: baseOffset)
    }

    /// Reads the elements before `tag`; what follows is not looked at.
    public func readHeader(
        _ bytes: ArraySlice<UInt8>, stopBefore tag: Tag = Tag(0x7FE0, 0x0000), baseOffset: Int = 0
    ) throws(DataSetError) -> Result {
        try read(bytes, stopBefore: tag, baseOffset: baseOffset)
    }

    private func read(
        _ bytes: ArraySlice<UInt8>, stopBefore: Tag?, baseOffset: Int
    ) throws(DataSetError) -> Result {
        do throws(DataSetError) {
            let plain = syntax.isDeflated
                ? try Deflate.inflate(bytes, limit: limits.maximumInflatedBytes) : (bytes: bytes, trailing: 0)
            var parser = ElementParser(ByteCursor(plain.bytes), limits: limits, tolerance: tolerance)
            if plain.trailing > 0 { parser.notes.add(.trailingBytes, Tag(0x0002, 0x0010), bytes.count - plain.trailing) }
            parser.stopBefore = stopBefore
            parser.isEncapsulated = syntax.isEncapsulated
            parser.allowsCommandGroup = true
            var dataSet = DataSet()
            let encoding = parser.actualEncoding(ElementEncoding(syntax), at: 0)
            let end = try parser.parseTopLevel(into: &dataSet, at: 0, encoding: encoding)
            return Result(dataSet: dataSet, notes: parser.notes.notes.map { $0.shifted(by: baseOffset) }, endOffset: end)
        } catch {
            throw error.shifted(by: baseOffset)
        }
    }
}

extension ElementParser {
    /// `declared`, or in lenient reading the other VR style when the first two elements fit only that: some writers
    /// compress Implicit VR objects and leave their data set as it was.
    mutating func actualEncoding(_ declared: ElementEncoding, at start: Int) -> ElementEncoding {
        guard tolerance == .lenient, !declared.isBigEndian else { return declared }
        let other = ElementEncoding(isExplicit: !declared.isExplicit, isBigEndian: false)
        guard !fits(declared, at: start), fits(other, at: start) else { return declared }
        notes.add(.vrEncodingMismatch, Tag(0x0002, 0x0010), start)
        return other
    }

    /// The first element has a VR exactly where one is expected, and ends before a higher tag or the end.
    private mutating func fits(_ encoding: ElementEncoding, at start: Int) -> Bool {
        guard cursor.count - start >= 12, (try? cursor.require(start, 12)) != nil else { return true }
        let vr = VR(rawValue: cursor.uint16(start + 4, bigEndian: true))
        guard vr.isStandard || !encoding.isExplicit else { return false }
        let isLong = encoding.isExplicit && vr.hasLongLength
        let length = encoding.isExplicit && !isLong
            ? UInt32(cursor.uint16(start + 6, bigEndian: false)) : cursor.uint32(start + (isLong ? 8 : 4), bigEndian: false)
        if length == .max { return true }
        let next = start + (isLong ? 12 : 8) + Int(length)
        if next == cursor.count { return true }
        guard next <= cursor.count - 8 else { return false }
        let tag = cursor.tag(start, bigEndian: false)
        guard let following = try? cursor.peek(next, 4) else { return false }
        let first = following.startIndex
        return tag < Tag(
            UInt16(following[first]) | UInt16(following[first + 1]) << 8,
            UInt16(following[first + 2]) | UInt16(following[first + 3]) << 8)
    }

    mutating func parseTopLevel(
        into dataSet: inout DataSet, at start: Int, encoding: ElementEncoding
    ) throws(DataSetError) -> Int {
        dataSet.reserveCapacity(min(96, max(0, (cursor.count - start) / 8)))
        return try parse(
            into: &dataSet, at: start,
            scope: Scope(encoding: encoding, end: cursor.count, isDelimited: false, depth: 0))
    }
}

extension ParsingNote {
    func shifted(by base: Int) -> ParsingNote {
        base == 0 ? self : ParsingNote(kind: kind, tag: tag, offset: offset + base)
    }
}

extension DataSetError {
    /// The same error with offsets counted from an earlier origin.
    func shifted(by base: Int) -> DataSetError {
        switch self {
        case .lengthExceedsInput(let tag, let declared, let remaining, let offset):
            .lengthExceedsInput(tag: tag, declared: declared, remaining: remaining, offset: offset + base)
        case .truncated(let tag, let offset): .truncated(tag: tag, offset: offset + base)
        case .nestingTooDeep(let tag, let limit, let offset):
            .nestingTooDeep(tag: tag, limit: limit, offset: offset + base)
        case .tooManyElements(let limit, let offset): .tooManyElements(limit: limit, offset: offset + base)
        case .invalidVR(let tag, let rawValue, let offset):
            .invalidVR(tag: tag, rawValue: rawValue, offset: offset + base)
        case .unexpectedDelimiter(let tag, let offset): .unexpectedDelimiter(tag: tag, offset: offset + base)
        case .undefinedLengthNotAllowed(let tag, let offset):
            .undefinedLengthNotAllowed(tag: tag, offset: offset + base)
        case .tagOutOfOrder(let tag, let offset): .tagOutOfOrder(tag: tag, offset: offset + base)
        case .badFileMeta(let reason, let offset): .badFileMeta(reason: reason, offset: offset + base)
        case .notDICOM(let offset): .notDICOM(offset: offset + base)
        case .deflateFailed(let offset): .deflateFailed(offset: offset + base)
        case .sourceUnreadable(let code, let offset): .sourceUnreadable(code: code, offset: offset + base)
        case .inflatedTooLarge, .unsupportedTransferSyntax, .valueTooLong, .encapsulationNotAllowed: self
        }
    }
}
