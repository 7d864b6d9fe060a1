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
        let levels = SliceLevels(stack, pixelsPerSlice: slices.columns &* slices.rows, loaded: loaded)
        defer { levels.release() }
        let scratch = RowScratch(width: width, columns: slices.columns)
        defer { scratch.release() }
        let layers = SlabLayers(stack: stack, plane: plane, thickness: thickness)
        let work = ReformatWork(
            values: values, width: width, rows: rows, layers: layers, levels: levels, scratch: scratch, projection: projection)
        return slices.performVolume(work) != nil
    }
}

/// The planes through a slab, at equal steps of a voxel at most.
struct SlabLayers {
    let stack: SliceStack
    let plane: ReformatPlane
    let count: Int
    /// From one to the next, and the left top of the first.
    private let deeper: SliceStack.Vector
    private let first: SliceStack.Vector

    init(stack: SliceStack, plane: ReformatPlane, thickness: Double) {
        self.stack = stack
        self.plane = plane
        let normal = Self.unit(SliceStack.cross(plane.right, plane.down))
        let step = Self.voxelStep(stack, along: normal)
        count = thickness > 0 && step > 0 ? min(Int(thickness / step + 0.999_999) &+ 1, 4096) : 1
        let length = count > 1 ? thickness / Double(count &- 1) : 0
        deeper = (normal.x * length, normal.y * length, normal.z * length)
        let back = -0.5 * Double(count &- 1)
        first = (plane.origin.x + deeper.x * back, plane.origin.y + deeper.y * back, plane.origin.z + deeper.z * back)
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

    /// Where a row of places begins and how it goes on, in the grid of the stack.
    func gridRow(_ row: Int, layer: Int) -> GridRow {
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
}

struct GridRow {
    let column: Double
    let row: Double
    let distance: Double
    let stepColumn: Double
    let stepRow: Double
    let stepDistance: Double
}

/// Lines of numbers that rows are made in.
struct RowScratch {
    /// One number for each place of a row.
    let line: UnsafeMutablePointer<Float>
    let shares: UnsafeMutablePointer<Float>
    let levels: UnsafeMutablePointer<Int32>
    /// One for each column of a slice, and one more.
    let cells: UnsafeMutablePointer<Float>

    init(width: Int, columns: Int) {
        // Three more, so that the last vector of a line stays in it.
        let length = width &+ 3
        line = .allocate(capacity: 2 &* length &+ columns &+ 1)
        shares = line + length
        cells = shares + length
        levels = .allocate(capacity: width)
    }

    func release() {
        line.deallocate()
        levels.deallocate()
    }
}

/// Rows of a slab: each layer is sampled, then joined to those before.
private struct ReformatWork: VolumeWork {
    let values: UnsafeMutablePointer<Int32>
    let width: Int
    let rows: Range<Int>
    let layers: SlabLayers
    let levels: SliceLevels
    let scratch: RowScratch
    let projection: Projection

    private var isMean: Bool { projection == .mean && layers.count > 1 }
    /// What no sample is, and what loses against every sample.
    private var missing: Float { projection == .minimum ? .greatestFiniteMagnitude : -.greatestFiniteMagnitude }

    func run<Sample: VolumeSample>(_ samples: TypedSamples<Sample>) {
        let missing = missing
        let sampling = RowSampling(samples: samples, levels: levels, scratch: scratch, width: width, missing: missing)
        let steps = samples.hasPadding ? nil : levels.evenSteps(layers)
        // The mean of one layer is that layer.
        let joining = projection == .mean && !isMean ? .maximum : projection
        let tiles = steps.flatMap { TileSampling(samples, $0, joining) }
        let band = SlabBand<Sample>(width: width, layers: layers.count, isMean: isMean)
        defer { band.release() }
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: SlabBand<Sample>.rows) {
            let count = min(rows.upperBound &- first, SlabBand<Sample>.rows)
            band.clear(to: isMean ? 0 : missing)
            for row in 0..<count {
                for layer in 0..<layers.count {
                    let sampled = sampling.run(layers.gridRow(first &+ row, layer: layer), leavesRuns: tiles != nil)
                    join(sampled.before, band, row)
                    join(sampled.behind, band, row)
                    band.runs[row &* layers.count &+ layer] = sampled.run ?? .none
                }
            }
            if let tiles { band.join(tiles, rows: count) }
            for row in 0..<count {
                if isMean { divide(band, row) }
                Self.round(band.sums(row), to: values + (first &+ row) &* width, width, missing, isNarrow: Sample.bitWidth <= 16)
            }
        }
    }

    private func join<Sample: VolumeSample>(_ range: Range<Int>, _ band: SlabBand<Sample>, _ row: Int) {
        let (line, sums) = (scratch.line, band.sums(row))
        if isMean {
            let counts = band.counts(row)
            for index in range where line[index] != missing {
                sums[index] += line[index]
                counts[index] += 1
            }
        } else if !range.isEmpty {
            joinExtremes(range, UnsafeMutableRawPointer(sums))
        }
    }

    private func joinExtremes(_ range: Range<Int>, _ sums: UnsafeMutableRawPointer) {
        let line = UnsafeRawPointer(scratch.line)
        let isMinimum = projection == .minimum
        // The line has room for whole vectors, and what lies behind the range is missing: parts of a row are further apart.
        for index in range.upperBound..<range.upperBound &+ 3 { scratch.line[index] = missing }
        var at = 4 &* range.lowerBound
        while at < 4 &* range.upperBound {
            let value = line.loadUnaligned(fromByteOffset: at, as: SIMD4<Float>.self)
            var sum = sums.loadUnaligned(fromByteOffset: at, as: SIMD4<Float>.self)
            sum.replace(with: value, where: isMinimum ? value .< sum : value .> sum)
            sums.storeBytes(of: sum, toByteOffset: at, as: SIMD4<Float>.self)
            at &+= 16
        }
    }

    private func divide<Sample: VolumeSample>(_ band: SlabBand<Sample>, _ row: Int) {
        let (sums, counts) = (band.sums(row), band.counts(row))
        for index in 0..<width { sums[index] = counts[index] > 0 ? sums[index] / counts[index] : missing }
    }

    /// Halves are rounded up.
    private static func round(
        _ line: UnsafePointer<Float>, to target: UnsafeMutablePointer<Int32>, _ width: Int, _ missing: Float, isNarrow: Bool
    ) {
        if isNarrow {
            for index in 0..<width {
                // Below 2²² the sum has no bits behind the point, and its pattern is that of a whole number.
                let whole = (line[index] + 0.5).rounded(.down) + 12_582_912
                let value = Int32(bitPattern: whole.bitPattern &- 0x4B40_0000)
                target[index] = line[index] == missing ? Reformatting.noData : value
            }
        } else {
            for index in 0..<width {
                let value = Int64(KernelMath.floor(Double(line[index] == missing ? 0 : line[index]) + 0.5))
                let narrow = Int32(truncatingIfNeeded: min(max(value, Int64(Int32.min) &+ 1), Int64(Int32.max)))
                target[index] = line[index] == missing ? Reformatting.noData : narrow
            }
        }
    }
}
