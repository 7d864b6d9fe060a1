public enum Interpolation: UInt8, CaseIterable, Sendable {
    case nearest, linear, cubic
    /// The mean of what a device pixel covers, for pictures made smaller.
    case area
}

/// Which device pixels are drawn: some rows of a picture.
public struct DeviceRows {
    /// Row 0 of the whole picture.
    public let colors: UnsafeMutablePointer<UInt32>
    public let width: Int
    public let rows: Range<Int>

    /// - Returns: `nil` for sizes no device has.
    public init?(colors: UnsafeMutablePointer<UInt32>, width: Int, height: Int, firstRow: Int, rowCount: Int) {
        guard width > 0, width <= 32768, height > 0, height <= 32768, firstRow >= 0, rowCount >= 0, firstRow <= height,
            rowCount <= height &- firstRow
        else { return nil }
        self.colors = colors
        self.width = width
        rows = firstRow..<(firstRow &+ rowCount)
    }
}

/// One byte for each image pixel: 0 shows the image, n the n-th of 256 colours.
public struct ImageMask {
    let bytes: UnsafePointer<UInt8>
    let colors: UnsafePointer<UInt32>

    public init(bytes: UnsafePointer<UInt8>, colors: UnsafePointer<UInt32>) {
        self.bytes = bytes
        self.colors = colors
    }
}

/// Draws device pixels of an image under any zoom, pan, rotation and flip.
public struct ImageDrawing {
    public var image: ImageSamples
    public var table: DisplayTable
    public var raster: DeviceRaster
    public var interpolation: Interpolation
    /// Outside of the image.
    public var background: UInt32
    public var mask: ImageMask?
    /// Stored values are looked up before they are interpolated (PALETTE COLOR).
    public var isIndexed: Bool

    public init(
        image: ImageSamples, table: DisplayTable, raster: DeviceRaster, interpolation: Interpolation, background: UInt32,
        mask: ImageMask? = nil, isIndexed: Bool = false
    ) {
        self.image = image
        self.table = table
        self.raster = raster
        self.interpolation = interpolation
        self.background = background
        self.mask = mask
        self.isIndexed = isIndexed
    }

    /// - Returns: whether this kind of samples can be drawn so: palette images are `uint8` or `uint16`.
    public func draw(_ target: DeviceRows) -> Bool {
        if image.kind == .rgb8 {
            draw(ColorSource(pixels: RGBPixels(image, table)), target)
            return true
        }
        return isIndexed
            ? image.performIndexed(IndexedDrawing(drawing: self, target: target)) != nil
            : image.perform(GreyDrawing(drawing: self, target: target)) != nil
    }

    fileprivate func draw<Source: PixelSource>(_ source: Source, _ target: DeviceRows) {
        let grid = AreaGrid(raster)
        for row in target.rows {
            let line = target.colors + row &* target.width
            let start = raster.start(row: row)
            let range = covered(start, 0..<target.width, margin: 0)
            for index in 0..<range.lowerBound { line[index] = background }
            drawRow(source, grid, start, range, line)
            for index in range.upperBound..<max(target.width, range.upperBound) { line[index] = background }
            if let mask { cover(mask, grid, start, range, line) }
        }
    }

    /// The device pixels whose centre is on the image, `margin` from its edge.
    private func covered(_ start: (x: Int64, y: Int64), _ range: Range<Int>, margin: Int64) -> Range<Int> {
        let right = Int64(image.columns) << DeviceRaster.fractionBits &- margin
        let bottom = Int64(image.rows) << DeviceRaster.fractionBits &- margin
        let across = DeviceRaster.clip(start: start.x, step: raster.stepRight.x, low: margin, high: right, to: range)
        return DeviceRaster.clip(start: start.y, step: raster.stepRight.y, low: margin, high: bottom, to: across)
    }

    /// Far enough from the edge no neighbour has to be tested.
    private func drawRow<Source: PixelSource>(
        _ source: Source, _ grid: AreaGrid, _ start: (x: Int64, y: Int64), _ range: Range<Int>, _ line: UnsafeMutablePointer<UInt32>
    ) {
        let margin: Int64 =
            switch interpolation {
            case .nearest: 0
            case .linear: DeviceRaster.half
            case .cubic: DeviceRaster.half &+ DeviceRaster.one
            case .area: grid.reach
            }
        var inner = covered(start, range, margin: margin)
        if inner.isEmpty { inner = range.upperBound..<range.upperBound }
        draw(source, grid, RowWalk(range.lowerBound..<inner.lowerBound, start: start, step: raster.stepRight), line, isInner: false)
        draw(source, grid, RowWalk(inner, start: start, step: raster.stepRight), line, isInner: true)
        draw(source, grid, RowWalk(inner.upperBound..<range.upperBound, start: start, step: raster.stepRight), line, isInner: false)
    }

    private func draw<Source: PixelSource>(
        _ source: Source, _ grid: AreaGrid, _ walk: RowWalk, _ line: UnsafeMutablePointer<UInt32>, isInner: Bool
    ) {
        guard !walk.range.isEmpty else { return }
        switch interpolation {
        case .nearest: source.drawNearest(walk, line)
        case .linear: source.drawLinear(walk, line, isInner: isInner)
        case .cubic: source.drawCubic(walk, line, isInner: isInner)
        case .area: source.drawArea(walk, line, grid, isInner: isInner)
        }
    }

    /// A picture made smaller keeps lines of one pixel: the highest number among the places averaged counts.
    private func cover(
        _ mask: ImageMask, _ grid: AreaGrid, _ start: (x: Int64, y: Int64), _ range: Range<Int>, _ line: UnsafeMutablePointer<UInt32>
    ) {
        var x = start.x &+ raster.stepRight.x &* Int64(range.lowerBound)
        var y = start.y &+ raster.stepRight.y &* Int64(range.lowerBound)
        for index in range {
            var number = 0
            if interpolation == .area {
                number = highest(mask, grid, x &+ grid.first.x, y &+ grid.first.y)
            } else {
                number = maskNumber(mask, x, y)
            }
            if number != 0 { line[index] = mask.colors[number] }
            x &+= raster.stepRight.x
            y &+= raster.stepRight.y
        }
    }

    private func highest(_ mask: ImageMask, _ grid: AreaGrid, _ x: Int64, _ y: Int64) -> Int {
        var number = 0
        for down in 0..<Int64(grid.count) {
            for right in 0..<Int64(grid.count) {
                let u = x &+ grid.stepRight.x &* right &+ grid.stepDown.x &* down
                let v = y &+ grid.stepRight.y &* right &+ grid.stepDown.y &* down
                number = max(number, maskNumber(mask, u, v))
            }
        }
        return number
    }

    @_transparent
    private func maskNumber(_ mask: ImageMask, _ x: Int64, _ y: Int64) -> Int {
        let column = clamped(Int(truncatingIfNeeded: x >> DeviceRaster.fractionBits), image.columns)
        let row = clamped(Int(truncatingIfNeeded: y >> DeviceRaster.fractionBits), image.rows)
        return Int(mask.bytes[row &* image.columns &+ column])
    }
}

private struct GreyDrawing: SampleWork {
    let drawing: ImageDrawing
    let target: DeviceRows

    func run<Sample: StoredSample>(_ samples: TypedSamples<Sample>) {
        let cells = UnsafeMutablePointer<Int32>.allocate(capacity: samples.columns)
        defer { cells.deallocate() }
        drawing.draw(GreySource(samples: samples, table: drawing.table, cells: cells), target)
    }
}

private struct IndexedDrawing: SampleWork {
    let drawing: ImageDrawing
    let target: DeviceRows

    func run<Sample: StoredSample>(_ samples: TypedSamples<Sample>) {
        drawing.draw(ColorSource(pixels: IndexedPixels(samples: samples, table: drawing.table)), target)
    }
}
