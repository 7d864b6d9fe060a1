/// A JSON value (RFC 8259), and where in its text it began.
public struct JSONNode: Hashable, Sendable {
    public struct Member: Hashable, Sendable {
        public let key: String
        public let value: JSONNode

        public init(_ key: String, _ value: JSONNode) {
            self.key = key
            self.value = value
        }
    }

    public indirect enum Content: Hashable, Sendable {
        case null
        case bool(Bool)
        /// As written, so that no digit is lost.
        case number(String)
        case string(String)
        case array([JSONNode])
        /// In the order of the text; keys may repeat.
        case object([Member])
    }

    public let content: Content
    /// Bytes from the start of the text; 0 for values made in code.
    public let offset: Int

    public init(_ content: Content, offset: Int = 0) {
        self.content = content
        self.offset = offset
    }

    /// The first member of that name; `nil` as well when this is no object.
    public subscript(key: String) -> JSONNode? {
        guard case .object(let members) = content else { return nil }
        return members.first { $0.key == key }?.value
    }

    public var string: String? { if case .string(let text) = content { text } else { nil } }
    public var array: [JSONNode]? { if case .array(let nodes) = content { nodes } else { nil } }
    public var object: [Member]? { if case .object(let members) = content { members } else { nil } }
    public var isNull: Bool { content == .null }

    /// A number without fraction that fits.
    public var int: Int? { if case .number(let text) = content { Int(text) } else { nil } }

    /// The text without white space.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.write(self)
        return writer.bytes
    }
}

extension JSONNode: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self.init(.string(value)) }
    public init(integerLiteral value: Int) { self.init(.number(String(value))) }
    public init(booleanLiteral value: Bool) { self.init(.bool(value)) }
    public init(arrayLiteral elements: JSONNode...) { self.init(.array(elements)) }
    public init(dictionaryLiteral elements: (String, JSONNode)...) {
        self.init(.object(elements.map { Member($0.0, $0.1) }))
    }

    public init(_ text: String) { self.init(.string(text)) }
    public init(_ number: Int) { self.init(.number(String(number))) }
    public init(_ nodes: [JSONNode]) { self.init(.array(nodes)) }
    public init(_ members: [Member]) { self.init(.object(members)) }
}

/// JSON text as bytes.
struct JSONWriter {
    var bytes: [UInt8] = []
    /// Something outside ASCII was written.
    var hasNonASCII = false

    mutating func write(_ node: JSONNode) {
        switch node.content {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .number(let text): bytes += text.utf8
        case .string(let text): writeString(text)
        case .array(let nodes):
            bytes.append(UInt8(ascii: "["))
            for (index, node) in nodes.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                write(node)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                writeString(member.key)
                bytes.append(UInt8(ascii: ":"))
                write(member.value)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    mutating func writeString(_ text: String) {
        bytes.append(0x22)
        var isASCII = true
        for byte in text.utf8 {
            if byte >= 0x80 { isASCII = false }
            appendEscaped(byte)
        }
        if !isASCII { hasNonASCII = true }
        bytes.append(0x22)
    }

    /// - Parameter text: ASCII without quotes, backslashes and control characters mostly; then it is copied as a whole.
    mutating func writeString(ascii text: ArraySlice<UInt8>) {
        bytes.append(0x22)
        if text.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }) {
            bytes.append(contentsOf: text)
        } else {
            for byte in text { appendEscaped(byte) }
        }
        bytes.append(0x22)
    }

    @inline(__always)
    private mutating func appendEscaped(_ byte: UInt8) {
        if byte >= 0x20 && byte != 0x22 && byte != 0x5C { return bytes.append(byte) }
        switch byte {
        case 0x22: append("\\\"")
        case 0x5C: append("\\\\")
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        default:
            append("\\u00")
            appendHexadecimal(byte)
        }
    }

    @inline(__always)
    mutating func appendHexadecimal(_ byte: UInt8) {
        for digit in [byte >> 4, byte & 0xF] { bytes.append(digit < 10 ? digit &+ 0x30 : digit &+ 0x37) }
    }

    mutating func writeInteger(_ value: Int) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        writeInteger(value.magnitude)
    }

    mutating func writeInteger(_ value: UInt) {
        guard value >= 10 else { return bytes.append(UInt8(truncatingIfNeeded: value) &+ 0x30) }
        let start = bytes.count
        var rest = value
        while rest > 0 {
            bytes.append(UInt8(truncatingIfNeeded: rest % 10) &+ 0x30)
            rest /= 10
        }
        bytes[start...].reverse()
    }

    mutating func insert(_ text: StaticString, at index: Int) {
        bytes.insert(contentsOf: text.withUTF8Buffer { Array($0) }, at: index)
    }
}
