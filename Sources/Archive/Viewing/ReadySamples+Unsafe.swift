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

    /// RGB by pixel, 8 bits.
    static func colour(_ frame: NativeFrame) throws(RetrieveError) -> [UInt8] {
        do { return try RGBSamples.bytes(frame) } catch { throw .image(error) }
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
