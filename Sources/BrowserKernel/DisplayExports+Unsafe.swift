import Imaging

/// 0 colours, 1 offset, 2 count, 3 shift, 4 slope, 5 intercept, 6 VOI function, 7 centre, 8 width, 9 presentation, 10 driving
/// levels, 11 colour map, 12 padding colour, 13 padding, 16 modality table, 20 VOI table, 24 presentation table.
@_expose(wasm, "apus_grey_table")
@c(apus_grey_table)
public func greyTable(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), let colors = block.pointer(0, to: UInt32.self), block.table(0) != nil
    else { return Status.badArguments }
    var pipeline = DisplayPipeline(
        rescaleSlope: block[4], rescaleIntercept: block[5], modalityTable: block.lookupTable(16),
        isInverted: block.int(9) == 1, presentationTable: block.int(9) == 2 ? block.lookupTable(24) : nil)
    switch block.int(6) {
    case 0: pipeline.window = .init(center: block[7], width: block[8], function: .linear)
    case 1: pipeline.window = .init(center: block[7], width: block[8], function: .linearExact)
    case 2: pipeline.window = .init(center: block[7], width: block[8], function: .sigmoid)
    case 3:
        guard let table = block.lookupTable(20) else { return Status.badArguments }
        pipeline.voiTable = table
    default: return Status.badArguments
    }
    let characteristic = DisplayCharacteristic(
        drivingLevels: block.pointer(10, to: UInt8.self).map { UnsafePointer($0) },
        colorMap: block.pointer(11, to: UInt32.self).map { UnsafePointer($0) }, paddingColor: block.color(12))
    pipeline.fill(
        colors, offset: block.wide(1), count: block.int(2), shift: block.int(3), padding: block.padding(13),
        characteristic: characteristic)
    return Status.done
}

/// 0 colours, 1 offset, 2 count, then for red, green, blue: data, words, entries, first value, bits, segmented.
@_expose(wasm, "apus_palette_table")
@c(apus_palette_table)
public func paletteTable(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), let colors = block.pointer(0, to: UInt32.self), block.int(2) > 0, block.int(2) <= 65536,
        let red = block.paletteChannel(3), let green = block.paletteChannel(9), let blue = block.paletteChannel(15)
    else { return Status.badArguments }
    Palette(red: red, green: green, blue: blue).fill(colors, offset: block.wide(1), count: block.int(2))
    return Status.done
}

extension Block {
    fileprivate func paletteChannel(_ index: Int) -> PaletteChannel? {
        guard let data = buffer(index, count: int(index + 1), of: UInt16.self) else { return nil }
        return PaletteChannel(
            data: data, count: int(index + 2), firstMapped: wide(index + 3), bits: int(index + 4), isSegmented: flag(index + 5))
    }
}

/// 0 colours, 1 number of the map.
@_expose(wasm, "apus_color_map")
@c(apus_color_map)
public func colorMap(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), let colors = block.pointer(0, to: UInt32.self),
        let map = block.bytes(1).flatMap(ColorMap.init(rawValue:))
    else { return Status.badArguments }
    map.fill(colors)
    return Status.done
}

/// 0 levels, 1 luminances, 2 how many.
@_expose(wasm, "apus_ddl_table")
@c(apus_ddl_table)
public func drivingLevelTable(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), let levels = block.pointer(0, to: UInt8.self),
        let measured = block.buffer(1, count: block.int(2), of: Double.self),
        GreyscaleDisplayFunction.fillDrivingLevels(levels, measured: measured)
    else { return Status.badArguments }
    return Status.done
}

/// 0 direction (0: luminance of an index), 1 number. Result 0.
@_expose(wasm, "apus_gsdf")
@c(apus_gsdf)
public func greyscaleDisplayFunction(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers) else { return Status.badArguments }
    block.write(block.flag(0) ? GreyscaleDisplayFunction.index(block[1]) : GreyscaleDisplayFunction.luminance(block[1]))
    return Status.done
}

/// 0 image, 7 table, 11 output, 16 affine, 22 interpolation, 23 background, 24 mask, 25 its colours, 26 indexed.
@_expose(wasm, "apus_display")
@c(apus_display)
public func display(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), let image = block.image(0), let table = block.table(7),
        let output = block.pointer(11, to: UInt32.self),
        let target = DeviceRows(
            colors: output, width: block.int(12), height: block.int(13), firstRow: block.int(14), rowCount: block.int(15)),
        let raster = DeviceRaster(a: block[16], b: block[17], c: block[18], d: block[19], e: block[20], f: block[21]),
        let interpolation = block.bytes(22).flatMap(Interpolation.init(rawValue:))
    else { return Status.badArguments }
    var drawing = ImageDrawing(
        image: image, table: table, raster: raster, interpolation: interpolation, background: block.color(23),
        isIndexed: block.flag(26))
    if let mask = block.pointer(24, to: UInt8.self), let colors = block.pointer(25, to: UInt32.self) {
        drawing.mask = ImageMask(bytes: mask, colors: colors)
    }
    return drawing.draw(target) ? Status.done : Status.badArguments
}

/// 0 image, 7 factor, 8 target.
@_expose(wasm, "apus_downscale")
@c(apus_downscale)
public func downscale(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), let image = block.image(0), let target = block.address(8),
        Downscaling.box(image, factor: block.int(7), into: target)
    else { return Status.badArguments }
    return Status.done
}

/// 0 mask, 1 columns, 2 rows, 3 inside, 4 value, 5 region.
@_expose(wasm, "apus_mask_region")
@c(apus_mask_region)
public func maskRegion(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), let mask = block.pointer(0, to: UInt8.self), let region = block.region(5),
        let value = block.bytes(4), block.isSize(1)
    else { return Status.badArguments }
    Masks.cover(mask, columns: block.int(1), rows: block.int(2), region: region, isInside: block.flag(3), value: value)
    return Status.done
}

/// 0 mask, 1 columns, 2 rows, 3 bits, 4 their bytes, 5 first bit, 6 rows and 7 columns of the plane, 8 origin row and 9 column,
/// 10 value.
@_expose(wasm, "apus_mask_overlay")
@c(apus_mask_overlay)
public func maskOverlay(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), let mask = block.pointer(0, to: UInt8.self), let value = block.bytes(10), block.isSize(1),
        let bits = block.buffer(3, count: block.int(4), of: UInt8.self),
        let overlay = Masks.Overlay(
            bits: bits, firstBit: block.int(5), rows: block.int(6), columns: block.int(7),
            origin: (row: block.int(8), column: block.int(9)))
    else { return Status.badArguments }
    Masks.cover(mask, columns: block.int(1), rows: block.int(2), overlay: overlay, value: value)
    return Status.done
}

extension Block {
    /// Columns and rows of an image.
    fileprivate func isSize(_ index: Int) -> Bool {
        int(index) > 0 && int(index) <= 65535 && int(index + 1) > 0 && int(index + 1) <= 65535
    }
}
