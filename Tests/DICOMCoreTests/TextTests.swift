@testable import DICOMCore
import Foundation
import Testing

@Suite struct `PS3.5 §6.2.1 person name` {
    @Test func `three groups of five components are read and written`() {
        let name = PersonName(parsing: "Adams^John Robert Quincy^^Rev.^B.A. M.Div.=山田^太郎=やまだ^たろう")
        #expect(name.alphabetic.components == ["Adams", "John Robert Quincy", "", "Rev.", "B.A. M.Div."])
        #expect(name.ideographic.familyName == "山田" && name.phonetic.givenName == "たろう")
        #expect(name.formatted == "Adams^John Robert Quincy^^Rev.^B.A. M.Div.=山田^太郎=やまだ^たろう")
    }

    @Test func `trailing delimiters carry nothing`() {
        #expect(PersonName(parsing: "Wang^XiaoDong^^^=王^小东=").formatted == "Wang^XiaoDong=王^小东")
        #expect(PersonName(parsing: "=王^小东").formatted == "=王^小东")
        #expect(PersonName(parsing: "^^^^==").isEmpty)
        #expect(PersonName(parsing: "a^b^c^d^e^f").alphabetic.suffix == "e^f")
    }
}

@Suite struct `Search keys of text` {
    @Test func `case, width and white space make no difference`() {
        let same: [(String, String)] = [
            ("WANG^XiaoDong", "wang^xiaodong"), ("ＷＡＮＧ", "wang"), ("ｱｲｳ", "アイウ"), ("ﾔﾏﾀﾞ", "ヤマダ"), ("  a \t b ", "A B"),
            ("Straße", "STRASSE"), ("Σίσυφος", "ΣΊΣΥΦΟΣ"), ("①", "1"), ("张\u{3000}三", "张 三"), ("Je\u{301}ro\u{302}me", "jérôme"),
            ("ﬁbrosis", "FIBROSIS"), ("㎜", "mm"),
        ]
        for (one, other) in same { #expect(TextFolding.fold(one) == TextFolding.fold(other), "\(one)") }
    }

    @Test func `different letters stay different`() {
        let different: [(String, String)] = [
            ("张", "張"), ("国", "國"), ("やまだ", "ヤマダ"), ("Muller", "Müller"), ("が", "か"), ("은", "인"),
        ]
        for (one, other) in different { #expect(TextFolding.fold(one) != TextFolding.fold(other), "\(one)") }
    }

    @Test func `the second key ignores accents of western letters only`() {
        #expect(TextFolding.foldDiacritics("Buc^Jérôme") == "buc^jerome")
        #expect(TextFolding.foldDiacritics("ŁÓDŹ Øre Ærø") == "lodz ore aero")
        #expect(TextFolding.foldDiacritics("Ё") == TextFolding.foldDiacritics("е"))
        #expect(TextFolding.foldDiacritics("が") != TextFolding.foldDiacritics("か"))
        #expect(TextFolding.foldDiacritics("김") == TextFolding.fold("김"))
    }

    @Test func `PACS-4.2.3-f folding twice changes nothing, for every character`() {
        var changed: [UInt32] = []
        for value in UInt32(1)...0x323AF {
            // Ideographs and syllables fold to themselves block by block; every 37th of them will do.
            let isUniform = (0x3400...0xD7A3).contains(value) || value >= 0x20000
            guard !isUniform || value % 37 == 0, let scalar = Unicode.Scalar(value) else { continue }
            let once = TextFolding.fold("a\(Character(scalar))b")
            if TextFolding.fold(once).unicodeScalars.map({ $0 }) != once.unicodeScalars.map({ $0 }) { changed.append(value) }
        }
        #expect(changed == [])
    }

    /// Found by timing the text fuzzer's inputs: 30 KB of two marks in turns took seconds, 120 KB minutes.
    @Test func `marks without end neither hang the key nor the writing`() {
        let marks = String(repeating: "\u{301}\u{316}", count: 100_000)
        let folded = TextFolding.fold("A" + marks + "B")
        #expect(folded.unicodeScalars.count <= TextFolding.maximumMarks + 2)
        #expect(TextFolding.fold(folded) == folded)
        #expect(TextFolding.foldDiacritics("A" + marks + "B") == "ab")
        #expect(SpecificCharacterSet(definedTerms: ["ISO_IR 100"]).encodeValues(["e" + marks], vr: .lo).first == 0xE9)
    }
}

@Suite struct `PS3.5 §6.1.2.5 text in another character set` {
    @Test func `PACS-4.2.3-b all text is converted, items included, and the set declared`() {
        var item = DataSet(inheritedCharacterSet: SpecificCharacterSet(definedTerms: ["ISO_IR 100"]))
        item.set(.codeMeaning, .lo, "Schädel")
        var own = DataSet()
        own[.specificCharacterSet] = DataElement(.specificCharacterSet, .cs, bytes: Array("GB18030 ".utf8)[...])
        own.set(.codeMeaning, .lo, "张三")
        var dataSet = DataSet()
        dataSet[.specificCharacterSet] = DataElement(.specificCharacterSet, .cs, bytes: Array("ISO_IR 100".utf8)[...])
        dataSet.set(.patientName, .pn, "Buc^Jérôme")
        dataSet.set(.modality, .cs, "CT")
        dataSet.set(.procedureCodeSequence, items: [item, own])
        dataSet.convertText(to: .utf8)
        #expect(dataSet.string(.specificCharacterSet) == "ISO_IR 192")
        #expect(dataSet.bytes(.patientName).map { Array($0) } == Array("Buc^Jérôme".utf8))
        let items = dataSet.items(.procedureCodeSequence)
        #expect(items.map { $0.string(.codeMeaning) } == ["Schädel", "张三"])
        #expect(items.allSatisfy { $0[.specificCharacterSet] == nil && $0.characterSet == .utf8 })
        dataSet.convertText(to: .default)
        #expect(dataSet[.specificCharacterSet] == nil && dataSet.string(.patientName) == "Buc^J?r?me")
    }
}

/// The standard's example files against what two other implementations read. Skipped without the shared sample data.
@Suite(.enabled(if: TextFixtures.isAvailable)) struct `Character set sample files` {
    struct Row: Sendable { let path: String, terms: [String], expected: String }

    static func rows() throws -> [Row] {
        let table = String(decoding: try TextFixtures.bytes("reference/charset_names.csv"), as: UTF8.self)
        return table.split(whereSeparator: \.isNewline).dropFirst().map { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            let terms = fields[1].split(separator: "\\", omittingEmptySubsequences: false).map(String.init)
            // Where the two disagree the second is right: the first leaves escape sequences in one name.
            return Row(path: fields[0], terms: terms, expected: fields[2].contains("$)A") ? fields[3] : fields[2])
        }
    }

    @Test func `PACS-4.2.3-b names read as both references read them`() throws {
        let rows = try Self.rows()
        #expect(rows.count >= 16)
        for row in rows {
            let file = try TextFixtures.bytes(row.path)
            let value = try #require(TextFixtures.shortValue(0x0010, 0x0010, "PN", in: file), "\(row.path)")
            let decoded = SpecificCharacterSet(definedTerms: row.terms).decode(value, vr: .pn)
            #expect(decoded.values.count == 1 && decoded.repair == nil, "\(row.path)")
            #expect(PersonName(parsing: decoded.values[0]).formatted == row.expected, "\(row.path)")
        }
    }

    @Test func `names are written back as they came`() throws {
        // Korean text that returns to ASCII at the end is legal, but not what a writer does.
        for row in try Self.rows() where !row.path.contains("KoreanMulti") {
            let file = try TextFixtures.bytes(row.path)
            let value = try #require(TextFixtures.shortValue(0x0010, 0x0010, "PN", in: file))
            let set = SpecificCharacterSet(definedTerms: row.terms)
            var bytes = set.encodeValues(set.decodeValues(value, vr: .pn), vr: .pn)
            if bytes.count % 2 == 1 { bytes.append(0x20) }
            #expect(bytes == Array(value), "\(row.path)")
        }
    }
}
