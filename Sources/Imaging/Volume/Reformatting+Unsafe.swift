/// What becomes of the samples through a slab.
public enum Projection: UInt8, CaseIterable, Sendable {
    case maximum, minimum
    /// Of the places that have data.
    case mean
}

/// A plane in patient space, mm.
public struct ReformatPlane {
    /// Centre of the device pixel at the left top.
    public var origin: SliceStack.Vector
    /// To the next device pixel to the right and below.
    public var right: SliceStack.Vector
    public var down: SliceStack.Vector

    public init(origin: SliceStack.Vector, right: SliceStack.Vector, down: SliceStack.Vector) {
        self.origin = origin
        self.right = right
        self.down = down
    }

    /// Whether a view can have these numbers.
    var isValid: Bool {
        [origin.x, origin.y, origin.z].allSatisfy { $0 > -1e6 && $0 < 1e6 }
            && [right.x, right.y, right.z, down.x, down.y, down.z].allSatisfy { $0 > -1e3 && $0 < 1e3 }
    }
}

/// Multiplanar reformatting and slabs of a volume of slices one after the other in memory, interpolated linearly in three directions.
public struct Reformatting {
    /// There is no data here.
    public static let noData = Int32.min

    public var slices: ImageSamples
    public var stack: SliceStack
    public var plane: ReformatPlane
    public var projection: Projection
    /// mm, centred on the plane. 0: the plane alone.
    public var thickness: Double
    /// One byte for each slice, 0 where it is not there yet; `nil`: all are.
    public var loaded: UnsafePointer<UInt8>?

    /// - Parameter slices: the first slice; the others follow.
    public init(
        slices: ImageSamples, stack: SliceStack, plane: ReformatPlane, projection: Projection = .maximum, thickness: Double = 0,
        loaded: UnsafePointer<UInt8>? = nil
    ) {
        self.slices = slices
        self.stack = stack
        self.plane = plane
        self.projection = projection
        self.thickness = thickness
        self.loaded = loaded
    }

    /// Writes stored values, rounded to the nearest, or `noData`.
    /// - Parameter values: row 0 of the whole picture.
    /// - Returns: whether the geometry and the samples can be used.
    public func run(into values: UnsafeMutablePointer<Int32>, width: Int, rows: Range<Int>) -> Bool {
        guard plane.isValid, thickness >= 0, thickness <= 1e4, width > 0, width <= 32768 else { return false }
        let work = ReformatWork(self, values: values, width: width, rows: rows)
        return slices.performVolume(work) != nil
    }
}

/// Where a row of places begins and how it goes on, in the grid of the stack.
private struct GridRow {
    let column: Double
    let row: Double
    let distance: Double
    let stepColumn: Double
    let stepRow: Double
    let stepDistance: Double
}

private struct ReformatWork: SampleWork {
    /// No sample has this value.
    private static var missing: Float { -Float.greatestFiniteMagnitude }

    let values: UnsafeMutablePointer<Int32>
    let width: Int
    let rows: Range<Int>
    let plane: ReformatPlane
    let stack: SliceStack
    let intervals: [SliceStack.Interval]
    let projection: Projection
    /// Places through the slab, and the vector from one to the next.
    let depth: Int
    let deeper: SliceStack.Vector
    let first: SliceStack.Vector

    init(_ job: Reformatting, values: UnsafeMutablePointer<Int32>, width: Int, rows: Range<Int>) {
        self.values = values
        self.width = width
        self.rows = rows
        plane = job.plane
        stack = job.stack
        let loaded = job.loaded
        intervals = job.stack.intervals { index in loaded.map { $0[index] != 0 } ?? true }
        projection = job.projection
        let normal = Self.unit(SliceStack.cross(plane.right, plane.down))
        let step = Self.voxelStep(job.stack, along: normal)
        depth = job.thickness > 0 && step > 0 ? min(Int(job.thickness / step + 0.999_999) &+ 1, 4096) : 1
        let length = depth > 1 ? job.thickness / Double(depth &- 1) : 0
        deeper = (normal.x * length, normal.y * length, normal.z * length)
        let back = -0.5 * Double(depth &- 1)
        first = (
            plane.origin.x + deeper.x * back, plane.origin.y + deeper.y * back, plane.origin.z + deeper.z * back
        )
    }

    private static func unit(_ vector: SliceStack.Vector) -> SliceStack.Vector {
        let length = SliceStack.dot(vector, vector).squareRoot()
        return length > 0 ? (vector.x / length, vector.y / length, vector.z / length) : (0, 0, 0)
    }

    /// A step that goes at most one voxel along any axis of the grid.
    private static func voxelStep(_ stack: SliceStack, along direction: SliceStack.Vector) -> Double {
        let count = stack.distances.count
        let slice = count > 1 ? (stack.distances[count &- 1] - stack.distances[0]) / Double(count &- 1) : stack.nominalStep
        let across = KernelMath.absolute(SliceStack.dot(direction, stack.row)) / stack.columnSpacing
        let along = KernelMath.absolute(SliceStack.dot(direction, stack.column)) / stack.rowSpacing
        let through = slice > 0 ? KernelMath.absolute(SliceStack.dot(direction, stack.normal)) / slice : 0
        let most = max(max(across, along), through)
        return most > 0 ? 1 / most : 0
    }

    func run<Sample: FixedWidthInteger>(_ samples: TypedSamples<Sample>) {
        var line = [Float](repeating: 0, count: width)
        var sums = [Float](repeating: 0, count: width)
        var counts = [Float](repeating: 0, count: width)
        line.withUnsafeMutableBufferPointer { line in
            sums.withUnsafeMutableBufferPointer { sums in
                counts.withUnsafeMutableBufferPointer { counts in
                    guard let line = line.baseAddress, let sums = sums.baseAddress, let counts = counts.baseAddress else { return }
                    for row in rows { run(samples, row, line, sums, counts) }
                }
            }
        }
    }

    private func run<Sample: FixedWidthInteger>(
        _ samples: TypedSamples<Sample>, _ row: Int, _ line: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Float>,
        _ counts: UnsafeMutablePointer<Float>
    ) {
        let target = values + row &* width
        sample(samples, gridRow(row, 0), sums)
        if depth > 1 {
            for index in 0..<width { counts[index] = sums[index] == Self.missing ? 0 : 1 }
            for layer in 1..<depth {
                sample(samples, gridRow(row, layer), line)
                combine(line, sums, counts)
            }
            if projection == .mean {
                for index in 0..<width where counts[index] > 0 { sums[index] /= counts[index] }
            }
        }
        for index in 0..<width {
            let value = sums[index]
            target[index] = value == Self.missing ? Reformatting.noData : Self.rounded(value)
        }
    }

    /// Halves are rounded up.
    @_transparent
    private static func rounded(_ value: Float) -> Int32 {
        let wide = Int64(KernelMath.floor(Double(value) + 0.5))
        return Int32(truncatingIfNeeded: min(max(wide, Int64(Int32.min) &+ 1), Int64(Int32.max)))
    }

    private func combine(
        _ line: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Float>, _ counts: UnsafeMutablePointer<Float>
    ) {
        switch projection {
        case .maximum:
            // Missing is below every value.
            for index in 0..<width { sums[index] = line[index] > sums[index] ? line[index] : sums[index] }
        case .minimum:
            for index in 0..<width where line[index] != Self.missing {
                if sums[index] == Self.missing || line[index] < sums[index] { sums[index] = line[index] }
            }
        case .mean:
            for index in 0..<width where line[index] != Self.missing {
                sums[index] = counts[index] > 0 ? sums[index] + line[index] : line[index]
                counts[index] += 1
            }
        }
    }

    private func gridRow(_ row: Int, _ layer: Int) -> GridRow {
        let (r, l) = (Double(row), Double(layer))
        let start = (
            x: first.x + plane.down.x * r + deeper.x * l, y: first.y + plane.down.y * r + deeper.y * l,
            z: first.z + plane.down.z * r + deeper.z * l
        )
        return GridRow(
            column: SliceStack.dot(stack.row, start) / stack.columnSpacing,
            row: SliceStack.dot(stack.column, start) / stack.rowSpacing, distance: SliceStack.dot(stack.normal, start),
            stepColumn: SliceStack.dot(stack.row, plane.right) / stack.columnSpacing,
            stepRow: SliceStack.dot(stack.column, plane.right) / stack.rowSpacing,
            stepDistance: SliceStack.dot(stack.normal, plane.right))
    }

    // MARK: One row of places

    private func sample<Sample: FixedWidthInteger>(
        _ samples: TypedSamples<Sample>, _ grid: GridRow, _ line: UnsafeMutablePointer<Float>
    ) {
        let shared = clip(samples.columns, samples.rows, 0, grid, 0..<width)
        var index = 0
        while index < width {
            let distance = grid.distance + grid.stepDistance * Double(index)
            guard let interval = interval(at: distance) else {
                let end = endOutside(index, grid)
                for at in index..<end { line[at] = Self.missing }
                index = end
                continue
            }
            let end = endWithin(interval, index, grid)
            run(samples, interval, grid, index..<end, shared, line)
            index = end
        }
    }

    /// The last interval that begins at or below a distance.
    private func interval(at distance: Double) -> SliceStack.Interval? {
        guard distance >= intervals[0].low, distance <= intervals[intervals.count &- 1].high else { return nil }
        var (low, high) = (0, intervals.count &- 1)
        while low < high {
            let middle = (low &+ high &+ 1) / 2
            if intervals[middle].low <= distance { low = middle } else { high = middle &- 1 }
        }
        return intervals[low]
    }

    /// The first place behind `index` that is not in the interval any more.
    private func endWithin(_ interval: SliceStack.Interval, _ index: Int, _ grid: GridRow) -> Int {
        let step = grid.stepDistance
        guard step != 0 else { return width }
        let border = step > 0 ? interval.high : interval.low
        return firstBeyond(border, index, grid)
    }

    private func endOutside(_ index: Int, _ grid: GridRow) -> Int {
        let distance = grid.distance + grid.stepDistance * Double(index)
        let (low, high) = (intervals[0].low, intervals[intervals.count &- 1].high)
        if grid.stepDistance > 0, distance < low { return firstBeyond(low, index, grid) }
        if grid.stepDistance < 0, distance > high { return firstBeyond(high, index, grid) }
        return width
    }

    private func firstBeyond(_ border: Double, _ index: Int, _ grid: GridRow) -> Int {
        let guess = (border - grid.distance) / grid.stepDistance
        guard guess < Double(width) else { return width }
        return min(max(Int(max(guess, 0)) &+ 1, index &+ 1), width)
    }

    private func run<Sample: FixedWidthInteger>(
        _ samples: TypedSamples<Sample>, _ interval: SliceStack.Interval, _ grid: GridRow, _ range: Range<Int>, _ clip: RowClip,
        _ line: UnsafeMutablePointer<Float>
    ) {
        for index in range { line[index] = Self.missing }
        guard interval.first >= 0, interval.second >= 0 else { return }
        let first = walk(samples, interval.first, grid, range, clip)
        let isSingle = interval.first == interval.second
        let second = isSingle ? first : walk(samples, interval.second, grid, range, clip)
        let scale = isSingle ? 0 : 1 / (interval.high - interval.low)
        SliceSampling(
            samples: samples, first: first, second: second, isSingle: isSingle, start: (grid.distance - interval.low) * scale,
            step: grid.stepDistance * scale
        ).run(range, line)
    }

    /// Slices that stand above each other share the clip of the whole row.
    private func walk<Sample: FixedWidthInteger>(
        _ samples: TypedSamples<Sample>, _ slice: Int, _ grid: GridRow, _ range: Range<Int>, _ shared: RowClip
    ) -> SliceWalk<Sample> {
        SliceWalk(
            pixels: samples.pixels + slice &* samples.columns &* samples.rows,
            clip: stack.isUpright ? shared : clip(samples.columns, samples.rows, slice, grid, range))
    }

    private func clip(_ columns: Int, _ rows: Int, _ slice: Int, _ grid: GridRow, _ range: Range<Int>) -> RowClip {
        let offset = stack.offsets[slice]
        return RowClip(
            columns: columns, rows: rows, x: grid.column + offset.column, y: grid.row + offset.row, stepX: grid.stepColumn,
            stepY: grid.stepRow, to: range)
    }
}
