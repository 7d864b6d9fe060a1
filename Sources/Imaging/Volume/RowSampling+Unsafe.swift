/// Places of a row on a slice of an upright stack, in fixed point of `DeviceRaster`; centres of pixels are whole numbers.
struct RowTrack {
    let x: Int64
    let y: Int64
    let stepX: Int64
    let stepY: Int64

    init?(_ grid: GridRow, offset: (column: Double, row: Double)) {
        guard let x = DeviceRaster.fixed(grid.column + offset.column, below: 1_073_741_824),
            let y = DeviceRaster.fixed(grid.row + offset.row, below: 1_073_741_824),
            let stepX = DeviceRaster.fixed(grid.stepColumn, below: 16384), let stepY = DeviceRaster.fixed(grid.stepRow, below: 16384)
        else { return nil }
        (self.x, self.y, self.stepX, self.stepY) = (x, y, stepX, stepY)
    }

    /// The places from `margin` before the first centre to `margin` behind the last.
    func clipped(_ columns: Int, _ rows: Int, margin: Int64, to range: Range<Int>) -> Range<Int> {
        let right = Int64(columns &- 1) << DeviceRaster.fractionBits
        let bottom = Int64(rows &- 1) << DeviceRaster.fractionBits
        let across = DeviceRaster.clip(start: x, step: stepX, low: 0 &- margin, high: right &+ margin, to: range)
        return DeviceRaster.clip(start: y, step: stepY, low: 0 &- margin, high: bottom &+ margin, to: across)
    }

    @inline(__always)
    func place(_ index: Int) -> (x: Int64, y: Int64) { (x &+ stepX &* Int64(index), y &+ stepY &* Int64(index)) }
}

/// What became of a row of places: the parts that were written to the line of the scratch, and the one between them that is left to tiles.
struct SampledRow {
    let before: Range<Int>
    let run: SlantingRun?
    let behind: Range<Int>

    init(_ range: Range<Int>) { (before, run, behind) = (range, nil, range.upperBound..<range.upperBound) }

    init(_ range: Range<Int>, leaving run: SlantingRun) {
        self.run = run
        (before, behind) = (range.lowerBound..<run.range.lowerBound, run.range.upperBound..<range.upperBound)
    }
}

/// Samples a row of places of a volume.
struct RowSampling<Sample: VolumeSample> {
    let samples: TypedSamples<Sample>
    let levels: SliceLevels
    let scratch: RowScratch
    let width: Int
    let missing: Float

    /// Writes numbers to the line of the scratch, `missing` where there is no data; places in no part have none either.
    /// - Parameter leavesRuns: what lies between the centres of an even stack is left to tiles.
    func run(_ grid: GridRow, leavesRuns: Bool) -> SampledRow {
        guard let track = RowTrack(grid, offset: levels.offset) else { return .init(0..<0) }
        let between = levelled(grid)
        guard levels.isUpright, levels.isWhole, !between.isEmpty else {
            edge(track, grid, between)
            return .init(between)
        }
        let range = track.clipped(samples.columns, samples.rows, margin: DeviceRaster.half, to: between)
        guard !range.isEmpty else { return .init(range) }
        let isLevel = track.stepY == 0 && grid.stepDistance == 0
        if !samples.hasPadding, isLevel, lineUp(track, grid, range) { return .init(range) }
        let inner = track.clipped(samples.columns, samples.rows, margin: 0, to: range)
        edges(track, grid, range, inner)
        guard leavesRuns, let run = run(track, grid, inner) else {
            fillLevels(grid, inner)
            mixedRow(track, inner)
            return .init(range)
        }
        for part in [inner.lowerBound..<run.range.lowerBound, run.range.upperBound..<inner.upperBound] where !part.isEmpty {
            fillLevels(grid, part)
            mixedRow(track, part)
        }
        return .init(range, leaving: run)
    }

    /// The places between the first slice and the last of an even stack; short ones are not worth it.
    private func run(_ track: RowTrack, _ grid: GridRow, _ inner: Range<Int>) -> SlantingRun? {
        guard let through = levels.evenTrack(grid) else { return nil }
        // A level before the first slice and one behind the last.
        let z = through.start &- DeviceRaster.one
        let last = Int64(levels.count &- 2) << DeviceRaster.fractionBits
        let range = DeviceRaster.clip(start: z, step: through.step, low: 0, high: last, to: inner)
        return range.count < 8 ? nil : SlantingRun(range: range, x: track.x, y: track.y, z: z)
    }

    private func edges(_ track: RowTrack, _ grid: GridRow, _ range: Range<Int>, _ inner: Range<Int>) {
        guard !inner.isEmpty else { return edge(track, grid, range) }
        edge(track, grid, range.lowerBound..<inner.lowerBound)
        edge(track, grid, inner.upperBound..<range.upperBound)
    }

    private func edge(_ track: RowTrack, _ grid: GridRow, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        fillLevels(grid, range)
        for index in range { scratch.line[index] = careful(track, index) }
    }

    // MARK: Along the normal

    /// The places between the ends of the stack.
    private func levelled(_ grid: GridRow) -> Range<Int> {
        let (low, high, step) = (levels.low, levels.high, grid.stepDistance)
        guard step != 0 else { return grid.distance >= low && grid.distance <= high ? 0..<width : 0..<0 }
        let (a, b) = ((low - grid.distance) / step, (high - grid.distance) / step)
        var first = Int(min(max(min(a, b), 0), Double(width)))
        var end = Int(min(max(max(a, b), -1), Double(width - 1)) + 2) - 1
        // Quotients are rounded: the distances themselves decide.
        while first < end, !isWithin(grid, first) { first += 1 }
        while end > first, !isWithin(grid, end - 1) { end -= 1 }
        return first..<max(first, end)
    }

    private func isWithin(_ grid: GridRow, _ index: Int) -> Bool {
        let distance = grid.distance + grid.stepDistance * Double(index)
        return distance >= levels.low && distance <= levels.high
    }

    private func fillLevels(_ grid: GridRow, _ range: Range<Int>) {
        let (into, shares) = (scratch.levels, scratch.shares)
        guard !range.isEmpty else { return }
        if let (start, step) = levels.evenTrack(grid) {
            let last = Int64(levels.count) << DeviceRaster.fractionBits &- 1
            var place = start &+ step &* Int64(range.lowerBound)
            for index in range {
                let clamped = min(max(place, 0), last)
                into[index] = Int32(truncatingIfNeeded: clamped >> DeviceRaster.fractionBits)
                shares[index] = fraction(clamped)
                place &+= step
            }
            return
        }
        let all = levels.levels
        var at = levels.level(at: grid.distance + grid.stepDistance * Double(range.lowerBound))
        var level = all[at]
        for index in range {
            let distance = grid.distance + grid.stepDistance * Double(index)
            while distance < level.low, at > 0 {
                at &-= 1
                level = all[at]
            }
            while at &+ 1 < levels.count, all[at &+ 1].low <= distance {
                at &+= 1
                level = all[at]
            }
            into[index] = Int32(truncatingIfNeeded: at)
            shares[index] = Float((distance - level.low) * level.scale)
        }
    }

    // MARK: Upright stacks, between centres

    /// Where a neighbour is padding the careful way is gone.
    private func mixedRow(_ track: RowTrack, _ range: Range<Int>) {
        let (pixels, columns, all) = (samples.pixels, samples.columns, levels.levels)
        let (line, levels, shares) = (scratch.line, scratch.levels, scratch.shares)
        for index in range {
            let (x, y) = track.place(index)
            let level = all + Int(levels[index])
            let at = pixels + (whole(y) &* columns &+ whole(x))
            let (near, far) = (at + level.pointee.near, at + level.pointee.far)
            if samples.hasPadding, hasPadding(near, columns) || hasPadding(far, columns) {
                line[index] = careful(track, index)
            } else {
                line[index] = Sample.corners(near, far, columns).mixed(fraction(x), fraction(y), shares[index])
            }
        }
    }

    @inline(__always)
    private func hasPadding(_ above: UnsafePointer<Sample>, _ columns: Int) -> Bool {
        let below = above + columns
        return samples.isPadding(above[0].wide) || samples.isPadding(above[1].wide) || samples.isPadding(below[0].wide)
            || samples.isPadding(below[1].wide)
    }

    // MARK: Rows along those of the slices

    /// Mixes the lines above and below in both slices first, column by column, then along the row.
    /// - Returns: `false` where that would be more work.
    private func lineUp(_ track: RowTrack, _ grid: GridRow, _ range: Range<Int>) -> Bool {
        let (x, last) = (track.place(range.lowerBound).x, track.place(range.upperBound &- 1).x)
        let from = clamped(whole(min(x, last)), samples.columns)
        let to = clamped(whole(max(x, last)) &+ 1, samples.columns)
        guard to &- from <= 4 &* range.count &+ 8 else { return false }
        fillLevels(grid, range.lowerBound..<(range.lowerBound &+ 1))
        let level = levels.levels[Int(scratch.levels[range.lowerBound])]
        let share = scratch.shares[range.lowerBound]
        let v = fraction(track.y)
        let above = samples.pixels + clamped(whole(track.y), samples.rows) &* samples.columns
        let below = samples.pixels + clamped(whole(track.y) &+ 1, samples.rows) &* samples.columns
        let cells = scratch.cells
        mix(above + level.near, below + level.near, v, from, to)
        if level.far != level.near, share != 0 { mixIn(above + level.far, below + level.far, v, share, from, to) }
        // Beyond the last column it stands for its neighbour.
        cells[to &- from &+ 1] = cells[to &- from]
        spread(track, range, from, to)
        return true
    }

    private func mix(_ above: UnsafePointer<Sample>, _ below: UnsafePointer<Sample>, _ v: Float, _ from: Int, _ to: Int) {
        let cells = scratch.cells
        for column in from...to {
            let (a, b) = (above[column].float, below[column].float)
            cells[column &- from] = a + (b - a) * v
        }
    }

    private func mixIn(
        _ above: UnsafePointer<Sample>, _ below: UnsafePointer<Sample>, _ v: Float, _ share: Float, _ from: Int, _ to: Int
    ) {
        let cells = scratch.cells
        for column in from...to {
            let (a, b) = (above[column].float, below[column].float)
            let far = a + (b - a) * v
            let near = cells[column &- from]
            cells[column &- from] = near + (far - near) * share
        }
    }

    private func spread(_ track: RowTrack, _ range: Range<Int>, _ from: Int, _ to: Int) {
        let (cells, line) = (scratch.cells, scratch.line)
        let last = Int64(samples.columns &- 1) << DeviceRaster.fractionBits
        var x = track.place(range.lowerBound).x
        for index in range {
            let inside = min(max(x, 0), last)
            let cell = cells + (whole(inside) &- from)
            line[index] = cell[0] + (cell[1] - cell[0]) * fraction(inside)
            x &+= track.stepX
        }
    }

    // MARK: Edges, padding, tilted stacks

    @inline(never)
    private func careful(_ track: RowTrack, _ index: Int) -> Float {
        let level = levels.levels[Int(scratch.levels[index])]
        guard level.near >= 0 else { return missing }
        let place = track.place(index)
        let near = (x: place.x &+ level.nearShift.x, y: place.y &+ level.nearShift.y)
        let far = (x: place.x &+ level.farShift.x, y: place.y &+ level.farShift.y)
        guard isInside(near), isInside(far) else { return missing }
        let share = scratch.shares[index]
        guard let a = mixed(level.near, near), let b = level.near == level.far ? a : mixed(level.far, far) else {
            return share < 0.5 || level.near == level.far ? nearest(level.near, near) : nearest(level.far, far)
        }
        return a + (b - a) * share
    }

    @inline(__always)
    private func isInside(_ place: (x: Int64, y: Int64)) -> Bool {
        let half = DeviceRaster.half
        return place.x >= 0 &- half && place.x < Int64(samples.columns) << DeviceRaster.fractionBits &- half
            && place.y >= 0 &- half && place.y < Int64(samples.rows) << DeviceRaster.fractionBits &- half
    }

    /// Pixels at the edge stand for those beyond it; `nil` where there is padding.
    @inline(__always)
    private func mixed(_ slice: Int, _ place: (x: Int64, y: Int64)) -> Float? {
        let pixels = samples.pixels + slice
        let (left, right) = (max(whole(place.x), 0), min(whole(place.x) &+ 1, samples.columns &- 1))
        let above = pixels + max(whole(place.y), 0) &* samples.columns
        let below = pixels + min(whole(place.y) &+ 1, samples.rows &- 1) &* samples.columns
        let (a, b, c, d) = (above[left], above[right], below[left], below[right])
        if samples.hasPadding, isPadding(a) || isPadding(b) || isPadding(c) || isPadding(d) { return nil }
        let (u, v) = (fraction(place.x), fraction(place.y))
        let top = a.float + (b.float - a.float) * u
        let bottom = c.float + (d.float - c.float) * u
        return top + (bottom - top) * v
    }

    /// The nearest pixel; missing when it is padding.
    private func nearest(_ slice: Int, _ place: (x: Int64, y: Int64)) -> Float {
        let column = clamped(whole(place.x &+ DeviceRaster.half), samples.columns)
        let row = clamped(whole(place.y &+ DeviceRaster.half), samples.rows)
        let value = samples.pixels[slice &+ row &* samples.columns &+ column]
        return isPadding(value) ? missing : value.float
    }

    @inline(__always)
    private func isPadding(_ value: Sample) -> Bool { samples.isPadding(value.wide) }
}

/// Of a number in fixed point.
@inline(__always)
private func fraction(_ fixed: Int64) -> Float {
    Float(small: Int32(truncatingIfNeeded: fixed & (DeviceRaster.one &- 1))) * (1 / 16_777_216)
}
