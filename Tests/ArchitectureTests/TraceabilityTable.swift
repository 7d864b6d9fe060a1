import Foundation

/// `Documentation/traceability.csv`: one row for each requirement of the standards Apus follows.
///
/// Columns: requirement_id, status, code, test, note. Several paths in a column are separated by spaces. The identifiers are all
/// there are; what they ask for stands in the standards themselves.
struct TraceabilityTable {
    enum Status: String, CaseIterable {
        case done, partial, planned
        case notApplicable = "not applicable here"
    }

    struct Row {
        var line: Int
        var id: String
        var status: Status
        var code: [String]
        var tests: [String]
        var note: String
    }

    static let path = "Documentation/traceability.csv"

    private(set) var rows: [Row] = []
    /// Lines that are no row.
    private(set) var malformed: [String] = []

    init() throws {
        for (number, line) in try Repository.lines(Self.path).enumerated().dropFirst() where !line.isEmpty {
            let fields = Self.fields(line)
            guard fields.count == 5, let status = Status(rawValue: fields[1]) else {
                malformed.append("\(Self.path):\(number + 1): \(line)")
                continue
            }
            rows.append(
                Row(
                    line: number + 1, id: fields[0], status: status, code: Self.paths(fields[2]), tests: Self.paths(fields[3]),
                    note: fields[4]))
        }
    }

    /// RFC 4180 without line breaks inside fields.
    private static func fields(_ line: Substring) -> [String] {
        var fields = [""]
        var isQuoted = false
        for character in line {
            switch character {
            case "\"": isQuoted.toggle()
            case "," where !isQuoted: fields.append("")
            default: fields[fields.count - 1].append(character)
            }
        }
        return fields
    }

    private static func paths(_ field: String) -> [String] { field.split(separator: " ").map(String.init) }
}

/// Identifiers of requirements as tests name them.
enum RequirementIdentifiers {
    private static let pattern = "(PACS|GUIDE|CT|AI|SEC)-[0-9A-Z][0-9A-Za-z.]*(-[0-9A-Za-z]+)*"

    /// Every mention in a text, as written.
    static func mentioned(in text: String) throws -> Set<String> {
        let expression = try NSRegularExpression(pattern: #"\b"# + pattern)
        let whole = NSRange(text.startIndex..., in: text)
        return Set(expression.matches(in: text, range: whole).compactMap { Range($0.range, in: text).map { String(text[$0]) } })
    }

    /// Whether an unknown mention is meant as one: file names such as `CT-1` are not, nor are clauses that suites are named after.
    static func isMeant(_ mention: String, known: Set<String>) -> Bool {
        let isClause = known.contains { $0.hasPrefix(mention + "-") }
        return !isClause && mention.contains(".")
    }
}
