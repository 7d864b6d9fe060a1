/// The character repertoires text values are written in (PS3.3 C.12.1.1.2, PS3.5 §6.1).
///
/// Reading is tolerant: misspelt terms are understood, malformed bytes become U+FFFD, and text in a set other than the
/// declared one is recognised where that is certain; `decode(_:vr:)` says so. Writing follows the standard strictly.
public struct SpecificCharacterSet: Hashable, Sendable {
    /// The terms as the standard spells them, empty for the default repertoire; unknown ones as they came.
    public let definedTerms: [String]

    let scheme: Scheme

    enum Scheme: Hashable, Sendable {
        case utf8, gb18030, gbk
        case codeExtension(CodeExtension)
    }

    /// ISO_IR 6, the repertoire in force when (0008,0005) is absent.
    public static let `default` = SpecificCharacterSet(reading: [])
    /// ISO_IR 192, Unicode in UTF-8.
    public static let utf8 = SpecificCharacterSet(definedTerms: ["ISO_IR 192"])
    public static let gb18030 = SpecificCharacterSet(definedTerms: ["GB18030"])

    /// - Parameter definedTerms: the values of (0008,0005), in order; an empty first value stands for ISO_IR 6. Variants
    ///   such as `ISO IR 192`, `iso_ir 100`, `UTF-8` or `ISO-8859-1` are understood.
    public init(definedTerms: [String]) {
        if definedTerms.count == 1, let common = Self.common[definedTerms[0]] {
            self = common
            return
        }
        self.init(reading: definedTerms)
    }

    /// Data sets ask for their character set at every text they read: the terms of nearly all are looked up.
    private static let common: [String: SpecificCharacterSet] = {
        let terms = ["ISO_IR 100", "ISO_IR 192", "ISO_IR 6", "GB18030", "GBK", "ISO_IR 101", "ISO_IR 144", "ISO_IR 13"]
        return Dictionary(uniqueKeysWithValues: terms.map { ($0, SpecificCharacterSet(reading: [$0])) })
    }()

    private init(reading definedTerms: [String]) {
        let terms = definedTerms.map { CharacterSetTerm(reading: $0) }
        let isDefault = terms.allSatisfy { $0.canonical.isEmpty }
        self.definedTerms = isDefault ? [] : terms.map { $0.canonical }
        scheme = Self.scheme(of: terms)
    }

    /// Terms that are in no edition of the standard and that no spelling rule explains; they have no effect.
    public var unknownTerms: [String] {
        definedTerms.filter { CharacterSetTerm(reading: $0).kind == .unknown }
    }

    /// The values of one element, padding removed; a single one for LT, ST, UT and UR.
    ///
    /// Backslashes that are the second byte of a character do not separate values. Trailing spaces and NULs are padding
    /// in all text, leading spaces in SH and LO only (PS3.5 §6.2). Never fails: unreadable bytes become U+FFFD.
    public func decodeValues(_ bytes: ArraySlice<UInt8>, vr: VR) -> [String] {
        decode(bytes, vr: vr).values
    }

    /// As `decodeValues(_:vr:)`, with a note when the bytes were not in the declared character set.
    public func decode(_ bytes: ArraySlice<UInt8>, vr: VR) -> DecodedText {
        let rules = TextRules(vr: vr)
        if scheme.readsASCII, rules.isPlainASCII(bytes) { return DecodedText(values: rules.asciiValues(bytes), repair: nil) }
        if let repair = TextRepair.needed(for: bytes, declared: self) {
            return DecodedText(values: repair.usedScheme.values(bytes, rules: rules), repair: repair)
        }
        return DecodedText(values: scheme.values(bytes, rules: rules), repair: nil)
    }

    /// The values joined by backslashes, without padding to even length.
    ///
    /// Escape sequences precede characters outside the first repertoire, and the first repertoire is invoked again before
    /// each delimiter, control character and the end of a value (PS3.5 §6.1.2.5.3). A character that no declared set holds,
    /// and a backslash inside one of several values, is written as `?`: ask `canEncode(_:)` first, or use `utf8`.
    public func encodeValues(_ values: [String], vr: VR) -> [UInt8] {
        let rules = TextRules(vr: vr)
        var bytes: [UInt8] = []
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(TextRules.backslash) }
            scheme.encode(value, rules: rules, into: &bytes)
        }
        return bytes
    }

    /// Whether every character of `text` has a code in one of the declared sets.
    public func canEncode(_ text: String) -> Bool {
        switch scheme {
        case .utf8: true
        case .gb18030: text.unicodeScalars.allSatisfy { GB18030.canEncode($0) }
        case .gbk: text.unicodeScalars.allSatisfy { GB18030.twoByteCode($0) != nil || $0.isASCII }
        case .codeExtension(let sets): sets.canEncode(sets.expressible(text))
        }
    }

    /// Names of the conversion tables this system lacks; text in those sets would read as U+FFFD. Empty on a sound system.
    public static var missingTables: [String] {
        Repertoire.allCases.filter { !$0.table.isAvailable }.map { $0.converterName } + (GB18030.isAvailable ? [] : ["GB18030"])
    }

    /// ISO_IR 192, GB18030 and GBK stand alone (PS3.3 C.12.1.1.2); after an empty or ISO_IR 6 value they are meant all the same.
    private static func scheme(of terms: [CharacterSetTerm]) -> Scheme {
        let meaningful = terms.filter { $0.kind != .unknown && $0.kind != .code(.ascii, nil) }
        if let first = meaningful.first {
            switch first.kind {
            case .utf8: return .utf8
            case .gb18030: return .gb18030
            case .gbk: return .gbk
            case .code, .unknown: break
            }
        }
        return .codeExtension(CodeExtension(terms))
    }
}

/// Text as read, and what had to be assumed to read it.
public struct DecodedText: Hashable, Sendable {
    public var values: [String]
    /// `nil` when the declared character set was right.
    public var repair: TextRepair?

    /// Some bytes had no meaning in the character set and stand as U+FFFD.
    public var hasReplacements: Bool { values.contains { $0.unicodeScalars.contains("\u{FFFD}") } }
}

/// What the VR says about splitting, padding and delimiters (PS3.5 §6.2).
struct TextRules {
    static let backslash: UInt8 = 0x5C
    static let escape: UInt8 = 0x1B

    let splitsValues: Bool
    let trimsLeading: Bool
    let isPersonName: Bool

    init(vr: VR) {
        splitsValues = vr.allowsMultipleValues
        trimsLeading = vr == .sh || vr == .lo
        isPersonName = vr == .pn
    }

    func isPlainASCII(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.allSatisfy { $0 < 0x80 && $0 != Self.escape } }

    func asciiValues(_ bytes: ArraySlice<UInt8>) -> [String] {
        guard splitsValues, bytes.contains(Self.backslash) else { return [trimmedASCII(bytes)] }
        return bytes.split(separator: Self.backslash, omittingEmptySubsequences: false).map { trimmedASCII($0) }
    }

    private func trimmedASCII(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: trimmed(bytes), as: UTF8.self)
    }

    /// Only for sets in which 20H and 00H are never part of a longer code.
    func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var slice = bytes
        while let last = slice.last, last == 0x20 || last == 0 { slice = slice.dropLast() }
        if trimsLeading { slice = slice.drop { $0 == 0x20 } }
        return slice
    }

    func trimmed(_ scalars: String.UnicodeScalarView) -> String {
        var slice = scalars[...]
        while let last = slice.last, last == " " || last == "\0" { slice = slice.dropLast() }
        if trimsLeading { slice = slice.drop { $0 == " " } }
        return String(slice)
    }

    /// After these the first repertoire is in force again (PS3.5 §6.1.2.5.3).
    func isDelimiter(_ byte: UInt8) -> Bool {
        byte < 0x20 || (splitsValues && byte == Self.backslash) || (isPersonName && (byte == 0x5E || byte == 0x3D))
    }
}
