import Archive
import DICOMCore
import Testing

private typealias Tag = DICOMCore.Tag

private func identifier(_ level: String, _ build: (inout DataSet) -> Void) -> DataSet {
    var dataSet = DataSet()
    dataSet.set(.queryRetrieveLevel, .cs, level)
    build(&dataSet)
    return dataSet
}

@Suite struct `PS3.4 §C.4.1 C-FIND identifiers` {
    @Test func `a study root query gives matches and return keys`() throws {
        let request = identifier("STUDY") {
            $0.set(.patientName, .pn, "WANG*")
            $0.set(.studyDate, .da, "20240101-")
            $0.setEmpty(.studyInstanceUID, .ui)
            $0.setEmpty(.modalitiesInStudy, .cs)
        }
        let query = try ArchiveQuery(cFindIdentifier: request, model: .studyRoot, relational: false)
        #expect(query.level == .study)
        #expect(query.matches.map { $0.attribute.tag } == [.studyDate, .patientName])
        #expect(Set(query.returnedKeys.map { $0.attribute.tag }) == [
            .studyDate, .modalitiesInStudy, .patientName, .patientID, .studyInstanceUID,
        ])
        #expect(query.unsupportedKeys.isEmpty)
    }

    @Test func `the level must be one of the information model`() {
        for (level, model) in [("PATIENT", QueryModel.studyRoot), ("WORLD", .patientRoot), ("", .studyRoot)] {
            #expect(throws: QueryError.invalidLevel) {
                _ = try ArchiveQuery(cFindIdentifier: identifier(level) { _ in }, model: model, relational: true)
            }
        }
    }

    @Test func `§C.4.1.3.1 hierarchical queries need one value in each unique key above`() throws {
        let request = identifier("SERIES") { $0.set(.modality, .cs, "CT") }
        #expect(throws: QueryError.missingUniqueKey(tag: .studyInstanceUID, level: .series)) {
            _ = try ArchiveQuery(cFindIdentifier: request, model: .studyRoot, relational: false)
        }
        let relational = try ArchiveQuery(cFindIdentifier: request, model: .studyRoot, relational: true)
        #expect(relational.matches.count == 1)
        let listed = identifier("SERIES") { $0.set(.studyInstanceUID, .ui, ["1.2", "1.3"]) }
        #expect(throws: QueryError.missingUniqueKey(tag: .studyInstanceUID, level: .series)) {
            _ = try ArchiveQuery(cFindIdentifier: listed, model: .studyRoot, relational: false)
        }
        let whole = identifier("IMAGE") {
            $0.set(.patientID, .lo, "P1")
            $0.set(.studyInstanceUID, .ui, "1.2")
            $0.set(.seriesInstanceUID, .ui, "1.2.3")
        }
        #expect(try ArchiveQuery(cFindIdentifier: whole, model: .patientRoot, relational: false).matches.count == 3)
    }

    @Test func `patient ID with a wild card is no unique key for lower levels`() {
        let request = identifier("STUDY") { $0.set(.patientID, .lo, "P*") }
        #expect(throws: QueryError.missingUniqueKey(tag: .patientID, level: .study)) {
            _ = try ArchiveQuery(cFindIdentifier: request, model: .patientRoot, relational: false)
        }
    }

    @Test func `keys outside the index or below the level are reported, not matched`() throws {
        let request = identifier("STUDY") {
            $0.set(.modality, .cs, "CT")
            $0.set(.pixelSpacing, .ds, "1\\1")
        }
        let query = try ArchiveQuery(cFindIdentifier: request, model: .studyRoot, relational: false)
        #expect(query.unsupportedKeys == [.modality, .pixelSpacing])
        #expect(query.matches.isEmpty)
    }

    @Test func `§C.2.2.2.6 a sequence key matches within one item`() throws {
        var item = DataSet()
        item.set(.scheduledProcedureStepID, .sh, "S1")
        item.setEmpty(.requestedProcedureID, .sh)
        let request = identifier("SERIES") {
            $0.set(.studyInstanceUID, .ui, "1.2")
            $0.set(.requestAttributesSequence, items: [item])
        }
        let query = try ArchiveQuery(cFindIdentifier: request, model: .studyRoot, relational: false)
        let match = try #require(query.matches.first { $0.attribute.tag == .requestAttributesSequence })
        guard case .item(let inner) = match.condition else {
            Issue.record("not a sequence match")
            return
        }
        #expect(inner.map { $0.attribute.tag } == [.scheduledProcedureStepID])
        let key = try #require(query.returnedKeys.first { $0.attribute.tag == .requestAttributesSequence })
        #expect(key.items == [.scheduledProcedureStepID, .requestedProcedureID])
    }

    @Test func `§C.2.2.2.5.4 negotiated, a date range and its time range are one range`() throws {
        let request = identifier("STUDY") {
            $0.set(.studyDate, .da, "20240101-20240102")
            $0.set(.studyTime, .tm, "1200-0800")
        }
        let query = try ArchiveQuery(
            cFindIdentifier: request, model: .studyRoot, options: MatchingOptions(combinedDateTime: true))
        #expect(query.matches.count == 1)
        guard case .combinedRange(_, let from, let through)? = query.matches.first?.condition else {
            Issue.record("not combined")
            return
        }
        #expect(from?.date == "20240101" && from?.time == "12")
        #expect(through?.date == "20240102" && through?.time == "080059.999999")
    }
}

@Suite struct `PS3.18 §10.6 search parameters` {
    @Test func `defaults of a study search are those of Table 10.6.3-3`() throws {
        let query = try ArchiveQuery(
            resources: .study, studyInstanceUID: nil, seriesInstanceUID: nil, parameters: SearchParameters())
        let tags = Set(query.returnedKeys.map { $0.attribute.tag })
        #expect(tags == [
            .studyDate, .studyTime, .accessionNumber, .modalitiesInStudy, .referringPhysicianName, .timezoneOffsetFromUTC,
            .patientName, .patientID, .patientBirthDate, .patientSex, .studyInstanceUID, .studyID,
            .numberOfStudyRelatedSeries, .numberOfStudyRelatedInstances,
        ])
    }

    @Test func `a search of all instances carries study and series attributes`() throws {
        let all = try ArchiveQuery(
            resources: .instance, studyInstanceUID: nil, seriesInstanceUID: nil, parameters: SearchParameters())
        let scoped = try ArchiveQuery(
            resources: .instance, studyInstanceUID: "1.2", seriesInstanceUID: "1.3", parameters: SearchParameters())
        #expect(all.returnedKeys.contains { $0.attribute.tag == .modality })
        #expect(!scoped.returnedKeys.contains { $0.attribute.tag == .modality })
        #expect(scoped.matches.count == 2)
    }

    @Test func `lists of UIDs use commas or backslashes and dotted paths reach into items`() throws {
        var parameters = SearchParameters()
        parameters.matches = [
            .init(path: [.studyInstanceUID], value: "1.2,1.3\\1.4"),
            .init(path: [.requestAttributesSequence, .scheduledProcedureStepID], value: "S*"),
            .init(path: [.requestAttributesSequence, .requestedProcedureID], value: "R1"),
        ]
        let query = try ArchiveQuery(
            resources: .series, studyInstanceUID: nil, seriesInstanceUID: nil, parameters: parameters)
        #expect(query.matches.first?.condition == .uids(["1.2", "1.3", "1.4"]))
        guard case .item(let inner)? = query.matches.last?.condition else {
            Issue.record("no sequence match")
            return
        }
        #expect(inner.count == 2)
    }

    @Test func `unknown attributes are reported, limits are bounded, fuzzy names are words`() throws {
        var parameters = SearchParameters()
        parameters.matches = [
            .init(path: [.pixelSpacing], value: "1"), .init(path: [.patientName], value: "jerome wang"),
        ]
        parameters.includeFields = [[.patientComments], [.sliceThickness]]
        parameters.fuzzyMatching = true
        parameters.limit = 1_000_000
        parameters.offset = -4
        let query = try ArchiveQuery(
            resources: .study, studyInstanceUID: nil, seriesInstanceUID: nil, parameters: parameters)
        #expect(query.unsupportedKeys == [.pixelSpacing, .sliceThickness])
        #expect(query.limit == ArchiveQuery.maximumLimit && query.offset == 0)
        #expect(query.matches.map { $0.condition } == [.fuzzyName(["jerome", "wang"])])
        #expect(query.returnedKeys.contains { $0.attribute.tag == .patientComments })
    }
}

@Suite struct `PS3.4 §C.4.1.1.3.2 answers` {
    private let row = QueryRow(
        level: .study, key: 1,
        values: [
            .patientName: ["Wang^Xiaoming=王^小明"], .patientID: ["P1"], .studyInstanceUID: ["1.2"],
            .numberOfStudyRelatedInstances: ["12"], .modalitiesInStudy: ["CT", "PT"],
        ])

    private func query(_ tags: [Tag]) -> ArchiveQuery {
        ArchiveQuery(
            level: .study,
            returnKeys: .keys(tags.compactMap { IndexedAttribute.named($0) }.map { ArchiveQuery.ReturnKey($0) }))
    }

    @Test func `requested keys come back, empty where there is no value, with level and location`() {
        let response = row.cFindResponse(
            to: query([.patientName, .studyDate, .modalitiesInStudy]), retrieveAETitle: "APUS",
            requestCharacterSet: SpecificCharacterSet(definedTerms: ["GB18030"]))
        #expect(response.string(.specificCharacterSet) == "GB18030")
        #expect(response.string(.patientName) == "Wang^Xiaoming=王^小明")
        #expect(response[.studyDate]?.isEmpty == true)
        #expect(response.strings(.modalitiesInStudy) == ["CT", "PT"])
        #expect(response.string(.queryRetrieveLevel) == "STUDY")
        #expect(response.string(.retrieveAETitle) == "APUS")
        #expect(response.string(.instanceAvailability) == "ONLINE")
        #expect(response.string(.studyInstanceUID) == "1.2")
        #expect(response[.accessionNumber] == nil)
    }

    @Test func `the request's character set is used only if it can say everything`() {
        let latin = SpecificCharacterSet(definedTerms: ["ISO_IR 100"])
        let response = row.cFindResponse(to: query([.patientName]), retrieveAETitle: "A", requestCharacterSet: latin)
        #expect(response.string(.specificCharacterSet) == "ISO_IR 192")
        #expect(response.string(.patientName) == "Wang^Xiaoming=王^小明")
        let plain = QueryRow(level: .study, key: 1, values: [.patientID: ["P1"]])
        let ascii = plain.cFindResponse(to: query([.patientID]), retrieveAETitle: "A", requestCharacterSet: .gb18030)
        #expect(ascii[.specificCharacterSet] == nil)
    }

    @Test func `items of sequences carry the requested attributes only`() throws {
        let attribute = try #require(IndexedAttribute.named(.requestAttributesSequence))
        var row = QueryRow(level: .series, key: 1, values: [.seriesInstanceUID: ["1.3"]])
        row.items[.requestAttributesSequence] = [[.requestedProcedureID: ["R1"], .scheduledProcedureStepID: ["S1"]]]
        let query = ArchiveQuery(
            level: .series, returnKeys: .keys([.init(attribute, items: [.requestedProcedureID])]))
        let result = row.searchResult(to: query, retrieveURL: "http://x/studies/1.2/series/1.3")
        let item = try #require(result.items(.requestAttributesSequence).first)
        #expect(item.elements.map { $0.tag } == [.requestedProcedureID])
        #expect(result.string(.retrieveURL) == "http://x/studies/1.2/series/1.3")
    }

    @Test func `binary numbers are written in their VR`() throws {
        let rows = try #require(IndexedAttribute.named(.rows))
        let row = QueryRow(level: .instance, key: 1, values: [.rows: ["512"]])
        let result = row.searchResult(
            to: ArchiveQuery(level: .instance, returnKeys: .keys([.init(rows)])), retrieveURL: nil)
        #expect(result[.rows]?.vr == .us)
        #expect(result.int(.rows) == 512)
    }
}

/// One row of its own.
extension QueryRow {
    fileprivate func cFindResponse(
        to query: ArchiveQuery, retrieveAETitle: String, requestCharacterSet: SpecificCharacterSet
    ) -> DataSet {
        cFindResponse(
            to: query, keys: query.returnedKeys, retrieveAETitle: retrieveAETitle, requestCharacterSet: requestCharacterSet)
    }

    fileprivate func searchResult(to query: ArchiveQuery, retrieveURL: String?) -> DataSet {
        searchResult(to: query, keys: query.returnedKeys, retrieveURL: retrieveURL)
    }
}
