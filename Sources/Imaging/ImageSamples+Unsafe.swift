/// How samples stand in memory: stored values in the byte order of the machine, sign carried up, unused bits cleared.
public enum SampleKind: UInt8, CaseIterable, Sendable {
    case uint8, int8, uint16, int16, uint32, int32
    /// Three bytes for each pixel.
    case rgb8

    public var bytesPerPixel: Int {
        switch self {
        case .uint8, .int8: 1
        case .uint16, .int16: 2
        case .uint32, .int32: 4
        case .rgb8: 3
        }
    }
}

/// Pixels of one image in memory that somebody else keeps.
public struct ImageSamples {
    public let base: UnsafeRawPointer
    public let columns: Int
    public let rows: Int
    public let kind: SampleKind
    /// Stored values that are not image: Pixel Padding Value and Range Limit (PS3.3 C.7.5.1.1.2).
    public let padding: ClosedRange<Int64>?

    /// - Parameter base: aligned to the size of a sample; `columns * rows` pixels must be there.
    /// - Returns: `nil` for sizes outside PS3.3 or beyond 2²⁸ pixels.
    public init?(base: UnsafeRawPointer, columns: Int, rows: Int, kind: SampleKind, padding: ClosedRange<Int64>? = nil) {
        guard columns > 0, columns <= 65535, rows > 0, rows <= 65535, Int64(columns) * Int64(rows) <= 1 << 28 else { return nil }
        self.base = base
        self.columns = columns
        self.rows = rows
        self.kind = kind
        self.padding = padding
    }
}

/// Pixels of one type: what the loops run on.
struct TypedSamples<Sample: FixedWidthInteger> {
    let pixels: UnsafePointer<Sample>
    let columns: Int
    let rows: Int
    let hasPadding: Bool
    let low: Int64
    let high: Int64

    init(_ image: ImageSamples) {
        pixels = image.base.assumingMemoryBound(to: Sample.self)
        columns = image.columns
        rows = image.rows
        hasPadding = image.padding != nil
        low = image.padding?.lowerBound ?? 0
        high = image.padding?.upperBound ?? 0
    }

    @inline(__always)
    subscript(column: Int, row: Int) -> Int64 { Int64(truncatingIfNeeded: pixels[row &* columns &+ column]) }

    /// Only to be asked when there is padding.
    @inline(__always)
    func isPadding(_ value: Int64) -> Bool { value >= low && value <= high }
}

/// Work that is compiled once for each type of sample.
protocol SampleWork {
    associatedtype Result
    func run<Sample: FixedWidthInteger>(_ samples: TypedSamples<Sample>) -> Result
}

extension ImageSamples {
    /// - Returns: `nil` for colour.
    func perform<Work: SampleWork>(_ work: Work) -> Work.Result? {
        switch kind {
        case .uint8: work.run(TypedSamples<UInt8>(self))
        case .int8: work.run(TypedSamples<Int8>(self))
        case .uint16: work.run(TypedSamples<UInt16>(self))
        case .int16: work.run(TypedSamples<Int16>(self))
        case .uint32: work.run(TypedSamples<UInt32>(self))
        case .int32: work.run(TypedSamples<Int32>(self))
        case .rgb8: nil
        }
    }

    /// The same for palette images, which are unsigned and of 16 bits at most (PS3.3 C.7.6.3.1.2).
    /// - Returns: `nil` for others.
    func performIndexed<Work: SampleWork>(_ work: Work) -> Work.Result? {
        switch kind {
        case .uint8: work.run(TypedSamples<UInt8>(self))
        case .uint16: work.run(TypedSamples<UInt16>(self))
        default: nil
        }
    }
}
