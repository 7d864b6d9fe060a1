/// Moves rows of 16-bit working samples to and from native frames.
///
/// Every function proves its bounds once for the row; the loops below then run on pointers so that they vectorise.
struct SampleRows {
    let columns: Int
    let rows: Int
    let components: Int
    let bytesPerSample: Int
    let isPlanar: Bool
    /// Left shift and arithmetic right shift that extend the sign of a sample; 0 when nothing is to be extended.
    let signShift: Int16
    /// Left shift that undoes a point transform.
    let pointTransform: UInt16

    /// - Throws: `unsupportedDescription` unless the frame has 8 or 16 bits allocated.
    init(_ description: FrameDescription, precision: Int, pointTransform: Int = 0) throws(CodecError) {
        guard description.bitsAllocated == 8 || description.bitsAllocated == 16
        else { throw CodecError(.unsupportedDescription) }
        columns = description.columns
        rows = description.rows
        components = description.samplesPerPixel
        bytesPerSample = description.bytesPerSample
        isPlanar = description.isPlanar
        // Above Bits Stored the codestream carries raw bits (overlays, an extended sign) that stay as they are.
        let extends = description.isSigned && precision < description.bitsAllocated && precision <= description.bitsStored
        signShift = extends ? Int16(truncatingIfNeeded: 16 &- precision) : 0
        self.pointTransform = UInt16(truncatingIfNeeded: pointTransform)
    }

    /// First byte and distance in samples between neighbours of one component's row; `nil` outside the frame.
    private func place(row: Int, component: Int, frameBytes: Int) -> (byte: Int, step: Int)? {
        guard row >= 0, row < rows, component >= 0, component < components,
            columns &* rows &* components &* bytesPerSample == frameBytes
        else { return nil }
        return isPlanar
            ? ((component &* rows &+ row) &* columns &* bytesPerSample, 1)
            : ((row &* columns &* components &+ component) &* bytesPerSample, components)
    }

    /// Writes `columns` samples, `line[start + i * stride]`, as one row of a component.
    func store(
        _ line: Span<UInt16>, start: Int, stride: Int, row: Int, component: Int, into frame: inout MutableSpan<UInt8>
    ) throws(CodecError) {
        guard let (byte, step) = place(row: row, component: component, frameBytes: frame.count), start >= 0, stride > 0,
            start &+ (columns &- 1) &* stride < line.count
        else { throw CodecError(.bufferSizeMismatch) }
        line.withUnsafeBufferPointer { source in
            frame.withUnsafeMutableBufferPointer { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                if bytesPerSample == 1 {
                    storeBytes(from + start, stride, to + byte, step)
                } else {
                    storeWords(from + start, stride, UnsafeMutableRawPointer(to + byte), step)
                }
            }
        }
    }

    private func storeBytes(_ from: UnsafePointer<UInt16>, _ stride: Int, _ to: UnsafeMutablePointer<UInt8>, _ step: Int) {
        // A sample of less than 8 bits extends its sign within the byte.
        let shift = signShift == 0 ? 0 : Int8(truncatingIfNeeded: signShift &- 8)
        for i in 0..<columns {
            let value = from[i &* stride] &<< pointTransform
            to[i &* step] = UInt8(bitPattern: (Int8(truncatingIfNeeded: value) &<< shift) &>> shift)
        }
    }

    private func storeWords(_ from: UnsafePointer<UInt16>, _ stride: Int, _ to: UnsafeMutableRawPointer, _ step: Int) {
        if stride == 1, step == 1, pointTransform == 0, signShift == 0 {
            for i in 0..<columns { to.storeBytes(of: from[i].littleEndian, toByteOffset: 2 &* i, as: UInt16.self) }
            return
        }
        for i in 0..<columns {
            let value = (Int16(bitPattern: from[i &* stride] &<< pointTransform) &<< signShift) &>> signShift
            to.storeBytes(of: UInt16(bitPattern: value).littleEndian, toByteOffset: 2 &* i &* step, as: UInt16.self)
        }
    }

    /// Reads one row of a component to `line[start + i * stride]`, keeping the bits in `mask`.
    func load(
        _ frame: Span<UInt8>, row: Int, component: Int, mask: UInt16, into line: inout MutableSpan<UInt16>, start: Int, stride: Int
    ) throws(CodecError) {
        guard let (byte, step) = place(row: row, component: component, frameBytes: frame.count), start >= 0, stride > 0,
            start &+ (columns &- 1) &* stride < line.count
        else { throw CodecError(.bufferSizeMismatch) }
        frame.withUnsafeBufferPointer { source in
            line.withUnsafeMutableBufferPointer { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                let raw = UnsafeRawPointer(from + byte)
                for i in 0..<columns {
                    let sample = bytesPerSample == 1
                        ? UInt16(raw.load(fromByteOffset: i &* step, as: UInt8.self))
                        : UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 2 &* i &* step, as: UInt16.self))
                    to[start &+ i &* stride] = sample & mask
                }
            }
        }
    }
}
