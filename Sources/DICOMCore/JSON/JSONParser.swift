/// Reads JSON of unknown origin (RFC 8259): strict in grammar, bounded in size, depth and number of values.
public struct JSONParser {
    public struct Limits: Hashable, Sendable {
        public var maximumBytes = 512 << 20
        /// Arrays and objects within each other.
        public var maximumDepth = 256
        /// Values and keys together.
        public var maximumNodes = 20_000_000

        public init() {}
        public static let `default` = Limits()
    }

    public enum Failure: Error, Hashable, Sendable {
        case unexpectedEnd(offset: Int)
        case unexpectedCharacter(offset: Int)
        case invalidNumber(offset: Int)
        /// A control character, bad escape, lone surrogate or bytes that are not UTF-8.
        case invalidString(offset: Int)
        case nestingTooDeep(limit: Int, offset: Int)
        case tooManyValues(limit: Int, offset: Int)
        case tooLarge(limit: Int)
        case trailingContent(offset: Int)
    }

    private let bytes: ArraySlice<UInt8>
    private let limits: Limits
    private var index: Int
    private var nodeCount = 0

    private init(_ bytes: ArraySlice<UInt8>, _ limits: Limits) {
        self.bytes = bytes
        self.limits = limits
        index = bytes.startIndex
    }

    /// The one value that `bytes` hold. A byte order mark is passed over.
    public static func parse(_ bytes: ArraySlice<UInt8>, limits: Limits = .default) throws(Failure) -> JSONNode {
        guard bytes.count <= limits.maximumBytes else { throw .tooLarge(limit: limits.maximumBytes) }
        var parser = JSONParser(bytes, limits)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { parser.index += 3 }
        let node = try parser.value(depth: 0)
        parser.skipWhiteSpace()
        guard parser.index == bytes.endIndex else { throw .trailingContent(offset: parser.offset) }
        return node
    }

    private var offset: Int { index - bytes.startIndex }

    private mutating func skipWhiteSpace() {
        while index < bytes.endIndex {
            let byte = bytes[index]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            index += 1
        }
    }

    /// The next byte that is not white space, left in place.
    private mutating func next() throws(Failure) -> UInt8 {
        skipWhiteSpace()
        guard index < bytes.endIndex else { throw .unexpectedEnd(offset: offset) }
        return bytes[index]
    }

    private mutating func count() throws(Failure) {
        nodeCount += 1
        guard nodeCount <= limits.maximumNodes else { throw .tooManyValues(limit: limits.maximumNodes, offset: offset) }
    }

    private mutating func value(depth: Int) throws(Failure) -> JSONNode {
        let first = try next()
        try count()
        let start = offset
        switch first {
        case UInt8(ascii: "{"): return JSONNode(.object(try members(depth: depth)), offset: start)
        case UInt8(ascii: "["): return JSONNode(.array(try elements(depth: depth)), offset: start)
        case 0x22: return JSONNode(.string(try string()), offset: start)
        case UInt8(ascii: "t"): return JSONNode(try literal("true", .bool(true)), offset: start)
        case UInt8(ascii: "f"): return JSONNode(try literal("false", .bool(false)), offset: start)
        case UInt8(ascii: "n"): return JSONNode(try literal("null", .null), offset: start)
        default: return JSONNode(.number(try number()), offset: start)
        }
    }

    private mutating func enter(_ depth: Int) throws(Failure) {
        guard depth < limits.maximumDepth else { throw .nestingTooDeep(limit: limits.maximumDepth, offset: offset) }
        index += 1
    }

    private mutating func elements(depth: Int) throws(Failure) -> [JSONNode] {
        try enter(depth)
        var nodes: [JSONNode] = []
        guard try next() != UInt8(ascii: "]") else {
            index += 1
            return nodes
        }
        while true {
            nodes.append(try value(depth: depth + 1))
            if try endsList(with: UInt8(ascii: "]")) { return nodes }
        }
    }

    private mutating func members(depth: Int) throws(Failure) -> [JSONNode.Member] {
        try enter(depth)
        var members: [JSONNode.Member] = []
        guard try next() != UInt8(ascii: "}") else {
            index += 1
            return members
        }
        while true {
            guard try next() == 0x22 else { throw .unexpectedCharacter(offset: offset) }
            try count()
            let key = try string()
            guard try next() == UInt8(ascii: ":") else { throw .unexpectedCharacter(offset: offset) }
            index += 1
            members.append(JSONNode.Member(key, try value(depth: depth + 1)))
            if try endsList(with: UInt8(ascii: "}")) { return members }
        }
    }

    /// Passes a comma or the closing bracket.
    private mutating func endsList(with closing: UInt8) throws(Failure) -> Bool {
        let byte = try next()
        guard byte == closing || byte == UInt8(ascii: ",") else { throw .unexpectedCharacter(offset: offset) }
        index += 1
        return byte == closing
    }

    private mutating func literal(_ text: StaticString, _ content: JSONNode.Content) throws(Failure) -> JSONNode.Content {
        let length = text.utf8CodeUnitCount
        let matches = text.withUTF8Buffer { bytes[index...].prefix(length).elementsEqual($0) }
        guard matches else { throw .unexpectedCharacter(offset: offset) }
        index += length
        return content
    }

    private mutating func number() throws(Failure) -> String {
        let rest = bytes[index...]
        guard let first = rest.first, first == UInt8(ascii: "-") || JSONNumber.isDigit(first) else {
            throw .unexpectedCharacter(offset: offset)
        }
        let token = rest.prefix { JSONNumber.isDigit($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0) }
        guard JSONNumber.isValid(token) else { throw .invalidNumber(offset: offset) }
        index = token.endIndex
        return String(decoding: token, as: UTF8.self)
    }

    private mutating func string() throws(Failure) -> String {
        let opening = offset
        index += 1
        let start = index
        while index < bytes.endIndex, bytes[index] != 0x22, bytes[index] != 0x5C, bytes[index] >= 0x20 { index += 1 }
        guard index < bytes.endIndex else { throw .unexpectedEnd(offset: offset) }
        if bytes[index] == 0x22 {
            guard let text = String(validating: bytes[start..<index], as: UTF8.self) else { throw .invalidString(offset: opening) }
            index += 1
            return text
        }
        index = start
        return try escapedString(opening: opening)
    }

    private mutating func escapedString(opening: Int) throws(Failure) -> String {
        var text: [UInt8] = []
        while index < bytes.endIndex {
            let byte = bytes[index]
            guard byte >= 0x20 else { throw .invalidString(offset: offset) }
            index += 1
            if byte == 0x22 {
                guard let string = String(validating: text, as: UTF8.self) else { throw .invalidString(offset: opening) }
                return string
            }
            if byte == 0x5C { try escape(into: &text) } else { text.append(byte) }
        }
        throw .unexpectedEnd(offset: offset)
    }

    private mutating func escape(into text: inout [UInt8]) throws(Failure) {
        guard index < bytes.endIndex else { throw .unexpectedEnd(offset: offset) }
        let byte = bytes[index]
        index += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text += UTF8.encode(try unicodeEscape()).map { Array($0) } ?? []
        default: throw .invalidString(offset: offset)
        }
    }

    /// One scalar from four hexadecimal digits, or from the two escapes of a surrogate pair.
    private mutating func unicodeEscape() throws(Failure) -> Unicode.Scalar {
        let first = try fourDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800...0xDBFF).contains(first), bytes[index...].starts(with: [0x5C, UInt8(ascii: "u")]) else {
            throw .invalidString(offset: offset)
        }
        index += 2
        let second = try fourDigits()
        guard (0xDC00...0xDFFF).contains(second),
              let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw .invalidString(offset: offset) }
        return scalar
    }

    private mutating func fourDigits() throws(Failure) -> UInt32 {
        let digits = bytes[index...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
              let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw .invalidString(offset: offset) }
        index += 4
        return value
    }
}

/// The grammar of numbers in JSON.
enum JSONNumber {
    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// `-? (0 | [1-9][0-9]*) (\. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    static func isValid(_ text: ArraySlice<UInt8>) -> Bool {
        var index = text.startIndex
        let end = text.endIndex
        func digits() -> Int {
            let start = index
            while index < end, isDigit(text[index]) { index += 1 }
            return index - start
        }
        if index < end, text[index] == 0x2D { index += 1 }
        let isZero = index < end && text[index] == 0x30
        let whole = digits()
        guard whole > 0, !isZero || whole == 1 else { return false }
        if index < end, text[index] == 0x2E {
            index += 1
            guard digits() > 0 else { return false }
        }
        if index < end, text[index] | 0x20 == 0x65 {
            index += 1
            if index < end, text[index] == 0x2B || text[index] == 0x2D { index += 1 }
            guard digits() > 0 else { return false }
        }
        return index == end
    }

    /// A DS or IS value as JSON has numbers, digits kept: no plus sign, no leading zeros, a digit on both sides of the point.
    ///
    /// - Returns: `nil` when the text is no number at all.
    static func normalized(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        if isValid(text) { return text }
        var rest = text
        var result: [UInt8] = []
        if let sign = rest.first, sign == 0x2B || sign == 0x2D {
            if sign == 0x2D { result.append(sign) }
            rest = rest.dropFirst()
        }
        let whole = rest.prefix { isDigit($0) }
        rest = rest.dropFirst(whole.count)
        let significant = whole.drop { $0 == 0x30 }
        result += significant.isEmpty ? [0x30] : Array(significant)
        var fraction: ArraySlice<UInt8> = []
        if rest.first == 0x2E {
            fraction = rest.dropFirst().prefix { isDigit($0) }
            rest = rest.dropFirst(1 + fraction.count)
            if !fraction.isEmpty { result += [0x2E] + fraction }
        }
        guard whole.count + fraction.count > 0 else { return nil }
        result += rest
        return isValid(result[...]) ? result[...] : nil
    }
}
