import CTurboJPEG
import PixelCodecs

/// 8-bit DCT frames through libjpeg-turbo. Sizes are proven here; the C functions touch exactly columns x rows x components bytes.
enum JPEGBaselineLibrary {
    static func decode(
        _ bytes: Span<UInt8>, _ info: CodestreamInfo, _ description: FrameDescription, limits: CodecLimits
    ) throws(CodecError) -> [UInt8] {
        let byteCount = try description.validatedByteCount(limits: limits)
        try info.check(against: description)
        // A block of 64 samples takes at least one bit and serves at most 16 times as many pixels.
        guard byteCount / 8192 <= bytes.count else { throw CodecError(.truncated, at: bytes.count) }
        var frame = [UInt8](repeating: 0, count: byteCount)
        let result = bytes.withUnsafeBufferPointer { input in
            frame.withUnsafeMutableBufferPointer { output in
                apus_jpeg_decode(
                    input.baseAddress, input.count, shape(description), CInt(truncatingIfNeeded: limits.maximumScans),
                    output.baseAddress)
            }
        }
        guard result == 0 else { throw CodecError(result == 2 ? .geometryMismatch : .libraryFailure) }
        if description.isSigned, description.bitsStored < 8 { throw CodecError(.unsupportedDescription) }
        guard description.isPlanar, description.samplesPerPixel > 1 else { return frame }
        return try NativePixels.separate(frame.span, components: description.samplesPerPixel, bytesPerSample: 1)
    }

    /// Encodes grey, RGB or YBR_FULL frames of 8 bits.
    static func encode(
        _ frame: Span<UInt8>, _ description: FrameDescription, photometricInterpretation: String,
        options: FrameEncodingOptions, limits: CodecLimits
    ) throws(CodecError) -> [UInt8] {
        guard frame.count == (try description.validatedByteCount(limits: limits))
        else { throw CodecError(.bufferSizeMismatch) }
        guard description.bitsAllocated == 8, !description.isSigned, description.columns <= 65500, description.rows <= 65500
        else { throw CodecError(.unsupportedDescription) }
        let colour: CInt
        switch (description.samplesPerPixel, photometricInterpretation) {
        case (1, "MONOCHROME1"), (1, "MONOCHROME2"): colour = CInt(APUS_JPEG_GREY)
        case (3, "RGB"): colour = CInt(APUS_JPEG_RGB_TO_YCC)
        case (3, "YBR_FULL"), (3, "YBR_FULL_422"): colour = CInt(APUS_JPEG_YCC)
        default: throw CodecError(.unsupportedDescription)
        }
        let interleaved = description.isPlanar && description.samplesPerPixel > 1
            ? try NativePixels.interleave(frame, components: 3, bytesPerSample: 1) : frame.withUnsafeBufferPointer { Array($0) }
        var output: UnsafeMutablePointer<UInt8>?
        var length = 0
        let result = interleaved.withUnsafeBufferPointer { input in
            apus_jpeg_encode(
                input.baseAddress, shape(description), colour, CInt(min(max(options.quality, 1), 100)),
                options.halvesChroma ? 1 : 0, &output, &length)
        }
        guard result == 0, let output else { throw CodecError(.libraryFailure) }
        defer { apus_jpeg_free(output) }
        return Array(UnsafeBufferPointer(start: output, count: length))
    }

    private static func shape(_ description: FrameDescription) -> apus_jpeg_frame {
        apus_jpeg_frame(
            columns: UInt32(description.columns), rows: UInt32(description.rows),
            components: UInt32(description.samplesPerPixel))
    }
}
