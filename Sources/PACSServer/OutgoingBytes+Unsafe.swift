import Archive
import DICOMCore
import DICOMObjects
import NIOCore
import Synchronization

/// The bytes of one stored object on their way out, a chunk at a time, so that memory does not grow with the object.
final class OutgoingBytes: Sendable {
    private struct State {
        var head: [UInt8]
        var sent = 0
        var isAtEnd = false
        /// Read before it was asked for.
        var waiting: ByteBuffer?
    }

    let transferSyntaxUID: String
    /// Bytes in all; `nil` when not known beforehand.
    let byteCount: Int?
    private let stream: ObjectStream
    private let state: Mutex<State>

    private static let chunkBytes = 1 << 20

    /// - Parameter head: goes out before the data set.
    init(_ stream: ObjectStream, after head: [UInt8] = []) {
        self.stream = stream
        transferSyntaxUID = stream.transferSyntaxUID
        byteCount = stream.byteCount.map { $0 + head.count }
        state = Mutex(State(head: head))
    }

    /// A Part 10 file, preamble zeroed (PACS-4.5.22-3), its first bytes read. Blocking.
    ///
    /// - Parameter lead: goes out before the file.
    static func file(
        _ instance: StoredInstance, _ syntax: TransferSyntax, _ reader: ObjectReader, lead: [UInt8] = []
    ) throws -> OutgoingBytes {
        let stream = try reader.stream(instance, in: syntax)
        let meta = FileMeta(
            mediaStorageSOPClassUID: instance.sopClassUID, mediaStorageSOPInstanceUID: instance.sopInstanceUID,
            transferSyntaxUID: stream.transferSyntaxUID)
        let bytes = OutgoingBytes(stream, after: lead + Part10.header(meta: meta))
        try bytes.begin()
        return bytes
    }

    /// Whether everything has been given; `false` also when only another look can tell.
    var isAtEnd: Bool { state.withLock { $0.isAtEnd && $0.waiting == nil } }

    /// Reads the first chunk, so that what cannot be read is an error before the answer begins. Blocking.
    func begin() throws {
        let first = try next()
        state.withLock { $0.waiting = first }
    }

    /// What `begin` read, once; does not block.
    func takeBegun() -> ByteBuffer? {
        state.withLock { state in
            defer { state.waiting = nil }
            return state.waiting
        }
    }

    /// The next bytes; `nil` at the end. Blocking. One reader at a time.
    func next() throws -> ByteBuffer? {
        if let waiting = takeBegun() { return waiting }
        let (head, sent, isAtEnd) = state.withLock { state in
            defer { state.head = [] }
            return (state.head, state.sent, state.isAtEnd)
        }
        guard !isAtEnd else { return nil }
        let room = max(min(Self.chunkBytes, byteCount.map { $0 - sent } ?? Self.chunkBytes), head.count)
        var buffer = ByteBufferAllocator().buffer(capacity: room)
        buffer.writeBytes(head)
        try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: room - head.count) { destination in
            try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: destination.prefix(room - head.count)))
        }
        let count = buffer.readableBytes
        state.withLock { state in
            state.sent += count
            state.isAtEnd = count < room || state.sent == byteCount
        }
        return count > 0 ? buffer : nil
    }
}
