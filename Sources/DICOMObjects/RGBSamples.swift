public import PixelCodecs

/// Samples of decoded frames as viewers and pictures need them.
public enum RGBSamples {
    /// Colour as RGB by pixel, 8 bits: planes are interleaved, YBR converted, of 16 bits the eight highest stored ones kept.
    /// - Throws: for other than three samples of 8 or 16 bits, and for frames shorter than their size says.
    public static func bytes(_ frame: NativeFrame) throws(ImageError) -> [UInt8] {
        let description = frame.module.frame
        guard description.samplesPerPixel == 3 else { throw .codec(CodecError(.unsupportedDescription)) }
        let colour: StoredFrame.Colour =
            switch frame.photometricInterpretation {
            case "YBR_FULL_422": .ybrFull422
            case let name where name.hasPrefix("YBR"): .ybrFull
            default: .plain
            }
        return try decoded(frame.bytes, description, highBit: description.bitsStored - 1, colour)
    }

    /// Grey samples with the bits above the stored ones cleared, or filled with the sign, and those below shifted out.
    /// - Throws: for values outside PS3.3 and too few bytes.
    public static func cleared(_ bytes: [UInt8], _ description: FrameDescription, highBit: Int) throws(ImageError) -> [UInt8] {
        try decoded(bytes[...], description, highBit: highBit, .plain)
    }

    private static func decoded(
        _ bytes: ArraySlice<UInt8>, _ description: FrameDescription, highBit: Int, _ colour: StoredFrame.Colour
    ) throws(ImageError) -> [UInt8] {
        do {
            let frame = StoredFrame(codec: .native, description: description, highBit: highBit, colour: colour)
            var samples = [UInt8](repeating: 0, count: try frame.slotByteCount())
            var slot = samples.mutableSpan
            try frame.decode(bytes.span, into: &slot)
            return samples
        } catch {
            throw .codec(error)
        }
    }
}
