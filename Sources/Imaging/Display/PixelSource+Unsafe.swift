/// Draws runs of device pixels of one kind of image. The loops stand in the sources themselves, on local copies: that is what makes
/// them quick.
protocol PixelSource {
    /// The pixel that covers the place.
    func drawNearest(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>)
    /// Between the four nearest centres. With `isInner` all places are between centres; else those beyond the edge repeat it.
    func drawLinear(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>, isInner: Bool)
    /// Between the sixteen nearest centres, Catmull-Rom. With `isInner` all of them are there; else those at the edge repeat.
    func drawCubic(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>, isInner: Bool)
    /// Mean of what a device pixel covers. With `isInner` all of its places are on the image.
    func drawArea(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>, _ grid: AreaGrid, isInner: Bool)
}

/// Device pixels of one row, and where the first of them is in the image; fixed point of `DeviceRaster`.
struct RowWalk {
    let range: Range<Int>
    let x: Int64
    let y: Int64
    let stepX: Int64
    let stepY: Int64

    init(_ range: Range<Int>, start: (x: Int64, y: Int64), step: (x: Int64, y: Int64)) {
        self.range = range
        x = start.x &+ step.x &* Int64(range.lowerBound)
        y = start.y &+ step.y &* Int64(range.lowerBound)
        stepX = step.x
        stepY = step.y
    }

    /// The last place.
    var end: (x: Int64, y: Int64) { (x &+ stepX &* Int64(range.count &- 1), y &+ stepY &* Int64(range.count &- 1)) }

    /// Places are centres of pixels: interpolating would change nothing.
    var isOnCentres: Bool {
        let (u, v) = (x &- DeviceRaster.half, y &- DeviceRaster.half)
        return (u | v | stepX | stepY) & (DeviceRaster.one &- 1) == 0
    }
}

/// Places within a device pixel that are averaged: `count` × `count`, evenly spread.
struct AreaGrid {
    let count: Int
    let stepRight: (x: Int64, y: Int64)
    let stepDown: (x: Int64, y: Int64)
    /// From the centre of the device pixel to the first place.
    let first: (x: Int64, y: Int64)
    /// No place is farther from the centre, along a row or along a column.
    let reach: Int64

    init(_ raster: DeviceRaster) {
        let (right, down) = (raster.stepRight, raster.stepDown)
        let reach = max(max(abs(right.x), abs(right.y)), max(abs(down.x), abs(down.y)))
        self.reach = reach &+ DeviceRaster.one
        let wanted = min(max((reach &+ DeviceRaster.one &- 1) >> DeviceRaster.fractionBits, 2), 8)
        count = Int(truncatingIfNeeded: wanted)
        stepRight = (right.x / wanted, right.y / wanted)
        stepDown = (down.x / wanted, down.y / wanted)
        let back = wanted &- 1
        first = (0 &- (stepRight.x &+ stepDown.x) &* back / 2, 0 &- (stepRight.y &+ stepDown.y) &* back / 2)
    }
}

@_transparent
func whole(_ fixed: Int64) -> Int { Int(truncatingIfNeeded: fixed >> DeviceRaster.fractionBits) }

/// Share of the second neighbour, 0 to 2¹⁴.
@_transparent
func share(_ fixed: Int64) -> Int64 { (fixed >> (DeviceRaster.fractionBits &- 14)) & 0x3FFF }

/// Halves are rounded up.
@_transparent
func mix(_ a: Int64, _ b: Int64, _ c: Int64, _ d: Int64, right: Int64, down: Int64) -> Int64 {
    let top = a &<< 14 &+ (b &- a) &* right
    let bottom = c &<< 14 &+ (d &- c) &* right
    return (top &<< 14 &+ (bottom &- top) &* down &+ (1 << 27)) &>> 28
}

/// Catmull-Rom weights of four neighbours for a share of 0 to 2¹⁴.
struct CubicWeights {
    let a: Float
    let b: Float
    let c: Float
    let d: Float

    @_transparent
    init(_ share: Int64) {
        let t = Float(small: Int32(truncatingIfNeeded: share)) * (1 / 16384)
        a = ((2 - t) * t - 1) * t * 0.5
        b = ((3 * t - 5) * t * t + 2) * 0.5
        c = ((4 - 3 * t) * t + 1) * t * 0.5
        d = (t - 1) * t * t * 0.5
    }

    @_transparent
    func mix(_ p: Float, _ q: Float, _ r: Float, _ s: Float) -> Float { (p * a + q * b) + (r * c + s * d) }
}

@_transparent
func clamped(_ value: Int, _ count: Int) -> Int { min(max(value, 0), count &- 1) }
