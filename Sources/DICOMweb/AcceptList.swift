/// What a client accepts, best first (RFC 9110 §12.5.1, PS3.18 §8.3.3.1).
public struct AcceptList: Hashable, Sendable {
    public struct Range: Hashable, Sendable {
        /// Without `q`.
        public let mediaType: MediaType
        /// 0 to 1000; 0 means not acceptable.
        public let quality: Int
    }

    /// In falling order of quality, equal ones as given.
    public let ranges: [Range]

    static let maximumLength = 8192
    static let maximumRanges = 64

    /// - Parameters:
    ///   - header: the `Accept` header field; `nil` or empty means anything.
    ///   - queryParameter: the decoded `accept` parameter, which comes before the header (PS3.18 §8.3.3.1).
    public init(header: String?, queryParameter: String? = nil) throws(Problem) {
        let fromQuery = queryParameter.flatMap { $0.isEmpty ? nil : $0 }
        let location = fromQuery == nil ? "Accept" : "accept"
        let text = fromQuery ?? header ?? ""
        guard text.utf8.count <= Self.maximumLength else { throw Self.malformed(location) }
        var ranges: [Range] = []
        var parser = HeaderParser(text)
        while !parser.isAtEnd {
            if parser.skip(UInt8(ascii: ",")) { continue }
            guard ranges.count < Self.maximumRanges, let mediaType = parser.mediaType(),
                  let quality = Self.quality(mediaType["q"]), parser.isAtEnd || parser.skip(UInt8(ascii: ","))
            else { throw Self.malformed(location) }
            ranges.append(Range(mediaType: mediaType.without("q"), quality: quality))
        }
        if ranges.isEmpty { ranges = [Range(mediaType: MediaType("*", "*"), quality: 1000)] }
        // Sorting keeps the order of equals only by giving it a say.
        let sorted = ranges.enumerated().sorted { ($1.element.quality, $0.offset) < ($0.element.quality, $1.offset) }
        self.ranges = sorted.map { $0.element }
    }

    private static func malformed(_ location: String) -> Problem {
        Problem(
            status: 400, "The list of acceptable media types cannot be read", at: location,
            remedy: "Send media ranges with commas between, such as application/dicom; transfer-syntax=*")
    }

    /// Up to three digits after the point; a missing value is 1.
    private static func quality(_ text: String?) -> Int? {
        guard let text else { return 1000 }
        guard text.utf8.count <= 8, let value = Double(text), value >= 0, value <= 1 else { return nil }
        return Int(value * 1000)
    }

    /// The best of `supported`, earlier ones first among equals; `nil` means 406.
    public func choose(from supported: [MediaType]) -> MediaType? {
        for range in ranges where range.quality > 0 {
            if let match = supported.first(where: { range.mediaType.includes($0) && !isRefused($0) }) { return match }
        }
        return nil
    }

    /// Named with quality 0 by its own name, although a wildcard may include it.
    func isRefused(_ mediaType: MediaType) -> Bool {
        ranges.contains { $0.quality == 0 && $0.mediaType.type != "*" && $0.mediaType.includes(mediaType) }
    }

    /// The representation of data sets as text asked for first: JSON, or XML of the Native DICOM Model in a multipart body
    /// (PS3.18 Table 8.7.3-4).
    ///
    /// - Returns: `dicomXML`, or one of the JSON types.
    public func requireMetadata() throws(Problem) -> MediaType {
        for range in ranges where range.quality > 0 {
            let asked = range.mediaType
            let isMultipart = asked.essence == "multipart/related"
            if (isMultipart ? asked["type"] : asked.essence) == MediaType.dicomXML.essence { return .dicomXML }
            if !isMultipart, let match = [MediaType.dicomJSON, .json].first(where: { asked.includes($0) && !isRefused($0) }) {
                return match
            }
        }
        throw .notAcceptable([.dicomJSON, .json, MediaType.dicomXML.multipartRelated(boundary: "…")])
    }

    /// JPEG or PNG, as asked for first.
    ///
    /// - Parameter multipart: whether several pictures are to come.
    public func requirePicture(multipart: Bool) throws(Problem) -> MediaType {
        let pictures = [MediaType.jpeg, .png]
        guard multipart else { return try require(from: pictures) }
        for range in ranges where range.quality > 0 {
            let asked = range.mediaType
            if asked.essence == "multipart/related", let type = asked["type"] {
                if let match = pictures.first(where: { $0.essence == type }) { return match }
            } else if asked.includes(MediaType("multipart", "related")) {
                return .jpeg
            }
        }
        throw .notAcceptable(pictures.map { $0.multipartRelated(boundary: "…") })
    }

    /// As `choose(from:)`, with the answer for when nothing fits.
    public func require(from supported: [MediaType]) throws(Problem) -> MediaType {
        if let match = choose(from: supported) { return match }
        throw .notAcceptable(supported)
    }
}

extension Problem {
    /// 406 with what could be had instead.
    public static func notAcceptable(_ supported: [MediaType]) -> Problem {
        let names = supported.map { $0.formatted }.joined(separator: ", ")
        return Problem(
            status: 406, "None of the accepted media types can be produced for this resource", at: "Accept",
            remedy: "Accept one of: \(names)")
    }
}
