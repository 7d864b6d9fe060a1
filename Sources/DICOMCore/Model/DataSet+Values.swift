/// Reading values. Every accessor answers `nil` (or an empty array) for absent, empty or unreadable values.
extension DataSet {
    /// The character set that values of this data set are written in (PS3.3 C.12.1.1.2).
    public var characterSet: SpecificCharacterSet {
        guard let element = self[Tag(0x0008, 0x0005)], let bytes = element.bytes, !bytes.isEmpty else {
            return inheritedCharacterSet
        }
        return SpecificCharacterSet(definedTerms: Self.split(bytes).map { Self.asciiTrimmed($0) })
    }

    /// All values as text, padding removed; one value for LT, ST, UT and UR.
    public func strings(_ tag: Tag) -> [String] {
        guard let element = self[tag], let bytes = element.bytes, !bytes.isEmpty else { return [] }
        let vr = Self.readableVR(element)
        if vr.usesSpecificCharacterSet || vr == .un { return characterSet.decodeValues(bytes, vr: vr) }
        guard vr.isText else { return numbersAsText(element) }
        guard vr.allowsMultipleValues else { return [Self.asciiTrimmed(bytes)] }
        return Self.split(bytes).map { Self.asciiTrimmed($0) }
    }

    /// The first value as text.
    public func string(_ tag: Tag) -> String? {
        guard let first = strings(tag).first, !first.isEmpty else { return nil }
        return first
    }

    /// Integers from IS and from binary VRs (US, SS, UL, SL, SV, UV, and AT as tag numbers).
    public func ints(_ tag: Tag) -> [Int] {
        guard let element = self[tag], let bytes = element.bytes else { return [] }
        switch Self.readableVR(element) {
        case .us, .ow: return Self.units(bytes, UInt16.self).map { Int($0) }
        case .ss: return Self.units(bytes, UInt16.self).map { Int(Int16(bitPattern: $0)) }
        case .ul, .ol: return Self.units(bytes, UInt32.self).map { Int($0) }
        case .sl: return Self.units(bytes, UInt32.self).map { Int(Int32(bitPattern: $0)) }
        case .sv: return Self.units(bytes, UInt64.self).map { Int(Int64(bitPattern: $0)) }
        case .uv, .ov: return Self.units(bytes, UInt64.self).compactMap { Int(exactly: $0) }
        case .at:
            let halves = Self.units(bytes, UInt16.self)
            return stride(from: 0, to: halves.count - 1, by: 2).map { Int(halves[$0]) << 16 | Int(halves[$0 + 1]) }
        case .is, .ds:
            return Self.split(bytes).compactMap { text in
                let trimmed = Self.asciiTrimmed(text)
                return Int(trimmed.hasPrefix("+") ? String(trimmed.dropFirst()) : trimmed) ?? Double(trimmed).flatMap { Int(exactly: $0) }
            }
        default: return []
        }
    }

    public func int(_ tag: Tag) -> Int? { ints(tag).first }

    /// Numbers from DS, FL, FD and every integer VR.
    public func doubles(_ tag: Tag) -> [Double] {
        guard let element = self[tag], let bytes = element.bytes else { return [] }
        switch Self.readableVR(element) {
        case .fl, .of: return Self.units(bytes, UInt32.self).map { Double(Float(bitPattern: $0)) }
        case .fd, .od: return Self.units(bytes, UInt64.self).map { Double(bitPattern: $0) }
        case .ds, .is: return Self.split(bytes).compactMap { Double(Self.asciiTrimmed($0)) }
        default: return ints(tag).map { Double($0) }
        }
    }

    public func double(_ tag: Tag) -> Double? { doubles(tag).first }

    /// A UID without its NUL (or wrongly, space) padding.
    public func uid(_ tag: Tag) -> String? { string(tag) }

    /// The items of a sequence; empty when absent.
    public func items(_ tag: Tag) -> [DataSet] {
        guard case .sequence(let sequence)? = self[tag]?.value else { return [] }
        return sequence.items.map { $0.dataSet }
    }

    public func bytes(_ tag: Tag) -> ArraySlice<UInt8>? { self[tag]?.bytes }

    private func numbersAsText(_ element: DataElement) -> [String] {
        switch Self.readableVR(element) {
        case .fl, .fd, .of, .od: doubles(element.tag).map { "\($0)" }
        case .at: ints(element.tag).map { Tag(rawValue: UInt32(truncatingIfNeeded: $0)).hexadecimal }
        default: ints(element.tag).map { String($0) }
        }
    }

    /// The VR to read a value by: for UN, which keeps the value as it was in Implicit VR Little Endian, the dictionary's
    /// (PS3.5 §6.2.2).
    private static func readableVR(_ element: DataElement) -> VR {
        element.vr == .un ? DataDictionary.vr(for: element.tag) ?? .un : element.vr
    }

    static func split(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        bytes.split(separator: 0x5C, omittingEmptySubsequences: false)
    }

    /// Without leading and trailing spaces and NULs; bytes outside ASCII as Latin-1.
    static func asciiTrimmed(_ bytes: ArraySlice<UInt8>) -> String {
        var slice = bytes
        while let first = slice.first, first == 0x20 || first == 0 { slice = slice.dropFirst() }
        while let last = slice.last, last == 0x20 || last == 0 { slice = slice.dropLast() }
        if slice.allSatisfy({ $0 < 0x80 }) { return String(decoding: slice, as: UTF8.self) }
        return String(String.UnicodeScalarView(slice.map { Unicode.Scalar($0) }))
    }

    static func units<Unit: FixedWidthInteger & UnsignedInteger>(_ bytes: ArraySlice<UInt8>, _: Unit.Type) -> [Unit] {
        let size = Unit.bitWidth / 8
        let start = bytes.startIndex
        return (0..<bytes.count / size).map { index in
            var value: Unit = 0
            for byte in 0..<size { value |= Unit(bytes[start + index * size + byte]) << Unit(8 * byte) }
            return value
        }
    }
}

/// Writing values, encoded in the data set's own character set and padded to even length.
extension DataSet {
    /// Text values joined by backslashes. A value the character set cannot express makes the data set UTF-8 first.
    public mutating func set(_ tag: Tag, _ vr: VR, _ values: [String]) {
        if vr.usesSpecificCharacterSet, !values.allSatisfy({ characterSet.canEncode($0) }) { convertText(to: .utf8) }
        var bytes = vr.usesSpecificCharacterSet
            ? characterSet.encodeValues(values, vr: vr) : Array(values.joined(separator: "\\").utf8)
        if bytes.count % 2 == 1 { bytes.append(vr.padding) }
        self[tag] = DataElement(tag, vr, bytes: bytes[...])
    }

    public mutating func set(_ tag: Tag, _ vr: VR, _ value: String) { set(tag, vr, [value]) }

    /// Numbers in the binary or text form of `vr`. Integers outside the range of `vr` are truncated to its width.
    public mutating func set(_ tag: Tag, _ vr: VR, ints: [Int]) {
        switch vr {
        case .is, .ds: set(tag, vr, ints.map { String($0) })
        case .fl, .fd, .of, .od: set(tag, vr, doubles: ints.map { Double($0) })
        case .at: self[tag] = DataElement(tag, vr, bytes: Self.packed(ints.flatMap { [$0 >> 16, $0 & 0xFFFF] }, 2))
        default: self[tag] = DataElement(tag, vr, bytes: Self.packed(ints, vr.unitBytes))
        }
    }

    public mutating func set(_ tag: Tag, _ vr: VR, doubles: [Double]) {
        switch vr {
        case .fl, .of: self[tag] = DataElement(tag, vr, bytes: Self.packed(doubles.map { Int(Float($0).bitPattern) }, 4))
        case .fd, .od:
            self[tag] = DataElement(tag, vr, bytes: Self.packed(doubles.map { Int(truncatingIfNeeded: $0.bitPattern) }, 8))
        default: set(tag, vr, doubles.map { DecimalString.format($0) })
        }
    }

    public mutating func set(_ tag: Tag, items: [DataSet]) {
        self[tag] = DataElement(tag: tag, vr: .sq, value: .sequence(ItemSequence(items)))
    }

    /// An element of zero length (Type 2).
    public mutating func setEmpty(_ tag: Tag, _ vr: VR) {
        self[tag] = vr == .sq
            ? DataElement(tag: tag, vr: vr, value: .sequence(ItemSequence([ItemSequence.Item]())))
            : DataElement(tag, vr, bytes: [])
    }

    private static func packed(_ values: [Int], _ size: Int) -> ArraySlice<UInt8> {
        var bytes: [UInt8] = []
        for value in values { for byte in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) } }
        return bytes[...]
    }
}
