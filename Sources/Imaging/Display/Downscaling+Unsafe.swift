/// Makes pictures smaller by whole numbers: previews of large images.
public enum Downscaling {
    /// Means of boxes of `factor` × `factor` pixels, halves rounded up, padding left out; boxes at the right and lower edge may be smaller.
    /// A box of nothing but padding keeps the padding value at its left top.
    /// - Parameter target: ceil(columns / factor) × ceil(rows / factor) pixels of the same kind.
    /// - Returns: whether the factor, 1 to 256, can be used.
    public static func box(_ image: ImageSamples, factor: Int, into target: UnsafeMutableRawPointer) -> Bool {
        guard factor >= 1, factor <= 256 else { return false }
        if image.kind == .rgb8 {
            boxColour(image, factor, target.assumingMemoryBound(to: UInt8.self))
        } else {
            _ = image.perform(BoxWork(factor: factor, target: target))
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
}

private struct BoxWork: SampleWork {
    let factor: Int
    let target: UnsafeMutableRawPointer

    func run<Sample: FixedWidthInteger>(_ samples: TypedSamples<Sample>) {
        let output = target.assumingMemoryBound(to: Sample.self)
        var at = 0
        for top in stride(from: 0, to: samples.rows, by: factor) {
            let bottom = min(top &+ factor, samples.rows)
            for left in stride(from: 0, to: samples.columns, by: factor) {
                output[at] = mean(samples, left, min(left &+ factor, samples.columns), top, bottom)
                at &+= 1
            }
        }
    }

    @inline(__always)
    private func mean<Sample: FixedWidthInteger>(
        _ samples: TypedSamples<Sample>, _ left: Int, _ right: Int, _ top: Int, _ bottom: Int
    ) -> Sample {
        var (sum, count): (Int64, Int64) = (0, 0)
        for row in top..<bottom {
            for column in left..<right {
                let value = samples[column, row]
                if samples.hasPadding, samples.isPadding(value) { continue }
                sum &+= value
                count &+= 1
            }
        }
        guard count > 0 else { return Sample(truncatingIfNeeded: samples[left, top]) }
        let doubled = 2 &* sum &+ count
        let quotient = doubled / (2 &* count)
        return Sample(truncatingIfNeeded: doubled % (2 &* count) < 0 ? quotient &- 1 : quotient)
    }
}
