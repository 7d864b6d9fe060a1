package import Archive

/// A draft of `PackStore`: in memory up to a limit, then in a container of its own.
///
/// Not thread-safe; one owner at a time.
package final class PackDraft: ObjectDraft {
    /// What a draft needs of its store.
    struct Services: Sendable {
        let pool: BufferPool
        let memoryLimit: Int
        let makeSpill: @Sendable () throws(StorageError) -> SpillFile
    }

    enum Content {
        case memory(AlignedBuffer)
        case spilled(SpillFile)
        case gone
    }

    private static let headerBytes = PackFormat.recordHeaderBytes
    private let services: Services
    private(set) var content: Content
    package private(set) var count = 0

    init(services: Services, expectedBytes: Int?) {
        self.services = services
        let expected = min(max(expectedBytes ?? 0, 0), services.memoryLimit)
        // Room for checksum table and note as well, so that commit need not move the object.
        content = .memory(services.pool.take(atLeast: Self.headerBytes + expected + expected / 8192 + 1024))
    }

    deinit { discard() }

    package func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
        switch content {
        case .gone: throw StorageError.unavailable(message: "The draft was committed or discarded already.")
        case .spilled(let spill): try spill.append(bytes)
        case .memory(let buffer):
            let start = Self.headerBytes + count
            if bytes.count <= services.memoryLimit - count {
                ensureCapacity(buffer, start + bytes.count).copyIn(bytes, at: start)
            } else {
                try spillOver(buffer).append(bytes)
            }
        }
        count += bytes.count
    }

    /// Moves to a larger buffer when needed; answers the one now in use.
    private func ensureCapacity(_ buffer: AlignedBuffer, _ needed: Int) -> AlignedBuffer {
        if needed <= buffer.capacity { return buffer }
        let larger = services.pool.take(atLeast: needed)
        larger.copyIn(buffer, range: Self.headerBytes..<(Self.headerBytes + count))
        services.pool.give(buffer)
        content = .memory(larger)
        return larger
    }

    private func spillOver(_ buffer: AlignedBuffer) throws(StorageError) -> SpillFile {
        let spill = try services.makeSpill()
        try Self.append(buffer, Self.headerBytes..<(Self.headerBytes + count), to: spill)
        services.pool.give(buffer)
        content = .spilled(spill)
        return spill
    }

    private static func append(_ buffer: AlignedBuffer, _ range: Range<Int>, to spill: SpillFile) throws(StorageError) {
        var failure: StorageError?
        buffer.withBytes(range) { bytes in
            do throws(StorageError) { try spill.append(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    package func read(at offset: Int, count wanted: Int) throws(StorageError) -> ArraySlice<UInt8> {
        switch content {
        case .gone: throw StorageError.unavailable(message: "The draft was committed or discarded already.")
        case .spilled(let spill): return try spill.read(at: offset, count: wanted)
        case .memory(let buffer):
            guard offset >= 0, wanted > 0, offset < count else { return [] }
            let start = Self.headerBytes + offset
            return buffer.array(start..<(start + min(wanted, count - offset)))[...]
        }
    }

    package func discard() {
        switch content {
        case .memory(let buffer): services.pool.give(buffer)
        case .spilled(let spill): spill.discard()
        case .gone: break
        }
        content = .gone
    }

    /// Completes the record in memory but for its header; `nil` for a spilled draft.
    func prepare(note: [UInt8]) -> PreparedRecord? {
        guard case .memory(let current) = content else { return nil }
        let end = Self.headerBytes + count
        var checksums = BlockChecksums()
        current.withBytes(Self.headerBytes..<end) { checksums.update($0) }
        var trailer: [UInt8] = []
        trailer.reserveCapacity(4 * checksums.finished.count + 4 + note.count)
        for checksum in checksums.all { trailer.append(number: checksum) }
        trailer += note
        let whole = Int(PackFormat.aligned(Int64(end + trailer.count)))
        let buffer = ensureCapacity(current, whole)
        buffer.copyIn(trailer, at: end)
        buffer.zero((end + trailer.count)..<whole)
        return PreparedRecord(
            buffer: buffer, payloadBytes: count, noteBytes: note.count, trailerChecksum: crc32c(trailer))
    }

    /// Moves the object, wherever it is, into a fresh spill file on another volume.
    func move(to spill: SpillFile) throws(StorageError) {
        switch content {
        case .gone: throw StorageError.unavailable(message: "The draft was committed or discarded already.")
        case .memory(let buffer):
            try Self.append(buffer, Self.headerBytes..<(Self.headerBytes + count), to: spill)
            services.pool.give(buffer)
        case .spilled(let old):
            var done = 0
            while done < count {
                let piece = try old.read(at: done, count: 1 << 20)
                var failure: StorageError?
                piece.withUnsafeBytes { bytes in
                    do throws(StorageError) { try spill.append(bytes) } catch { failure = error }
                }
                if let failure { throw failure }
                done += piece.count
            }
            old.discard()
        }
        content = .spilled(spill)
    }
}
