import Archive
import GRDB

/// Conditions on names, by way of `person_name_key` and `person_name_word`.
enum NameCompiler {
    /// The names that fulfil a condition, some of them more than once.
    static func selects(_ condition: NamePattern.Condition) -> SQLText {
        .joined(
            condition.alternatives.map { alternative in
                .joined([SQLText("SELECT name FROM person_name_key WHERE "), group(condition), key(alternative)], "")
            }, " UNION ALL ")
    }

    /// Hits first, rows after.
    static func collected(_ selects: SQLText, _ column: String) -> SQLText {
        SQLText("\(column) IN (\(selects.text))", selects.arguments)
    }

    /// Rows first, each looked at.
    static func rowByRow(_ condition: NamePattern.Condition, _ column: String) -> SQLText {
        let any = SQLText.any(condition.alternatives.map { plain($0) })
        let filter = SQLText.joined([SQLText("name = \(column) AND "), group(condition), any], "")
        return SQLText("EXISTS (SELECT 1 FROM person_name_key WHERE \(filter.text))", filter.arguments)
    }

    /// A word of a fuzzy key.
    static func word(_ word: String, _ column: String) -> SQLText {
        SQLText(
            "\(column) IN (SELECT name FROM person_name_word WHERE word >= ? AND word < ?)",
            [word.databaseValue, (word + "\u{10FFFF}").databaseValue])
    }

    private static func group(_ condition: NamePattern.Condition) -> SQLText {
        condition.group.map { SQLText("component_group = ? AND ", [$0.databaseValue]) } ?? SQLText("")
    }

    private static func key(_ alternative: NamePattern.Alternative) -> SQLText {
        guard case .wildcard(let pattern) = alternative else { return plain(alternative) }
        // Trigrams help only where no prefix does; they need three characters, which Chinese names rarely have.
        guard pattern.literalPrefix.isEmpty, pattern.longestLiteral >= 3 else { return MatchCompiler.wildcard(pattern, "text") }
        return SQLText("id IN (SELECT rowid FROM person_name_trigram WHERE text GLOB ?)", [pattern.glob.databaseValue])
    }

    private static func plain(_ alternative: NamePattern.Alternative) -> SQLText {
        switch alternative {
        case .exact(let text): SQLText("text = ?", [text.databaseValue])
        case .wildcard(let pattern): SQLText("text GLOB ?", [pattern.glob.databaseValue])
        }
    }
}
