import Archive
import DICOMCore
import Foundation
import PersistenceSQLite
import Testing

private typealias Tag = DICOMCore.Tag

/// Each kind of matching at each level, through the whole way from key to row.
@Suite struct `PS3.4 §C.2.2.2 attribute matching` {
    private let fixture: TemporaryIndex
    private var index: SQLiteIndex { fixture.index }
    private var maker = ObjectMaker()

    init() throws { fixture = try TemporaryIndex() }

    /// One study of one instance for each line; the study's UID is `1.2.` and the line's number from 1.
    private mutating func fill(_ lines: [Attributes], characterSet: String = "ISO_IR 192") throws {
        let entries = lines.enumerated().map { number, attributes in
            maker.entry(
                [(.patientID, "P\(number + 1)")] + attributes, study: "1.2.\(number + 1)", series: "1.2.\(number + 1).1",
                characterSet: characterSet)
        }
        _ = try index.register(entries)
    }

    private func studies(_ keys: Attributes, _ options: MatchingOptions = MatchingOptions(relational: true)) throws -> [Int] {
        try index.uids(keys, options: options).compactMap { Int($0.dropFirst(4)) }.sorted()
    }

    @Test mutating func `§C.2.2.2.1 single values match exactly and in their case, spaces at the ends aside`() throws {
        try fill([[(.accessionNumber, "Ab1")], [(.accessionNumber, "AB1")], [(.accessionNumber, " AB1 ")], [(.accessionNumber, "AB10")]])
        #expect(try studies([(.accessionNumber, "AB1")]) == [2, 3])
        #expect(try studies([(.accessionNumber, "Ab1")]) == [1])
        #expect(try studies([(.accessionNumber, "AB")]) == [])
    }

    @Test mutating func `§C.2.2.2.1 numbers match whatever their spelling`() throws {
        _ = try index.register([
            maker.entry([(.seriesNumber, "007"), (.instanceNumber, "+3"), (.rows, "512")]),
            maker.entry([(.seriesNumber, "8"), (.instanceNumber, "4"), (.rows, "256")], series: "1.2.1.2"),
        ])
        #expect(try index.all(.series, [(.seriesNumber, "7")]).count == 1)
        #expect(try index.all(.instance, [(.instanceNumber, "03")]).count == 1)
        #expect(try index.all(.instance, [(.rows, "256")]).map { $0.int(.instanceNumber) } == [4])
        try fill([[], [(.patientWeight, "70.50")], [(.patientWeight, "7.05e1")]])
        #expect(try studies([(.patientWeight, "70.5")]) == [2, 3])
    }

    @Test mutating func `§C.2.2.2.2 a list of UIDs matches any of them at every level`() throws {
        try fill([[], [], []])
        #expect(try studies([(.studyInstanceUID, "1.2.1\\1.2.3\\1.9")]) == [1, 3])
        #expect(try index.all(.series, [(.seriesInstanceUID, "1.2.1.1\\1.2.2.1")]).count == 2)
        #expect(try index.all(.instance, [(.sopInstanceUID, "1.2.9.1\\1.2.9.3")]).count == 2)
        #expect(try index.all(.instance, [(.sopClassUID, "1.2.840.10008.5.1.4.1.1.2\\1.9")]).count == 3)
        #expect(try studies([(.sopClassesInStudy, "1.2.840.10008.5.1.4.1.1.2")]) == [1, 2, 3])
        #expect(try studies([(.sopClassesInStudy, "1.2.840")]) == [])
    }

    @Test mutating func `§C.2.2.2.3 universal keys match empty values too`() throws {
        try fill([[], [(.accessionNumber, "A")]])
        #expect(try studies([(.accessionNumber, "*")]) == [1, 2])
        #expect(try studies([]) == [1, 2])
    }

    @Test mutating func `§C.2.2.2.4 wild cards in text, brackets and percent signs being ordinary`() throws {
        try fill([
            [(.studyDescription, "CT Head")], [(.studyDescription, "CT head")], [(.studyDescription, "CT [Head]")],
            [(.studyDescription, "100%_Head'")], [],
        ])
        #expect(try studies([(.studyDescription, "CT*")]) == [1, 2, 3])
        #expect(try studies([(.studyDescription, "*Head")]) == [1])
        #expect(try studies([(.studyDescription, "CT ?ead")]) == [1, 2])
        #expect(try studies([(.studyDescription, "CT [*")]) == [3])
        #expect(try studies([(.studyDescription, "*[H]*")]) == [])
        #expect(try studies([(.studyDescription, "*%_*'")]) == [4])
        #expect(try studies([(.studyDescription, "?*")]) == [1, 2, 3, 4])
    }

    @Test mutating func `§C.2.2.2.4 wild cards in multi-valued and repetitive attributes match value by value`() throws {
        _ = try index.register([
            maker.entry([(.imageType, "ORIGINAL\\PRIMARY\\AXIAL"), (.otherPatientIDs, "X1\\Y2")]),
            maker.entry([(.imageType, "DERIVED\\SECONDARY")]),
        ])
        #expect(try index.all(.instance, [(.imageType, "PRIM*")]).count == 1)
        #expect(try index.all(.instance, [(.imageType, "ORIG*AXIAL")]).isEmpty)
        #expect(try index.all(.instance, [(.imageType, "*A*")]).count == 2)
        #expect(try index.all(.patient, [(.otherPatientIDs, "Y?")]).count == 1)
        #expect(try index.all(.patient, [(.otherPatientIDs, "X*2")]).isEmpty)
    }

    @Test mutating func `PACS-4.2.3-f names match without regard to case, width and component group`() throws {
        try fill([
            [(.patientName, "Zhang^San=张^三=チャン^サン")], [(.patientName, "张三")], [(.patientName, "ＺＨＡＮＧ^Ｓａｎ")],
            [(.patientName, "ZHANG^SANFENG=张^三丰")], [(.patientName, "O'Brien^X")],
        ])
        #expect(try studies([(.patientName, "zhang^san")]) == [1, 3])
        #expect(try studies([(.patientName, "张^三")]) == [1, 2])
        #expect(try studies([(.patientName, "张三")]) == [1, 2])
        #expect(try studies([(.patientName, "张*")]) == [1, 2, 4])
        #expect(try studies([(.patientName, "*三")]) == [1, 2])
        #expect(try studies([(.patientName, "张?")]) == [1, 2])
        #expect(try studies([(.patientName, "*三*")]) == [1, 2, 4])
        #expect(try studies([(.patientName, "チャン*")]) == [1])
        #expect(try studies([(.patientName, "ZHANG^*")]) == [1, 3, 4])
        #expect(try studies([(.patientName, "*sanf*")]) == [4])
        #expect(try studies([(.patientName, "=张*")]) == [1, 4])
        #expect(try studies([(.patientName, "zhang*=张*=")]) == [1, 4])
        #expect(try studies([(.patientName, "=zhang*")]) == [])
        #expect(try studies([(.patientName, "o'b*")]) == [5])
        #expect(try index.all(.patient, [(.patientName, "张三")]).count == 2)
        #expect(try index.all(.series, [(.patientName, "张三")]).count == 2)
        #expect(try index.all(.instance, [(.patientName, "张三")]).count == 2)
    }

    @Test mutating func `a caret asterisk matches the bare family name as well`() throws {
        try fill([[(.patientName, "SMITH")], [(.patientName, "SMITH^JOHN")], [(.patientName, "SMITHERS^A")]])
        #expect(try studies([(.patientName, "SMITH^*")]) == [1, 2])
        #expect(try studies([(.patientName, "SMITH*")]) == [1, 2, 3])
        #expect(try studies([(.patientName, "SMITH^^^")]) == [1])
    }

    @Test mutating func `PACS-4.2.3-f four-byte GB18030 names are found`() throws {
        try fill([[(.patientName, "𠮷^㐀")], [(.patientName, "𪚥*?龘")], [(.patientName, "吉^丘")]], characterSet: "GB18030")
        #expect(try studies([(.patientName, "𠮷*")]) == [1])
        #expect(try studies([(.patientName, "*㐀")]) == [1])
        #expect(try studies([(.patientName, "?㐀")]) == [1])
        #expect(try studies([(.patientName, "𠮷㐀")]) == [1])
        #expect(try studies([(.patientName, "𪚥*")]) == [2])
        #expect(try index.all(.study, [(.patientName, "𠮷*")]).first?.string(.patientName) == "𠮷^㐀")
    }

    @Test mutating func `fuzzy keys match beginnings of words in any order, accents aside`() throws {
        try fill([
            [(.patientName, "Müller-Lüdenscheidt^Jérôme")], [(.patientName, "MULLER^ANNA")], [(.patientName, "Wang^Li=王^丽")],
        ])
        let fuzzy = MatchingOptions(relational: true, fuzzyNames: true)
        #expect(try studies([(.patientName, "jer mull")], fuzzy) == [1])
        #expect(try studies([(.patientName, "mul")], fuzzy) == [1, 2])
        #expect(try studies([(.patientName, "lüd")], fuzzy) == [1])
        #expect(try studies([(.patientName, "王丽")], fuzzy) == [3])
        #expect(try studies([(.patientName, "丽^王")], fuzzy) == [3])
        #expect(try studies([(.patientName, "uller")], fuzzy) == [])
    }

    @Test mutating func `§C.2.2.2.5 ranges of dates and times, either end open`() throws {
        try fill([
            [(.studyDate, "20240101"), (.studyTime, "0930")], [(.studyDate, "20240102"), (.studyTime, "103000.5")],
            [(.studyDate, "20240110"), (.studyTime, "11")], [],
        ])
        #expect(try studies([(.studyDate, "20240101-20240102")]) == [1, 2])
        #expect(try studies([(.studyDate, "20240102-")]) == [2, 3])
        #expect(try studies([(.studyDate, "-20240102")]) == [1, 2])
        #expect(try studies([(.studyDate, "20240102")]) == [2])
        #expect(try studies([(.studyTime, "1030-")]) == [2, 3])
        #expect(try studies([(.studyTime, "-103000")]) == [1, 2])
        #expect(try studies([(.studyTime, "1030")]) == [2])
        #expect(try studies([(.studyTime, "110000-120000")]) == [3])
        #expect(try studies([(.studyDate, "20240110-20240101")]) == [])
    }

    @Test mutating func `§C.2.2.2.5.4 combined, date and time bound one moment`() throws {
        try fill([
            [(.studyDate, "20240101"), (.studyTime, "0800")], [(.studyDate, "20240101"), (.studyTime, "1800")],
            [(.studyDate, "20240102"), (.studyTime, "0700")], [(.studyDate, "20240102"), (.studyTime, "2200")],
            [(.studyDate, "20240101")],
        ])
        let keys: Attributes = [(.studyDate, "20240101-20240102"), (.studyTime, "1200-0900")]
        #expect(try studies(keys, MatchingOptions(relational: true, combinedDateTime: true)) == [2, 3])
        #expect(try studies(keys) == [])
        let open: Attributes = [(.studyDate, "20240101-"), (.studyTime, "1200-")]
        #expect(try studies(open, MatchingOptions(relational: true, combinedDateTime: true)) == [2, 3, 4])
    }

    @Test mutating func `§C.2.2.2.5.3 moments match in UTC`() throws {
        _ = try index.register([
            maker.entry([(.acquisitionDateTime, "20240101003000+0800")]),
            maker.entry([(.acquisitionDateTime, "20240101003000"), (.timezoneOffsetFromUTC, "-0500")]),
            maker.entry([(.acquisitionDateTime, "garbage")]),
        ])
        #expect(try index.all(.instance, [(.acquisitionDateTime, "20231231")]).count == 1)
        #expect(try index.all(.instance, [(.acquisitionDateTime, "20240101053000-")]).count == 1)
        #expect(try index.all(.instance, [(.acquisitionDateTime, "20231231163000-20240101053000+0000")]).count == 2)
        let first = try #require(try index.all(.instance, []).first)
        #expect(first.string(.acquisitionDateTime) == "20240101003000+0800")
    }

    @Test mutating func `§C.2.2.2.6 sequence keys match within one item`() throws {
        let requests: [Attributes] = [
            [(.requestedProcedureID, "R1"), (.scheduledProcedureStepID, "S1")],
            [(.requestedProcedureID, "R2"), (.scheduledProcedureStepID, "S2")],
        ]
        _ = try index.register([
            maker.entry([], items: [(.requestAttributesSequence, requests)]),
            maker.entry([], series: "1.2.1.2"),
        ])
        func series(_ request: String, _ step: String) throws -> Int {
            let sequence = try #require(IndexedAttribute.named(.requestAttributesSequence))
            var inner: [Match] = []
            for (tag, key) in [(Tag.requestedProcedureID, request), (.scheduledProcedureStepID, step)] {
                let leaf = try #require(sequence.item(tag))
                if let match = try Match.reading(leaf, values: [key], options: MatchingOptions()) { inner.append(match) }
            }
            return try index.find(ArchiveQuery(level: .series, matches: [Match(sequence, .item(inner))])).rows.count
        }
        #expect(try series("R1", "S1") == 1)
        #expect(try series("R1", "S2") == 0)
        #expect(try series("R*", "") == 1)
        let row = try #require(try index.all(.series, [(.seriesInstanceUID, "1.2.1.1")]).first)
        #expect(row.items[.requestAttributesSequence]?.map { $0[.requestedProcedureID] } == [["R1"], ["R2"]])
        let without = try index.find(ArchiveQuery(
            level: .series, matches: [Match(try #require(IndexedAttribute.named(.requestAttributesSequence)), .empty)]))
        #expect(without.rows.map { $0.string(.seriesInstanceUID) } == ["1.2.1.2"])
    }

    @Test mutating func `sequences of patients are matched from studies too`() throws {
        _ = try index.register([
            maker.entry([(.patientID, "P")], items: [(.otherPatientIDsSequence, [[(.patientID, "OLD"), (.issuerOfPatientID, "H")]])])
        ])
        let sequence = try #require(IndexedAttribute.named(.otherPatientIDsSequence))
        let leaf = try #require(sequence.item(.patientID))
        let match = Match(sequence, .item([Match(leaf, .equals("OLD"))]))
        for level in QueryLevel.allCases {
            let rows = try index.find(ArchiveQuery(level: level, matches: [match])).rows
            #expect(rows.count == 1)
            #expect(rows.first?.items[.otherPatientIDsSequence]?.first?[.patientID] == ["OLD"])
        }
    }

    @Test mutating func `§C.2.2.2.7 empty value matching finds what has no value`() throws {
        try fill([[(.accessionNumber, "A"), (.studyDate, "20240101")], [], [(.studyDate, "notadate")]])
        #expect(try studies([(.accessionNumber, "\"\"")]) == [2, 3])
        #expect(try studies([(.studyDate, "\"\"")]) == [2, 3])
        #expect(try studies([(.patientName, "\"\"")]) == [1, 2, 3])
        #expect(try studies([(.modalitiesInStudy, "\"\"")]) == [1, 2, 3])
    }

    @Test mutating func `§C.2.2.2.8 several values match any`() throws {
        try fill([[(.modality, "CT"), (.studyID, "1")], [(.modality, "MR"), (.studyID, "2")], [(.modality, "US"), (.studyID, "3")]])
        #expect(try studies([(.modalitiesInStudy, "CT\\U*")]) == [1, 3])
        #expect(try studies([(.studyID, "1\\2")]) == [1, 2])
        #expect(try studies([(.modality, "MR")]) == [2])
    }

    @Test mutating func `Modalities in Study matches studies with at least one such series`() throws {
        _ = try index.register([
            maker.entry([(.modality, "CT")], series: "1.2.1.1"), maker.entry([(.modality, "PT")], series: "1.2.1.2"),
            maker.entry([(.modality, "MR")], study: "1.2.2", series: "1.2.2.1"),
        ])
        #expect(try studies([(.modalitiesInStudy, "PT")]) == [1])
        #expect(try studies([(.modalitiesInStudy, "P")]) == [])
        #expect(try index.all(.series, [(.modalitiesInStudy, "PT")]).count == 2)
    }

    @Test mutating func `keys of lower levels must hold for one and the same series and instance`() throws {
        _ = try index.register([
            maker.entry([(.modality, "CT"), (.bodyPartExamined, "HEAD")], series: "1.2.1.1"),
            maker.entry([(.modality, "MR"), (.bodyPartExamined, "CHEST"), (.instanceNumber, "5")], series: "1.2.1.2"),
        ])
        #expect(try studies([(.modality, "CT"), (.bodyPartExamined, "HEAD")]) == [1])
        #expect(try studies([(.modality, "CT"), (.bodyPartExamined, "CHEST")]) == [])
        #expect(try studies([(.modality, "CT"), (.instanceNumber, "5")]) == [])
        #expect(try index.all(.patient, [(.modality, "MR"), (.instanceNumber, "5")]).count == 1)
    }

    @Test mutating func `as many keys, values and wild cards as are accepted can be answered`() throws {
        try fill([[(.studyDescription, String(repeating: "a", count: 4000) + "b")]])
        let stars = String(repeating: "*a", count: 500) + "*c"
        #expect(try studies([(.studyDescription, stars)]) == [])
        let many = Attributes(repeating: (.studyDescription, "a*b"), count: 500)
        #expect(try studies(many) == [1])
        let values = (0..<Match.alternativeLimit).map { "x\($0)*" }.joined(separator: "\\")
        #expect(try studies([(.studyDescription, values)]) == [])
        let uids = (0..<Match.valueLimit).map { "1.2.\($0)" }.joined(separator: "\\")
        #expect(try studies([(.studyInstanceUID, uids)]) == [1])
    }

    @Test mutating func `restrictions hide what a principal may not see, in rows and counts`() throws {
        try fill([[(.modality, "CT")], [(.modality, "MR")], [(.modality, "US")]])
        let modality = try #require(IndexedAttribute.named(.modality))
        let patient = try #require(IndexedAttribute.named(.patientID))
        var query = ArchiveQuery(level: .study)
        query.restriction = QueryRestriction(anyOf: [[Match(modality, .equals("CT"))], [Match(patient, .equals("P3"))]])
        #expect(try index.find(query).rows.count == 2)
        #expect(try index.count(query) == 2)
        query.restriction = QueryRestriction(anyOf: [])
        #expect(try index.find(query).rows.isEmpty && index.count(query) == 0)
        query.restriction = QueryRestriction(anyOf: [[]])
        #expect(try index.count(query) == 3)
    }

    @Test(arguments: [5000, 0])
    func `PACS-4.2.3-f free text finds every word in names, numbers and descriptions, folded`(manyStudies: Int) throws {
        let fixture = try TemporaryIndex(manyStudies: manyStudies)
        let index = fixture.index
        var maker = ObjectMaker()
        let lines: [Attributes] = [
            [(.patientName, "Zhang^San=张^三"), (.studyDescription, "胸部 CT"), (.accessionNumber, "ACC-77")],
            [(.patientName, "Müller^Jérôme"), (.studyDescription, "100% [Head]*")], [(.patientName, "李四")],
        ]
        _ = try index.register(
            lines.enumerated().map { number, line in
                maker.entry([(.patientID, "P\(number + 1)")] + line, study: "1.2.\(number)", series: "1.2.\(number).1")
            })
        func found(_ text: String, _ level: QueryLevel = .study) throws -> [String] {
            var query = ArchiveQuery(level: level)
            query.text = text
            return try index.find(query).rows.compactMap { $0.string(.patientID) }.sorted()
        }
        #expect(try found("张三") == ["P1"])
        #expect(try found("三") == ["P1"])
        #expect(try found("ｚｈａｎｇ 胸") == ["P1"])
        #expect(try found("acc-77") == ["P1"])
        #expect(try found("muller jerome") == ["P2"])
        #expect(try found("[head]*") == ["P2"])
        #expect(try found("%") == ["P2"])
        #expect(try found("zhang^san") == ["P1"])
        #expect(try found("p") == ["P1", "P2", "P3"])
        #expect(try found("李四", .patient) == ["P3"])
        #expect(try found("zhang 李四") == [])
        #expect(try found("  ") == ["P1", "P2", "P3"])
    }
}
