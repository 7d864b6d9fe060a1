/// A picture whose pixels are colours, interpolated channel by channel.
protocol ColorPixels {
    var columns: Int { get }
    var rows: Int { get }
    /// 0xAABBGGRR, the alpha opaque.
    func color(_ column: Int, _ row: Int) -> UInt32
}

/// RGB; the low bytes of the table set brightness and contrast.
struct RGBPixels: ColorPixels {
    let bytes: UnsafePointer<UInt8>
    let columns: Int
    let rows: Int
    let table: DisplayTable

    init(_ image: ImageSamples, _ table: DisplayTable) {
        bytes = image.base.assumingMemoryBound(to: UInt8.self)
        columns = image.columns
        rows = image.rows
        self.table = table
    }

    @_transparent
    func color(_ column: Int, _ row: Int) -> UInt32 {
        let at = 3 &* (row &* columns &+ column)
        let red = table[Int64(bytes[at])] & 0xFF
        let green = table[Int64(bytes[at &+ 1])] & 0xFF
        let blue = table[Int64(bytes[at &+ 2])] & 0xFF
        return 0xFF00_0000 | blue << 16 | green << 8 | red
    }
}

/// Stored values whose colours, not themselves, may be interpolated (PALETTE COLOR).
struct IndexedPixels<Sample: StoredSample>: ColorPixels {
    let samples: TypedSamples<Sample>
    let table: DisplayTable
    var columns: Int { samples.columns }
    var rows: Int { samples.rows }

    @_transparent
    func color(_ column: Int, _ row: Int) -> UInt32 { table[samples[column, row]] }
}

struct ColorSource<Pixels: ColorPixels>: PixelSource {
    let pixels: Pixels

    func drawNearest(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>) {
        let pixels = pixels
        var (x, y) = (walk.x, walk.y)
        for index in walk.range {
            line[index] = pixels.color(whole(x), whole(y))
            x &+= walk.stepX
            y &+= walk.stepY
        }
    }

    func drawLinear(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>, isInner: Bool) {
        guard !walk.isOnCentres else { return drawNearest(walk, line) }
        let pixels = pixels
        var (u, v) = (walk.x &- DeviceRaster.half, walk.y &- DeviceRaster.half)
        for index in walk.range {
            let (left, right) = (max(whole(u), 0), min(whole(u) &+ 1, pixels.columns &- 1))
            let (above, below) = (max(whole(v), 0), min(whole(v) &+ 1, pixels.rows &- 1))
            line[index] = Self.mixed(
                pixels.color(left, above), pixels.color(right, above), pixels.color(left, below), pixels.color(right, below),
                right: share(u), down: share(v))
            u &+= walk.stepX
            v &+= walk.stepY
        }
    }

    @_transparent
    private static func mixed(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, right: Int64, down: Int64) -> UInt32 {
        let red = mix(channel(a, 0), channel(b, 0), channel(c, 0), channel(d, 0), right: right, down: down)
        let green = mix(channel(a, 8), channel(b, 8), channel(c, 8), channel(d, 8), right: right, down: down)
        let blue = mix(channel(a, 16), channel(b, 16), channel(c, 16), channel(d, 16), right: right, down: down)
        return packed(red, green, blue)
    }

    func drawCubic(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>, isInner _: Bool) {
        var (u, v) = (walk.x &- DeviceRaster.half, walk.y &- DeviceRaster.half)
        for index in walk.range {
            let (across, along) = (CubicWeights(share(u)), CubicWeights(share(v)))
            line[index] = cubic(whole(u), whole(v), across, along)
            u &+= walk.stepX
            v &+= walk.stepY
        }
    }

    private func cubic(_ x: Int, _ y: Int, _ across: CubicWeights, _ along: CubicWeights) -> UInt32 {
        var result: UInt32 = 0xFF00_0000
        var shift: UInt32 = 0
        while shift <= 16 {
            let value = along.mix(
                row(x, y &- 1, across, shift), row(x, y, across, shift), row(x, y &+ 1, across, shift),
                row(x, y &+ 2, across, shift))
            result |= UInt32(min(max(value + 0.5, 0), 255)) << shift
            shift &+= 8
        }
        return result
    }

    private func row(_ x: Int, _ y: Int, _ weights: CubicWeights, _ shift: UInt32) -> Float {
        let y = clamped(y, pixels.rows)
        return weights.mix(
            Float(Self.channel(pixels.color(clamped(x &- 1, pixels.columns), y), shift)),
            Float(Self.channel(pixels.color(clamped(x, pixels.columns), y), shift)),
            Float(Self.channel(pixels.color(clamped(x &+ 1, pixels.columns), y), shift)),
            Float(Self.channel(pixels.color(clamped(x &+ 2, pixels.columns), y), shift)))
    }

    func drawArea(_ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>, _ grid: AreaGrid, isInner _: Bool) {
        var (x, y) = (walk.x, walk.y)
        for index in walk.range {
            line[index] = area(x, y, grid)
            x &+= walk.stepX
            y &+= walk.stepY
        }
    }

    private func area(_ x: Int64, _ y: Int64, _ grid: AreaGrid) -> UInt32 {
        let pixels = pixels
        var (red, green, blue): (Int64, Int64, Int64) = (0, 0, 0)
        var (lineX, lineY) = (x &+ grid.first.x, y &+ grid.first.y)
        for _ in 0..<grid.count {
            var (u, v) = (lineX, lineY)
            for _ in 0..<grid.count {
                let color = pixels.color(clamped(whole(u), pixels.columns), clamped(whole(v), pixels.rows))
                red &+= Self.channel(color, 0)
                green &+= Self.channel(color, 8)
                blue &+= Self.channel(color, 16)
                u &+= grid.stepRight.x
                v &+= grid.stepRight.y
            }
            lineX &+= grid.stepDown.x
            lineY &+= grid.stepDown.y
        }
        let count = Int64(grid.count &* grid.count)
        return Self.packed((red &+ count / 2) / count, (green &+ count / 2) / count, (blue &+ count / 2) / count)
    }

    @_transparent
    private static func channel(_ color: UInt32, _ shift: UInt32) -> Int64 { Int64((color >> shift) & 0xFF) }

    @_transparent
    private static func packed(_ red: Int64, _ green: Int64, _ blue: Int64) -> UInt32 {
        0xFF00_0000 | UInt32(truncatingIfNeeded: blue) << 16 | UInt32(truncatingIfNeeded: green) << 8
            | UInt32(truncatingIfNeeded: red)
    }
}
