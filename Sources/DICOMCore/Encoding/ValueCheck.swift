/// Checks values against what PS3.5 §6.2 says of their VR, and what PS3.6 says of their number.
public enum ValueCheck {
    public enum Kind: String, Hashable, Sendable {
        /// Longer than the VR allows.
        case tooLong
        /// A character or byte outside the VR's repertoire.
        case badCharacter
        /// Not the form of a date, time, age, number or UID.
        case badFormat
        /// More or fewer values than PS3.6 gives the element.
        case badMultiplicity
        /// Bytes that are no whole number of binary values.
        case badLength
        /// Absent or empty where every composite instance needs a value (Type 1).
        case missing
    }

    public struct Finding: Hashable, Sendable {
        public let kind: Kind
        public let tag: Tag
        /// Sequences and 0-based items that lead to the element; empty at top level.
        public let path: [BulkLocation.Step]
    }

    /// UIDs without which a composite instance cannot be stored (PS3.3 C.7.2.1, C.7.3.1, C.12.1).
    public static let identifiers: [Tag] = [.sopClassUID, .sopInstanceUID, .studyInstanceUID, .seriesInstanceUID]

    private static let findingLimit = 1000

    /// Every finding in a data set and its items, at most a thousand.
    public static func findings(_ dataSet: DataSet) -> [Finding] {
        var found: [Finding] = []
        collect(dataSet, path: [], into: &found)
        return found
    }

    /// Identifiers of a composite instance that are missing, empty or no UIDs.
    public static func identifierFindings(_ dataSet: DataSet) -> [Finding] {
        identifiers.compactMap { tag in
            guard let uid = dataSet.uid(tag) else { return Finding(kind: .missing, tag: tag, path: []) }
            return UID.isValid(uid) ? nil : Finding(kind: .badFormat, tag: tag, path: [])
        }
    }

    private static func collect(_ dataSet: DataSet, path: [BulkLocation.Step], into found: inout [Finding]) {
        for element in dataSet.elements where found.count < findingLimit {
            found += kinds(element, characterSet: dataSet.characterSet).map { Finding(kind: $0, tag: element.tag, path: path) }
            guard case .sequence(let sequence) = element.value else { continue }
            for (index, item) in sequence.items.enumerated() {
                collect(item.dataSet, path: path + [.init(sequence: element.tag, item: index)], into: &found)
            }
        }
    }

    /// What is wrong with one element, each kind once.
    public static func kinds(_ element: DataElement, characterSet: SpecificCharacterSet = .default) -> [Kind] {
        guard let bytes = element.bytes, !bytes.isEmpty else { return [] }
        var kinds: Set<Kind> = []
        var count = 1
        if element.vr.isText {
            let rule = TextRule.rule(for: element.vr)
            let values = element.vr.usesSpecificCharacterSet
                ? characterSet.decodeValues(bytes, vr: element.vr)
                : element.vr.allowsMultipleValues
                    ? DataSet.split(bytes).map { DataSet.asciiTrimmed($0) } : [DataSet.asciiTrimmed(bytes)]
            for value in values where !value.isEmpty { kinds.formUnion(rule.check(value)) }
            if bytes.contains(where: { rule.isForbiddenControl($0) }) { kinds.insert(.badCharacter) }
            count = values.count
        } else {
            if bytes.count % element.vr.unitBytes != 0 { kinds.insert(.badLength) }
            count = bytes.count / (element.vr == .at ? 4 : element.vr.unitBytes)
        }
        if element.vr.allowsMultipleValues, !isAllowed(count, for: element.tag) { kinds.insert(.badMultiplicity) }
        return kinds.sorted { $0.rawValue < $1.rawValue }
    }

    /// Value multiplicities are written `2`, `1-3`, `1-n`, `2-2n`.
    private static func isAllowed(_ count: Int, for tag: Tag) -> Bool {
        guard let vm = DataDictionary.entry(for: tag)?.vm else { return true }
        let parts = vm.split(separator: "-")
        guard let first = parts.first, let minimum = Int(first) else { return true }
        guard parts.count > 1 else { return count == minimum }
        guard count >= minimum else { return false }
        if let maximum = Int(parts[1]) { return count <= maximum }
        let step = Int(parts[1].dropLast()) ?? 1
        return step <= 1 || count % step == 0
    }
}

/// What text of one VR may look like (PS3.5 Table 6.2-1).
private struct TextRule {
    let maximumLength: Int
    var allowsLineBreaks = false
    var repertoire: (@Sendable (Unicode.Scalar) -> Bool)?
    var format: (@Sendable (String) -> Bool)?

    func check(_ value: String) -> Set<ValueCheck.Kind> {
        var kinds: Set<ValueCheck.Kind> = []
        if value.unicodeScalars.count > maximumLength { kinds.insert(.tooLong) }
        if let repertoire, !value.unicodeScalars.allSatisfy(repertoire) { kinds.insert(.badCharacter) }
        if let format, !format(value) { kinds.insert(.badFormat) }
        return kinds
    }

    /// Control characters as they stand in the bytes, since decoding text drops some of them: NUL may pad, ESC switches
    /// character sets, text of several lines has breaks and tabs (PS3.5 §6.1.3).
    func isForbiddenControl(_ byte: UInt8) -> Bool {
        guard byte < 0x20 || byte == 0x7F, byte != 0, byte != 0x1B else { return false }
        return !allowsLineBreaks || ![0x09, 0x0A, 0x0C, 0x0D].contains(byte)
    }

    static func rule(for vr: VR) -> TextRule { rules[vr] ?? TextRule(maximumLength: .max) }

    private static let rules: [VR: TextRule] = [
        .ae: TextRule(maximumLength: 16, repertoire: { $0.isASCII }),
        .as: TextRule(maximumLength: 4, format: ValueFormat.isAge),
        .cs: TextRule(maximumLength: 16, repertoire: ValueFormat.isCodeStringCharacter),
        .da: TextRule(maximumLength: 8, format: ValueFormat.isDate),
        .ds: TextRule(maximumLength: 16, format: ValueFormat.isDecimal),
        .dt: TextRule(maximumLength: 26, format: ValueFormat.isDateTime),
        .is: TextRule(maximumLength: 12, format: ValueFormat.isInteger),
        .lo: TextRule(maximumLength: 64),
        .lt: TextRule(maximumLength: 10240, allowsLineBreaks: true),
        .pn: TextRule(maximumLength: 64 * 3 + 2, format: ValueFormat.isPersonName),
        .sh: TextRule(maximumLength: 16),
        .st: TextRule(maximumLength: 1024, allowsLineBreaks: true),
        .tm: TextRule(maximumLength: 14, format: ValueFormat.isTime),
        .uc: TextRule(maximumLength: .max),
        .ui: TextRule(maximumLength: 64, format: { UID.isValid($0) }),
        .ur: TextRule(maximumLength: .max, repertoire: { $0.isASCII && $0.value > 0x20 }),
        .ut: TextRule(maximumLength: .max, allowsLineBreaks: true),
    ]
}
