import COpenJPEG
import COpenJPH
import PixelCodecs

/// JPEG 2000 and HTJ2K through OpenJPEG. OpenJPH decodes HTJ2K a little faster, but ends the process on some malformed codestreams.
///
/// Sizes are proven here before a pointer is passed on: the C functions write exactly columns x rows x components samples.
enum JPEG2000Decoder {
    static func decode(
        _ bytes: Span<UInt8>, _ header: JPEG2000Codestream, _ description: FrameDescription, limits: CodecLimits
    ) throws(CodecError) -> [UInt8] {
        var layout = description
        layout.isPlanar = false
        // 1-bit frames are packed afterwards.
        if description.bitsAllocated == 1 { layout.bitsAllocated = 8 }
        let byteCount = try layout.validatedByteCount(limits: limits)
        try header.info.check(against: description)
        guard layout.bitsAllocated <= 32 else { throw CodecError(.unsupportedDescription) }
        var frame = [UInt8](repeating: 0, count: byteCount)
        let result = bytes.withUnsafeBufferPointer { input in
            frame.withUnsafeMutableBufferPointer { output -> CInt in
                guard let source = input.baseAddress, let target = output.baseAddress, header.offset < input.count
                else { return 1 }
                return apus_j2k_decode(source + header.offset, input.count - header.offset, shape(layout), target)
            }
        }
        guard result == 0 else { throw CodecError(result == 2 ? .geometryMismatch : .libraryFailure, at: header.offset) }
        return try finish(frame, header.info, layout, description)
    }

    static func shape(_ layout: FrameDescription) -> apus_j2k_frame {
        apus_j2k_frame(
            columns: UInt32(layout.columns), rows: UInt32(layout.rows), components: UInt32(layout.samplesPerPixel),
            bytes_per_sample: UInt32(layout.bytesPerSample))
    }

    /// Where codestream and data set disagree about the sign, the data set says how to read the bits of the codestream.
    private static func finish(
        _ decoded: [UInt8], _ info: CodestreamInfo, _ layout: FrameDescription, _ description: FrameDescription
    ) throws(CodecError) -> [UInt8] {
        var frame = decoded
        if info.isSigned != description.isSigned, info.precision < layout.bitsAllocated,
            info.isSigned || info.precision <= description.bitsStored {
            var bits = layout
            bits.bitsStored = info.precision
            var target = frame.mutableSpan
            try NativePixels.clearUnusedBits(&target, bits)
        }
        if description.bitsAllocated == 1 {
            var packed = [UInt8](repeating: 0, count: (frame.count + 7) / 8)
            var target = packed.mutableSpan
            try NativePixels.packBits(frame.span, into: &target)
            return packed
        }
        guard description.isPlanar, description.samplesPerPixel > 1 else { return frame }
        return try NativePixels.separate(
            frame.span, components: description.samplesPerPixel, bytesPerSample: description.bytesPerSample)
    }
}

/// What both wavelet encoders need of a frame.
struct WaveletInput {
    /// Interleaved by pixel; 1-bit pixels as bytes.
    let bytes: [UInt8]
    let layout: FrameDescription
    let precision: Int

    init(_ frame: Span<UInt8>, _ description: FrameDescription, limits: CodecLimits) throws(CodecError) {
        guard frame.count == (try description.validatedByteCount(limits: limits))
        else { throw CodecError(.bufferSizeMismatch) }
        guard description.bitsAllocated <= 16 else { throw CodecError(.unsupportedDescription) }
        var layout = description
        layout.isPlanar = false
        if description.bitsAllocated == 1 { layout.bitsAllocated = 8 }
        let pixels = try Self.interleavedBytes(frame, description, layout, limits)
        bytes = pixels
        self.layout = layout
        precision = WaveletPrecision.precision(of: pixels.span, layout)
    }

    private static func interleavedBytes(
        _ frame: Span<UInt8>, _ description: FrameDescription, _ layout: FrameDescription, _ limits: CodecLimits
    ) throws(CodecError) -> [UInt8] {
        if description.bitsAllocated == 1 {
            var pixels = [UInt8](repeating: 0, count: try layout.validatedByteCount(limits: limits))
            var target = pixels.mutableSpan
            try NativePixels.unpackBits(frame, into: &target)
            return pixels
        }
        if description.isPlanar, description.samplesPerPixel > 1 {
            return try NativePixels.interleave(
                frame, components: description.samplesPerPixel, bytesPerSample: description.bytesPerSample)
        }
        return frame.withUnsafeBufferPointer { Array($0) }
    }
}

enum JPEG2000Encoder {
    static func encode(
        _ frame: Span<UInt8>, _ description: FrameDescription, transform: Bool, limits: CodecLimits
    ) throws(CodecError) -> [UInt8] {
        let input = try WaveletInput(frame, description, limits: limits)
        let shape = JPEG2000Decoder.shape(input.layout)
        var output: UnsafeMutablePointer<UInt8>?
        var length = 0
        let result = input.bytes.withUnsafeBufferPointer { buffer in
            apus_j2k_encode(
                buffer.baseAddress, shape, UInt32(input.precision), description.isSigned ? 1 : 0, transform ? 1 : 0, &output,
                &length)
        }
        guard result == 0, let output else { throw CodecError(.libraryFailure) }
        defer { apus_j2k_free(output) }
        return Array(UnsafeBufferPointer(start: output, count: length))
    }
}

enum HTJ2KEncoder {
    /// - Parameter isRPCL: the options of HTJ2K RPCL: lowest resolution of at most 64 and tile-part lengths (PS3.5 §10.18).
    static func encode(
        _ frame: Span<UInt8>, _ description: FrameDescription, transform: Bool, isRPCL: Bool, limits: CodecLimits
    ) throws(CodecError) -> [UInt8] {
        let input = try WaveletInput(frame, description, limits: limits)
        let shape = apus_htj2k_frame(
            columns: UInt32(input.layout.columns), rows: UInt32(input.layout.rows),
            components: UInt32(input.layout.samplesPerPixel), bytes_per_sample: UInt32(input.layout.bytesPerSample))
        var output: UnsafeMutablePointer<UInt8>?
        var length = 0
        let result = input.bytes.withUnsafeBufferPointer { buffer in
            apus_htj2k_encode(
                buffer.baseAddress, shape, UInt32(input.precision), description.isSigned ? 1 : 0, transform ? 1 : 0,
                UInt32(decompositions(description)), isRPCL ? "RPCL" : "LRCP", &output, &length)
        }
        guard result == 0, let output else { throw CodecError(.libraryFailure) }
        defer { apus_htj2k_free(output) }
        let codestream = Array(UnsafeBufferPointer(start: output, count: length))
        return isRPCL ? try TilePartLengths.insert(into: codestream) : codestream
    }

    /// Five, more for images whose lowest resolution would be above 64, fewer for small ones.
    private static func decompositions(_ description: FrameDescription) -> Int {
        let larger = max(description.columns, description.rows)
        let smaller = min(description.columns, description.rows)
        var levels = 0
        while levels < 5, smaller >> (levels + 1) > 0 { levels += 1 }
        while larger >> levels > 64, levels < 10 { levels += 1 }
        return levels
    }
}
