/// JPEG lossless, Huffman coded (T.81 Annex H): process 14 with every predictor, 2 to 16 bits.
public enum JPEGLossless: FrameDecoding {
    public static func info(_ codestream: Span<UInt8>) throws(CodecError) -> CodestreamInfo {
        let (process, info) = try JPEGCodestream.probe(codestream)
        guard process == .lossless else { throw CodecError(.unsupportedFeature) }
        return info
    }

    /// Decodes into a native frame; no colour transform.
    ///
    /// Precision at or below Bits Stored extends the sign of signed samples to Bits Allocated; above it all bits are kept as coded.
    public static func decode(
        _ codestream: Span<UInt8>, _ description: FrameDescription, into frame: inout MutableSpan<UInt8>,
        limits: CodecLimits = .standard
    ) throws(CodecError) {
        var state = try JPEGState(codestream)
        try state.decodeAll(codestream, description, into: &frame, limits: limits) {
            (scan, state, header, codestream, frame) throws(CodecError) in
            guard header.process == JPEGMarker.lossless else { throw CodecError(.unsupportedFeature, at: scan.entropyOffset) }
            var decoder = try LosslessScanDecoder(scan, state, description, precision: header.precision)
            try decoder.decode(codestream, into: &frame)
            return decoder.position
        }
    }

    /// Every sample takes at least one bit.
    public static func leastBytes(
        _ codestream: Span<UInt8>, _ description: FrameDescription, byteCount: Int
    ) throws(CodecError) -> Int {
        try info(codestream).check(against: description)
        return byteCount / description.bytesPerSample / 8
    }
}

/// One scan of a lossless image.
struct LosslessScanDecoder {
    private var reader: EntropyBitReader
    private let scan: JPEGScanHeader
    private let columns: Int
    private let rows: Int
    private let interleave: Int
    private let rowsPerRestart: Int
    private let sampleRows: SampleRows
    private let initialPrediction: Int32
    private var tables = LosslessTables()

    var position: Int { reader.position }

    init(
        _ scan: JPEGScanHeader, _ state: JPEGState, _ description: FrameDescription, precision: Int
    ) throws(CodecError) {
        self.scan = scan
        columns = description.columns
        rows = description.rows
        interleave = scan.components.count
        reader = EntropyBitReader(at: scan.entropyOffset)
        guard scan.spectralStart >= 1, scan.spectralStart <= 7, scan.spectralEnd == 0, scan.approximationHigh == 0,
            scan.approximationLow < precision
        else { throw CodecError(.unsupportedFeature, at: scan.entropyOffset) }
        // Restarts stand between rows only (T.81 §H.1.1).
        guard state.restartInterval % columns == 0 else { throw CodecError(.unsupportedFeature, at: scan.entropyOffset) }
        rowsPerRestart = state.restartInterval == 0 ? Int.max : state.restartInterval / columns
        initialPrediction = 1 << Int32(precision &- scan.approximationLow &- 1)
        sampleRows = try SampleRows(description, precision: precision, pointTransform: scan.approximationLow)
        for component in scan.components {
            guard component.dcTable < 4, let table = state.dc[component.dcTable]
            else { throw CodecError(.invalidScan, at: scan.entropyOffset) }
            tables.append(table)
        }
    }

    mutating func decode(_ bytes: Span<UInt8>, into frame: inout MutableSpan<UInt8>) throws(CodecError) {
        switch scan.spectralStart {
        case 1: try decode(Predictor1.self, bytes, &frame)
        case 2: try decode(Predictor2.self, bytes, &frame)
        case 3: try decode(Predictor3.self, bytes, &frame)
        case 4: try decode(Predictor4.self, bytes, &frame)
        case 5: try decode(Predictor5.self, bytes, &frame)
        case 6: try decode(Predictor6.self, bytes, &frame)
        default: try decode(Predictor7.self, bytes, &frame)
        }
    }

    private mutating func decode<P: LosslessPredictor>(
        _ predictor: P.Type, _ bytes: Span<UInt8>, _ frame: inout MutableSpan<UInt8>
    ) throws(CodecError) {
        let samples = columns &* interleave
        var above = [UInt16](repeating: 0, count: samples)
        var line = [UInt16](repeating: 0, count: samples)
        var rowsLeft = rowsPerRestart
        var restarts = 0
        for row in 0..<rows {
            let isFirst = row == 0 || rowsLeft == 0
            if rowsLeft == 0 {
                try reader.restart(bytes, expecting: restarts)
                restarts &+= 1
                rowsLeft = rowsPerRestart
            }
            rowsLeft &-= 1
            swap(&above, &line)
            var target = line.mutableSpan
            if isFirst {
                try decodeFirstRow(bytes, &target)
            } else if interleave == 1 {
                reader = try Self.decodeRow(P.self, reader, bytes, tables, above.span, &target)
            } else {
                reader = try Self.decodeInterleavedRow(P.self, reader, bytes, tables, interleave, above.span, &target)
            }
            guard !reader.hasOverrun else { throw CodecError(.truncated, at: reader.position) }
            for (index, component) in scan.components.enumerated() {
                try sampleRows.store(
                    line.span, start: index, stride: interleave, row: row, component: component.index, into: &frame)
            }
        }
    }

    /// The first row, and the first after a restart, is predicted from the left whatever the predictor (T.81 §H.1.2.1).
    private mutating func decodeFirstRow(_ bytes: Span<UInt8>, _ line: inout MutableSpan<UInt16>) throws(CodecError) {
        for x in 0..<columns {
            for component in 0..<interleave {
                let at = x &* interleave &+ component
                let prediction = x == 0 ? initialPrediction : Int32(line[at &- interleave])
                let difference = try tables.difference(component, &reader, bytes)
                line[at] = UInt16(truncatingIfNeeded: prediction &+ difference)
            }
        }
    }

    private static func decodeInterleavedRow<P: LosslessPredictor>(
        _ predictor: P.Type, _ start: EntropyBitReader, _ bytes: Span<UInt8>, _ tables: LosslessTables, _ interleave: Int,
        _ above: Span<UInt16>, _ line: inout MutableSpan<UInt16>
    ) throws(CodecError) -> EntropyBitReader {
        var reader = start
        guard above.count == line.count, line.count >= interleave else { throw CodecError(.bufferSizeMismatch) }
        for component in 0..<interleave {
            let difference = try tables.difference(component, &reader, bytes)
            line[component] = UInt16(truncatingIfNeeded: Int32(above[component]) &+ difference)
        }
        var component = 0
        for at in interleave..<line.count {
            let left = at &- interleave
            let prediction = P.predict(Int32(line[left]), Int32(above[at]), Int32(above[left]))
            let difference = try tables.difference(component, &reader, bytes)
            line[at] = UInt16(truncatingIfNeeded: prediction &+ difference)
            component = component &+ 1 == interleave ? 0 : component &+ 1
        }
        return reader
    }

    /// One component. The reader travels by value so that it stays in registers.
    private static func decodeRow<P: LosslessPredictor>(
        _ predictor: P.Type, _ start: EntropyBitReader, _ bytes: Span<UInt8>, _ tables: LosslessTables,
        _ above: Span<UInt16>, _ line: inout MutableSpan<UInt16>
    ) throws(CodecError) -> EntropyBitReader {
        var reader = start
        guard above.count == line.count, line.count > 0 else { throw CodecError(.bufferSizeMismatch) }
        var upperLeft = Int32(above[0])
        var left = Int32(UInt16(truncatingIfNeeded: upperLeft &+ (try tables.difference(0, &reader, bytes))))
        line[0] = UInt16(truncatingIfNeeded: left)
        for x in 1..<max(1, line.count) {
            let up = Int32(above[x])
            let difference = try tables.difference(0, &reader, bytes)
            left = (P.predict(left, up, upperLeft) &+ difference) & 0xFFFF
            upperLeft = up
            line[x] = UInt16(truncatingIfNeeded: left)
        }
        return reader
    }
}

/// Predictors of T.81 Table H.1: `a` left, `b` above, `c` above left.
protocol LosslessPredictor {
    static func predict(_ a: Int32, _ b: Int32, _ c: Int32) -> Int32
}
enum Predictor1: LosslessPredictor {
    @inline(__always) static func predict(_ a: Int32, _ b: Int32, _ c: Int32) -> Int32 { a }
}
enum Predictor2: LosslessPredictor {
    @inline(__always) static func predict(_ a: Int32, _ b: Int32, _ c: Int32) -> Int32 { b }
}
enum Predictor3: LosslessPredictor {
    @inline(__always) static func predict(_ a: Int32, _ b: Int32, _ c: Int32) -> Int32 { c }
}
enum Predictor4: LosslessPredictor {
    @inline(__always) static func predict(_ a: Int32, _ b: Int32, _ c: Int32) -> Int32 { a &+ b &- c }
}
enum Predictor5: LosslessPredictor {
    @inline(__always) static func predict(_ a: Int32, _ b: Int32, _ c: Int32) -> Int32 { a &+ ((b &- c) >> 1) }
}
enum Predictor6: LosslessPredictor {
    @inline(__always) static func predict(_ a: Int32, _ b: Int32, _ c: Int32) -> Int32 { b &+ ((a &- c) >> 1) }
}
enum Predictor7: LosslessPredictor {
    @inline(__always) static func predict(_ a: Int32, _ b: Int32, _ c: Int32) -> Int32 { (a &+ b) >> 1 }
}

/// Huffman tables of difference categories with a lookup that resolves code and extra bits in one step, one after the other for the
/// components of a scan.
struct LosslessTables {
    private static let lookupBits = 12
    /// Difference in the upper half, bits used below; 0 where code and extra bits are longer than the lookup.
    private var lookup: [UInt32] = []
    private var tables: [HuffmanTable] = []

    mutating func append(_ table: HuffmanTable) {
        tables.append(table)
        let base = lookup.count
        lookup.append(contentsOf: repeatElement(0, count: 1 << Self.lookupBits))
        for window in 0..<(1 << Self.lookupBits) {
            guard let (category, length) = table.find(UInt32(window) << UInt32(16 &- Self.lookupBits)) else { continue }
            let total = length &+ Int(category)
            if category == 16, length <= Self.lookupBits {
                lookup[base &+ window] = 0x8000 << 16 | UInt32(length)
            } else if total <= Self.lookupBits {
                let bits = Int32(window >> (Self.lookupBits &- total)) & ((1 << Int32(category)) &- 1)
                let isNegative = category > 0 && bits >> Int32(category &- 1) == 0
                let difference = isNegative ? bits &- (1 << Int32(category)) &+ 1 : bits
                lookup[base &+ window] = UInt32(bitPattern: difference) << 16 | UInt32(total)
            }
        }
    }

    /// The next difference, modulo 65536 (T.81 §H.1.2.2).
    @inline(__always)
    func difference(
        _ component: Int, _ reader: inout EntropyBitReader, _ bytes: Span<UInt8>
    ) throws(CodecError) -> Int32 {
        reader.refill(bytes)
        let window = Int(truncatingIfNeeded: reader.window >> UInt64(64 &- Self.lookupBits))
        let entry = lookup[component &<< Self.lookupBits | window]
        if entry & 63 != 0 {
            reader.skip(Int(entry & 63))
            return Int32(bitPattern: entry) >> 16
        }
        var copy = reader
        let difference = try longDifference(component, &copy)
        reader = copy
        return difference
    }

    @inline(never)
    private func longDifference(_ component: Int, _ reader: inout EntropyBitReader) throws(CodecError) -> Int32 {
        let category = try reader.symbol(tables[component])
        guard category <= 16 else { throw CodecError(.invalidData, at: reader.position) }
        return category == 16 ? 32768 : reader.readExtended(category)
    }
}
