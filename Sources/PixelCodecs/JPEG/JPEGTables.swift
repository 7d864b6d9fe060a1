/// One component of SOF (T.81 §B.2.2).
struct JPEGComponent {
    let identifier: UInt8
    let horizontal: Int
    let vertical: Int
    let quantisation: Int
}

/// SOFn (T.81 §B.2.2).
struct JPEGFrameHeader {
    let process: UInt8
    let precision: Int
    let rows: Int
    let columns: Int
    let components: [JPEGComponent]

    init(_ marker: UInt8, _ segment: SegmentCursor, _ bytes: Span<UInt8>) throws(CodecError) {
        var cursor = segment
        process = marker
        precision = Int(try cursor.byte(bytes))
        rows = Int(try cursor.word(bytes))
        columns = Int(try cursor.word(bytes))
        let count = Int(try cursor.byte(bytes))
        // A height of zero announces DNL, which no DICOM encoder writes.
        guard rows > 0 else { throw CodecError(.unsupportedFeature, at: segment.offset) }
        guard columns > 0, count >= 1, count <= 4, cursor.remaining == 3 &* count, precision >= 2, precision <= 16
        else { throw CodecError(.invalidSegment, at: segment.offset) }
        var list: [JPEGComponent] = []
        for _ in 0..<count {
            let identifier = try cursor.byte(bytes)
            let sampling = try cursor.byte(bytes)
            let quantisation = Int(try cursor.byte(bytes))
            let horizontal = Int(sampling >> 4)
            let vertical = Int(sampling & 15)
            guard horizontal >= 1, horizontal <= 4, vertical >= 1, vertical <= 4, quantisation <= 3
            else { throw CodecError(.invalidSegment, at: cursor.offset) }
            for other in list where other.identifier == identifier {
                throw CodecError(.invalidSegment, at: cursor.offset)
            }
            list.append(JPEGComponent(
                identifier: identifier, horizontal: horizontal, vertical: vertical, quantisation: quantisation))
        }
        components = list
    }
}

/// SOS (T.81 §B.2.3); for lossless processes `spectralStart` is the predictor, for JPEG-LS it is NEAR.
struct JPEGScanHeader {
    struct Component {
        let index: Int
        let dcTable: Int
        let acTable: Int
    }

    let components: [Component]
    let spectralStart: Int
    let spectralEnd: Int
    let approximationHigh: Int
    let approximationLow: Int
    /// First byte of entropy-coded data.
    let entropyOffset: Int

    init(_ segment: SegmentCursor, _ bytes: Span<UInt8>, _ frame: JPEGFrameHeader) throws(CodecError) {
        var cursor = segment
        let count = Int(try cursor.byte(bytes))
        guard count >= 1, count <= frame.components.count, cursor.remaining == 2 &* count &+ 3
        else { throw CodecError(.invalidSegment, at: segment.offset) }
        var list: [Component] = []
        for _ in 0..<count {
            let identifier = try cursor.byte(bytes)
            let tables = try cursor.byte(bytes)
            var found = -1
            for index in frame.components.indices where frame.components[index].identifier == identifier { found = index }
            var repeated = false
            for other in list where other.index == found { repeated = true }
            guard found >= 0, !repeated else { throw CodecError(.invalidScan, at: cursor.offset) }
            list.append(Component(index: found, dcTable: Int(tables >> 4), acTable: Int(tables & 15)))
        }
        components = list
        spectralStart = Int(try cursor.byte(bytes))
        spectralEnd = Int(try cursor.byte(bytes))
        let approximation = try cursor.byte(bytes)
        approximationHigh = Int(approximation >> 4)
        approximationLow = Int(approximation & 15)
        entropyOffset = segment.end
    }
}

/// Tables and headers gathered up to a scan; they stay valid for later scans (T.81 §B.2.4).
struct JPEGState: ComponentScans {
    var frame: JPEGFrameHeader?
    var restartInterval = 0
    var dc: [HuffmanTable?] = [nil, nil, nil, nil]
    var ac: [HuffmanTable?] = [nil, nil, nil, nil]
    var quantisation: [[UInt16]] = [[], [], [], []]
    private(set) var walker: MarkerWalker

    init(_ bytes: Span<UInt8>) throws(CodecError) { walker = try MarkerWalker(bytes) }

    /// Reads segments up to the next SOS; `nil` at EOI.
    mutating func nextScan(_ bytes: Span<UInt8>) throws(CodecError) -> JPEGScanHeader? {
        while true {
            let start = walker.offset
            let (marker, segment) = try walker.next(bytes)
            switch marker {
            case JPEGMarker.endOfImage: return nil
            case JPEGMarker.defineHuffman: try defineHuffman(segment, bytes)
            case JPEGMarker.defineQuantisation: try defineQuantisation(segment, bytes)
            case JPEGMarker.defineRestartInterval:
                var cursor = segment
                restartInterval = Int(try cursor.word(bytes))
            case JPEGMarker.defineArithmetic, JPEGMarker.defineNumberOfLines:
                throw CodecError(.unsupportedFeature, at: start)
            case JPEGMarker.startOfScan:
                guard let frame else { throw CodecError(.invalidScan, at: start) }
                return try JPEGScanHeader(segment, bytes, frame)
            default:
                guard JPEGMarker.isStartOfFrame(marker) else { continue }
                guard frame == nil else { throw CodecError(.unsupportedFeature, at: start) }
                frame = try JPEGFrameHeader(marker, segment, bytes)
            }
        }
    }

    /// Continues behind the entropy-coded data of a scan.
    mutating func resume(at offset: Int, _ bytes: Span<UInt8>) {
        walker.offset = offset
        walker.skipEntropyCodedData(bytes)
    }

    /// DHT (T.81 §B.2.4.2).
    private mutating func defineHuffman(_ segment: SegmentCursor, _ bytes: Span<UInt8>) throws(CodecError) {
        var cursor = segment
        while cursor.remaining > 0 {
            let start = cursor.offset
            let selector = try cursor.byte(bytes)
            guard selector & 0xEC == 0 else { throw CodecError(.invalidTable, at: start) }
            var counts = [Int](repeating: 0, count: 17)
            var total = 0
            for length in 1...16 {
                counts[length] = Int(try cursor.byte(bytes))
                total &+= counts[length]
            }
            guard total <= 256 else { throw CodecError(.invalidTable, at: start) }
            var values: [UInt8] = []
            for _ in 0..<total { values.append(try cursor.byte(bytes)) }
            let table = try HuffmanTable(counts: counts, values: values, offset: start)
            if selector >> 4 == 0 { dc[Int(selector & 3)] = table } else { ac[Int(selector & 3)] = table }
        }
    }

    /// DQT (T.81 §B.2.4.1); values are kept in natural, not zigzag, order.
    private mutating func defineQuantisation(_ segment: SegmentCursor, _ bytes: Span<UInt8>) throws(CodecError) {
        var cursor = segment
        while cursor.remaining > 0 {
            let selector = try cursor.byte(bytes)
            guard selector & 0xEC == 0 else { throw CodecError(.invalidTable, at: cursor.offset) }
            var table = [UInt16](repeating: 0, count: 64)
            for k in 0..<64 {
                table[zigzagToNatural(k)] = selector >> 4 == 0 ? UInt16(try cursor.byte(bytes)) : try cursor.word(bytes)
            }
            quantisation[Int(selector & 3)] = table
        }
    }
}
