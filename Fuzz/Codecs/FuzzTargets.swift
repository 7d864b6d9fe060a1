// libFuzzer entry point; compiled together with the sources of PixelCodecs, one binary for each codec (-D flag).

#if FUZZ_JPEG2000 || FUZZ_JPEGLIBRARY
import PixelCodecs
#endif

/// The frame a codestream says it is, if that is small enough to be worth a run: an input of 4 KB has few samples to say,
/// and time spent on filling a large frame from nothing finds nothing.
func description(of info: CodestreamInfo, isSigned: Bool, isPlanar: Bool) -> FrameDescription? {
    guard info.columns * info.rows * info.components <= 1 << 11 else { return nil }
    return FrameDescription(
        columns: info.columns, rows: info.rows, samplesPerPixel: info.components,
        bitsAllocated: info.precision > 8 ? 16 : 8, bitsStored: info.precision, isSigned: isSigned, isPlanar: isPlanar)
}

let fuzzLimits = CodecLimits(maximumFrameBytes: 1 << 20, maximumScans: 20)

#if FUZZ_RLE
/// The first six bytes choose the frame, the rest is the codestream, or the image of a round trip.
func fuzz(_ input: [UInt8]) {
    guard input.count > 6 else { return }
    let allocated = [1, 8, 16, 32][Int(input[2] & 3)]
    let samples = allocated == 1 ? 1 : Int(input[3] & 1) * 2 + 1
    let frame = FrameDescription(
        columns: Int(input[0] & 31) + 1, rows: Int(input[1] & 7) + 1, samplesPerPixel: samples, bitsAllocated: allocated,
        isPlanar: input[4] & 1 == 1)
    let rest = Array(input[6...])
    _ = try? RLELossless.decode(rest.span, frame, limits: fuzzLimits)
    guard let size = try? frame.validatedByteCount(limits: fuzzLimits) else { return }
    let image = (0..<size).map { rest[$0 % rest.count] &+ UInt8(truncatingIfNeeded: $0 / rest.count) }
    guard let coded = try? RLELossless.encode(image.span, frame), let decoded = try? RLELossless.decode(coded.span, frame)
    else { fatalError("a whole frame was refused") }
    guard decoded == image else { fatalError("the round trip changed the frame") }
}
#elseif FUZZ_JPEGLOSSLESS
func fuzz(_ input: [UInt8]) {
    guard let info = try? JPEGLossless.info(input.span),
        let frame = description(of: info, isSigned: input.count & 1 == 1, isPlanar: input.count & 2 == 2),
        let image = try? JPEGLossless.decode(input.span, frame, limits: fuzzLimits)
    else { return }
    guard let coded = try? JPEGLossless.encode(image.span, frame),
        let decoded = try? JPEGLossless.decode(coded.span, frame)
    else { fatalError("a whole frame was refused") }
    guard decoded == image else { fatalError("the round trip changed the frame") }
}
#elseif FUZZ_JPEGLS
func fuzz(_ input: [UInt8]) {
    guard let info = try? JPEGLS.info(input.span),
        let frame = description(of: info, isSigned: input.count & 1 == 1, isPlanar: input.count & 2 == 2),
        let image = try? JPEGLS.decode(input.span, frame, limits: fuzzLimits)
    else { return }
    let interleave = JPEGLS.Interleave(rawValue: UInt8(input.count % 3)) ?? .none
    let lines = input.count % 5
    guard let coded = try? JPEGLS.encode(image.span, frame, interleave: interleave, linesPerRestart: lines),
        let decoded = try? JPEGLS.decode(coded.span, frame)
    else { fatalError("a whole frame was refused") }
    guard decoded == image else { fatalError("the round trip changed the frame") }
}
#elseif FUZZ_JPEGDCT
func fuzz(_ input: [UInt8]) {
    guard let info = try? JPEGDCT.info(input.span),
        let frame = description(of: info, isSigned: false, isPlanar: input.count & 2 == 2)
    else { return }
    _ = try? JPEGDCT.decode(input.span, frame, limits: fuzzLimits)
}
#elseif FUZZ_STOREDFRAME
/// The first eight bytes choose codec and frame, as hostile attributes would; the rest is the codestream.
func fuzz(_ input: [UInt8]) {
    guard input.count > 8 else { return }
    let codec = StoredFrame.Codec.allCases[Int(input[0]) % StoredFrame.Codec.allCases.count]
    let colour = StoredFrame.Colour.allCases[Int(input[1]) % StoredFrame.Colour.allCases.count]
    let allocated = [1, 8, 16, 32][Int(input[2] & 3)]
    let frame = StoredFrame(
        codec: codec,
        description: FrameDescription(
            columns: Int(input[3] & 63), rows: Int(input[4] & 31), samplesPerPixel: Int(input[5] & 3), bitsAllocated: allocated,
            bitsStored: Int(input[6] & 63), isSigned: input[5] & 4 != 0, isPlanar: input[5] & 8 != 0),
        highBit: Int(input[7] & 63), colour: colour)
    guard let count = try? frame.slotByteCount(limits: fuzzLimits) else { return }
    var slot = [UInt8](repeating: 0, count: count)
    var target = slot.mutableSpan
    let codestream = Array(input[8...])
    try? frame.decode(codestream.span, into: &target, limits: fuzzLimits)
}
#elseif FUZZ_JPEG2000
func fuzz(_ input: [UInt8]) {
    guard let header = try? JPEG2000Codestream(input.span),
        let frame = description(of: header.info, isSigned: header.info.isSigned, isPlanar: input.count & 2 == 2)
    else { return }
    _ = try? FrameCodec.decode(
        input[...], transferSyntaxUID: "1.2.840.10008.1.2.4.91", description: frame,
        photometricInterpretation: "MONOCHROME2", limits: fuzzLimits)
}
#elseif FUZZ_JPEGLIBRARY
func fuzz(_ input: [UInt8]) {
    guard let info = try? JPEGDCT.info(input.span),
        let frame = description(of: info, isSigned: false, isPlanar: input.count & 2 == 2)
    else { return }
    _ = try? FrameCodec.decode(
        input[...], transferSyntaxUID: "1.2.840.10008.1.2.4.50", description: frame, photometricInterpretation: "RGB",
        limits: fuzzLimits)
}
#elseif FUZZ_JPEG2000HEADER
func fuzz(_ input: [UInt8]) {
    _ = try? JPEG2000Codestream(input.span)
}
#endif

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    fuzz(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}
