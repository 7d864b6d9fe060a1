import DICOMCore
import Testing

private let pn = VR.pn

private func sets(_ terms: String...) -> SpecificCharacterSet { SpecificCharacterSet(definedTerms: terms) }

/// The examples of the annexes, byte by byte, read and written.
@Suite struct `PS3.5 Annexes H to K character set examples` {
    struct Example: Sendable, CustomTestStringConvertible {
        let clause: String
        let terms: [String]
        let text: String
        let bytes: [UInt8]
        var testDescription: String { clause }
    }

    static let examples = [
        Example(
            clause: "H.3.1", terms: ["", "ISO 2022 IR 87"], text: "Yamada^Tarou=山田^太郎=やまだ^たろう",
            bytes: TextFixtures.hex("""
                59 61 6D 61 64 61 5E 54 61 72 6F 75 3D 1B 24 42 3B 33 45 44 1B 28 42 5E 1B 24 42 42 40 4F 3A 1B 28 42 3D
                1B 24 42 24 64 24 5E 24 40 1B 28 42 5E 1B 24 42 24 3F 24 6D 24 26 1B 28 42
                """)),
        Example(
            clause: "H.3.2", terms: ["ISO 2022 IR 13", "ISO 2022 IR 87"], text: "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
            bytes: TextFixtures.hex("""
                D4 CF C0 DE 5E C0 DB B3 3D 1B 24 42 3B 33 45 44 1B 28 4A 5E 1B 24 42 42 40 4F 3A 1B 28 4A 3D
                1B 24 42 24 64 24 5E 24 40 1B 28 4A 5E 1B 24 42 24 3F 24 6D 24 26 1B 28 4A
                """)),
        Example(
            clause: "I.2", terms: ["", "ISO 2022 IR 149"], text: "Hong^Gildong=洪^吉洞=홍^길동",
            bytes: TextFixtures.hex("""
                48 6F 6E 67 5E 47 69 6C 64 6F 6E 67 3D 1B 24 29 43 FB F3 5E 1B 24 29 43 D1 CE D4 D7 3D
                1B 24 29 43 C8 AB 5E 1B 24 29 43 B1 E6 B5 BF
                """)),
        Example(
            clause: "J.1 UTF-8", terms: ["ISO_IR 192"], text: "Wang^XiaoDong=王^小東=",
            bytes: TextFixtures.hex("""
                57 61 6E 67 5E 58 69 61 6F 44 6F 6E 67 3D E7 8E 8B 5E E5 B0 8F E6 9D B1 3D
                """)),
        Example(
            clause: "J.2 GB18030", terms: ["GB18030"], text: "Wang^XiaoDong=王^小东=",
            bytes: TextFixtures.hex("57 61 6E 67 5E 58 69 61 6F 44 6F 6E 67 3D CD F5 5E D0 A1 B6 AB 3D")),
        Example(
            clause: "J.3 GBK", terms: ["GBK"], text: "Wang^XiaoDong=王^小东=",
            bytes: TextFixtures.hex("57 61 6E 67 5E 58 69 61 6F 44 6F 6E 67 3D CD F5 5E D0 A1 B6 AB 3D")),
        Example(
            clause: "K.2", terms: ["", "ISO 2022 IR 58"], text: "Zhang^XiaoDong=张^小东=",
            bytes: TextFixtures.hex("""
                5A 68 61 6E 67 5E 58 69 61 6F 44 6F 6E 67 3D 1B 24 29 41 D5 C5 5E 1B 24 29 41 D0 A1 B6 AB 3D
                """)),
    ]

    @Test(arguments: examples) func `bytes read as the text of the example`(_ example: Example) {
        let decoded = SpecificCharacterSet(definedTerms: example.terms).decode(example.bytes[...], vr: pn)
        #expect(decoded.values == [example.text])
        #expect(decoded.repair == nil)
    }

    @Test(arguments: examples) func `text is written as the bytes of the example`(_ example: Example) {
        let set = SpecificCharacterSet(definedTerms: example.terms)
        #expect(set.canEncode(example.text))
        #expect(set.encodeValues([example.text], vr: pn) == example.bytes)
    }

    @Test func `I.3 each line of long text designates its set again`() {
        let text = "The first line includes 길동.\r\nThe second line includes 길동, too.\r\nThe third line."
        let set = sets("", "ISO 2022 IR 149")
        let bytes = set.encodeValues([text], vr: .lt)
        let designations = bytes.indices.filter { bytes[$0...].starts(with: [0x1B, 0x24, 0x29, 0x43]) }
        #expect(designations.count == 2)
        #expect(set.decodeValues(bytes[...], vr: .lt) == [text])
    }
}

@Suite struct `PS3.5 §6.1.2.5 code extension` {
    static let greekAndJapanese = sets("ISO 2022 IR 126", "ISO 2022 IR 144", "ISO 2022 IR 87")

    @Test func `a second right half set is taken back before a delimiter`() {
        let bytes = Self.greekAndJapanese.encodeValues(["ΑБ^Γ", "В"], vr: pn)
        #expect(bytes == TextFixtures.hex("C1 1B 2D 4C B1 1B 2D 46 5E C3 5C 1B 2D 4C B2 1B 2D 46"))
        #expect(Self.greekAndJapanese.decodeValues(bytes[...], vr: pn) == ["ΑБ^Γ", "В"])
    }

    @Test func `a reader falls back to the first sets after caret, equals sign, backslash and line ends in names`() {
        for delimiter in ["5E", "3D", "0D", "0A", "0C", "09"] {
            let bytes = TextFixtures.hex("1B 2D 4C B1 \(delimiter) C1")
            let text = Self.greekAndJapanese.decodeValues(bytes[...], vr: pn)
            #expect(text.first?.unicodeScalars.first == "Б" && text.first?.unicodeScalars.last == "Α")
        }
    }

    @Test func `caret and equals sign are plain characters outside names`() {
        let bytes = TextFixtures.hex("1B 2D 4C B1 5E B1 3D B1")
        #expect(Self.greekAndJapanese.decodeValues(bytes[...], vr: .lo) == ["Б^Б=Б"])
    }

    @Test func `5CH as second byte of a kanji does not split values`() {
        let set = sets("", "ISO 2022 IR 87")
        let bytes = TextFixtures.hex("1B 24 42 30 5C 3B 5E 1B 28 42 5C 41")
        let values = set.decodeValues(bytes[...], vr: .lo)
        #expect(values.count == 2 && values.last == "A")
        #expect(values.first?.count == 2)
        #expect(set.encodeValues(values, vr: .lo) == bytes)
    }

    @Test func `JIS X 0212, romaji and katakana round-trip`() {
        let set = sets("ISO 2022 IR 13", "ISO 2022 IR 87", "ISO 2022 IR 159")
        let text = "ｱｲｳ 丂侚 山田 abc"
        #expect(set.canEncode(text))
        let bytes = set.encodeValues([text], vr: .lo)
        #expect(set.decodeValues(bytes[...], vr: .lo) == [text])
        #expect(bytes.contains(0x1B))
    }

    @Test func `the yen sign is 5CH in ISO_IR 13 text of one value, and no text of several`() {
        let set = sets("ISO_IR 13")
        #expect(set.encodeValues(["¥500"], vr: .lt) == TextFixtures.hex("5C 35 30 30"))
        #expect(set.decodeValues(TextFixtures.hex("5C 35 30 30")[...], vr: .lt) == ["¥500"])
        #expect(set.decodeValues(TextFixtures.hex("41 5C 42")[...], vr: .lo) == ["A", "B"])
        #expect(set.encodeValues(["¥"], vr: .lo) == [0x3F])
    }

    @Test func `every single-byte set round-trips all its characters`() {
        for number in [100, 101, 109, 110, 126, 127, 138, 144, 148, 166, 203, 13] {
            let set = sets("ISO_IR \(number)")
            let bytes = Array(UInt8(0xA0)...0xFF)
            let text = set.decodeValues(bytes[...], vr: .lt).joined()
            let known = text.unicodeScalars.filter { $0 != "\u{FFFD}" }
            #expect(known.count >= 50)
            let encoded = set.encodeValues([String(String.UnicodeScalarView(known))], vr: .lt)
            #expect(encoded.count == known.count && encoded.allSatisfy { bytes.contains($0) })
        }
    }

    @Test func `a designation needs no declaration to be followed`() {
        let bytes = TextFixtures.hex("1B 24 42 3B 33 45 44 1B 28 42")
        #expect(SpecificCharacterSet.default.decodeValues(bytes[...], vr: pn) == ["山田"])
    }

    @Test func `a decomposed letter is written as its single character`() {
        #expect(sets("ISO_IR 100").encodeValues(["Je\u{301}ro\u{302}me"], vr: pn) == Array("J".utf8) + [0xE9, 0x72, 0xF4, 0x6D, 0x65])
    }

    @Test func `a character no declared set has becomes a question mark, and canEncode says so`() {
        let set = sets("ISO_IR 100")
        #expect(!set.canEncode("Mü王"))
        #expect(set.encodeValues(["Mü王"], vr: pn) == [0x4D, 0xFC, 0x3F])
        #expect(!sets("GBK").canEncode("𠀀"))
        #expect(SpecificCharacterSet.gb18030.canEncode("𠀀"))
    }

    @Test func `a backslash inside one of several values cannot make two of them`() {
        for set in [SpecificCharacterSet.default, .utf8, .gb18030] {
            #expect(set.encodeValues(["a\\b"], vr: .lo) == Array("a?b".utf8))
            #expect(set.encodeValues(["a\\b"], vr: .lt) == Array("a\\b".utf8))
        }
    }

    @Test func `an escape character in text is never written as the start of a sequence`() {
        #expect(!SpecificCharacterSet.default.encodeValues(["a\u{1B}$)Ab"], vr: .lo).contains(0x1B))
    }

    @Test func `all conversion tables are there`() { #expect(SpecificCharacterSet.missingTables == []) }
}

@Suite struct `PS3.5 §6.2 padding of text` {
    @Test func `trailing spaces and NULs go everywhere, leading spaces in SH and LO only`() {
        let bytes = Array("  a b \0".utf8)[...]
        for vr in [VR.sh, .lo] { #expect(SpecificCharacterSet.default.decodeValues(bytes, vr: vr) == ["a b"]) }
        for vr in [VR.pn, .st, .lt, .ut, .uc] { #expect(SpecificCharacterSet.default.decodeValues(bytes, vr: vr) == ["  a b"]) }
        #expect(SpecificCharacterSet.utf8.decodeValues(Array(" é \\ü ".utf8)[...], vr: .lo) == ["é", "ü"])
    }

    @Test func `backslashes in LT, ST and UT are characters`() {
        for vr in [VR.lt, .st, .ut] { #expect(SpecificCharacterSet.default.decodeValues([0x41, 0x5C, 0x42], vr: vr) == ["A\\B"]) }
        #expect(SpecificCharacterSet.gb18030.decodeValues([0xCD, 0xF5, 0x5C, 0x42], vr: .lt) == ["王\\B"])
    }
}

@Suite struct `PS3.3 C.12.1.1.2 defined terms` {
    @Test(arguments: [
        "ISO IR 192", "ISO_IR_192", "iso_ir 192", "ISO-IR 192", "UTF-8", "utf8", "ISO_IR192", "ISO 2022 IR 192", "ISO_IR 192 ",
    ]) func `misspelt UTF-8 is understood`(_ term: String) {
        #expect(SpecificCharacterSet(definedTerms: [term]) == .utf8)
    }

    @Test func `other misspellings are understood and put right`() {
        #expect(sets("ISO-IR 100").definedTerms == ["ISO_IR 100"])
        #expect(sets("ISO 8859-1").definedTerms == ["ISO_IR 100"])
        #expect(sets("gb18030") == .gb18030)
        #expect(sets("GB 18030") == .gb18030)
        #expect(sets("ISO 2022 GBK").definedTerms == ["GBK"])
        #expect(sets("", "ISO_2022_IR_87").definedTerms == ["", "ISO 2022 IR 87"])
        #expect(sets("", "ISO 2022-58").definedTerms == ["", "ISO 2022 IR 58"])
    }

    @Test func `no values and one empty value are the default repertoire`() {
        #expect(sets("") == .default)
        #expect(sets() == .default)
    }

    @Test func `a term from nowhere is noted and has no effect`() {
        let set = sets("KLINGON", "ISO 2022 IR 87")
        #expect(set.unknownTerms == ["KLINGON"])
        #expect(set.decodeValues([0x41], vr: .lo) == ["A"])
    }

    @Test func `UTF-8 after an empty first value is meant as UTF-8`() {
        #expect(sets("", "ISO_IR 192").decodeValues(Array("王".utf8)[...], vr: pn) == ["王"])
    }
}
