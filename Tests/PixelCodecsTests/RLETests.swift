import PixelCodecs
import Testing
import TestSupport

@Suite struct `PS3.5 Annex G RLE Lossless` {
    @Test(arguments: TestImage.descriptions)
    func `GUIDE-1.1.1.1.1-4 every depth and layout comes back as it was`(_ description: FrameDescription) throws {
        let image = TestImage.make(description, seed: 1)
        let codestream = try RLELossless.encode(image.span, description)
        #expect(try RLELossless.decode(codestream.span, description) == image)
    }

    @Test(arguments: [32, 64]) func `samples of four and eight bytes have a segment for each byte`(_ bits: Int) throws {
        let description = FrameDescription(columns: 13, rows: 5, bitsAllocated: bits)
        var generator = SeededGenerator(seed: 2)
        let image = (0..<(13 * 5 * bits / 8)).map { _ in UInt8(truncatingIfNeeded: generator.next() & 3) }
        let codestream = try RLELossless.encode(image.span, description)
        #expect(codestream[0] == UInt8(bits / 8))
        #expect(try RLELossless.decode(codestream.span, description) == image)
    }

    @Test func `1-bit frames are packed before they are coded`() throws {
        let description = FrameDescription(columns: 30, rows: 3, bitsAllocated: 1)
        let image: [UInt8] = [0, 0, 0, 0, 255, 255, 255, 1, 2, 3, 4, 2]
        let codestream = try RLELossless.encode(image.span, description)
        #expect(try RLELossless.decode(codestream.span, description) == image)
    }

    @Test func `the example of a 16-bit frame decodes most significant byte first`() throws {
        let description = FrameDescription(columns: 3, rows: 1, bitsAllocated: 16)
        let header: [UInt8] = [2, 0, 0, 0, 64, 0, 0, 0, 66, 0, 0, 0] + [UInt8](repeating: 0, count: 52)
        // 01 three times; 0A 0B 0C as literals, padded to even length.
        let segments: [UInt8] = [0xFE, 0x01, 0x02, 0x0A, 0x0B, 0x0C]
        #expect(try RLELossless.decode((header + segments).span, description) == [0x0A, 1, 0x0B, 1, 0x0C, 1])
    }

    @Test func `rows end runs and segments have even length`() throws {
        let description = FrameDescription(columns: 100, rows: 2, bitsAllocated: 8)
        let codestream = try RLELossless.encode([UInt8](repeating: 7, count: 200).span, description)
        #expect(codestream.count == 64 + 4)
        #expect(codestream[64...] == [157, 7, 157, 7])
    }

    @Test func `an expansion no segment can reach is refused before the frame is allocated`() {
        let description = FrameDescription(columns: 60000, rows: 8000, bitsAllocated: 16)
        #expect(throws: CodecError(.truncated, at: 100)) {
            try RLELossless.decode([UInt8](repeating: 0, count: 100).span, description)
        }
    }

    @Test func `segment offsets outside the codestream and too few segments are refused`() throws {
        let description = FrameDescription(columns: 4, rows: 4, bitsAllocated: 16)
        var codestream = try RLELossless.encode(TestImage.make(description, seed: 3).span, description)
        codestream[8] = 0xFF
        codestream[9] = 0xFF
        #expect(throws: CodecError(.invalidSegment, at: 8)) { try RLELossless.decode(codestream.span, description) }
        codestream[0] = 1
        #expect(throws: CodecError(.invalidSegment)) { try RLELossless.decode(codestream.span, description) }
    }

    @Test func `every shortened codestream is refused`() throws {
        let description = FrameDescription(columns: 20, rows: 10, bitsAllocated: 16, bitsStored: 12)
        let codestream = try RLELossless.encode(TestImage.make(description, seed: 4).span, description)
        for length in 0..<(codestream.count - 1) {
            #expect(throws: CodecError.self) { try RLELossless.decode(Array(codestream[..<length]).span, description) }
        }
    }
}
