/// Values as PS3.18 Table F.2.3-1 maps them.
extension DICOMJSONEncoder {
    mutating func writeValues(_ vr: VR, _ bytes: ArraySlice<UInt8>, _ characterSet: SpecificCharacterSet) {
        guard !bytes.isEmpty else { return }
        switch vr {
        case .us: writeUnits(bytes, 2) { $0.writeInteger(UInt($1)) }
        case .ul: writeUnits(bytes, 4) { $0.writeInteger(UInt($1)) }
        case .ss: writeUnits(bytes, 2) { $0.writeInteger(Int(Int16(truncatingIfNeeded: $1))) }
        case .sl: writeUnits(bytes, 4) { $0.writeInteger(Int(Int32(truncatingIfNeeded: $1))) }
        case .uv: writeUnits(bytes, 8) { Self.writeExact($1, isNegative: false, to: &$0) }
        case .sv:
            writeUnits(bytes, 8) { Self.writeExact(Int64(bitPattern: $1).magnitude, isNegative: $1 >> 63 == 1, to: &$0) }
        case .fl: writeUnits(bytes, 4) { Self.write(Float(bitPattern: UInt32(truncatingIfNeeded: $1)), to: &$0) }
        case .fd: writeUnits(bytes, 8) { Self.write(Double(bitPattern: $1), to: &$0) }
        case .at: writeTags(bytes)
        case .ds, .is: writeNumbers(bytes, isInteger: vr == .is)
        default: writeTexts(vr, bytes, characterSet)
        }
    }

    private mutating func writeUnits(_ bytes: ArraySlice<UInt8>, _ size: Int, _ write: (inout JSONWriter, UInt64) -> Void) {
        let count = bytes.count / size
        guard count > 0 else { return }
        writer.append(#","Value":["#)
        var index = bytes.startIndex
        for unit in 0..<count {
            if unit > 0 { writer.append(",") }
            var value: UInt64 = 0
            for byte in 0..<size { value |= UInt64(bytes[index + byte]) << UInt64(8 * byte) }
            write(&writer, value)
            index += size
        }
        writer.append("]")
    }

    /// As a number while any reader keeps it exact, else as a string.
    private static func writeExact(_ magnitude: UInt64, isNegative: Bool, to writer: inout JSONWriter) {
        let isExact = magnitude <= 1 << 53
        if !isExact { writer.append("\"") }
        if isNegative { writer.append("-") }
        writer.writeInteger(UInt(magnitude))
        if !isExact { writer.append("\"") }
    }

    private static func write<Value: BinaryFloatingPoint & CustomStringConvertible>(_ value: Value, to writer: inout JSONWriter) {
        guard value.isFinite else {
            return writer.append(value.isNaN ? "\"NaN\"" : value < 0 ? "\"-Infinity\"" : "\"Infinity\"")
        }
        writer.bytes += value.description.utf8
    }

    private mutating func writeTags(_ bytes: ArraySlice<UInt8>) {
        writeUnits(bytes, 4) { writer, value in
            writer.append("\"")
            // Group first, each half little endian.
            for shift in [UInt64(8), 0, 24, 16] { writer.appendHexadecimal(UInt8(truncatingIfNeeded: value >> shift)) }
            writer.append("\"")
        }
    }

    private mutating func writeNumbers(_ bytes: ArraySlice<UInt8>, isInteger: Bool) {
        writeParts(bytes) { writer, part in
            let number = JSONNumber.normalized(part)
            if let number, !isInteger || number.allSatisfy({ $0 == 0x2D || JSONNumber.isDigit($0) }) {
                writer.bytes.append(contentsOf: number)
            } else {
                Self.writeBasic(part, to: &writer)
            }
        }
    }

    /// Values between backslashes without padding; empty ones are `null`, and only empty ones are no `Value` at all.
    private mutating func writeParts(_ bytes: ArraySlice<UInt8>, _ write: (inout JSONWriter, ArraySlice<UInt8>) -> Void) {
        guard bytes.contains(where: { $0 != 0x20 && $0 != 0 && $0 != 0x5C }) else { return }
        writer.append(#","Value":["#)
        var rest = bytes
        while let end = rest.firstIndex(of: 0x5C) {
            writePart(rest[..<end], write)
            writer.append(",")
            rest = rest[(end + 1)...]
        }
        writePart(rest, write)
        writer.append("]")
    }

    private mutating func writePart(_ part: ArraySlice<UInt8>, _ write: (inout JSONWriter, ArraySlice<UInt8>) -> Void) {
        let trimmed = Self.trimmed(part, leading: true)
        if trimmed.isEmpty { writer.append("null") } else { write(&writer, trimmed) }
    }

    private static func trimmed(_ part: ArraySlice<UInt8>, leading: Bool) -> ArraySlice<UInt8> {
        var slice = part
        while let last = slice.last, last == 0x20 || last == 0 { slice = slice.dropLast() }
        while leading, let first = slice.first, first == 0x20 || first == 0 { slice = slice.dropFirst() }
        return slice
    }

    /// Text of the VRs without character set; bytes above 7FH, which are wrong there, as ISO_IR 100.
    private static func writeBasic(_ part: ArraySlice<UInt8>, to writer: inout JSONWriter) {
        if part.allSatisfy({ $0 < 0x80 }) { return writer.writeString(ascii: part) }
        writer.writeString(String(String.UnicodeScalarView(part.map { Unicode.Scalar($0) })))
    }

    private mutating func writeTexts(_ vr: VR, _ bytes: ArraySlice<UInt8>, _ characterSet: SpecificCharacterSet) {
        guard vr.usesSpecificCharacterSet else {
            guard vr.allowsMultipleValues else { return writeSingle(Self.trimmed(bytes, leading: false)) }
            return writeParts(bytes) { Self.writeBasic($1, to: &$0) }
        }
        if vr != .pn, characterSet.scheme.readsASCII, TextRules(vr: vr).isPlainASCII(bytes) {
            let rules = TextRules(vr: vr)
            guard vr.allowsMultipleValues, bytes.contains(TextRules.backslash) else { return writeSingle(rules.trimmed(bytes)) }
        }
        let values = characterSet.decodeValues(bytes, vr: vr)
        guard values.contains(where: { !$0.isEmpty }) else { return }
        writer.append(#","Value":["#)
        for (index, value) in values.enumerated() {
            if index > 0 { writer.append(",") }
            if value.isEmpty { writer.append("null") } else if vr == .pn { writeName(value) } else { writer.writeString(value) }
        }
        writer.append("]")
    }

    private mutating func writeSingle(_ bytes: ArraySlice<UInt8>) {
        guard !bytes.isEmpty else { return }
        writer.append(#","Value":["#)
        Self.writeBasic(bytes, to: &writer)
        writer.append("]")
    }

    /// Component groups by name (PS3.18 §F.2.2); empty ones are left out.
    private mutating func writeName(_ value: String) {
        let groups = value.split(separator: "=", maxSplits: 2, omittingEmptySubsequences: false)
        var isFirst = true
        writer.append("{")
        for (index, group) in groups.enumerated() where !group.isEmpty {
            if !isFirst { writer.append(",") }
            isFirst = false
            writer.append(index == 0 ? #""Alphabetic":"# : index == 1 ? #""Ideographic":"# : #""Phonetic":"#)
            writer.writeString(String(group))
        }
        writer.append("}")
    }
}

/// Base64 with padding (RFC 4648 §4).
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (value, letter) in alphabet.enumerated() { table[Int(letter)] = UInt8(truncatingIfNeeded: value) }
        return table
    }()

    static func append(_ bytes: ArraySlice<UInt8>, to text: inout [UInt8]) {
        let alphabet = alphabet
        text.reserveCapacity(text.count + (bytes.count / 3 + 1) * 4)
        var index = bytes.startIndex
        let end = bytes.endIndex
        while index < end {
            let count = min(3, end - index)
            var group: UInt32 = 0
            for byte in 0..<3 { group = group << 8 | (byte < count ? UInt32(bytes[index + byte]) : 0) }
            for digit in 0..<4 {
                let value = group >> UInt32(18 - 6 * digit) & 0x3F
                text.append(digit <= count ? alphabet[Int(value)] : 0x3D)
            }
            index += 3
        }
    }

    /// - Returns: `nil` for anything but complete groups; line breaks are passed over.
    static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        let values = values
        var bytes: [UInt8] = []
        var group: UInt32 = 0
        var digits = 0
        var padding = 0
        for letter in text where letter != 0x0A && letter != 0x0D {
            if letter == 0x3D {
                padding += 1
                continue
            }
            let value = values[Int(letter)]
            guard value != 0xFF, padding == 0 else { return nil }
            group = group << 6 | UInt32(value)
            digits += 1
            if digits % 4 == 0 {
                for shift in [UInt32(16), 8, 0] { bytes.append(UInt8(truncatingIfNeeded: group >> shift)) }
                group = 0
            }
        }
        switch (digits % 4, padding) {
        case (0, 0): break
        case (2, 2): bytes.append(UInt8(truncatingIfNeeded: group >> 4))
        case (3, 1): bytes += [UInt8(truncatingIfNeeded: group >> 10), UInt8(truncatingIfNeeded: group >> 2)]
        default: return nil
        }
        return bytes
    }
}
