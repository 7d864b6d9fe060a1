import DICOMCore
import Foundation
import Testing

private typealias Tag = DICOMCore.Tag

private func text(_ dataSet: DataSet) -> String { String(decoding: DICOMJSON.encode(dataSet), as: UTF8.self) }

private func decoded(_ json: String) throws -> DataSet {
    try #require(try DICOMJSON.decode(Array(json.utf8)).first)
}

private func json(_ tag: Tag, _ vr: VR, _ value: String) -> String {
    var dataSet = DataSet()
    dataSet[tag] = DataElement(tag, vr, bytes: Array(value.utf8)[...])
    return text(dataSet)
}

@Suite struct `PS3.18 §F.2 writing the JSON model` {
    @Test func `attributes stand in tag order with vr and Value`() {
        var dataSet = DataSet()
        dataSet.set(.patientID, .lo, "7")
        dataSet.set(.modality, .cs, "CT")
        dataSet.setEmpty(.accessionNumber, .sh)
        dataSet.set(.imageType, .cs, ["ORIGINAL", "PRIMARY"])
        #expect(text(dataSet) == #"{"00080008":{"vr":"CS","Value":["ORIGINAL","PRIMARY"]},"00080050":{"vr":"SH"},"#
            + #""00080060":{"vr":"CS","Value":["CT"]},"00100020":{"vr":"LO","Value":["7"]}}"#)
    }

    @Test func `§F.2.5 empty values among others are null, only empty ones are no Value`() {
        #expect(json(.imageType, .cs, "A\\\\B ") == #"{"00080008":{"vr":"CS","Value":["A",null,"B"]}}"#)
        #expect(json(.imageType, .cs, "\\") == #"{"00080008":{"vr":"CS"}}"#)
        #expect(json(.imageType, .cs, "  ") == #"{"00080008":{"vr":"CS"}}"#)
        #expect(json(.patientName, .pn, "A\\") == #"{"00100010":{"vr":"PN","Value":[{"Alphabetic":"A"},null]}}"#)
    }

    /// Found by fuzzing: such a date doubled its length each time it went through JSON.
    @Test func `bytes that a date must not hold come back through JSON as they are`() throws {
        let bytes: [UInt8] = [0x7F, 0xBF, 0xFF, 0x32, 0x5C, 0xE9, 0x20]
        var dataSet = DataSet()
        dataSet[.studyDate] = DataElement(.studyDate, .da, bytes: bytes[...])
        let once = try DICOMJSON.decode(DICOMJSON.encode([dataSet])[...])
        #expect(once.first?[.studyDate]?.bytes.map { Array($0) } == Array(bytes.dropLast()))
        #expect(DICOMJSON.encode(once) == DICOMJSON.encode([dataSet]))
    }

    @Test func `names are objects of component groups`() {
        var dataSet = DataSet()
        dataSet[.specificCharacterSet] = DataElement(.specificCharacterSet, .cs, bytes: Array("GB18030 ".utf8)[...])
        dataSet.set(.patientName, .pn, "Wang^XiaoDong=王^小东=")
        #expect(text(dataSet) == #"{"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"00100010":{"vr":"PN","Value":"#
            + #"[{"Alphabetic":"Wang^XiaoDong","Ideographic":"王^小东"}]}}"#)
        #expect(json(.patientName, .pn, "=X=Y") == #"{"00100010":{"vr":"PN","Value":[{"Ideographic":"X","Phonetic":"Y"}]}}"#)
    }

    @Test func `UTF-8 is declared where text needed it, whatever elements stand before`() throws {
        for tags in [[Tag.patientID], [Tag(0x0008, 0x0001), .patientID], [Tag(0x0008, 0x0001)]] {
            var dataSet = DataSet()
            for tag in tags { dataSet[tag] = DataElement(tag, .lo, bytes: [0xD5, 0xC5, 0xC8, 0xFD]) }
            let node = try JSONParser.parse(DICOMJSON.encode(dataSet)[...])
            #expect(node["00080005"]?["Value"]?.array?.first?.string == "ISO_IR 192")
            #expect(node[tags[0].hexadecimal]?["Value"]?.array?.first?.string == "张三")
            #expect(node.object?.map { $0.key } == (tags.map { $0.hexadecimal } + ["00080005"]).sorted())
        }
    }

    @Test func `decimal strings keep their digits and become numbers of JSON`() {
        let cases = [
            ("1.50", "1.50"), ("+1.5", "1.5"), (".5", "0.5"), ("-.5", "-0.5"), ("5.", "5"), ("007", "7"), ("-0.0", "-0.0"),
            ("1e5", "1e5"), ("1.E+3", "1E+3"), ("00", "0"), (" 12 ", "12"), ("1,5", "\"1,5\""), ("N/A", "\"N/A\""), ("-", "\"-\""),
            ("1.2.3", "\"1.2.3\""), ("0x10", "\"0x10\""), ("1e", "\"1e\""),
        ]
        for (value, number) in cases {
            #expect(json(.sliceThickness, .ds, value) == #"{"00180050":{"vr":"DS","Value":["# + number + "]}}")
        }
        #expect(json(.instanceNumber, .is, "12") == #"{"00200013":{"vr":"IS","Value":[12]}}"#)
        #expect(json(.instanceNumber, .is, "1.5") == #"{"00200013":{"vr":"IS","Value":["1.5"]}}"#)
    }

    @Test func `binary numbers are exact, beyond 2^53 as strings; NaN and infinities are strings`() {
        var dataSet = DataSet()
        dataSet.set(Tag(0x0009, 0x1001), .us, ints: [0, 65_535])
        dataSet.set(Tag(0x0009, 0x1002), .ss, ints: [-32_768])
        dataSet.set(Tag(0x0009, 0x1003), .sl, ints: [-2_147_483_648])
        dataSet.set(Tag(0x0009, 0x1004), .sv, ints: [.min, -9_007_199_254_740_992, 5])
        dataSet[Tag(0x0009, 0x1005)] = DataElement(Tag(0x0009, 0x1005), .uv, bytes: [UInt8](repeating: 255, count: 8)[...])
        dataSet.set(Tag(0x0009, 0x1006), .fd, doubles: [0.1, .nan, .infinity, -.infinity, 1e300])
        dataSet.set(Tag(0x0009, 0x1007), .fl, doubles: [0.1])
        dataSet.set(Tag(0x0009, 0x1008), .at, ints: [0x0010_0020, 0x7FE0_0010])
        let expected = [
            #""00091001":{"vr":"US","Value":[0,65535]}"#, #""00091002":{"vr":"SS","Value":[-32768]}"#,
            #""00091003":{"vr":"SL","Value":[-2147483648]}"#,
            #""00091004":{"vr":"SV","Value":["-9223372036854775808",-9007199254740992,5]}"#,
            #""00091005":{"vr":"UV","Value":["18446744073709551615"]}"#,
            #""00091006":{"vr":"FD","Value":[0.1,"NaN","Infinity","-Infinity",1e+300]}"#,
            #""00091007":{"vr":"FL","Value":[0.1]}"#, #""00091008":{"vr":"AT","Value":["00100020","7FE00010"]}"#,
        ]
        #expect(text(dataSet) == "{" + expected.joined(separator: ",") + "}")
    }

    @Test func `quotes, backslashes and control characters are escaped`() {
        let written = json(.additionalPatientHistory, .lt, "a\"b\\c\r\nd\te\u{1}/")
        #expect(written == #"{"001021B0":{"vr":"LT","Value":["a\"b\\c\r\nd\te\u0001/"]}}"#)
    }

    @Test func `§F.2.7 binary values are Base64, left out or referred to`() {
        let tag = Tag(0x0009, 0x1001)
        for (bytes, base64) in [([1], "AQ=="), ([1, 2], "AQI="), ([1, 2, 3], "AQID"), ([251, 255, 191, 254], "+/+//g==")] as [([UInt8], String)] {
            var dataSet = DataSet()
            dataSet[tag] = DataElement(tag, .ob, bytes: bytes[...])
            #expect(text(dataSet) == #"{"00091001":{"vr":"OB","InlineBinary":""# + base64 + "\"}}")
        }
        var dataSet = DataSet()
        dataSet[tag] = DataElement(tag, .un, bytes: [1, 2])
        #expect(DICOMJSON.encode(dataSet) { _, _ in .omit } == Array(#"{"00091001":{"vr":"UN"}}"#.utf8))
        #expect(DICOMJSON.encode(dataSet) { _, path in .reference(uri: "b/\(path)") }
            == Array(#"{"00091001":{"vr":"UN","BulkDataURI":"b/00091001"}}"#.utf8))
    }

    @Test func `bulk data are named by their path through items, which leads back to them`() throws {
        var item = DataSet()
        item[.waveformData] = DataElement(.waveformData, .ow, bytes: [1, 2])
        var dataSet = DataSet()
        dataSet.set(.waveformSequence, items: [DataSet(), item])
        var paths: [ElementPath] = []
        _ = DICOMJSON.encode(dataSet) { _, path in
            paths.append(path)
            return .omit
        }
        #expect(paths.map { $0.description } == ["54000100/1/54001010"])
        let path = try #require(ElementPath(parsing: "54000100/1/54001010"))
        #expect(path == paths[0] && dataSet.element(at: path)?.bytes == [1, 2])
        for wrong in ["", "54000100/1", "54000100/-1/54001010", "x/1/54001010", "54000100/1/54001010/", "+4000100"] {
            #expect(ElementPath(parsing: wrong) == nil)
        }
    }

    @Test func `group lengths stay out, items lose their own character set, empty sequences have no Value`() {
        var item = DataSet()
        item[.specificCharacterSet] = DataElement(.specificCharacterSet, .cs, bytes: Array("ISO_IR 100".utf8)[...])
        item.set(.codeMeaning, .lo, "Schädel")
        var dataSet = DataSet()
        dataSet.set(Tag(0x0008, 0x0000), .ul, ints: [12])
        dataSet.set(.procedureCodeSequence, items: [item, DataSet()])
        dataSet.set(.requestAttributesSequence, items: [])
        #expect(text(dataSet) == #"{"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"00081032":{"vr":"SQ","Value":"#
            + #"[{"00080104":{"vr":"LO","Value":["Schädel"]}},{}]},"00400275":{"vr":"SQ"}}"#)
    }

    @Test func `a known element of VR UN gets its VR, a private one is bytes`() {
        #expect(json(.seriesNumber, .un, "1 ") == #"{"00200011":{"vr":"IS","Value":[1]}}"#)
        #expect(json(Tag(0x0021, 0x1001), .un, "1 ") == #"{"00211001":{"vr":"UN","InlineBinary":"MSA="}}"#)
    }
}

@Suite struct `PS3.18 §F.2 reading the JSON model` {
    @Test func `values of every kind come back as they were written`() throws {
        var item = DataSet()
        item.set(.codeValue, .sh, "T-1")
        var dataSet = DataSet()
        dataSet.set(.imageType, .cs, ["ORIGINAL", "", "AXIAL"])
        dataSet.set(.sopInstanceUID, .ui, "1.2.3")
        dataSet.set(.patientName, .pn, ["Adams^John^^Rev.", "=B"])
        dataSet.set(.additionalPatientHistory, .lt, "line\r\n\\ two")
        dataSet.set(.procedureCodeSequence, items: [item, DataSet()])
        dataSet.set(.sliceThickness, .ds, ["1.50", "-2E-3"])
        dataSet.set(.rows, .us, ints: [512])
        dataSet.set(.frameIncrementPointer, .at, ints: [0x0018_1063])
        dataSet.set(Tag(0x0018, 0x9073), .fd, doubles: [0.1, .infinity])
        dataSet.set(Tag(0x0009, 0x0010), .lo, "ACME")
        dataSet.set(Tag(0x0009, 0x1004), .sv, ints: [.min, 7])
        dataSet[.pixelData] = DataElement(.pixelData, .ow, bytes: [1, 2, 3, 4])
        let back = try DICOMJSON.decode(DICOMJSON.encode([dataSet]))
        #expect(back == [dataSet])
    }

    @Test func `text becomes UTF-8 and says so`() throws {
        let dataSet = try decoded(#"{"00080005":{"vr":"CS","Value":["ISO_IR 100"]},"00100010":{"vr":"PN","Value":[{"Ideographic":"王^小东"}]}}"#)
        #expect(dataSet.string(.specificCharacterSet) == "ISO_IR 192")
        #expect(dataSet.string(.patientName) == "=王^小东")
        let escaped = try decoded(#"{"00081032":{"vr":"SQ","Value":[{"00080104":{"vr":"LO","Value":["\u738b\ud840\udc00"]}}]}}"#)
        #expect(escaped.items(.procedureCodeSequence).first?.string(.codeMeaning) == "王𠀀")
        #expect(escaped.string(.specificCharacterSet) == "ISO_IR 192")
    }

    @Test func `numbers may be strings, strings numbers, names plain text`() throws {
        let dataSet = try decoded("""
            {"00280010":{"vr":"US","Value":["512"]},"00180050":{"vr":"DS","Value":["1.5",2]},"00200013":{"vr":"IS","Value":[3.0]},\
            "00100010":{"vr":"PN","Value":["A^B"]},"00080060":{"Value":["CT"]},"00189073":{"vr":"FD","Value":["NaN","-Infinity"]},\
            "00180088":{"vr":"DS","Value":[0.12345678901234567]},"00080008":{"vr":"CS","Value":["ORIGINAL\\\\PRIMARY"]}}
            """)
        #expect(dataSet.int(.rows) == 512 && dataSet.strings(.sliceThickness) == ["1.5", "2"])
        #expect(dataSet.string(.instanceNumber) == "3" && dataSet.string(.patientName) == "A^B")
        #expect(dataSet[.modality]?.vr == .cs)
        #expect(dataSet.doubles(Tag(0x0018, 0x9073)).first?.isNaN == true)
        #expect(dataSet.string(.spacingBetweenSlices)?.utf8.count ?? 99 <= 16)
        #expect(dataSet.strings(.imageType) == ["ORIGINAL", "PRIMARY"])
    }

    @Test func `null stands for an empty value, an absent or null Value for none`() throws {
        let dataSet = try decoded("""
            {"00080008":{"vr":"CS","Value":["A",null,"B"]},"00080050":{"vr":"SH"},"00080090":{"vr":"PN","Value":null},\
            "00280010":{"vr":"US","Value":[null]},"00081032":{"vr":"SQ","Value":[null,{}]}}
            """)
        #expect(dataSet.strings(.imageType) == ["A", "", "B"])
        #expect(dataSet[.accessionNumber]?.isEmpty == true && dataSet[.referringPhysicianName]?.isEmpty == true)
        #expect(dataSet[.rows]?.isEmpty == true && dataSet.items(.procedureCodeSequence).count == 2)
    }

    @Test func `bulk data are asked for by URI and path`() throws {
        let source = Array(#"{"54000100":{"vr":"SQ","Value":[{"54001010":{"vr":"OW","BulkDataURI":"cid:1"}}]},"7FE00010":{"vr":"OB","BulkDataURI":"x"}}"#.utf8)
        let fragments = EncapsulatedPixelData(fragments: [[1, 2]])
        let dataSet = try #require(try DICOMJSON.decode(source[...]) { uri, path, vr in
            uri == "cid:1" && path.description == "54000100/0/54001010" && vr == .ow ? .bytes([1, 2, 3]) : .fragments(fragments)
        }.first)
        #expect(dataSet.items(.waveformSequence).first?.bytes(.waveformData) == [1, 2, 3, VR.ow.padding])
        #expect(dataSet[.pixelData]?.value == .fragments(fragments))
        #expect(try DICOMJSON.decode(source[...]) { _, _, _ in .omit }.first?[.pixelData] == nil)
        #expect(throws: DICOMJSONError.unresolvedBulkData(tag: Tag(0x5400, 0x1010), offset: 69)) { try DICOMJSON.decode(source) }
    }

    @Test func `what is wrong is said with tag and offset`() {
        let cases: [(String, DICOMJSONError)] = [
            ("5", .notADataSet(offset: 0)), ("[[]]", .notADataSet(offset: 1)), (#"{"0010":{}}"#, .invalidTag(offset: 8)),
            (#"{"+0100010":{}}"#, .invalidTag(offset: 12)),
            (#"{"00100010":{"vr":"XX"}}"#, .invalidVR(tag: .patientName, offset: 18)),
            (#"{"00100010":{"vr":"PN","Value":"A"}}"#, .invalidValue(tag: .patientName, vr: .pn, offset: 12)),
            (#"{"00100010":{"vr":"PN","Value":[5]}}"#, .invalidValue(tag: .patientName, vr: .pn, offset: 32)),
            (#"{"00280010":{"vr":"US","Value":[65536]}}"#, .invalidValue(tag: .rows, vr: .us, offset: 32)),
            (#"{"00280010":{"vr":"US","Value":[1e99]}}"#, .invalidValue(tag: .rows, vr: .us, offset: 32)),
            (#"{"00280009":{"vr":"AT","Value":["0018"]}}"#, .invalidValue(tag: .frameIncrementPointer, vr: .at, offset: 32)),
            (#"{"00100010":{"vr":"PN"},"00100010":{"vr":"PN"}}"#, .duplicateTag(tag: .patientName, offset: 35)),
            (#"{"00091001":{"Value":["A"]}}"#, .missingVR(tag: Tag(0x0009, 0x1001), offset: 12)),
            (#"{"7FE00010":{"vr":"OW","InlineBinary":"A==="}}"#, .invalidBase64(tag: .pixelData, offset: 38)),
            (#"{"7FE00010":{"vr":"OW","InlineBinary":"AA=A"}}"#, .invalidBase64(tag: .pixelData, offset: 38)),
            (#"{"00100010":{"#, .json(.unexpectedEnd(offset: 13))),
        ]
        for (source, error) in cases {
            #expect(throws: error, "\(source)") { try DICOMJSON.decode(Array(source.utf8)) }
        }
    }

    @Test func `depth and number of elements are limited`() {
        let deep = String(repeating: #"{"00081032":{"vr":"SQ","Value":["#, count: 70) + String(repeating: "]}}", count: 70)
        #expect(throws: DICOMJSONError.nestingTooDeep(limit: 64, offset: 65 * 32)) { try DICOMJSON.decode(Array(deep.utf8)) }
        var limits = DICOMJSON.Limits()
        limits.dataSet.maximumElements = 1
        let two = Array(#"{"00100010":{},"00100020":{}}"#.utf8)
        #expect(throws: DICOMJSONError.tooManyElements(limit: 1, offset: 26)) { try DICOMJSON.decode(two, limits: limits) }
    }
}

@Suite struct `RFC 8259 JSON of unknown origin` {
    private func failure(_ source: [UInt8], _ limits: JSONParser.Limits = .default) -> JSONParser.Failure? {
        do throws(JSONParser.Failure) {
            _ = try JSONParser.parse(source[...], limits: limits)
            return nil
        } catch { return error }
    }

    @Test func `every value is read and written back`() throws {
        let source = #"{"a":[1,-2.5e+10,true,false,null,"x\"\\é王𠀀"],"b":{},"c":[]}"#
        let node = try JSONParser.parse(Array(source.utf8)[...])
        #expect(String(decoding: node.encoded(), as: UTF8.self) == source)
        #expect(node["a"]?.array?.last?.offset == 33)
    }

    @Test func `wrong grammar is refused at its place`() {
        let cases: [(String, JSONParser.Failure)] = [
            ("", .unexpectedEnd(offset: 0)), ("[1,]", .unexpectedCharacter(offset: 3)), ("[1 2]", .unexpectedCharacter(offset: 3)),
            ("01", .invalidNumber(offset: 0)), ("1.", .invalidNumber(offset: 0)), ("-", .invalidNumber(offset: 0)),
            ("+1", .unexpectedCharacter(offset: 0)), ("nul", .unexpectedCharacter(offset: 0)), ("{\"a\"}", .unexpectedCharacter(offset: 4)),
            ("{a:1}", .unexpectedCharacter(offset: 1)), ("1 1", .trailingContent(offset: 2)), ("\"a", .unexpectedEnd(offset: 2)),
            ("\"\\x\"", .invalidString(offset: 3)), ("\"\\ud800\"", .invalidString(offset: 7)), ("\"\\u12\"", .invalidString(offset: 3)),
            ("\"\n\"", .invalidString(offset: 1)), ("\"\\udc00\"", .invalidString(offset: 7)), ("\"\\ud800\\u0041\"", .invalidString(offset: 13)),
        ]
        for (source, expected) in cases { #expect(failure(Array(source.utf8)) == expected, "\(source)") }
        #expect(failure([0x22, 0xC3, 0x28, 0x22]) == .invalidString(offset: 0))
    }

    @Test func `size, depth and number of values are limited`() {
        #expect(failure([UInt8](repeating: UInt8(ascii: "["), count: 100_000)) == .nestingTooDeep(limit: 256, offset: 256))
        var limits = JSONParser.Limits()
        limits.maximumBytes = 3
        #expect(failure(Array("[1,2]".utf8), limits) == .tooLarge(limit: 3))
        limits = JSONParser.Limits()
        limits.maximumNodes = 2
        #expect(failure(Array("[1,2]".utf8), limits) == .tooManyValues(limit: 2, offset: 3))
    }

    @Test func `random changes to a text never trap`() throws {
        var seed: UInt64 = 88172645463325252
        func next() -> Int {
            seed ^= seed << 13
            seed ^= seed >> 7
            seed ^= seed << 17
            return Int(truncatingIfNeeded: seed >> 33)
        }
        let source = Array(#"[{"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"00081032":{"vr":"SQ","Value":[{"00080104":{"vr":"LO","Value":["王\u738b"]}}]},"00280010":{"vr":"US","Value":[512]},"7FE00010":{"vr":"OW","InlineBinary":"AQID"}}]"#.utf8)
        for _ in 0..<20_000 {
            var changed = source
            for _ in 0...(next() % 3) {
                let index = next() % changed.count
                if next() % 2 == 0 { changed[index] = UInt8(truncatingIfNeeded: next()) } else { changed.remove(at: index) }
            }
            if let dataSets = try? DICOMJSON.decode(changed) {
                #expect(throws: Never.self) { try DICOMJSON.decode(DICOMJSON.encode(dataSets)) }
            }
        }
    }
}

/// Against another implementation's JSON. Skipped without the shared sample data.
@Suite(.enabled(if: TextFixtures.isAvailable)) struct `PS3.18 Annex F sample files` {
    static func names() throws -> [String] {
        guard let folder = TextFixtures.sharedData?.appendingPathComponent("reference/dcmtk-json") else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".dcm.json") }.sorted()
    }

    @Test func `reading the reference's JSON gives the elements of the file`() throws {
        let names = try Self.names()
        #expect(names.count > 30)
        for name in names {
            let path = name.dropLast(5).replacingOccurrences(of: "__", with: "/")
            guard let bytes = try? TextFixtures.bytes(path), let file = try? Part10File(reading: bytes[...]) else { continue }
            let theirs = try #require(try DICOMJSON.decode(try TextFixtures.bytes("reference/dcmtk-json/" + name)).first)
            // Through our own JSON the file's values take the form that they have in the reference's: UTF-8, trimmed.
            let ours = try #require(try DICOMJSON.decode(DICOMJSON.encode(file.dataSet)).first)
            let differing = ours.elements.filter { !Self.agrees($0, theirs[$0.tag]) }.map { $0.tag }
            #expect(differing == [], "\(path)")
            #expect(theirs.elements.filter { ours[$0.tag] == nil && !$0.isEmpty }.map { $0.tag } == [], "\(path)")
        }
    }

    /// Numbers by value, as the reference writes DS its own way; encapsulated pixel data are not compared.
    private static func agrees(_ ours: DataElement, _ theirs: DataElement?) -> Bool {
        guard let theirs else { return ours.isEmpty }
        if ours.tag == .specificCharacterSet || ours.tag == .pixelData { return true }
        if case .sequence(let one) = ours.value, case .sequence(let other) = theirs.value {
            return one.items.count == other.items.count && zip(one.items, other.items).allSatisfy { mine, peer in
                mine.dataSet.elements.allSatisfy { agrees($0, peer.dataSet[$0.tag]) }
            }
        }
        let mine = DataSet([ours], inheritedCharacterSet: .utf8)
        let peer = DataSet([theirs], inheritedCharacterSet: .utf8)
        switch ours.vr {
        case .ds, .is, .fl, .fd: return mine.doubles(ours.tag) == peer.doubles(ours.tag)
        case .pn:
            return mine.strings(ours.tag).map { PersonName(parsing: $0) }.filter { !$0.isEmpty }
                == peer.strings(ours.tag).map { PersonName(parsing: $0) }.filter { !$0.isEmpty }
        case _ where ours.vr.isText: return mine.strings(ours.tag) == peer.strings(ours.tag)
        default: return ours.bytes == theirs.bytes
        }
    }
}
