package import DICOMCore

/// What gives back, bit for bit, a data set whose pixels were recompressed: everything but the pixels, as received.
///
/// Kept in the note of the record, beside a payload that is itself a standard Part 10 file. The received data set is
/// `prefix`, then the decoded frames one after the other, then `suffix` (Documentation/storage-format.md).
package struct Restoration: Hashable, Sendable {
    /// Transfer syntax as received; native, little endian.
    package var transferSyntaxUID: String
    /// The received frames held one colour plane after the other; decoded frames are interleaved.
    package var isPlanar: Bool
    /// Bytes of the received data set before the first frame, the element header of Pixel Data included.
    package var prefix: ArraySlice<UInt8>
    /// Bytes after the last frame: padding and trailing elements.
    package var suffix: ArraySlice<UInt8>

    package init(transferSyntaxUID: String, isPlanar: Bool, prefix: ArraySlice<UInt8>, suffix: ArraySlice<UInt8>) {
        self.transferSyntaxUID = transferSyntaxUID
        self.isPlanar = isPlanar
        self.prefix = prefix
        self.suffix = suffix
    }

    private static let formatVersion: UInt8 = 1

    /// Format version, flags, UID, and prefix and suffix deflated together, each part after its 32-bit little endian
    /// length.
    package func encoded() throws(DataSetError) -> [UInt8] {
        var plain: [UInt8] = []
        Self.append(prefix, to: &plain)
        Self.append(suffix, to: &plain)
        var bytes: [UInt8] = [Self.formatVersion, isPlanar ? 1 : 0]
        Self.append(Array(transferSyntaxUID.utf8)[...], to: &bytes)
        bytes += try Deflate.deflate(plain[...])
        return bytes
    }

    /// - Throws: `DataSetError` when the bytes are not what `encoded` gave.
    package init(encoded: [UInt8]) throws(DataSetError) {
        guard encoded.count > 2, encoded[0] == Self.formatVersion else { throw .notDICOM(offset: 0) }
        var rest = encoded[2...]
        let uid = try Self.take(from: &rest)
        var plain = try Deflate.inflate(rest, limit: Self.maximumHeaderBytes).bytes
        transferSyntaxUID = String(decoding: uid, as: UTF8.self)
        isPlanar = encoded[1] == 1
        prefix = try Self.take(from: &plain)
        suffix = try Self.take(from: &plain)
    }

    /// Headers beyond this are not worth compressing around; such objects stay as received.
    package static let maximumHeaderBytes = 64 << 20

    private static func append(_ part: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        let count = UInt32(truncatingIfNeeded: part.count)
        for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
        bytes += part
    }

    private static func take(from bytes: inout ArraySlice<UInt8>) throws(DataSetError) -> ArraySlice<UInt8> {
        guard bytes.count >= 4 else { throw .truncated(tag: nil, offset: bytes.startIndex) }
        let start = bytes.startIndex
        let count = (0..<4).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
        bytes = bytes.dropFirst(4)
        guard count <= bytes.count else { throw .truncated(tag: nil, offset: start) }
        defer { bytes = bytes.dropFirst(count) }
        return bytes.prefix(count)
    }
}
