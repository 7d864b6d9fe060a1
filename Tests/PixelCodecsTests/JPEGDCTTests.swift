import PixelCodecs
import Testing
import TestSupport

/// The `.raw` files hold what libjpeg-turbo (8 bits) and DCMTK (12 bits) decode, without colour transform.
@Suite struct `T.81 Annexes F and G DCT processes` {
    static let names = [
        "grey8", "grey8-progressive", "444", "422", "422-restart", "420", "420-progressive", "420-tiny", "extended12",
        "spectral12", "progressive12",
    ]

    static func frame(_ codestream: [UInt8]) throws -> FrameDescription {
        let info = try JPEGDCT.info(codestream.span)
        return FrameDescription(
            columns: info.columns, rows: info.rows, samplesPerPixel: info.components,
            bitsAllocated: info.precision > 8 ? 16 : 8, bitsStored: info.precision)
    }

    @Test(arguments: names) func `GUIDE-1.1.1.2-5 samples equal the reference decoder's`(_ name: String) throws {
        let codestream = try Fixture.bytes("jpegdct-\(name).jpg")
        let description = try Self.frame(codestream)
        #expect(try JPEGDCT.decode(codestream.span, description) == (try Fixture.bytes("jpegdct-\(name).raw")))
    }

    @Test(arguments: ["444", "422", "420"]) func `a planar frame has the same samples`(_ name: String) throws {
        let codestream = try Fixture.bytes("jpegdct-\(name).jpg")
        var description = try Self.frame(codestream)
        let interleaved = try JPEGDCT.decode(codestream.span, description)
        description.isPlanar = true
        let planar = try JPEGDCT.decode(codestream.span, description)
        #expect(try NativePixels.interleave(planar.span, components: 3, bytesPerSample: 1) == interleaved)
    }

    @Test(arguments: names) func `every shortened codestream is refused`(_ name: String) throws {
        let codestream = try Fixture.bytes("jpegdct-\(name).jpg")
        let description = try Self.frame(codestream)
        // Without EOI a sequential frame is still whole.
        for length in stride(from: 2, to: codestream.count - 4, by: 3) {
            #expect(throws: CodecError.self) { try JPEGDCT.decode(Array(codestream[..<length]).span, description) }
        }
    }

    @Test func `changed bytes never do more than fail`() throws {
        var generator = SeededGenerator(seed: 14)
        for name in Self.names {
            let original = try Fixture.bytes("jpegdct-\(name).jpg")
            let description = try Self.frame(original)
            for _ in 0..<200 {
                var codestream = original
                for _ in 0..<3 { codestream[Int(generator.next() % UInt64(codestream.count))] = UInt8(generator.next() & 255) }
                if let decoded = try? JPEGDCT.decode(codestream.span, description) {
                    #expect(decoded.count == (try description.validatedByteCount()))
                }
            }
        }
    }

    @Test func `an image of too many scans is refused`() throws {
        let codestream = try Fixture.bytes("jpegdct-420-progressive.jpg")
        let description = try Self.frame(codestream)
        let error = #expect(throws: CodecError.self) {
            try JPEGDCT.decode(codestream.span, description, limits: CodecLimits(maximumScans: 3))
        }
        #expect(error?.reason == .limitExceeded)
    }

    @Test func `arithmetic coding and hierarchical frames are named as unsupported`() throws {
        for marker: UInt8 in [0xC5, 0xC6, 0xC9, 0xCA] {
            var codestream = try Fixture.bytes("jpegdct-grey8.jpg")
            let at = try #require(codestream.indices.dropLast().first { codestream[$0] == 0xFF && codestream[$0 + 1] == 0xC0 })
            codestream[at + 1] = marker
            let description = FrameDescription(columns: 19, rows: 13, bitsAllocated: 8)
            #expect(throws: CodecError(.unsupportedFeature)) { try JPEGDCT.decode(codestream.span, description) }
        }
    }
}
