public import DICOMCore

/// What a reader drew on an image, in the JSON of Documentation/marks.md. Members this version does not know are kept.
public struct Mark: Hashable, Sendable {
    /// The whole, as it came: what is not looked at here goes out again unchanged.
    public private(set) var json: JSONNode

    public let uid: String
    /// `length`, `angle`, `ellipse` …; unknown ones survive.
    public let kind: String
    public let number: Int?
    public let seriesInstanceUID: String
    public let sopClassUID: String
    public let sopInstanceUID: String
    /// 1-based.
    public let frameNumber: Int
    public let frameOfReferenceUID: String?
    public let points: [ImagePoint]
    public let text: String
    public let values: [MarkValue]
    /// Millimetres per pixel along a column and along a row, where the mark has them.
    public let spacing: (row: Double, column: Double)?
    /// UIDs of the contours of a volume.
    public let members: [String]
    /// When last changed, ISO 8601.
    public let modified: String

    // Nodes also know where in a text they stood; marks are equal when their texts are.
    public static func == (lhs: Mark, rhs: Mark) -> Bool { lhs.json.encoded() == rhs.json.encoded() }
    public func hash(into hasher: inout Hasher) { hasher.combine(json.encoded()) }
}

/// One value of a mark with its unit and expanded uncertainty.
public struct MarkValue: Hashable, Sendable {
    public var quantity: CodedConcept
    /// Mean, standard deviation and so on, for statistics.
    public var derivation: CodedConcept?
    public var value: Double
    /// UCUM.
    public var unit: String
    /// U = k·u, in `unit`.
    public var uncertainty: Double?
    public var coverageFactor: Double?

    public init(
        quantity: CodedConcept, derivation: CodedConcept? = nil, value: Double, unit: String, uncertainty: Double? = nil,
        coverageFactor: Double? = nil
    ) {
        self.quantity = quantity
        self.derivation = derivation
        self.value = value
        self.unit = unit
        self.uncertainty = uncertainty
        self.coverageFactor = coverageFactor
    }
}

/// What is wrong with a mark: which one, which member. Never a value.
public struct MarkError: Error, Hashable, Sendable, CustomStringConvertible {
    public var member: String
    public var problem: String

    public init(_ member: String, _ problem: String) {
        self.member = member
        self.problem = problem
    }

    public var description: String { "\(member): \(problem)" }
}

extension Mark {
    public static let maximumPoints = 100_000
    static let maximumText = 10_000

    /// Checks what the server relies on.
    ///
    /// - Throws: the first member that is missing or not what marks.md says.
    public init(_ json: JSONNode) throws(MarkError) {
        guard json.object != nil else { throw MarkError("mark", "must be an object") }
        uid = try Self.uid(json, "uid")
        kind = try Self.text(json, "kind", limit: 40)
        guard !kind.isEmpty, kind.utf8.allSatisfy({ $0.isASCIILetterOrDigit }) else { throw MarkError("kind", "must be letters and digits") }
        number = json["number"]?.int
        seriesInstanceUID = try Self.uid(json, "seriesInstanceUID")
        sopClassUID = try Self.uid(json, "sopClassUID")
        sopInstanceUID = try Self.uid(json, "sopInstanceUID")
        frameNumber = json["frameNumber"]?.int ?? 1
        guard (1...Int(Int32.max)).contains(frameNumber) else { throw MarkError("frameNumber", "must be 1 or more") }
        frameOfReferenceUID = json["frameOfReferenceUID"]?.string
        points = try Self.points(json)
        text = json["text"]?.isNull ?? true ? "" : try Self.text(json, "text", limit: Self.maximumText)
        values = try Self.values(json)
        spacing = Self.spacing(json["calibration"])
        members = (json["members"]?.array ?? []).compactMap(\.string)
        guard members.count <= 10_000 else { throw MarkError("members", "must be 10,000 at most") }
        modified = json["modified"]?.string ?? ""
        self.json = json
    }

    /// The mark with one member replaced or added; `nil` removes it.
    public func with(_ name: String, _ value: JSONNode?) -> Mark {
        var copy = self
        var list = (json.object ?? []).filter { $0.key != name }
        if let value { list.append(.init(name, value)) }
        copy.json = JSONNode(list)
        return copy
    }

    private static func text(_ json: JSONNode, _ name: String, limit: Int) throws(MarkError) -> String {
        guard let text = json[name]?.string else { throw MarkError(name, "must be a text") }
        guard text.unicodeScalars.count <= limit else { throw MarkError(name, "must be \(limit) characters at most") }
        return text
    }

    private static func uid(_ json: JSONNode, _ name: String) throws(MarkError) -> String {
        guard let text = json[name]?.string, UID.isValid(text) else { throw MarkError(name, "must be a UID") }
        return text
    }

    private static func points(_ json: JSONNode) throws(MarkError) -> [ImagePoint] {
        guard let nodes = json["points"]?.array else { throw MarkError("points", "must be a list") }
        guard nodes.count <= maximumPoints else { throw MarkError("points", "must be \(maximumPoints) at most") }
        var points: [ImagePoint] = []
        for node in nodes {
            guard let pair = node.array, pair.count == 2, let column = pair[0].double, let row = pair[1].double,
                abs(column) <= 1e6, abs(row) <= 1e6
            else { throw MarkError("points", "must be pairs of numbers within ±1,000,000") }
            points.append(ImagePoint(column: column, row: row))
        }
        return points
    }

    private static func values(_ json: JSONNode) throws(MarkError) -> [MarkValue] {
        let nodes = json["values"]?.array ?? []
        guard nodes.count <= 100 else { throw MarkError("values", "must be 100 at most") }
        var values: [MarkValue] = []
        for node in nodes {
            guard let quantity = concept(node["quantity"]) else { throw MarkError("values", "quantity must be a code") }
            guard let value = node["value"]?.double else { throw MarkError("values", "value must be a number") }
            guard let unit = node["unit"]?.string, !unit.isEmpty, unit.utf8.count <= 64 else {
                throw MarkError("values", "unit must be a UCUM text")
            }
            let derivation = node["derivation"].flatMap { $0.isNull ? nil : $0 }
            guard derivation == nil || concept(derivation) != nil else { throw MarkError("values", "derivation must be a code") }
            values.append(
                MarkValue(
                    quantity: quantity, derivation: concept(derivation), value: value, unit: unit,
                    uncertainty: node["uncertainty"]?.double, coverageFactor: node["k"]?.double))
        }
        return values
    }

    private static func concept(_ node: JSONNode?) -> CodedConcept? {
        guard let value = node?["value"]?.string, let scheme = node?["scheme"]?.string, let meaning = node?["meaning"]?.string,
            (1...64).contains(value.utf8.count), (1...16).contains(scheme.utf8.count), (1...64).contains(meaning.unicodeScalars.count),
            !(value + scheme + meaning).contains("\\")
        else { return nil }
        return CodedConcept(value, scheme, meaning)
    }

    private static func spacing(_ node: JSONNode?) -> (row: Double, column: Double)? {
        guard let row = node?["rowSpacing"]?.double, let column = node?["columnSpacing"]?.double, row > 0, column > 0 else { return nil }
        return (row, column)
    }
}

extension UInt8 {
    fileprivate var isASCIILetterOrDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
    }
}

extension JSONNode {
    /// A finite number.
    public var double: Double? {
        guard case .number(let text) = content, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    public var bool: Bool? { if case .bool(let value) = content { value } else { nil } }

    /// The shortest text that reads back as the same double.
    public init(_ number: Double) { self.init(number.isFinite ? .number("\(number)") : .null) }
    public init(_ text: String?) { self.init(text.map { .string($0) } ?? .null) }
    public static var null: JSONNode { JSONNode(.null) }
}
