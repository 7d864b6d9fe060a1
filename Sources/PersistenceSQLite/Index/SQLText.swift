import GRDB

/// SQL with the values of its placeholders, in order. Values never stand in the text.
struct SQLText {
    var text: String
    var arguments: [DatabaseValue]

    init(_ text: String, _ arguments: [DatabaseValue] = []) {
        self.text = text
        self.arguments = arguments
    }

    static func joined(_ parts: [SQLText], _ separator: String) -> SQLText {
        SQLText(parts.map { $0.text }.joined(separator: separator), parts.flatMap { $0.arguments })
    }

    static func any(_ parts: [SQLText]) -> SQLText {
        parts.isEmpty ? SQLText("0") : wrapped(joined(parts.map { wrapped($0) }, " OR "))
    }

    static func all(_ parts: [SQLText]) -> SQLText {
        parts.isEmpty ? SQLText("1") : joined(parts.map { $0 }, " AND ")
    }

    static func wrapped(_ part: SQLText) -> SQLText { SQLText("(\(part.text))", part.arguments) }
}
