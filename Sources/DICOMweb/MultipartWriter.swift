/// Writes `multipart/related` bodies: header of a part, its bytes from wherever they come, the next header, the end.
public struct MultipartWriter: Hashable, Sendable {
    public let boundary: String

    /// - Parameter boundary: 1 to 70 letters and digits that occur in no part; `randomBoundary` makes one.
    public init(boundary: String) { self.boundary = boundary }

    /// 32 hexadecimal digits: no chance to meet them in a part.
    public static func randomBoundary(using generator: inout some RandomNumberGenerator) -> String {
        let digits = (0..<2).map { _ in String(generator.next() as UInt64, radix: 16) }
        return digits.map { String(repeating: "0", count: 16 - $0.count) + $0 }.joined()
    }

    /// The `Content-Type` of the body.
    public func contentType(of part: MediaType) -> MediaType { part.multipartRelated(boundary: boundary) }

    /// What stands before the bytes of a part.
    ///
    /// - Parameters:
    ///   - location: the `Content-Location`, such as the URL of the frame.
    ///   - length: the bytes that follow, if known.
    public func partHeader(_ mediaType: MediaType, location: String? = nil, length: Int? = nil) -> [UInt8] {
        var text = "\r\n--\(boundary)\r\nContent-Type: \(mediaType.formatted)\r\n"
        if let location { text += "Content-Location: \(Self.line(location))\r\n" }
        if let length { text += "Content-Length: \(length)\r\n" }
        return Array((text + "\r\n").utf8)
    }

    public var end: [UInt8] { Array("\r\n--\(boundary)--\r\n".utf8) }

    /// Nothing that could begin another header field.
    private static func line(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
    }
}
