import DICOMCore
import DICOMweb
import Testing

private func instance(_ number: Int, _ reason: StoreFailureReason) -> StoreReport.Failed {
    .init(sopClassUID: "1.2.\(number)", sopInstanceUID: "2.25.\(number)", reason: reason)
}

private func stored(_ number: Int, _ warning: StoreWarningReason? = nil) -> StoreReport.Stored {
    .init(sopClassUID: "1.2.\(number)", sopInstanceUID: "2.25.\(number)", retrieveURL: "/i/\(number)", warning: warning)
}

@Suite struct `PS3.18 §10.5.3 store answers` {
    @Test func `the status says whether all, some or none was stored`() {
        var report = StoreReport(retrieveURL: "/s")
        #expect(report.status == 400)
        report.failed = [instance(1, .cannotUnderstand)]
        #expect(report.status == 409)
        report.stored = [stored(2)]
        #expect(report.status == 202)
        report.failed = []
        #expect(report.status == 200)
        report.stored = [stored(2, .coercionOfDataElements)]
        #expect(report.status == 202)
        report.stored = []
        report.otherFailures = [.cannotUnderstand]
        #expect(report.status == 409)
    }

    @Test func `the data set has references, failures and warnings`() throws {
        var report = StoreReport(retrieveURL: "/studies/1")
        report.stored = [stored(1), stored(2, .elementsDiscarded)]
        report.failed = [instance(3, .transferSyntaxNotSupported)]
        report.otherFailures = [.cannotUnderstand]
        let dataSet = report.dataSet
        #expect(dataSet.string(.retrieveURL) == "/studies/1")
        let references = dataSet.items(.referencedSOPSequence)
        #expect(references.map { $0.uid(.referencedSOPInstanceUID) } == ["2.25.1", "2.25.2"])
        #expect(references.map { $0.string(.retrieveURL) } == ["/i/1", "/i/2"])
        #expect(references.map { $0.int(.warningReason) } == [nil, 0xB006])
        #expect(dataSet.items(.failedSOPSequence).first?.int(.failureReason) == 0xC122)
        #expect(dataSet.items(.failedSOPSequence).first?.uid(.referencedSOPClassUID) == "1.2.3")
        #expect(dataSet.items(.otherFailuresSequence).first?.int(.failureReason) == 0xC000)
        #expect(try DICOMJSON.decode(report.encoded()) == [dataSet])
    }
}

@Suite struct `PS3.18 §10.5.2 store requests` {
    @Test func `the media type says how instances come`() throws {
        #expect(try StoreContent(contentType: "multipart/related; type=\"application/dicom\"; boundary=x") == .files(boundary: "x"))
        #expect(try StoreContent(contentType: "multipart/related; boundary=\"x y\"") == .files(boundary: "x y"))
        #expect(try StoreContent(contentType: "multipart/related;type=application/dicom+json;boundary=x") == .metadataAndBulkData(boundary: "x"))
        #expect(try StoreContent(contentType: "application/dicom") == .singleFile)
        #expect(try StoreContent(contentType: "application/dicom+json") == .metadata)
        for (contentType, status) in [
            (nil, 415), ("text/html", 415), ("multipart/related; type=\"application/dicom+xml\"; boundary=x", 415), ("nonsense", 415),
            ("multipart/related; type=\"application/dicom\"", 400), ("multipart/form-data; boundary=x", 415),
        ] as [(String?, Int)] {
            #expect { try StoreContent(contentType: contentType) } throws: { ($0 as? Problem)?.status == status }
        }
    }

    private func assemble(_ parts: [(MediaType, String?, [UInt8])], limits: StoreAssembler.Limits = .init()) throws -> [StoreAssembler.Instance] {
        let writer = MultipartWriter(boundary: "b")
        var body: [UInt8] = []
        for (mediaType, location, bytes) in parts { body += writer.partHeader(mediaType, location: location) + bytes }
        body += writer.end
        var reader = try MultipartReader(boundary: "b")
        var assembler = StoreAssembler(limits: limits)
        for start in stride(from: 0, to: body.count, by: 11) {
            for event in try reader.feed(body[start..<min(start + 11, body.count)]) { try assembler.handle(event) }
        }
        try reader.finish()
        return try assembler.assemble()
    }

    private func metadata(_ uris: [String]) -> [UInt8] {
        let sets = uris.map { #"{"00080018":{"vr":"UI","Value":["1.2"]},"7FE00010":{"vr":"OW","BulkDataURI":"\#($0)"}}"# }
        return Array("[\(sets.joined(separator: ","))]".utf8)
    }

    @Test func `uncompressed bulk data find their place by location, whatever the order`() throws {
        let instances = try assemble([
            (.octetStream, "bulk/2", [3, 4]), (.dicomJSON, nil, metadata(["bulk/1", "bulk/2"])), (.octetStream, "bulk/1", [1, 2, 3]),
        ])
        #expect(instances.map { $0.transferSyntax } == [.explicitVRLittleEndian, .explicitVRLittleEndian])
        #expect(instances[0].dataSet.bytes(.pixelData)?.prefix(3) == [1, 2, 3] && instances[0].dataSet.bytes(.pixelData)?.count == 4)
        #expect(instances[1].dataSet.bytes(.pixelData) == [3, 4])
    }

    @Test func `compressed frames become fragments of their transfer syntax`() throws {
        let instances = try assemble([
            (.dicomJSON, nil, metadata(["f"])), (MediaType("image", "jls"), "f", [1, 2, 3]), (MediaType("image", "jls"), "f", [4, 5]),
        ])
        #expect(instances.first?.transferSyntax == .jpegLSLossless)
        #expect(instances.first?.dataSet[.pixelData]?.value == .fragments(EncapsulatedPixelData(fragments: [[1, 2, 3, 0], [4, 5]])))
        let named = try assemble([
            (.dicomJSON, nil, metadata(["f"])), (.jpeg.with("transfer-syntax", TransferSyntax.jpegBaseline.uid), "f", [1, 2]),
        ])
        #expect(named.first?.transferSyntax == .jpegBaseline)
    }

    @Test func `what cannot be put together is refused with its part`() throws {
        func status(_ parts: [(MediaType, String?, [UInt8])], limits: StoreAssembler.Limits = .init()) -> String {
            do {
                _ = try assemble(parts, limits: limits)
                return "none"
            } catch let problem as Problem { return "\(problem.status) \(problem.location ?? "")" } catch { return "\(error)" }
        }
        #expect(status([(.octetStream, "x", [1])]) == "400 body")
        #expect(status([(.dicomJSON, nil, metadata(["missing"]))]) == "400 part 1")
        #expect(status([(.octetStream, "x", [1]), (.dicomJSON, nil, Array("[{".utf8))]) == "400 part 2")
        #expect(status([(.dicomJSON, nil, metadata(["a", "b"])), (.jpeg, "a", [1]), (MediaType("image", "jp2"), "b", [1])]) == "400 body")
        var limits = StoreAssembler.Limits()
        limits.maximumTotalBytes = 200
        #expect(status([(.dicomJSON, nil, metadata(["a"])), (.octetStream, "a", [UInt8](repeating: 0, count: 200))], limits: limits) == "413 part 2")
        limits.maximumMetadataBytes = 10
        #expect(status([(.dicomJSON, nil, metadata(["a"]))], limits: limits) == "413 part 1")
    }

    @Test func `metadata alone may be the whole body`() throws {
        var assembler = StoreAssembler()
        try assembler.takeMetadata(Array(#"[{"7FE00010":{"vr":"OW","InlineBinary":"AQI="}}]"#.utf8)[...])
        #expect(try assembler.assemble().first?.dataSet.bytes(.pixelData) == [1, 2])
    }
}

@Suite struct `PS3.18 §8.9 description of the service` {
    @Test func `every operation stands in the table once, with method and template of its own`() {
        let table = RouteTable.dicomWeb
        #expect(Set(table.routes.map { $0.operation }) == Set(DICOMwebOperation.allCases.map { $0.rawValue }))
        #expect(table.routes.count == DICOMwebOperation.allCases.count)
        #expect(Set(table.routes.map { "\($0.method) \($0.template)" }).count == table.routes.count)
        for route in table.routes { #expect(route.responses.contains { $0.status < 300 }) }
    }

    @Test func `paths find their operation`() throws {
        let table = RouteTable.dicomWeb
        #expect(table.match(.get, "/studies")?.route.operation == "searchStudies")
        #expect(table.match(.post, "/studies")?.route.operation == "storeInstances")
        #expect(table.match(.get, "/studies/1/series/2/instances/3/frames/4/rendered")?.route.operation == "renderFrames")
        let bulk = try #require(table.match(.get, "/studies/1/series/2/instances/3/bulkdata/54000100/0/54001010"))
        #expect(bulk.route.operation == "retrieveBulkData" && bulk.values["path"] == "54000100/0/54001010" && bulk.values["instance"] == "3")
        #expect(table.match(.get, "/studies/1/series/2/instances/3/bulkdata") == nil)
        #expect(table.match(.get, "/nothing") == nil && table.match(.delete, "/studies") == nil)
    }

    @Test func `paths of the table agree with the parser of resources`() throws {
        for route in RouteTable.dicomWeb.routes where route.group == "Retrieve" || route.group == "Render" {
            let path = route.template.replacing("{study}", with: "1").replacing("{series}", with: "2").replacing("{instance}", with: "3")
                .replacing("{frames}", with: "1,2").replacing("{path...}", with: "7FE00010")
            #expect(try "/" + RetrieveRequest(path: path).path == path, "\(path)")
        }
    }

    @Test func `the OpenAPI document has every operation`() throws {
        let bytes = RouteTable.dicomWeb.openAPI(title: "Apus", version: "1", baseURL: "/dicom-web").encoded()
        let document = try JSONParser.parse(bytes[...])
        #expect(document["openapi"]?.string == "3.0.3" && document["info"]?["title"]?.string == "Apus")
        let paths = try #require(document["paths"]?.object)
        let operations = paths.flatMap { $0.value.object ?? [] }
        #expect(operations.count == RouteTable.dicomWeb.routes.count)
        let bulk = try #require(document["paths"]?["/studies/{study}/series/{series}/instances/{instance}/bulkdata/{path}"]?["get"])
        #expect(bulk["operationId"]?.string == "retrieveBulkData")
        #expect(bulk["parameters"]?.array?.prefix(4).map { $0["name"]?.string } == ["study", "series", "instance", "path"])
        #expect(bulk["parameters"]?.array?.first?["description"]?.string == "Study Instance UID")
        #expect(bulk["responses"]?["404"]?["content"]?["application/problem+json"] != nil)
    }
}
