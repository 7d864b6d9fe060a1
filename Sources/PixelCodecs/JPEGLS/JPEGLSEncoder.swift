extension JPEGLS {
    /// Encodes a native frame.
    ///
    /// - Parameters:
    ///   - near: largest absolute error of a sample; 0 is lossless. Signed frames with samples that close to the ends of their
    ///     range are coded losslessly, because an error there would change the sign.
    ///   - interleave: ignored for one component.
    ///   - linesPerRestart: lines between restart markers; 0 for none.
    public static func encode(
        _ frame: Span<UInt8>, _ description: FrameDescription, near: Int = 0, interleave: Interleave = .line,
        linesPerRestart: Int = 0, limits: CodecLimits = .standard
    ) throws(CodecError) -> [UInt8] {
        guard frame.count == (try description.validatedByteCount(limits: limits))
        else { throw CodecError(.bufferSizeMismatch) }
        guard linesPerRestart >= 0, linesPerRestart <= 65535 else { throw CodecError(.unsupportedDescription) }
        guard near >= 0, near <= 255 else { throw CodecError(.unsupportedDescription) }
        let isLossy = near > 0 && !(description.isSigned && hasExtremes(frame, description, near: near))
        // At Bits Allocated an error cannot carry a sample across the bit at which a decoder extends the sign.
        let precision = isLossy && description.isSigned
            ? description.bitsAllocated : max(2, NativePixels.losslessPrecision(of: frame, description))
        var encoder = try JPEGLSEncoder(
            description, precision: precision, near: isLossy ? near : 0, interleave: interleave, linesPerRestart: linesPerRestart)
        return try encoder.encode(frame)
    }

    /// Whether a signed sample lies within `near` of the least or greatest value of Bits Allocated.
    private static func hasExtremes(_ frame: Span<UInt8>, _ description: FrameDescription, near: Int) -> Bool {
        let step = description.bytesPerSample
        let limit = (1 << (description.bitsAllocated &- 1)) &- 1 &- near
        var at = step &- 1
        while at < frame.count {
            let high = Int(Int8(bitPattern: frame[at]))
            let value = step == 1 ? high : high << 8 | Int(frame[at &- 1])
            if value > limit || value < ~limit { return true }
            at &+= step
        }
        return false
    }
}

struct JPEGLSEncoder {
    private let description: FrameDescription
    private let parameters: JPEGLSParameters
    private let quantiser: JPEGLSQuantiser
    private let sampleRows: SampleRows
    private let interleave: JPEGLS.Interleave
    private let linesPerRestart: Int
    private let mask: UInt16
    private let columns: Int
    private var model: JPEGLSModel
    private var output = CodestreamBuffer(.bit)

    init(
        _ description: FrameDescription, precision: Int, near: Int, interleave: JPEGLS.Interleave, linesPerRestart: Int
    ) throws(CodecError) {
        self.description = description
        self.interleave = description.samplesPerPixel == 1 ? .none : interleave
        self.linesPerRestart = linesPerRestart
        columns = description.columns
        parameters = try JPEGLSParameters(precision: precision, near: near, preset: JPEGLSPreset(), offset: 0)
        quantiser = JPEGLSQuantiser(parameters)
        model = JPEGLSModel(parameters)
        mask = UInt16(truncatingIfNeeded: (1 << precision) &- 1)
        sampleRows = try SampleRows(description, precision: precision)
        output.append(Self.frameHeader(description, precision: precision, linesPerRestart: linesPerRestart))
    }

    mutating func encode(_ frame: Span<UInt8>) throws(CodecError) -> [UInt8] {
        let count = description.samplesPerPixel
        switch interleave {
        case .none: for component in 0..<count { try encodeScan(frame, component..<(component &+ 1), step: 1) }
        case .line: try encodeScan(frame, 0..<count, step: 1)
        case .sample: try encodeScan(frame, 0..<count, step: count)
        }
        output.append([0xFF, JPEGMarker.endOfImage])
        return output.finish()
    }

    private mutating func encodeScan(_ frame: Span<UInt8>, _ components: Range<Int>, step: Int) throws(CodecError) {
        output.append(scanHeader(components))
        let planes = components.count / step
        let blank = [UInt16](repeating: 0, count: (columns &+ 2) &* step)
        var above = [[UInt16]](repeating: blank, count: planes)
        var lines = above
        var line: [UInt16] = []
        var runIndex = [Int](repeating: 0, count: planes)
        model = JPEGLSModel(parameters)
        for row in 0..<description.rows {
            if linesPerRestart > 0, row > 0, row % linesPerRestart == 0 {
                output.align(fillingWithOnes: false)
                output.append([0xFF, 0xD0 &+ UInt8((row / linesPerRestart &- 1) & 7)])
                model = JPEGLSModel(parameters)
                for plane in 0..<planes {
                    lines[plane] = blank
                    above[plane] = blank
                    runIndex[plane] = 0
                }
            }
            for plane in 0..<planes {
                swap(&above[plane], &lines[plane])
                swap(&line, &lines[plane])
                JPEGLSScanDecoder.setMargins(&above[plane], &line, columns, step)
                for sample in 0..<step {
                    var target = line.mutableSpan
                    try sampleRows.load(
                        frame, row: row, component: components.lowerBound &+ plane &+ sample, mask: mask, into: &target,
                        start: step &+ sample, stride: step)
                }
                encodeLine(above[plane], &line, &runIndex[plane], step)
                swap(&line, &lines[plane])
            }
        }
        output.align(fillingWithOnes: false)
    }

    private mutating func encodeLine(_ above: [UInt16], _ line: inout [UInt16], _ runIndex: inout Int, _ step: Int) {
        // The longest code of a sample is LIMIT bits, at most 64.
        output.writer.reserve(line.count &* 8, in: &output.bytes)
        // Spans of stored properties would hold all of `self`.
        var memory: [JPEGLSContext] = []
        var coded: [UInt8] = []
        swap(&memory, &model.contexts)
        swap(&coded, &output.bytes)
        var contexts = memory.mutableSpan
        var target = line.mutableSpan
        var bytes = coded.mutableSpan
        if step == 1 {
            Self.encodeLine(
                above.span, &target, columns, parameters, quantiser, &contexts, &model.runs, &runIndex, &output.writer, &bytes)
        } else {
            Self.encodeInterleavedLine(
                above.span, &target, columns, step, parameters, quantiser, &contexts, &model.runs.away, &runIndex,
                &output.writer, &bytes)
        }
        swap(&memory, &model.contexts)
        swap(&coded, &output.bytes)
    }

    /// `line` holds the samples on entry and the reconstructed samples on return.
    private static func encodeLine(
        _ above: Span<UInt16>, _ line: inout MutableSpan<UInt16>, _ columns: Int, _ parameters: JPEGLSParameters,
        _ quantiser: JPEGLSQuantiser, _ contexts: inout MutableSpan<JPEGLSContext>, _ runs: inout JPEGLSRuns,
        _ runIndex: inout Int, _ state: inout EntropyBitWriter, _ bytes: inout MutableSpan<UInt8>
    ) {
        var writer = state
        defer { state = writer }
        let regions = quantiser.regions.span
        var x = 1
        while x <= columns {
            let a = Int32(line[x &- 1])
            let b = Int32(above[x])
            let c = Int32(above[x &- 1])
            let number = JPEGLSNeighbours(a: a, b: b, c: c, d: Int32(above[x &+ 1])).context(regions, quantiser.bound)
            if number != 0 {
                let value = regular(number, Int32(line[x]), a, b, c, &contexts, parameters, &writer, &bytes)
                line[x] = UInt16(truncatingIfNeeded: value)
                x &+= 1
                continue
            }
            var length = 0
            while x &+ length <= columns, abs(Int32(line[x &+ length]) &- a) <= parameters.near {
                line[x &+ length] = UInt16(truncatingIfNeeded: a)
                length &+= 1
            }
            x &+= length
            writeRun(length, endsLine: x > columns, &runIndex, &writer, &bytes)
            guard x <= columns else { break }
            let up = Int32(above[x])
            let type: Int32 = abs(a &- up) <= parameters.near ? 1 : 0
            let value = type == 1
                ? interruption(&runs.near, type, runIndex, Int32(line[x]), a, 1, parameters, &writer, &bytes)
                : interruption(&runs.away, type, runIndex, Int32(line[x]), up, a > up ? -1 : 1, parameters, &writer, &bytes)
            line[x] = UInt16(truncatingIfNeeded: value)
            runIndex = max(0, runIndex &- 1)
            x &+= 1
        }
    }

    private static func encodeInterleavedLine(
        _ above: Span<UInt16>, _ line: inout MutableSpan<UInt16>, _ columns: Int, _ step: Int,
        _ parameters: JPEGLSParameters, _ quantiser: JPEGLSQuantiser, _ contexts: inout MutableSpan<JPEGLSContext>,
        _ run: inout JPEGLSRunContext, _ runIndex: inout Int, _ state: inout EntropyBitWriter, _ bytes: inout MutableSpan<UInt8>
    ) {
        var writer = state
        defer { state = writer }
        let regions = quantiser.regions.span
        var numbers: InlineArray<4, Int32> = [0, 0, 0, 0]
        var x = 1
        while x <= columns {
            let at = x &* step
            var isFlat = true
            for sample in 0..<step {
                let number = JPEGLSNeighbours(
                    a: Int32(line[at &+ sample &- step]), b: Int32(above[at &+ sample]),
                    c: Int32(above[at &+ sample &- step]), d: Int32(above[at &+ sample &+ step])
                ).context(regions, quantiser.bound)
                numbers[sample] = number
                if number != 0 { isFlat = false }
            }
            if !isFlat {
                for sample in 0..<step {
                    let i = at &+ sample
                    let value = regular(
                        numbers[sample], Int32(line[i]), Int32(line[i &- step]), Int32(above[i]), Int32(above[i &- step]),
                        &contexts, parameters, &writer, &bytes)
                    line[i] = UInt16(truncatingIfNeeded: value)
                }
                x &+= 1
                continue
            }
            let first = x
            while x <= columns, continuesRun(line.span, x, step, parameters.near) {
                for i in (x &* step)..<(x &* step &+ step) { line[i] = line[i &- step] }
                x &+= 1
            }
            writeRun(x &- first, endsLine: x > columns, &runIndex, &writer, &bytes)
            guard x <= columns else { break }
            for i in (x &* step)..<(x &* step &+ step) {
                let up = Int32(above[i])
                let sign: Int32 = Int32(line[i &- step]) > up ? -1 : 1
                let value = interruption(&run, 0, runIndex, Int32(line[i]), up, sign, parameters, &writer, &bytes)
                line[i] = UInt16(truncatingIfNeeded: value)
            }
            runIndex = max(0, runIndex &- 1)
            x &+= 1
        }
    }

    private static func continuesRun(_ line: Span<UInt16>, _ x: Int, _ step: Int, _ near: Int32) -> Bool {
        for i in (x &* step)..<(x &* step &+ step) where abs(Int32(line[i]) &- Int32(line[i &- step])) > near {
            return false
        }
        return true
    }

    @inline(__always)
    private static func regular(
        _ number: Int32, _ sample: Int32, _ a: Int32, _ b: Int32, _ c: Int32, _ contexts: inout MutableSpan<JPEGLSContext>,
        _ parameters: borrowing JPEGLSParameters, _ writer: inout EntropyBitWriter, _ bytes: inout MutableSpan<UInt8>
    ) -> Int32 {
        let sign = number >> 31
        let index = Int((number ^ sign) &- sign)
        var context = contexts[index]
        let prediction = parameters.clamp(JPEGLSParameters.predict(a, b, c) &+ ((context.c ^ sign) &- sign))
        let difference = sample &- prediction
        let error = parameters.reduced((difference ^ sign) &- sign)
        let k = context.golombParameter
        var folded = error
        if k == 0, parameters.near == 0, 2 &* context.b <= -context.n { folded = -(error &+ 1) }
        golomb(folded &<< 1 ^ folded >> 31, k, parameters.limit, parameters.quantisedBits, &writer, &bytes)
        context.update(error, parameters)
        contexts[index] = context
        return parameters.near == 0 ? sample : parameters.reconstruct(prediction, (error ^ sign) &- sign)
    }

    @inline(__always)
    private static func golomb(
        _ mapped: Int32, _ k: Int, _ limit: Int, _ quantisedBits: Int, _ writer: inout EntropyBitWriter,
        _ bytes: inout MutableSpan<UInt8>
    ) {
        let value = UInt32(bitPattern: mapped)
        let zeros = Int(value &>> UInt32(truncatingIfNeeded: k))
        if zeros &+ 1 &+ k <= 32, zeros < limit &- quantisedBits &- 1 {
            let one: UInt32 = 1 &<< UInt32(truncatingIfNeeded: k)
            writer.write(one | value & (one &- 1), zeros &+ 1 &+ k, into: &bytes)
            return
        }
        let escape = limit &- quantisedBits &- 1
        var left = min(zeros, escape)
        while left > 0 {
            writer.write(0, min(left, 32), into: &bytes)
            left &-= 32
        }
        writer.write(1, 1, into: &bytes)
        if zeros < escape {
            writer.write(value & ((1 &<< UInt32(truncatingIfNeeded: k)) &- 1), k, into: &bytes)
        } else {
            writer.write((value &- 1) & ((1 &<< UInt32(truncatingIfNeeded: quantisedBits)) &- 1), quantisedBits, into: &bytes)
        }
    }

    /// T.87 code segments A.15 and A.16.
    private static func writeRun(
        _ length: Int, endsLine: Bool, _ runIndex: inout Int, _ writer: inout EntropyBitWriter,
        _ bytes: inout MutableSpan<UInt8>
    ) {
        var left = length
        while left >= 1 << jpegLSRunOrder(runIndex) {
            writer.write(1, 1, into: &bytes)
            left &-= 1 << jpegLSRunOrder(runIndex)
            if runIndex < 31 { runIndex &+= 1 }
        }
        if endsLine {
            if left > 0 { writer.write(1, 1, into: &bytes) }
        } else {
            writer.write(UInt32(truncatingIfNeeded: left), jpegLSRunOrder(runIndex) &+ 1, into: &bytes)
        }
    }

    /// T.87 §A.7.2.
    private static func interruption(
        _ context: inout JPEGLSRunContext, _ type: Int32, _ runIndex: Int, _ sample: Int32, _ prediction: Int32,
        _ sign: Int32, _ parameters: JPEGLSParameters, _ writer: inout EntropyBitWriter, _ bytes: inout MutableSpan<UInt8>
    ) -> Int32 {
        let error = parameters.reduced((sample &- prediction) &* sign)
        let k = context.golombParameter(type)
        let mapped = 2 &* abs(error) &- type &- (context.mapsUp(error, k) ? 1 : 0)
        golomb(mapped, k, parameters.limit &- jpegLSRunOrder(runIndex) &- 1, parameters.quantisedBits, &writer, &bytes)
        context.update(error, mapped: mapped, type: type, reset: parameters.reset)
        return parameters.reconstruct(prediction, error &* sign)
    }

    private static func frameHeader(_ description: FrameDescription, precision: Int, linesPerRestart: Int) -> [UInt8] {
        func word(_ value: Int) -> [UInt8] { [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)] }
        let count = description.samplesPerPixel
        var bytes: [UInt8] = [0xFF, JPEGMarker.startOfImage, 0xFF, JPEGMarker.losslessLS]
        bytes += word(8 &+ 3 &* count) + [UInt8(truncatingIfNeeded: precision)]
        bytes += word(description.rows) + word(description.columns) + [UInt8(truncatingIfNeeded: count)]
        for component in 1...count { bytes += [UInt8(truncatingIfNeeded: component), 0x11, 0] }
        if linesPerRestart > 0 { bytes += [0xFF, JPEGMarker.defineRestartInterval] + word(4) + word(linesPerRestart) }
        return bytes
    }

    private func scanHeader(_ components: Range<Int>) -> [UInt8] {
        let count = components.count
        var bytes: [UInt8] = [0xFF, JPEGMarker.startOfScan, 0, UInt8(truncatingIfNeeded: 6 &+ 2 &* count)]
        bytes.append(UInt8(truncatingIfNeeded: count))
        for component in components { bytes += [UInt8(truncatingIfNeeded: component &+ 1), 0] }
        return bytes + [UInt8(truncatingIfNeeded: parameters.near), count == 1 ? 0 : interleave.rawValue, 0]
    }
}
