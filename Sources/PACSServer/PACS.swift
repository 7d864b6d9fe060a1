package import Archive
import DICOMCore
package import DIMSE
import Foundation
package import Logging
import NIOCore
import NIOPosix
import ObjectStorage
import PersistenceSQLite
package import SecurityProfiles
import Synchronization

/// The running server: every part made once and handed just its collaborators.
package final class PACS: Sendable {
    package let configuration: ServerConfiguration
    package let directory: ArchiveDirectory
    package let security: SecurityServices
    /// Drafts and hanging protocols.
    let workspace: SQLiteWorkspace
    package let ingest: IngestPipeline
    package let reader: ObjectReader
    package let monitor: TransferMonitor
    package let access: AccessAudit
    package let configurationWatch: ConfigurationWatch
    package let pool: BlockingPool
    package let changed: ArchiveSignal
    package let logger: Logger
    private let commitmentsDue = ArchiveSignal()
    private let hasRecovered = Atomic<Bool>(false)
    private let recovered = ArchiveSignal()
    private let outbound: OutboundSender
    private let commitment: CommitmentDelivery
    private let forwardCommitment: ForwardCommitment
    private let nodes: NodePolicy

    /// Milliseconds since 1970.
    package static let now: @Sendable () -> Int64 = { SecurityEnvironment.system.nowMilliseconds() }

    /// Opens the data directory, recovers what a crash left between store and index, and makes the services.
    package init(_ configuration: ServerConfiguration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        try UnfinishedReindex.refuse(configuration.dataDirectory)
        security = try ArchiveDirectory.security(path: configuration.dataDirectory)
        configurationWatch = ConfigurationWatch(configuration, seal: security.configuration)
        configurationWatch.tell(logger)
        directory = try ArchiveDirectory(
            path: configuration.dataDirectory, mode: .exclusive, configuration: configuration
        ) { event in
            logger.warning("Storage volume \(event.volumeID): \(event.message)")
        }
        configurationWatch.started(wasAccepted: configurationWatch.differences.isEmpty, logger)
        workspace = try SQLiteWorkspace(path: configuration.dataDirectory + "/workspace.sqlite")
        changed = ArchiveSignal()
        monitor = TransferMonitor()
        pool = BlockingPool(threads: 16)
        access = AccessAudit(log: security.audit, pool: pool, now: Self.now, logger: logger)
        reader = ObjectReader(store: directory.store)
        ingest = IngestPipeline(
            settings: configuration.ingest, store: directory.store, index: directory.index, refusals: directory.index,
            now: Self.now, onRegistered: { [changed] in changed.signal() })
        guard let title = AETitle(configuration.aeTitle) else {
            throw ConfigurationError(description: "dicom.aeTitle: 1 to 16 printable characters are needed.")
        }
        nodes = security.nodePolicy(ownAETitles: [title])
        outbound = OutboundSender(
            aeTitle: configuration.aeTitle, devices: security.devices, reader: reader,
            client: AssociationClient(group: MultiThreadedEventLoopGroup.singleton), tls: configuration.dicomTLS?.client,
            pool: pool, monitor: monitor, now: Self.now, logger: logger)
        commitment = CommitmentDelivery(
            jobs: directory.index, provider: StorageCommitmentProvider(lookup: directory.index, store: directory.store),
            network: outbound, now: Self.now)
        let uids = UIDGenerator()
        forwardCommitment = ForwardCommitment(
            jobs: directory.index, network: outbound, refusals: directory.index,
            resultSeconds: configuration.commitmentSeconds, newUID: { uids.next() }, now: Self.now)
        try startReadingAtLeast()
    }

    /// Takes up what a crash left. On a disk that cannot be written the server starts all the same, so that what is stored
    /// can be found and read; objects are refused until the rows that may be missing are written.
    private func startReadingAtLeast() throws {
        do {
            try recover()
        } catch let error as IndexError {
            guard case .unavailable(let message) = error else { throw error }
            let remedy = "Free space, or make the disk writable; the server goes on by itself."
            ingest.close(because: "The archive can only be read now: \(message). \(remedy)")
            logger.error("The data directory cannot be written (\(message)). Objects can be found and read, but not stored. \(remedy)")
        }
    }

    /// Whether objects and accounts can only be read now.
    package var isReadOnly: Bool { directory.index.isOnReadOnlyDisk }

    /// Tries again what the start could not do.
    private func recoverOnceWritable() throws {
        guard !hasRecovered.load(ordering: .acquiring) else { return }
        try recover()
        ingest.close(because: nil)
        security.restoreFromMemory()
        logger.notice("The data directory can be written again. Objects are stored.")
    }

    private func recover() throws {
        let report = try TailRecovery(directory: directory, limits: configuration.ingest.parsingLimits).run()
        if report.added + report.conflicts > 0 {
            logger.notice("Recovered \(report.added + report.conflicts) objects that were stored but not yet indexed.")
        }
        for problem in report.unreadable.prefix(20) { logger.error("A stored record cannot be indexed: \(problem)") }
        try directory.index.releaseRunning()
        hasRecovered.store(true, ordering: .releasing)
        recovered.signal()
    }

    /// Returns when the data directory is written to, which is at once as a rule, or the task is cancelled.
    func waitUntilWritable() async {
        while !hasRecovered.load(ordering: .acquiring), !Task.isCancelled { await recovered.wait(after: recovered.generation) }
    }

    /// Objects that wait to be forwarded to a device, as a line for people.
    func waitingForwards(to aeTitle: String?) -> [String] {
        let open: [Job] = [Job.State.waiting, .running].flatMap {
            (try? directory.index.jobs(kind: Forwarder.jobKind, state: $0, limit: 10_000)) ?? []
        }
        let count = open.count { job in aeTitle.map { job.key.hasPrefix($0 + ":") } ?? true }
        return count == 0 ? [] : ["\(count) objects wait to be forwarded to it"]
    }

    // MARK: DICOM

    /// Starts listening; one server for plain connections and one for TLS where configured.
    package func startDICOM() async throws -> [AssociationServer] {
        let services = dicomServices()
        var servers = [
            try await AssociationServer.start(
                .init(host: configuration.dicom.host, port: configuration.dicom.port, limits: limits),
                group: MultiThreadedEventLoopGroup.singleton) { ArchiveAssociationHandler(services: services) }
        ]
        if let tls = configuration.dicomTLS, configuration.dicomTLSPort > 0 {
            servers.append(
                try await AssociationServer.start(
                    .init(host: configuration.dicom.host, port: configuration.dicomTLSPort, tls: tls.server, limits: limits),
                    group: MultiThreadedEventLoopGroup.singleton) { ArchiveAssociationHandler(services: services) })
        }
        return servers
    }

    private var limits: AssociationLimits {
        var limits = AssociationLimits()
        limits.maximumPDULength = configuration.maximumPDULength
        limits.maximumAssociations = configuration.maximumAssociations
        limits.artim = .seconds(Int64(configuration.artimSeconds))
        limits.idle = .seconds(Int64(configuration.idleSeconds))
        limits.dimse = .seconds(Int64(configuration.dimseSeconds))
        return limits
    }

    private func dicomServices() -> DICOMServices {
        DICOMServices(
            aeTitle: configuration.aeTitle,
            contexts: ContextPolicy(acceptsUnknownSOPClasses: configuration.acceptsUnknownSOPClasses), nodes: nodes,
            ingest: ingest, queries: directory.index, lookup: directory.index, reader: reader, commitment: commitment,
            forwardCommitment: forwardCommitment,
            committingDestinations: Set(configuration.routes.filter(\.asksForCommitment).map(\.destination)),
            onCommitmentRequested: { [commitmentsDue] in commitmentsDue.signal() }, outbound: outbound,
            refusals: directory.index, pool: pool, monitor: monitor, access: access, now: Self.now, logger: logger)
    }

    // MARK: Background work

    /// Runs until cancelled: forwarding, commitment results, compression, scrubbing, checkpoints.
    package func runJobs() async {
        let forwarder = Forwarder(
            rules: configuration.routes, feed: directory.index, jobs: directory.index, lookup: directory.index,
            reader: reader, network: AuditedNetwork(base: outbound, access: access), refusals: directory.index,
            commitment: forwardCommitment, now: Self.now)
        let upkeep = ArchiveUpkeep(self)
        let planned = ArchiveSignal()
        let pool = pool
        let watch = JobRunner(name: "watch", pause: .seconds(30), signal: ArchiveSignal(), logger: logger) {
            try await upkeep.watch()
            return false
        }
        let runners = [
            // Without rules there is nothing to plan; the position in the feed then follows at leisure, so that rules set
            // later do not reach back.
            JobRunner(
                name: "forward planning", pause: .seconds(30), signal: configuration.routes.isEmpty ? ArchiveSignal() : changed,
                logger: logger
            ) {
                let hasMore = try await pool.run { try forwarder.planOnce() }
                planned.signal()
                return hasMore
            },
            JobRunner(name: "forwarding", pause: .seconds(5), signal: planned, logger: logger) {
                try await forwarder.sendOnce()
            },
            JobRunner(name: "storage commitment", pause: .seconds(5), signal: commitmentsDue, logger: logger) { [commitment] in
                try await commitment.deliverOnce()
            },
            JobRunner(name: "commitment of forwarded objects", pause: .seconds(2), signal: ArchiveSignal(), logger: logger) {
                [forwardCommitment] in try await forwardCommitment.runOnce()
            },
            JobRunner(name: "compression", pause: .seconds(5), signal: ArchiveSignal(), logger: logger) {
                try await upkeep.compressOnce()
            },
            JobRunner(name: "checkpoint", pause: .seconds(20), signal: ArchiveSignal(), logger: logger) {
                try await upkeep.checkpoint()
                return false
            },
            JobRunner(name: "integrity scrub", pause: .seconds(60), signal: ArchiveSignal(), logger: logger) {
                try await upkeep.scrubIfDue()
                return false
            },
        ]
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await watch.run() }
            await recoverWhenWritable()
            for runner in runners { group.addTask { await runner.run() } }
        }
    }

    /// Nothing may pass over the rows that recovery still has to write, checkpoints least of all.
    private func recoverWhenWritable() async {
        while !hasRecovered.load(ordering: .acquiring), !Task.isCancelled {
            do {
                try await pool.run { try self.recoverOnceWritable() }
            } catch {
                // Told at the start; a cancelled sleep ends the loop by its condition.
                try? await Task.sleep(for: .seconds(5))
            }
        }
    }

    /// After the network has stopped: finishes what was handed over, makes the index durable, lets go of the directory.
    package func close() async {
        ingest.waitUntilIdle()
        do { try directory.index.flush() } catch { logger.error("The index could not be flushed: \(error)") }
        security.restoreFromMemory()
        await pool.shutDown()
        do { try workspace.close() } catch { logger.error("The workspace could not be closed: \(error)") }
        directory.close()
    }
}

extension ServerConfiguration.TLSFiles {
    var server: TLSSettings {
        TLSSettings(
            certificateChainFile: certificate, privateKeyFile: privateKey, trustRootsFile: clientAuthorities,
            peerVerification: clientAuthorities == nil ? .none : .required)
    }

    var client: TLSSettings {
        var settings = TLSSettings(
            certificateChainFile: certificate, privateKeyFile: privateKey, trustRootsFile: clientAuthorities)
        settings.verifiesHostName = false
        return settings
    }
}
