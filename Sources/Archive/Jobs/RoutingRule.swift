package import DICOMCore

/// Forwards matching arrivals to a device. Every condition given must hold; texts may contain `*` and `?`.
package struct RoutingRule: Hashable, Sendable {
    package var name: String
    /// AE title of a registered device.
    package var destination: String
    /// Modality (0008,0060), e.g. `CT`.
    package var modality: String?
    /// AE title it came from.
    package var source: String?
    /// Study or series description.
    package var description: String?
    /// The destination is asked to take over responsibility for what it received (Storage Commitment).
    package var asksForCommitment: Bool

    package init(
        name: String, destination: String, modality: String? = nil, source: String? = nil, description: String? = nil,
        asksForCommitment: Bool = false
    ) {
        self.name = name
        self.destination = destination
        self.modality = modality
        self.source = source
        self.description = description
        self.asksForCommitment = asksForCommitment
    }

    /// Reads the value of the setting `routing.rules`; `nil` when a field is missing or of the wrong type.
    package static func list(from value: Any) -> [RoutingRule]? {
        guard let fields = value as? [[String: Any]] else { return nil }
        var rules: [RoutingRule] = []
        for var field in fields {
            let commit = field.removeValue(forKey: "commit")
            let known: Set<String> = ["name", "destination", "modality", "source", "description"]
            guard commit == nil || commit is Bool, let entry = field as? [String: String],
                let destination = entry["destination"], !destination.isEmpty, Set(entry.keys).isSubset(of: known)
            else { return nil }
            rules.append(
                RoutingRule(
                    name: entry["name"] ?? destination, destination: destination, modality: entry["modality"],
                    source: entry["source"], description: entry["description"], asksForCommitment: commit as? Bool ?? false))
        }
        return rules
    }

    /// - Parameters:
    ///   - header: of the object that arrived.
    ///   - source: its `Origin.text`, e.g. `AE:CT1`.
    package func matches(header: DataSet, source origin: String) -> Bool {
        if let modality, !Self.matches(pattern: modality, header.string(.modality) ?? "") { return false }
        if let source {
            guard origin.hasPrefix("AE:"), Self.matches(pattern: source, String(origin.dropFirst(3))) else { return false }
        }
        if let description {
            let texts = [header.string(.studyDescription), header.string(.seriesDescription)].compactMap { $0 }
            guard texts.contains(where: { Self.matches(pattern: description, $0) }) else { return false }
        }
        return true
    }

    /// `*` any run, `?` any one character; case, width and script variants folded.
    static func matches(pattern: String, _ text: String) -> Bool {
        let pattern = Array(TextFolding.fold(pattern))
        let text = Array(TextFolding.fold(text))
        var (p, t, star, mark) = (0, 0, -1, 0)
        while t < text.count {
            if p < pattern.count, pattern[p] == "*" {
                star = p
                mark = t
                p += 1
            } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[t] {
                p += 1
                t += 1
            } else if star >= 0 {
                p = star + 1
                mark += 1
                t = mark
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == "*" }
    }
}
