/// Reads big-endian fields from a PDU held in memory; every read is checked first.
struct PDUCursor {
    private let bytes: [UInt8]
    private(set) var offset: Int
    private let end: Int

    /// - Parameter bytes: a whole PDU, header included, so that offsets count from its start.
    init(_ bytes: [UInt8], from offset: Int) {
        self.init(bytes, from: min(offset, bytes.count), to: bytes.count)
    }

    private init(_ bytes: [UInt8], from offset: Int, to end: Int) {
        self.bytes = bytes
        self.offset = offset
        self.end = end
    }

    var remaining: Int { end - offset }
    var isAtEnd: Bool { offset == end }

    mutating func readByte() throws(PDUError) -> UInt8 {
        guard remaining >= 1 else { throw .truncated(offset: offset) }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func readUInt16() throws(PDUError) -> UInt16 {
        guard remaining >= 2 else { throw .truncated(offset: offset) }
        defer { offset += 2 }
        return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
    }

    mutating func readUInt32() throws(PDUError) -> UInt32 {
        let high = try readUInt16()
        return try UInt32(high) << 16 | UInt32(readUInt16())
    }

    mutating func skip(_ count: Int) throws(PDUError) {
        guard remaining >= count else { throw .truncated(offset: offset) }
        offset += count
    }

    /// - Parameter item: named in the error only.
    mutating func readBytes(_ count: Int, item: UInt8) throws(PDUError) -> ArraySlice<UInt8> {
        guard remaining >= count else {
            throw .lengthExceedsContainer(item: item, declared: count, remaining: remaining, offset: offset)
        }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    /// The header of an item and a cursor over its content (PS3.8 §9.3.1).
    mutating func readItem() throws(PDUError) -> (type: UInt8, content: PDUCursor) {
        let type = try readByte()
        try skip(1)
        let length = Int(try readUInt16())
        guard remaining >= length else {
            throw .lengthExceedsContainer(item: type, declared: length, remaining: remaining, offset: offset)
        }
        defer { offset += length }
        return (type, PDUCursor(bytes, from: offset, to: offset + length))
    }

    /// A 16-byte AE title field: leading and trailing spaces are not significant (PS3.8 Table 9-11).
    mutating func readAETitle(_ field: PDUError.Field) throws(PDUError) -> String {
        let start = offset
        let title = Self.trimmed(try readBytes(16, item: 0), leading: true)
        guard title.allSatisfy({ $0 >= 0x20 && !(0x7F...0x9F).contains($0) }) else {
            throw .invalidValue(field: field, offset: start)
        }
        return Self.latin1(title)
    }

    /// What remains, as a UID: NUL or space padding is dropped, printable ASCII required, form not checked.
    mutating func readUID(_ field: PDUError.Field) throws(PDUError) -> String { try readUID(remaining, field) }

    mutating func readUID(_ count: Int, _ field: PDUError.Field) throws(PDUError) -> String {
        let start = offset
        let uid = Self.trimmed(try readBytes(count, item: 0), leading: false)
        guard uid.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .invalidValue(field: field, offset: start) }
        return String(decoding: uid, as: UTF8.self)
    }

    /// What remains, as text for display: control characters become question marks.
    mutating func readText() throws(PDUError) -> String {
        let text = Self.trimmed(try readBytes(remaining, item: 0), leading: true)
        return Self.latin1(text.map { $0 < 0x20 || (0x7F...0x9F).contains($0) ? 0x3F : $0 }[...])
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>, leading: Bool) -> ArraySlice<UInt8> {
        var slice = bytes
        while let last = slice.last, last == 0x20 || last == 0 { slice.removeLast() }
        while leading, let first = slice.first, first == 0x20 { slice.removeFirst() }
        return slice
    }

    private static func latin1(_ bytes: ArraySlice<UInt8>) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
}
