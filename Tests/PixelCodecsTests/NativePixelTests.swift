import PixelCodecs
import Testing

@Suite struct `PS3.5 §8.1 native pixel data` {
    @Test func `1-bit frames begin at any bit and come back packed`() throws {
        let packed: [UInt8] = [0b1010_0000, 0b0000_0101]
        var pixels = [UInt8](repeating: 9, count: 7)
        var target = pixels.mutableSpan
        try NativePixels.unpackBits(packed.span, firstBit: 5, into: &target)
        #expect(pixels == [1, 0, 1, 1, 0, 1, 0])
        var again: [UInt8] = [0xFF, 0xFF]
        var output = again.mutableSpan
        try NativePixels.packBits(pixels.span, into: &output, firstBit: 5)
        #expect(again == [0b1011_1111, 0b1111_0101])
    }

    @Test func `bits above Bits Stored are cleared, or carry the sign`() throws {
        var description = FrameDescription(columns: 2, rows: 1, bitsAllocated: 16, bitsStored: 12)
        var frame: [UInt8] = [0xFF, 0xFF, 0x01, 0x28]
        var span = frame.mutableSpan
        try NativePixels.clearUnusedBits(&span, description)
        #expect(frame == [0xFF, 0x0F, 0x01, 0x08])
        description.isSigned = true
        span = frame.mutableSpan
        try NativePixels.clearUnusedBits(&span, description)
        #expect(frame == [0xFF, 0xFF, 0x01, 0xF8])
    }

    @Test func `planes and pixels are transposed, and back`() throws {
        let pixels: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
        let planes = try NativePixels.separate(pixels.span, components: 3, bytesPerSample: 2)
        #expect(planes == [1, 2, 7, 8, 3, 4, 9, 10, 5, 6, 11, 12])
        #expect(try NativePixels.interleave(planes.span, components: 3, bytesPerSample: 2) == pixels)
    }

    @Test func `byte order is reversed within each sample`() throws {
        var frame: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        var span = frame.mutableSpan
        try NativePixels.swapByteOrder(&span, bytesPerSample: 4)
        #expect(frame == [4, 3, 2, 1, 8, 7, 6, 5])
    }

    @Test func `a description outside PS3.3 or beyond the limit has no size`() {
        #expect(throws: CodecError(.unsupportedDescription)) {
            try FrameDescription(columns: 0, rows: 1, bitsAllocated: 8).validatedByteCount()
        }
        #expect(throws: CodecError(.unsupportedDescription)) {
            try FrameDescription(columns: 1, rows: 1, bitsAllocated: 12).validatedByteCount()
        }
        #expect(throws: CodecError(.limitExceeded)) {
            try FrameDescription(columns: 65535, rows: 65535, samplesPerPixel: 4, bitsAllocated: 64).validatedByteCount()
        }
    }
}
