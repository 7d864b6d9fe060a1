import DICOMCore

/// A key with wild cards (PS3.4 §C.2.2.2.4): `*` for any sequence of characters, `?` for one character.
package struct WildcardPattern: Hashable, Sendable {
    package enum Token: Hashable, Sendable {
        case literal(String)
        case anyString
        case anyCharacter
    }

    package let tokens: [Token]

    /// - Returns: `nil` when `text` has no wild card.
    package init?(_ text: String) {
        guard text.utf8.contains(where: { $0 == 0x2A || $0 == 0x3F }) else { return nil }
        self.init(tokens: Self.tokens(of: text))
    }

    private init(tokens: [Token]) {
        self.tokens = tokens
    }

    /// `*` alone, which asks for everything, empty values included.
    package var isUniversal: Bool { tokens.allSatisfy { $0 == .anyString } }

    /// The characters every match begins with.
    package var literalPrefix: String {
        if case .literal(let text)? = tokens.first { text } else { "" }
    }

    /// The prefix is all there is: `ABC*`.
    package var isPrefixOnly: Bool { tokens.count == 2 && tokens[1] == .anyString && !literalPrefix.isEmpty }

    /// Length in Unicode scalars of the longest run without wild cards.
    package var longestLiteral: Int {
        tokens.map { if case .literal(let text) = $0 { text.unicodeScalars.count } else { 0 } }.max() ?? 0
    }

    /// The same pattern for folded text. Wild cards that only folding would make (full width `＊`) stay literal.
    package func folded() -> WildcardPattern {
        WildcardPattern(
            tokens: tokens.map { token in
                guard case .literal(let text) = token else { return token }
                return .literal(Self.foldKeepingSpaces(text))
            })
    }

    /// In the notation of SQL's `GLOB`, literal wild cards bracketed.
    package var glob: String {
        tokens.map { token in
            switch token {
            case .anyString: "*"
            case .anyCharacter: "?"
            case .literal(let text): Self.globEscaped(text)
            }
        }.joined()
    }

    package static func globEscaped(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "*" || scalar == "?" || scalar == "[" {
                escaped.append(contentsOf: "[\(scalar)]".unicodeScalars)
            } else {
                escaped.append(scalar)
            }
        }
        return String(escaped)
    }

    private static func foldKeepingSpaces(_ text: String) -> String {
        let folded = TextFolding.fold(text)
        guard !folded.isEmpty else { return text.isEmpty ? "" : " " }
        return (text.hasPrefix(" ") ? " " : "") + folded + (text.hasSuffix(" ") ? " " : "")
    }

    private static func tokens(of text: String) -> [Token] {
        var tokens: [Token] = []
        var literal = String.UnicodeScalarView()
        func flush() {
            if !literal.isEmpty { tokens.append(.literal(String(literal))) }
            literal.removeAll()
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "*":
                flush()
                if tokens.last != .anyString { tokens.append(.anyString) }
            case "?":
                flush()
                tokens.append(.anyCharacter)
            default: literal.append(scalar)
            }
        }
        flush()
        return tokens
    }
}
