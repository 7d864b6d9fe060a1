/// One scan of a JPEG-LS image.
struct JPEGLSScanDecoder {
    private var reader: EntropyBitReader
    private var model: JPEGLSModel
    private let parameters: JPEGLSParameters
    private let quantiser: JPEGLSQuantiser
    private let scan: JPEGScanHeader
    private let columns: Int
    private let rows: Int
    private let interleave: JPEGLS.Interleave
    private let linesPerRestart: Int
    private let sampleRows: SampleRows

    var position: Int { reader.position }

    init(
        _ scan: JPEGScanHeader, _ state: JPEGLSState, _ description: FrameDescription, precision: Int
    ) throws(CodecError) {
        self.scan = scan
        columns = description.columns
        rows = description.rows
        interleave = scan.components.count == 1 ? .none : JPEGLS.Interleave(rawValue: UInt8(scan.spectralEnd & 3)) ?? .none
        linesPerRestart = state.restartInterval == 0 ? Int.max : state.restartInterval
        reader = EntropyBitReader(at: scan.entropyOffset, .bit)
        parameters = try JPEGLSParameters(
            precision: precision, near: scan.spectralStart, preset: state.preset, offset: scan.entropyOffset)
        quantiser = JPEGLSQuantiser(parameters)
        model = JPEGLSModel(parameters)
        sampleRows = try SampleRows(description, precision: precision)
    }

    mutating func decode(_ bytes: Span<UInt8>, into frame: inout MutableSpan<UInt8>) throws(CodecError) {
        let count = scan.components.count
        if interleave == .sample {
            try decodePlanes(bytes, &frame, planes: 1, samplesPerStep: count)
        } else {
            try decodePlanes(bytes, &frame, planes: count, samplesPerStep: 1)
        }
    }

    /// Lines carry a margin of one step at each side: left for Ra and Rc, right for Rd.
    private mutating func decodePlanes(
        _ bytes: Span<UInt8>, _ frame: inout MutableSpan<UInt8>, planes: Int, samplesPerStep: Int
    ) throws(CodecError) {
        let blank = [UInt16](repeating: 0, count: (columns &+ 2) &* samplesPerStep)
        var above = [[UInt16]](repeating: blank, count: planes)
        var lines = above
        var line: [UInt16] = []
        var runIndex = [Int](repeating: 0, count: planes)
        var linesLeft = linesPerRestart
        var restarts = 0
        for row in 0..<rows {
            if linesLeft == 0 {
                try reader.restart(bytes, expecting: restarts)
                restarts &+= 1
                linesLeft = linesPerRestart
                model = JPEGLSModel(parameters)
                for plane in 0..<planes {
                    lines[plane] = blank
                    above[plane] = blank
                    runIndex[plane] = 0
                }
            }
            linesLeft &-= 1
            for plane in 0..<planes {
                swap(&above[plane], &lines[plane])
                swap(&line, &lines[plane])
                try decodePlaneLine(bytes, &above[plane], &line, &runIndex[plane], samplesPerStep)
                for sample in 0..<samplesPerStep {
                    try sampleRows.store(
                        line.span, start: samplesPerStep &+ sample, stride: samplesPerStep, row: row,
                        component: scan.components[plane &+ sample].index, into: &frame)
                }
                swap(&line, &lines[plane])
            }
        }
    }

    private mutating func decodePlaneLine(
        _ bytes: Span<UInt8>, _ above: inout [UInt16], _ line: inout [UInt16], _ runIndex: inout Int, _ step: Int
    ) throws(CodecError) {
        Self.setMargins(&above, &line, columns, step)
        guard above.count == line.count, line.count >= (columns &+ 2) &* step else { throw CodecError(.bufferSizeMismatch) }
        var target = line.mutableSpan
        // A span of a stored property would hold all of `self`.
        var memory: [JPEGLSContext] = []
        swap(&memory, &model.contexts)
        var contexts = memory.mutableSpan
        if step == 1 {
            try Self.decodeLine(
                bytes, above.span, &target, columns, parameters, quantiser, &contexts, &model.runs, &runIndex, &reader)
        } else {
            try Self.decodeInterleavedLine(
                bytes, above.span, &target, columns, step, parameters, quantiser, &contexts, &model.runs.away, &runIndex,
                &reader)
        }
        swap(&memory, &model.contexts)
        guard !reader.hasOverrun else { throw CodecError(.truncated, at: reader.position) }
    }

    /// Ra before the first sample is Rb; Rd behind the last is Rb of the last (T.87 §A.2.1). What stands in the left margin of the
    /// line above is its Ra, which is Rc here.
    static func setMargins(_ above: inout [UInt16], _ line: inout [UInt16], _ columns: Int, _ step: Int) {
        for sample in 0..<step {
            above[(columns &+ 1) &* step &+ sample] = above[columns &* step &+ sample]
            line[sample] = above[step &+ sample]
        }
    }

    private static func decodeLine(
        _ bytes: Span<UInt8>, _ above: Span<UInt16>, _ line: inout MutableSpan<UInt16>, _ columns: Int,
        _ parameters: JPEGLSParameters, _ quantiser: JPEGLSQuantiser, _ contexts: inout MutableSpan<JPEGLSContext>,
        _ runs: inout JPEGLSRuns, _ runIndex: inout Int, _ state: inout EntropyBitReader
    ) throws(CodecError) {
        let regions = quantiser.regions.span
        let bound = quantiser.bound
        // A local copy stays in registers.
        var reader = state
        var a = Int32(line[0])
        var c = Int32(above[0])
        var b = Int32(above[1])
        var x = 1
        while x <= columns {
            let d = Int32(above[x &+ 1])
            let number = JPEGLSNeighbours(a: a, b: b, c: c, d: d).context(regions, bound)
            if number != 0 {
                a = try Self.regular(number, a, b, c, &contexts, parameters, &reader, bytes)
                line[x] = UInt16(truncatingIfNeeded: a)
                c = b
                b = d
                x &+= 1
                continue
            }
            let length = try Self.runLength(&reader, bytes, &runIndex, limit: columns &- x &+ 1)
            for i in x..<(x &+ length) { line[i] = UInt16(truncatingIfNeeded: a) }
            x &+= length
            guard x <= columns else { break }
            b = Int32(above[x])
            let type: Int32 = abs(a &- b) <= parameters.near ? 1 : 0
            if type == 1 {
                let error = try Self.interruption(&runs.near, type, runIndex, parameters, &reader, bytes)
                a = parameters.reconstruct(a, error)
            } else {
                let error = try Self.interruption(&runs.away, type, runIndex, parameters, &reader, bytes)
                a = parameters.reconstruct(b, a > b ? -error : error)
            }
            line[x] = UInt16(truncatingIfNeeded: a)
            runIndex = max(0, runIndex &- 1)
            c = b
            b = Int32(above[x &+ 1])
            x &+= 1
        }
        state = reader
    }

    /// Sample interleave: one run for all components, and run interruption always of type 0 (T.87 §B.4.3).
    private static func decodeInterleavedLine(
        _ bytes: Span<UInt8>, _ above: Span<UInt16>, _ line: inout MutableSpan<UInt16>, _ columns: Int, _ step: Int,
        _ parameters: JPEGLSParameters, _ quantiser: JPEGLSQuantiser, _ contexts: inout MutableSpan<JPEGLSContext>,
        _ run: inout JPEGLSRunContext, _ runIndex: inout Int, _ state: inout EntropyBitReader
    ) throws(CodecError) {
        let regions = quantiser.regions.span
        let bound = quantiser.bound
        var reader = state
        var numbers: InlineArray<4, Int32> = [0, 0, 0, 0]
        var x = 1
        while x <= columns {
            let at = x &* step
            var isFlat = true
            for sample in 0..<step {
                let number = JPEGLSNeighbours(
                    a: Int32(line[at &+ sample &- step]), b: Int32(above[at &+ sample]),
                    c: Int32(above[at &+ sample &- step]), d: Int32(above[at &+ sample &+ step])
                ).context(regions, bound)
                numbers[sample] = number
                if number != 0 { isFlat = false }
            }
            if !isFlat {
                for sample in 0..<step {
                    let value = try Self.regular(
                        numbers[sample], Int32(line[at &+ sample &- step]), Int32(above[at &+ sample]),
                        Int32(above[at &+ sample &- step]), &contexts, parameters, &reader, bytes)
                    line[at &+ sample] = UInt16(truncatingIfNeeded: value)
                }
                x &+= 1
                continue
            }
            let length = try Self.runLength(&reader, bytes, &runIndex, limit: columns &- x &+ 1)
            for i in at..<(at &+ length &* step) { line[i] = line[i &- step] }
            x &+= length
            guard x <= columns else { break }
            for i in (x &* step)..<(x &* step &+ step) {
                let a = Int32(line[i &- step])
                let b = Int32(above[i])
                let error = try Self.interruption(&run, 0, runIndex, parameters, &reader, bytes)
                line[i] = UInt16(truncatingIfNeeded: parameters.reconstruct(b, a > b ? -error : error))
            }
            runIndex = max(0, runIndex &- 1)
            x &+= 1
        }
        state = reader
    }

    /// A sample in regular mode (T.87 §A.4 to §A.6).
    @inline(__always)
    private static func regular(
        _ number: Int32, _ a: Int32, _ b: Int32, _ c: Int32, _ contexts: inout MutableSpan<JPEGLSContext>,
        _ parameters: borrowing JPEGLSParameters, _ reader: inout EntropyBitReader, _ bytes: Span<UInt8>
    ) throws(CodecError) -> Int32 {
        let sign = number >> 31
        let index = Int((number ^ sign) &- sign)
        var context = contexts[index]
        let prediction = parameters.clamp(JPEGLSParameters.predict(a, b, c) &+ ((context.c ^ sign) &- sign))
        let k = context.golombParameter
        let mapped = try golomb(&reader, bytes, k, parameters.limit, parameters.quantisedBits)
        var error = mapped >> 1 ^ -(mapped & 1)
        if k == 0, parameters.near == 0, 2 &* context.b <= -context.n { error = -(error &+ 1) }
        // Beyond this the stream is not one an encoder makes, and the sums could overflow.
        guard abs(error) <= 65535 else { throw CodecError(.invalidData, at: reader.position) }
        context.update(error, parameters)
        contexts[index] = context
        return parameters.reconstruct(prediction, (error ^ sign) &- sign)
    }

    /// Limited-length Golomb code (T.87 §A.5.3).
    @inline(__always)
    static func golomb(
        _ reader: inout EntropyBitReader, _ bytes: Span<UInt8>, _ k: Int, _ limit: Int, _ quantisedBits: Int
    ) throws(CodecError) -> Int32 {
        reader.refill(bytes)
        let zeros = reader.window.leadingZeroBitCount
        guard zeros &+ k < 32, zeros < limit &- quantisedBits &- 1 else {
            var copy = reader
            let value = try longGolomb(&copy, bytes, k, limit, quantisedBits)
            reader = copy
            return value
        }
        reader.skip(zeros &+ 1)
        return Int32(truncatingIfNeeded: UInt32(truncatingIfNeeded: zeros) &<< UInt32(truncatingIfNeeded: k) | reader.read(k))
    }

    @inline(never)
    private static func longGolomb(
        _ reader: inout EntropyBitReader, _ bytes: Span<UInt8>, _ k: Int, _ limit: Int, _ quantisedBits: Int
    ) throws(CodecError) -> Int32 {
        let escape = max(0, limit &- quantisedBits &- 1)
        var zeros = 0
        reader.refill(bytes)
        while reader.window >> 63 == 0 {
            zeros &+= 1
            guard zeros <= escape else { throw CodecError(.invalidData, at: reader.position) }
            reader.skip(1)
            reader.refill(bytes)
        }
        reader.skip(1)
        reader.refill(bytes)
        guard k <= 24 else { throw CodecError(.invalidData, at: reader.position) }
        if zeros == escape { return Int32(truncatingIfNeeded: reader.read(quantisedBits)) &+ 1 }
        return Int32(truncatingIfNeeded: UInt32(zeros) &<< UInt32(k) | reader.read(k))
    }

    /// Length of a run, and the run index moved as far as it grew (T.87 code segment A.14 to A.16).
    private static func runLength(
        _ reader: inout EntropyBitReader, _ bytes: Span<UInt8>, _ runIndex: inout Int, limit: Int
    ) throws(CodecError) -> Int {
        var length = 0
        while true {
            reader.refill(bytes)
            if reader.read(1) == 0 { break }
            let order = jpegLSRunOrder(runIndex)
            let step = min(1 << order, limit &- length)
            length &+= step
            if step == 1 << order, runIndex < 31 { runIndex &+= 1 }
            if length == limit { return length }
        }
        let rest = Int(reader.read(jpegLSRunOrder(runIndex)))
        guard rest < limit &- length else { throw CodecError(.invalidData, at: reader.position) }
        return length &+ rest
    }

    /// Error of the sample that ends a run (T.87 §A.7.2).
    private static func interruption(
        _ context: inout JPEGLSRunContext, _ type: Int32, _ runIndex: Int, _ parameters: JPEGLSParameters,
        _ reader: inout EntropyBitReader, _ bytes: Span<UInt8>
    ) throws(CodecError) -> Int32 {
        let k = context.golombParameter(type)
        let mapped = try golomb(
            &reader, bytes, k, parameters.limit &- jpegLSRunOrder(runIndex) &- 1, parameters.quantisedBits)
        let sum = mapped &+ type
        let magnitude = (sum &+ 1) >> 1
        guard magnitude <= 65536 else { throw CodecError(.invalidData, at: reader.position) }
        // The low bit tells whether `map` was added; which sign that means depends on the context.
        let isNegative = context.mapsUp(-1, k) == (sum & 1 != 0)
        let error = isNegative ? -magnitude : magnitude
        context.update(error, mapped: mapped, type: type, reset: parameters.reset)
        return error
    }
}
