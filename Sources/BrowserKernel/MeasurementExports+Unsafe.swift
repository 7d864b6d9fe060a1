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
