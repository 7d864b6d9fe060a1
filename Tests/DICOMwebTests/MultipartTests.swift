import DICOMweb
import Testing

private struct Part: Equatable {
    var headers: PartHeaders
    var body: [UInt8] = []
}

/// Reads `input` in pieces of `size` bytes; what held back is part of the proof.
private func read(
    _ input: [UInt8], boundary: String = "b", size: Int, limits: MultipartReader.Limits = .default
) throws(MultipartError) -> [Part] {
    var reader = try MultipartReader(boundary: boundary, limits: limits)
    var parts: [Part] = []
    var isFinished = false
    for start in stride(from: 0, to: input.count, by: size) {
        for event in try reader.feed(input[start..<min(start + size, input.count)]) {
            switch event {
            case .partBegan(let headers): parts.append(Part(headers: headers))
            case .body(let bytes): parts[parts.count - 1].body += bytes
            case .partEnded: break
            case .finished: isFinished = true
            }
        }
    }
    try reader.finish()
    #expect(isFinished)
    return parts
}

private func failure(_ text: String, boundary: String = "b", limits: MultipartReader.Limits = .default) -> MultipartError? {
    do throws(MultipartError) {
        _ = try read(Array(text.utf8), boundary: boundary, size: 7, limits: limits)
        return nil
    } catch { return error }
}

@Suite struct `RFC 2046 §5.1 multipart bodies` {
    @Test func `what is written is read, in pieces of any size`() throws {
        let bodies: [[UInt8]] = [
            Array("\r\n--boundar\r\n--boundary7\r\n\r\n-".utf8), [], (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 7) }, [0x0D],
            Array("\r\n".utf8), Array("--boundary".utf8),
        ]
        let writer = MultipartWriter(boundary: "boundary")
        var input: [UInt8] = []
        for (index, body) in bodies.enumerated() {
            input += writer.partHeader(.dicom.with("transfer-syntax", "1.2.\(index)"), location: "/frames/\(index)", length: body.count)
            input += body
        }
        input += writer.end
        for size in [1, 2, 3, 5, 8, 13, 64, 1000, input.count] {
            let parts = try read(input, boundary: "boundary", size: size)
            #expect(parts.map { $0.body } == bodies, "\(size)")
            #expect(parts.map { $0.headers.contentLocation } == bodies.indices.map { "/frames/\($0)" })
            #expect(parts.map { $0.headers.contentType?["transfer-syntax"] } == bodies.indices.map { "1.2.\($0)" })
        }
    }

    @Test func `preamble, epilogue, white space after delimiters and parts without header are read`() throws {
        let text = "preamble\r\n--b \t\r\nContent-ID: <7>\r\nX:  y \r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\nepilogue\r\n--b\r\n"
        for size in [1, 4, 1000] {
            let parts = try read(Array(text.utf8), size: size)
            #expect(parts.map { String(decoding: $0.body, as: UTF8.self) } == ["one", "two"])
            #expect(parts[0].headers.contentID == "7" && parts[0].headers["x"] == "y" && parts[1].headers.fields.isEmpty)
        }
        #expect(try read(Array("--b--".utf8), size: 1) == [])
    }

    @Test func `a line that only begins like the delimiter belongs to the body`() throws {
        let text = "--b\r\n\r\na\r\n--bc\r\n--b x\r\n--b-\r\n--b--"
        for size in [1, 3, 1000] {
            let parts = try read(Array(text.utf8), size: size)
            #expect(parts.map { String(decoding: $0.body, as: UTF8.self) } == ["a\r\n--bc\r\n--b x\r\n--b-"])
        }
    }

    @Test func `no more is held back than a delimiter or a header`() throws {
        var reader = try MultipartReader(boundary: "boundary")
        _ = try reader.feed(Array("--boundary\r\n\r\n".utf8)[...])
        var given = 0
        for _ in 0..<100 {
            let events = try reader.feed([UInt8](repeating: 0x0D, count: 1000)[...])
            for case .body(let bytes) in events { given += bytes.count }
        }
        #expect(given >= 100_000 - 14)
    }

    @Test func `limits hold`() {
        var limits = MultipartReader.Limits()
        limits.maximumHeaderBytes = 20
        #expect(failure("--b\r\nA: " + String(repeating: "x", count: 30), limits: limits) == .headerTooLong(limit: 20, offset: 3))
        limits = MultipartReader.Limits()
        limits.maximumParts = 1
        #expect(failure("--b\r\n\r\n\r\n--b\r\n\r\n\r\n--b--", limits: limits) == .tooManyParts(limit: 1, offset: 7))
        limits = MultipartReader.Limits()
        limits.maximumPreambleBytes = 5
        #expect(failure("123456789\r\n--b--", limits: limits) == .preambleTooLong(limit: 5))
    }

    @Test func `what is wrong is said with its place`() {
        #expect(failure("--b\r\n\r\nx") == .truncated(offset: 8))
        #expect(failure("") == .truncated(offset: 0))
        #expect(failure("--b\r\nno colon\r\n\r\n--b--") == .malformedHeader(offset: 5))
        #expect(failure("--b\r\n: x\r\n\r\n--b--") == .malformedHeader(offset: 5))
        #expect(failure("--b\r\nA: x\r\n folded\r\n\r\n--b--") == .malformedHeader(offset: 11))
        for boundary in ["", "a\r\n", "é", String(repeating: "x", count: 71), "x "] {
            #expect(failure("--b--", boundary: boundary) == .invalidBoundary)
        }
    }

    @Test func `a location cannot add header fields`() {
        let header = String(decoding: MultipartWriter(boundary: "b").partHeader(.dicom, location: "a\r\nX: y"), as: UTF8.self)
        #expect(header == "\r\n--b\r\nContent-Type: application/dicom\r\nContent-Location: aX: y\r\n\r\n")
    }

    @Test func `random bodies read the same in any pieces`() throws {
        var generator = Generator(state: 7)
        for _ in 0..<3000 {
            let pieces = ["\r\n", "--", "b", "\r", "\n", "-", " ", "--b", "\r\n--b\r\n", ":", "x", "\r\n\r\n", "\r\n--b--"]
            let text = (0..<12).map { _ in pieces[Int(generator.next() % UInt64(pieces.count))] }.joined()
            let whole = Result { try read(Array(text.utf8), size: 10_000) }
            for size in [1, 2, 5] {
                switch (whole, Result { try read(Array(text.utf8), size: size) }) {
                case (.success(let one), .success(let other)): #expect(one == other)
                case (.failure(let one as MultipartError), .failure(let other as MultipartError)): #expect(one == other)
                default: Issue.record("pieces of \(size) bytes make a difference")
                }
            }
        }
    }

    struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    @Test func `boundaries are 32 hexadecimal digits`() {
        var generator = Generator(state: 1)
        let boundary = MultipartWriter.randomBoundary(using: &generator)
        #expect(boundary.utf8.count == 32 && boundary.allSatisfy { $0.isHexDigit })
    }
}
