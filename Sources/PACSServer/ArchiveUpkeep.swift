import Archive
import Foundation
import Logging
import ObjectStorage
import PersistenceSQLite
import SecurityProfiles
import Synchronization

/// Background care for the archive: checkpoints, compression at rest, draining, integrity scrubs.
final class ArchiveUpkeep: Sendable {
    private let pacs: PACS
    /// Containers whose objects have moved, and since when; readers may still be in them.
    private let emptied = Mutex<[ContainerID: Int64]>([:])
    private let lastStates = Mutex<[Int64: VolumeStatus.State]>([:])
    private let wasDegraded = Mutex(false)
    private let lastMove = Mutex<Int64>(0)

    init(_ pacs: PACS) {
        self.pacs = pacs
    }

    // MARK: Checkpoint

    /// Makes the index durable and remembers from which container on rows may still be missing.
    func checkpoint() async throws {
        let directory = pacs.directory
        try await pacs.pool.run {
            let open = try directory.store.containers().filter { $0.purpose == .ingest }
            // Containers that grow while we flush stay in the tail: their numbers are not below the oldest unsealed one.
            try directory.index.flush()
            for (volume, containers) in Dictionary(grouping: open, by: { $0.id.volumeID }) {
                let oldestOpen = containers.filter { !$0.isSealed }.map(\.id.containerID).min()
                let next = oldestOpen ?? (containers.map(\.id.containerID).max() ?? 0) + 1
                try directory.index.setPosition(next, of: TailRecovery.consumer(volume))
            }
        }
    }

    // MARK: Compression at rest

    /// Moves one sealed ingest container to the long-term area.
    ///
    /// - Returns: whether there may be more.
    func compressOnce() async throws -> Bool {
        noteReleased()
        try await recycleEmptied()
        if try await drainOnce() { return true }
        try await reclaimIfDue()
        guard pacs.configuration.compression != .none else { return false }
        let directory = pacs.directory
        let compression = pacs.configuration.compression
        let mover = ContainerMover(store: directory.store, index: directory.index, compression: compression)
        let isQuiet = isQuiet
        let report = try await pacs.pool.run { () throws -> ContainerMover.Report? in
            let waiting = try directory.store.containers().filter {
                $0.purpose == .ingest && $0.usedBytes > 0 && !self.isEmptied($0.id)
            }
            // Arrivals come first, until so much waits that disk space is at stake.
            guard isQuiet || waiting.reduce(0, { $0 + $1.usedBytes }) > Self.backlogBytes else { return nil }
            guard let next = waiting.min(by: { $0.id.containerID < $1.id.containerID }) else { return nil }
            return try self.move(next, with: mover)
        }
        guard let report, report.moved > 0 else { return false }
        pacs.logger.info(
            "Compressed \(report.compressed) of \(report.moved) objects at rest: \(report.bytesBefore) to \(report.bytesAfter) bytes.")
        for uid in report.unreadable { pacs.logger.error("Object \(uid) cannot be read for compression. Run apus check.") }
        return report.unreadable.isEmpty
    }

    /// Empties volumes that are marked as draining, one container at a time (GUIDE-1.1.1.1.4-9).
    private func drainOnce() async throws -> Bool {
        let directory = pacs.directory
        let mover = ContainerMover(
            store: directory.store, index: directory.index, compression: pacs.configuration.compression)
        let report = try await pacs.pool.run { () throws -> ContainerMover.Report? in
            let draining = Set(directory.store.volumes().filter { $0.state == .draining }.map(\.volumeID))
            guard !draining.isEmpty else { return nil }
            let waiting = try directory.store.containers().filter {
                draining.contains($0.id.volumeID) && $0.usedBytes > 0 && !self.isEmptied($0.id)
            }
            guard let next = waiting.first else { return nil }
            return try self.move(next, with: mover)
        }
        guard let report, report.moved > 0 else { return false }
        pacs.logger.notice("Drained \(report.moved) objects from a storage volume that is being emptied.")
        return report.unreadable.isEmpty
    }

    private func isEmptied(_ container: ContainerID) -> Bool { emptied.withLock { $0[container] != nil } }

    private func move(_ container: ContainerStatus, with mover: ContainerMover) throws -> ContainerMover.Report {
        if !container.isSealed { try pacs.directory.store.seal(container.id) }
        lastMove.withLock { $0 = PACS.now() }
        let report = try mover.move(container.id)
        if report.isEmptied { emptied.withLock { $0[container.id] = PACS.now() } }
        return report
    }

    /// A retrieval that began before its objects moved is over by then.
    private static let readersGraceMilliseconds: Int64 = 15 * 60 * 1000

    private func recycleEmptied() async throws {
        let due = emptied.withLock { $0.filter { PACS.now() - $0.value >= Self.readersGraceMilliseconds }.map(\.key) }
        guard !due.isEmpty else { return }
        let directory = pacs.directory
        let mover = ContainerMover(store: directory.store, index: directory.index, compression: pacs.configuration.compression)
        try await pacs.pool.run { for container in due { try mover.recycle(container) } }
        emptied.withLock { emptied in for container in due { emptied[container] = nil } }
    }

    /// Containers that hold nothing but copies of what was stored already.
    private func noteReleased() {
        for container in pacs.directory.store.reclaimableContainers() where !isEmptied(container) {
            emptied.withLock { $0[container] = PACS.now() }
        }
    }

    private static let reclaimClock = "clock:reclaim"
    private static let reclaimIntervalMilliseconds: Int64 = 3_600_000

    /// Gives back the space of second copies and records left behind, in containers where that is worth the reading.
    private func reclaimIfDue() async throws {
        let percent = pacs.configuration.reclaimPercent
        // Readers may still be at the old places of what has just moved.
        let isSettled = PACS.now() - lastMove.withLock { $0 } >= Self.readersGraceMilliseconds
        guard percent > 0, isQuiet, isSettled, try await isDue(Self.reclaimClock, every: Self.reclaimIntervalMilliseconds) else { return }
        let directory = pacs.directory
        let reclaimer = SpaceReclaimer(
            store: directory.store, index: directory.index, limits: pacs.configuration.ingest.parsingLimits)
        let report = try await pacs.pool.run {
            try reclaimer.run(minimumDeadPercent: percent) { self.isEmptied($0) }
        }
        if report.erased + report.adopted > 0 {
            pacs.logger.notice(
                "Reclaimed \(report.bytes) bytes of \(report.erased) superfluous records; \(report.adopted) records without a row were indexed.")
        }
    }

    private static let backlogBytes: Int64 = 4 << 30

    private var isQuiet: Bool {
        let last = pacs.ingest.lastArrivalMilliseconds
        return PACS.now() - last >= Int64(pacs.configuration.compressionIdleSeconds) * 1000
    }

    // MARK: Volumes, sessions and seals

    /// Tells of storage volumes that run short (PACS-4.4.2-b), of changes made outside Apus (PACS-4.5.10-2), and ends
    /// sessions whose time is over.
    func watch() async throws {
        let pacs = pacs
        let (volumes, isIntact) = try await pacs.pool.run {
            pacs.security.restoreFromMemory()
            self.tellDegradation()
            pacs.configurationWatch.tell(pacs.logger)
            _ = try pacs.security.sessions.endExpired()
            return (
                pacs.directory.store.volumes(),
                try pacs.security.integrity.verifyAndRecord(by: .system, wholeLog: false).isIntact
            )
        }
        for volume in volumes where volume.state != lastStates.withLock({ $0.updateValue(volume.state, forKey: volume.volumeID) }) {
            switch volume.state {
            case .ok: break
            case .low:
                pacs.logger.warning(
                    "Storage volume \(volume.name): \(volume.freeBytes) bytes free, at or below the warning limit of \(volume.warnBelowBytes). Free space or add a volume; below \(volume.refuseBelowBytes) objects are refused.")
            default:
                pacs.logger.error("Storage volume \(volume.name) is \(volume.state.rawValue): \(volume.freeBytes) bytes free.")
            }
        }
        if !isIntact {
            pacs.logger.error("Accounts, devices, settings or the audit log were changed outside Apus. Run apus audit --verify.")
        }
    }

    /// Says once that sessions and audit records are kept in memory, and once that they are on the disk again.
    private func tellDegradation() {
        let degradation = pacs.security.degradation
        let before = wasDegraded.withLock { before in
            defer { before = degradation != nil }
            return before
        }
        if let degradation, !before {
            pacs.logger.error(
                "The security store cannot be written (\(degradation.reason)). Sessions and audit records are kept in memory until it can; they are lost if the server ends first. Free space, or make the disk writable.")
        } else if degradation == nil, before {
            pacs.logger.notice("The security store can be written again. Sessions and audit records are on the disk.")
        }
    }

    // MARK: Scrub

    private static let scrubClock = "clock:integrity scrub"

    /// Whether an interval has passed since the last time, which is kept in the index: restarts neither put a job off nor
    /// bring it forward. The first time comes one interval after the first start, not in the rush of it.
    private func isDue(_ clock: String, every interval: Int64) async throws -> Bool {
        let index = pacs.directory.index
        return try await pacs.pool.run {
            let now = PACS.now()
            let last = try index.position(of: clock)
            // A clock set back must not put it off for years.
            guard last == 0 || last > now || now - last >= interval else { return false }
            try index.setPosition(now, of: clock)
            return last != 0
        }
    }

    func scrubIfDue() async throws {
        let interval = Int64(pacs.configuration.scrubIntervalHours) * 3_600_000
        let directory = pacs.directory
        guard interval > 0, try await isDue(Self.scrubClock, every: interval) else { return }
        let report = try await pacs.pool.run {
            try IntegrityScrub(store: directory.store, index: directory.index).run { report in
                // A pause after each hundred objects, so that readers hardly notice.
                if report.checked % 100 == 0 { Thread.sleep(forTimeInterval: 0.5) }
                return false
            }
        }
        guard !report.findings.isEmpty else { return }
        for finding in report.findings { pacs.logger.error("Integrity: \(finding.sopInstanceUID): \(finding.problem)") }
        let event = AuditEvent(
            .integrityFailed, outcome: .seriousFailure, actor: .system, origin: "scrub",
            objects: report.findings.prefix(100).map { .instance(uid: $0.sopInstanceUID) })
        try pacs.security.audit.append(event)
    }
}
