import CStorageKernels
import Glibc
import Synchronization

/// Memory aligned to 4096 bytes, as unbuffered I/O wants it. Never initialised: users zero what they pad.
///
/// `@unchecked Sendable` because a buffer has one owner at a time: a draft, a writer under its lock, or the pool.
final class AlignedBuffer: @unchecked Sendable {
    static let alignment = 4096

    let capacity: Int
    private let start: UnsafeMutableRawPointer

    init(capacity: Int) {
        let whole = (max(capacity, 1) + Self.alignment - 1) & ~(Self.alignment - 1)
        self.capacity = whole
        start = UnsafeMutableRawPointer.allocate(byteCount: whole, alignment: Self.alignment)
    }

    deinit { start.deallocate() }

    /// The bytes of `range`; stops the program when the range leaves the buffer, as an array would.
    private func bytes(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        precondition(range.lowerBound >= 0 && range.upperBound <= capacity, "range outside the buffer")
        return UnsafeMutableRawBufferPointer(start: start + range.lowerBound, count: range.count)
    }

    func copyIn(_ source: UnsafeRawBufferPointer, at offset: Int) {
        bytes(offset..<offset + source.count).copyMemory(from: source)
    }

    func copyIn(_ source: [UInt8], at offset: Int) { source.withUnsafeBytes { copyIn($0, at: offset) } }

    func copyIn(_ other: AlignedBuffer, range: Range<Int>) {
        bytes(range).copyMemory(from: UnsafeRawBufferPointer(other.bytes(range)))
    }

    func zero(_ range: Range<Int>) {
        let target = bytes(range)
        if let base = target.baseAddress { memset(base, 0, target.count) }
    }

    func array(_ range: Range<Int>) -> [UInt8] { [UInt8](bytes(range)) }

    func vector(_ range: Range<Int>) -> iovec {
        let piece = bytes(range)
        return iovec(iov_base: piece.baseAddress, iov_len: piece.count)
    }

    func withBytes<Answer>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Answer) -> Answer {
        body(UnsafeRawBufferPointer(bytes(range)))
    }
}

/// Idle buffers by power-of-two size: fresh ones cost a page fault for every 4096 bytes.
final class BufferPool: Sendable {
    private struct State {
        var idle: [Int: [AlignedBuffer]] = [:]
        var idleBytes = 0
    }

    private static let smallest = 64 << 10
    private let limitBytes: Int
    private let state = Mutex(State())

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    static func sizeClass(_ bytes: Int) -> Int {
        var size = smallest
        while size < bytes { size *= 2 }
        return size
    }

    func take(atLeast bytes: Int) -> AlignedBuffer {
        let size = Self.sizeClass(bytes)
        let idle = state.withLock { state -> AlignedBuffer? in
            guard let buffer = state.idle[size]?.popLast() else { return nil }
            state.idleBytes -= size
            return buffer
        }
        return idle ?? AlignedBuffer(capacity: size)
    }

    func give(_ buffer: AlignedBuffer) {
        state.withLock { state in
            guard state.idleBytes + buffer.capacity <= limitBytes else { return }
            state.idleBytes += buffer.capacity
            state.idle[buffer.capacity, default: []].append(buffer)
        }
    }

    var idleBytes: Int { state.withLock { $0.idleBytes } }
}

/// CRC-32C of a byte array.
func crc32c(_ bytes: some Collection<UInt8>) -> UInt32 {
    bytes.withContiguousStorageIfAvailable { apus_crc32c(0, $0.baseAddress, $0.count) }
        ?? Array(bytes).withUnsafeBytes { apus_crc32c(0, $0.baseAddress, $0.count) }
}

/// CRC-32C of each 65536-byte block of a stream; the last block may be short.
struct BlockChecksums {
    static let blockBytes = PackFormat.checksumBlockBytes

    private(set) var finished: [UInt32] = []
    private var current: UInt32 = 0
    private var filled = 0

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if filled == 0, rest.count >= 4 * Self.blockBytes {
                var four: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
                let part = UnsafeRawBufferPointer(rebasing: rest.prefix(4 * Self.blockBytes))
                withUnsafeMutableBytes(of: &four) { results in
                    apus_crc32c_four_blocks(
                        part.baseAddress, Self.blockBytes, results.bindMemory(to: UInt32.self).baseAddress)
                }
                finished += [four.0, four.1, four.2, four.3]
                rest = rest.dropFirst(part.count)
                continue
            }
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.blockBytes - filled))
            current = apus_crc32c(current, part.baseAddress, part.count)
            filled += part.count
            if filled == Self.blockBytes { closeBlock() }
            rest = rest.dropFirst(part.count)
        }
    }

    private mutating func closeBlock() {
        finished.append(current)
        current = 0
        filled = 0
    }

    /// All checksums, the one of a short last block included.
    var all: [UInt32] { filled > 0 ? finished + [current] : finished }

    static func of(_ bytes: UnsafeRawBufferPointer) -> [UInt32] {
        var checksums = BlockChecksums()
        checksums.update(bytes)
        return checksums.all
    }
}
