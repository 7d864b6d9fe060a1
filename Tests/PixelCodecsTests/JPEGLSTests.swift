import PixelCodecs
import Testing
import TestSupport

@Suite struct `T.87 JPEG-LS` {
    static let interleaves: [JPEGLS.Interleave] = [.none, .line, .sample]

    @Test(arguments: TestImage.descriptions, interleaves)
    func `lossless coding brings back every depth, sign, layout and interleave`(
        _ description: FrameDescription, _ interleave: JPEGLS.Interleave
    ) throws {
        let image = TestImage.make(description, seed: 11)
        for linesPerRestart in [0, 4] {
            let codestream = try JPEGLS.encode(
                image.span, description, interleave: interleave, linesPerRestart: linesPerRestart)
            #expect(try JPEGLS.decode(codestream.span, description) == image)
        }
    }

    @Test(arguments: TestImage.descriptions.filter { $0.bitsStored >= 4 }, interleaves)
    func `near-lossless coding keeps every sample within the error`(
        _ description: FrameDescription, _ interleave: JPEGLS.Interleave
    ) throws {
        let image = TestImage.make(description, seed: 12)
        for near in [1, 3, 7] {
            let codestream = try JPEGLS.encode(image.span, description, near: near, interleave: interleave)
            let decoded = try JPEGLS.decode(codestream.span, description)
            var worst = 0
            for index in 0..<(image.count / description.bytesPerSample) {
                let difference = TestImage.sample(image, index, description) - TestImage.sample(decoded, index, description)
                worst = max(worst, abs(difference))
            }
            #expect(worst <= near)
            // Signed images that use their whole range are coded losslessly.
            let isWhole = description.isSigned && description.bitsStored == description.bitsAllocated
            #expect(try JPEGLS.info(codestream.span).near == (isWhole ? 0 : near))
        }
    }

    @Test func `the example of Annex H codes the 4 by 4 image to the bytes printed there`() throws {
        let description = FrameDescription(columns: 4, rows: 4, bitsAllocated: 8)
        let image: [UInt8] = [0, 0, 90, 74, 68, 50, 43, 205, 64, 145, 145, 145, 100, 145, 145, 145]
        let codestream = try JPEGLS.encode(image.span, description)
        let data: [UInt8] = [0xC0, 0x00, 0x00, 0x6C, 0x80, 0x20, 0x8E, 0x01, 0xC0, 0x00, 0x00, 0x57, 0x40, 0x00, 0x00, 0x6E, 0xE6,
            0x00, 0x00, 0x01, 0xBC, 0x18, 0x00, 0x00, 0x05, 0xD8, 0x00, 0x00, 0x91, 0x60]
        #expect(Array(codestream.suffix(data.count + 2).prefix(data.count)) == data)
        #expect(try JPEGLS.decode(codestream.span, description) == image)
    }

    @Test func `every shortened codestream is refused`() throws {
        let description = FrameDescription(columns: 30, rows: 20, bitsAllocated: 16, bitsStored: 12)
        let codestream = try JPEGLS.encode(TestImage.make(description, seed: 13).span, description)
        // Without EOI the frame is still whole.
        for length in 0..<(codestream.count - 4) {
            #expect(throws: CodecError.self) { try JPEGLS.decode(Array(codestream[..<length]).span, description) }
        }
    }

    @Test func `mapping tables, large dimensions and colour transforms are named as unsupported`() throws {
        let description = FrameDescription(columns: 2, rows: 2, bitsAllocated: 8)
        let codestream = try JPEGLS.encode([1, 2, 3, 4].span, description)
        for segment: [UInt8] in [
            [0xFF, 0xF8, 0, 5, 2, 1, 1], [0xFF, 0xF8, 0, 4, 4, 2], [0xFF, 0xE8, 0, 7, 0x6D, 0x72, 0x66, 0x78, 1],
        ] {
            let bytes = codestream[..<2] + segment + codestream[2...]
            #expect(throws: CodecError(.unsupportedFeature, at: 6)) { try JPEGLS.decode(Array(bytes).span, description) }
        }
    }
}

/// Needs the shared test images; skipped without them.
@Suite(.enabled(if: SharedData.isAvailable)) struct `T.87 Annex E conformance images` {
    static let images: [(String, String, Int)] = [
        ("t8c0e0", "test8.ppm", 0), ("t8c1e0", "test8.ppm", 0), ("t8c2e0", "test8.ppm", 0), ("t8c0e3", "test8.ppm", 3),
        ("t8c1e3", "test8.ppm", 3), ("t8c2e3", "test8.ppm", 3), ("t8nde0", "test8bs2.pgm", 0), ("t8nde3", "test8bs2.pgm", 3),
        ("t16e0", "test16.pgm", 0), ("t16e3", "test16.pgm", 3),
    ]

    @Test(arguments: images)
    func `the codestream decodes to its image`(_ name: String, _ original: String, _ near: Int) throws {
        let codestream = try SharedData.bytes("codecs/jpegls-t87/\(name).jls")
        let info = try JPEGLS.info(codestream.span)
        let (pixels, _) = try Self.portableMap(original)
        let description = FrameDescription(
            columns: info.columns, rows: info.rows, samplesPerPixel: info.components,
            bitsAllocated: info.precision > 8 ? 16 : 8, bitsStored: info.precision)
        let decoded = try JPEGLS.decode(codestream.span, description)
        #expect(decoded.count == pixels.count)
        #expect(info.near == near)
        if near == 0 {
            #expect(decoded == pixels)
        } else {
            let count = decoded.count / description.bytesPerSample
            let worst = (0..<count).map {
                abs(TestImage.sample(decoded, $0, description) - TestImage.sample(pixels, $0, description))
            }.max()
            #expect(worst == near)
        }
    }

    @Test(arguments: ["t8sse0", "t8sse3"]) func `subsampled components are refused by name`(_ name: String) throws {
        let codestream = try SharedData.bytes("codecs/jpegls-t87/\(name).jls")
        let description = FrameDescription(columns: 256, rows: 256, samplesPerPixel: 3, bitsAllocated: 8)
        let error = #expect(throws: CodecError.self) { try JPEGLS.decode(codestream.span, description) }
        #expect(error?.reason == .unsupportedFeature)
    }

    /// Samples of a PGM or PPM file, 16-bit ones turned to little endian.
    static func portableMap(_ name: String) throws -> (pixels: [UInt8], maximum: Int) {
        let bytes = try SharedData.bytes("codecs/jpegls-t87/\(name)")
        var fields: [Int] = []
        var at = 2
        while fields.count < 3 {
            if bytes[at] == UInt8(ascii: "#") {
                while bytes[at] != 10 { at += 1 }
            } else if bytes[at] <= 32 {
                at += 1
            } else {
                var value = 0
                while bytes[at] > 32 {
                    value = value * 10 + Int(bytes[at] - 48)
                    at += 1
                }
                fields.append(value)
            }
        }
        var pixels = Array(bytes[(at + 1)...])
        if fields[2] > 255 { for i in stride(from: 0, to: pixels.count - 1, by: 2) { pixels.swapAt(i, i + 1) } }
        return (pixels, fields[2])
    }
}

/// Needs the shared test images; skipped without them.
@Suite(.enabled(if: SharedData.isAvailable)) struct `malformed JPEG-LS streams of peers` {
    static let names = [
        "8bit-monochrome-2x2", "fuzzy-input-bad-run-mode-golomb-code", "fuzzy-input-no-valid-bits-at-the-end",
        "fuzzy_input_golomb_16", "no_start_byte_after_encoded_scan",
    ]

    @Test(arguments: names) func `the stream is refused or decoded, never more`(_ name: String) throws {
        let codestream = try SharedData.bytes("malformed/codec-streams/\(name).jls")
        do throws(CodecError) {
            let info = try JPEGLS.info(codestream.span)
            let description = FrameDescription(
                columns: info.columns, rows: info.rows, samplesPerPixel: info.components,
                bitsAllocated: info.precision > 8 ? 16 : 8, bitsStored: info.precision)
            let decoded = try JPEGLS.decode(codestream.span, description)
            #expect(decoded.count == (try description.validatedByteCount()))
        } catch {
            #expect(error.offset <= codestream.count)
        }
    }
}
