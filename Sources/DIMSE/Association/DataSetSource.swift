public import NIOCore

/// The bytes of one encoded data set, on their way out. Asked for chunks one at a time, off the event loop.
public protocol DataSetSource: Sendable {
    /// The next bytes, at most `maximumBytes`, never empty; `nil` at the end.
    ///
    /// May block only as long as a disk read takes.
    func nextChunk(maximumBytes: Int) async throws -> ByteBuffer?
}
