/// Why the frames of pixel data cannot be told apart.
public enum FrameTableError: Error, Hashable, Sendable {
    /// Rows, Columns, Samples per Pixel or Bits Allocated are missing, zero or absurd.
    case badImageAttributes
    /// Native pixel data are shorter than their attributes say, in bytes.
    case valueTooShort(expected: Int, actual: Int)
    /// Neither offset tables nor fragments nor code-streams give the number of frames.
    case frameCountMismatch(expected: Int, fragments: Int)
    /// The bit stream has frames inside that only its own decoder can find.
    case notFramewise
    case sourceUnreadable(DataSetError)
}

/// Where each frame of top-level pixel data lies in its source (PS3.5 §A.4, PS3.3 C.7.6.3.1.8, C.7.6.16).
public struct FrameTable: Hashable, Sendable {
    /// How the frames of encapsulated pixel data were told apart.
    public enum Method: String, Hashable, Sendable {
        case native, singleFrame, extendedOffsetTable, basicOffsetTable, oneFragmentPerFrame, codeStreamStart
    }

    private enum Layout: Hashable, Sendable {
        case native(start: Int, frameBits: Int)
        /// The ranges of frame i are `ranges[starts[i]..<starts[i + 1]]`.
        case encapsulated(ranges: [Range<Int>], starts: [Int])
    }

    public let count: Int
    public let method: Method
    private let layout: Layout

    /// Byte ranges that, put together, are the frame; empty for an index beyond the last frame.
    ///
    /// Native frames whose bits do not fill bytes share their first and last byte with their neighbours.
    /// - Parameter index: 0-based.
    public func ranges(ofFrameAt index: Int) -> ArraySlice<Range<Int>> {
        guard index >= 0, index < count else { return [] }
        switch layout {
        case .native(let start, let frameBits):
            let first = index * frameBits
            return [(start + first / 8)..<(start + (first + frameBits + 7) / 8)]
        case .encapsulated(let ranges, let starts): return ranges[starts[index]..<starts[index + 1]]
        }
    }

    /// Bits of the first byte that belong to the frame before; 0 but for native frames of 1-bit samples.
    public func bitOffset(ofFrameAt index: Int) -> Int {
        guard case .native(_, let frameBits) = layout, index >= 0, index < count else { return 0 }
        return index * frameBits % 8
    }

    /// - Parameters:
    ///   - dataSet: with the Image Pixel attributes, Number of Frames and Extended Offset Table.
    ///   - source: what the ranges of `pixelData` refer to; read only for offset tables and code-stream starts.
    public init(
        _ pixelData: PixelDataLocation, dataSet: DataSet, syntax: TransferSyntax, source: some ByteSource
    ) throws(FrameTableError) {
        let frames = max(1, dataSet.int(.numberOfFrames) ?? 1)
        switch pixelData.content {
        case .native(let range):
            let bits = try Self.frameBits(dataSet)
            let (total, overflow) = bits.multipliedReportingOverflow(by: frames)
            guard !overflow, total < .max - 7, (total + 7) / 8 <= range.count else {
                throw .valueTooShort(expected: overflow ? .max : total / 8, actual: range.count)
            }
            self.init(count: frames, method: .native, layout: .native(start: range.lowerBound, frameBits: bits))
        case .encapsulated(let table, let fragments):
            guard !fragments.isEmpty else { throw .frameCountMismatch(expected: frames, fragments: 0) }
            if frames > 1 && syntax.pixelEncoding == .video { throw .notFramewise }
            do throws(DataSetError) {
                let found = try Self.locate(
                    frames, fragments, table: table, extended: ExtendedOffsetTable(dataSet), source: source)
                guard let found else { throw .notDICOM(offset: table.lowerBound) }
                self = found
            } catch .notDICOM {
                throw .frameCountMismatch(expected: frames, fragments: fragments.count)
            } catch {
                throw .sourceUnreadable(error)
            }
        }
    }

    private init(count: Int, method: Method, layout: Layout) {
        self.count = count
        self.method = method
        self.layout = layout
    }

    private init(_ ranges: [Range<Int>], starts: [Int], method: Method) {
        self.init(
            count: starts.count, method: method,
            layout: .encapsulated(ranges: ranges, starts: starts + [ranges.count]))
    }

    // MARK: Native

    private static func frameBits(_ dataSet: DataSet) throws(FrameTableError) -> Int {
        guard let rows = dataSet.int(.rows), let columns = dataSet.int(.columns),
            let bits = dataSet.int(.bitsAllocated), (1...0xFFFF).contains(rows), (1...0xFFFF).contains(columns),
            (1...64).contains(bits)
        else { throw .badImageAttributes }
        let samples = dataSet.int(.samplesPerPixel) ?? 1
        guard (1...4).contains(samples) else { throw .badImageAttributes }
        // Chrominance at half width: two samples for each pixel (PS3.3 C.7.6.3.1.2).
        let isSubsampled = samples == 3 && dataSet.string(.photometricInterpretation)?.hasSuffix("_422") == true
        return rows * columns * bits * (isSubsampled ? 2 : samples)
    }

    // MARK: Encapsulated

    private struct ExtendedOffsetTable {
        let offsets: [UInt64]
        let lengths: [UInt64]

        init?(_ dataSet: DataSet) {
            guard let offsets = dataSet.bytes(.extendedOffsetTable), !offsets.isEmpty,
                let lengths = dataSet.bytes(.extendedOffsetTableLengths), lengths.count == offsets.count
            else { return nil }
            self.offsets = DataSet.units(offsets, UInt64.self)
            self.lengths = DataSet.units(lengths, UInt64.self)
        }
    }

    private static func locate(
        _ frames: Int, _ fragments: [Range<Int>], table: Range<Int>, extended: ExtendedOffsetTable?,
        source: some ByteSource
    ) throws(DataSetError) -> FrameTable? {
        if frames == 1 { return FrameTable(fragments, starts: [0], method: .singleFrame) }
        if let extended, let found = byExtendedTable(frames, fragments, base: table.upperBound, extended) { return found }
        if let bytes = try source.bytes(in: table),
            let found = byBasicTable(frames, fragments, base: table.upperBound, DataSet.units(bytes, UInt32.self))
        {
            return found
        }
        if fragments.count == frames {
            return FrameTable(fragments, starts: Array(0..<frames), method: .oneFragmentPerFrame)
        }
        guard fragments.count > frames else { return nil }
        var starts: [Int] = []
        for (index, fragment) in fragments.enumerated() {
            guard let head = try source.bytes(in: fragment.prefix(12)) else { return nil }
            if isCodeStreamStart(head) { starts.append(index) }
        }
        guard starts.count == frames, starts.first == 0 else { return nil }
        return FrameTable(fragments, starts: starts, method: .codeStreamStart)
    }

    /// Offsets count from the item header of the first fragment; each frame is one fragment (PS3.3 C.7.6.3.1.8).
    private static func byExtendedTable(
        _ frames: Int, _ fragments: [Range<Int>], base: Int, _ table: ExtendedOffsetTable
    ) -> FrameTable? {
        guard table.offsets.count == frames, fragments.count == frames else { return nil }
        var ranges: [Range<Int>] = []
        for (index, fragment) in fragments.enumerated() {
            guard table.offsets[index] == UInt64(clamping: fragment.lowerBound - 8 - base),
                let length = Int(exactly: table.lengths[index]), length <= fragment.count
            else { return nil }
            ranges.append(fragment.lowerBound..<(fragment.lowerBound + length))
        }
        return FrameTable(ranges, starts: Array(0..<frames), method: .extendedOffsetTable)
    }

    /// `nil` unless the table has an ascending entry for each frame that points at a fragment (PS3.5 §A.4).
    private static func byBasicTable(
        _ frames: Int, _ fragments: [Range<Int>], base: Int, _ offsets: [UInt32]
    ) -> FrameTable? {
        guard offsets.count == frames, offsets.first == 0 else { return nil }
        var starts: [Int] = []
        var index = 0
        for offset in offsets {
            let position = base + Int(offset) + 8
            while index < fragments.count && fragments[index].lowerBound < position { index += 1 }
            guard index < fragments.count, fragments[index].lowerBound == position, starts.last != index else { return nil }
            starts.append(index)
        }
        return FrameTable(fragments, starts: starts, method: .basicOffsetTable)
    }

    /// JPEG and JPEG-LS (SOI and a marker), JPEG 2000 (SOC, SIZ, or the JP2 box), JPEG XL (code-stream or box).
    private static func isCodeStreamStart(_ bytes: ArraySlice<UInt8>) -> Bool {
        let starts: [[UInt8]] = [
            [0xFF, 0xD8, 0xFF], [0xFF, 0x4F, 0xFF, 0x51], [0xFF, 0x0A],
            [0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20], [0, 0, 0, 0x0C, 0x4A, 0x58, 0x4C, 0x20],
        ]
        return starts.contains { bytes.starts(with: $0) }
    }
}

extension Range<Int> {
    fileprivate func prefix(_ length: Int) -> Range<Int> { lowerBound..<Swift.min(upperBound, lowerBound + length) }
}
