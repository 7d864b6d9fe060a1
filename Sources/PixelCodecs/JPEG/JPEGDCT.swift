/// JPEG with the discrete cosine transform, Huffman coded: baseline, extended sequential and progressive (T.81 Annexes F and G), 8
/// and 12 bits.
///
/// Arithmetic and chroma upsampling follow the Independent JPEG Group's accurate integer method, so samples equal those of
/// the decoders in common use. Components come out as coded: no colour transform.
public enum JPEGDCT: FrameDecoding {
    public static func info(_ codestream: Span<UInt8>) throws(CodecError) -> CodestreamInfo {
        let (process, info) = try JPEGCodestream.probe(codestream)
        switch process {
        case .baseline, .extendedSequential, .progressive: return info
        case .lossless, .lossless14495, .other: throw CodecError(.unsupportedFeature)
        }
    }

    public static func decode(
        _ codestream: Span<UInt8>, _ description: FrameDescription, into frame: inout MutableSpan<UInt8>,
        limits: CodecLimits = .standard
    ) throws(CodecError) {
        guard frame.count == (try description.validatedByteCount(limits: limits))
        else { throw CodecError(.bufferSizeMismatch) }
        try info(codestream).check(against: description)
        var state = try JPEGState(codestream)
        guard var scan = try state.nextScan(codestream), let header = state.frame
        else { throw CodecError(.truncated, at: codestream.count) }
        var image = try DCTImage(header, codestreamBytes: codestream.count)
        var scans = 0
        while true {
            scans &+= 1
            guard scans <= limits.maximumScans else { throw CodecError(.limitExceeded, at: scan.entropyOffset) }
            let end = try image.decodeScan(scan, state, codestream)
            state.resume(at: end, codestream)
            if image.isComplete { break }
            guard let next = try state.nextScan(codestream) else { break }
            scan = next
        }
        guard image.hasEveryComponent else { throw CodecError(.truncated, at: codestream.count) }
        try image.render(state, description, into: &frame)
    }

    /// A block of 64 samples takes at least one bit and serves at most 16 times as many pixels.
    public static func leastBytes(
        _ codestream: Span<UInt8>, _ description: FrameDescription, byteCount: Int
    ) throws(CodecError) -> Int {
        try info(codestream).check(against: description)
        return byteCount / description.bytesPerSample / 8192
    }
}

/// Geometry of one component (T.81 §A.1.1, §A.2).
struct DCTComponent {
    let horizontal: Int
    let vertical: Int
    let quantisation: Int
    /// Samples that belong to the image.
    let width: Int
    let height: Int
    /// Blocks that cover those samples, as coded in a scan of this component alone.
    let blockColumns: Int
    let blockRows: Int
    /// Blocks kept, whole MCUs.
    let storedColumns: Int
    let storedRows: Int
    /// First coefficient in the image's store.
    let base: Int
}

/// Coefficients of all components, gathered over the scans.
struct DCTImage {
    let header: JPEGFrameHeader
    let components: [DCTComponent]
    let horizontalMaximum: Int
    let verticalMaximum: Int
    private(set) var coefficients: [Int16]
    private var seen: [Bool]

    var isProgressive: Bool { header.process == JPEGMarker.progressive }
    var hasEveryComponent: Bool { !seen.contains(false) }
    /// A sequential image ends when each component had its scan; a progressive one at EOI.
    var isComplete: Bool { !isProgressive && hasEveryComponent }

    init(_ header: JPEGFrameHeader, codestreamBytes: Int) throws(CodecError) {
        guard header.precision == 8 || header.precision == 12 else { throw CodecError(.unsupportedFeature) }
        var horizontal = 1
        var vertical = 1
        for component in header.components {
            horizontal = max(horizontal, component.horizontal)
            vertical = max(vertical, component.vertical)
        }
        func blocks(_ samples: Int, _ factor: Int, _ maximum: Int) -> (samples: Int, coded: Int, stored: Int) {
            let own = (samples &* factor &+ maximum &- 1) / maximum
            let units = (samples &+ 8 &* maximum &- 1) / (8 &* maximum)
            return (own, (own &+ 7) >> 3, units &* factor)
        }
        var list: [DCTComponent] = []
        var base = 0
        for component in header.components {
            let across = blocks(header.columns, component.horizontal, horizontal)
            let down = blocks(header.rows, component.vertical, vertical)
            list.append(DCTComponent(
                horizontal: component.horizontal, vertical: component.vertical, quantisation: component.quantisation,
                width: across.samples, height: down.samples, blockColumns: across.coded, blockRows: down.coded,
                storedColumns: across.stored, storedRows: down.stored, base: base))
            // Each block takes at least one bit, so a short codestream cannot ask for much memory.
            guard across.coded &* down.coded / 8 <= codestreamBytes else { throw CodecError(.truncated, at: codestreamBytes) }
            base &+= across.stored &* down.stored &* 64
        }
        self.header = header
        components = list
        horizontalMaximum = horizontal
        verticalMaximum = vertical
        coefficients = [Int16](repeating: 0, count: base)
        seen = [Bool](repeating: false, count: list.count)
    }

    /// Decodes the entropy-coded data of one scan.
    /// - Returns: where the data ends.
    mutating func decodeScan(
        _ scan: JPEGScanHeader, _ state: JPEGState, _ bytes: Span<UInt8>
    ) throws(CodecError) -> Int {
        for component in scan.components {
            guard isProgressive ? (scan.spectralStart == 0 || seen[component.index]) : !seen[component.index]
            else { throw CodecError(.invalidScan, at: scan.entropyOffset) }
            seen[component.index] = true
        }
        var units = 0
        for component in scan.components {
            units &+= components[component.index].horizontal &* components[component.index].vertical
        }
        guard scan.components.count == 1 || units <= 10 else { throw CodecError(.invalidScan, at: scan.entropyOffset) }
        var decoder = try DCTScanDecoder(scan, state, isProgressive: isProgressive)
        var store: [Int16] = []
        swap(&store, &coefficients)
        var target = store.mutableSpan
        if scan.components.count == 1 {
            try decoder.decodeSingle(components[scan.components[0].index], bytes, &target, interval: state.restartInterval)
        } else {
            let across = (header.columns &+ 8 &* horizontalMaximum &- 1) / (8 &* horizontalMaximum)
            let down = (header.rows &+ 8 &* verticalMaximum &- 1) / (8 &* verticalMaximum)
            try decoder.decodeInterleaved(
                scan.components.map { components[$0.index] }, across: across, down: down, bytes, &target,
                interval: state.restartInterval)
        }
        swap(&store, &coefficients)
        return decoder.position
    }

    /// Inverse transform, upsampling, and storage of every row.
    func render(
        _ state: JPEGState, _ description: FrameDescription, into frame: inout MutableSpan<UInt8>
    ) throws(CodecError) {
        let sampleRows = try SampleRows(description, precision: header.precision)
        var line = [UInt16](repeating: 0, count: header.columns &+ 2 &* horizontalMaximum)
        for (index, component) in components.enumerated() {
            let table = state.quantisation[component.quantisation]
            guard table.count == 64 else { throw CodecError(.invalidTable) }
            let plane = SamplePlane(component, coefficients, table, precision: header.precision)
            let upsampler = try ChromaUpsampler(
                component, horizontalMaximum: horizontalMaximum, verticalMaximum: verticalMaximum)
            for row in 0..<header.rows {
                var target = line.mutableSpan
                upsampler.fill(row: row, from: plane, into: &target)
                try sampleRows.store(line.span, start: 0, stride: 1, row: row, component: index, into: &frame)
            }
        }
    }
}
