import DICOMCore
import PixelCodecs

extension RenderedImage {
    /// As PNG (ISO/IEC 15948): the pixels exactly, 8 bits grey or RGB.
    public func png() throws(ImageError) -> [UInt8] {
        let rowBytes = columns * samples
        guard columns > 0, rows > 0, samples == 1 || samples == 3, bytes.count == rowBytes * rows else {
            throw .codec(CodecError(.bufferSizeMismatch))
        }
        var lines: [UInt8] = []
        lines.reserveCapacity(bytes.count + rows)
        for row in 0..<rows {
            // Filter type 2: the difference to the pixel above, which neighbours of an image keep small.
            lines.append(row == 0 ? 0 : 2)
            let start = row * rowBytes
            for position in start..<start + rowBytes {
                lines.append(row == 0 ? bytes[position] : bytes[position] &- bytes[position - rowBytes])
            }
        }
        let deflated: [UInt8]
        do { deflated = try Deflate.deflateExactly(lines[...]) } catch {
            throw .codec(CodecError(.invalidData))
        }
        var png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let head = Self.bigEndian(UInt32(truncatingIfNeeded: columns)) + Self.bigEndian(UInt32(truncatingIfNeeded: rows))
        png += Self.chunk("IHDR", head + [8, samples == 1 ? 0 : 2, 0, 0, 0])
        // A zlib stream (RFC 1950): its head, the deflated bytes, the checksum of the plain ones.
        png += Self.chunk("IDAT", [0x78, 0x9C] + deflated + Self.bigEndian(Self.adler32(lines)))
        return png + Self.chunk("IEND", [])
    }

    private static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + content
        return bigEndian(UInt32(truncatingIfNeeded: content.count)) + body + bigEndian(crc32(body))
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            a = (a &+ UInt32(byte)) % 65521
            b = (b &+ a) % 65521
        }
        return b << 16 | a
    }

    private static let crcTable: [UInt32] = (0..<256).map { number in
        (0..<8).reduce(UInt32(number)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { value, byte in crcTable[Int((value ^ UInt32(byte)) & 0xFF)] ^ value >> 8 }
    }
}
