/// Grey images: stored values are interpolated, then looked up.
///
/// Where one of the neighbours is padding, the nearest pixel stands alone: values that are no image must not bleed into it.
struct GreySource<Sample: FixedWidthInteger>: PixelSource {
    let samples: TypedSamples<Sample>
    let table: DisplayTable

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
            drawInner(walk, line)
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
                Int64(truncatingIfNeeded: above[0]), Int64(truncatingIfNeeded: above[1]), Int64(truncatingIfNeeded: below[0]),
                Int64(truncatingIfNeeded: below[1]), right: share(u), down: share(v))
            line[index] = table[value]
            u &+= stepX
            v &+= stepY
        }
    }

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

    func drawCubic(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>) {
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
                line[index] = table[Int64(KernelMath.floor(Double(along.mix(first, second, third, fourth)) + 0.5))]
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

    func drawArea(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>, _ grid: AreaGrid) {
        let (samples, table) = (samples, table)
        let (stepX, stepY) = (walk.stepX, walk.stepY)
        var (x, y) = (walk.x, walk.y)
        for index in walk.range {
            line[index] = table[Self.area(samples, x, y, grid)]
            x &+= stepX
            y &+= stepY
        }
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
