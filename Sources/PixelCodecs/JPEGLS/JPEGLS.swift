/// JPEG-LS (ITU-T T.87 | ISO/IEC 14495-1), lossless and near-lossless, 2 to 16 bits.
public enum JPEGLS: FrameDecoding {
    /// Order of components in the codestream (T.87 §C.2.3 ILV).
    public enum Interleave: UInt8, Hashable, Sendable {
        /// A scan for each component.
        case none = 0
        /// A line of each component in turn.
        case line = 1
        /// A sample of each component in turn.
        case sample = 2
    }

    public static func info(_ codestream: Span<UInt8>) throws(CodecError) -> CodestreamInfo {
        var state = try JPEGLSState(codestream)
        guard let scan = try state.nextScan(codestream), let header = state.frame
        else { throw CodecError(.markerExpected, at: codestream.count) }
        return CodestreamInfo(
            columns: header.columns, rows: header.rows, components: header.components.count,
            precision: header.precision, isLossless: scan.spectralStart == 0, near: scan.spectralStart)
    }

    /// Decodes into a native frame; sign extension as for `JPEGLossless`.
    public static func decode(
        _ codestream: Span<UInt8>, _ description: FrameDescription, into frame: inout MutableSpan<UInt8>,
        limits: CodecLimits = .standard
    ) throws(CodecError) {
        var state = try JPEGLSState(codestream)
        try state.decodeAll(codestream, description, into: &frame, limits: limits) {
            (scan, state, header, codestream, frame) throws(CodecError) in
            var decoder = try JPEGLSScanDecoder(scan, state, description, precision: header.precision)
            try decoder.decode(codestream, into: &frame)
            return decoder.position
        }
    }

    /// A line takes at least one bit. Runs make any expansion possible, so that only `limits` bounds the allocation.
    public static func leastBytes(
        _ codestream: Span<UInt8>, _ description: FrameDescription, byteCount _: Int
    ) throws(CodecError) -> Int {
        try info(codestream).check(against: description)
        return description.rows / 8
    }
}

/// Headers and preset parameters gathered up to a scan.
struct JPEGLSState: ComponentScans {
    private(set) var frame: JPEGFrameHeader?
    private(set) var preset = JPEGLSPreset()
    private(set) var restartInterval = 0
    private var walker: MarkerWalker

    init(_ bytes: Span<UInt8>) throws(CodecError) { walker = try MarkerWalker(bytes) }

    mutating func nextScan(_ bytes: Span<UInt8>) throws(CodecError) -> JPEGScanHeader? {
        while true {
            let start = walker.offset
            let (marker, segment) = try walker.next(bytes)
            switch marker {
            case JPEGMarker.endOfImage: return nil
            case JPEGMarker.losslessLS:
                guard frame == nil else { throw CodecError(.invalidSegment, at: start) }
                frame = try JPEGFrameHeader(marker, segment, bytes)
            case JPEGMarker.presetParametersLS: try readPreset(segment, bytes)
            case JPEGMarker.defineRestartInterval: try readRestartInterval(segment, bytes)
            case JPEGMarker.defineNumberOfLines: throw CodecError(.unsupportedFeature, at: start)
            case JPEGMarker.startOfScan:
                guard let frame else { throw CodecError(.invalidScan, at: start) }
                return try readScan(segment, bytes, frame)
            case 0xE8: try refuseColourTransform(segment, bytes)
            default:
                guard !JPEGMarker.isStartOfFrame(marker) else { throw CodecError(.unsupportedFeature, at: start) }
            }
        }
    }

    mutating func resume(at offset: Int, _ bytes: Span<UInt8>) {
        walker.offset = offset
        walker.skipEntropyCodedData(bytes, stuffingLimit: 0x7F)
    }

    private func readScan(
        _ segment: SegmentCursor, _ bytes: Span<UInt8>, _ frame: JPEGFrameHeader
    ) throws(CodecError) -> JPEGScanHeader {
        let scan = try JPEGScanHeader(segment, bytes, frame)
        let isSingle = scan.components.count == 1
        // One component is always coded without interleave; several need line or sample.
        guard scan.spectralEnd <= 2, isSingle == (scan.spectralEnd == 0) || isSingle
        else { throw CodecError(.invalidScan, at: segment.offset) }
        guard scan.approximationHigh == 0, scan.approximationLow == 0
        else { throw CodecError(.unsupportedFeature, at: segment.offset) }
        // Mapping tables would make the samples indices into a palette of the codestream.
        for component in scan.components where component.dcTable != 0 || component.acTable != 0 {
            throw CodecError(.unsupportedFeature, at: segment.offset)
        }
        return scan
    }

    /// LSE (T.87 §C.2.4.1); mapping tables and dimensions above 65535 are refused.
    private mutating func readPreset(_ segment: SegmentCursor, _ bytes: Span<UInt8>) throws(CodecError) {
        var cursor = segment
        guard try cursor.byte(bytes) == 1 else { throw CodecError(.unsupportedFeature, at: segment.offset) }
        preset.maximumSample = Int(try cursor.word(bytes))
        preset.threshold1 = Int(try cursor.word(bytes))
        preset.threshold2 = Int(try cursor.word(bytes))
        preset.threshold3 = Int(try cursor.word(bytes))
        preset.reset = Int(try cursor.word(bytes))
        guard cursor.remaining == 0 else { throw CodecError(.invalidSegment, at: segment.offset) }
    }

    /// DRI of two to four bytes (T.87 §C.2.5); the unit is a line of every component in the scan.
    private mutating func readRestartInterval(_ segment: SegmentCursor, _ bytes: Span<UInt8>) throws(CodecError) {
        var cursor = segment
        guard cursor.remaining >= 2, cursor.remaining <= 4 else { throw CodecError(.invalidSegment, at: segment.offset) }
        var value: UInt32 = 0
        while cursor.remaining > 0 { value = value << 8 | UInt32(try cursor.byte(bytes)) }
        restartInterval = Int(truncatingIfNeeded: min(value, 0x7FFF_FFFF))
    }

    /// The "mrfx" extension would need a colour transform that DICOM does not name.
    private func refuseColourTransform(_ segment: SegmentCursor, _ bytes: Span<UInt8>) throws(CodecError) {
        guard segment.remaining == 5 else { return }
        var cursor = segment
        for expected: UInt8 in [0x6D, 0x72, 0x66, 0x78] {
            guard try cursor.byte(bytes) == expected else { return }
        }
        guard try cursor.byte(bytes) == 0 else { throw CodecError(.unsupportedFeature, at: segment.offset) }
    }
}
