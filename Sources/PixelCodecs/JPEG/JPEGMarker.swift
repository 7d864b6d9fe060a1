/// Second byte of the JPEG markers used here (T.81 Table B.1, T.87 Table C.1).
enum JPEGMarker {
    static let startOfImage: UInt8 = 0xD8
    static let endOfImage: UInt8 = 0xD9
    static let startOfScan: UInt8 = 0xDA
    static let defineQuantisation: UInt8 = 0xDB
    static let defineNumberOfLines: UInt8 = 0xDC
    static let defineRestartInterval: UInt8 = 0xDD
    static let defineHuffman: UInt8 = 0xC4
    static let defineArithmetic: UInt8 = 0xCC
    static let baseline: UInt8 = 0xC0
    static let extendedSequential: UInt8 = 0xC1
    static let progressive: UInt8 = 0xC2
    static let lossless: UInt8 = 0xC3
    static let losslessLS: UInt8 = 0xF7
    static let presetParametersLS: UInt8 = 0xF8

    /// RST0 to RST7, TEM and SOI have no length field.
    static func standsAlone(_ marker: UInt8) -> Bool { marker >= 0xD0 && marker <= 0xD8 || marker == 0x01 }

    static func isStartOfFrame(_ marker: UInt8) -> Bool {
        marker >= 0xC0 && marker <= 0xCF && marker != defineHuffman && marker != 0xC8 && marker != defineArithmetic
            || marker == losslessLS
    }
}

/// Reads big-endian fields with a bounds check for each; the bytes stay with the caller.
struct SegmentCursor {
    var offset: Int
    let end: Int

    @inline(__always)
    mutating func byte(_ bytes: Span<UInt8>) throws(CodecError) -> UInt8 {
        guard offset >= 0, offset < end, offset < bytes.count else { throw CodecError(.truncated, at: offset) }
        let value = bytes[offset]
        offset &+= 1
        return value
    }

    mutating func word(_ bytes: Span<UInt8>) throws(CodecError) -> UInt16 {
        let high = try byte(bytes)
        return UInt16(high) << 8 | UInt16(try byte(bytes))
    }

    var remaining: Int { end &- offset }
}

/// Walks from marker to marker.
struct MarkerWalker {
    var offset: Int

    /// Checks SOI.
    init(_ bytes: Span<UInt8>) throws(CodecError) {
        guard bytes.count >= 2, bytes[0] == 0xFF, bytes[1] == JPEGMarker.startOfImage
        else { throw CodecError(.markerExpected) }
        offset = 2
    }

    /// The next marker, after fill bytes, and its parameter segment without the length field.
    mutating func next(_ bytes: Span<UInt8>) throws(CodecError) -> (marker: UInt8, segment: SegmentCursor) {
        var cursor = SegmentCursor(offset: offset, end: bytes.count)
        guard try cursor.byte(bytes) == 0xFF else { throw CodecError(.markerExpected, at: offset) }
        var marker = try cursor.byte(bytes)
        while marker == 0xFF { marker = try cursor.byte(bytes) }
        guard marker != 0 else { throw CodecError(.markerExpected, at: offset) }
        if JPEGMarker.standsAlone(marker) || marker == JPEGMarker.endOfImage {
            offset = cursor.offset
            return (marker, SegmentCursor(offset: offset, end: offset))
        }
        let start = cursor.offset
        let length = Int(try cursor.word(bytes))
        guard length >= 2 else { throw CodecError(.invalidSegment, at: start) }
        guard length <= bytes.count &- start else { throw CodecError(.truncated, at: start) }
        offset = start &+ length
        return (marker, SegmentCursor(offset: start &+ 2, end: offset))
    }

    /// Moves to the first marker at or after the present offset that is neither stuffing nor a restart.
    mutating func skipEntropyCodedData(_ bytes: Span<UInt8>, stuffingLimit: UInt8 = 0) {
        while offset &+ 1 < bytes.count {
            let second = bytes[offset &+ 1]
            if bytes[offset] == 0xFF, second > stuffingLimit, second != 0xFF, !(second >= 0xD0 && second <= 0xD7) { return }
            offset &+= 1
        }
        offset = bytes.count
    }
}
