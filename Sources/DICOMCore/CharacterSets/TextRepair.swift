/// A note that text was not in the character set its data set declares.
public struct TextRepair: Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// The bytes are UTF-8 and hold what the declared set cannot, or nothing was declared.
        case isUTF8
        /// The bytes are Chinese in GB 2312, GBK or GB 18030.
        case isChinese
        /// ISO_IR 192 was declared, the bytes are not UTF-8 but western text of one byte a character.
        case isLatin1
        /// Characters above 7FH although only ISO_IR 6 is declared; read as ISO_IR 100.
        case undeclared
        /// Codes of a declared double-byte set without the escape sequence before them.
        case missingEscapeSequence
    }

    /// The terms of (0008,0005) as declared.
    public let declared: [String]
    /// The defined term of the set the text was read in.
    public let used: String
    public let reason: Reason

    /// Naming character sets only, never the text.
    public var note: String {
        let declaredTerms = declared.isEmpty ? "none" : declared.joined(separator: "\\")
        return "Specific Character Set (0008,0005) declares \(declaredTerms); text was read as \(used)"
    }

    var usedScheme: SpecificCharacterSet.Scheme {
        switch reason {
        case .missingEscapeSequence: SpecificCharacterSet(definedTerms: declared).scheme
        default: SpecificCharacterSet(definedTerms: [used]).scheme
        }
    }

    /// What has to be assumed to read `bytes`, or `nil` when the declaration may stand.
    ///
    /// Text that could be what it says it is is never touched: the declared set wins whenever in doubt.
    static func needed(for bytes: ArraySlice<UInt8>, declared: SpecificCharacterSet) -> TextRepair? {
        guard bytes.contains(where: { $0 >= 0x80 }) else { return nil }
        func repair(_ used: String, _ reason: Reason) -> TextRepair {
            TextRepair(declared: declared.definedTerms, used: used, reason: reason)
        }
        switch declared.scheme {
        case .utf8:
            guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
            let evidence = TextEvidence(bytes)
            if evidence.isChineseInUTF8Place { return repair("GB18030", .isChinese) }
            return evidence.isWesternLetters ? repair("ISO_IR 100", .isLatin1) : nil
        case .gb18030, .gbk:
            return TextEvidence(bytes).isChineseUTF8 ? repair("ISO_IR 192", .isUTF8) : nil
        case .codeExtension(let sets):
            guard !bytes.contains(TextRules.escape) else { return nil }
            return needed(for: bytes, sets: sets, repair: repair)
        }
    }

    private static func needed(
        for bytes: ArraySlice<UInt8>, sets: CodeExtension, repair: (String, Reason) -> TextRepair
    ) -> TextRepair? {
        let evidence = TextEvidence(bytes)
        if let right = sets.initialRight {
            if evidence.isUTF8(insteadOf: right) { return repair("ISO_IR 192", .isUTF8) }
            return right == .latin1 && evidence.isChinese ? repair("GB18030", .isChinese) : nil
        }
        // High bytes without escape sequence are wrong in any case; only what they are is the question.
        if evidence.isUTF8(insteadOf: .latin1) || evidence.isLongUTF8 { return repair("ISO_IR 192", .isUTF8) }
        switch sets.onlyDoubleByteRight {
        case .gb2312?: return evidence.isGB2312 ? repair("ISO 2022 IR 58", .missingEscapeSequence) : repair("GB18030", .isChinese)
        case .some(let set): return repair("ISO 2022 IR \(set == .ksX1001 ? 149 : 58)", .missingEscapeSequence)
        case nil: break
        }
        if evidence.isChinese { return repair("GB18030", .isChinese) }
        return sets.declared == [.ascii] ? repair("ISO_IR 100", .undeclared) : nil
    }
}

/// What speaks for and against one reading of bytes of unknown origin.
struct TextEvidence {
    private let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    /// Valid UTF-8 with characters of three bytes, which no western text is by chance.
    var isLongUTF8: Bool {
        String(validating: bytes, as: UTF8.self)?.unicodeScalars.contains { $0.value >= 0x800 } ?? false
    }

    /// Valid UTF-8 that would be no text in the declared single-byte set.
    ///
    /// Bytes 80H-9FH are control codes in every set of ISO 8859; Chinese in UTF-8 has them in nearly every character. Where
    /// they are missing, only western letters misread as ISO_IR 100 (`Ã¼`) are told apart, and only if nothing else is there.
    func isUTF8(insteadOf declared: Repertoire) -> Bool {
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        let high = text.unicodeScalars.filter { !$0.isASCII }
        if bytes.contains(where: { (0x80...0x9F).contains($0) }) {
            return high.allSatisfy { $0.value >= 0xA0 && $0.properties.generalCategory != .unassigned }
        }
        return declared == .latin1 && high.allSatisfy { (0xC0...0x17F).contains($0.value) }
    }

    /// UTF-8 of Chinese characters only, two at least.
    var isChineseUTF8: Bool {
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        let high = text.unicodeScalars.filter { !$0.isASCII }
        return high.count >= 2 && high.allSatisfy { (0x3000...0x30FF).contains($0.value) || Self.isHan($0) || Self.isWide($0) }
    }

    /// All high bytes form pairs of GB 2312.
    var isGB2312: Bool { runs.allSatisfy { $0.count % 2 == 0 && pairs($0).allSatisfy { $0.0 >= 0xA1 && $0.0 <= 0xF7 } } && isGB }

    /// Certainly Chinese although ISO_IR 100 or nothing is declared. `Größe` has a valid pair too, hence the care.
    var isChinese: Bool {
        let runs = runs
        guard !runs.isEmpty, runs.allSatisfy({ $0.count % 2 == 0 }) else { return isChineseWithLowTrails }
        let all = runs.flatMap { pairs($0) }
        // Rows 16 to 55 hold the frequent characters, row 1 and 3 punctuation and full-width forms.
        guard all.allSatisfy({ ((0xB0...0xD7).contains($0.0) || $0.0 == 0xA1 || $0.0 == 0xA3) && $0.1 >= 0xA1 }), isGB
        else { return isChineseWithLowTrails }
        guard all.contains(where: { (0xB0...0xD7).contains($0.0) }) else { return false }
        if runs.contains(where: { $0.count >= 4 }) { return true }
        // Single characters apart: letters around, or letters only, could be a western name.
        return all.count >= 2 && runs.allSatisfy { isIsolated($0) } && all.contains { Self.isSymbol($0.0) || Self.isSymbol($0.1) }
    }

    /// Not UTF-8 though declared so: pairs throughout suffice, if Chinese and not between small letters.
    var isChineseInUTF8Place: Bool {
        guard isGB else { return false }
        let runs = runs
        if runs.allSatisfy({ $0.count % 2 == 0 && pairs($0).allSatisfy { $0.0 >= 0xA1 && $0.1 >= 0xA1 } }) {
            return runs.contains { $0.count >= 4 } || runs.allSatisfy { isIsolated($0) }
        }
        return isChineseWithLowTrails
    }

    /// Western letters of ISO_IR 100 among ASCII ones.
    var isWesternLetters: Bool {
        let high = bytes.filter { $0 >= 0x80 }
        return high.allSatisfy { $0 >= 0xC0 && !Self.isSymbol($0) } && runs.contains { !isIsolated($0) }
            && runs.allSatisfy { $0.count <= 2 }
    }

    /// GBK beyond GB 2312, with second bytes in the ASCII range and first bytes that are control codes in ISO 8859.
    private var isChineseWithLowTrails: Bool {
        guard bytes.contains(where: { (0x81...0x9F).contains($0) }), isGB else { return false }
        var scalars: [Unicode.Scalar] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let (scalar, length) = GB18030.scalar(in: bytes, at: index)
            scalars.append(scalar)
            index += length
        }
        // A hanzi beside a letter is more likely a curly quote of another code page.
        for (first, second) in zip(scalars, scalars.dropFirst()) {
            if Self.isHan(first) != Self.isHan(second), Self.isLetter(first) || Self.isLetter(second) { return false }
        }
        return scalars.filter { Self.isHan($0) }.count >= 2
    }

    /// Decodes throughout, to Chinese characters, punctuation and full-width forms.
    private var isGB: Bool {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let (scalar, length) = GB18030.scalar(in: bytes, at: index)
            guard scalar.isASCII || length == 4 || Self.isHan(scalar) || Self.isWide(scalar) else { return false }
            if scalar == "\u{FFFD}" { return false }
            index += length
        }
        return true
    }

    /// The stretches of bytes above 7FH.
    private var runs: [ArraySlice<UInt8>] { bytes.split { $0 < 0x80 } }

    private func pairs(_ run: ArraySlice<UInt8>) -> [(UInt8, UInt8)] {
        stride(from: run.startIndex, to: run.endIndex - 1, by: 2).map { (run[$0], run[$0 + 1]) }
    }

    /// No ASCII letter touches the run.
    private func isIsolated(_ run: ArraySlice<UInt8>) -> Bool {
        let before = run.startIndex > bytes.startIndex ? bytes[run.startIndex - 1] : 0x20
        let after = run.endIndex < bytes.endIndex ? bytes[run.endIndex] : 0x20
        return !Self.isLetter(Unicode.Scalar(before)) && !Self.isLetter(Unicode.Scalar(after))
    }

    /// A1H-BFH and the two arithmetic signs of ISO_IR 100.
    private static func isSymbol(_ byte: UInt8) -> Bool { (0xA1...0xBF).contains(byte) || byte == 0xD7 || byte == 0xF7 }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("A"..."Z").contains(scalar) || ("a"..."z").contains(scalar)
    }

    private static func isHan(_ scalar: Unicode.Scalar) -> Bool {
        (0x3400...0x9FFF).contains(scalar.value) || (0x20000...0x323AF).contains(scalar.value)
    }

    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        (0x2000...0x206F).contains(scalar.value) || (0x2460...0x24FF).contains(scalar.value)
            || (0x3000...0x303F).contains(scalar.value) || (0xFF00...0xFFEF).contains(scalar.value) || scalar.value == 0xB7
    }
}
