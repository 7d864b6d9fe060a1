import Archive
import DICOMCore
import ObjectStorage
import PersistenceSQLite

/// Finds records that became durable but whose index rows a crash or power cut took.
///
/// The index is written without waiting for the disk; the packs are its log. A checkpoint remembers from which ingest
/// container on rows may be missing, so only the tail is walked at start-up.
struct TailRecovery {
    let directory: ArchiveDirectory
    let limits: ParsingLimits

    static func consumer(_ volumeID: Int64) -> String { "checkpoint.volume.\(volumeID)" }

    func run() throws -> ArchiveRecovery.Report {
        var positions: [Int64: Int64] = [:]
        var first: ContainerID?
        for status in try directory.store.containers() where status.purpose == .ingest {
            let position = try positions[status.id.volumeID] ?? directory.index.position(of: Self.consumer(status.id.volumeID))
            positions[status.id.volumeID] = position
            guard status.id.containerID >= position else { continue }
            if first.map({ status.id.containerID < $0.containerID }) ?? true { first = status.id }
        }
        guard first != nil else { return ArchiveRecovery.Report() }
        let recovery = ArchiveRecovery(store: directory.store, index: directory.index, limits: limits)
        let ingest = Set(try directory.store.containers().filter { $0.purpose == .ingest }.map(\.id))
        var total = ArchiveRecovery.Report()
        for id in ingest.sorted(by: { ($0.volumeID, $0.containerID) < ($1.volumeID, $1.containerID) })
        where id.containerID >= positions[id.volumeID] ?? 0 {
            let report = try recovery.adopt(in: id)
            total.scanned += report.scanned
            total.added += report.added
            total.duplicates += report.duplicates
            total.conflicts += report.conflicts
            total.unreadable += report.unreadable
        }
        return total
    }
}
