import CStorageKernels
import Glibc

/// An open file, closed when the last reference goes.
final class FileHandle: Sendable {
    /// A part of a buffer to be written.
    struct Piece {
        let buffer: AlignedBuffer
        let range: Range<Int>
    }

    let descriptor: Int32
    private let environment: StorageEnvironment

    init(path: String, flags: Int32, direct: Bool = false, environment: StorageEnvironment) throws(SystemFailure) {
        var descriptor: Int32 = -EINVAL
        if direct { descriptor = environment.open(path, flags | apus_direct_flag()) }
        // EINVAL: this file system knows no unbuffered I/O; the page cache serves as well.
        if descriptor == -EINVAL { descriptor = environment.open(path, flags) }
        guard descriptor >= 0 else { throw SystemFailure(operation: "open", code: -descriptor) }
        self.descriptor = descriptor
        self.environment = environment
    }

    deinit { environment.close(descriptor) }

    var bytes: Int64 {
        get throws(SystemFailure) {
            var answer = stat()
            guard fstat(descriptor, &answer) == 0 else { throw SystemFailure(operation: "fstat", code: errno) }
            return Int64(answer.st_size)
        }
    }

    /// Reads up to `count` bytes; fewer only at the end of the file.
    ///
    /// `count` must have been held against a length the file itself confirms: it is allocated.
    func read(_ count: Int, at offset: Int64) throws(SystemFailure) -> [UInt8] {
        var failure: SystemFailure?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
            do throws(SystemFailure) {
                initialised = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                failure = error
                initialised = 0
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Fills `buffer` as far as the file goes and answers the bytes read.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemFailure) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let answer = environment.read(descriptor, rest, offset + Int64(done))
            if answer < 0 { throw SystemFailure(operation: "read", code: Int32(-answer)) }
            if answer == 0 { break }
            done += answer
        }
        return done
    }

    /// Writes the pieces one after the other from `offset` on, all or an error.
    func write(_ pieces: [Piece], at offset: Int64) throws(SystemFailure) {
        var vectors = pieces.map { $0.buffer.vector($0.range) }
        var position = offset
        var first = 0
        var mayClearDirect = true
        while first < vectors.count {
            let last = min(first + 64, vectors.count)
            let answer = vectors.withUnsafeBufferPointer {
                environment.write(descriptor, UnsafeBufferPointer(rebasing: $0[first..<last]), position)
            }
            if answer == -Int(EINVAL), mayClearDirect {
                // Refused for its alignment: some file systems want more than 4096. Once through the page cache, then.
                mayClearDirect = false
                let cleared = apus_clear_direct(descriptor)
                if cleared < 0 { throw SystemFailure(operation: "fcntl", code: -cleared) }
                continue
            }
            if answer < 0 { throw SystemFailure(operation: "write", code: Int32(-answer)) }
            if answer == 0 { throw SystemFailure(operation: "write", code: ENOSPC) }
            position += Int64(answer)
            first = Self.advance(&vectors, from: first, by: answer)
        }
    }

    /// Takes `count` written bytes off the front; answers the first vector not yet done.
    private static func advance(_ vectors: inout [iovec], from start: Int, by count: Int) -> Int {
        var rest = count
        var index = start
        while index < vectors.count, rest >= vectors[index].iov_len {
            rest -= vectors[index].iov_len
            index += 1
        }
        if rest > 0, index < vectors.count {
            vectors[index].iov_base = vectors[index].iov_base.map { $0 + rest }
            vectors[index].iov_len -= rest
        }
        return index
    }

    func write(_ bytes: [UInt8], at offset: Int64) throws(SystemFailure) {
        // Through an aligned copy: the descriptor may be open for unbuffered I/O.
        let buffer = AlignedBuffer(capacity: max(bytes.count, 1))
        buffer.copyIn(bytes, at: 0)
        try write([Piece(buffer: buffer, range: 0..<bytes.count)], at: offset)
    }

    func dataSync() throws(SystemFailure) {
        let answer = environment.dataSync(descriptor)
        if answer < 0 { throw SystemFailure(operation: "fdatasync", code: -answer) }
    }

    func truncate(to bytes: Int64) throws(SystemFailure) {
        let answer = environment.truncate(descriptor, bytes)
        if answer < 0 { throw SystemFailure(operation: "ftruncate", code: -answer) }
    }

    /// Allocates blocks; `false` when the file system offers no such call.
    func allocate(from offset: Int64, count: Int64) throws(SystemFailure) -> Bool {
        let answer = environment.allocate(descriptor, offset, count)
        if answer == 0 { return true }
        if answer == -EOPNOTSUPP || answer == -ENOSYS { return false }
        throw SystemFailure(operation: "fallocate", code: -answer)
    }

    /// Gives blocks back; `false` when the file system offers no such call.
    func punchHole(at offset: Int64, count: Int64) throws(SystemFailure) -> Bool {
        let answer = environment.punchHole(descriptor, offset, count)
        if answer == 0 { return true }
        if answer == -EOPNOTSUPP || answer == -ENOSYS { return false }
        throw SystemFailure(operation: "fallocate (punch hole)", code: -answer)
    }

    /// `false` when another process holds the lock.
    func lockExclusively() throws(SystemFailure) -> Bool {
        let answer = apus_lock_exclusive(descriptor)
        if answer == 0 { return true }
        if answer == -EWOULDBLOCK { return false }
        throw SystemFailure(operation: "flock", code: -answer)
    }
    /// Closing is not enough: a child process just being started may hold a copy of the descriptor.
    func unlock() { _ = flock(descriptor, LOCK_UN) }
}
