import DIMSE

/// Error Comment (0000,0902): the code of the catalogue of errors, which leads to text and remedy in the manual, then what is particular.
enum ErrorComment {
    /// Of an LO (PS3.5 §6.2).
    static let maximumCharacters = 64

    /// - Parameter detail: names tags and limits, never a value.
    static func text(_ code: ErrorCode, _ detail: String) -> String {
        let words = detail.isEmpty ? code.rawValue : "\(code.rawValue): \(detail)"
        // The command set knows the default character repertoire alone, and a backslash would part values.
        let plain = words.unicodeScalars.filter { $0 != "§" }.map { (" "..."~").contains($0) && $0 != "\\" ? Character($0) : "?" }
        return String(plain.prefix(maximumCharacters))
    }

    /// Of what went wrong on our side; the log has the rest.
    static func text(of error: any Error, _ detail: String) -> String { text(WebFault(mapping: error).code, detail) }
}

extension DIMSEFailure {
    init(_ status: DIMSEStatus, _ code: ErrorCode, _ detail: String) {
        self.init(status: status, errorComment: ErrorComment.text(code, detail))
    }
}
