/// Steps from one place of a row to the next in fixed point of `DeviceRaster`: columns, rows, slices.
struct SlantingSteps {
    let x: Int64
    let y: Int64
    let z: Int64
}

/// The part of a row of places on a layer that lies between the centres of an even, upright stack.
struct SlantingRun {
    let range: Range<Int>
    /// Of index 0, in fixed point of `DeviceRaster`: column, row, slice.
    let x: Int64
    let y: Int64
    let z: Int64
}

extension SlantingRun {
    static let none = SlantingRun(range: 0..<0, x: 0, y: 0, z: 0)
}

/// Samples slanting rows four places at a time, and whole slabs tile by tile: the lines of memory that a tile needs stay at hand for all
/// its rows and layers, where whole rows would wait for each of them again.
struct TileSampling<Sample: VolumeSample> {
    private static var columnsMaximum: Int64 { 64 }

    /// Places of a tile along a row.
    let columns: Int
    private let samples: TypedSamples<Sample>
    private let steps: SlantingSteps
    private let projection: Projection
    private let lineBytes: Int
    private let sliceBytes: Int

    /// - Returns: `nil` where the distances within a tile do not fit the numbers of its loops.
    init?(_ samples: TypedSamples<Sample>, _ steps: SlantingSteps, _ projection: Projection) {
        let bytes = MemoryLayout<Sample>.stride
        let sliceBytes = Int64(samples.columns) &* Int64(samples.rows) &* Int64(bytes)
        // Offsets are those of 256 slices at most, in 32 bits; so are places, with 24 bits behind the point.
        let fastest = max(max(abs(steps.x), abs(steps.y)), max(abs(steps.z), 1))
        let columns = min(Self.columnsMaximum, (DeviceRaster.one &* 254) / fastest) & ~3
        guard columns > 0, sliceBytes < 1 << 24 else { return nil }
        (self.samples, self.steps, self.projection) = (samples, steps, projection)
        self.columns = Int(truncatingIfNeeded: columns)
        lineBytes = samples.columns &* bytes
        self.sliceBytes = Int(truncatingIfNeeded: sliceBytes)
    }

    /// Joins the samples of a part of a run, not longer than a tile, to those of other layers.
    /// - Parameters:
    ///   - sums: that of index 0; room for three behind the last.
    ///   - counts: the same, for means.
    func join(_ run: SlantingRun, _ range: Range<Int>, to sums: UnsafeMutableRawPointer, counts: UnsafeMutableRawPointer) {
        var index = Int64(range.lowerBound)
        let last = Int64(range.upperBound) &- 1
        let (x, startX) = Self.lanes(run.x, steps.x, index, last)
        let (y, startY) = Self.lanes(run.y, steps.y, index, last)
        let (z, startZ) = Self.lanes(run.z, steps.z, index, last)
        let corner = UnsafeRawPointer(samples.pixels + (startY &* samples.columns &+ startX)) + startZ &* sliceBytes
        var place = TilePlace(x: x, y: y, z: z)
        let stride = TilePlace(x: Self.stride(steps.x), y: Self.stride(steps.y), z: Self.stride(steps.z))
        var at = 4 &* range.lowerBound
        while index &+ 3 <= last {
            store(values(corner, place), .init(repeating: 1), sums + at, counts + at)
            place.advance(by: stride)
            index &+= 4
            at &+= 16
        }
        if index <= last { joinRest(run, corner, (startX, startY, startZ), index, last, sums + at, counts + at) }
    }

    /// Fewer than four: the last one stands in for those behind it, which are not kept.
    @inline(never)
    private func joinRest(
        _ run: SlantingRun, _ corner: UnsafeRawPointer, _ start: (x: Int, y: Int, z: Int), _ index: Int64, _ last: Int64,
        _ sums: UnsafeMutableRawPointer, _ counts: UnsafeMutableRawPointer
    ) {
        func places(_ origin: Int64, _ step: Int64, _ start: Int) -> SIMD4<UInt32> {
            var result = SIMD4<UInt32>()
            for lane in 0..<4 {
                let place = origin &+ step &* min(index &+ Int64(lane), last) &- Int64(start) << DeviceRaster.fractionBits
                result[lane] = UInt32(truncatingIfNeeded: place)
            }
            return result
        }
        let place = TilePlace(
            x: places(run.x, steps.x, start.x), y: places(run.y, steps.y, start.y), z: places(run.z, steps.z, start.z))
        var (found, kept) = (values(corner, place), SIMD4<Float>())
        let missing = projection == .mean ? 0 : projection == .minimum ? Float.greatestFiniteMagnitude : -.greatestFiniteMagnitude
        for lane in 0..<4 {
            if index &+ Int64(lane) <= last { kept[lane] = 1 } else { found[lane] = missing }
        }
        store(found, kept, sums, counts)
    }

    /// Places of the first four, counted from the whole number below all of the part.
    @inline(__always)
    private static func lanes(_ origin: Int64, _ step: Int64, _ index: Int64, _ last: Int64) -> (SIMD4<UInt32>, Int) {
        let (first, end) = (origin &+ step &* index, origin &+ step &* last)
        let start = min(first, end) >> DeviceRaster.fractionBits
        let narrow = UInt32(truncatingIfNeeded: first &- start << DeviceRaster.fractionBits)
        let by = UInt32(truncatingIfNeeded: step)
        return (SIMD4(narrow, narrow &+ by, narrow &+ 2 &* by, narrow &+ 3 &* by), Int(truncatingIfNeeded: start))
    }

    @inline(__always)
    private static func stride(_ step: Int64) -> SIMD4<UInt32> { SIMD4(repeating: UInt32(truncatingIfNeeded: 4 &* step)) }

    @inline(__always)
    private func values(_ corner: UnsafeRawPointer, _ place: TilePlace) -> SIMD4<Float> {
        let (u, v, w) = (place.x.fractions, place.y.fractions, place.z.fractions)
        let bytes = place.offsets(MemoryLayout<Sample>.stride, lineBytes, sliceBytes)
        let near = mixed(corner, bytes, u, v)
        return near + (mixed(corner + sliceBytes, bytes, u, v) - near) * w
    }

    /// Of one slice: along the row, then down.
    @inline(__always)
    private func mixed(_ slice: UnsafeRawPointer, _ bytes: SIMD4<UInt32>, _ u: SIMD4<Float>, _ v: SIMD4<Float>) -> SIMD4<Float> {
        let (a, b) = Sample.neighbours(slice, bytes)
        let (c, d) = Sample.neighbours(slice + lineBytes, bytes)
        let above = a + (b - a) * u
        return above + (c + (d - c) * u - above) * v
    }

    @inline(__always)
    private func store(
        _ values: SIMD4<Float>, _ kept: SIMD4<Float>, _ sums: UnsafeMutableRawPointer, _ counts: UnsafeMutableRawPointer
    ) {
        var sum = sums.loadUnaligned(as: SIMD4<Float>.self)
        if projection == .mean {
            sum += values
            counts.storeBytes(of: counts.loadUnaligned(as: SIMD4<Float>.self) + kept, as: SIMD4<Float>.self)
        } else {
            sum.replace(with: values, where: projection == .minimum ? values .< sum : values .> sum)
        }
        sums.storeBytes(of: sum, as: SIMD4<Float>.self)
    }
}

/// Four places from the corner of a part of a run: 8 bits before the point, 24 behind.
private struct TilePlace {
    var x: SIMD4<UInt32>
    var y: SIMD4<UInt32>
    var z: SIMD4<UInt32>

    @inline(__always)
    mutating func advance(by stride: TilePlace) {
        x &+= stride.x
        y &+= stride.y
        z &+= stride.z
    }

    @inline(__always)
    func offsets(_ sampleBytes: Int, _ lineBytes: Int, _ sliceBytes: Int) -> SIMD4<UInt32> {
        let (sample, line) = (UInt32(truncatingIfNeeded: sampleBytes), UInt32(truncatingIfNeeded: lineBytes))
        let slice = UInt32(truncatingIfNeeded: sliceBytes)
        return x.wholes &* SIMD4(repeating: sample) &+ y.wholes &* SIMD4(repeating: line) &+ z.wholes &* SIMD4(repeating: slice)
    }
}

extension SIMD4<UInt32> {
    @inline(__always)
    fileprivate var wholes: Self { self &>> SIMD4(repeating: 24) }

    /// 23 of the 24 bits, which are those of a number from 1 up to 2.
    @inline(__always)
    fileprivate var fractions: SIMD4<Float> {
        let bits = (self &<< SIMD4(repeating: 8)) &>> SIMD4(repeating: 9) | SIMD4(repeating: 0x3F80_0000)
        return unsafeBitCast(bits, to: SIMD4<Float>.self) - SIMD4<Float>(repeating: 1)
    }
}
