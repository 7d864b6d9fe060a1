public import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An encoded data set that is in memory.
public final class MemoryDataSetSource: DataSetSource {
    private let rest: Mutex<ByteBuffer>

    public init(_ bytes: ByteBuffer) { rest = Mutex(bytes) }
    public convenience init(_ bytes: [UInt8]) { self.init(ByteBuffer(bytes: bytes)) }

    public func nextChunk(maximumBytes: Int) async throws -> ByteBuffer? {
        rest.withLock { buffer in
            let count = min(buffer.readableBytes, maximumBytes)
            return count > 0 ? buffer.readSlice(length: count) : nil
        }
    }
}

/// A range of a file: of a Part 10 file, or of a pack of many. Reads without moving a shared file position.
public final class FileDataSetSource: DataSetSource {
    private struct Rest {
        var offset: Int
        var count: Int
    }

    private let descriptor: CInt
    private let rest: Mutex<Rest>

    /// - Parameters:
    ///   - path: of the file.
    ///   - offset: of the data set in the file, behind preamble and file meta information.
    ///   - length: bytes; `nil` to the end of the file.
    public init(path: String, offset: Int, length: Int? = nil) throws(AssociationError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .sourceFailed(reason: "open: errno \(errno)") }
        rest = Mutex(Rest(offset: offset, count: 0))
        var status = stat()
        let size = fstat(descriptor, &status) == 0 ? Int(status.st_size) : -1
        guard size >= 0, offset >= 0, offset <= size, length.map({ $0 >= 0 && $0 <= size - offset }) ?? true else {
            throw .sourceFailed(reason: "the file is shorter than the range asked for")
        }
        let count = length ?? (size - offset)
        rest.withLock { $0.count = count }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    public func nextChunk(maximumBytes: Int) async throws -> ByteBuffer? {
        try rest.withLock { rest in
            let count = min(rest.count, maximumBytes)
            guard count > 0 else { return nil }
            var buffer = ByteBuffer()
            let (descriptor, offset) = (descriptor, rest.offset)
            let read = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                max(0, pread(descriptor, bytes.baseAddress, min(count, bytes.count), off_t(offset)))
            }
            guard read > 0 else { throw AssociationError.sourceFailed(reason: "read: errno \(errno)") }
            rest.offset += read
            rest.count -= read
            return buffer
        }
    }
}
