/// An application entity title (PS3.5 §6.2, VR AE): 1 to 16 characters of the default repertoire without backslash and
/// control characters; leading and trailing spaces do not count, case does.
package struct AETitle: Hashable, Sendable, CustomStringConvertible {
    package static let maximumLength = 16
    package let text: String

    /// - Returns: `nil` when the text is no AE title.
    package init?(_ text: some StringProtocol) {
        let trimmed = text.unicodeScalars.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
        guard (1...Self.maximumLength).contains(trimmed.count) else { return nil }
        guard trimmed.allSatisfy({ (0x20...0x7E).contains($0.value) && $0 != "\\" }) else { return nil }
        self.text = String(String.UnicodeScalarView(trimmed))
    }

    package var description: String { text }
}
