import Glibc

/// A source over a file descriptor, read with `pread`, so that any number of readers may share the descriptor.
public final class FileByteSource: ByteSource {
    /// What `readAhead` may ask for to take in most headers with one read.
    public static let headerReadAhead = 16 << 10

    public let count: Int
    public let bufferedPrefix: ArraySlice<UInt8>
    private let descriptor: Int32
    private let closesDescriptor: Bool

    /// - Parameter descriptor: stays the caller's, who keeps it open while this source lives.
    /// - Parameter readAhead: bytes of the start to read at once and keep.
    /// - Throws: `DataSetError.sourceUnreadable` with the system's error number.
    public init(descriptor: Int32, readAhead: Int = 0) throws(DataSetError) {
        count = try Self.size(of: descriptor)
        bufferedPrefix = try Self.read(descriptor, at: 0, count: max(0, min(readAhead, count)))
        self.descriptor = descriptor
        closesDescriptor = false
    }

    /// Opens the file at `path` for reading; it is closed with the last reference.
    public init(path: String, readAhead: Int = 0) throws(DataSetError) {
        let opened = open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { throw .sourceUnreadable(code: errno, offset: 0) }
        do {
            count = try Self.size(of: opened)
            bufferedPrefix = try Self.read(opened, at: 0, count: max(0, min(readAhead, count)))
        } catch {
            close(opened)
            throw error
        }
        descriptor = opened
        closesDescriptor = true
    }

    deinit { if closesDescriptor { close(descriptor) } }

    public func read(at offset: Int, count: Int) throws(DataSetError) -> ArraySlice<UInt8> {
        guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else {
            throw .sourceUnreadable(code: 0, offset: offset)
        }
        if offset + count <= bufferedPrefix.count { return bufferedPrefix[offset..<offset + count] }
        return try Self.read(descriptor, at: offset, count: count)
    }

    private static func read(
        _ descriptor: Int32, at offset: Int, count: Int
    ) throws(DataSetError) -> ArraySlice<UInt8> {
        guard count > 0 else { return [] }
        var failure: Int32 = 0
        // `pread` writes at most `count - filled` bytes into the `count` allocated; `filled` never exceeds `count`.
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            var filled = 0
            while filled < count, let base = buffer.baseAddress {
                let got = pread(descriptor, base + filled, count - filled, off_t(offset + filled))
                if got < 0 && errno == EINTR { continue }
                if got <= 0 {
                    failure = got < 0 ? errno : EIO
                    break
                }
                filled += got
            }
            initialized = filled
        }
        guard bytes.count == count else { throw .sourceUnreadable(code: failure, offset: offset + bytes.count) }
        return bytes[...]
    }

    private static func size(of descriptor: Int32) throws(DataSetError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .sourceUnreadable(code: errno, offset: 0) }
        return Int(status.st_size)
    }
}
