/// Grey images: stored values are interpolated, then looked up.
///
/// Where one of the neighbours is padding, the nearest pixel stands alone: values that are no image must not bleed into it.
struct GreySource<Sample: StoredSample>: PixelSource {
    let samples: TypedSamples<Sample>
    let table: DisplayTable
    /// One number for each column, for rows that lie along those of the image.
    let cells: UnsafeMutablePointer<Int32>

    func drawNearest(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>) {
        let (samples, table) = (samples, table)
        let (stepX, stepY) = (walk.stepX, walk.stepY)
        var (x, y) = (walk.x, walk.y)
        for index in walk.range {
            line[index] = table[samples[whole(x), whole(y)]]
            x &+= stepX
            y &+= stepY
        }
    }

    func drawLinear(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>, isInner: Bool) {
        if walk.isOnCentres {
            drawNearest(walk, line)
        } else if isInner, !samples.hasPadding {
            if Sample.bitWidth > 16 || !drawUpright(walk, line) { drawInner(walk, line) }
        } else {
            drawCareful(walk, line)
        }
    }

    /// No neighbour has to be tested.
    private func drawInner(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>) {
        let (pixels, columns, table) = (samples.pixels, samples.columns, table)
        let (stepX, stepY) = (walk.stepX, walk.stepY)
        var (u, v) = (walk.x &- DeviceRaster.half, walk.y &- DeviceRaster.half)
        for index in walk.range {
            let above = pixels + (whole(v) &* columns &+ whole(u))
            let below = above + columns
            let value = mix(
                above[0].wide, above[1].wide, below[0].wide,
                below[1].wide, right: share(u), down: share(v))
            line[index] = table[value]
            u &+= stepX
            v &+= stepY
        }
    }

    // MARK: Rows along those of the image, samples of 16 bits at most

    /// The columns whose pixels a row needs; `nil` where most of them would not be used.
    private func columns(_ walk: RowWalk, from first: Int, to last: Int) -> ClosedRange<Int>? {
        let (u, v) = (walk.x &- DeviceRaster.half, walk.end.x &- DeviceRaster.half)
        let (from, to) = (whole(min(u, v)) &+ first, whole(max(u, v)) &+ last)
        return walk.stepY == 0 && to &- from < 2 &* walk.range.count ? from...to : nil
    }

    /// Mixes the lines above and below first. Whole numbers make it the same as the other way round.
    private func drawUpright(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>) -> Bool {
        guard let wanted = columns(walk, from: 0, to: 1) else { return false }
        let v = walk.y &- DeviceRaster.half
        let above = samples.pixels + whole(v) &* samples.columns
        let below = above + samples.columns
        let down = Int32(truncatingIfNeeded: share(v))
        let cells = cells
        var column = wanted.lowerBound
        while column <= wanted.upperBound {
            let (a, b) = (Int32(truncatingIfNeeded: above[column]), Int32(truncatingIfNeeded: below[column]))
            cells[column] = a &<< 14 &+ (b &- a) &* down
            column &+= 1
        }
        let (table, stepX) = (table, walk.stepX)
        var u = walk.x &- DeviceRaster.half
        for index in walk.range {
            let cell = cells + whole(u)
            let (a, b) = (Int64(widening: cell[0]), Int64(widening: cell[1]))
            line[index] = table[(a &<< 14 &+ (b &- a) &* share(u) &+ (1 << 27)) &>> 28]
            u &+= stepX
        }
        return true
    }

    private func drawCubicUpright(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>) -> Bool {
        guard let wanted = columns(walk, from: -1, to: 2) else { return false }
        let v = walk.y &- DeviceRaster.half
        let width = samples.columns
        let second = samples.pixels + whole(v) &* width
        let (first, third) = (second - width, second + width)
        let fourth = third + width
        let weights = CubicWeights(share(v))
        return cells.withMemoryRebound(to: Float.self, capacity: width) { cells in
            for column in wanted {
                cells[column] = weights.mix(first[column].float, second[column].float, third[column].float, fourth[column].float)
            }
            let (table, stepX) = (table, walk.stepX)
            var u = walk.x &- DeviceRaster.half
            for index in walk.range {
                let cell = cells + whole(u)
                line[index] = table[Self.rounded(CubicWeights(share(u)).mix(cell[-1], cell[0], cell[1], cell[2]))]
                u &+= stepX
            }
            return true
        }
    }

    // MARK: Edges and padding

    private func drawCareful(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>) {
        let (samples, table) = (samples, table)
        let (stepX, stepY) = (walk.stepX, walk.stepY)
        var (x, y) = (walk.x, walk.y)
        for index in walk.range {
            line[index] = table[Self.linear(samples, x, y)]
            x &+= stepX
            y &+= stepY
        }
    }

    @inline(never)
    private static func linear(_ samples: TypedSamples<Sample>, _ x: Int64, _ y: Int64) -> Int64 {
        let (u, v) = (x &- DeviceRaster.half, y &- DeviceRaster.half)
        let (left, right) = (max(whole(u), 0), min(whole(u) &+ 1, samples.columns &- 1))
        let (above, below) = (max(whole(v), 0), min(whole(v) &+ 1, samples.rows &- 1))
        let (a, b) = (samples[left, above], samples[right, above])
        let (c, d) = (samples[left, below], samples[right, below])
        if samples.hasPadding, samples.isPadding(a) || samples.isPadding(b) || samples.isPadding(c) || samples.isPadding(d) {
            return samples[whole(x), whole(y)]
        }
        return mix(a, b, c, d, right: share(u), down: share(v))
    }

    func drawCubic(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>, isInner: Bool) {
        if !isInner || samples.hasPadding {
            drawCubicCareful(walk, line)
        } else if Sample.bitWidth > 16 || !drawCubicUpright(walk, line) {
            drawCubicInner(walk, line)
        }
    }

    private func drawCubicInner(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>) {
        let (pixels, columns, table) = (samples.pixels, samples.columns, table)
        let (stepX, stepY) = (walk.stepX, walk.stepY)
        var (u, v) = (walk.x &- DeviceRaster.half, walk.y &- DeviceRaster.half)
        for index in walk.range {
            let (across, along) = (CubicWeights(share(u)), CubicWeights(share(v)))
            let second = pixels + (whole(v) &* columns &+ whole(u))
            let third = second + columns
            let value = along.mix(
                Self.mixed(second - columns, across), Self.mixed(second, across), Self.mixed(third, across),
                Self.mixed(third + columns, across))
            line[index] = table[Self.rounded(value)]
            u &+= stepX
            v &+= stepY
        }
    }

    @inline(__always)
    private static func mixed(_ pixels: UnsafePointer<Sample>, _ weights: CubicWeights) -> Float {
        weights.mix(pixels[-1].float, pixels[0].float, pixels[1].float, pixels[2].float)
    }

    /// Halves are rounded up. Values of 16 bits need no more than `Float` has.
    @inline(__always)
    private static func rounded(_ value: Float) -> Int64 {
        guard Sample.bitWidth <= 16 else { return Int64(KernelMath.floor(Double(value) + 0.5)) }
        // Below 2²² the pattern of the sum is that of a whole number.
        let whole = (value + 0.5).rounded(.down) + 12_582_912
        return Int64(widening: Int32(bitPattern: whole.bitPattern &- 0x4B40_0000))
    }

    private func drawCubicCareful(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>) {
        let (samples, table) = (samples, table)
        let (stepX, stepY) = (walk.stepX, walk.stepY)
        var (x, y) = (walk.x, walk.y)
        for index in walk.range {
            let (u, v) = (x &- DeviceRaster.half, y &- DeviceRaster.half)
            let (across, along) = (CubicWeights(share(u)), CubicWeights(share(v)))
            let (column, row) = (whole(u), whole(v))
            // A value no mean can have marks padding.
            let first = Self.cubicRow(samples, column, row &- 1, across)
            let second = Self.cubicRow(samples, column, row, across)
            let third = Self.cubicRow(samples, column, row &+ 1, across)
            let fourth = Self.cubicRow(samples, column, row &+ 2, across)
            if first.isNaN || second.isNaN || third.isNaN || fourth.isNaN {
                line[index] = table[Self.linear(samples, x, y)]
            } else {
                line[index] = table[Self.rounded(along.mix(first, second, third, fourth))]
            }
            x &+= stepX
            y &+= stepY
        }
    }

    /// NaN where there is padding.
    @inline(never)
    private static func cubicRow(_ samples: TypedSamples<Sample>, _ x: Int, _ y: Int, _ weights: CubicWeights) -> Float {
        let y = clamped(y, samples.rows)
        let a = samples[clamped(x &- 1, samples.columns), y]
        let b = samples[clamped(x, samples.columns), y]
        let c = samples[clamped(x &+ 1, samples.columns), y]
        let d = samples[clamped(x &+ 2, samples.columns), y]
        if samples.hasPadding, samples.isPadding(a) || samples.isPadding(b) || samples.isPadding(c) || samples.isPadding(d) {
            return .nan
        }
        return weights.mix(Float(a), Float(b), Float(c), Float(d))
    }

    func drawArea(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>, _ grid: AreaGrid, isInner: Bool) {
        let (samples, table) = (samples, table)
        let (stepX, stepY) = (walk.stepX, walk.stepY)
        var (x, y) = (walk.x, walk.y)
        if isInner, !samples.hasPadding, Sample.bitWidth <= 16 {
            for index in walk.range {
                line[index] = table[Self.sum(samples, x &+ grid.first.x, y &+ grid.first.y, grid)]
                x &+= stepX
                y &+= stepY
            }
            return
        }
        for index in walk.range {
            line[index] = table[Self.area(samples, x, y, grid)]
            x &+= stepX
            y &+= stepY
        }
    }

    /// The mean of places that are all on the image, halves rounded up.
    @inline(__always)
    private static func sum(_ samples: TypedSamples<Sample>, _ x: Int64, _ y: Int64, _ grid: AreaGrid) -> Int64 {
        let (pixels, columns) = (samples.pixels, samples.columns)
        var sum: Int32 = 0
        var (lineX, lineY) = (x, y)
        var down = grid.count
        while down > 0 {
            var (u, v) = (lineX, lineY)
            var right = grid.count
            while right > 0 {
                sum &+= Int32(truncatingIfNeeded: pixels[whole(v) &* columns &+ whole(u)])
                u &+= grid.stepRight.x
                v &+= grid.stepRight.y
                right &-= 1
            }
            lineX &+= grid.stepDown.x
            lineY &+= grid.stepDown.y
            down &-= 1
        }
        return Int64(KernelMath.floor(Double(Int(sum)) / Double(grid.count &* grid.count) + 0.5))
    }

    @_transparent
    private static func area(_ samples: TypedSamples<Sample>, _ x: Int64, _ y: Int64, _ grid: AreaGrid) -> Int64 {
        var (sum, count): (Int64, Int32) = (0, 0)
        var (lineX, lineY) = (x &+ grid.first.x, y &+ grid.first.y)
        for _ in 0..<grid.count {
            var (u, v) = (lineX, lineY)
            for _ in 0..<grid.count {
                let pixel = samples[clamped(whole(u), samples.columns), clamped(whole(v), samples.rows)]
                if !samples.hasPadding || !samples.isPadding(pixel) {
                    sum &+= pixel
                    count &+= 1
                }
                u &+= grid.stepRight.x
                v &+= grid.stepRight.y
            }
            lineX &+= grid.stepDown.x
            lineY &+= grid.stepDown.y
        }
        guard count > 0 else { return samples[whole(x), whole(y)] }
        return Int64(KernelMath.floor(Double(sum) / Double(count) + 0.5))
    }
}
