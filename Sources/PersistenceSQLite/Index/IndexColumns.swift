import Archive

/// How indexed attributes lie in tables. The names follow from the keywords, so that the file can be read by hand.
enum IndexColumns {
    /// `PatientID` → `patient_id`, `SOPInstanceUID` → `sop_instance_uid`.
    static func name(_ attribute: IndexedAttribute) -> String {
        names[attribute.keyword] ?? snakeCase(attribute.keyword)
    }

    private static let names: [String: String] = Dictionary(
        (IndexedAttribute.all + IndexedAttribute.all.flatMap { $0.items }).map { ($0.keyword, snakeCase($0.keyword)) },
        uniquingKeysWith: { first, _ in first })

    /// The table of a sequence's items.
    static func itemTable(_ attribute: IndexedAttribute) -> String {
        "\(table(attribute.level))_\(name(attribute))"
    }

    static func table(_ level: QueryLevel) -> String {
        switch level {
        case .patient: "patient"
        case .study: "study"
        case .series: "series"
        case .instance: "instance"
        }
    }

    /// The name's row in `person_name`.
    static func reference(_ attribute: IndexedAttribute) -> String { name(attribute) + "_ref" }

    /// The moment in UTC.
    static func moment(_ attribute: IndexedAttribute) -> String { name(attribute) + "_utc" }

    /// Columns of one attribute, in the order in which `IndexedValueEncoder` binds them.
    static func names(_ attribute: IndexedAttribute) -> [String] {
        switch attribute.kind {
        case .sequence: []
        case .personName: [name(attribute), reference(attribute)]
        case .dateTime: [name(attribute), moment(attribute)]
        default: [name(attribute)]
        }
    }

    static func definitions(_ attribute: IndexedAttribute) -> [String] {
        let column = name(attribute)
        if attribute.isRepetitive { return ["\(column) INTEGER REFERENCES term(id)"] }
        switch attribute.kind {
        case .sequence: return []
        case .integer:
            return [attribute.source == .derived ? "\(column) INTEGER NOT NULL DEFAULT 0" : "\(column) INTEGER"]
        case .personName:
            return [
                "\(column) TEXT NOT NULL DEFAULT ''", "\(reference(attribute)) INTEGER REFERENCES person_name(id)",
            ]
        case .dateTime: return names(attribute).map { "\($0) TEXT NOT NULL DEFAULT ''" }
        default: return ["\(column) TEXT NOT NULL DEFAULT ''"]
        }
    }

    /// Attributes with columns in the table of `level`. A study keeps its own copy of its patient's attributes, as its
    /// objects say it: queries at study level and below need no patient row, and one study's correction is not another's.
    static func attributes(in level: QueryLevel) -> [IndexedAttribute] {
        let own = IndexedAttribute.attributes(of: level).filter { $0.source != .computed }
        guard level == .study else { return own }
        return own + IndexedAttribute.attributes(of: .patient).filter { $0.source == .header && $0.kind != .sequence }
    }

    static func sequences(of level: QueryLevel) -> [IndexedAttribute] {
        IndexedAttribute.attributes(of: level).filter { $0.kind == .sequence }
    }

    private static func snakeCase(_ keyword: String) -> String {
        let scalars = Array(keyword.replacing("IDs", with: "Ids").replacing("UIDs", with: "Uids").unicodeScalars)
        var result = String.UnicodeScalarView()
        for (index, scalar) in scalars.enumerated() {
            let isUpper = scalar.properties.isUppercase
            if isUpper, index > 0 {
                let followsLower = !scalars[index - 1].properties.isUppercase
                let startsWord = index + 1 < scalars.count && !scalars[index + 1].properties.isUppercase
                if followsLower || startsWord { result.append("_") }
            }
            result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
        }
        return String(result)
    }
}
