/// The slices along their normal, for loops: between two distances the same two slices are mixed.
struct SliceLevels {
    struct Level {
        let low: Double
        let high: Double
        /// Share of the second slice for each mm; 0 where one stands alone.
        let scale: Double
        /// In samples from the first slice; -1: nothing is here.
        let near: Int
        let far: Int
        /// Where the slices stand besides the first, in fixed point of `DeviceRaster`; 0 in upright stacks.
        let nearShift: (x: Int64, y: Int64)
        let farShift: (x: Int64, y: Int64)
    }

    let levels: UnsafeMutablePointer<Level>
    let count: Int
    /// All levels have data.
    let isWhole: Bool
    let isUpright: Bool
    /// Image coordinates of the origin of space in the first slice.
    let offset: (column: Double, row: Double)
    /// Where slices have equal distances: that of the lower end of level 1, and levels for each mm.
    let even: (start: Double, scale: Double)?

    init(_ stack: SliceStack, pixelsPerSlice: Int, loaded: UnsafePointer<UInt8>?) {
        let intervals = stack.intervals { index in loaded.map { $0[index] != 0 } ?? true }
        count = intervals.count
        levels = .allocate(capacity: intervals.count)
        offset = stack.offsets[0]
        isUpright = stack.isUpright
        even = Self.evenSteps(stack, intervals)
        var isWhole = true
        for (index, interval) in intervals.enumerated() {
            let isThere = interval.first >= 0 && interval.second >= 0
            isWhole = isWhole && isThere
            let isSingle = interval.first == interval.second
            levels[index] = Level(
                low: interval.low, high: interval.high, scale: isSingle ? 0 : 1 / (interval.high - interval.low),
                near: isThere ? interval.first &* pixelsPerSlice : -1, far: isThere ? interval.second &* pixelsPerSlice : -1,
                nearShift: isThere ? Self.shift(stack, interval.first) : (0, 0),
                farShift: isThere ? Self.shift(stack, interval.second) : (0, 0))
        }
        self.isWhole = isWhole
    }

    func release() { levels.deallocate() }

    private static func shift(_ stack: SliceStack, _ slice: Int) -> (x: Int64, y: Int64) {
        let (x, y) = (stack.offsets[slice].column - stack.offsets[0].column, stack.offsets[slice].row - stack.offsets[0].row)
        // Slices that stand so far away have no place in common with any other.
        return (
            DeviceRaster.fixed(x, below: 1_048_576) ?? DeviceRaster.one << 21, DeviceRaster.fixed(y, below: 1_048_576) ?? DeviceRaster.one << 21
        )
    }

    /// A thousandth of a step is rounding of the positions.
    private static func evenSteps(_ stack: SliceStack, _ intervals: [SliceStack.Interval]) -> (start: Double, scale: Double)? {
        let distances = stack.distances
        let last = distances.count &- 1
        // Gaps make more intervals.
        guard last > 0, intervals.count == last &+ 2 else { return nil }
        let step = (distances[last] - distances[0]) / Double(last)
        guard stack.nominalStep <= 2 * step else { return nil }
        for index in 0...last {
            guard KernelMath.absolute(distances[index] - distances[0] - step * Double(index)) <= step / 1000 else { return nil }
        }
        return (distances[0], 1 / step)
    }

    /// Where a row begins and how it goes on in levels of an even stack, in fixed point of `DeviceRaster`.
    func evenTrack(_ grid: GridRow) -> (start: Int64, step: Int64)? {
        guard let even, let start = DeviceRaster.fixed((grid.distance - even.start) * even.scale + 1, below: 1_073_741_824),
            let step = DeviceRaster.fixed(grid.stepDistance * even.scale, below: 16384)
        else { return nil }
        return (start, step)
    }

    /// How rows of all layers go on in an even, upright stack that is whole.
    func evenSteps(_ layers: SlabLayers) -> SlantingSteps? {
        let grid = layers.gridRow(0, layer: 0)
        guard isUpright, isWhole, let track = RowTrack(grid, offset: offset), let through = evenTrack(grid) else { return nil }
        return SlantingSteps(x: track.stepX, y: track.stepY, z: through.step)
    }

    var low: Double { levels[0].low }
    var high: Double { levels[count &- 1].high }

    /// The last level that begins at or below a distance within `low` and `high`.
    func level(at distance: Double) -> Int {
        var (first, last) = (0, count &- 1)
        while first < last {
            let middle = (first &+ last &+ 1) / 2
            if levels[middle].low <= distance { first = middle } else { last = middle &- 1 }
        }
        return first
    }
}
