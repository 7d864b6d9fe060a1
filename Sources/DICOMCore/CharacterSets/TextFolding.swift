import Foundation

/// Keys under which texts that people hold to be the same are the same, for index columns and matching.
public enum TextFolding {
    /// Without regard to case, full or half width, kana width, compatibility forms and the amount of white space.
    ///
    /// Unicode NFKC with case folding; hiragana and katakana, simplified and traditional characters, and letters with and
    /// without diacritics stay different. Idempotent.
    public static func fold(_ text: String) -> String {
        if let ascii = foldASCII(text) { return ascii }
        let composed = caseFolded(limitingMarks(text).precomposedStringWithCompatibilityMapping)
        // Compatibility forms may be several marks.
        return limitingMarks(collapseSpaces(composed.precomposedStringWithCompatibilityMapping.unicodeScalars))
    }

    /// Marks in a row that count; no language comes near (Unicode Standard Annex 15, Stream-Safe Text Format).
    static let maximumMarks = 30

    /// Normalisation sorts marks that follow each other in quadratic time: without a limit one hostile name takes minutes.
    static func limitingMarks(_ text: String) -> String {
        var marks = 0
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            marks = scalar.properties.canonicalCombiningClass == .notReordered ? 0 : marks + 1
            if marks <= maximumMarks { kept.append(scalar) }
        }
        return String(kept)
    }

    /// As `fold`, and letters lose their accents: `Jérôme` and `JEROME` give one key.
    ///
    /// Only marks of Latin, Greek and Cyrillic letters go; in kana, Hangul and Indic scripts marks change the letter.
    public static func foldDiacritics(_ text: String) -> String {
        if let ascii = foldASCII(text) { return ascii }
        var kept = String.UnicodeScalarView()
        for scalar in fold(text).decomposedStringWithCanonicalMapping.unicodeScalars {
            if (0x300...0x36F).contains(scalar.value) { continue }
            if let plain = undecomposable[scalar] { kept.append(contentsOf: plain.unicodeScalars) } else { kept.append(scalar) }
        }
        return String(kept).precomposedStringWithCompatibilityMapping
    }

    /// Letters with a stroke or ligatures, which Unicode does not take apart.
    private static let undecomposable: [Unicode.Scalar: String] = [
        "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th",
    ]

    private static func foldASCII(_ text: String) -> String? {
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if byte == 0x20 || (0x09...0x0D).contains(byte) {
                if let last = bytes.last, last != 0x20 { bytes.append(0x20) }
            } else {
                bytes.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
            }
        }
        if bytes.last == 0x20 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The standard library has no case folding: through upper case and back, ß, ẞ, ς and ligatures come out alike.
    private static func caseFolded(_ text: String) -> String {
        let folded = text.lowercased().uppercased().lowercased().unicodeScalars
        guard folded.contains("ς") else { return String(folded) }
        return String(String.UnicodeScalarView(folded.map { $0 == "ς" ? "σ" : $0 }))
    }

    private static func collapseSpaces(_ scalars: String.UnicodeScalarView) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in scalars {
            if scalar.properties.isWhitespace {
                if let last = kept.last, last != " " { kept.append(" ") }
            } else {
                kept.append(scalar)
            }
        }
        if kept.last == " " { kept.removeLast() }
        return String(kept)
    }
}
