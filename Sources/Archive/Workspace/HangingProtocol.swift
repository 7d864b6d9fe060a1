package import DICOMCore

/// What a rule can ask about a study. `nil` and empty texts stand for "not known".
package struct HangingStudyFacts: Hashable, Sendable {
    package var modalities: [String]
    /// Study description and body parts.
    package var description: String
    package var bodyParts: [String]
    /// Years at the time of the study.
    package var age: Int?
    /// With something to show.
    package var series: Int
    package var priors: Int

    package init(modalities: [String], description: String, bodyParts: [String], age: Int?, series: Int, priors: Int) {
        self.modalities = modalities
        self.description = description
        self.bodyParts = bodyParts
        self.age = age
        self.series = series
        self.priors = priors
    }
}

/// What a rule can ask about a series, or about one image where each image is a view of its own.
package struct HangingSeriesFacts: Hashable, Sendable {
    package var study = ""
    package var series = ""
    /// SOP Instance UID of the one image; `nil` for the whole series.
    package var sop: String?
    /// 0-based place of that image among the objects of its series.
    package var place = 0
    /// 0 for the study itself, 1 for the newest prior.
    package var prior = 0
    package var modality = ""
    package var description = ""
    package var seriesNumber: Int?
    package var images = 0
    package var bodyPart = ""
    package var laterality = ""
    package var view = ""
    /// `axial`, `sagittal`, `coronal`, `oblique`; empty without geometry.
    package var plane = ""
    package var thicknessMM: Double?

    package init() {}
}

/// A value that conditions are held against.
package enum HangingFact: Hashable, Sendable {
    case texts([String])
    case number(Double?)

    var texts: [String] {
        switch self {
        case .texts(let texts): texts.filter { !$0.isEmpty }
        case .number(let number?): [number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : "\(number)"]
        case .number(nil): []
        }
    }

    var numbers: [Double] {
        switch self {
        case .texts(let texts): texts.compactMap { Double($0) }
        case .number(let number): number.map { [$0] } ?? []
        }
    }
}

package struct HangingCondition: Hashable, Sendable {
    package var attribute: String
    package var equalsOneOf: [String]?
    package var contains: [String]?
    package var atLeast: Double?
    package var atMost: Double?
    package var isNegated: Bool
    package var isRequired: Bool
    package var weight: Double

    /// Whether it holds; an unknown value satisfies no condition but a negated one.
    package func holds(_ fact: HangingFact?) -> Bool { plain(fact) != isNegated }

    private func plain(_ fact: HangingFact?) -> Bool {
        guard let fact, !fact.texts.isEmpty else { return false }
        let texts = fact.texts.map { $0.uppercased() }
        if let equalsOneOf, !equalsOneOf.contains(where: { texts.contains($0.uppercased()) }) { return false }
        if let contains, !contains.contains(where: { word in texts.contains { $0.contains(word.uppercased()) } }) { return false }
        if let atLeast, !fact.numbers.contains(where: { $0 >= atLeast }) { return false }
        return atMost.map { limit in fact.numbers.contains { $0 <= limit } } ?? true
    }
}

package struct HangingSelector: Hashable, Sendable {
    package var prior: Int
    package var conditions: [HangingCondition]
    /// 0-based place among those that match.
    package var nth: Int
    /// Name of the selector that this one shows the same as.
    package var like: String?
}

/// Which series stand where (Documentation/viewing.md): data, matched the same way here and in the browser.
package struct HangingProtocol: Hashable, Sendable {
    package struct Stage: Hashable, Sendable {
        package var name: String
        package var layout: String
        /// Names of selectors; `nil` leaves the view empty.
        package var views: [String?]
    }

    package var id: String
    package var name: String
    package var match: [HangingCondition]
    package var selectors: [String: HangingSelector]
    package var stages: [Stage]
    /// As it came; members not looked at here are the viewer's.
    package var json: JSONNode

    package static func == (lhs: Self, rhs: Self) -> Bool { lhs.json.encoded() == rhs.json.encoded() }
    package func hash(into hasher: inout Hasher) { hasher.combine(json.encoded()) }
}

/// What is wrong with a protocol.
package struct HangingProtocolError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}

extension HangingProtocol {
    private static let listMaximum = 100

    /// - Throws: the first thing that is not as the page says.
    package init(_ json: JSONNode) throws(HangingProtocolError) {
        guard json["version"]?.int == 1 else { throw Self.wrong("version must be 1") }
        guard let id = json["id"]?.string, (1...128).contains(id.utf8.count) else { throw Self.wrong("id must be 1 to 128 bytes") }
        guard let name = json["name"]?.string, (1...256).contains(name.utf8.count) else { throw Self.wrong("name must be 1 to 256 bytes") }
        self.id = id
        self.name = name
        match = try Self.conditions(json["match"], "match")
        guard let selectorMembers = json["selectors"]?.object, selectorMembers.count <= Self.listMaximum else {
            throw Self.wrong("selectors must be an object of \(Self.listMaximum) at most")
        }
        selectors = [:]
        for member in selectorMembers {
            guard let prior = member.value["prior"]?.int, (0...20).contains(prior) else {
                throw Self.wrong("selectors: prior must be 0 to 20")
            }
            let nth = member.value["nth"]?.int ?? 0
            guard (0...1000).contains(nth) else { throw Self.wrong("selectors: nth must be 0 to 1000") }
            selectors[member.key] = HangingSelector(
                prior: prior, conditions: try Self.conditions(member.value["where"], "where"), nth: nth,
                like: member.value["like"]?.string)
        }
        guard let stageNodes = json["stages"]?.array, (1...Self.listMaximum).contains(stageNodes.count) else {
            throw Self.wrong("stages must be a list of 1 to \(Self.listMaximum)")
        }
        stages = []
        for node in stageNodes { stages.append(try Self.stage(node)) }
        self.json = json
    }

    private static func wrong(_ text: String) -> HangingProtocolError { HangingProtocolError(description: text) }

    private static func stage(_ node: JSONNode) throws(HangingProtocolError) -> Stage {
        guard let name = node["name"]?.string, let layout = node["layout"]?.string, layout.utf8.count <= 40 else {
            throw wrong("stages: name and layout must be texts")
        }
        guard let views = node["views"]?.array, views.count <= listMaximum else {
            throw wrong("stages: views must be a list of \(listMaximum) at most")
        }
        return Stage(name: name, layout: layout, views: views.map { $0["selector"]?.string })
    }

    private static func conditions(_ node: JSONNode?, _ name: String) throws(HangingProtocolError) -> [HangingCondition] {
        guard let nodes = node?.array, nodes.count <= listMaximum else { throw wrong("\(name) must be a list of \(listMaximum) at most") }
        var conditions: [HangingCondition] = []
        for node in nodes {
            guard let attribute = node["attribute"]?.string else { throw wrong("\(name): attribute must be a text") }
            let weight = number(node["weight"]) ?? 1
            guard abs(weight) <= 1_000_000 else { throw wrong("\(name): weight must be within ±1,000,000") }
            conditions.append(
                HangingCondition(
                    attribute: attribute, equalsOneOf: try texts(node["is"], "is"), contains: try texts(node["contains"], "contains"),
                    atLeast: number(node["atLeast"]), atMost: number(node["atMost"]), isNegated: node["not"]?.content == .bool(true),
                    isRequired: node["required"]?.content == .bool(true), weight: weight))
        }
        return conditions
    }

    private static func texts(_ node: JSONNode?, _ name: String) throws(HangingProtocolError) -> [String]? {
        guard let node else { return nil }
        guard let nodes = node.array, nodes.count <= listMaximum else { throw wrong("\(name) must be a list of \(listMaximum) at most") }
        let texts = nodes.compactMap(\.string)
        guard texts.count == nodes.count, texts.allSatisfy({ $0.utf8.count <= 256 }) else { throw wrong("\(name) must be short texts") }
        return texts
    }

    private static func number(_ node: JSONNode?) -> Double? {
        guard case .number(let text)? = node?.content, let value = Double(text), value.isFinite else { return nil }
        return value
    }
}
