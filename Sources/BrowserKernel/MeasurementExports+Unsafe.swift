import Imaging

/// 0 image. Results: whether there is one, lowest, highest.
@_expose(wasm, "apus_value_range")
@c(apus_value_range)
public func valueRange(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), let image = block.image(0) else { return Status.badArguments }
    if let range = image.valueRange() {
        block.write(1, Double(range.lowerBound), Double(range.upperBound))
    } else {
        block.write(0, 0, 0)
    }
    return Status.done
}

/// 0 image, 7 slope, 8 intercept. Results: whether there is one, centre, width.
@_expose(wasm, "apus_automatic_window")
@c(apus_automatic_window)
public func automaticWindow(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), let image = block.image(0) else { return Status.badArguments }
    if let window = image.automaticWindow(slope: block[7], intercept: block[8]) {
        block.write(1, window.center, window.width)
    } else {
        block.write(0, 0, 0)
    }
    return Status.done
}

/// 0 image, 7 lowest, 8 highest, 9 bins, 10 counts, 11 region.
@_expose(wasm, "apus_histogram")
@c(apus_histogram)
public func histogram(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), let image = block.image(0), let region = block.region(11), block.int(9) > 0,
        let counts = block.pointer(10, to: UInt32.self),
        image.histogram(
            of: region, from: block[7], to: block[8], into: UnsafeMutableBufferPointer(start: counts, count: block.int(9)))
    else { return Status.badArguments }
    return Status.done
}

/// 0 image, 7 slope, 8 intercept, 9 region. Results: count, mean, deviation, minimum, maximum, sum, column and row of the
/// minimum, of the maximum, padding, area of the outline, standard uncertainty of the mean.
@_expose(wasm, "apus_statistics")
@c(apus_statistics)
public func statistics(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), let image = block.image(0), let region = block.region(9),
        let result = RegionStatistics(image, region: region, slope: block[7], intercept: block[8])
    else { return Status.badArguments }
    block.write(
        Double(result.count), result.mean, result.deviation, result.minimum, result.maximum, result.sum,
        Double(result.minimumAt.column), Double(result.minimumAt.row), Double(result.maximumAt.column),
        Double(result.maximumAt.row), Double(result.padding), region.area, result.meanUncertainty)
    return Status.done
}

/// 0 tool, 1 points, 2 how many, 3 spacing of rows, 4 of columns, 5 its uncertainty, 6 anchor columns, 7 rows, 8 step shown, 9 k.
/// Results: value, perimeter, two parts, anchoring, rounding, spacing, combined, expanded.
@_expose(wasm, "apus_measure")
@c(apus_measure)
public func measure(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), let tool = block.bytes(0).flatMap(Measurement.Tool.init(rawValue:)), block.int(2) >= 0,
        block.int(2) <= 1 << 19, let points = block.buffer(1, count: 2 * block.int(2), of: Double.self),
        let result = Measurement(
            tool, points: points,
            context: .init(
                rowSpacing: block[3], columnSpacing: block[4], spacingUncertainty: block[5], anchorColumns: block[6],
                anchorRows: block[7], displayStep: block[8], coverage: block[9]))
    else { return Status.badArguments }
    block.write(
        result.value, result.perimeter, result.parts.0, result.parts.1, result.anchoring, result.rounding, result.spacing,
        result.combined, result.expanded)
    return Status.done
}

/// 0 sections, 1 how many, 2 mm between slices, 3 step shown, 4 k. Results: volume, parts of areas, ends and rounding, combined, expanded.
@_expose(wasm, "apus_volume")
@c(apus_volume)
public func sectionVolume(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), block.int(1) > 0, block.int(1) <= SectionVolume.maximumSections,
        let sections = block.buffer(0, count: 3 * block.int(1), of: Double.self),
        let result = SectionVolume(sections: sections, sliceSpacing: block[2], displayStep: block[3], coverage: block[4])
    else { return Status.badArguments }
    block.write(result.value, result.areas, result.ends, result.rounding, result.combined, result.expanded)
    return Status.done
}

/// 0 weight, 1 dose, 2 half life, 3 seconds, 4 corrected to injection. Results: whether there is one, factor.
@_expose(wasm, "apus_suv_factor")
@c(apus_suv_factor)
public func uptakeFactor(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers) else { return Status.badArguments }
    let factor = StandardizedUptake.factor(
        weightKilograms: block[0], dose: block[1], halfLifeSeconds: block[2], seconds: block[3],
        isCorrectedToInjection: block.flag(4))
    block.write(factor == nil ? 0 : 1, factor ?? 0)
    return Status.done
}
