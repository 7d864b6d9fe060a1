import DICOMCore
import DICOMweb
import Testing

private func accept(_ header: String?, query: String? = nil) throws -> AcceptList {
    try AcceptList(header: header, queryParameter: query)
}

@Suite struct `RFC 9110 §8.3.1 media types` {
    @Test func `parameters are read with and without quotes`() throws {
        let mediaType = try #require(MediaType(parsing: "Multipart/Related; Type=\"application/dicom\"; transfer-syntax=*;boundary=\"a \\\"b\""))
        #expect(mediaType.essence == "multipart/related")
        #expect(mediaType["type"] == "application/dicom" && mediaType["transfer-syntax"] == "*" && mediaType["boundary"] == "a \"b")
        #expect(MediaType(parsing: mediaType.formatted) == mediaType)
        #expect(MediaType(parsing: "multipart/related; type=application/dicom+json")?["type"] == "application/dicom+json")
        #expect(MediaType(parsing: "image/jpeg;")?.essence == "image/jpeg")
    }

    @Test func `what is none is refused`() {
        for text in ["", "image", "image/", "/jpeg", "image/jpeg; q", "image/jpeg; =1", "image/jpeg; a=\"b", "a b/c", "image/jpeg, image/png"] {
            #expect(MediaType(parsing: text) == nil, "\(text)")
        }
    }

    @Test func `written values cannot add parameters or lines`() {
        #expect(MediaType("a", "b", [("boundary", "x\"; y=\"\r\n1")]).formatted == "a/b; boundary=\"x\\\"; y=\\\"1\"")
    }
}

@Suite struct `PS3.18 §8.3.3 acceptable media types` {
    @Test func `ranges come in falling order of quality`() throws {
        let list = try accept("image/png;q=0.5, image/jpeg, */*;q=0.1, image/gif;q=0")
        #expect(list.ranges.map { $0.mediaType.essence } == ["image/jpeg", "image/png", "*/*", "image/gif"])
        #expect(list.ranges.map { $0.quality } == [1000, 500, 100, 0])
        #expect(list.choose(from: [.png, .jpeg]) == .jpeg)
        #expect(list.choose(from: [MediaType("image", "gif"), .png]) == .png)
        #expect(list.choose(from: [MediaType("image", "gif")]) == nil)
    }

    @Test func `nothing sent means anything, the query parameter goes before the header`() throws {
        #expect(try accept(nil).choose(from: [.dicomJSON]) == .dicomJSON)
        #expect(try accept("").choose(from: [.dicomJSON]) == .dicomJSON)
        #expect(try accept("image/jpeg", query: "image/png").choose(from: [.jpeg, .png]) == .png)
    }

    @Test func `what cannot be read is 400, what cannot be had 406 with what can`() throws {
        for header in ["nonsense", "image/jpeg;q=2", "image/jpeg image/png", String(repeating: "a/b,", count: 100)] {
            #expect { try accept(header) } throws: { ($0 as? Problem)?.status == 400 && ($0 as? Problem)?.location == "Accept" }
        }
        #expect { try accept("text/html").require(from: [.jpeg, .png]) } throws: {
            ($0 as? Problem)?.status == 406 && ($0 as? Problem)?.remedy == "Accept one of: image/jpeg, image/png"
        }
    }
}

@Suite struct `PS3.18 §8.7.3 DICOM media types` {
    private func instance(_ header: String?, stored: TransferSyntax, targets: [TransferSyntax] = [.explicitVRLittleEndian]) throws -> Representation? {
        RetrieveNegotiation(accept: try accept(header), stored: stored, transcodable: targets).instance()
    }

    private func frames(
        _ header: String?, stored: TransferSyntax, targets: [TransferSyntax] = [.explicitVRLittleEndian], count: Int = 1
    ) throws -> Representation? {
        RetrieveNegotiation(accept: try accept(header), stored: stored, transcodable: targets).frames(count: count)
    }

    @Test func `without transfer syntax instances go out as Explicit VR Little Endian`() throws {
        let answer = try #require(try instance("multipart/related; type=\"application/dicom\"", stored: .jpeg2000Lossless))
        #expect(answer.transferSyntax == .explicitVRLittleEndian && answer.isMultipart && !answer.isAsStored)
        #expect(answer.mediaType.formatted == "application/dicom; transfer-syntax=1.2.840.10008.1.2.1")
    }

    @Test func `an asterisk gives the stored bytes`() throws {
        for header in [
            "multipart/related; type=\"application/dicom\"; transfer-syntax=*", "application/dicom; transfer-syntax=*",
            "multipart/related; type=\"application/dicom;transfer-syntax=*\"",
        ] {
            let answer = try #require(try instance(header, stored: .jpegLSLossless))
            #expect(answer.isAsStored && answer.transferSyntax == .jpegLSLossless)
            #expect(answer.isMultipart == header.hasPrefix("multipart"))
        }
    }

    @Test func `a wanted transfer syntax is given or the next range is tried`() throws {
        let header = "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2.4.80, application/dicom;q=0.5"
        #expect(try instance(header, stored: .explicitVRLittleEndian, targets: [.jpegLSLossless])?.transferSyntax == .jpegLSLossless)
        let second = try #require(try instance(header, stored: .explicitVRLittleEndian, targets: []))
        #expect(second.transferSyntax == .explicitVRLittleEndian && !second.isMultipart)
    }

    @Test func `video that cannot be decoded is 406 unless anything is accepted`() throws {
        let video = TransferSyntax(uid: "1.2.840.10008.1.2.4.102")
        #expect(try instance("application/dicom", stored: video, targets: []) == nil)
        let anything = try #require(try instance("*/*", stored: video, targets: []))
        #expect(anything.isAsStored && anything.isMultipart)
        #expect(try instance("image/jpeg", stored: video, targets: []) == nil)
    }

    @Test func `frames go out by media type`() throws {
        let octets = try #require(try frames("multipart/related; type=application/octet-stream", stored: .jpegLSLossless))
        #expect(octets.mediaType.essence == "application/octet-stream" && octets.transferSyntax == .explicitVRLittleEndian && !octets.isAsStored)
        let stored = try #require(try frames("multipart/related; type=application/octet-stream; transfer-syntax=*", stored: .jpegLSLossless))
        #expect(stored.mediaType.formatted == "image/jls; transfer-syntax=1.2.840.10008.1.2.4.80" && stored.isAsStored)
        let named = try #require(try frames("multipart/related; type=\"image/jp2\"", stored: .jpegLSLossless, targets: [.jpeg2000, .jpeg2000Lossless]))
        #expect(named.transferSyntax == .jpeg2000Lossless)
        #expect(try frames("multipart/related; type=\"image/jp2\"", stored: .jpeg2000)?.isAsStored == true)
        #expect(try frames("multipart/related; type=\"image/jphc\"", stored: .jpegLSLossless) == nil)
        #expect(try frames("multipart/related; type=\"image/jpeg\"; transfer-syntax=1.2.840.10008.1.2.4.50", stored: .jpegLosslessSV1) == nil)
        #expect(try frames("*/*", stored: .jpegLSLossless)?.mediaType.essence == "application/octet-stream")
        #expect(try frames(nil, stored: TransferSyntax(uid: "1.2.840.10008.1.2.4.100"), targets: [])?.mediaType.essence == "video/mpeg")
    }

    @Test func `uncompressed little endian frames are as stored whatever the VR encoding`() throws {
        #expect(try frames("application/octet-stream", stored: .implicitVRLittleEndian)?.isAsStored == true)
        #expect(try frames("application/octet-stream", stored: .explicitVRBigEndian)?.isAsStored == false)
    }

    @Test func `several frames cannot go out alone`() throws {
        #expect(try frames("application/octet-stream", stored: .explicitVRLittleEndian, count: 2) == nil)
        #expect(try frames("application/octet-stream", stored: .explicitVRLittleEndian, count: 1)?.isMultipart == false)
        #expect(try frames("*/*", stored: .explicitVRLittleEndian, count: 2)?.isMultipart == true)
    }

    @Test func `every transfer syntax with a media type of its own is found by it`() {
        for syntax in TransferSyntax.all {
            let mediaType = syntax.pixelMediaType.with("transfer-syntax", syntax.uid)
            #expect(TransferSyntax(pixelMediaType: mediaType) == syntax, "\(syntax.uid)")
        }
        #expect(TransferSyntax(pixelMediaType: .jpeg) == .jpegLosslessSV1)
        #expect(TransferSyntax(pixelMediaType: .octetStream) == .explicitVRLittleEndian)
        #expect(TransferSyntax(pixelMediaType: MediaType("text", "html")) == nil)
        #expect(TransferSyntax(pixelMediaType: .jpeg.with("transfer-syntax", TransferSyntax.jpegLSLossless.uid)) == nil)
    }
}
