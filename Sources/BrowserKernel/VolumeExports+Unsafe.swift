import Imaging

/// 0 first slice, 1 columns, 2 rows, 3 slices, 4 kind, 5 padding, 8 positions, 9 spacing of rows, 10 of columns, 11 orientation,
/// 17 largest gap, 18 nominal step, 19 loaded, 20 output, 25 origin, 28 right, 31 down, 34 projection, 35 thickness.
@_expose(wasm, "apus_reformat")
@c(apus_reformat)
public func reformat(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), let base = block.address(0), let kind = block.bytes(4).flatMap(SampleKind.init(rawValue:)),
        let slices = ImageSamples(
            base: base, columns: block.int(1), rows: block.int(2), kind: kind, padding: block.padding(5)),
        block.int(3) > 0, block.int(3) <= 65536,
        let positions = block.buffer(8, count: 3 * block.int(3), of: Double.self),
        let stack = SliceStack(
            positions: positions, orientation: (11..<17).map { block[$0] }, rowSpacing: block[9], columnSpacing: block[10],
            nominalStep: block[18], maximumGap: block[17]),
        let output = block.rows(20, of: Int32.self), let projection = block.bytes(34).flatMap(Projection.init(rawValue:))
    else { return Status.badArguments }
    let reformatting = Reformatting(
        slices: slices, stack: stack,
        plane: .init(origin: block.vector(25), right: block.vector(28), down: block.vector(31)), projection: projection,
        thickness: block[35], loaded: block.pointer(19, to: UInt8.self).map { UnsafePointer($0) })
    return reformatting.run(into: output.start, width: output.width, rows: output.rows) ? Status.done : Status.badArguments
}

extension Block {
    fileprivate func vector(_ index: Int) -> SliceStack.Vector { (self[index], self[index + 1], self[index + 2]) }
}

/// 0 colours, 1 values, 2 how many, 3 table, 7 colour without data.
@_expose(wasm, "apus_apply_table")
@c(apus_apply_table)
public func applyTable(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), let colors = block.pointer(0, to: UInt32.self), let values = block.pointer(1, to: Int32.self),
        let table = block.table(3), block.int(2) >= 0
    else { return Status.badArguments }
    table.color(values, count: block.int(2), noDataColor: block.color(7), into: colors)
    return Status.done
}
