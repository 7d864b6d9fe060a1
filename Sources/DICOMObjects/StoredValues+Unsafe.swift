import Imaging
import PixelCodecs

/// Stored values of the first sample of each pixel, without overlay bits, sign extended.
struct StoredValues {
    private let bytes: [UInt8]
    private let description: FrameDescription
    let count: Int

    init(_ frame: NativeFrame) {
        bytes = Array(frame.bytes)
        description = frame.module.frame
        count = frame.module.frame.columns * frame.module.frame.rows
    }

    subscript(index: Int) -> Int {
        let raw: Int
        switch description.bitsAllocated {
        case 1: raw = index / 8 < bytes.count ? Int(bytes[index / 8] >> UInt8(index % 8) & 1) : 0
        case 8: raw = index < bytes.count ? Int(bytes[index]) : 0
        default:
            let size = description.bitsAllocated / 8
            let start = index * size
            guard start + size <= bytes.count else { return 0 }
            var value: UInt64 = 0
            for byte in 0..<min(size, 8) { value |= UInt64(bytes[start + byte]) << UInt64(8 * byte) }
            raw = Int(truncatingIfNeeded: value)
        }
        let bits = description.bitsStored
        guard bits < 64 else { return raw }
        let masked = raw & ((1 << bits) &- 1)
        return description.isSigned && masked >> (bits - 1) & 1 == 1 ? masked &- (1 << bits) : masked
    }

    /// Lowest and highest stored value of a picture without half a percent at either end, as the viewer finds them.
    ///
    /// Unsafe memory: a copy of as many values as the picture has pixels, lent for the call.
    func automaticWindow(padding: ClosedRange<Int>?) -> (low: Double, high: Double)? {
        let copy = (0..<count).map { Int32(clamping: self[$0]) }
        let window = copy.withUnsafeBytes { raw -> DisplayPipeline.Window? in
            guard let base = raw.baseAddress else { return nil }
            let values = ImageSamples(
                base: base, columns: description.columns, rows: description.rows, kind: .int32,
                padding: padding.map { Int64($0.lowerBound)...Int64($0.upperBound) })
            return values?.automaticWindow(slope: 1, intercept: 0)
        }
        guard let window else { return nil }
        let half = (window.width - 1) / 2
        return (window.center - 0.5 - half, window.center - 0.5 + half)
    }
}

extension DisplayPipeline.Table {
    /// All that the table makes of the stored values from `low` to `high`.
    func window(of range: (low: Double, high: Double)) -> DisplayPipeline.Window {
        let last = entries.count - 1
        func place(_ value: Double) -> Int { min(max(Int(value.rounded()) - firstMapped, 0), last) }
        let outputs = entries[place(range.low)...max(place(range.low), place(range.high))]
        let (low, high) = (Double(outputs.min() ?? 0), Double(outputs.max() ?? 0))
        return .init(center: (low + high) / 2 + 0.5, width: max(high - low, 1) + 1)
    }
}
