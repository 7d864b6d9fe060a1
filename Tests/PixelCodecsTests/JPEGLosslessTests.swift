import PixelCodecs
import Testing
import TestSupport

@Suite struct `T.81 Annex H JPEG lossless` {
    @Test(arguments: TestImage.descriptions)
    func `GUIDE-1.1.1.2-6 selection value 1 brings back every depth, sign and layout`(_ description: FrameDescription) throws {
        let image = TestImage.make(description, seed: 5)
        let codestream = try JPEGLossless.encode(image.span, description)
        #expect(try JPEGLossless.decode(codestream.span, description) == image)
        let info = try JPEGLossless.info(codestream.span)
        #expect(info.columns == description.columns && info.rows == description.rows)
        #expect(info.components == description.samplesPerPixel && info.isLossless)
    }

    @Test(arguments: 1...7, [0, 1, 3])
    func `GUIDE-1.1.1.2-6 every predictor decodes, with point transform and restarts`(
        _ predictor: Int, _ rowsPerRestart: Int
    ) throws {
        for (components, precision, transform) in [(1, 16, 0), (1, 12, 2), (3, 8, 0), (2, 10, 1)] {
            let description = FrameDescription(
                columns: 19, rows: 11, samplesPerPixel: components, bitsAllocated: precision > 8 ? 16 : 8,
                bitsStored: precision)
            var image = TestImage.make(description, seed: UInt64(predictor))
            let writer = ReferenceLosslessWriter(
                description: description, predictor: predictor, pointTransform: transform, rowsPerRestart: rowsPerRestart)
            let codestream = writer.encode(image)
            // The point transform drops low bits.
            for index in 0..<(19 * 11 * components) {
                let kept = (TestImage.sample(image, index, description) >> transform) << transform
                let size = description.bytesPerSample
                for byte in 0..<size { image[index * size + byte] = UInt8(truncatingIfNeeded: kept >> (8 * byte)) }
            }
            #expect(try JPEGLossless.decode(codestream.span, description) == image)
        }
    }

    @Test func `bits above Bits Stored survive because they are coded too`() throws {
        let description = FrameDescription(columns: 6, rows: 4, bitsAllocated: 16, bitsStored: 12)
        var image = TestImage.make(description, seed: 6)
        image[1] |= 0x80
        let codestream = try JPEGLossless.encode(image.span, description)
        #expect(try JPEGLossless.info(codestream.span).precision == 16)
        #expect(try JPEGLossless.decode(codestream.span, description) == image)
    }

    @Test func `signed samples of the codestream's precision come out with their sign extended`() throws {
        let unsigned = FrameDescription(columns: 4, rows: 1, bitsAllocated: 16, bitsStored: 12)
        let codestream = try JPEGLossless.encode([0xFF, 0x0F, 0, 8, 1, 0, 0xFF, 7].span, unsigned)
        var signed = unsigned
        signed.isSigned = true
        #expect(try JPEGLossless.decode(codestream.span, signed) == [0xFF, 0xFF, 0, 0xF8, 1, 0, 0xFF, 7])
    }

    @Test func `every shortened codestream is refused`() throws {
        let description = FrameDescription(columns: 30, rows: 20, bitsAllocated: 16, bitsStored: 12)
        let codestream = try JPEGLossless.encode(TestImage.make(description, seed: 7).span, description)
        // Without EOI the frame is still whole.
        for length in 0..<(codestream.count - 4) {
            #expect(throws: CodecError.self) { try JPEGLossless.decode(Array(codestream[..<length]).span, description) }
        }
    }

    @Test func `another size than the data set declares is refused before anything is decoded`() throws {
        let description = FrameDescription(columns: 8, rows: 8, bitsAllocated: 16)
        let codestream = try JPEGLossless.encode(TestImage.make(description, seed: 8).span, description)
        var other = description
        other.rows = 9
        #expect(throws: CodecError(.geometryMismatch)) { try JPEGLossless.decode(codestream.span, other) }
        other = description
        other.bitsAllocated = 8
        other.bitsStored = 8
        #expect(throws: CodecError(.precisionMismatch)) { try JPEGLossless.decode(codestream.span, other) }
    }

    @Test func `a short codestream that declares a huge frame is refused without allocating it`() throws {
        let description = FrameDescription(columns: 8, rows: 8, bitsAllocated: 16)
        var codestream = try JPEGLossless.encode(TestImage.make(description, seed: 9).span, description)
        // SOF: rows and columns.
        for at in 7...10 { codestream[at] = 0x7F }
        let huge = FrameDescription(columns: 0x7F7F, rows: 0x7F7F, bitsAllocated: 8)
        #expect(throws: CodecError(.limitExceeded)) {
            try JPEGLossless.decode(codestream.span, huge, limits: CodecLimits(maximumFrameBytes: 1 << 20))
        }
        let wide = FrameDescription(columns: 0x7F7F, rows: 0x7F7F, bitsAllocated: 16)
        #expect(throws: CodecError(.truncated, at: codestream.count)) {
            try JPEGLossless.decode(codestream.span, wide, limits: CodecLimits(maximumFrameBytes: 1 << 32))
        }
    }

    @Test func `a missing restart marker is named with its place`() throws {
        let description = FrameDescription(columns: 5, rows: 4, bitsAllocated: 8)
        let writer = ReferenceLosslessWriter(description: description, predictor: 4, pointTransform: 0, rowsPerRestart: 2)
        var codestream = writer.encode(TestImage.make(description, seed: 10))
        let marker = try #require(codestream.indices.dropLast().first { codestream[$0] == 0xFF && codestream[$0 + 1] == 0xD0 })
        codestream[marker + 1] = 0xD3
        #expect(throws: CodecError(.restartMarkerExpected, at: marker)) {
            try JPEGLossless.decode(codestream.span, description)
        }
    }
}
