/// The characters of one repertoire by code and the codes by character, built on first use from the system's converter.
struct CodeTable: Sendable {
    /// 96 entries from code 20H for single-byte sets, 94 x 94 from 2121H for double-byte ones; 0 where there is none.
    private let scalars: [UInt32]
    private let codes: [UInt32: UInt16]
    private let isDoubleByte: Bool

    /// The converter knows the set.
    let isAvailable: Bool

    init(_ repertoire: Repertoire) {
        isDoubleByte = repertoire.isDoubleByte
        var all = Self.arithmeticScalars(of: repertoire)
        if all.isEmpty, let converter = CodeConverter(repertoire.converterName) {
            all = Self.scalars(of: repertoire, converter)
        }
        var codes: [UInt32: UInt16] = [:]
        for (index, scalar) in all.enumerated() where scalar != 0 && codes[scalar] == nil {
            let code = repertoire.isDoubleByte ? (index / 94 + 0x21) << 8 | (index % 94 + 0x21) : index + 0x20
            codes[scalar] = UInt16(truncatingIfNeeded: code)
        }
        scalars = all
        self.codes = codes
        isAvailable = !codes.isEmpty
    }

    /// - Parameter code: seven bits, whichever half the set stands in.
    func scalar(_ code: UInt8) -> Unicode.Scalar? {
        let index = Int(code) - 0x20
        guard !isDoubleByte, scalars.indices.contains(index), scalars[index] != 0 else { return nil }
        return Unicode.Scalar(scalars[index])
    }

    /// - Parameters: the two bytes, seven bits each.
    func scalar(_ first: UInt8, _ second: UInt8) -> Unicode.Scalar? {
        guard isDoubleByte, (0x21...0x7E).contains(first), (0x21...0x7E).contains(second) else { return nil }
        let index = (Int(first) - 0x21) * 94 + Int(second) - 0x21
        guard scalars.indices.contains(index), scalars[index] != 0 else { return nil }
        return Unicode.Scalar(scalars[index])
    }

    /// The code, seven bits a byte; `nil` when the set lacks the character.
    func code(_ scalar: Unicode.Scalar) -> UInt16? { codes[scalar.value] }

    /// The sets that need no table: ASCII, ISO_IR 100 and the two halves of JIS X 0201; empty for all others.
    private static func arithmeticScalars(of repertoire: Repertoire) -> [UInt32] {
        let codes = UInt32(0x20)...0x7F
        switch repertoire {
        case .ascii: return codes.map { $0 == 0x7F ? 0 : $0 }
        case .romaji: return codes.map { $0 == 0x5C ? 0xA5 : $0 == 0x7E ? 0x203E : $0 == 0x7F ? 0 : $0 }
        case .katakana: return codes.map { (0x21...0x5F).contains($0) ? $0 + 0xFF40 : 0 }
        case .latin1: return codes.map { $0 + 0x80 }
        default: return []
        }
    }

    private static func scalars(of repertoire: Repertoire, _ converter: borrowing CodeConverter) -> [UInt32] {
        let lowCodes: ClosedRange<UInt8> = 0x21...0x7E
        guard repertoire.isDoubleByte else {
            return (UInt8(0xA0)...0xFF).map { converter.scalar([$0]) ?? 0 }
        }
        var scalars: [UInt32] = []
        for row in lowCodes {
            for cell in lowCodes {
                let prefix: [UInt8] = repertoire == .jisX0212 ? [0x8F] : []
                scalars.append(converter.scalar(prefix + [row | 0x80, cell | 0x80]) ?? 0)
            }
        }
        return scalars
    }
}

extension Repertoire {
    /// Built once, when a text first needs it.
    var table: CodeTable {
        switch self {
        case .ascii: Tables.ascii
        case .romaji: Tables.romaji
        case .katakana: Tables.katakana
        case .latin1: Tables.latin1
        case .latin2: Tables.latin2
        case .latin3: Tables.latin3
        case .latin4: Tables.latin4
        case .cyrillic: Tables.cyrillic
        case .arabic: Tables.arabic
        case .greek: Tables.greek
        case .hebrew: Tables.hebrew
        case .latin5: Tables.latin5
        case .latin9: Tables.latin9
        case .thai: Tables.thai
        case .jisX0208: Tables.jisX0208
        case .jisX0212: Tables.jisX0212
        case .ksX1001: Tables.ksX1001
        case .gb2312: Tables.gb2312
        }
    }

    private enum Tables {
        static let ascii = CodeTable(.ascii), romaji = CodeTable(.romaji), katakana = CodeTable(.katakana)
        static let latin1 = CodeTable(.latin1), latin2 = CodeTable(.latin2), latin3 = CodeTable(.latin3)
        static let latin4 = CodeTable(.latin4), cyrillic = CodeTable(.cyrillic), arabic = CodeTable(.arabic)
        static let greek = CodeTable(.greek), hebrew = CodeTable(.hebrew), latin5 = CodeTable(.latin5)
        static let latin9 = CodeTable(.latin9), thai = CodeTable(.thai), jisX0208 = CodeTable(.jisX0208)
        static let jisX0212 = CodeTable(.jisX0212), ksX1001 = CodeTable(.ksX1001), gb2312 = CodeTable(.gb2312)
    }
}
