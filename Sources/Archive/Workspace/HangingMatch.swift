package import DICOMCore

extension HangingStudyFacts {
    package subscript(attribute: String) -> HangingFact? {
        switch attribute {
        case "modalities": .texts(modalities)
        case "description": .texts([description])
        case "bodyParts": .texts(bodyParts)
        case "age": .number(age.map { Double($0) })
        case "series": .number(Double(series))
        case "priors": .number(Double(priors))
        default: nil
        }
    }
}

extension HangingSeriesFacts {
    package subscript(attribute: String) -> HangingFact? {
        switch attribute {
        case "modality": .texts([modality])
        case "description": .texts([description])
        case "seriesNumber": .number(seriesNumber.map { Double($0) })
        case "images": .number(Double(images))
        case "bodyPart": .texts([bodyPart])
        case "laterality": .texts([laterality])
        case "view": .texts([view])
        case "plane": .texts([plane])
        case "thicknessMM": .number(thicknessMM)
        case "prior": .number(Double(prior))
        default: nil
        }
    }
}

/// Matching is deterministic: a study hangs the same way whatever order its series arrived in.
package enum HangingMatch {
    /// Points of all conditions that hold; `nil` when a required one does not.
    package static func score(_ conditions: [HangingCondition], _ fact: (String) -> HangingFact?) -> Double? {
        var points = 0.0
        for condition in conditions {
            if condition.holds(fact(condition.attribute)) {
                points += condition.weight
            } else if condition.isRequired {
                return nil
            }
        }
        return points
    }

    package static func score(_ hanging: HangingProtocol, _ study: HangingStudyFacts) -> Double? {
        score(hanging.match) { study[$0] }
    }

    /// The place in `protocols` of the best one: most points, then first in the list; `nil` when none has any.
    package static func best(_ protocols: [HangingProtocol], _ study: HangingStudyFacts) -> Int? {
        var best: (place: Int, points: Double)?
        for (place, hanging) in protocols.enumerated() {
            guard let points = score(hanging, study), points > best?.points ?? 0 else { continue }
            best = (place, points)
        }
        return best?.place
    }

    /// The series (or image) a selector means, `selectors` being those of its protocol; `nil` when nothing fits.
    package static func selected(
        _ selector: HangingSelector, _ all: [HangingSeriesFacts], among selectors: [String: HangingSelector] = [:]
    ) -> HangingSeriesFacts? {
        var candidates = all.filter { $0.prior == selector.prior }
        if let like = selector.like {
            // One that is itself like another is no model: nobody could go in circles.
            guard let model = selectors[like], model.like == nil, let wanted = selected(model, all) else { return nil }
            candidates = candidates.filter { showsTheSame(wanted, $0) }
        }
        let ranked = candidates
            .compactMap { facts -> (facts: HangingSeriesFacts, points: Double)? in
                guard let points = score(selector.conditions, { facts[$0] }), points > 0 else { return nil }
                return (facts, points)
            }
            .sorted { one, other in
                if one.points != other.points { return one.points > other.points }
                return precedes(one.facts, other.facts)
            }
        return selector.nth < ranked.count ? ranked[selector.nth].facts : nil
    }

    private static func showsTheSame(_ one: HangingSeriesFacts, _ other: HangingSeriesFacts) -> Bool {
        guard one.modality == other.modality, one.laterality == other.laterality, one.view == other.view else { return false }
        return !one.view.isEmpty || (one.plane == other.plane && one.description == other.description)
    }

    private static func precedes(_ one: HangingSeriesFacts, _ other: HangingSeriesFacts) -> Bool {
        let (first, second) = (one.seriesNumber ?? .max, other.seriesNumber ?? .max)
        if first != second { return first < second }
        if one.series != other.series { return Array(one.series.utf8).lexicographicallyPrecedes(Array(other.series.utf8)) }
        if one.place != other.place { return one.place < other.place }
        return Array((one.sop ?? "").utf8).lexicographicallyPrecedes(Array((other.sop ?? "").utf8))
    }

    /// What stands in each view of a stage.
    package static func hung(
        _ hanging: HangingProtocol, _ stage: HangingProtocol.Stage, _ all: [HangingSeriesFacts]
    ) -> [HangingSeriesFacts?] {
        stage.views.map { name in name.flatMap { hanging.selectors[$0] }.flatMap { selected($0, all, among: hanging.selectors) } }
    }

    /// Whether a stage has something to show; one that compares with a prior needs one.
    package static func isUseful(
        _ hanging: HangingProtocol, _ stage: HangingProtocol.Stage, _ placed: [HangingSeriesFacts?]
    ) -> Bool {
        let wantsPrior = stage.views.contains { name in name.flatMap { hanging.selectors[$0] }.map { $0.prior > 0 } ?? false }
        let shown = placed.compactMap { $0 }
        return wantsPrior ? shown.contains { $0.prior > 0 } : !shown.isEmpty
    }

    /// Why a protocol was chosen, or what it misses.
    package static func reason(_ conditions: [HangingCondition], _ study: HangingStudyFacts, holding: Bool) -> (en: String, zh: String) {
        let listed = conditions.filter { $0.holds(study[$0.attribute]) == holding && (holding || $0.isRequired) }
        return (listed.map { sentence($0, .english) }.joined(separator: ", and "), listed.map { sentence($0, .chinese) }.joined(separator: "，且"))
    }

    private enum Language { case english, chinese }

    private static let names: [String: (en: String, zh: String)] = [
        "modalities": ("modality", "设备类型"), "description": ("description", "描述"), "bodyParts": ("body part", "部位"),
        "age": ("age", "年龄"), "series": ("number of series", "序列数"), "priors": ("number of priors", "历史检查数"),
    ]

    private static func sentence(_ condition: HangingCondition, _ language: Language) -> String {
        let isEnglish = language == .english
        let name = names[condition.attribute].map { isEnglish ? $0.en : $0.zh } ?? condition.attribute
        var parts: [String] = []
        if let values = condition.equalsOneOf { parts.append((isEnglish ? "is " : "为") + list(values, isEnglish)) }
        if let values = condition.contains { parts.append((isEnglish ? "contains " : "包含") + list(values, isEnglish)) }
        if let limit = condition.atLeast { parts.append((isEnglish ? "is at least " : "不少于") + text(limit)) }
        if let limit = condition.atMost { parts.append((isEnglish ? "is at most " : "不多于") + text(limit)) }
        let rule = name + (isEnglish ? " " : "") + parts.joined(separator: isEnglish ? " and " : "且")
        guard condition.isNegated else { return rule }
        return isEnglish ? "not (\(rule))" : "非（\(rule)）"
    }

    private static func text(_ number: Double) -> String { number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : "\(number)" }

    private static func list(_ values: [String], _ isEnglish: Bool) -> String { values.joined(separator: isEnglish ? " or " : "或") }
}
