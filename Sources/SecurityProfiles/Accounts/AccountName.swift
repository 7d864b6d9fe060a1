/// A sign-in name: 2 to 64 ASCII letters, digits, CJK ideographs, `.`, `-`, `_` or `@`, starting with a letter, digit or
/// ideograph. Names that differ only in case are the same name.
///
/// The small alphabet keeps look-alike and invisible characters out and needs no Unicode normalisation.
package struct AccountName: Hashable, Sendable {
    package static let lengths = 2...64
    /// As the administrator wrote it.
    package let text: String
    /// Lower case; what is compared and unique.
    package let folded: String

    package init(_ text: String) throws(SecurityError) {
        guard Self.lengths.contains(text.unicodeScalars.count) else {
            throw .invalidAccountName(
                reason: "it must have \(Self.lengths.lowerBound) to \(Self.lengths.upperBound) characters")
        }
        guard text.unicodeScalars.allSatisfy({ Self.isLetterOrDigit($0) || ".-_@".unicodeScalars.contains($0) }) else {
            throw .invalidAccountName(reason: "only letters, digits, Chinese characters and . - _ @ are allowed")
        }
        guard let first = text.unicodeScalars.first, Self.isLetterOrDigit(first) else {
            throw .invalidAccountName(reason: "it must start with a letter, digit or Chinese character")
        }
        self.text = text
        folded = text.lowercased()
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x4E00...0x9FFF: true
        default: false
        }
    }
}
