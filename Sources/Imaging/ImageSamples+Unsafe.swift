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
        guard columns > 0, columns <= 65535, rows > 0, rows <= 65535, Int64(columns) &* Int64(rows) <= 1 << 28 else { return nil }
        self.base = base
        self.columns = columns
        self.rows = rows
        self.kind = kind
        self.padding = padding
    }
}

/// A type of stored values, with conversions of its own: those of generic integers are slow, as the compiler leaves them as calls.
protocol StoredSample: FixedWidthInteger {
    var wide: Int64 { get }
    var float: Float { get }
}

extension UInt8: StoredSample {
    @_transparent var wide: Int64 { Int64(widening: Int32(truncatingIfNeeded: self)) }
    @_transparent var float: Float { Float(small: Int32(truncatingIfNeeded: self)) }
}

extension Int8: StoredSample {
    @_transparent var wide: Int64 { Int64(widening: Int32(truncatingIfNeeded: self)) }
    @_transparent var float: Float { Float(small: Int32(truncatingIfNeeded: self)) }
}

extension UInt16: StoredSample {
    @_transparent var wide: Int64 { Int64(widening: Int32(truncatingIfNeeded: self)) }
    @_transparent var float: Float { Float(small: Int32(truncatingIfNeeded: self)) }
}

extension Int16: StoredSample {
    @_transparent var wide: Int64 { Int64(widening: Int32(truncatingIfNeeded: self)) }
    @_transparent var float: Float { Float(small: Int32(truncatingIfNeeded: self)) }
}

extension UInt32: StoredSample {
    @_transparent var wide: Int64 { Int64(bitPattern: UInt64(truncatingIfNeeded: self)) }
    @_transparent var float: Float { Float(wide) }
}

extension Int32: StoredSample {
    @_transparent var wide: Int64 { Int64(widening: self) }
    @_transparent var float: Float { Float(small: self) }
}

/// Pixels of one type: what the loops run on.
struct TypedSamples<Sample: StoredSample> {
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

    subscript(column: Int, row: Int) -> Int64 {
        @_transparent get { pixels[row &* columns &+ column].wide }
    }

    /// Only to be asked when there is padding.
    @_transparent
    func isPadding(_ value: Int64) -> Bool { value >= low && value <= high }
}

/// Work that is compiled once for each type of sample.
protocol SampleWork {
    associatedtype Result
    func run<Sample: StoredSample>(_ samples: TypedSamples<Sample>) -> Result
}

protocol VolumeWork {
    associatedtype Result
    func run<Sample: VolumeSample>(_ samples: TypedSamples<Sample>) -> Result
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

    /// The same for volumes; values of 32 bits must fit `Int32`, in which results are given.
    /// - Returns: `nil` for kinds no modality makes volumes of: `int8`, `uint32` and colour.
    func performVolume<Work: VolumeWork>(_ work: Work) -> Work.Result? {
        switch kind {
        case .uint8: work.run(TypedSamples<UInt8>(self))
        case .uint16: work.run(TypedSamples<UInt16>(self))
        case .int16: work.run(TypedSamples<Int16>(self))
        case .int32: work.run(TypedSamples<Int32>(self))
        case .int8, .uint32, .rgb8: nil
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

extension ImageSamples {
    /// Reads the stored values of a run of a row: for work that need not be compiled for each type of sample.
    /// - Parameter values: room for as many values as the run has.
    @inline(never)
    func read(row: Int, _ run: Range<Int>, into values: UnsafeMutablePointer<Int64>) {
        _ = perform(RunReading(row: row, run: run, values: values))
    }

    @_transparent
    func isPadding(_ value: Int64) -> Bool { padding.map { $0.contains(value) } ?? false }

    /// Calls `body` with the values of each run of pixels of a region, in reading order; not for colour.
    func forEachRun(of scan: RegionScan, _ body: (_ values: UnsafePointer<Int64>, _ row: Int, _ run: Range<Int>) -> Void) {
        guard kind != .rgb8 else { return }
        var values = [Int64](repeating: 0, count: columns)
        var runs: [Int] = []
        values.withUnsafeMutableBufferPointer { values in
            guard let start = values.baseAddress else { return }
            for row in scan.rows {
                runs.removeAll(keepingCapacity: true)
                scan.appendRuns(row: row, to: &runs)
                for at in stride(from: 0, to: runs.count, by: 2) {
                    let run = runs[at]..<runs[at &+ 1]
                    read(row: row, run, into: start)
                    body(start, row, run)
                }
            }
        }
    }
}

private struct RunReading: SampleWork {
    let row: Int
    let run: Range<Int>
    let values: UnsafeMutablePointer<Int64>

    func run<Sample: StoredSample>(_ samples: TypedSamples<Sample>) {
        let line = samples.pixels + (row &* samples.columns &+ run.lowerBound)
        for index in 0..<run.count { values[index] = line[index].wide }
    }
}
