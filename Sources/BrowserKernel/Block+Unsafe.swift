import Imaging

/// Arguments and results of a call: a block of 64 numbers in memory, in the order that `Web/src/imaging/kernels.ts` writes them.
///
/// Numbers that do not fit become values that the kernels refuse; nothing here traps.
struct Block {
    let numbers: UnsafeMutablePointer<Double>

    init?(_ numbers: UnsafeMutablePointer<Double>?) {
        guard let numbers else { return nil }
        self.numbers = numbers
    }

    subscript(index: Int) -> Double { numbers[index] }

    func int(_ index: Int) -> Int {
        let number = numbers[index]
        return number > -2_147_483_648 && number < 2_147_483_647 ? Int(number) : -1
    }

    func wide(_ index: Int) -> Int64 {
        let number = numbers[index]
        return number > -1e15 && number < 1e15 ? Int64(number) : -1
    }

    func flag(_ index: Int) -> Bool { numbers[index] != 0 }

    func color(_ index: Int) -> UInt32 {
        let number = numbers[index]
        return number >= 0 && number < 4_294_967_296 ? UInt32(number) : 0
    }

    /// `nil` for 0.
    func address(_ index: Int) -> UnsafeMutableRawPointer? {
        let number = numbers[index]
        // Addresses of programs are below 2⁵³ everywhere.
        guard number >= 1, number < 9e15, let bits = UInt(exactly: number) else { return nil }
        return UnsafeMutableRawPointer(bitPattern: bits)
    }

    func pointer<Element>(_ index: Int, to type: Element.Type) -> UnsafeMutablePointer<Element>? {
        address(index)?.assumingMemoryBound(to: type)
    }

    func buffer<Element>(_ index: Int, count: Int, of type: Element.Type) -> UnsafeBufferPointer<Element>? {
        guard count >= 0, let start = pointer(index, to: type) else { return nil }
        return UnsafeBufferPointer(start: start, count: count)
    }

    func bytes(_ index: Int) -> UInt8? { UInt8(exactly: numbers[index]) }

    func write(_ values: Double..., at start: Int = 0) {
        var index = start
        for value in values {
            numbers[index] = value
            index &+= 1
        }
    }
}

/// What a call returns. 1 to 15 are reasons of the codecs.
enum Status {
    static let done: Int32 = 0
    static let badArguments: Int32 = 100
}

extension Block {
    /// Three numbers: whether there is padding, lowest, highest.
    func padding(_ index: Int) -> ClosedRange<Int64>? {
        guard flag(index) else { return nil }
        let (low, high) = (wide(index + 1), wide(index + 2))
        return min(low, high)...max(low, high)
    }

    /// Seven numbers: pointer, columns, rows, kind, padding.
    func image(_ index: Int) -> ImageSamples? {
        guard let base = address(index), let kind = bytes(index + 3).flatMap(SampleKind.init(rawValue:)) else { return nil }
        return ImageSamples(
            base: base, columns: int(index + 1), rows: int(index + 2), kind: kind, padding: padding(index + 4))
    }

    /// Four numbers: pointer, offset, count, shift.
    func table(_ index: Int) -> DisplayTable? {
        guard let colors = pointer(index, to: UInt32.self) else { return nil }
        return DisplayTable(colors: colors, offset: wide(index + 1), count: int(index + 2), shift: int(index + 3))
    }

    /// Five numbers: pointer, width, height, first row, rows.
    func rows<Element>(_ index: Int, of type: Element.Type) -> (start: UnsafeMutablePointer<Element>, width: Int, rows: Range<Int>)? {
        let (width, height, first, count) = (int(index + 1), int(index + 2), int(index + 3), int(index + 4))
        guard let start = pointer(index, to: type), width > 0, width <= 32768, height > 0, height <= 32768, first >= 0, count >= 0,
            first <= height, count <= height - first
        else { return nil }
        return (start, width, first..<(first + count))
    }

    /// Seven numbers: shape, then its own.
    func region(_ index: Int) -> Region? {
        let region: Region
        switch int(index) {
        case 0:
            region = .rectangle(left: self[index + 1], top: self[index + 2], right: self[index + 3], bottom: self[index + 4])
        case 1:
            region = .ellipse(
                x: self[index + 1], y: self[index + 2], ax: self[index + 3], ay: self[index + 4], bx: self[index + 5],
                by: self[index + 6])
        case 2:
            let count = int(index + 2)
            guard count >= 3, count <= 1 << 20, let points = buffer(index + 1, count: 2 * count, of: Double.self) else { return nil }
            region = .polygon(points)
        default: return nil
        }
        return region.isValid ? region : nil
    }

    /// Four numbers: pointer to entries, count, first value, bits.
    func lookupTable(_ index: Int) -> DisplayPipeline.Table? {
        let count = int(index + 1)
        guard count > 0, count <= 65536, let entries = buffer(index, count: count, of: UInt16.self) else { return nil }
        return .init(firstMapped: int(index + 2), bits: min(max(int(index + 3), 8), 16), entries: Array(entries))
    }
}
