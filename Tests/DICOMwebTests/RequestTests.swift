import DICOMCore
import DICOMweb
import Testing

private typealias Tag = DICOMCore.Tag

/// The parameter a request fails at, with the status.
private func problem(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "none"
    } catch let problem as Problem { return "\(problem.status) \(problem.location ?? "")" } catch { return "\(error)" }
}

@Suite struct `PS3.18 §10.6 searches` {
    private func search(_ query: String?) throws -> QIDORequest { try QIDORequest(level: .study, query: query) }

    @Test func `attributes are named by keyword, tag and path`() throws {
        let request = try search(
            "PatientName=W*&00100020=1%2B2&RequestAttributesSequence.ScheduledProcedureStepID=7&00400275.00401001=8&00091001=x")
        #expect(request.matches == [
            .init(path: [.patientName], value: "W*"), .init(path: [.patientID], value: "1+2"),
            .init(path: [.requestAttributesSequence, .scheduledProcedureStepID], value: "7"),
            .init(path: [.requestAttributesSequence, .requestedProcedureID], value: "8"),
            .init(path: [Tag(0x0009, 0x1001)], value: "x"),
        ])
    }

    @Test func `PACS-4.2.3-f values are UTF-8, percent-encoded, with plus for a space`() throws {
        #expect(try search("PatientName=%E5%BC%A0%20%E4%B8%89").matches.first?.value == "张 三")
        #expect(try search("PatientName=%E5%BC%A0+%E4%B8%89").matches.first?.value == "张 三")
        #expect(try search("PatientName=张三").matches.first?.value == "张三")
        #expect(try search("PatientName=a%3Db=c").matches.first?.value == "a=b=c")
        for broken in ["PatientName=%E5", "PatientName=%4", "PatientName=%GG", "PatientName=%00", "PatientName=%FF%FE"] {
            #expect(problem { _ = try search(broken) } == "400 PatientName")
        }
    }

    @Test func `what to return and how much`() throws {
        let request = try search(
            "includefield=StudyDescription,00080090&includefield=OtherPatientIDsSequence.PatientID&includefield=all&limit=25&offset=50&fuzzymatching=true&accept=application/json")
        #expect(request.includeFields == [[.studyDescription], [.referringPhysicianName], [.otherPatientIDsSequence, .patientID]])
        #expect(request.includesAll && request.fuzzyMatching && request.limit == 25 && request.offset == 50)
        #expect(request.accept == "application/json" && request.matches.isEmpty && !request.emptyValueMatching)
        let plain = try search(nil)
        #expect(plain.limit == nil && plain.offset == 0 && !plain.fuzzyMatching && !plain.includesAll)
    }

    @Test func `lists of UIDs have commas or backslashes between`() throws {
        #expect(try search("StudyInstanceUID=1.2,3.4").matches.first?.uids == ["1.2", "3.4"])
        #expect(try search("StudyInstanceUID=1.2%5C3.4").matches.first?.uids == ["1.2", "3.4"])
    }

    @Test func `what is wrong is said by parameter`() {
        let cases = [
            ("PatientsName=x", "400 PatientsName"), ("patientname=x", "400 patientname"), ("limit=-1", "400 limit"), ("limit=x", "400 limit"),
            ("limit=99999999999999999999", "400 limit"), ("offset=+1", "400 offset"), ("fuzzymatching=maybe", "400 fuzzymatching"),
            ("limit=1&limit=2", "400 limit"), ("includefield=Nonsense", "400 includefield"),
            ("PatientID=1&00100020=2", "400 00100020"), ("RequestAttributesSequence=x", "400 RequestAttributesSequence"),
            ("PatientID.PatientName=x", "400 PatientID.PatientName"), ("PatientID.=x", "400 PatientID."),
            (Array(repeating: "RequestAttributesSequence", count: 9).joined(separator: ".") + "=1", "400 RequestAttributesSequence.RequestAttributesSequence.RequestAttri"),
        ]
        for (query, expected) in cases { #expect(problem { _ = try search(query) } == expected, "\(query)") }
        #expect(problem { _ = try search(Array(repeating: "limit=1", count: 600).joined(separator: "&")) }.hasPrefix("400"))
        #expect(problem { _ = try search(String(repeating: "x", count: 70_000)) }.hasPrefix("414"))
        #expect(problem { _ = try QIDORequest(level: .series, studyInstanceUID: "1.2/x", query: nil) } == "400 study")
    }
}

@Suite struct `PS3.18 §10.4 retrieve paths` {
    @Test func `every resource is read and written back`() throws {
        let instance = RetrieveRequest.Scope.instance(study: "1.2", series: "3.4", instance: "5.6")
        let cases: [(String, RetrieveRequest)] = [
            ("studies/1.2", .init(scope: .study("1.2"), content: .instances)),
            ("studies/1.2/metadata", .init(scope: .study("1.2"), content: .metadata)),
            ("studies/1.2/series/3.4/rendered", .init(scope: .series(study: "1.2", series: "3.4"), content: .rendered)),
            ("studies/1.2/series/3.4/thumbnail", .init(scope: .series(study: "1.2", series: "3.4"), content: .thumbnail)),
            ("studies/1.2/bulkdata", .init(scope: .study("1.2"), content: .allBulkData)),
            ("studies/1.2/series/3.4/instances/5.6", .init(scope: instance, content: .instances)),
            ("studies/1.2/series/3.4/instances/5.6/frames/3,1,3", .init(scope: instance, content: .frames([3, 1, 3]))),
            ("studies/1.2/series/3.4/instances/5.6/frames/2/rendered", .init(scope: instance, content: .renderedFrames([2]))),
            ("studies/1.2/series/3.4/instances/5.6/frames/2/thumbnail", .init(scope: instance, content: .thumbnailFrames([2]))),
            ("studies/1.2/series/3.4/instances/5.6/pixeldata", .init(scope: instance, content: .pixelData)),
            ("studies/1.2/series/3.4/instances/5.6/bulkdata/54000100/0/54001010", .init(
                scope: instance,
                content: .bulkData(ElementPath(steps: [.init(sequence: .waveformSequence, itemIndex: 0)], tag: .waveformData)))),
        ]
        for (path, request) in cases {
            #expect(try RetrieveRequest(path: path) == request, "\(path)")
            #expect(request.path == path)
        }
        #expect(try RetrieveRequest(path: "/studies/1.2/series/3.4/instances/5.6/frames/1%2C2").content == .frames([1, 2]))
    }

    @Test func `what is no resource is 404, a wrong value 400`() {
        let base = "studies/1.2/series/3.4/instances/5.6"
        let cases = [
            ("", "404 path"), ("studies", "404 path"), ("patients/1", "404 path"), ("studies/1.2/frames/1", "404 path"),
            ("studies/1.2/instances/5.6", "404 path"), ("studies/x", "400 studies"), ("studies/1.2/series/" + String(repeating: "1", count: 65), "400 series"),
            (base + "/frames", "404 path"), (base + "/frames/0", "400 frames"), (base + "/frames/1,", "400 frames"), (base + "/frames/1-3", "400 frames"),
            (base + "/frames/1/other", "404 path"), (base + "/bulkdata/7FE0", "404 path"), (base + "/metadata/x", "404 path"),
            (base + "/frames/99999999999999999999", "400 frames"), ("studies/%zz", "404 path"), ("studies/..%2F..", "400 studies"),
        ]
        for (path, expected) in cases { #expect(problem { _ = try RetrieveRequest(path: path) } == expected, "\(path)") }
        let many = base + "/frames/" + Array(repeating: "1", count: 100_001).joined(separator: ",")
        #expect(problem { _ = try RetrieveRequest(path: many) } == "400 frames")
    }
}

@Suite struct `PS3.18 §8.3.5 rendering parameters` {
    @Test func `window, viewport, quality and the rest`() throws {
        let parameters = try RenderingParameters(
            query: "window=-600,1500.5,linear-exact&viewport=512,256,10,,-100,50&quality=80&annotation=patient,technique&iccprofile=srgb")
        #expect(parameters.window?.center == -600 && parameters.window?.width == 1500.5 && parameters.window?.function == .linearExact)
        let source = try #require(parameters.viewport?.source)
        #expect(parameters.viewport?.width == 512 && parameters.viewport?.height == 256)
        #expect(source.x == 10 && source.y == 0 && source.width == 100 && source.height == 50)
        #expect(source.isFlippedHorizontally && !source.isFlippedVertically)
        #expect(parameters.quality == 80 && parameters.annotations == [.patient, .technique] && parameters.iccProfile == .srgb)
        #expect(try RenderingParameters(query: "window=40,400").window?.function == .linear)
        #expect(try RenderingParameters(query: nil).window == nil)
        #expect(try RenderingParameters(query: "viewport=64,64", isThumbnail: true).viewport?.source == nil)
    }

    @Test func `what is wrong is said by parameter`() {
        let cases = [
            ("window=1", "400 window"), ("window=1,2,3", "400 window"), ("window=1,0", "400 window"), ("window=nan,1", "400 window"),
            ("window=1,inf", "400 window"), ("window=1,-5,sigmoid", "400 window"), ("viewport=0,10", "400 viewport"), ("viewport=10", "400 viewport"),
            ("viewport=10,99999", "400 viewport"), ("viewport=1,1,0,0,0,5", "400 viewport"), ("viewport=1,1,-1,0,5,5", "400 viewport"),
            ("quality=0", "400 quality"), ("quality=101", "400 quality"), ("annotation=name", "400 annotation"), ("iccprofile=x", "400 iccprofile"),
        ]
        for (query, expected) in cases { #expect(problem { _ = try RenderingParameters(query: query) } == expected, "\(query)") }
        #expect(problem { _ = try RenderingParameters(query: "viewport=1,1,0,0,1,1", isThumbnail: true) } == "400 viewport")
    }
}

@Suite struct `PS3.18 §9 WADO-URI` {
    private let base = "requestType=WADO&studyUID=1.2&seriesUID=3.4&objectUID=5.6"

    @Test func `GUIDE-1.1.1.1.1-5 all parameters are read`() throws {
        let request = try WADOURIRequest(
            query: base + "&contentType=image%2Fpng,image/jpeg&frameNumber=3&windowCenter=-600&windowWidth=1500&rows=256&columns=128"
                + "&region=0.1,0.2,0.5,1&imageQuality=90&annotation=patient&charset=UTF-8&presentationUID=7.8&presentationSeriesUID=9.1&anonymize=no")
        #expect(request.studyUID == "1.2" && request.seriesUID == "3.4" && request.objectUID == "5.6")
        #expect(request.contentTypes == [.png, .jpeg] && request.frameNumber == 3 && request.rows == 256 && request.columns == 128)
        #expect(request.window?.center == -600 && request.window?.width == 1500)
        let region = try #require(request.region)
        #expect(region.left == 0.1 && region.top == 0.2 && region.right == 0.5 && region.bottom == 1)
        #expect(request.imageQuality == 90 && request.annotations == [.patient] && request.charset == "UTF-8")
        #expect(request.presentationUID == "7.8" && !request.wantsDICOM)
        let object = try WADOURIRequest(query: base + "&contentType=application/dicom&transferSyntax=1.2.840.10008.1.2.1")
        #expect(object.wantsDICOM && object.transferSyntax == "1.2.840.10008.1.2.1")
    }

    @Test func `what is wrong is said by parameter, de-identification refused`() {
        let cases = [
            ("", "400 requestType"), ("requestType=X", "400 requestType"), ("requestType=WADO", "400 studyUID"),
            ("requestType=WADO&studyUID=1&seriesUID=2", "400 objectUID"), (base + "&objectUID=7", "400 objectUID"),
            (base + "&anonymize=yes", "501 anonymize"), (base + "&windowCenter=1", "400 windowWidth"), (base + "&windowWidth=1", "400 windowCenter"),
            (base + "&windowCenter=1&windowWidth=0", "400 windowWidth"), (base + "&frameNumber=0", "400 frameNumber"), (base + "&rows=1e9", "400 rows"),
            (base + "&region=0,0,1", "400 region"), (base + "&region=0.5,0,0.5,1", "400 region"), (base + "&region=0,0,2,1", "400 region"),
            (base + "&imageQuality=0", "400 imageQuality"), (base + "&contentType=jpeg", "400 contentType"), (base + "&transferSyntax=abc", "400 transferSyntax"),
            (base + "&presentationUID=1", "400 presentationUID"), (base + "&contentType=application/dicom&rows=5", "400 rows"),
        ]
        for (query, expected) in cases { #expect(problem { _ = try WADOURIRequest(query: query) } == expected, "\(query)") }
    }
}

@Suite struct `Error bodies` {
    @Test func `what, where and remedy are there`() throws {
        let body = Problem(status: 400, "Wrong \"x\"", at: "limit", remedy: "Send 1").encoded()
        #expect(String(decoding: body, as: UTF8.self) == #"{"status":400,"title":"Wrong \"x\"","where":"limit","remedy":"Send 1"}"#)
    }

    @Test func `values of the request do not appear`() throws {
        for query in ["PatientName=Secret%FF", "limit=Secret", "fuzzymatching=Secret"] {
            do {
                _ = try QIDORequest(level: .study, query: query)
                Issue.record("accepted")
            } catch { #expect(!String(decoding: error.encoded(), as: UTF8.self).contains("Secret")) }
        }
    }
}
