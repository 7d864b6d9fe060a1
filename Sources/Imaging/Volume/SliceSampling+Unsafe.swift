/// Places of a row on a slice, in fixed point of `DeviceRaster`; centres of pixels are whole numbers.
struct RowClip {
    let x: Int64
    let y: Int64
    let stepX: Int64
    let stepY: Int64
    /// The places that are on the slice, half a pixel beyond the outermost centres included.
    let range: Range<Int>
    /// The places between centres.
    let inner: Range<Int>

    init(columns: Int, rows: Int, x: Double, y: Double, stepX: Double, stepY: Double, to range: Range<Int>) {
        guard let x = DeviceRaster.fixed(x, below: 1_073_741_824), let y = DeviceRaster.fixed(y, below: 1_073_741_824),
            let stepX = DeviceRaster.fixed(stepX, below: 16384), let stepY = DeviceRaster.fixed(stepY, below: 16384)
        else {
            (self.x, self.y, self.stepX, self.stepY) = (0, 0, 0, 0)
            self.range = range.lowerBound..<range.lowerBound
            inner = self.range
            return
        }
        (self.x, self.y, self.stepX, self.stepY) = (x, y, stepX, stepY)
        let right = Int64(columns &- 1) << DeviceRaster.fractionBits
        let bottom = Int64(rows &- 1) << DeviceRaster.fractionBits
        let half = DeviceRaster.half
        let across = DeviceRaster.clip(start: x, step: stepX, low: 0 &- half, high: right &+ half, to: range)
        self.range = DeviceRaster.clip(start: y, step: stepY, low: 0 &- half, high: bottom &+ half, to: across)
        let between = DeviceRaster.clip(start: x, step: stepX, low: 0, high: right, to: self.range)
        inner = DeviceRaster.clip(start: y, step: stepY, low: 0, high: bottom, to: between)
    }
}

/// A row of places on one slice.
struct SliceWalk<Sample: FixedWidthInteger> {
    let pixels: UnsafePointer<Sample>
    let clip: RowClip
}

/// Samples a row of places between two slices.
struct SliceSampling<Sample: FixedWidthInteger> {
    let samples: TypedSamples<Sample>
    let first: SliceWalk<Sample>
    let second: SliceWalk<Sample>
    /// Both are the same.
    let isSingle: Bool
    /// Share of the second slice at place 0, and how it grows.
    let start: Double
    let step: Double

    func run(_ wanted: Range<Int>, _ line: UnsafeMutablePointer<Float>) {
        let range = Self.common(Self.common(first.clip.range, second.clip.range), wanted)
        guard !range.isEmpty else { return }
        if samples.hasPadding {
            edges(range, line)
            return
        }
        let inner = Self.common(Self.common(first.clip.inner, second.clip.inner), range)
        guard !inner.isEmpty else {
            edges(range, line)
            return
        }
        edges(range.lowerBound..<inner.lowerBound, line)
        if isSingle { innerSingle(inner, line) } else { innerPair(inner, line) }
        edges(inner.upperBound..<range.upperBound, line)
    }

    private static func common(_ a: Range<Int>, _ b: Range<Int>) -> Range<Int> {
        let low = max(a.lowerBound, b.lowerBound)
        return low..<max(low, min(a.upperBound, b.upperBound))
    }

    /// Between the centres of four pixels of a slice.
    @_transparent
    private static func bilinear(_ pixels: UnsafePointer<Sample>, _ columns: Int, _ x: Int64, _ y: Int64) -> Float {
        let above = pixels + (whole(y) &* columns &+ whole(x))
        let below = above + columns
        let (u, v) = (fraction(x), fraction(y))
        let (a, b) = (number(above[0]), number(above[1]))
        let (c, d) = (number(below[0]), number(below[1]))
        let top = a + (b - a) * u
        let bottom = c + (d - c) * u
        return top + (bottom - top) * v
    }

    /// By way of a concrete type: the conversion of any integer is slow.
    @_transparent
    private static func number(_ sample: Sample) -> Float { Float(Int64(truncatingIfNeeded: sample)) }

    @_transparent
    private static func fraction(_ fixed: Int64) -> Float {
        Float(Int32(truncatingIfNeeded: fixed & (DeviceRaster.one &- 1))) * (1 / 16_777_216)
    }

    private func innerSingle(_ range: Range<Int>, _ line: UnsafeMutablePointer<Float>) {
        let (pixels, columns) = (first.pixels, samples.columns)
        let (stepX, stepY) = (first.clip.stepX, first.clip.stepY)
        var (x, y) = (first.clip.x &+ stepX &* Int64(range.lowerBound), first.clip.y &+ stepY &* Int64(range.lowerBound))
        for index in range {
            line[index] = Self.bilinear(pixels, columns, x, y)
            x &+= stepX
            y &+= stepY
        }
    }

    private func innerPair(_ range: Range<Int>, _ line: UnsafeMutablePointer<Float>) {
        let (near, far, columns) = (first.pixels, second.pixels, samples.columns)
        let (stepX, stepY) = (first.clip.stepX, first.clip.stepY)
        let from = Int64(range.lowerBound)
        var (x, y) = (first.clip.x &+ stepX &* from, first.clip.y &+ stepY &* from)
        var (u, v) = (second.clip.x &+ stepX &* from, second.clip.y &+ stepY &* from)
        for index in range {
            let share = Float(start + step * Double(index))
            let a = Self.bilinear(near, columns, x, y)
            let b = Self.bilinear(far, columns, u, v)
            line[index] = a + (b - a) * share
            x &+= stepX
            y &+= stepY
            u &+= stepX
            v &+= stepY
        }
    }

    // MARK: Edges and padding

    private func edges(_ range: Range<Int>, _ line: UnsafeMutablePointer<Float>) {
        for index in range {
            let share = isSingle ? 0 : Float(start + step * Double(index))
            guard let a = careful(first, index), let b = isSingle ? a : careful(second, index) else {
                line[index] = nearest(share < 0.5 ? first : second, index)
                continue
            }
            line[index] = a + (b - a) * share
        }
    }

    /// Pixels at the edge stand for those beyond it; `nil` where there is padding.
    @inline(never)
    private func careful(_ walk: SliceWalk<Sample>, _ index: Int) -> Float? {
        let (x, y) = (walk.clip.x &+ walk.clip.stepX &* Int64(index), walk.clip.y &+ walk.clip.stepY &* Int64(index))
        let (left, right) = (max(whole(x), 0), min(whole(x) &+ 1, samples.columns &- 1))
        let (above, below) = (max(whole(y), 0), min(whole(y) &+ 1, samples.rows &- 1))
        let (a, b) = (walk.pixels[above &* samples.columns &+ left], walk.pixels[above &* samples.columns &+ right])
        let (c, d) = (walk.pixels[below &* samples.columns &+ left], walk.pixels[below &* samples.columns &+ right])
        if samples.hasPadding, isPadding(a) || isPadding(b) || isPadding(c) || isPadding(d) { return nil }
        let (u, v) = (Self.fraction(x), Self.fraction(y))
        let top = Self.number(a) + (Self.number(b) - Self.number(a)) * u
        let bottom = Self.number(c) + (Self.number(d) - Self.number(c)) * u
        return top + (bottom - top) * v
    }

    /// The nearest pixel; missing when it is padding.
    private func nearest(_ walk: SliceWalk<Sample>, _ index: Int) -> Float {
        let x = walk.clip.x &+ walk.clip.stepX &* Int64(index) &+ DeviceRaster.half
        let y = walk.clip.y &+ walk.clip.stepY &* Int64(index) &+ DeviceRaster.half
        let value = walk.pixels[clamped(whole(y), samples.rows) &* samples.columns &+ clamped(whole(x), samples.columns)]
        return isPadding(value) ? -Float.greatestFiniteMagnitude : Self.number(value)
    }

    @_transparent
    private func isPadding(_ value: Sample) -> Bool { samples.isPadding(Int64(truncatingIfNeeded: value)) }
}
