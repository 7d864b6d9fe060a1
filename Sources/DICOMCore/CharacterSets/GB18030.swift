/// GB 18030 and its two-byte part GBK: codes of one, two and four bytes (PS3.5 Annex J).
enum GB18030 {
    static var isAvailable: Bool { !tables.isEmpty }

    /// The character at `index` and how many bytes it takes; U+FFFD for one byte that begins no code.
    static func scalar(in bytes: ArraySlice<UInt8>, at index: Int) -> (scalar: Unicode.Scalar, length: Int) {
        let first = bytes[index]
        if first < 0x80 { return (Unicode.Scalar(first), 1) }
        guard let scalar = twoByteScalar(in: bytes, at: index) else {
            guard let scalar = fourByteScalar(in: bytes, at: index) else { return ("\u{FFFD}", 1) }
            return (scalar, 4)
        }
        return (scalar, 2)
    }

    /// The code of a character in two bytes, as GBK has it.
    static func twoByteCode(_ scalar: Unicode.Scalar) -> UInt16? {
        guard let code = tables.codes[scalar.value], code <= 0xFFFF else { return nil }
        return UInt16(truncatingIfNeeded: code)
    }

    /// All of Unicode but a few private-use characters, whose codes the newer editions gave to others.
    static func canEncode(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII || scalar.value >= 0x10000 || tables.codes[scalar.value] != nil
    }

    /// Writes a question mark for what has no code.
    static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        if scalar.isASCII { return bytes.append(UInt8(truncatingIfNeeded: scalar.value)) }
        if scalar.value >= 0x10000 { return append(linear: Int(scalar.value) - 0x10000 + supplementaryStart, to: &bytes) }
        guard let code = tables.codes[scalar.value] else { return bytes.append(0x3F) }
        for shift in stride(from: code > 0xFFFF ? 24 : 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: code >> UInt32(shift)))
        }
    }

    static func twoByteScalar(in bytes: ArraySlice<UInt8>, at index: Int) -> Unicode.Scalar? {
        guard index + 1 < bytes.endIndex, let cell = twoByteIndex(bytes[index], bytes[index + 1]),
              tables.twoByte.indices.contains(cell), tables.twoByte[cell] != 0
        else { return nil }
        return Unicode.Scalar(tables.twoByte[cell])
    }

    private static func fourByteScalar(in bytes: ArraySlice<UInt8>, at index: Int) -> Unicode.Scalar? {
        guard index + 3 < bytes.endIndex, (0x81...0xFE).contains(bytes[index]), (0x30...0x39).contains(bytes[index + 1]),
              (0x81...0xFE).contains(bytes[index + 2]), (0x30...0x39).contains(bytes[index + 3])
        else { return nil }
        let linear = ((Int(bytes[index]) - 0x81) * 10 + Int(bytes[index + 1]) - 0x30) * 1260
            + (Int(bytes[index + 2]) - 0x81) * 10 + Int(bytes[index + 3]) - 0x30
        if linear >= supplementaryStart { return Unicode.Scalar(UInt32(linear - supplementaryStart + 0x10000)) }
        guard tables.fourByte.indices.contains(linear), tables.fourByte[linear] != 0 else { return nil }
        return Unicode.Scalar(tables.fourByte[linear])
    }

    /// 90308130H is U+10000; from there both run on in step.
    private static let supplementaryStart = 189_000
    /// 81308130H to 8431A439H hold what of the basic plane has no two bytes.
    private static let basicPlaneFourByteCount = 39_420

    private static func twoByteIndex(_ first: UInt8, _ second: UInt8) -> Int? {
        guard (0x81...0xFE).contains(first), (0x40...0xFE).contains(second), second != 0x7F else { return nil }
        return (Int(first) - 0x81) * 190 + Int(second) - (second > 0x7F ? 0x41 : 0x40)
    }

    private static func append(linear: Int, to bytes: inout [UInt8]) { bytes += fourBytes(linear) }

    private static func fourBytes(_ linear: Int) -> [UInt8] {
        [
            UInt8(truncatingIfNeeded: linear / 12600 + 0x81), UInt8(truncatingIfNeeded: linear / 1260 % 10 + 0x30),
            UInt8(truncatingIfNeeded: linear / 10 % 126 + 0x81), UInt8(truncatingIfNeeded: linear % 10 + 0x30),
        ]
    }

    private struct Tables {
        var twoByte: [UInt32] = []
        var fourByte: [UInt32] = []
        var codes: [UInt32: UInt32] = [:]
        var isEmpty: Bool { codes.isEmpty }

        init() {
            guard let converter = CodeConverter("GB18030") else { return }
            codes.reserveCapacity(65_536)
            for first in UInt8(0x81)...0xFE {
                for second in UInt8(0x40)...0xFE where second != 0x7F {
                    let scalar = converter.scalar([first, second]) ?? 0
                    twoByte.append(scalar)
                    if scalar != 0 { codes[scalar] = UInt32(first) << 8 | UInt32(second) }
                }
            }
            for linear in 0..<basicPlaneFourByteCount {
                let bytes = fourBytes(linear)
                let scalar = converter.scalar(bytes) ?? 0
                fourByte.append(scalar)
                if scalar != 0, codes[scalar] == nil { codes[scalar] = bytes.reduce(0) { $0 << 8 | UInt32($1) } }
            }
        }
    }

    private static let tables = Tables()
}
