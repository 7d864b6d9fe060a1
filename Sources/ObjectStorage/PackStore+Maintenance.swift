package import Archive
import Glibc
import Synchronization

extension PackStore: ContainerMaintenance {
    private func writable(_ id: ContainerID) throws(StorageError) -> Volume {
        guard let volume = volume(id.volumeID) else {
            throw .unavailable(message: "Storage volume \(id.volumeID) is not configured.")
        }
        try volume.requireOnline()
        guard mode == .readWrite, !volume.configuration.isReadOnly else { throw volume.unavailable("is read-only.") }
        return volume
    }

    /// Counts records as dead; nothing on the medium changes, the index alone decides what is alive.
    package func release(_ locations: [ObjectLocation]) throws(StorageError) {
        released.withLock { released in
            for location in locations {
                let id = ContainerID(volumeID: location.volumeID, containerID: location.containerID)
                released[id, default: [:]][location.offset] = location.recordBytes
            }
        }
    }

    package func reclaimableContainers() -> [ContainerID] {
        let candidates = released.withLock { $0.mapValues { records in records.values.reduce(0, +) } }
        return candidates.compactMap { id, deadBytes -> ContainerID? in
            guard let volume = volume(id.volumeID), let name = volume.containerName(id.containerID), name.phase == .pack,
                let facts = environment.facts(path: volume.filePath(name))
            else { return nil }
            // All but the pack header and the seal.
            return deadBytes >= facts.bytes - 2 * Int64(PackFormat.alignment) ? id : nil
        }.sorted { ($0.volumeID, $0.containerID) < ($1.volumeID, $1.containerID) }
    }

    package func seal(_ container: ContainerID) throws(StorageError) {
        let volume = try writable(container)
        guard let name = volume.containerName(container.containerID) else {
            throw volume.unavailable("there is no container \(container.containerID).")
        }
        if name.phase == .pack { return }
        let writer = volume.writer(name.purpose)
        volume.upkeep.withLock { _ in
            writer.state.withLock { state in
                if let pack = state.current, pack.id == container.containerID {
                    state.sealing.append(pack)
                    state.current = nil
                }
                if let index = state.ready.firstIndex(where: { $0.id == container.containerID }) {
                    state.sealing.append(state.ready.remove(at: index))
                }
            }
            volume.sealPending(writer)
        }
        guard volume.containerName(container.containerID)?.phase == .pack else {
            throw volume.unavailable("container \(container.containerID) cannot be sealed at present.")
        }
    }

    package func recycle(_ container: ContainerID) throws(StorageError) {
        let volume = try writable(container)
        let failure = volume.upkeep.withLock { _ -> StorageError? in
            guard let name = volume.containerName(container.containerID) else { return nil }
            guard name.phase == .pack else {
                return volume.unavailable("container \(container.containerID) is not sealed; it cannot be reclaimed.")
            }
            do throws(SystemFailure) {
                try reclaim(name, on: volume)
                return nil
            } catch { return volume.failure(error) }
        }
        if let failure { throw failure }
        released.withLock { $0[container] = nil }
        volume.scheduleUpkeep()
    }

    private func reclaim(_ name: PackName, on volume: Volume) throws(SystemFailure) {
        let path = volume.filePath(name)
        let facts = environment.facts(path: path)
        let capacity = volume.ingest.capacity(volume)
        let isWhole = facts.map { $0.allocatedBytes >= $0.bytes && (capacity / 2...capacity).contains($0.bytes) } ?? false
        volume.forget(name.id)
        files.forget(ContainerID(volumeID: volume.id, containerID: name.id))
        if name.purpose == .ingest, isWhole, volume.state.withLock({ $0.spares.count }) < settings.recycledPackLimit {
            let spare = PackName(id: name.id, purpose: .ingest, phase: .spare)
            // The old name must be gone for good before its blocks are overwritten.
            try environment.renameDurably(name.text, spare.text, in: volume.packsPath)
            volume.state.withLock { $0.spares.append(spare) }
            return
        }
        let answer = environment.unlink(path)
        if answer < 0, answer != -ENOENT { throw SystemFailure(operation: "unlink", code: -answer) }
        try environment.syncDirectory(volume.packsPath)
        volume.returned(facts?.allocatedBytes ?? 0)
    }

    package func erase(_ locations: [ObjectLocation]) throws(StorageError) {
        let groups = Dictionary(grouping: locations) { ContainerID(volumeID: $0.volumeID, containerID: $0.containerID) }
        for (id, records) in groups {
            let volume = try writable(id)
            guard let name = volume.containerName(id.containerID) else { continue }
            guard name.phase == .pack else {
                throw volume.unavailable("container \(id.containerID) is not sealed; nothing can be erased there.")
            }
            do throws(SystemFailure) {
                try eraseRecords(records.map(\.offset), in: name, on: volume)
            } catch { throw volume.failure(error) }
        }
    }

    /// Replaces the headers first: should the rest be interrupted, the records are gone all the same.
    private func eraseRecords(_ offsets: [Int64], in name: PackName, on volume: Volume) throws(SystemFailure) {
        let file = try FileHandle(path: volume.filePath(name), flags: O_RDWR, environment: environment)
        var headers: [RecordHeader] = []
        let block = Int64(PackFormat.alignment)
        for offset in offsets {
            guard var header = try RecordAccess(file: file).header(at: offset), header.containerID == name.id,
                header.kind != .seal, try file.bytes >= header.end
            else { continue }
            header.kind = .erased
            header.trailerChecksum = 0
            // Within one sector, which media write whole or not at all.
            try file.write(header.encoded, at: offset)
            headers.append(header)
        }
        try file.dataSync()
        for header in headers {
            try overwrite(file, header.payloadOffset..<(header.offset + block))
            guard header.recordBytes > block else { continue }
            let start = header.offset + block
            if try !file.punchHole(at: start, count: header.end - start) { try overwrite(file, start..<header.end) }
            volume.returned(header.end - start)
        }
        try file.dataSync()
    }

    private func overwrite(_ file: FileHandle, _ range: Range<Int64>) throws(SystemFailure) {
        let zeros = ByteField.zeros(1 << 20)
        var position = range.lowerBound
        while position < range.upperBound {
            let count = Int(min(Int64(zeros.count), range.upperBound - position))
            try file.write(Array(zeros.prefix(count)), at: position)
            position += Int64(count)
        }
    }
}
