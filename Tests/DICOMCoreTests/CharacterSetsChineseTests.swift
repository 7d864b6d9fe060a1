import DICOMCore
import Testing

private func sets(_ terms: String...) -> SpecificCharacterSet { SpecificCharacterSet(definedTerms: terms) }

@Suite struct `GB 18030 in one, two and four bytes` {
    @Test func `PACS-4.2.3-b every Unicode character keeps its identity`() {
        var wrong: [UInt32] = []
        let vr = VR.lt
        for value in UInt32(0x21)...0x32000 {
            guard let scalar = Unicode.Scalar(value), value != 0x7F else { continue }
            guard SpecificCharacterSet.gb18030.canEncode(String(scalar)) else {
                #expect(scalar.properties.generalCategory == .privateUse)
                continue
            }
            let bytes = SpecificCharacterSet.gb18030.encodeValues([String(scalar)], vr: vr)
            // 2-byte text may happen to be UTF-8 as well; the set alone is asked here, not the recognition of other sets.
            let read = SpecificCharacterSet.gb18030.decodeValues(([0x41] + bytes)[...], vr: vr).first?.unicodeScalars.last
            if read != scalar { wrong.append(value) }
        }
        #expect(wrong == [])
    }

    @Test func `PACS-4.2.3-b known codes of each length`() {
        let cases: [(String, String)] = [
            ("A", "41"), ("张", "D5 C5"), ("東", "96 7C"), ("㐂", "81 39 EF 31"), ("𠀀", "95 32 82 36"),
            ("𪚥", "98 35 EE 37"), ("\u{10000}", "90 30 81 30"), ("\u{10FFFF}", "E3 32 9A 35"), ("é", "A8 A6"), ("ä", "81 30 8A 31"),
        ]
        for (text, hex) in cases {
            #expect(SpecificCharacterSet.gb18030.encodeValues([text], vr: .lo) == TextFixtures.hex(hex), "\(hex)")
            #expect(SpecificCharacterSet.gb18030.decodeValues(TextFixtures.hex(hex)[...], vr: .lo) == [text], "\(hex)")
        }
    }

    @Test func `a second byte of 5CH does not split values`() {
        // 昞 is 955CH.
        let bytes = TextFixtures.hex("95 5C 5C CD F5")
        for term in ["GB18030", "GBK"] {
            let values = sets(term).decodeValues(bytes[...], vr: .pn)
            #expect(values.count == 2 && values.last == "王" && values.first?.count == 1)
            #expect(sets(term).encodeValues(values, vr: .pn) == bytes)
        }
    }

    @Test func `PACS-4.2.3-f names of rare characters survive writing, reading and folding`() {
        for name in ["王^䶮", "𬱖^𫘝", "㐂^〇", "欧阳^骉", "ＷＡＮＧ^Ｘｉａｏ"] {
            for set in [SpecificCharacterSet.gb18030, .utf8] {
                let bytes = set.encodeValues([name], vr: .pn)
                #expect(set.decodeValues(bytes[...], vr: .pn) == [name])
            }
            #expect(TextFolding.fold(TextFolding.fold(name)) == TextFolding.fold(name))
        }
    }
}

/// Text that is not in the declared character set: recognised only where there is no doubt.
@Suite struct `Recognising mis-declared text` {
    private static let chinese = [
        "张三", "王^小东", "Wang^XiaoDong=王^小东", "胸部CT平扫", "头颅MRI平扫+增强", "北京协和医院", "右肺上叶结节，建议复查。", "李^明",
        "CT胸部 5mm", "肝、胆、胰、脾",
    ]

    private func gb(_ text: String) -> ArraySlice<UInt8> { SpecificCharacterSet.gb18030.encodeValues([text], vr: .lt)[...] }

    @Test(arguments: chinese) func `GB 18030 declared as ISO_IR 100 or not at all`(_ text: String) {
        for set in [sets("ISO_IR 100"), .default] {
            let decoded = set.decode(gb(text), vr: .lt)
            #expect(decoded.values == [text])
            #expect(decoded.repair?.used == "GB18030")
            #expect(decoded.repair?.reason == .isChinese)
            #expect(decoded.repair?.declared == set.definedTerms)
        }
    }

    @Test(arguments: chinese) func `GB 18030 declared as UTF-8`(_ text: String) {
        let decoded = SpecificCharacterSet.utf8.decode(gb(text), vr: .lt)
        #expect(decoded.values == [text])
        #expect(decoded.repair?.used == "GB18030")
    }

    @Test(arguments: chinese + ["Müller", "Buc^Jérôme", "김희중", "Иванов", "山田^太郎"])
    func `UTF-8 declared as ISO_IR 100 or not at all`(_ text: String) {
        for set in [sets("ISO_IR 100"), .default] {
            let decoded = set.decode(Array(text.utf8)[...], vr: .lt)
            #expect(decoded.values == [text])
            #expect(decoded.repair?.reason == .isUTF8)
        }
    }

    @Test func `UTF-8 declared as GB18030`() {
        let decoded = SpecificCharacterSet.gb18030.decode(Array("胸部CT平扫".utf8)[...], vr: .lo)
        #expect(decoded.values == ["胸部CT平扫"])
        #expect(decoded.repair?.used == "ISO_IR 192")
    }

    @Test func `codes without their escape sequence`() {
        let korean = sets("", "ISO 2022 IR 149").decode(TextFixtures.hex("B1 E8 C8 F1 C1 DF")[...], vr: .pn)
        #expect(korean.values == ["김희중"])
        #expect(korean.repair?.reason == .missingEscapeSequence)
        let gb = sets("", "ISO 2022 IR 58").decode(TextFixtures.hex("D5 C5 5E D0 A1 B6 AB")[...], vr: .pn)
        #expect(gb.values == ["张^小东"])
        #expect(gb.repair?.reason == .missingEscapeSequence)
    }

    /// Western text stays what it is, above all where two accented letters stand together or a pair would be a hanzi.
    static let western = [
        "Müller", "Buc^Jérôme", "Äneas^Rüdiger", "Größe", "Größenänderung", "créée", "Noëé", "Ångström", "Señor^Peña",
        "Þórður^Ægir", "ÄÖÜ", "äöüß", "ÄÖÜß", "Ÿéà", "Straße", "30° ±5", "¿Qué?", "«été»", "Crème brûlée", "CAFÉ»", "Lefèvre^Zoé",
        "µ-CT 5 µm²", "Joël^Naïs", "FRANÇOIS^ZOÉ", "Ö^Å", "É", "Øåø", "100 µg/m³", "½ ¼ ¾", "§§ 5", "Ü±°", "AÇÃO^JOÃO",
    ]

    @Test(arguments: western) func `PACS-4.2.3-b western text is left alone`(_ text: String) {
        let set = sets("ISO_IR 100")
        let known = text.filter { set.canEncode(String($0)) }
        let bytes = set.encodeValues([known], vr: .lt)[...]
        let decoded = set.decode(bytes, vr: .lt)
        #expect(decoded.values == [known])
        #expect(decoded.repair == nil)
        let undeclared = SpecificCharacterSet.default.decode(bytes, vr: .lt)
        #expect(undeclared.values == [known])
        #expect(undeclared.repair?.used == "ISO_IR 100")
    }

    @Test func `western letters declared as UTF-8 are read, a character cut short is not guessed at`() {
        let decoded = SpecificCharacterSet.utf8.decode([0x4D, 0xFC, 0x6C, 0x6C, 0x65, 0x72], vr: .pn)
        #expect(decoded.values == ["Müller"])
        #expect(decoded.repair?.reason == .isLatin1)
        let cut = SpecificCharacterSet.utf8.decode(Array("胸部平扫".utf8).dropLast(), vr: .lo)
        #expect(cut.values.first?.hasPrefix("胸部平") == true)
        #expect(cut.repair == nil && cut.hasReplacements)
    }

    @Test func `cyrillic, greek, arabic, hebrew and thai as declared are left alone`() {
        let texts: [(Int, String)] = [
            (144, "Иванов^Пётр"), (126, "Διονυσιος"), (127, "قباني^لنزار"), (138, "שרון^דבורה"), (166, "สมชาย ใจดี"), (101, "Łódź Żółć"),
            (148, "Şükrü Çağ"), (110, "Rīga Šķūnis"), (203, "Œuvre €"), (109, "Ħaġar Ċensa"),
        ]
        for (number, text) in texts {
            let set = sets("ISO_IR \(number)")
            #expect(set.canEncode(text), "\(number)")
            let decoded = set.decode(set.encodeValues([text], vr: .lt)[...], vr: .lt)
            #expect(decoded.values == [text] && decoded.repair == nil, "\(number)")
        }
    }

    @Test func `a note names character sets and nothing else`() throws {
        let decoded = sets("ISO_IR 100").decode(gb("张三丰"), vr: .pn)
        let note = try #require(decoded.repair?.note)
        #expect(note == "Specific Character Set (0008,0005) declares ISO_IR 100; text was read as GB18030")
    }
}

@Suite struct `Malformed text` {
    static let termLists: [[String]] = [
        [], ["ISO_IR 192"], ["GB18030"], ["GBK"], ["", "ISO 2022 IR 87", "ISO 2022 IR 159"], ["", "ISO 2022 IR 149"],
        ["ISO_IR 13"], ["ISO_IR 100"], ["", "ISO 2022 IR 58"], ["ISO_IR 138"],
    ]

    @Test(arguments: termLists) func `every two bytes, and escape with any two, are read without harm`(_ terms: [String]) {
        let set = SpecificCharacterSet(definedTerms: terms)
        for first in UInt8.min...UInt8.max {
            for second in stride(from: UInt8.min, to: UInt8.max, by: 3) {
                for bytes in [[first, second], [0x1B, 0x24, first, second], [0x81, first, 0x81, second]] {
                    #expect(!set.decodeValues(bytes[...], vr: .pn).isEmpty)
                }
            }
        }
    }

    @Test func `random bytes never trap and what was read can be written`() {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
        for terms in Self.termLists {
            let set = SpecificCharacterSet(definedTerms: terms)
            for _ in 0..<2000 {
                let bytes = (0..<Int(next() % 40)).map { _ in next() % 6 == 0 ? 0x1B : UInt8(truncatingIfNeeded: next()) }
                let values = set.decodeValues(bytes[...], vr: .pn)
                _ = set.encodeValues(values, vr: .pn)
                _ = values.map { PersonName(parsing: $0).formatted }
            }
        }
    }

    @Test func `bytes without meaning become U+FFFD`() {
        #expect(SpecificCharacterSet.utf8.decodeValues([0x41, 0x80, 0x42], vr: .lo) == ["A\u{FFFD}B"])
        #expect(SpecificCharacterSet.gb18030.decodeValues([0x41, 0xFF, 0x42], vr: .lo) == ["A\u{FFFD}B"])
        #expect(sets("", "ISO 2022 IR 87").decodeValues(TextFixtures.hex("1B 24 42 3B")[...], vr: .lo) == ["\u{FFFD}"])
    }
}
