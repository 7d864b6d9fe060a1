package import Archive
import Glibc
import Synchronization

/// A place where the store found something other than a record.
package struct StorageDamage: Hashable, Sendable {
    package let container: ContainerID
    /// Bytes of the container concerned.
    package let range: Range<Int64>
    package let message: String
}

extension PackStore {
    package func scan(
        from container: ContainerID?, _ visit: (ObjectLocation, RecordNote) -> Bool
    ) throws(StorageError) {
        try scan(from: container, onDamage: { _ in }, visit)
    }

    /// Walks the records from their headers and notes, without payloads, oldest container first on each volume.
    ///
    /// Damaged places are told to `onDamage` (and the event report) and passed over. An object may appear twice, when
    /// it was moved to another container and the old one is not reclaimed yet.
    /// - Throws: when a volume is offline, after all others have been walked.
    package func scan(
        from start: ContainerID?, onDamage: (StorageDamage) -> Void, _ visit: (ObjectLocation, RecordNote) -> Bool
    ) throws(StorageError) {
        var problem: StorageError?
        for volume in table.withLock({ $0 }) where volume.id >= start?.volumeID ?? .min {
            do throws(StorageError) {
                try volume.requireOnline()
            } catch {
                problem = problem ?? error
                continue
            }
            if mode == .readOnly { volume.reloadContainers() }
            let first = volume.id == start?.volumeID ? start?.containerID ?? 0 : 0
            for name in volume.containerNames where name.id >= first {
                let goesOn = try scan(name, on: volume, visit) { range, message in
                    let id = ContainerID(volumeID: volume.id, containerID: name.id)
                    volume.report(.damage, "container \(name.id), bytes \(range.lowerBound) to \(range.upperBound): \(message)")
                    onDamage(StorageDamage(container: id, range: range, message: message))
                }
                if !goesOn { return }
            }
        }
        if let problem { throw problem }
    }

    private func scan(
        _ name: PackName, on volume: Volume, _ visit: (ObjectLocation, RecordNote) -> Bool,
        damage: (Range<Int64>, String) -> Void
    ) throws(StorageError) -> Bool {
        let id = ContainerID(volumeID: volume.id, containerID: name.id)
        guard let pack = try readable(id, on: volume) else {
            // Either reclaimed meanwhile, or somebody changed file names.
            if environment.facts(path: volume.filePath(name)) != nil {
                damage(0..<Int64(PackFormat.packHeaderBytes), "the file holds another container.")
            }
            return true
        }
        do throws(SystemFailure) {
            let bytes = try pack.file.bytes
            if PackHeader(pack.header) == nil { damage(0..<Int64(PackFormat.packHeaderBytes), "the pack header is damaged.") }
            let findings = try findings(name, pack, bytes: bytes, on: volume)
            for gap in findings.gaps { damage(gap, "no readable record.") }
            let end = findings.records.last?.end ?? Int64(PackFormat.packHeaderBytes)
            if name.phase == .pack, findings.seal == nil { damage(end..<max(end, bytes), "the end of the pack is missing.") }
            return try visitAll(findings.records, pack, id: id, visit, damage: damage)
        } catch {
            damage(0..<0, "cannot be read: \(error.text).")
            return true
        }
    }

    private func visitAll(
        _ records: [RecordHeader], _ pack: ReadablePack, id: ContainerID,
        _ visit: (ObjectLocation, RecordNote) -> Bool, damage: (Range<Int64>, String) -> Void
    ) throws(SystemFailure) -> Bool {
        let access = RecordAccess(file: pack.file)
        for header in records where header.kind == .object {
            guard let trailer = try access.trailer(header), let note = access.note(header, trailer: trailer) else {
                damage(header.offset..<header.end, "the note of the record is damaged.")
                continue
            }
            // Given to other objects while it was read: none of this is there any more.
            if try !pack.isUnchanged() {
                files.forget(id)
                return true
            }
            if !visit(header.location(volumeID: id.volumeID), note) { return false }
        }
        return true
    }

    /// The records that count, by what is known of the pack.
    private func findings(
        _ name: PackName, _ pack: ReadablePack, bytes: Int64, on volume: Volume
    ) throws(SystemFailure) -> PackWalker.Findings {
        if let end = volume.writer(name.purpose).durableEnd(of: name.id) {
            return try PackWalker(file: pack.file, containerID: name.id, end: min(end, bytes)).walk()
        }
        let walker = try PackWalker(file: pack.file, containerID: name.id, end: bytes)
        if name.phase == .pack { return try walker.walk() }
        let committed = try walker.committed()
        return PackWalker.Findings(records: committed.records, gaps: committed.gaps, seal: committed.seal)
    }

    package func containers() throws(StorageError) -> [ContainerStatus] {
        var list: [ContainerStatus] = []
        for volume in table.withLock({ $0 }) where volume.isOnline() {
            if mode == .readOnly { volume.reloadContainers() }
            for name in volume.containerNames {
                let end = volume.writer(name.purpose).durableEnd(of: name.id)
                list.append(
                    ContainerStatus(
                        id: ContainerID(volumeID: volume.id, containerID: name.id), purpose: name.purpose,
                        isSealed: name.phase == .pack,
                        usedBytes: end ?? environment.facts(path: volume.filePath(name))?.bytes ?? 0))
            }
        }
        return list
    }
}
