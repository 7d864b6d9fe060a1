/// A short name for one occurrence of an error: shown with the message, to be found in the log.
package enum ErrorIdentifier {
    /// Without letters that look like figures (Crockford's base 32), so that it can be told over the telephone.
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    package static let length = 8

    package static func make() -> String {
        String((0..<length).map { _ in alphabet.randomElement() ?? "0" })
    }

    package static func isValid(_ text: String) -> Bool {
        text.utf8.count == length && text.allSatisfy { alphabet.contains($0) }
    }
}
