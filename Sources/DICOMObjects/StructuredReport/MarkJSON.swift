public import DICOMCore

/// Pieces of the JSON of marks that are made here.
public enum MarkJSON {
    static func author(name: String?, displayName: String?) -> JSONNode {
        ["name": JSONNode(name ?? ""), "displayName": JSONNode(displayName.map { shownName($0) } ?? name ?? "")]
    }

    /// A Person Name for people: family and given name of the first component group that has any.
    static func shownName(_ text: String) -> String {
        let groups = text.split(separator: "=", omittingEmptySubsequences: false)
        let group = groups.first { $0.contains { $0 != "^" && $0 != " " } } ?? ""
        return group.split(separator: "^").joined(separator: " ")
    }

    static func origin(sopInstanceUID: String, seriesInstanceUID: String, kind: String, created: String) -> JSONNode {
        [
            "sopInstanceUID": JSONNode(sopInstanceUID), "seriesInstanceUID": JSONNode(seriesInstanceUID),
            "kind": JSONNode(kind), "created": JSONNode(created),
        ]
    }

    static func code(_ concept: CodedConcept) -> JSONNode {
        ["value": JSONNode(concept.value), "scheme": JSONNode(concept.scheme), "meaning": JSONNode(concept.meaning)]
    }

    static func value(_ value: MarkValue) -> JSONNode {
        [
            "quantity": code(value.quantity), "derivation": value.derivation.map { code($0) } ?? .null,
            "value": JSONNode(value.value), "unit": JSONNode(value.unit),
            "uncertainty": value.uncertainty.map { JSONNode($0) } ?? .null,
            "k": value.coverageFactor.map { JSONNode($0) } ?? .null,
        ]
    }

    /// DICOM date and time as ISO 8601: `20260102030405.678` with `+0800` is `2026-01-02T03:04:05.678+08:00`. Without an offset
    /// the local time of an unknown place stays without one. Empty when there is no date.
    public static func timestamp(_ text: String, offset: String) -> String {
        let digits = Array(text.utf8)
        guard digits.count >= 8, digits.prefix(8).allSatisfy({ (0x30...0x39).contains($0) }) else { return "" }
        func part(_ range: Range<Int>) -> String {
            guard range.upperBound <= digits.count else { return "00" }
            return String(decoding: digits[range], as: UTF8.self)
        }
        var fraction = digits.count > 15 && digits[14] == 0x2E ? String(decoding: digits[15...].prefix(3), as: UTF8.self) : ""
        while fraction.utf8.count < 3 { fraction += "0" }
        var result = "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(8..<10)):\(part(10..<12)):\(part(12..<14)).\(fraction)"
        let zone = Array(offset.utf8)
        if zone.count == 5 { result += String(decoding: zone[..<3], as: UTF8.self) + ":" + String(decoding: zone[3...], as: UTF8.self) }
        return result
    }
}
