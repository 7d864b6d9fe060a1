import DICOMObjects
import PixelCodecs

/// Native frames made ready for a viewer: unused bits cleared, colour as RGB by pixel, small copies.
///
/// Unsafe memory: samples are visited as 16- and 32-bit words in place. All indices are bounded by the count of the buffer.
enum ReadySamples {
    /// - Returns: the frame's samples, bits above Bits Stored cleared or filled with the sign.
    static func grey(_ bytes: [UInt8], _ format: ViewingPixels) throws(RetrieveError) -> [UInt8] {
        let needed = format.bitsAllocated == 1 ? (format.rows * format.columns + 7) / 8 : format.rows * format.columns * (format.bitsAllocated / 8)
        guard bytes.count >= needed else { throw .image(.codec(CodecError(.bufferSizeMismatch))) }
        var samples = bytes
        if samples.count > needed { samples.removeLast(samples.count - needed) }
        let isWhole = format.bitsStored == format.bitsAllocated
        guard !isWhole, !format.isFloat, format.bitsAllocated > 1 else { return samples }
        let below = format.highBit + 1 - format.bitsStored
        let above = format.bitsAllocated - 1 - format.highBit
        samples.withUnsafeMutableBytes { raw in
            switch (format.bitsAllocated, format.isSigned) {
            case (8, false): shift(raw.bindMemory(to: UInt8.self), above, below)
            case (8, true): shift(raw.bindMemory(to: Int8.self), above, below)
            case (16, false): shift(raw.bindMemory(to: UInt16.self), above, below)
            case (16, true): shift(raw.bindMemory(to: Int16.self), above, below)
            case (32, false): shift(raw.bindMemory(to: UInt32.self), above, below)
            case (32, true): shift(raw.bindMemory(to: Int32.self), above, below)
            default: break
            }
        }
        return samples
    }

    /// Up so that the highest stored bit is the highest of the word, then down: the sign, or zeros, follow.
    private static func shift<Word: FixedWidthInteger>(_ words: UnsafeMutableBufferPointer<Word>, _ above: Int, _ below: Int) {
        let (up, down) = (Word(truncatingIfNeeded: above), Word(truncatingIfNeeded: above &+ below))
        for index in words.indices { words[index] = (words[index] &<< up) &>> down }
    }

    // MARK: Colour

    /// RGB by pixel, 8 bits.
    static func colour(_ frame: NativeFrame, _ format: ViewingPixels) throws(RetrieveError) -> [UInt8] {
        let pixels = format.rows * format.columns
        let description = frame.module.frame
        guard description.samplesPerPixel == 3, [8, 16].contains(description.bitsAllocated) else {
            throw .image(.codec(CodecError(.unsupportedDescription)))
        }
        if frame.photometricInterpretation == "YBR_FULL_422", description.bitsAllocated == 8, frame.bytes.count < pixels * 3 {
            guard frame.bytes.count >= pixels * 2 else { throw .image(.codec(CodecError(.bufferSizeMismatch))) }
            return converted(upsampled(Array(frame.bytes.prefix(pixels * 2))))
        }
        let size = description.bitsAllocated / 8
        guard frame.bytes.count >= pixels * 3 * size else { throw .image(.codec(CodecError(.bufferSizeMismatch))) }
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

    // MARK: Previews

    /// Mean of boxes of `factor` × `factor` pixels, those at the right and lower edge smaller; `nil` for other than 8 and 16 bits.
    static func reduced(_ bytes: [UInt8], _ format: ViewingPixels, factor: Int) -> [UInt8]? {
        guard bytes.count >= format.rows * format.columns * format.samplesPerPixel * (format.bitsAllocated / 8) else { return nil }
        return bytes.withUnsafeBytes { raw in
            switch (format.bitsAllocated, format.isSigned) {
            case (8, false): reduce(raw.bindMemory(to: UInt8.self), format, factor)
            case (8, true): reduce(raw.bindMemory(to: Int8.self), format, factor)
            case (16, false): reduce(raw.bindMemory(to: UInt16.self), format, factor)
            case (16, true): reduce(raw.bindMemory(to: Int16.self), format, factor)
            default: nil
            }
        }
    }

    private static func reduce<Word: FixedWidthInteger>(
        _ source: UnsafeBufferPointer<Word>, _ format: ViewingPixels, _ factor: Int
    ) -> [UInt8] {
        let samples = format.samplesPerPixel
        let (rows, columns) = ((format.rows + factor - 1) / factor, (format.columns + factor - 1) / factor)
        var sums = [Int32](repeating: 0, count: columns * samples)
        let total = rows * columns * samples
        let words = [Word](unsafeUninitializedCapacity: total) { target, count in
            for row in 0..<rows {
                for index in sums.indices { sums[index] = 0 }
                let lines = row * factor..<min((row + 1) * factor, format.rows)
                for line in lines {
                    for column in 0..<format.columns {
                        let from = (line &* format.columns &+ column) &* samples
                        let to = column / factor &* samples
                        for sample in 0..<samples { sums[to &+ sample] &+= Int32(truncatingIfNeeded: source[from &+ sample]) }
                    }
                }
                for column in 0..<columns {
                    let width = min((column + 1) * factor, format.columns) - column * factor
                    let area = Int32(width * lines.count)
                    for sample in 0..<samples {
                        let sum = sums[column * samples + sample]
                        target[(row * columns + column) * samples + sample] = Word(truncatingIfNeeded: (sum + (sum < 0 ? -area : area) / 2) / area)
                    }
                }
            }
            count = total
        }
        return words.withUnsafeBytes { Array($0) }
    }
}
