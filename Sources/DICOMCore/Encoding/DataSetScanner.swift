/// Walks a whole encoded data set once and proves that it is well formed to its last byte.
///
/// Pixel data and other large values are located, not read, so memory and time do not depend on their size.
public struct DataSetScanner: Sendable {
    public let syntax: TransferSyntax
    public var limits: ParsingLimits
    public var tolerance: ParsingTolerance
    /// Values of more bytes than this are located instead of read.
    public var bulkThreshold: Int

    public init(
        syntax: TransferSyntax, limits: ParsingLimits = .default, tolerance: ParsingTolerance = .lenient,
        bulkThreshold: Int = 1 << 20
    ) {
        self.syntax = syntax
        self.limits = limits
        self.tolerance = tolerance
        self.bulkThreshold = bulkThreshold
    }

    /// - Parameter offset: of the data set's first byte in `source`; the data set reaches to the end of the source.
    /// - Throws: the first deviation that prevents reading, truncation included.
    public func scan(_ source: some ByteSource, from offset: Int = 0) throws(DataSetError) -> ScannedDataSet {
        guard offset >= 0, offset <= source.count else { throw .truncated(tag: nil, offset: offset) }
        guard syntax.isDeflated else { return try scan(plain: source, from: offset, inflated: nil, notes: []) }
        let deflated = try source.read(at: offset, count: source.count - offset)
        let inflated = try Deflate.inflate(deflated, limit: limits.maximumInflatedBytes)
        let trailing = inflated.trailing > 0
            ? [ParsingNote(kind: .trailingBytes, tag: Tag(0x0002, 0x0010), offset: source.count - inflated.trailing)] : []
        return try scan(plain: MemoryByteSource(inflated.bytes), from: 0, inflated: inflated.bytes, notes: trailing)
    }

    private func scan(
        plain source: some ByteSource, from offset: Int, inflated: ArraySlice<UInt8>?, notes: [ParsingNote]
    ) throws(DataSetError) -> ScannedDataSet {
        var parser = ElementParser(ByteCursor(source), limits: limits, tolerance: tolerance)
        parser.bulkThreshold = bulkThreshold
        parser.isEncapsulated = syntax.isEncapsulated
        var dataSet = DataSet()
        let encoding = parser.actualEncoding(ElementEncoding(syntax), at: offset)
        let end = try parser.parseTopLevel(into: &dataSet, at: offset, encoding: encoding)
        return ScannedDataSet(
            dataSet: dataSet, pixelData: parser.pixelData, bulk: parser.bulk, notes: notes + parser.notes.notes,
            endOffset: end, inflated: inflated)
    }
}

/// What a scan found.
public struct ScannedDataSet: Hashable, Sendable {
    /// Everything but top-level pixel data and the values in `bulk`.
    public let dataSet: DataSet
    /// `nil` when the data set has none.
    public let pixelData: PixelDataLocation?
    public let bulk: [BulkLocation]
    public let notes: [ParsingNote]
    /// After the last byte of the data set.
    public let endOffset: Int
    /// Of a deflated data set what it inflates to; all offsets count in these bytes then, not in the source.
    public let inflated: ArraySlice<UInt8>?
}
