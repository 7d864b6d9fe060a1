package import PixelCodecs

/// Repeatable pseudo-random numbers (SplitMix64).
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

/// Images with ramps, flat areas and noise: what predictors, runs and escapes are for.
package enum TestImage {
    package static func make(_ description: FrameDescription, seed: UInt64, noise: Int = 3) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        let maximum = 1 << description.bitsStored - 1
        let low = description.isSigned ? -(maximum + 1) / 2 : 0
        var samples: [Int] = []
        for component in 0..<description.samplesPerPixel {
            for row in 0..<description.rows {
                for column in 0..<description.columns {
                    let value: Int
                    switch (row / 7 + column / 11 + component) % 4 {
                    case 0: value = maximum / 3
                    case 1: value = Int(generator.next() % UInt64(maximum + 1))
                    case 2: value = (row * 5 + column * 3) + Int(generator.next() % UInt64(2 * noise + 1))
                    default: value = maximum - (column + component) % 3
                    }
                    samples.append(low + value % (maximum + 1))
                }
            }
        }
        return bytes(of: samples, description)
    }

    /// Planar samples to the layout of the description.
    package static func bytes(of samples: [Int], _ description: FrameDescription) -> [UInt8] {
        let pixels = description.rows * description.columns
        let size = description.bytesPerSample
        var result = [UInt8](repeating: 0, count: samples.count * size)
        for component in 0..<description.samplesPerPixel {
            for pixel in 0..<pixels {
                let place = description.isPlanar
                    ? component * pixels + pixel : pixel * description.samplesPerPixel + component
                let value = samples[component * pixels + pixel]
                for byte in 0..<size { result[place * size + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
            }
        }
        return result
    }

    package static func sample(_ bytes: [UInt8], _ index: Int, _ description: FrameDescription) -> Int {
        let raw = description.bytesPerSample == 1
            ? Int(bytes[index]) : Int(bytes[2 * index]) | Int(bytes[2 * index + 1]) << 8
        guard description.isSigned else { return raw }
        let bits = description.bitsAllocated
        return raw >> (bits - 1) == 1 ? raw - 1 << bits : raw
    }

    /// Every depth, sign, component count and layout with sizes that are not multiples of anything.
    package static var descriptions: [FrameDescription] {
        var list: [FrameDescription] = []
        for bits in 1...16 {
            for isSigned in [false, true] where bits > 1 || !isSigned {
                for samples in [1, 3] {
                    list.append(FrameDescription(
                        columns: 17 + bits % 5, rows: 23 + bits % 3, samplesPerPixel: samples,
                        bitsAllocated: bits <= 8 ? 8 : 16, bitsStored: bits, isSigned: isSigned,
                        isPlanar: samples == 3 && bits % 2 == 0))
                }
            }
        }
        for (columns, rows) in [(1, 1), (1, 9), (9, 1), (2, 2), (3, 3), (255, 2), (300, 5)] {
            list.append(FrameDescription(columns: columns, rows: rows, bitsAllocated: 16, bitsStored: 12))
            list.append(FrameDescription(columns: columns, rows: rows, samplesPerPixel: 3, bitsAllocated: 8))
        }
        return list
    }
}
