/// Decodes frames to what image kernels read: stored values with their sign carried up and unused bits cleared, or RGB of 8 bits.
public struct StoredFrame {
    public enum Codec: UInt8, CaseIterable, Sendable {
        case native, nativeBigEndian, rle, jpegLossless, jpegLS
    }

    /// Colour space of the samples as coded (Photometric Interpretation, (0028,0004)).
    public enum Colour: UInt8, CaseIterable, Sendable {
        /// RGB, or one sample for each pixel.
        case plain
        case ybrFull
        /// Native frames have half of the colour differences; compressed ones come out as `ybrFull`.
        case ybrFull422
    }

    public var codec: Codec
    /// As declared; `isPlanar` tells of native frames.
    public var description: FrameDescription
    /// High Bit (0028,0102).
    public var highBit: Int
    public var colour: Colour

    public init(codec: Codec, description: FrameDescription, highBit: Int, colour: Colour) {
        self.codec = codec
        self.description = description
        self.highBit = highBit
        self.colour = colour
    }

    /// Bytes of the decoded frame: one sample of 8, 16 or 32 bits for each pixel, or three of 8.
    /// - Throws: `unsupportedDescription`, `limitExceeded`.
    public func slotByteCount(limits: CodecLimits = .standard) throws(CodecError) -> Int {
        _ = try description.validatedByteCount(limits: limits)
        guard description.bitsAllocated <= 32, highBit < description.bitsAllocated, highBit >= description.bitsStored &- 1
        else { throw CodecError(.unsupportedDescription) }
        switch description.samplesPerPixel {
        case 1: return try checked(description.bytesPerSample, limits)
        case 3:
            guard description.bitsAllocated == 8 || description.bitsAllocated == 16
            else { throw CodecError(.unsupportedDescription) }
            return try checked(3, limits)
        default: throw CodecError(.unsupportedDescription)
        }
    }

    private func checked(_ bytesPerPixel: Int, _ limits: CodecLimits) throws(CodecError) -> Int {
        let bytes = Int64(description.columns) &* Int64(description.rows) &* Int64(bytesPerPixel)
        guard bytes <= Int64(limits.maximumFrameBytes) else { throw CodecError(.limitExceeded) }
        return Int(bytes)
    }

    /// - Parameter slot: of exactly `slotByteCount` bytes. After an error its content means nothing.
    public func decode(
        _ source: Span<UInt8>, into slot: inout MutableSpan<UInt8>, limits: CodecLimits = .standard
    ) throws(CodecError) {
        guard slot.count == (try slotByteCount(limits: limits)) else { throw CodecError(.bufferSizeMismatch) }
        if description.samplesPerPixel == 1 {
            try decodeGrey(source, into: &slot, limits)
        } else {
            try decodeColour(source, into: &slot, limits)
        }
    }

    // MARK: Grey

    private func decodeGrey(_ source: Span<UInt8>, into slot: inout MutableSpan<UInt8>, _ limits: CodecLimits) throws(CodecError) {
        if description.bitsAllocated == 1 {
            let packed = try decodedApart(source, limits)
            try NativePixels.unpackBits(packed.span, into: &slot)
            return
        }
        try decodeFrame(source, description, into: &slot, limits)
        StoredBits.keep(&slot, description, highBit: highBit)
    }

    private func decodedApart(_ source: Span<UInt8>, _ limits: CodecLimits) throws(CodecError) -> [UInt8] {
        let count = try description.validatedByteCount(limits: limits)
        // No codec here makes more than 64 bytes of one, apart from long runs of JPEG-LS.
        guard count / 65536 <= source.count else { throw CodecError(.truncated, at: source.count) }
        var frame = [UInt8](repeating: 0, count: count)
        var target = frame.mutableSpan
        try decodeFrame(source, description, into: &target, limits)
        return frame
    }

    private func decodeFrame(
        _ source: Span<UInt8>, _ description: FrameDescription, into frame: inout MutableSpan<UInt8>, _ limits: CodecLimits
    ) throws(CodecError) {
        switch codec {
        case .native: try StoredBits.copy(source, into: &frame)
        case .nativeBigEndian:
            try StoredBits.copy(source, into: &frame)
            try NativePixels.swapByteOrder(&frame, bytesPerSample: description.bytesPerSample)
        case .rle: try RLELossless.decode(source, description, into: &frame, limits: limits)
        case .jpegLossless: try JPEGLossless.decode(source, description, into: &frame, limits: limits)
        case .jpegLS: try JPEGLS.decode(source, description, into: &frame, limits: limits)
        }
    }

    // MARK: Colour

    private var isNative: Bool { codec == .native || codec == .nativeBigEndian }

    private func decodeColour(_ source: Span<UInt8>, into slot: inout MutableSpan<UInt8>, _ limits: CodecLimits) throws(CodecError) {
        if isNative, colour == .ybrFull422, description.bitsAllocated == 8, source.count < slot.count {
            try StoredBits.expandHalfChroma(source, into: &slot)
        } else if description.bitsAllocated == 8, !(isNative && description.isPlanar) {
            var interleaved = description
            interleaved.isPlanar = false
            try decodeFrame(source, interleaved, into: &slot, limits)
        } else {
            let frame = try decodedApart(source, limits)
            StoredBits.interleave(frame.span, description, into: &slot)
        }
        if colour != .plain { StoredBits.convertToRGB(&slot) }
    }
}
