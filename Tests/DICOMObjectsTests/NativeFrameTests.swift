import DICOMObjects
import PixelCodecs
import Testing

@Suite struct `PS3.3 C.7.6.3 native frames as viewers read them` {
    private func frame(_ bytes: [UInt8], _ photometric: String, columns: Int, bits: Int = 8, isPlanar: Bool = false) -> NativeFrame {
        let description = FrameDescription(
            columns: columns, rows: 1, samplesPerPixel: 3, bitsAllocated: bits <= 8 ? 8 : 16, bitsStored: bits, isPlanar: isPlanar)
        return NativeFrame(
            bytes: bytes[...], photometricInterpretation: photometric,
            module: ImagePixelModule(frame: description, photometricInterpretation: photometric, numberOfFrames: 1))
    }

    /// The equations of PS3.3 C.7.6.3.1.2 solved for red, green and blue.
    private func red(_ y: Int, _ cb: Int, _ cr: Int) -> [UInt8] {
        let (y, b, r) = (Double(y), Double(cb - 128), Double(cr - 128))
        return [y + 1.402 * r, y - 0.344136 * b - 0.714136 * r, y + 1.772 * b].map { UInt8(min(max(($0 + 0.5).rounded(.down), 0), 255)) }
    }

    @Test func `colour by plane becomes colour by pixel`() throws {
        #expect(try RGBSamples.bytes(frame([1, 2, 3, 4, 5, 6], "RGB", columns: 2, isPlanar: true)) == [1, 3, 5, 2, 4, 6])
        #expect(try RGBSamples.bytes(frame([1, 2, 3, 4, 5, 6], "RGB", columns: 2)) == [1, 2, 3, 4, 5, 6])
    }

    @Test func `of 16 bits the eight highest stored ones are kept`() throws {
        let bytes: [UInt8] = [0xBC, 0x0A, 0x34, 0x02, 0xFF, 0x0F]
        #expect(try RGBSamples.bytes(frame(bytes, "RGB", columns: 1, bits: 12)) == [0xAB, 0x23, 0xFF])
    }

    @Test func `YBR_FULL becomes RGB by the equations of the standard`() throws {
        for y in stride(from: 0, through: 255, by: 15) {
            for cb in stride(from: 0, through: 255, by: 17) {
                for cr in stride(from: 0, through: 255, by: 51) {
                    let found = try RGBSamples.bytes(frame([UInt8(y), UInt8(cb), UInt8(cr)], "YBR_FULL", columns: 1))
                    #expect(zip(found, red(y, cb, cr)).allSatisfy { abs(Int($0) - Int($1)) <= 1 }, "\(y) \(cb) \(cr)")
                }
            }
        }
    }

    @Test func `two pixels of YBR_FULL_422 share their colour`() throws {
        let whole = try RGBSamples.bytes(frame([50, 100, 180, 60, 100, 180], "YBR_FULL", columns: 2))
        #expect(try RGBSamples.bytes(frame([50, 60, 100, 180], "YBR_FULL_422", columns: 2)) == whole)
        // Decoded from JPEG there is no sharing any more.
        #expect(try RGBSamples.bytes(frame([50, 100, 180, 60, 100, 180], "YBR_FULL_422", columns: 2)) == whole)
    }

    @Test func `too few bytes and other samples are refused`() {
        #expect(throws: ImageError.self) { try RGBSamples.bytes(frame([1, 2, 3], "RGB", columns: 2)) }
        #expect(throws: ImageError.self) { try RGBSamples.bytes(frame([1], "YBR_FULL_422", columns: 2)) }
        var grey = frame([1, 2, 3], "RGB", columns: 1)
        grey.module.frame.samplesPerPixel = 1
        #expect(throws: ImageError.self) { try RGBSamples.bytes(grey) }
    }

    @Test func `PS3.5 §8.1.1 bits above and below the stored ones are cleared, the sign carried up`() throws {
        let plain = FrameDescription(columns: 2, rows: 1, bitsAllocated: 16, bitsStored: 10)
        #expect(try RGBSamples.cleared([0xFF, 0xFF, 0x01, 0xF8], plain, highBit: 9) == [0xFF, 0x03, 0x01, 0x00])
        #expect(try RGBSamples.cleared([0xF4, 0x3F, 0x10, 0x00], plain, highBit: 11) == [0xFD, 0x03, 0x04, 0x00])
        let signed = FrameDescription(columns: 2, rows: 1, bitsAllocated: 16, bitsStored: 12, isSigned: true)
        #expect(try RGBSamples.cleared([0x00, 0x08, 0xFF, 0xF7], signed, highBit: 11) == [0x00, 0xF8, 0xFF, 0x07])
    }

    @Test func `pictures are reduced by means of boxes, also at the edge`() {
        let description = FrameDescription(columns: 3, rows: 2, bitsAllocated: 8)
        #expect(FrameReduction.boxes([1, 2, 10, 3, 4, 13], description, factor: 2) == [3, 12])
        #expect(FrameReduction.boxes([1, 2], description, factor: 2) == nil)
        #expect(FrameReduction.boxes([1, 2, 10, 3, 4, 13], description, factor: 0) == nil)
        let colour = FrameDescription(columns: 2, rows: 1, samplesPerPixel: 3, bitsAllocated: 8)
        #expect(FrameReduction.boxes([1, 2, 3, 5, 8, 13], colour, factor: 2) == [3, 5, 8])
    }
}
