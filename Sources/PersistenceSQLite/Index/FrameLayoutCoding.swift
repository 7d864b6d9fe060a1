import Archive

/// `FrameLayout` as a few bytes: numbers in base 128, least significant group first, offsets as distances.
enum FrameLayoutCoding {
    private static let none: UInt8 = 0
    private static let native: UInt8 = 1
    private static let encapsulated: UInt8 = 2

    static func encode(_ layout: FrameLayout) -> [UInt8] {
        var bytes: [UInt8] = []
        switch layout {
        case .none: bytes.append(none)
        case .native(let offset, let frameBytes, let numberOfFrames, let totalBytes):
            bytes.append(native)
            for number in [offset, frameBytes, numberOfFrames, totalBytes] { append(number, to: &bytes) }
        case .encapsulated(let frames):
            bytes.append(encapsulated)
            append(frames.count, to: &bytes)
            var end = 0
            for fragments in frames {
                append(fragments.count, to: &bytes)
                for fragment in fragments {
                    appendSigned(fragment.lowerBound &- end, to: &bytes)
                    append(fragment.count, to: &bytes)
                    end = fragment.upperBound
                }
            }
        }
        return bytes
    }

    /// - Returns: `nil` for bytes that `encode` does not produce.
    static func decode(_ bytes: [UInt8]) -> FrameLayout? {
        var reader = Reader(bytes: bytes)
        guard let kind = reader.byte() else { return nil }
        let layout: FrameLayout?
        switch kind {
        case none: layout = FrameLayout.none
        case native:
            guard let offset = reader.number(), let frameBytes = reader.number(), let frames = reader.number(),
                let total = reader.number()
            else { return nil }
            layout = .native(offset: offset, frameBytes: frameBytes, numberOfFrames: frames, totalBytes: total)
        case encapsulated: layout = reader.fragments().map { .encapsulated($0) }
        default: layout = nil
        }
        return reader.isAtEnd ? layout : nil
    }

    private static func append(_ number: Int, to bytes: inout [UInt8]) {
        var rest = UInt64(bitPattern: Int64(number))
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Sign in the lowest bit: fragments may, in odd files, precede those before.
    private static func appendSigned(_ number: Int, to bytes: inout [UInt8]) {
        append(number << 1 ^ (number >> (Int.bitWidth - 1)), to: &bytes)
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        var isAtEnd: Bool { position == bytes.count }

        mutating func byte() -> UInt8? {
            guard position < bytes.count else { return nil }
            defer { position += 1 }
            return bytes[position]
        }

        mutating func raw() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), through: 63, by: 7) {
                guard let byte = byte() else { return nil }
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
            }
            return nil
        }

        mutating func number() -> Int? { raw().flatMap { Int(exactly: $0) } }

        mutating func signed() -> Int? {
            raw().map { Int(bitPattern: UInt(truncatingIfNeeded: $0 >> 1)) ^ -Int(truncatingIfNeeded: $0 & 1) }
        }

        mutating func fragments() -> [[Range<Int>]]? {
            guard let count = number(), count <= bytes.count else { return nil }
            var frames: [[Range<Int>]] = []
            var end = 0
            for _ in 0..<count {
                guard let fragmentCount = number(), fragmentCount <= bytes.count else { return nil }
                var fragments: [Range<Int>] = []
                for _ in 0..<fragmentCount {
                    guard let distance = signed(), let length = number() else { return nil }
                    let (start, overflowed) = end.addingReportingOverflow(distance)
                    let (next, overflowedAgain) = start.addingReportingOverflow(length)
                    guard !overflowed, !overflowedAgain, start >= 0, next >= start else { return nil }
                    fragments.append(start..<next)
                    end = next
                }
                frames.append(fragments)
            }
            return frames
        }
    }
}
