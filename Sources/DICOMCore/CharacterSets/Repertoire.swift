/// One coded character set that code extension can bring into the left (G0) or right (G1) half (PS3.3 Tables C.12-2 to C.12-4).
enum Repertoire: UInt8, Hashable, Sendable, CaseIterable {
    case ascii, romaji
    case katakana, latin1, latin2, latin3, latin4, cyrillic, arabic, greek, hebrew, latin5, latin9, thai
    case jisX0208, jisX0212, ksX1001, gb2312

    /// Invoked in 21H-7EH rather than A1H-FEH.
    var isLeft: Bool {
        switch self {
        case .ascii, .romaji, .jisX0208, .jisX0212: true
        default: false
        }
    }

    var isDoubleByte: Bool {
        switch self {
        case .jisX0208, .jisX0212, .ksX1001, .gb2312: true
        default: false
        }
    }

    /// What follows ESC to designate the set.
    var escapeSequence: [UInt8] {
        switch self {
        case .ascii: [0x28, 0x42]
        case .romaji: [0x28, 0x4A]
        case .katakana: [0x29, 0x49]
        case .latin1: [0x2D, 0x41]
        case .latin2: [0x2D, 0x42]
        case .latin3: [0x2D, 0x43]
        case .latin4: [0x2D, 0x44]
        case .greek: [0x2D, 0x46]
        case .arabic: [0x2D, 0x47]
        case .hebrew: [0x2D, 0x48]
        case .cyrillic: [0x2D, 0x4C]
        case .latin5: [0x2D, 0x4D]
        case .latin9: [0x2D, 0x62]
        case .thai: [0x2D, 0x54]
        case .jisX0208: [0x24, 0x42]
        case .jisX0212: [0x24, 0x28, 0x44]
        case .ksX1001: [0x24, 0x29, 0x43]
        case .gb2312: [0x24, 0x29, 0x41]
        }
    }

    /// The encoding that holds this set, as the system's converter calls it.
    var converterName: String {
        switch self {
        case .ascii: "ASCII"
        case .romaji, .katakana: "JIS X 0201"
        case .latin1: "ISO-8859-1"
        case .latin2: "ISO-8859-2"
        case .latin3: "ISO-8859-3"
        case .latin4: "ISO-8859-4"
        case .cyrillic: "ISO-8859-5"
        case .arabic: "ISO-8859-6"
        case .greek: "ISO-8859-7"
        case .hebrew: "ISO-8859-8"
        case .latin5: "ISO-8859-9"
        case .latin9: "ISO-8859-15"
        case .thai: "TIS-620"
        case .jisX0208, .jisX0212: "EUC-JP"
        case .ksX1001: "EUC-KR"
        case .gb2312: "GB2312"
        }
    }

    /// The sequence after an ESC at `index`, if it is one of the standard's or the 1978 edition of JIS X 0208.
    static func designation(in bytes: ArraySlice<UInt8>, at index: Int) -> (repertoire: Repertoire, end: Int)? {
        let following = bytes[index...].dropFirst().prefix(3)
        for repertoire in allCases where following.starts(with: repertoire.escapeSequence) {
            return (repertoire, index + 1 + repertoire.escapeSequence.count)
        }
        return following.starts(with: [0x24, 0x40]) ? (.jisX0208, index + 3) : nil
    }
}

/// One value of (0008,0005), understood.
struct CharacterSetTerm {
    enum Kind: Equatable {
        /// The sets in the left and right halves; only one of them for most.
        case code(Repertoire?, Repertoire?)
        case utf8, gb18030, gbk, unknown
    }

    let kind: Kind
    let canonical: String

    init(reading term: String) {
        let upper = term.uppercased()
        let key = upper.unicodeScalars.filter { $0.properties.isAlphabetic || ("0"..."9").contains($0) }
            .reduce(into: "") { $0.unicodeScalars.append($1) }
        let isExtended = key.hasPrefix("ISO2022")
        if let kind = Self.standalone[key] {
            self.kind = kind
            canonical = kind == .utf8 ? "ISO_IR 192" : kind == .gbk ? "GBK" : "GB18030"
        } else if key.isEmpty {
            kind = .code(.ascii, nil)
            canonical = ""
        } else if let number = Self.registration(key), let kind = Self.registered[number] {
            self.kind = kind
            let needsExtension = isExtended || [58, 87, 149, 159].contains(number)
            canonical = (needsExtension ? "ISO 2022 IR " : "ISO_IR ") + String(number)
        } else {
            kind = .unknown
            canonical = term
        }
    }

    private static let standalone: [String: Kind] = [
        "ISOIR192": .utf8, "ISO2022IR192": .utf8, "IR192": .utf8, "UTF8": .utf8, "UNICODE": .utf8, "ISO10646": .utf8,
        "GB18030": .gb18030, "ISO2022GB18030": .gb18030, "GB180302000": .gb18030, "GB180302005": .gb18030,
        "GBK": .gbk, "ISO2022GBK": .gbk, "CP936": .gbk,
    ]

    private static let registered: [Int: Kind] = [
        6: .code(.ascii, nil), 13: .code(.romaji, .katakana), 14: .code(.romaji, nil), 100: .code(nil, .latin1),
        101: .code(nil, .latin2), 109: .code(nil, .latin3), 110: .code(nil, .latin4), 126: .code(nil, .greek),
        127: .code(nil, .arabic), 138: .code(nil, .hebrew), 144: .code(nil, .cyrillic), 148: .code(nil, .latin5),
        166: .code(nil, .thai), 203: .code(nil, .latin9), 87: .code(.jisX0208, nil), 159: .code(.jisX0212, nil),
        149: .code(nil, .ksX1001), 58: .code(nil, .gb2312),
    ]

    /// Names by which files call sets outside the standard's terms.
    private static let aliases: [String: Int] = [
        "ASCII": 6, "USASCII": 6, "LATIN1": 100, "LATIN2": 101, "ISO88591": 100, "ISO88592": 101, "ISO88593": 109,
        "ISO88594": 110, "ISO88595": 144, "ISO88596": 127, "ISO88597": 126, "ISO88598": 138, "ISO88599": 148,
        "ISO885915": 203, "ISO885911": 166, "GB2312": 58, "KSX1001": 149, "EUCKR": 149,
    ]

    private static func registration(_ key: String) -> Int? {
        if let number = aliases[key] { return number }
        for prefix in ["ISO2022IR", "ISO2022", "ISOIR", "IR", "ISO"] where key.hasPrefix(prefix) {
            return Int(key.dropFirst(prefix.count))
        }
        return nil
    }
}
