/// Bytes that can be read at any place: memory or a file.
public protocol ByteSource: Sendable {
    /// Size in bytes.
    var count: Int { get }

    /// Exactly `count` bytes from `offset`; both lie within the source.
    ///
    /// - Throws: `DataSetError.sourceUnreadable` when the medium fails or has become shorter.
    func read(at offset: Int, count: Int) throws(DataSetError) -> ArraySlice<UInt8>

    /// All bytes when they are in memory already, else `nil`.
    var contiguousBytes: ArraySlice<UInt8>? { get }

    /// Bytes from the source's start that are at hand without reading; may be empty.
    var bufferedPrefix: ArraySlice<UInt8> { get }
}

extension ByteSource {
    public var contiguousBytes: ArraySlice<UInt8>? { nil }
    public var bufferedPrefix: ArraySlice<UInt8> { [] }

    /// The bytes of `range`, or `nil` where it does not lie within the source.
    public func bytes(in range: Range<Int>) throws(DataSetError) -> ArraySlice<UInt8>? {
        guard range.lowerBound >= 0, range.upperBound <= count else { return nil }
        return try read(at: range.lowerBound, count: range.count)
    }
}

/// A source in memory; reading shares its buffer.
public struct MemoryByteSource: ByteSource {
    private let bytes: ArraySlice<UInt8>

    public init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }
    public init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    public var count: Int { bytes.count }
    public var contiguousBytes: ArraySlice<UInt8>? { bytes }

    public func read(at offset: Int, count: Int) throws(DataSetError) -> ArraySlice<UInt8> {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
            throw .sourceUnreadable(code: 0, offset: offset)
        }
        let start = bytes.startIndex + offset
        return bytes[start..<start + count]
    }
}
