/// The identifier of a data element: group and element number (PS3.5 §7.1).
public struct Tag: RawRepresentable, Hashable, Comparable, Sendable {
    /// `group << 16 | element`.
    public let rawValue: UInt32

    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable public init(_ group: UInt16, _ element: UInt16) {
        rawValue = UInt32(group) << 16 | UInt32(element)
    }

    @inlinable public var group: UInt16 { UInt16(truncatingIfNeeded: rawValue >> 16) }
    @inlinable public var element: UInt16 { UInt16(truncatingIfNeeded: rawValue) }

    /// Odd groups are private (PS3.5 §7.8); groups 1, 3, 5, 7 and FFFF are illegal but private in this sense.
    @inlinable public var isPrivate: Bool { group & 1 == 1 }

    /// (gggg,0010-00FF) with odd group: names the owner of a block of private elements.
    @inlinable public var isPrivateCreator: Bool { isPrivate && (0x10...0xFF).contains(element) }

    /// (gggg,0000), retired outside groups 0 and 2.
    @inlinable public var isGroupLength: Bool { element == 0 }

    @inlinable public static func < (lhs: Tag, rhs: Tag) -> Bool { lhs.rawValue < rhs.rawValue }

    // Delimiters of sequences and fragments (PS3.5 §7.5); they never stand in a `DataSet`.
    public static let item = Tag(0xFFFE, 0xE000)
    public static let itemDelimitation = Tag(0xFFFE, 0xE00D)
    public static let sequenceDelimitation = Tag(0xFFFE, 0xE0DD)
}

extension Tag: CustomStringConvertible {
    /// `(0010,0020)`
    public var description: String { "(\(Self.hex(group)),\(Self.hex(element)))" }

    /// Eight hexadecimal digits, the key of the DICOM JSON model (PS3.18 §F.2.2).
    public var hexadecimal: String { Self.hex(group) + Self.hex(element) }

    private static func hex(_ value: UInt16) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }

    /// Reads `GGGGEEEE`, `GGGG,EEEE` or `(GGGG,EEEE)`; `nil` for anything else.
    public init?(hexadecimal text: some StringProtocol) {
        let digits = String(text.filter { $0 != "(" && $0 != ")" && $0 != "," })
        // `UInt32` alone would read a leading sign.
        guard digits.utf8.count == 8, digits.first?.isHexDigit == true, let value = UInt32(digits, radix: 16) else {
            return nil
        }
        self.init(rawValue: value)
    }
}
