import DICOMCore

/// What a query demands of one attribute. Universal matching is the absence of a `Match` (PS3.4 §C.2.2.2.3).
package struct Match: Hashable, Sendable {
    package let attribute: IndexedAttribute
    package let condition: MatchCondition

    package init(_ attribute: IndexedAttribute, _ condition: MatchCondition) {
        self.attribute = attribute
        self.condition = condition
    }
}

/// One kind of matching each (PS3.4 §C.2.2.2).
package indirect enum MatchCondition: Hashable, Sendable {
    /// Case-sensitive equality of text without insignificant spaces.
    case equals(String)
    /// Equality of numbers, however written.
    case number(Double)
    case uids([String])
    case wildcard(WildcardPattern)
    /// Bounds in the form of `TemporalKey`, both inclusive; a missing one is open. Single dates and times come as the
    /// span of moments they may mean.
    case range(from: String?, through: String?)
    /// Date and time taken together, the attribute being the date (PS3.4 §C.2.2.2.5.4).
    case combinedRange(time: IndexedAttribute, from: DateAndTime?, through: DateAndTime?)
    case name(NamePattern)
    case fuzzyName([String])
    /// The attribute has no value (PS3.4 §C.2.2.2.7).
    case empty
    /// Any of several values (PS3.4 §C.2.2.2.8).
    case anyOf([MatchCondition])
    /// One item fulfils all of these (PS3.4 §C.2.2.2.6).
    case item([Match])

    package struct DateAndTime: Hashable, Sendable {
        package let date: String
        package let time: String
    }
}

/// What the two sides of a query have agreed on (PS3.4 §C.5.1.1, PS3.18 §8.3.4).
package struct MatchingOptions: Hashable, Sendable {
    /// Relational queries: unique keys of higher levels may be left out.
    package var relational: Bool
    /// A date range and the time range of the same event are one range.
    package var combinedDateTime: Bool
    package var fuzzyNames: Bool
    /// `""` asks for attributes without value.
    package var emptyValue: Bool

    package init(
        relational: Bool = false, combinedDateTime: Bool = false, fuzzyNames: Bool = false, emptyValue: Bool = true
    ) {
        self.relational = relational
        self.combinedDateTime = combinedDateTime
        self.fuzzyNames = fuzzyNames
        self.emptyValue = emptyValue
    }
}

/// Reading key values.
extension Match {
    /// UIDs in one key; more than any client sends and fewer than would hurt.
    package static let valueLimit = 10_000
    /// Values of other kinds in one key.
    package static let alternativeLimit = 100
    /// UTF-8 bytes of one value.
    package static let lengthLimit = 1024

    /// - Parameter values: of one key, without padding.
    /// - Returns: `nil` for universal matching.
    package static func reading(
        _ attribute: IndexedAttribute, values: [String], options: MatchingOptions
    ) throws(QueryError) -> Match? {
        let present = values.filter { !$0.isEmpty }
        guard present.count <= valueLimit else { throw .tooManyValues(tag: attribute.tag, limit: valueLimit) }
        guard !present.isEmpty else { return nil }
        if attribute.kind == .uid { return try readingUIDs(attribute, present, options) }
        guard present.count <= alternativeLimit else { throw .tooManyValues(tag: attribute.tag, limit: alternativeLimit) }
        guard present.allSatisfy({ $0.utf8.count <= lengthLimit }) else {
            throw .invalidKey(tag: attribute.tag, reason: "longer than \(lengthLimit) bytes")
        }
        var conditions: [MatchCondition] = []
        for value in present {
            guard let condition = try condition(attribute, value, options) else { return nil }
            conditions.append(condition)
        }
        return Match(attribute, conditions.count == 1 ? conditions[0] : .anyOf(conditions))
    }

    private static func readingUIDs(
        _ attribute: IndexedAttribute, _ values: [String], _ options: MatchingOptions
    ) throws(QueryError) -> Match? {
        if values == ["\"\""], options.emptyValue { return Match(attribute, .empty) }
        if values == ["*"] { return nil }
        guard values.allSatisfy({ $0.utf8.count <= 64 && $0.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) } })
        else { throw .invalidKey(tag: attribute.tag, reason: "not a UID or list of UIDs") }
        return Match(attribute, .uids(values))
    }

    private static func condition(
        _ attribute: IndexedAttribute, _ value: String, _ options: MatchingOptions
    ) throws(QueryError) -> MatchCondition? {
        if value == "\"\"", options.emptyValue { return .empty }
        if value == "*" { return nil }
        switch attribute.kind {
        case .text, .code:
            guard attribute.vr != .as, let pattern = WildcardPattern(value) else { return .equals(value) }
            return pattern.isUniversal ? nil : .wildcard(pattern)
        case .personName: return name(value, options)
        case .date, .time, .dateTime: return try range(attribute, value)
        case .integer, .decimal:
            guard let number = Double(value), number.isFinite else {
                throw .invalidKey(tag: attribute.tag, reason: "not a number")
            }
            return .number(number)
        case .uid, .sequence: throw .invalidKey(tag: attribute.tag, reason: "needs another kind of key")
        }
    }

    private static func name(_ value: String, _ options: MatchingOptions) -> MatchCondition? {
        if options.fuzzyNames {
            let words = NameKeys.queryWords(value)
            return words.isEmpty ? nil : .fuzzyName(words)
        }
        let pattern = NamePattern(value)
        return pattern.conditions.isEmpty ? nil : .name(pattern)
    }

    private static func range(_ attribute: IndexedAttribute, _ value: String) throws(QueryError) -> MatchCondition? {
        if let span = span(attribute, value) { return .range(from: span.first, through: span.last) }
        let text = Array(value)
        for index in text.indices where text[index] == "-" {
            let from = trimmed(text[..<index])
            let through = trimmed(text[(index + 1)...])
            if from.isEmpty, through.isEmpty { return nil }
            let first = from.isEmpty ? nil : span(attribute, from)?.first
            let last = through.isEmpty ? nil : span(attribute, through)?.last
            if (first == nil) == from.isEmpty, (last == nil) == through.isEmpty {
                return .range(from: first, through: last)
            }
        }
        throw .invalidKey(tag: attribute.tag, reason: "not a value of VR \(attribute.vr) or a range of such")
    }

    private static func trimmed(_ characters: ArraySlice<Character>) -> String {
        var slice = characters.drop { $0 == " " }
        while slice.last == " " { slice = slice.dropLast() }
        return String(slice)
    }

    private static func span(_ attribute: IndexedAttribute, _ value: String) -> (first: String, last: String)? {
        switch attribute.kind {
        case .date: TemporalKey.date(value).map { ($0, $0) }
        case .time:
            TemporalKey.time(value).map { (TemporalKey.lowerBound(time: $0), TemporalKey.upperBound(time: $0)) }
        default: TemporalKey.moments(value, offset: nil)
        }
    }

    /// Joins ranges of a date and its time into one (PS3.4 §C.2.2.2.5.4). Open ends must be the same on both.
    package static func combiningDatesAndTimes(_ matches: [Match]) -> [Match] {
        var result = matches
        for match in matches {
            guard let time = match.attribute.companionTime, case .range(let firstDay, let lastDay) = match.condition,
                let timeMatch = matches.first(where: { $0.attribute == time }),
                case .range(let start, let end) = timeMatch.condition,
                (firstDay == nil) == (start == nil), (lastDay == nil) == (end == nil), firstDay != lastDay
            else { continue }
            let from = firstDay.flatMap { day in start.map { MatchCondition.DateAndTime(date: day, time: $0) } }
            let through = lastDay.flatMap { day in end.map { MatchCondition.DateAndTime(date: day, time: $0) } }
            result.removeAll { $0 == match || $0 == timeMatch }
            result.append(Match(match.attribute, .combinedRange(time: time, from: from, through: through)))
        }
        return result
    }
}
