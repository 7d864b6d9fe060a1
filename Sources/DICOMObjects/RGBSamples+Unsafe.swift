import PixelCodecs

/// Colour of decoded frames as RGB by pixel, 8 bits.
///
/// Unsafe memory: new buffers are filled pixel by pixel. All indices are bounded by counts checked before.
public enum RGBSamples {
    /// - Throws: for other than three samples of 8 or 16 bits, and for frames shorter than their size says.
    public static func bytes(_ frame: NativeFrame) throws(ImageError) -> [UInt8] {
        let description = frame.module.frame
        let pixels = description.rows * description.columns
        guard description.samplesPerPixel == 3, [8, 16].contains(description.bitsAllocated) else {
            throw .codec(CodecError(.unsupportedDescription))
        }
        if frame.photometricInterpretation == "YBR_FULL_422", description.bitsAllocated == 8, frame.bytes.count < pixels * 3 {
            guard frame.bytes.count >= pixels * 2 else { throw .codec(CodecError(.bufferSizeMismatch)) }
            return converted(upsampled(Array(frame.bytes.prefix(pixels * 2))))
        }
        let size = description.bitsAllocated / 8
        guard frame.bytes.count >= pixels * 3 * size else { throw .codec(CodecError(.bufferSizeMismatch)) }
        var bytes = Array(frame.bytes.prefix(pixels * 3 * size))
        if size == 2 { bytes = highBytes(bytes, bitsStored: description.bitsStored) }
        if description.isPlanar { bytes = interleaved(bytes, pixels) }
        return frame.photometricInterpretation.hasPrefix("YBR") ? converted(bytes) : bytes
    }

    /// The eight highest stored bits of 16-bit samples.
    private static func highBytes(_ bytes: [UInt8], bitsStored: Int) -> [UInt8] {
        let shift = UInt16(max(bitsStored - 8, 0))
        return stride(from: 0, to: bytes.count - 1, by: 2).map {
            UInt8(truncatingIfNeeded: (UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8) >> shift)
        }
    }

    private static func interleaved(_ bytes: [UInt8], _ pixels: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: pixels * 3) { target, count in
            for index in 0..<pixels {
                target[index &* 3] = bytes[index]
                target[index &* 3 &+ 1] = bytes[pixels &+ index]
                target[index &* 3 &+ 2] = bytes[2 &* pixels &+ index]
            }
            count = pixels * 3
        }
    }

    /// Y1 Y2 Cb Cr for two pixels (PS3.3 C.7.6.3.1.2).
    private static func upsampled(_ bytes: [UInt8]) -> [UInt8] {
        let pairs = bytes.count / 4
        return [UInt8](unsafeUninitializedCapacity: pairs * 6) { target, count in
            for pair in 0..<pairs {
                for pixel in 0..<2 {
                    target[pair &* 6 &+ pixel &* 3] = bytes[pair &* 4 &+ pixel]
                    target[pair &* 6 &+ pixel &* 3 &+ 1] = bytes[pair &* 4 &+ 2]
                    target[pair &* 6 &+ pixel &* 3 &+ 2] = bytes[pair &* 4 &+ 3]
                }
            }
            count = pairs * 6
        }
    }

    /// YBR_FULL to RGB (PS3.3 C.7.6.3.1.2 inverted), 16-bit fixed point.
    private static func converted(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        bytes.withUnsafeMutableBufferPointer { buffer in
            var index = 0
            while index &+ 2 < buffer.count {
                let y = Int32(buffer[index]) << 16
                let cb = Int32(buffer[index &+ 1]) &- 128
                let cr = Int32(buffer[index &+ 2]) &- 128
                buffer[index] = UInt8(clamping: (y &+ 91881 &* cr &+ 32768) >> 16)
                buffer[index &+ 1] = UInt8(clamping: (y &- 22554 &* cb &- 46802 &* cr &+ 32768) >> 16)
                buffer[index &+ 2] = UInt8(clamping: (y &+ 116130 &* cb &+ 32768) >> 16)
                index &+= 3
            }
        }
        return bytes
    }
}
