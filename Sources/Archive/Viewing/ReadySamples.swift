import DICOMObjects
import PixelCodecs

/// Native frames made ready for a viewer: unused bits cleared, colour as RGB by pixel, small copies.
enum ReadySamples {
    /// - Returns: the frame's samples, bits above Bits Stored cleared or filled with the sign.
    static func grey(_ bytes: [UInt8], _ format: ViewingPixels) throws(RetrieveError) -> [UInt8] {
        let pixels = format.rows * format.columns
        let needed = format.bitsAllocated == 1 ? (pixels + 7) / 8 : pixels * (format.bitsAllocated / 8)
        guard bytes.count >= needed else { throw .image(.codec(CodecError(.bufferSizeMismatch))) }
        guard format.bitsStored < format.bitsAllocated, !format.isFloat, [8, 16, 32].contains(format.bitsAllocated) else {
            return bytes.count > needed ? Array(bytes.prefix(needed)) : bytes
        }
        do { return try RGBSamples.cleared(bytes, description(format), highBit: format.highBit) } catch { throw .image(error) }
    }

    /// RGB by pixel, 8 bits.
    static func colour(_ frame: NativeFrame) throws(RetrieveError) -> [UInt8] {
        do { return try RGBSamples.bytes(frame) } catch { throw .image(error) }
    }

    /// Means of boxes of `factor` × `factor` pixels; `nil` for other than 8 and 16 bits.
    static func reduced(_ bytes: [UInt8], _ format: ViewingPixels, factor: Int) -> [UInt8]? {
        FrameReduction.boxes(bytes, description(format), factor: factor)
    }

    /// As JPEG-LS without loss; `nil` for samples that it cannot hold.
    static func encoded(_ bytes: [UInt8], _ format: ViewingPixels) -> [UInt8]? {
        try? JPEGLS.encode(bytes.span, description(format))
    }

    /// - Returns: `nil` for a codestream of another frame.
    static func decoded(_ codestream: [UInt8], _ format: ViewingPixels) -> [UInt8]? {
        try? JPEGLS.decode(codestream.span, description(format))
    }

    private static func description(_ format: ViewingPixels) -> FrameDescription {
        FrameDescription(
            columns: format.columns, rows: format.rows, samplesPerPixel: format.samplesPerPixel, bitsAllocated: format.bitsAllocated,
            bitsStored: format.bitsStored, isSigned: format.isSigned)
    }
}
