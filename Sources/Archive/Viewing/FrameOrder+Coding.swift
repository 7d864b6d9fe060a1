/// The kept form: version, formats, then three numbers for each frame, each of variable length.
extension FrameOrder {
    private static let version: UInt64 = 2
    private static let photometrics = ["MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB"]
    private static let formatNumbers = 7

    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        Self.append(Self.version, &bytes)
        Self.append(UInt64(formats.count), &bytes)
        for format in formats {
            let flags = (format.isSigned ? 1 : 0) | (format.isFloat ? 2 : 0)
                | (Self.photometrics.firstIndex(of: format.photometric) ?? 1) << 2
            for value in [
                format.rows, format.columns, format.samplesPerPixel, format.bitsAllocated, format.bitsStored, format.highBit, flags,
            ] { Self.append(UInt64(clamping: value), &bytes) }
        }
        Self.append(UInt64(frames.count), &bytes)
        for frame in frames {
            for value in [frame.instance, frame.number, frame.format] { Self.append(UInt64(clamping: value), &bytes) }
        }
        return bytes
    }

    /// `nil` for what another version wrote, or for damage.
    package init?(encoded bytes: [UInt8]) {
        var rest = bytes[...]
        guard let version = Self.take(&rest), version == Int(Self.version), let formatCount = Self.take(&rest), formatCount <= rest.count else { return nil }
        formats = []
        for _ in 0..<formatCount {
            let values = (0..<Self.formatNumbers).compactMap { _ in Self.take(&rest) }
            guard values.count == Self.formatNumbers else { return nil }
            var format = ViewingPixels()
            (format.rows, format.columns, format.samplesPerPixel) = (values[0], values[1], values[2])
            (format.bitsAllocated, format.bitsStored, format.highBit) = (values[3], values[4], values[5])
            (format.isSigned, format.isFloat) = (values[6] & 1 == 1, values[6] & 2 == 2)
            format.photometric = Self.photometrics[min(values[6] >> 2, Self.photometrics.count - 1)]
            formats.append(format)
        }
        guard let count = Self.take(&rest), count <= rest.count else { return nil }
        frames = []
        frames.reserveCapacity(count)
        for _ in 0..<count {
            guard let instance = Self.take(&rest), let number = Self.take(&rest), let format = Self.take(&rest),
                format < formats.count
            else { return nil }
            frames.append(Frame(instance: instance, number: number, format: format))
        }
    }

    private static func append(_ value: UInt64, _ bytes: inout [UInt8]) {
        var value = value
        while value > 127 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 128)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }

    private static func take(_ bytes: inout ArraySlice<UInt8>) -> Int? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = bytes.popFirst(), shift < 56 {
            value |= UInt64(byte & 127) << shift
            if byte < 128 { return Int(value) }
            shift += 7
        }
        return nil
    }
}
