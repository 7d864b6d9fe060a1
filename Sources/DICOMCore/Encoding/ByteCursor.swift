/// A window onto a source: all of it when in memory, else the part being read.
///
/// Slices handed out share the window's buffer and stay valid when the window moves on.
struct ByteCursor {
    /// Bytes of the source; values lie below.
    let count: Int
    private(set) var window: ArraySlice<UInt8>
    private var windowStart: Int
    private var windowEnd: Int
    /// Index into `window` = offset + `shift`.
    private var shift: Int
    private let source: (any ByteSource)?

    /// Size of the next window: doubles, so that short headers cost little and long ones few reads.
    private var preferred = 16 << 10
    private static let largestWindow = 64 << 10

    init(_ bytes: ArraySlice<UInt8>) {
        count = bytes.count
        window = bytes
        windowStart = 0
        windowEnd = bytes.count
        shift = bytes.startIndex
        source = nil
    }

    init(_ source: any ByteSource) {
        let bytes = source.contiguousBytes
        count = bytes?.count ?? source.count
        window = bytes ?? source.bufferedPrefix
        windowStart = 0
        windowEnd = window.count
        shift = window.startIndex
        self.source = bytes == nil ? source : nil
    }

    /// Makes `count` bytes from `offset` readable; the caller has checked that they lie within the source.
    @inline(__always)
    mutating func require(_ offset: Int, _ needed: Int) throws(DataSetError) {
        if offset >= windowStart && needed <= windowEnd - offset { return }
        try refill(offset, needed)
    }

    private mutating func refill(_ offset: Int, _ needed: Int) throws(DataSetError) {
        guard let source, offset >= 0, needed <= count - offset else {
            throw .truncated(tag: nil, offset: offset)
        }
        let size = max(needed, min(preferred, count - offset))
        preferred = min(preferred * 2, Self.largestWindow)
        window = try source.read(at: offset, count: size)
        windowStart = offset
        windowEnd = offset + size
        shift = window.startIndex - offset
    }

    /// A few bytes, without moving the window to them: for walking over large values.
    mutating func peek(_ offset: Int, _ needed: Int) throws(DataSetError) -> ArraySlice<UInt8> {
        if offset >= windowStart && needed <= windowEnd - offset { return window[(offset + shift)..<(offset + shift + needed)] }
        guard let source, offset >= 0, needed <= count - offset else { throw .truncated(tag: nil, offset: offset) }
        return try source.read(at: offset, count: needed)
    }

    @inline(__always)
    mutating func slice(_ offset: Int, _ length: Int) throws(DataSetError) -> ArraySlice<UInt8> {
        try require(offset, length)
        return window[(offset + shift)..<(offset + shift + length)]
    }

    // The loads below are of required bytes; the subscripts check bounds once more.

    @inline(__always)
    func byte(_ offset: Int) -> UInt8 { window[offset + shift] }

    @inline(__always)
    func uint16(_ offset: Int, bigEndian: Bool) -> UInt16 {
        let first = UInt16(window[offset + shift])
        let second = UInt16(window[offset + shift + 1])
        return bigEndian ? first << 8 | second : second << 8 | first
    }

    @inline(__always)
    func uint32(_ offset: Int, bigEndian: Bool) -> UInt32 {
        let first = UInt32(uint16(offset, bigEndian: bigEndian))
        let second = UInt32(uint16(offset + 2, bigEndian: bigEndian))
        return bigEndian ? first << 16 | second : second << 16 | first
    }

    @inline(__always)
    func tag(_ offset: Int, bigEndian: Bool) -> Tag {
        Tag(uint16(offset, bigEndian: bigEndian), uint16(offset + 2, bigEndian: bigEndian))
    }
}
