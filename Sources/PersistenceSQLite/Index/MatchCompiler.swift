import Archive
import GRDB

/// One match as a condition on columns.
enum MatchCompiler {
    /// - Parameters:
    ///   - base: prefix of the columns, `s.` or nothing.
    ///   - owner: the key that item tables refer to.
    static func condition(_ match: Match, base: String, owner: String) -> SQLText {
        condition(match.attribute, match.condition, base: base, owner: owner)
    }

    private static func condition(
        _ attribute: IndexedAttribute, _ condition: MatchCondition, base: String, owner: String
    ) -> SQLText {
        let column = base + IndexColumns.name(attribute)
        switch condition {
        case .anyOf(let conditions):
            return .any(conditions.map { Self.condition(attribute, $0, base: base, owner: owner) })
        case .item(let matches): return items(attribute, matches, owner: owner)
        case .empty: return empty(attribute, column, owner: owner)
        case .name(let pattern):
            let reference = base + IndexColumns.reference(attribute)
            return .all(pattern.conditions.map { NameCompiler.collected(NameCompiler.selects($0), reference) })
        case .fuzzyName(let words):
            return .all(words.map { NameCompiler.word($0, base + IndexColumns.reference(attribute)) })
        case .range(let from, let through): return range(attribute, base: base, from: from, through: through)
        case .combinedRange(let time, let from, let through):
            return combined(column, base + IndexColumns.name(time), from: from, through: through)
        case .number(let number):
            if attribute.kind == .integer { return SQLText("\(column) = ?", [number.databaseValue]) }
            return SQLText("(\(column) <> '' AND CAST(\(column) AS REAL) = ?)", [number.databaseValue])
        case .equals, .uids, .wildcard: return text(attribute, condition, column)
        }
    }

    private static func items(_ attribute: IndexedAttribute, _ matches: [Match], owner: String) -> SQLText {
        let conditions = SQLText.all(matches.map { condition($0, base: "", owner: "") })
        let table = IndexColumns.itemTable(attribute)
        return SQLText("\(owner) IN (SELECT owner FROM \(table) WHERE \(conditions.text))", conditions.arguments)
    }

    private static func empty(_ attribute: IndexedAttribute, _ column: String, owner: String) -> SQLText {
        if attribute.kind == .sequence {
            return SQLText("\(owner) NOT IN (SELECT owner FROM \(IndexColumns.itemTable(attribute)))")
        }
        return SQLText(attribute.isRepetitive || attribute.kind == .integer ? "\(column) IS NULL" : "\(column) = ''")
    }

    // MARK: Text

    private static func text(_ attribute: IndexedAttribute, _ condition: MatchCondition, _ column: String) -> SQLText {
        if attribute.isRepetitive {
            let inner = attribute.isMultiValued
                ? SQLText.joined(
                    [
                        SQLText("SELECT t.id FROM term t, json_each(t.text) v WHERE t.is_list = 1 AND"),
                        plain(condition, "v.value"),
                    ], " ")
                : SQLText.joined([SQLText("SELECT id FROM term WHERE is_list = 0 AND"), plain(condition, "text")], " ")
            return SQLText("\(column) IN (\(inner.text))", inner.arguments)
        }
        guard attribute.isMultiValued else { return plain(condition, column) }
        let inner = plain(condition, "v.value")
        return SQLText("(\(column) <> '' AND EXISTS (SELECT 1 FROM json_each(\(column)) v WHERE \(inner.text)))", inner.arguments)
    }

    private static func plain(_ condition: MatchCondition, _ column: String) -> SQLText {
        switch condition {
        case .equals(let text): return SQLText("\(column) = ?", [text.databaseValue])
        case .uids(let uids) where uids.count == 1: return SQLText("\(column) = ?", [uids[0].databaseValue])
        case .uids(let uids):
            return SQLText("\(column) IN (SELECT value FROM json_each(?))", [TextList.encode(uids).databaseValue])
        case .wildcard(let pattern): return wildcard(pattern, column)
        default: return SQLText("0")
        }
    }

    /// The range makes an index on the column useful.
    static func wildcard(_ pattern: WildcardPattern, _ column: String) -> SQLText {
        let prefix = pattern.literalPrefix
        let glob = SQLText("\(column) GLOB ?", [pattern.glob.databaseValue])
        guard !prefix.isEmpty else { return glob }
        let range = SQLText(
            "\(column) >= ? AND \(column) < ?", [prefix.databaseValue, (prefix + "\u{10FFFF}").databaseValue])
        return .wrapped(pattern.isPrefixOnly ? range : .all([range, glob]))
    }

    // MARK: Dates and times

    private static func range(
        _ attribute: IndexedAttribute, base: String, from: String?, through: String?
    ) -> SQLText {
        let column = base + (attribute.kind == .dateTime ? IndexColumns.moment(attribute) : IndexColumns.name(attribute))
        if let from, from == through { return SQLText("\(column) = ?", [from.databaseValue]) }
        let lower = from.map { SQLText("\(column) >= ?", [$0.databaseValue]) } ?? SQLText("\(column) > ''")
        guard let through else { return lower }
        return .wrapped(.all([lower, SQLText("\(column) <= ?", [through.databaseValue])]))
    }

    private static func combined(
        _ date: String, _ time: String, from: MatchCondition.DateAndTime?, through: MatchCondition.DateAndTime?
    ) -> SQLText {
        var parts = [SQLText("\(date) > '' AND \(time) > ''")]
        if let from {
            parts.append(SQLText("(\(date), \(time)) >= (?, ?)", [from.date.databaseValue, from.time.databaseValue]))
        }
        if let through {
            parts.append(SQLText("(\(date), \(time)) <= (?, ?)", [through.date.databaseValue, through.time.databaseValue]))
        }
        return .all(parts)
    }
}
