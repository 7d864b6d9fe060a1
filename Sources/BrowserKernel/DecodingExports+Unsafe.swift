import PixelCodecs

/// 0 codec, 1 source, 2 its bytes, 3 slot, 4 its bytes, 5 columns, 6 rows, 7 samples, 8 bits allocated, 9 stored, 10 high bit,
/// 11 signed, 12 planar, 13 colour. After an error 0 is the offset in the source.
@_expose(wasm, "apus_decode")
@c(apus_decode)
public func decode(_ numbers: UnsafeMutablePointer<Double>?) -> Int32 {
    guard let block = Block(numbers), let codec = block.bytes(0).flatMap(StoredFrame.Codec.init(rawValue:)),
        let colour = block.bytes(13).flatMap(StoredFrame.Colour.init(rawValue:)),
        let source = block.buffer(1, count: block.int(2), of: UInt8.self), let slot = block.pointer(3, to: UInt8.self),
        block.int(4) >= 0
    else { return Status.badArguments }
    let description = FrameDescription(
        columns: block.int(5), rows: block.int(6), samplesPerPixel: block.int(7), bitsAllocated: block.int(8),
        bitsStored: block.int(9), isSigned: block.flag(11), isPlanar: block.flag(12))
    let frame = StoredFrame(codec: codec, description: description, highBit: block.int(10), colour: colour)
    do throws(CodecError) {
        var target = UnsafeMutableBufferPointer(start: slot, count: block.int(4)).mutableSpan
        try frame.decode(source.span, into: &target)
        return Status.done
    } catch {
        block.write(Double(error.offset))
        return Int32(error.reason.rawValue) + 1
    }
}
