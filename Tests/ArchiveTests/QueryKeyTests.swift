import Archive
import DICOMCore
import Testing

private typealias Tag = DICOMCore.Tag

@Suite struct `Attribute table of the index` {
    @Test func `every attribute has the VR and keyword of PS3.6`() {
        for attribute in IndexedAttribute.all + IndexedAttribute.all.flatMap({ $0.items }) where !attribute.tag.isPrivate {
            let entry = DataDictionary.entry(for: attribute.tag)
            #expect(entry?.keyword == attribute.keyword, "\(attribute.tag)")
            #expect(entry?.vrs.contains(attribute.vr) == true, "\(attribute.tag)")
        }
    }

    @Test func `every tag stands once`() {
        #expect(Set(IndexedAttribute.all.map { $0.tag }).count == IndexedAttribute.all.count)
    }

    @Test func `PACS-4.2.5-1 the unique and required keys of PS3.4 Tables C.6-1 to C.6-5 are there`() {
        let required: [(Tag, QueryLevel)] = [
            (.patientName, .patient), (.patientID, .patient), (.studyDate, .study), (.studyTime, .study),
            (.accessionNumber, .study), (.studyID, .study), (.studyInstanceUID, .study), (.modality, .series),
            (.seriesNumber, .series), (.seriesInstanceUID, .series), (.instanceNumber, .instance),
            (.sopInstanceUID, .instance),
        ]
        for (tag, level) in required {
            #expect(IndexedAttribute.named(tag)?.level == level)
            #expect(IndexedAttribute.named(tag)?.keyType != .optional)
        }
    }

    @Test func `dates know the time of the same event`() {
        #expect(IndexedAttribute.named(.studyDate)?.companionTime?.tag == .studyTime)
        #expect(
            IndexedAttribute.named(.performedProcedureStepStartDate)?.companionTime?.tag == .performedProcedureStepStartTime)
        #expect(IndexedAttribute.named(.studyTime)?.companionTime == nil)
    }
}

@Suite struct `PS3.5 §6.2 dates and times as keys` {
    @Test(arguments: ["20240229", "2024.02.29", "2024-02-29"])
    func `a day is read in the current and the ACR-NEMA form`(text: String) {
        #expect(TemporalKey.date(text) == "20240229")
    }

    @Test(arguments: ["20230229", "20241301", "20240100", "2024010", "202401011", "", "2024/01/01", "abcdefgh", "２０２４0101"])
    func `what is no day is refused`(text: String) { #expect(TemporalKey.date(text) == nil) }

    @Test(arguments: ["10", "1030", "103015", "103015.5", "103015.123456", "235960"])
    func `times of every precision are read`(text: String) { #expect(TemporalKey.time(text) == text) }

    @Test(arguments: ["1", "24", "1060", "103061", "103015.", "103015.1234567", "1030.5", "", "ab", "-1"])
    func `what is no time is refused`(text: String) { #expect(TemporalKey.time(text) == nil) }

    @Test func `bounds of a time compare as text with times of any precision`() {
        let stored = ["10", "1000", "100000", "100000.0", "100000.000000"]
        for text in stored {
            #expect(text >= TemporalKey.lowerBound(time: "100000.000000"))
            #expect(text <= TemporalKey.upperBound(time: "10"))
        }
        #expect("0959" < TemporalKey.lowerBound(time: "1000"))
        #expect("103059.999" <= TemporalKey.upperBound(time: "1030"))
        #expect("1031" > TemporalKey.upperBound(time: "1030"))
    }

    @Test func `a DT is taken to UTC by its own offset, else by the one in force`() throws {
        let own = try #require(TemporalKey.moments("20240101003000.5+0800", offset: "-0500"))
        #expect(own.first == "20231231163000.500000")
        let inherited = try #require(TemporalKey.moments("20240301003000", offset: "+0100"))
        #expect(inherited.first == "20240229233000.000000")
        let month = try #require(TemporalKey.moments("202402", offset: nil))
        #expect(month.first == "20240201000000.000000" && month.last == "20240229235959.999999")
        #expect(TemporalKey.moments("2024-2025", offset: nil) == nil)
        #expect(TemporalKey.moments("00000101000000+0800", offset: nil) == nil)
    }
}

@Suite struct `PS3.4 §C.2.2.2 reading keys` {
    private func read(_ tag: Tag, _ values: [String], _ options: MatchingOptions = MatchingOptions()) throws -> MatchCondition? {
        let attribute = try #require(IndexedAttribute.named(tag))
        return try Match.reading(attribute, values: values, options: options)?.condition
    }

    @Test func `§C.2.2.2.3 empty keys and a lone asterisk match everything`() throws {
        #expect(try read(.patientID, []) == nil)
        #expect(try read(.patientID, [""]) == nil)
        #expect(try read(.patientID, ["*"]) == nil)
        #expect(try read(.patientID, ["**"]) == nil)
        #expect(try read(.patientName, ["*^*"]) == nil)
        #expect(try read(.patientName, ["*=*=*"]) == nil)
        #expect(try read(.studyDate, ["-"]) == nil)
    }

    @Test func `§C.2.2.2.5 ranges of dates, open at either end`() throws {
        #expect(try read(.studyDate, ["20240101-20240131"]) == .range(from: "20240101", through: "20240131"))
        #expect(try read(.studyDate, ["20240101 - 20240131"]) == .range(from: "20240101", through: "20240131"))
        #expect(try read(.studyDate, ["-20240131"]) == .range(from: nil, through: "20240131"))
        #expect(try read(.studyDate, ["20240101-"]) == .range(from: "20240101", through: nil))
        #expect(try read(.studyDate, ["20240101"]) == .range(from: "20240101", through: "20240101"))
        #expect(try read(.studyTime, ["1030-11"]) == .range(from: "1030", through: "115959.999999"))
    }

    @Test func `§C.2.2.2.5.3 a hyphen in a DT range may be a sign`() throws {
        let range = try read(.acquisitionDateTime, ["20240101000000-0500-20240102000000-0500"])
        #expect(range == .range(from: "20240101050000.000000", through: "20240102050000.999999"))
        let open = try read(.acquisitionDateTime, ["20240101000000-0500-"])
        #expect(open == .range(from: "20240101050000.000000", through: nil))
        let years = try read(.acquisitionDateTime, ["2019-2020"])
        #expect(years == .range(from: "20190101000000.000000", through: "20201231235959.999999"))
    }

    @Test func `a malformed key is refused with its tag and without its value`() throws {
        for (tag, value) in [
            (Tag.studyDate, "SECRET"), (.studyTime, "25"), (.seriesNumber, "x"), (.studyInstanceUID, "1.2.*"),
            (.studyDate, "20240101-SECRET"), (.sopInstanceUID, String(repeating: "1", count: 65)),
        ] {
            let error = #expect(throws: QueryError.self) { _ = try read(tag, [value]) }
            guard case .invalidKey(let named, _)? = error else {
                Issue.record("no invalidKey for \(tag)")
                continue
            }
            #expect(named == tag)
            #expect(error?.description.contains(value) == false)
        }
    }

    @Test func `§C.2.2.2.2 a list of UIDs and §C.2.2.2.8 several values`() throws {
        #expect(try read(.studyInstanceUID, ["1.2", "1.3"]) == .uids(["1.2", "1.3"]))
        #expect(try read(.modality, ["CT", "M?"]) == .anyOf([.equals("CT"), .wildcard(try #require(WildcardPattern("M?")))]))
    }

    @Test func `§C.2.2.2.7 two quotation marks ask for empty values where agreed`() throws {
        #expect(try read(.accessionNumber, ["\"\""]) == .empty)
        #expect(try read(.accessionNumber, ["\"\""], MatchingOptions(emptyValue: false)) == .equals("\"\""))
    }

    @Test func `more values than any client sends are refused`() {
        #expect(throws: QueryError.tooManyValues(tag: .studyInstanceUID, limit: Match.valueLimit)) {
            _ = try read(.studyInstanceUID, Array(repeating: "1.2", count: Match.valueLimit + 1))
        }
    }

    @Test func `keys longer than any value, and too many of them, are refused`() {
        let long = String(repeating: "*a", count: Match.lengthLimit)
        #expect(throws: QueryError.self) { _ = try read(.patientName, [long]) }
        #expect(throws: QueryError.tooManyValues(tag: .modality, limit: Match.alternativeLimit)) {
            _ = try read(.modality, Array(repeating: "CT", count: Match.alternativeLimit + 1))
        }
    }

    @Test func `wild cards keep literal brackets and full width asterisks literal`() throws {
        let pattern = try #require(WildcardPattern("A[B]*＊?")).folded()
        #expect(pattern.glob == "a[[]b]*[*]?")
        #expect(pattern.literalPrefix == "a[b]")
    }

    @Test func `cursors survive as tokens and hostile tokens are refused`() {
        let cursor = QueryCursor(values: [.text("20240101~张"), .integer(-5)], rowKey: 42)
        #expect(QueryCursor(token: cursor.token) == cursor)
        for token in ["", "x", "i", "tzz~i1", "t", "t4~i1", "tff~i1", String(repeating: "i1~", count: 5000)] {
            #expect(QueryCursor(token: token) == nil, "\(token.prefix(8))")
        }
        var query = ArchiveQuery(level: .study)
        #expect(throws: QueryError.invalidCursor) { try query.resume(token: "i1~i2") }
    }
}
