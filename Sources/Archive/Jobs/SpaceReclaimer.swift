package import DICOMCore

/// Gives back the space of records that nothing points to: second copies of the same object, and old places of objects
/// that moved while their container had to stay.
///
/// A record goes only when the index knows the same data set, by its SHA-256, at another place that was read and found
/// sound just before. What has no other copy is not dead but lost to the index, and is registered again. A crash at any
/// instant leaves a record either whole or erased; nobody refers to it in either case.
package struct SpaceReclaimer: Sendable {
    package struct Report: Hashable, Sendable {
        package var erased = 0
        package var bytes: Int64 = 0
        package var adopted = 0
    }

    private let store: any ContainerMaintenance
    private let index: any InstanceIndex & InstanceLookup
    private let limits: ParsingLimits

    package init(store: any ContainerMaintenance, index: any InstanceIndex & InstanceLookup, limits: ParsingLimits) {
        self.store = store
        self.index = index
        self.limits = limits
    }

    /// - Parameters:
    ///   - minimumDeadPercent: share of a container's bytes that must be dead for it to be looked at.
    ///   - isExcluded: containers somebody else takes care of.
    package func run(minimumDeadPercent: Int, isExcluded: (ContainerID) -> Bool = { _ in false }) throws -> Report {
        var report = Report()
        for container in try store.containers() where container.isSealed && !isExcluded(container.id) {
            let live = try index.liveBytes(in: container.id)
            // The file's own head and seal count as live: a container of one record is not half dead.
            let dead = container.usedBytes - live - Self.overheadBytes
            guard dead > 0, dead > container.usedBytes / 100 * Int64(minimumDeadPercent) else { continue }
            try reclaim(container.id, &report)
        }
        return report
    }

    private static let overheadBytes: Int64 = 16_384

    private func reclaim(_ container: ContainerID, _ report: inout Report) throws {
        let recovery = ArchiveRecovery(store: store, index: index, limits: limits)
        let adopted = try recovery.adopt(in: container)
        report.adopted += adopted.added + adopted.conflicts
        try index.flush()
        var dead: [ObjectLocation] = []
        var failure: (any Error)?
        try store.scan(from: container) { location, note in
            guard location.volumeID == container.volumeID, location.containerID == container.containerID else { return false }
            do {
                if try !index.isIndexed(location), try hasSoundCopy(of: note, besides: location) { dead.append(location) }
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        try store.erase(dead)
        report.erased += dead.count
        report.bytes += dead.reduce(0) { $0 + $1.recordBytes }
    }

    private func hasSoundCopy(of note: RecordNote, besides location: ObjectLocation) throws -> Bool {
        let kept = try index.instances(
            .instances(study: nil, series: nil, [note.sopInstanceUID]), includingConflicts: true
        ).first { $0.dataSetDigest == note.dataSetDigest && $0.location != location }
        guard let kept else { return false }
        do { return try store.verify(kept.location).dataSetDigest == note.dataSetDigest } catch { return false }
    }
}
