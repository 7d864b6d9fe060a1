import Foundation

/// The sets of ISO 2022 code extension that one (0008,0005) declares (PS3.5 §6.1.2.5).
struct CodeExtension: Hashable, Sendable {
    /// In force at the start of each value and after each delimiter.
    let initialLeft: Repertoire
    let initialRight: Repertoire?
    /// Everything that may be designated, in declared order, the initial ones first.
    let declared: [Repertoire]

    init(_ terms: [CharacterSetTerm]) {
        var left: Repertoire?
        var right: Repertoire?
        var declared: [Repertoire] = []
        for (index, term) in terms.enumerated() {
            guard case .code(let termLeft, let termRight) = term.kind else { continue }
            // A double-byte set is never the first (PS3.5 §6.1.2.5.4): those who declare it so mean ISO_IR 6 before it.
            if index == 0 {
                left = termLeft.flatMap { $0.isDoubleByte ? nil : $0 }
                right = termRight.flatMap { $0.isDoubleByte ? nil : $0 }
            }
            declared += [termLeft ?? .ascii, termRight].compactMap { $0 }
        }
        initialLeft = left ?? .ascii
        initialRight = right
        let first = [initialLeft, initialRight].compactMap { $0 }
        var unique: [Repertoire] = first
        for repertoire in declared where !unique.contains(repertoire) { unique.append(repertoire) }
        self.declared = unique
    }

    init(single repertoire: Repertoire) {
        initialLeft = .ascii
        initialRight = repertoire.isDoubleByte ? nil : repertoire
        declared = [.ascii, repertoire]
    }

    func canEncode(_ text: String) -> Bool { text.unicodeScalars.allSatisfy { canEncode($0) } }

    private func canEncode(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII, initialLeft == .ascii { return scalar.value != 0x1B }
        return scalar.value < 0x20 || declared.contains { $0.table.code(scalar) != nil }
    }

    /// Letters with combining marks become the single characters that these sets have, unless the text is fine as it is.
    func expressible(_ text: String) -> String {
        canEncode(text) ? text : TextFolding.limitingMarks(text).precomposedStringWithCanonicalMapping
    }

    /// The double-byte set of the right half that codes without a designation can only mean.
    var onlyDoubleByteRight: Repertoire? {
        let sets = declared.filter { $0.isDoubleByte && !$0.isLeft }
        return sets.count == 1 ? sets.first : nil
    }
}

/// Reads text with escape sequences. Any sequence of the standard is followed, declared or not.
struct CodeExtensionReader {
    private let sets: CodeExtension
    private let rules: TextRules
    private var left: Repertoire
    private var right: Repertoire?
    private var value = String.UnicodeScalarView()
    private var values: [String] = []

    init(_ sets: CodeExtension, rules: TextRules) {
        self.sets = sets
        self.rules = rules
        left = sets.initialLeft
        right = sets.initialRight
    }

    mutating func read(_ bytes: ArraySlice<UInt8>) -> [String] {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == TextRules.escape {
                index = readEscape(bytes, at: index)
            } else if byte >= 0x80 {
                index += readRight(bytes, at: index)
            } else if left.isDoubleByte, byte > 0x20, byte < 0x7F {
                index += readLeftPair(bytes, at: index)
            } else {
                readLeftSingle(byte)
                index += 1
            }
        }
        values.append(rules.trimmed(value))
        return values
    }

    private mutating func readEscape(_ bytes: ArraySlice<UInt8>, at index: Int) -> Int {
        guard let (repertoire, end) = Repertoire.designation(in: bytes, at: index) else {
            value.append("\u{FFFD}")
            return index + 1
        }
        if repertoire.isLeft { left = repertoire } else { right = repertoire }
        return end
    }

    private mutating func readLeftSingle(_ byte: UInt8) {
        guard !rules.isDelimiter(byte) else {
            left = sets.initialLeft
            right = sets.initialRight
            guard byte != TextRules.backslash else {
                values.append(rules.trimmed(value))
                value = String.UnicodeScalarView()
                return
            }
            return value.append(Unicode.Scalar(byte))
        }
        let single = left.isDoubleByte ? Repertoire.ascii : left
        // ISO_IR 14 has the yen sign at 5CH, which stays a plain delimiter where values are split.
        value.append(byte == 0x7F ? "\u{7F}" : single.table.scalar(byte) ?? "\u{FFFD}")
    }

    /// - Returns: bytes consumed.
    private mutating func readLeftPair(_ bytes: ArraySlice<UInt8>, at index: Int) -> Int {
        guard index + 1 < bytes.endIndex, (0x21...0x7E).contains(bytes[index + 1]) else {
            value.append("\u{FFFD}")
            return 1
        }
        value.append(left.table.scalar(bytes[index], bytes[index + 1]) ?? "\u{FFFD}")
        return 2
    }

    /// - Returns: bytes consumed.
    private mutating func readRight(_ bytes: ArraySlice<UInt8>, at index: Int) -> Int {
        let byte = bytes[index]
        guard let set = right ?? sets.onlyDoubleByteRight, byte >= 0xA0 else {
            value.append("\u{FFFD}")
            return 1
        }
        guard set.isDoubleByte else {
            value.append(set.table.scalar(byte & 0x7F) ?? "\u{FFFD}")
            return 1
        }
        guard byte > 0xA0, index + 1 < bytes.endIndex, bytes[index + 1] > 0xA0 else {
            value.append("\u{FFFD}")
            return 1
        }
        value.append(set.table.scalar(byte & 0x7F, bytes[index + 1] & 0x7F) ?? "\u{FFFD}")
        return 2
    }
}

/// Writes one value with the escape sequences PS3.5 §6.1.2.5.3 asks for.
struct CodeExtensionWriter {
    private let sets: CodeExtension
    private let rules: TextRules
    private var left: Repertoire
    private var right: Repertoire?

    init(_ sets: CodeExtension, rules: TextRules) {
        self.sets = sets
        self.rules = rules
        left = sets.initialLeft
        right = sets.initialRight
    }

    mutating func write(_ text: String, into bytes: inout [UInt8]) {
        for scalar in text.unicodeScalars { write(scalar, into: &bytes) }
        reset(into: &bytes)
    }

    private mutating func write(_ scalar: Unicode.Scalar, into bytes: inout [UInt8]) {
        if scalar.value < 0x80, rules.isDelimiter(UInt8(truncatingIfNeeded: scalar.value)) {
            reset(into: &bytes)
            let byte = UInt8(truncatingIfNeeded: scalar.value)
            return bytes.append(byte == TextRules.backslash || byte == TextRules.escape ? 0x3F : byte)
        }
        let candidates = [left, right].compactMap { $0 } + sets.declared
        for set in candidates {
            // 5CH would be taken for the delimiter.
            guard let code = set.table.code(scalar), !(rules.splitsValues && !set.isDoubleByte && set.isLeft && code == 0x5C)
            else { continue }
            designate(set, into: &bytes)
            return append(code, of: set, to: &bytes)
        }
        // No declared set has it, so ASCII or romaji must be in force for the question mark.
        if left.isDoubleByte { designate(sets.initialLeft, into: &bytes) }
        bytes.append(0x3F)
    }

    private mutating func designate(_ set: Repertoire, into bytes: inout [UInt8]) {
        guard set != (set.isLeft ? left : right) else { return }
        bytes.append(TextRules.escape)
        bytes += set.escapeSequence
        if set.isLeft { left = set } else { right = set }
    }

    private func append(_ code: UInt16, of set: Repertoire, to bytes: inout [UInt8]) {
        let half: UInt8 = set.isLeft ? 0 : 0x80
        if set.isDoubleByte { bytes.append(UInt8(truncatingIfNeeded: code >> 8) | half) }
        bytes.append(UInt8(truncatingIfNeeded: code) | half)
    }

    /// A right half that the first value leaves empty needs no escape sequence to be empty again.
    private mutating func reset(into bytes: inout [UInt8]) {
        designate(sets.initialLeft, into: &bytes)
        if let initial = sets.initialRight { designate(initial, into: &bytes) }
        right = sets.initialRight
    }
}

extension SpecificCharacterSet.Scheme {
    /// Bytes below 80H are ASCII; ISO_IR 13 and 14 have the yen sign and the overline among them.
    var readsASCII: Bool {
        if case .codeExtension(let sets) = self { sets.initialLeft == .ascii } else { true }
    }

    func values(_ bytes: ArraySlice<UInt8>, rules: TextRules) -> [String] {
        switch self {
        case .utf8:
            let parts = rules.splitsValues
                ? bytes.split(separator: TextRules.backslash, omittingEmptySubsequences: false) : [bytes]
            return parts.map { String(decoding: rules.trimmed($0), as: UTF8.self) }
        case .gb18030, .gbk:
            return Self.gbValues(bytes, rules: rules)
        case .codeExtension(let sets):
            var reader = CodeExtensionReader(sets, rules: rules)
            return reader.read(bytes)
        }
    }

    private static func gbValues(_ bytes: ArraySlice<UInt8>, rules: TextRules) -> [String] {
        var values: [String] = []
        var value = String.UnicodeScalarView()
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let (scalar, length) = GB18030.scalar(in: bytes, at: index)
            index += length
            if scalar == "\\", rules.splitsValues {
                values.append(rules.trimmed(value))
                value = String.UnicodeScalarView()
            } else {
                value.append(scalar)
            }
        }
        values.append(rules.trimmed(value))
        return values
    }

    func encode(_ text: String, rules: TextRules, into bytes: inout [UInt8]) {
        switch self {
        case .utf8:
            bytes += text.utf8.lazy.map { rules.splitsValues && $0 == TextRules.backslash ? 0x3F : $0 }
        case .gb18030, .gbk:
            for scalar in text.unicodeScalars {
                if rules.splitsValues && scalar == "\\" { bytes.append(0x3F) }
                else if self == .gbk, !scalar.isASCII, GB18030.twoByteCode(scalar) == nil { bytes.append(0x3F) }
                else { GB18030.append(scalar, to: &bytes) }
            }
        case .codeExtension(let sets):
            var writer = CodeExtensionWriter(sets, rules: rules)
            writer.write(sets.expressible(text), into: &bytes)
        }
    }
}
