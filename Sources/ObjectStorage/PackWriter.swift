import Archive
import Glibc
import Synchronization

/// A pack that takes records.
struct OpenPack: Sendable {
    let id: Int64
    let salt: UInt64
    let file: FileHandle
    /// Where the next record goes; everything before is durable.
    var position: Int64
    /// Blocks up to here are ours already.
    var allocatedEnd: Int64
    var sequence: UInt64
    /// Claimed for records of the batch in hand that the write itself will allocate.
    var claimedBytes: Int64 = 0

    var isEmpty: Bool { position == Int64(PackFormat.packHeaderBytes) }
}

/// A record ready to be written: buffer with header space in front, payload, trailer and padding.
struct PreparedRecord {
    let buffer: AlignedBuffer
    let payloadBytes: Int
    let noteBytes: Int
    let trailerChecksum: UInt32

    var recordBytes: Int64 {
        RecordHeader.recordBytes(payloadBytes: Int64(payloadBytes), noteBytes: Int64(noteBytes))
    }
}

/// Appends records to the packs of one purpose on one volume, one batch at a time.
final class PackWriter: Sendable {
    struct State {
        var current: OpenPack?
        /// Empty packs prepared in advance: taking one costs no write.
        var ready: [OpenPack] = []
        /// Full or given up; sealed in the background.
        var sealing: [OpenPack] = []
        /// Packs taken into use since the volume was opened.
        var packsTaken = 0
        /// Monotonic clock, milliseconds.
        var lastCommitAt: Int64?
    }

    let purpose: WritePurpose
    let state = Mutex(State())

    init(purpose: WritePurpose) { self.purpose = purpose }

    func capacity(_ volume: Volume) -> Int64 {
        let bytes = purpose == .ingest ? volume.settings.ingestPackBytes : volume.settings.archivePackBytes
        return max(PackFormat.aligned(bytes), 16 * Int64(PackFormat.alignment))
    }

    /// Whether a record of this size goes into a shared pack at all.
    func takes(_ recordBytes: Int64, on volume: Volume) -> Bool {
        recordBytes <= capacity(volume) - 2 * Int64(PackFormat.alignment)
    }

    /// Forgets the open packs without touching them.
    func close() { state.withLock { $0 = State() } }

    /// Writes the records, flushes once for each pack touched and answers for each.
    ///
    /// A record that could not be written leaves nothing behind; the same request may be tried again.
    func commit(_ records: [PreparedRecord], on volume: Volume) -> [Result<ObjectLocation, StorageError>] {
        let (results, needsUpkeep) = state.withLock { state in
            var results: [Result<ObjectLocation, StorageError>] = []
            var needsUpkeep = false
            let before = state.current?.position ?? 0
            defer { state.lastCommitAt = volume.environment.clock() }
            while results.count < records.count {
                let rest = records[results.count...]
                do throws(StorageError) {
                    try volume.claim(0)
                    let rotated = try ensurePack(&state, for: rest[rest.startIndex].recordBytes, on: volume)
                    needsUpkeep = needsUpkeep || rotated
                    let run = writeRun(rest, &state, on: volume)
                    guard !run.isEmpty else { throw volume.unavailable("a record of this size fits into no pack.") }
                    results += run
                } catch {
                    results += rest.map { _ in .failure(error) }
                }
            }
            // Beyond half a pack the next one may be prepared: small archives then never hold an empty one.
            let half = capacity(volume) / 2
            let crossesHalf = before <= half && state.current.map { $0.position > half } ?? false
            return (results, needsUpkeep || crossesHalf || !state.sealing.isEmpty)
        }
        if needsUpkeep { volume.scheduleUpkeep() }
        return results
    }

    /// Makes `state.current` a pack with room for the record; answers whether another pack was taken.
    private func ensurePack(_ state: inout State, for bytes: Int64, on volume: Volume) throws(StorageError) -> Bool {
        let seal = Int64(PackFormat.alignment)
        if let pack = state.current {
            if pack.position + bytes + seal <= capacity(volume) { return false }
            state.sealing.append(pack)
            state.current = nil
        }
        if state.ready.isEmpty {
            state.current = try volume.createPack(purpose, capacity: capacity(volume), initialise: false)
        } else {
            state.current = state.ready.removeFirst()
        }
        state.packsTaken += 1
        return true
    }

    /// Writes as many of the records as the current pack takes, at least one result.
    private func writeRun(
        _ records: ArraySlice<PreparedRecord>, _ state: inout State, on volume: Volume
    ) -> [Result<ObjectLocation, StorageError>] {
        guard var pack = state.current else { return [] }
        let start = pack.position
        var results: [Result<ObjectLocation, StorageError>] = []
        var pieces: [FileHandle.Piece] = []
        for record in records {
            let bytes = record.recordBytes
            guard pack.position + bytes + Int64(PackFormat.alignment) <= capacity(volume) else { break }
            do throws(StorageError) {
                try grow(&pack, to: pack.position + bytes, on: volume)
            } catch {
                results.append(.failure(error))
                continue
            }
            let header = RecordHeader(
                kind: .object, salt: pack.salt, containerID: pack.id, offset: pack.position, sequence: pack.sequence,
                durableBefore: start, payloadBytes: Int64(record.payloadBytes), noteBytes: Int64(record.noteBytes),
                trailerChecksum: record.trailerChecksum)
            record.buffer.copyIn(header.encoded, at: 0)
            pieces.append(FileHandle.Piece(buffer: record.buffer, range: 0..<Int(bytes)))
            results.append(.success(header.location(volumeID: volume.id)))
            pack.position = header.end
            pack.sequence &+= 1
        }
        guard !pieces.isEmpty else {
            state.current?.allocatedEnd = pack.allocatedEnd
            return results
        }
        do throws(SystemFailure) {
            try pack.file.write(pieces, at: start)
            try pack.file.dataSync()
            volume.settle(pack.claimedBytes, taken: true)
            pack.claimedBytes = 0
            state.current = pack
            return results
        } catch {
            volume.settle(pack.claimedBytes, taken: false)
            rollBack(&state, allocatedEnd: pack.allocatedEnd, after: error, on: volume)
            let failure = volume.failure(error)
            return results.map { result in result.flatMap { _ in .failure(failure) } }
        }
    }

    /// Extends the allocated part of the pack, in steps where there is plenty of room, else by what is needed.
    private func grow(_ pack: inout OpenPack, to end: Int64, on volume: Volume) throws(StorageError) {
        guard end > pack.allocatedEnd else { return }
        let needed = end - pack.allocatedEnd
        let whole = min(max(needed, volume.settings.allocationStepBytes), capacity(volume) - pack.allocatedEnd)
        if whole > needed, let grown = growStep(pack, whole, on: volume) {
            pack.allocatedEnd = grown
            return
        }
        try volume.claim(needed)
        do throws(SystemFailure) {
            if try pack.file.allocate(from: pack.allocatedEnd, count: needed) {
                volume.settle(needed, taken: true)
            } else {
                // The write itself will allocate; the claim stands until then.
                pack.claimedBytes += needed
            }
            pack.allocatedEnd += needed
        } catch {
            volume.settle(needed, taken: false)
            throw volume.failure(error)
        }
    }

    /// The new end when a whole step was allocated; `nil` when space is too short for it or the file system cannot.
    private func growStep(_ pack: OpenPack, _ bytes: Int64, on volume: Volume) -> Int64? {
        // Steps are a courtesy: they never take the last room of a small volume.
        guard volume.claimQuietly(bytes, margin: 8 * bytes) else { return nil }
        let isAllocated = (try? pack.file.allocate(from: pack.allocatedEnd, count: bytes)) ?? false
        volume.settle(bytes, taken: isAllocated)
        return isAllocated ? pack.allocatedEnd + bytes : nil
    }

    /// Cuts off what a failed batch may have left. When that fails too, or the medium did, the pack is given up.
    private func rollBack(_ state: inout State, allocatedEnd: Int64, after failure: SystemFailure, on volume: Volume) {
        guard var pack = state.current else { return }
        var isClean = false
        if (try? pack.file.truncate(to: pack.position)) != nil {
            volume.returned(max(0, allocatedEnd - pack.position))
            pack.allocatedEnd = pack.position
            isClean = true
        }
        state.current = isClean ? pack : nil
        guard !isClean || !failure.isOutOfSpace else { return }
        volume.noteFault(failure)
        // After a failed flush nobody knows what the medium holds behind the last good one: nothing more goes there.
        state.current = nil
        state.sealing.append(pack)
    }

    /// Where the readable part of a pack ends while it is being written; `nil` for packs not in hand.
    func durableEnd(of container: Int64) -> Int64? {
        state.withLock { state in
            if let pack = state.current, pack.id == container { return pack.position }
            return (state.ready + state.sealing).first { $0.id == container }?.position
        }
    }
}
