import Imaging
public import PixelCodecs

/// Small copies of frames.
///
/// Unsafe memory: source and target are lent to the kernel, both as long as it reads and writes, which is checked before.
public enum FrameReduction {
    /// Means of boxes of `factor` × `factor` pixels, halves rounded up; those at the right and lower edge may be smaller.
    /// - Parameter bytes: samples of one of 8 or 16 bits, or RGB by pixel.
    /// - Returns: `nil` for other samples or too few bytes.
    public static func boxes(_ bytes: [UInt8], _ description: FrameDescription, factor: Int) -> [UInt8]? {
        let kind: SampleKind
        switch (description.samplesPerPixel, description.bitsAllocated, description.isSigned) {
        case (3, 8, _): kind = .rgb8
        case (1, 8, let isSigned): kind = isSigned ? .int8 : .uint8
        case (1, 16, let isSigned): kind = isSigned ? .int16 : .uint16
        default: return nil
        }
        let (columns, rows) = (description.columns, description.rows)
        guard factor >= 1, factor <= 256, columns > 0, rows > 0, columns <= 65535, rows <= 65535,
            bytes.count >= columns * rows * kind.bytesPerPixel
        else { return nil }
        let (width, height) = ((columns + factor - 1) / factor, (rows + factor - 1) / factor)
        var target = [UInt8](repeating: 0, count: width * height * kind.bytesPerPixel)
        let isDone = bytes.withUnsafeBytes { source in
            target.withUnsafeMutableBytes { target in
                guard let base = source.baseAddress, let start = target.baseAddress,
                    let image = ImageSamples(base: base, columns: columns, rows: rows, kind: kind)
                else { return false }
                return Downscaling.box(image, factor: factor, into: start)
            }
        }
        return isDone ? target : nil
    }
}
