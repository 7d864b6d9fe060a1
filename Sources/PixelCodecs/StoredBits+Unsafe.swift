/// Passes over decoded frames. Each proves its bounds once; the loops run on pointers so that they vectorise.
enum StoredBits {
    static func copy(_ source: Span<UInt8>, into frame: inout MutableSpan<UInt8>) throws(CodecError) {
        guard source.count >= frame.count else { throw CodecError(.truncated, at: source.count) }
        source.withUnsafeBytes { from in
            frame.withUnsafeMutableBytes { to in
                guard let start = from.baseAddress else { return }
                to.baseAddress?.copyMemory(from: start, byteCount: to.count)
            }
        }
    }

    /// Moves the stored bits down to bit 0, clears the others or fills them with the sign (PS3.5 §8.1.1).
    static func keep(_ frame: inout MutableSpan<UInt8>, _ description: FrameDescription, highBit: Int) {
        let (allocated, stored) = (description.bitsAllocated, description.bitsStored)
        guard stored < allocated else { return }
        let (up, down) = (allocated &- 1 &- highBit, allocated &- stored)
        frame.withUnsafeMutableBytes { bytes in
            switch (allocated, description.isSigned) {
            case (8, false): shift(bytes, as: UInt8.self, up, down)
            case (8, true): shift(bytes, as: Int8.self, up, down)
            case (16, false): shift(bytes, as: UInt16.self, up, down)
            case (16, true): shift(bytes, as: Int16.self, up, down)
            case (32, false): shift(bytes, as: UInt32.self, up, down)
            case (32, true): shift(bytes, as: Int32.self, up, down)
            default: break
            }
        }
    }

    private static func shift<Sample: FixedWidthInteger>(
        _ bytes: UnsafeMutableRawBufferPointer, as type: Sample.Type, _ up: Int, _ down: Int
    ) {
        guard let base = bytes.baseAddress else { return }
        let (left, right) = (Sample(truncatingIfNeeded: up), Sample(truncatingIfNeeded: down))
        let size = MemoryLayout<Sample>.size
        for index in 0..<(bytes.count / size) {
            let sample = Sample(littleEndian: base.loadUnaligned(fromByteOffset: index &* size, as: type))
            base.storeBytes(of: ((sample &<< left) &>> right).littleEndian, toByteOffset: index &* size, as: type)
        }
    }

    /// Planes or 16-bit samples to RGB of 8 bits; the highest 8 stored bits are kept.
    static func interleave(_ frame: Span<UInt8>, _ description: FrameDescription, into slot: inout MutableSpan<UInt8>) {
        let pixels = description.pixelCount
        let bytes = description.bytesPerSample
        guard frame.count >= 3 &* pixels &* bytes, slot.count >= 3 &* pixels else { return }
        let (pixelStep, planeStep) = description.isPlanar ? (1, pixels) : (3, 1)
        let down = max(description.bitsStored &- 8, 0)
        for pixel in 0..<pixels {
            for channel in 0..<3 {
                let at = (pixel &* pixelStep &+ channel &* planeStep) &* bytes
                let sample = bytes == 1 ? Int(frame[at]) : Int(frame[at]) | Int(frame[at &+ 1]) << 8
                slot[3 &* pixel &+ channel] = UInt8(truncatingIfNeeded: min(sample >> down, 255))
            }
        }
    }

    /// Y1 Y2 Cb Cr for two pixels to Y Cb Cr for each (PS3.3 C.7.6.3.1.2).
    static func expandHalfChroma(_ source: Span<UInt8>, into slot: inout MutableSpan<UInt8>) throws(CodecError) {
        let pairs = slot.count / 6
        guard slot.count == 6 &* pairs, source.count >= 4 &* pairs else { throw CodecError(.truncated, at: source.count) }
        for pair in 0..<pairs {
            let (from, to) = (4 &* pair, 6 &* pair)
            slot[to] = source[from]
            slot[to &+ 3] = source[from &+ 1]
            var next = to
            while next <= to &+ 3 {
                slot[next &+ 1] = source[from &+ 2]
                slot[next &+ 2] = source[from &+ 3]
                next &+= 3
            }
        }
    }

    /// YBR_FULL to RGB: PS3.3 C.7.6.3.1.2 inverted, 16-bit fixed point, halves rounded up.
    static func convertToRGB(_ slot: inout MutableSpan<UInt8>) {
        slot.withUnsafeMutableBufferPointer { bytes in
            var at = 0
            while at &+ 2 < bytes.count {
                let y = Int32(bytes[at]) << 16 &+ 32768
                let cb = Int32(bytes[at &+ 1]) &- 128
                let cr = Int32(bytes[at &+ 2]) &- 128
                bytes[at] = byte(y &+ 91881 &* cr)
                bytes[at &+ 1] = byte(y &- 22554 &* cb &- 46802 &* cr)
                bytes[at &+ 2] = byte(y &+ 116130 &* cb)
                at &+= 3
            }
        }
    }

    @inline(__always)
    private static func byte(_ fixed: Int32) -> UInt8 { UInt8(truncatingIfNeeded: min(max(fixed >> 16, 0), 255)) }
}
