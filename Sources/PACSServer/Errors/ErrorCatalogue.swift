/// The name of an error: what clients branch on, what people look up in the manual's appendix.
package struct ErrorCode: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }
    package init(stringLiteral value: String) { rawValue = value }
}

/// The languages that errors are worded in.
package enum MessageLanguage: String, CaseIterable, Sendable {
    case chinese = "zh-CN"
    case english = "en"

    /// The best of an `Accept-Language` header (RFC 9110 §12.5.4); English when it names neither.
    package init(acceptLanguage header: String?) {
        var best: (language: Self, quality: Double)?
        for item in (header ?? "").prefix(256).split(separator: ",") {
            let parts = item.split(separator: ";")
            let range = (parts.first ?? "").filter { !$0.isWhitespace }.lowercased()
            guard let language: Self = range.hasPrefix("zh") ? .chinese : range.hasPrefix("en") ? .english : nil else { continue }
            let weight = parts.dropFirst().first.map { $0.filter { !$0.isWhitespace } } ?? ""
            let quality = weight.hasPrefix("q=") ? Double(weight.dropFirst(2)) ?? 0 : 1
            if quality > best?.quality ?? 0 { best = (language, quality) }
        }
        self = best?.language ?? .english
    }

    /// The language of a terminal, from `LC_ALL`, `LC_MESSAGES` or `LANG`.
    package init(environment: [String: String]) {
        let name = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        self = name?.hasPrefix("zh") ?? false ? .chinese : .english
    }
}

/// Every error of the product with what to do about it: one declaration for the answers of the server, the messages of the page
/// and of the command line, and the appendix of the manual (YY/T 1861 4.2.1 f).
package enum ErrorCatalogue {
    package enum Severity: String, CaseIterable, Sendable {
        /// An ordinary answer, such as "sign in first".
        case notice
        /// The asked-for thing was not done; trying otherwise helps.
        case error
        /// Data may be lost, or the installation needs somebody now.
        case critical
    }

    /// Whom the remedy is for; everybody else tells them.
    package enum Contact: String, CaseIterable, Sendable {
        case user, administrator, support
    }

    /// Who can show it.
    package enum Surface: String, CaseIterable, Sendable {
        case server, page, command
    }

    package struct Wording: Hashable, Sendable {
        package let text: String
        package let remedy: String
    }

    package struct Entry: Hashable, Sendable {
        package let code: ErrorCode
        package let severity: Severity
        package let contact: Contact
        package let surfaces: Set<Surface>
        package let chinese: Wording
        package let english: Wording

        package func wording(_ language: MessageLanguage) -> Wording { language == .chinese ? chinese : english }

        /// Where the manual explains it.
        package var reference: String { "errors#\(code.rawValue)" }
    }

    package static let entries: [Entry] = parse(table)

    private static let byCode = Dictionary(entries.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })

    /// The entry of a code; one that has none is told as an error of the server, so that nothing is ever shown without a remedy.
    package static func entry(_ code: ErrorCode) -> Entry { byCode[code] ?? byCode["internal"] ?? fallback }

    package static func contains(_ code: ErrorCode) -> Bool { byCode[code] != nil }

    private static let fallback = Entry(
        code: "internal", severity: .error, contact: .support, surfaces: [.server],
        chinese: Wording(text: "操作未能完成。", remedy: "请联系管理员。"),
        english: Wording(text: "This could not be done.", remedy: "Tell your administrator."))

    /// Entries are three lines each: code, severity, contact, surfaces; Chinese text and remedy; English text and remedy.
    private static func parse(_ table: String) -> [Entry] {
        let lines = table.split(separator: "\n", omittingEmptySubsequences: true)
        return stride(from: 0, to: lines.count - 2, by: 3).compactMap { start in
            let head = lines[start].split(separator: " ").map(String.init)
            guard head.count == 4, let severity = Severity(rawValue: head[1]), let contact = Contact(rawValue: head[2]),
                let chinese = wording(lines[start + 1]), let english = wording(lines[start + 2])
            else { return nil }
            return Entry(
                code: ErrorCode(rawValue: head[0]), severity: severity, contact: contact,
                surfaces: Set(head[3].split(separator: ",").compactMap { Surface(rawValue: String($0)) }),
                chinese: chinese, english: english)
        }
    }

    private static func wording(_ line: Substring) -> Wording? {
        let parts = line.split(separator: "|").map { String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
        return parts.count == 2 ? Wording(text: parts[0], remedy: parts[1]) : nil
    }
}
