extension JPEGLossless {
    /// Encodes a native frame with first-order prediction (process 14, selection value 1), all components in one scan, with the
    /// best Huffman table for the frame.
    ///
    /// Overlay bits and sign extension above Bits Stored are kept by coding at Bits Allocated.
    public static func encode(
        _ frame: Span<UInt8>, _ description: FrameDescription, limits: CodecLimits = .standard
    ) throws(CodecError) -> [UInt8] {
        guard frame.count == (try description.validatedByteCount(limits: limits))
        else { throw CodecError(.bufferSizeMismatch) }
        let precision = max(2, NativePixels.losslessPrecision(of: frame, description))
        let encoder = try LosslessEncoder(description, precision: precision)
        return try encoder.encode(frame)
    }
}

struct LosslessEncoder {
    private let description: FrameDescription
    private let precision: Int
    private let sampleRows: SampleRows
    private let samples: Int

    init(_ description: FrameDescription, precision: Int) throws(CodecError) {
        self.description = description
        self.precision = precision
        sampleRows = try SampleRows(description, precision: precision)
        samples = description.columns &* description.samplesPerPixel
    }

    func encode(_ frame: Span<UInt8>) throws(CodecError) -> [UInt8] {
        var line = [UInt16](repeating: 0, count: samples)
        var differences = [Int16](repeating: 0, count: samples)
        var histogram = [Int](repeating: 0, count: 17)
        var start = initialPredictions
        for row in 0..<description.rows {
            try subtract(frame, row, &line, &start, &differences)
            Self.count(differences, &histogram)
        }
        let huffman = HuffmanCode(histogram)
        let code = LosslessCode(huffman)
        var output = CodestreamBuffer(.byte)
        output.append(header(huffman))
        start = initialPredictions
        for row in 0..<description.rows {
            try subtract(frame, row, &line, &start, &differences)
            output.writer.reserve(samples &* 4, in: &output.bytes)
            var writer = output.writer
            var target = output.bytes.mutableSpan
            Self.write(differences.span, code, &writer, &target)
            output.writer = writer
        }
        output.align(fillingWithOnes: true)
        output.append([0xFF, JPEGMarker.endOfImage])
        return output.finish()
    }

    private var initialPredictions: [UInt16] {
        [UInt16](repeating: UInt16(1) << UInt16(precision &- 1), count: description.samplesPerPixel)
    }

    /// Two interleaved counts for each category, because neighbours are mostly alike and one counter would wait for itself.
    private static func count(_ differences: [Int16], _ histogram: inout [Int]) {
        let row = differences.span
        var counts = InlineArray<64, Int32>(repeating: 0)
        for i in row.indices { counts[category(row[i]) &<< 1 | i & 1] &+= 1 }
        for category in histogram.indices { histogram[category] &+= Int(counts[2 &* category] &+ counts[2 &* category &+ 1]) }
    }

    private static func write(
        _ row: Span<Int16>, _ code: LosslessCode, _ state: inout EntropyBitWriter, _ bytes: inout MutableSpan<UInt8>
    ) {
        let short = code.short.span
        var writer = state
        for i in row.indices {
            let difference = row[i]
            let index = UInt16(bitPattern: difference &+ LosslessCode.shortLimit)
            if index < short.count {
                let entry = short[Int(index)]
                writer.write(entry >> 8, Int(entry & 0xFF), into: &bytes)
            } else {
                let (bits, length) = code.entry(difference)
                writer.write(bits, length, into: &bytes)
            }
        }
        state = writer
    }

    /// SSSS of a difference (T.81 Table H.2); -32768 stands for 32768, category 16, which has no extra bits.
    @inline(__always)
    fileprivate static func category(_ difference: Int16) -> Int {
        16 &- difference.magnitude.leadingZeroBitCount
    }

    /// The prediction differences of one row, modulo 65536. `start` predicts the first pixel and becomes it.
    private func subtract(
        _ frame: Span<UInt8>, _ row: Int, _ line: inout [UInt16], _ start: inout [UInt16], _ differences: inout [Int16]
    ) throws(CodecError) {
        let interleave = description.samplesPerPixel
        let mask = UInt16(truncatingIfNeeded: (1 << precision) &- 1)
        var target = line.mutableSpan
        for component in 0..<interleave {
            try sampleRows.load(
                frame, row: row, component: component, mask: mask, into: &target, start: component, stride: interleave)
        }
        Self.subtract(line.span, start.span, &differences)
        for component in 0..<interleave { start[component] = line[component] }
    }

    private static func subtract(_ line: Span<UInt16>, _ start: Span<UInt16>, _ differences: inout [Int16]) {
        var target = differences.mutableSpan
        guard target.count == line.count, line.count >= start.count else { return }
        for i in start.indices { target[i] = Int16(bitPattern: line[i] &- start[i]) }
        for i in start.count..<line.count { target[i] = Int16(bitPattern: line[i] &- line[i &- start.count]) }
    }

    private func header(_ code: HuffmanCode) -> [UInt8] {
        var bytes: [UInt8] = [0xFF, JPEGMarker.startOfImage]
        func word(_ value: Int) -> [UInt8] { [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)] }
        let count = description.samplesPerPixel
        bytes += [0xFF, JPEGMarker.lossless] + word(8 &+ 3 &* count) + [UInt8(truncatingIfNeeded: precision)]
        bytes += word(description.rows) + word(description.columns) + [UInt8(truncatingIfNeeded: count)]
        for component in 1...count { bytes += [UInt8(truncatingIfNeeded: component), 0x11, 0] }
        bytes += [0xFF, JPEGMarker.defineHuffman] + word(19 &+ code.symbols.count) + [0] + code.counts + code.symbols
        bytes += [0xFF, JPEGMarker.startOfScan] + word(6 &+ 2 &* count) + [UInt8(truncatingIfNeeded: count)]
        for component in 1...count { bytes += [UInt8(truncatingIfNeeded: component), 0] }
        return bytes + [1, 0, 0]
    }
}

/// Code word and extra bits together: by table for the short differences that make up most of an image.
struct LosslessCode {
    /// Of category 8 at most, so that code word and extra bits fit in 24 bits.
    static let shortLimit: Int16 = 255
    /// Bits above, length in the low byte, for differences from `-shortLimit` to `shortLimit`.
    private(set) var short: [UInt32] = []
    private let code: HuffmanCode

    init(_ code: HuffmanCode) {
        self.code = code
        for difference in -Self.shortLimit...Self.shortLimit {
            let (bits, length) = entry(difference)
            short.append(bits << 8 | UInt32(length))
        }
    }

    func entry(_ difference: Int16) -> (bits: UInt32, length: Int) {
        let category = LosslessEncoder.category(difference)
        let extra = category & 15
        let value = Int32(difference)
        let bits = UInt32(bitPattern: value &+ (value >> 31)) & ((1 &<< UInt32(extra)) &- 1)
        return (UInt32(code.words[category]) &<< UInt32(extra) | bits, code.lengths[category] &+ extra)
    }
}

/// The best code of at most 16 bits for a histogram (T.81 §K.2).
struct HuffmanCode {
    /// BITS: number of codes of length 1 to 16.
    private(set) var counts = [UInt8](repeating: 0, count: 16)
    /// HUFFVAL.
    private(set) var symbols: [UInt8] = []
    /// Code word and length of each symbol; length 0 when it does not occur.
    private(set) var words: [UInt16]
    private(set) var lengths: [Int]

    init(_ histogram: [Int]) {
        words = [UInt16](repeating: 0, count: histogram.count)
        lengths = [Int](repeating: 0, count: histogram.count)
        var perLength = Self.lengthCounts(Self.codeSizes(histogram))
        Self.limit(&perLength)
        let ordered = histogram.indices.filter { histogram[$0] > 0 }.sorted { histogram[$0] > histogram[$1] }
        var code = 0
        var next = 0
        for length in 1...16 {
            counts[length &- 1] = UInt8(truncatingIfNeeded: perLength[length])
            for _ in 0..<perLength[length] where next < ordered.count {
                let symbol = ordered[next]
                symbols.append(UInt8(truncatingIfNeeded: symbol))
                words[symbol] = UInt16(truncatingIfNeeded: code)
                lengths[symbol] = length
                code &+= 1
                next &+= 1
            }
            code <<= 1
        }
    }

    /// Figure K.1, with one more symbol so that no code word is all ones.
    private static func codeSizes(_ histogram: [Int]) -> [Int] {
        var frequency = histogram + [1]
        var size = [Int](repeating: 0, count: frequency.count)
        var others = [Int](repeating: -1, count: frequency.count)
        while true {
            var first = -1
            var second = -1
            for i in frequency.indices where frequency[i] > 0 {
                if first < 0 || frequency[i] <= frequency[first] {
                    second = first
                    first = i
                } else if second < 0 || frequency[i] <= frequency[second] {
                    second = i
                }
            }
            guard second >= 0 else { return size }
            frequency[first] &+= frequency[second]
            frequency[second] = 0
            var last = first
            size[last] &+= 1
            while others[last] >= 0 {
                last = others[last]
                size[last] &+= 1
            }
            others[last] = second
            last = second
            size[last] &+= 1
            while others[last] >= 0 {
                last = others[last]
                size[last] &+= 1
            }
        }
    }

    private static func lengthCounts(_ sizes: [Int]) -> [Int] {
        var counts = [Int](repeating: 0, count: max(33, sizes.count &+ 1))
        for size in sizes where size > 0 { counts[size] &+= 1 }
        return counts
    }

    /// Figure K.3: no code longer than 16 bits; then the reserved code goes.
    private static func limit(_ counts: inout [Int]) {
        for length in stride(from: counts.count &- 1, to: 16, by: -1) {
            while counts[length] > 0 {
                var shorter = length &- 2
                while shorter > 0, counts[shorter] == 0 { shorter &-= 1 }
                guard shorter > 0 else { break }
                counts[length] &-= 2
                counts[length &- 1] &+= 1
                counts[shorter &+ 1] &+= 2
                counts[shorter] &-= 1
            }
        }
        if let longest = counts.indices.last(where: { counts[$0] > 0 }) { counts[longest] &-= 1 }
    }
}
