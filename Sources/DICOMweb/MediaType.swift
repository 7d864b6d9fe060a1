/// A media type with its parameters (RFC 9110 §8.3.1, PS3.18 §8.7).
public struct MediaType: Hashable, Sendable {
    public struct Parameter: Hashable, Sendable {
        /// In lower case.
        public let name: String
        public let value: String
    }

    /// In lower case; `*` in media ranges.
    public let type: String
    public let subtype: String
    public let parameters: [Parameter]

    public init(_ type: String, _ subtype: String, _ parameters: [(String, String)] = []) {
        self.type = type.lowercased()
        self.subtype = subtype.lowercased()
        self.parameters = parameters.map { Parameter(name: $0.0.lowercased(), value: $0.1) }
    }

    /// Reads `type/subtype; name=value; name="quoted value"`; `nil` when it is not of that form.
    public init?(parsing text: some StringProtocol) {
        var parser = HeaderParser(text)
        guard let parsed = parser.mediaType(), parser.isAtEnd else { return nil }
        self = parsed
    }

    /// The first value of that name.
    public subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// Without parameters.
    public var essence: String { "\(type)/\(subtype)" }

    /// As a header field has it; values that are no tokens are quoted, control characters dropped.
    public var formatted: String {
        parameters.reduce(essence) { text, parameter in
            let isToken = !parameter.value.isEmpty && parameter.value.utf8.allSatisfy { HeaderParser.isToken($0) }
            return text + "; \(parameter.name)=" + (isToken ? parameter.value : Self.quoted(parameter.value))
        }
    }

    public func with(_ name: String, _ value: String) -> MediaType {
        MediaType(type, subtype, parameters.filter { $0.name != name }.map { ($0.name, $0.value) } + [(name, value)])
    }

    func without(_ names: String...) -> MediaType {
        MediaType(type, subtype, parameters.filter { !names.contains($0.name) }.map { ($0.name, $0.value) })
    }

    /// `*/*` and `image/*` include others.
    func includes(_ other: MediaType) -> Bool {
        (type == "*" || type == other.type) && (subtype == "*" || subtype == other.subtype)
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars where scalar.value >= 0x20 && scalar.value != 0x7F {
            if scalar == "\"" || scalar == "\\" { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }

    public static let dicom = MediaType("application", "dicom")
    public static let dicomJSON = MediaType("application", "dicom+json")
    public static let dicomXML = MediaType("application", "dicom+xml")
    public static let json = MediaType("application", "json")
    public static let octetStream = MediaType("application", "octet-stream")
    public static let jpeg = MediaType("image", "jpeg")
    public static let png = MediaType("image", "png")

    /// `multipart/related` around parts of this type.
    public func multipartRelated(boundary: String) -> MediaType {
        MediaType("multipart", "related", [("type", essence), ("boundary", boundary)])
    }
}

/// The grammar that header fields share (RFC 9110 §5.6).
struct HeaderParser {
    private let bytes: [UInt8]
    private var index = 0

    init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
    }

    var isAtEnd: Bool {
        mutating get {
            skipSpaces()
            return index == bytes.count
        }
    }

    mutating func skip(_ byte: UInt8) -> Bool {
        skipSpaces()
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    mutating func mediaType() -> MediaType? {
        guard let type = token(), index < bytes.count, bytes[index] == UInt8(ascii: "/") else { return nil }
        index += 1
        guard let subtype = token() else { return nil }
        var parameters: [(String, String)] = []
        while skip(UInt8(ascii: ";")) {
            skipSpaces()
            // A semicolon at the end says nothing.
            guard index < bytes.count, bytes[index] != UInt8(ascii: ",") else { break }
            guard let name = token(), index < bytes.count, bytes[index] == UInt8(ascii: "=") else { return nil }
            index += 1
            guard let value = quotedString() ?? looseToken() else { return nil }
            parameters.append((name, value))
        }
        return MediaType(type, subtype, parameters)
    }

    private mutating func skipSpaces() { while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 } }

    private mutating func token() -> String? {
        skipSpaces()
        return take { Self.isToken($0) }
    }

    /// Values with slashes and the like without quotes, as many send `type=application/dicom`.
    private mutating func looseToken() -> String? { take { Self.isToken($0) || [0x2F, 0x3A, 0x3D, 0x40].contains($0) } }

    private mutating func take(_ isPart: (UInt8) -> Bool) -> String? {
        let start = index
        while index < bytes.count, isPart(bytes[index]) { index += 1 }
        return index > start ? String(decoding: bytes[start..<index], as: UTF8.self) : nil
    }

    private mutating func quotedString() -> String? {
        guard index < bytes.count, bytes[index] == 0x22 else { return nil }
        var text: [UInt8] = []
        var position = index + 1
        while position < bytes.count, bytes[position] != 0x22 {
            if bytes[position] == 0x5C { position += 1 }
            guard position < bytes.count else { return nil }
            text.append(bytes[position])
            position += 1
        }
        guard position < bytes.count else { return nil }
        index = position + 1
        return String(decoding: text, as: UTF8.self)
    }
}
