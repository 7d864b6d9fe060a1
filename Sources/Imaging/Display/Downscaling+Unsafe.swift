/// Makes pictures smaller by whole numbers: previews of large images.
public enum Downscaling {
    /// Means of boxes of `factor` × `factor` pixels, halves rounded up, padding left out; boxes at the right and lower edge may be smaller.
    /// A box of nothing but padding becomes padding.
    /// - Parameter target: ceil(columns / factor) × ceil(rows / factor) pixels of the same kind.
    /// - Returns: whether the factor, 1 to 256, can be used.
    public static func box(_ image: ImageSamples, factor: Int, into target: UnsafeMutableRawPointer) -> Bool {
        guard factor >= 1, factor <= 256 else { return false }
        if image.kind == .rgb8 {
            boxColour(image, factor, target.assumingMemoryBound(to: UInt8.self))
        } else {
            boxGrey(image, factor, target)
        }
        return true
    }

    private static func boxColour(_ image: ImageSamples, _ factor: Int, _ target: UnsafeMutablePointer<UInt8>) {
        let bytes = image.base.assumingMemoryBound(to: UInt8.self)
        var at = 0
        for top in stride(from: 0, to: image.rows, by: factor) {
            for left in stride(from: 0, to: image.columns, by: factor) {
                let (bottom, right) = (min(top &+ factor, image.rows), min(left &+ factor, image.columns))
                let count = (bottom &- top) &* (right &- left)
                for channel in 0..<3 {
                    var sum = count / 2
                    for row in top..<bottom {
                        for column in left..<right { sum &+= Int(bytes[3 &* (row &* image.columns &+ column) &+ channel]) }
                    }
                    target[at] = UInt8(truncatingIfNeeded: sum / count)
                    at &+= 1
                }
            }
        }
    }

    private static func boxGrey(_ image: ImageSamples, _ factor: Int, _ target: UnsafeMutableRawPointer) {
        let boxes = (image.columns &+ factor &- 1) / factor
        var line = [Int64](repeating: 0, count: image.columns)
        var sums = [Int64](repeating: 0, count: boxes)
        var counts = [Int64](repeating: 0, count: boxes)
        for (place, top) in stride(from: 0, to: image.rows, by: factor).enumerated() {
            for box in 0..<boxes { (sums[box], counts[box]) = (0, 0) }
            for row in top..<min(top &+ factor, image.rows) {
                line.withUnsafeMutableBufferPointer { values in
                    if let start = values.baseAddress { image.read(row: row, 0..<image.columns, into: start) }
                }
                for column in 0..<image.columns where !image.isPadding(line[column]) {
                    sums[column / factor] &+= line[column]
                    counts[column / factor] &+= 1
                }
            }
            for box in 0..<boxes {
                let value = counts[box] > 0 ? mean(sums[box], counts[box]) : image.padding?.lowerBound ?? 0
                store(value, at: place &* boxes &+ box, image.kind, target)
            }
        }
    }

    private static func mean(_ sum: Int64, _ count: Int64) -> Int64 {
        let doubled = 2 &* sum &+ count
        let quotient = doubled / (2 &* count)
        return doubled % (2 &* count) < 0 ? quotient &- 1 : quotient
    }

    private static func store(_ value: Int64, at index: Int, _ kind: SampleKind, _ target: UnsafeMutableRawPointer) {
        let size = kind.bytesPerPixel
        switch size {
        case 1: target.storeBytes(of: UInt8(truncatingIfNeeded: value), toByteOffset: index, as: UInt8.self)
        case 2: target.storeBytes(of: UInt16(truncatingIfNeeded: value), toByteOffset: 2 &* index, as: UInt16.self)
        default: target.storeBytes(of: UInt32(truncatingIfNeeded: value), toByteOffset: 4 &* index, as: UInt32.self)
        }
    }
}
