/// RLE Lossless (PS3.5 Annex G): byte planes, most significant first, each packed row by row.
public enum RLELossless: FrameDecoding {
    static let headerBytes = 64
    static let maximumSegments = 15

    /// Decodes one frame into a native frame.
    ///
    /// A segment that decodes to more bytes than its plane needs is accepted, since encoders pad; fewer bytes are not.
    /// - Throws: `invalidSegment` for a bad header, `truncated` when a segment ends early.
    public static func decode(
        _ codestream: Span<UInt8>, _ description: FrameDescription, into frame: inout MutableSpan<UInt8>,
        limits: CodecLimits = .standard
    ) throws(CodecError) {
        let byteCount = try description.validatedByteCount(limits: limits)
        guard frame.count == byteCount else { throw CodecError(.bufferSizeMismatch) }
        let layout = try RLELayout(description, byteCount: byteCount)
        let offsets = try segmentOffsets(codestream, expected: layout.segments)
        for segment in 0..<layout.segments {
            let end = segment &+ 1 < layout.segments ? offsets[segment &+ 1] : codestream.count
            try RLESegment.unpack(
                codestream, from: offsets[segment], to: end, into: &frame, first: layout.firstByte(of: segment),
                step: layout.step, count: layout.planeBytes)
        }
    }

    /// Two bytes make at most 128.
    public static func leastBytes(
        _: Span<UInt8>, _: FrameDescription, byteCount: Int
    ) throws(CodecError) -> Int { byteCount / 64 }

    /// Encodes one native frame; rows never share a run and every segment has even length (PS3.5 §G.3.1).
    public static func encode(
        _ frame: Span<UInt8>, _ description: FrameDescription, limits: CodecLimits = .standard
    ) throws(CodecError) -> [UInt8] {
        let byteCount = try description.validatedByteCount(limits: limits)
        guard frame.count == byteCount else { throw CodecError(.bufferSizeMismatch) }
        let layout = try RLELayout(description, byteCount: byteCount)
        var result = [UInt8](repeating: 0, count: headerBytes)
        var offsets = [layout.segments]
        for segment in 0..<layout.segments {
            offsets.append(result.count)
            try RLESegment.pack(
                frame, first: layout.firstByte(of: segment), step: layout.step, count: layout.rowBytes,
                rows: layout.planeBytes / layout.rowBytes, onto: &result)
            if result.count & 1 == 1 { result.append(0) }
        }
        for (index, value) in offsets.enumerated() {
            guard let word = UInt32(exactly: value) else { throw CodecError(.limitExceeded) }
            for byte in 0..<4 { result[4 &* index &+ byte] = UInt8(truncatingIfNeeded: word >> UInt32(8 &* byte)) }
        }
        return result
    }

    /// Segment starts, checked to ascend and to lie in the codestream.
    private static func segmentOffsets(_ codestream: Span<UInt8>, expected: Int) throws(CodecError) -> [Int] {
        guard codestream.count >= headerBytes else { throw CodecError(.truncated, at: codestream.count) }
        guard littleEndianWord(codestream, at: 0) == UInt32(expected) else { throw CodecError(.invalidSegment) }
        var offsets: [Int] = []
        var least = headerBytes
        for segment in 0..<expected {
            let at = 4 &+ 4 &* segment
            guard let offset = Int(exactly: littleEndianWord(codestream, at: at)), offset >= least, offset <= codestream.count
            else { throw CodecError(.invalidSegment, at: at) }
            offsets.append(offset)
            least = offset
        }
        return offsets
    }

    private static func littleEndianWord(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
        UInt32(bytes[offset]) | UInt32(bytes[offset &+ 1]) << 8 | UInt32(bytes[offset &+ 2]) << 16
            | UInt32(bytes[offset &+ 3]) << 24
    }
}

/// Where the bytes of each segment stand in the native frame.
struct RLELayout {
    let segments: Int
    let planeBytes: Int
    let rowBytes: Int
    let step: Int
    private let bytesPerSample: Int
    private let componentStep: Int

    init(_ description: FrameDescription, byteCount: Int) throws(CodecError) {
        bytesPerSample = description.bytesPerSample
        segments = description.samplesPerPixel &* bytesPerSample
        guard segments <= RLELossless.maximumSegments else { throw CodecError(.unsupportedDescription) }
        if description.bitsAllocated == 1 {
            // 1-bit pixels are packed before they are run-length encoded; a row need not be whole bytes.
            guard description.samplesPerPixel == 1 else { throw CodecError(.unsupportedDescription) }
            planeBytes = byteCount
            rowBytes = description.columns & 7 == 0 ? description.columns >> 3 : byteCount
        } else {
            planeBytes = description.pixelCount
            rowBytes = description.columns
        }
        step = description.isPlanar ? bytesPerSample : segments
        componentStep = description.isPlanar ? planeBytes &* bytesPerSample : bytesPerSample
    }

    /// Segments go from the most significant byte of the first component to the least of the last.
    func firstByte(of segment: Int) -> Int {
        segment / bytesPerSample &* componentStep &+ (bytesPerSample &- 1 &- segment % bytesPerSample)
    }
}
