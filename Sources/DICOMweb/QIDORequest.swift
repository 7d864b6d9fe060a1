public import DICOMCore

/// A search (PS3.18 §10.6), free of HTTP: what to look for and what to return.
public struct QIDORequest: Hashable, Sendable {
    public enum Level: Hashable, Sendable { case study, series, instance }

    public struct Match: Hashable, Sendable {
        /// Sequences to go into, then the attribute.
        public let path: [Tag]
        /// As the client sent it: wildcards, ranges and lists of UIDs are not taken apart. Empty for universal matching.
        public let value: String

        public init(path: [Tag], value: String) {
            self.path = path
            self.value = value
        }

        /// A list of UIDs, with commas or backslashes between (PS3.18 §8.3.4.1).
        public var uids: [String] { value.split { $0 == "," || $0 == "\\" }.map(String.init) }
    }

    public let level: Level
    public let studyInstanceUID: String?
    public let seriesInstanceUID: String?
    /// Each attribute once, in the order of the query.
    public let matches: [Match]
    /// Attributes to return besides those that are always returned.
    public let includeFields: [[Tag]]
    /// `includefield=all`.
    public let includesAll: Bool
    public let fuzzyMatching: Bool
    /// Empty values match as Type 2 (PS3.4 §C.2.2.2): the client asks for entities without value.
    public let emptyValueMatching: Bool
    /// `nil` where the client sets none.
    public let limit: Int?
    public let offset: Int
    /// The decoded `accept` parameter, which goes before the header.
    public let accept: String?

    /// Nesting of attribute paths.
    static let maximumPathLength = 8

    /// - Parameter query: what follows the question mark, percent-encoded.
    public init(
        level: Level, studyInstanceUID: String? = nil, seriesInstanceUID: String? = nil, query: String?
    ) throws(Problem) {
        self.level = level
        self.studyInstanceUID = try studyInstanceUID.map { text throws(Problem) in try ParameterValue.uid(text, "study") }
        self.seriesInstanceUID = try seriesInstanceUID.map { text throws(Problem) in try ParameterValue.uid(text, "series") }
        let query = try QueryString(query)
        limit = try query.single("limit").map { text throws(Problem) in
            try ParameterValue.integer(text, "limit", in: 0...Int(Int32.max))
        }
        offset = try query.single("offset").map { text throws(Problem) in
            try ParameterValue.integer(text, "offset", in: 0...Int(Int32.max))
        } ?? 0
        fuzzyMatching = try Self.flag("fuzzymatching", query)
        emptyValueMatching = try Self.flag("emptyvaluematching", query)
        accept = try query.single("accept")
        (includeFields, includesAll) = try Self.includeFields(query)
        matches = try Self.matches(query)
    }

    private static let controls: Set<String> = [
        "limit", "offset", "fuzzymatching", "emptyvaluematching", "multiplevaluematching", "accept", "includefield", "charset",
    ]

    private static func flag(_ name: String, _ query: QueryString) throws(Problem) -> Bool {
        guard let text = try query.single(name) else { return false }
        return try ParameterValue.flag(text, name)
    }

    private static func includeFields(_ query: QueryString) throws(Problem) -> ([[Tag]], Bool) {
        var fields: [[Tag]] = []
        var includesAll = false
        for parameter in query.parameters where parameter.name == "includefield" {
            for text in parameter.value.split(separator: ",") {
                if text == "all" {
                    includesAll = true
                } else {
                    let path = try path(text, at: "includefield")
                    if !fields.contains(path) { fields.append(path) }
                }
            }
        }
        return (fields, includesAll)
    }

    private static func matches(_ query: QueryString) throws(Problem) -> [Match] {
        var matches: [Match] = []
        var seen: Set<[Tag]> = []
        for parameter in query.parameters where !controls.contains(parameter.name) {
            let path = try path(parameter.name, at: parameter.name)
            guard seen.insert(path).inserted else {
                throw Problem(
                    status: 400, "The attribute is matched more than once", at: QueryString.printable(parameter.name),
                    remedy: "Send it once; join UIDs with commas")
            }
            guard let last = path.last, DataDictionary.vr(for: last) != .sq else {
                throw Problem(
                    status: 400, "A sequence cannot be matched as a whole", at: QueryString.printable(parameter.name),
                    remedy: "Name an attribute in it, such as RequestAttributesSequence.ScheduledProcedureStepID")
            }
            matches.append(Match(path: path, value: parameter.value))
        }
        return matches
    }

    /// `PatientName`, `00100010`, or a path with dots between (PS3.18 §8.3.4).
    private static func path(_ text: some StringProtocol, at location: String) throws(Problem) -> [Tag] {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        var tags: [Tag] = []
        for part in parts.prefix(maximumPathLength + 1) {
            guard let tag = tag(part) else { throw unknownAttribute(location) }
            tags.append(tag)
        }
        let areSequences = tags.dropLast().allSatisfy { $0.isPrivate || DataDictionary.vr(for: $0) == .sq }
        guard parts.count <= maximumPathLength, areSequences else { throw unknownAttribute(location) }
        return tags
    }

    private static func tag(_ text: some StringProtocol) -> Tag? {
        if let entry = DataDictionary.entry(keyword: String(text)) { return entry.tag }
        let isHexadecimal = text.utf8.count == 8 && text.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        return isHexadecimal ? Tag(hexadecimal: text) : nil
    }

    private static func unknownAttribute(_ location: String) -> Problem {
        Problem(
            status: 400, "This is neither an attribute nor a parameter of searches", at: QueryString.printable(location),
            remedy: "Name attributes by keyword (PatientID), by tag (00100020), or by a path through sequences with dots")
    }
}
