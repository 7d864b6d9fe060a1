/// Operations on native frames: bit packing, byte order, planar configuration, unused bits (PS3.5 §8.1).
public enum NativePixels {
    /// Spreads 1-bit pixels, first pixel in the least significant bit, to bytes of 0 and 1 (PS3.5 §8.1.1).
    /// - Parameter firstBit: bit at which the frame begins; frames of native multi-frame data are not byte aligned.
    public static func unpackBits(
        _ packed: Span<UInt8>, firstBit: Int = 0, into pixels: inout MutableSpan<UInt8>
    ) throws(CodecError) {
        guard firstBit >= 0, firstBit <= packed.count &* 8, pixels.count <= packed.count &* 8 &- firstBit
        else { throw CodecError(.bufferSizeMismatch) }
        for i in 0..<pixels.count {
            let bit = firstBit &+ i
            pixels[i] = (packed[bit >> 3] >> UInt8(truncatingIfNeeded: bit & 7)) & 1
        }
    }

    /// Packs bytes, zero or not, to bits from `firstBit` on; other bits stay as they are.
    public static func packBits(
        _ pixels: Span<UInt8>, into packed: inout MutableSpan<UInt8>, firstBit: Int = 0
    ) throws(CodecError) {
        guard firstBit >= 0, firstBit <= packed.count &* 8, pixels.count <= packed.count &* 8 &- firstBit
        else { throw CodecError(.bufferSizeMismatch) }
        for i in 0..<pixels.count {
            let bit = firstBit &+ i
            let mask = UInt8(1) << UInt8(truncatingIfNeeded: bit & 7)
            if pixels[i] != 0 { packed[bit >> 3] |= mask } else { packed[bit >> 3] &= ~mask }
        }
    }

    /// Clears or sign-extends the bits above Bits Stored, for High Bit = Bits Stored - 1 (PS3.5 §8.1.1).
    public static func clearUnusedBits(
        _ frame: inout MutableSpan<UInt8>, _ description: FrameDescription
    ) throws(CodecError) {
        guard description.bitsStored >= 1, description.bitsStored <= description.bitsAllocated
        else { throw CodecError(.unsupportedDescription) }
        let unused = description.bitsAllocated &- description.bitsStored
        guard unused > 0 else { return }
        let bytes = description.bytesPerSample
        var at = 0
        while at &+ bytes <= frame.count {
            var value: UInt64 = 0
            for i in 0..<bytes { value |= UInt64(frame[at &+ i]) << UInt64(8 &* i) }
            let up = UInt64(64 &- description.bitsStored)
            value = description.isSigned
                ? UInt64(bitPattern: Int64(bitPattern: value << up) >> Int64(up)) : (value << up) >> up
            for i in 0..<bytes { frame[at &+ i] = UInt8(truncatingIfNeeded: value >> UInt64(8 &* i)) }
            at &+= bytes
        }
    }

    /// Reverses the bytes of each sample: explicit VR big endian to little endian and back (PS3.5 §7.3).
    public static func swapByteOrder(_ frame: inout MutableSpan<UInt8>, bytesPerSample: Int) throws(CodecError) {
        guard bytesPerSample > 0, frame.count % bytesPerSample == 0 else { throw CodecError(.bufferSizeMismatch) }
        guard bytesPerSample > 1 else { return }
        var at = 0
        while at < frame.count {
            for i in 0..<(bytesPerSample / 2) {
                let first = at &+ i
                let last = at &+ bytesPerSample &- 1 &- i
                let byte = frame[first]
                frame[first] = frame[last]
                frame[last] = byte
            }
            at &+= bytesPerSample
        }
    }

    /// Planar Configuration 1 to 0 (PS3.3 C.7.6.3.1.3).
    public static func interleave(_ planes: Span<UInt8>, components: Int, bytesPerSample: Int) throws(CodecError) -> [UInt8] {
        try rearrange(planes, outer: components, bytesPerSample: bytesPerSample)
    }

    /// Planar Configuration 0 to 1.
    public static func separate(_ pixels: Span<UInt8>, components: Int, bytesPerSample: Int) throws(CodecError) -> [UInt8] {
        guard components > 0, bytesPerSample > 0, pixels.count % (components &* bytesPerSample) == 0
        else { throw CodecError(.bufferSizeMismatch) }
        return try rearrange(pixels, outer: pixels.count / (components &* bytesPerSample), bytesPerSample: bytesPerSample)
    }

    /// Transposes an `outer` x n matrix of samples.
    private static func rearrange(_ source: Span<UInt8>, outer: Int, bytesPerSample: Int) throws(CodecError) -> [UInt8] {
        guard outer > 0, bytesPerSample > 0, source.count % (outer &* bytesPerSample) == 0
        else { throw CodecError(.bufferSizeMismatch) }
        let inner = source.count / (outer &* bytesPerSample)
        var result = [UInt8](repeating: 0, count: source.count)
        var target = result.mutableSpan
        for o in 0..<outer {
            for i in 0..<inner {
                let from = (o &* inner &+ i) &* bytesPerSample
                let to = (i &* outer &+ o) &* bytesPerSample
                for byte in 0..<bytesPerSample { target[to &+ byte] = source[from &+ byte] }
            }
        }
        return result
    }

    /// The precision at which a lossless encoder keeps every bit of the frame.
    ///
    /// Bits Stored when nothing stands above it, otherwise Bits Allocated: overlay bits and sign extension survive. A signed
    /// frame qualifies only without negative samples, because decoders differ in whether they extend the sign.
    public static func losslessPrecision(of frame: Span<UInt8>, _ description: FrameDescription) -> Int {
        let allocated = description.bitsAllocated
        guard description.bitsStored < allocated, allocated == 8 || allocated == 16 else { return allocated }
        let free = description.isSigned ? description.bitsStored &- 1 : description.bitsStored
        var low: UInt8 = 0
        var high: UInt8 = 0
        if allocated == 8 {
            for i in frame.indices { low |= frame[i] }
        } else {
            var i = 0
            while i &+ 1 < frame.count {
                low |= frame[i]
                high |= frame[i &+ 1]
                i &+= 2
            }
        }
        let used = UInt32(high) << 8 | UInt32(low)
        return used >> UInt32(max(0, free)) == 0 ? description.bitsStored : allocated
    }
}
