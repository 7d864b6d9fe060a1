import Archive
import DICOMCore
import DIMSE
import Logging
import NIOCore
import SecurityProfiles
import Synchronization

/// Sends stored instances and commitment results to registered devices.
struct OutboundSender: PeerNetwork {
    let aeTitle: String
    let devices: DeviceService
    let reader: ObjectReader
    let client: AssociationClient
    let tls: TLSSettings?
    let pool: BlockingPool
    let monitor: TransferMonitor
    let now: @Sendable () -> Int64
    let logger: Logger

    func destination(_ aeTitle: String) async throws -> Device? {
        try await pool.run { [devices] in try devices.destination(aeTitle: aeTitle) }
    }

    // MARK: Sending instances

    func send(
        _ instances: [StoredInstance], to destination: String, report: @escaping @Sendable (Int, SendOutcome) -> Void
    ) async throws(PeerFailure) {
        try await send(instances, to: destination, originator: nil, report: report)
    }

    /// - Parameter originator: AE title and message ID of the C-MOVE these are sub-operations of.
    func send(
        _ instances: [StoredInstance], to destination: String, originator: (aeTitle: String, messageID: UInt16)?,
        report: @escaping @Sendable (Int, SendOutcome) -> Void
    ) async throws(PeerFailure) {
        var start = 0
        while start < instances.count {
            let plan = ContextPlan(instances[start...])
            let association = try await connect(destination, contexts: plan.contexts)
            let isComplete = await store(instances[start..<start + plan.count], over: association) { instance in
                var instance = instance
                instance.moveOriginatorAETitle = originator?.aeTitle
                instance.moveOriginatorMessageID = originator?.messageID
                return try await association.store(instance)
            } report: { report($0, $1) }
            guard isComplete else {
                monitor.ended(association)
                throw PeerFailure(reason: "\(destination) ended the association before everything was sent", isTransient: true)
            }
            await association.release()
            monitor.ended(association)
            if Task.isCancelled { return }
            start += plan.count
        }
    }

    /// Sends instances one after the other, each in the best transfer syntax the peer accepted, until the task is cancelled.
    /// While one is on its way the next are read.
    ///
    /// - Parameter report: told the index of each instance and what became of it.
    /// - Returns: `false` when the association ended before the last.
    func store(
        _ instances: ArraySlice<StoredInstance>, over association: Association,
        send: (OutgoingInstance) async throws -> StoreOutcome, report: (Int, SendOutcome) -> Void
    ) async -> Bool {
        let contexts = association.presentationContexts
        var ahead = ReadAhead(instances) { instance in await prepared(instance, contexts) }
        for position in instances.indices {
            guard !Task.isCancelled, let prepared = try? await ahead.next() else { break }
            guard let outcome = await outcome(of: prepared, instances[position], send) else { return false }
            report(position, outcome)
        }
        return true
    }

    fileprivate enum Prepared: Sendable {
        case ready(PreparedDataSet)
        case refused(SendOutcome)
    }

    private func prepared(_ instance: StoredInstance, _ contexts: [PresentationContext]) async -> Prepared {
        let accepted = contexts.filter { $0.isLocalSCU && $0.abstractSyntax == instance.sopClassUID }
        guard !accepted.isEmpty else {
            return .refused(.refused(code: "0122", reason: "the peer accepts no presentation context for this SOP class"))
        }
        let syntax = OpenedObject.availableSyntaxes(of: instance).first { syntax in
            accepted.contains { $0.transferSyntax == syntax }
        }
        guard let syntax else {
            return .refused(.refused(code: "A900", reason: "the object cannot be given in a transfer syntax the peer accepts"))
        }
        do {
            return .ready(
                try await pool.run { [reader, pool] in
                    let bytes = OutgoingBytes(try reader.stream(instance, in: syntax))
                    return PreparedDataSet(bytes: bytes, first: try bytes.next(), pool: pool)
                })
        } catch {
            logger.error("Sending \(instance.sopInstanceUID) failed: \(error)")
            return .refused(.refused(code: "0110", reason: "\(error)"))
        }
    }

    /// - Returns: `nil` when the association is over.
    private func outcome(
        of prepared: Prepared, _ instance: StoredInstance, _ send: (OutgoingInstance) async throws -> StoreOutcome
    ) async -> SendOutcome? {
        switch prepared {
        case .refused(let outcome): return outcome
        case .ready(let dataSet):
            do {
                let outcome = try await send(
                    OutgoingInstance(
                        sopClassUID: instance.sopClassUID, sopInstanceUID: instance.sopInstanceUID,
                        transferSyntaxUID: dataSet.bytes.transferSyntaxUID, source: dataSet))
                return SendOutcome(outcome)
            } catch AssociationError.sourceFailed(let reason) {
                return .refused(code: "0110", reason: reason)
            } catch {
                return nil
            }
        }
    }

    // MARK: Associations

    func connect(
        _ destination: String, contexts: [ProposedPresentationContext], roles: [RoleSelection] = [],
        handler: (any AssociationHandler)? = nil
    ) async throws(PeerFailure) -> Association {
        let device: Device?
        do { device = try await self.destination(destination) } catch {
            throw PeerFailure(reason: "the device list cannot be read: \(error)", isTransient: true)
        }
        guard let device, let host = device.host, let port = device.port else {
            throw PeerFailure(
                reason: "\(destination) is no registered device with host and port. Complete it with "
                    + "apus device add.", isTransient: false)
        }
        var configuration = AssociationClient.Configuration(
            host: host, port: port, calledAETitle: destination, callingAETitle: aeTitle, presentationContexts: contexts)
        configuration.roleSelections = roles
        if let fingerprint = device.certificateFingerprint {
            guard let tls else {
                throw PeerFailure(
                    reason: "\(destination) is registered with a TLS certificate, but dicom.tls is not set. Nothing is sent in the clear.",
                    isTransient: false)
            }
            configuration.tls = tls
            configuration.acceptsPeerCertificate = { der in CertificateFingerprint.of(der) == fingerprint }
        }
        do {
            let association = try await client.connect(configuration, handler: handler)
            monitor.began(association, at: now())
            return association
        } catch {
            throw PeerFailure(reason: "no association with \(destination) at \(host):\(port): \(error)", isTransient: true)
        }
    }

    // MARK: Storage Commitment

    func report(_ result: CommitmentResult, to destination: String) async throws(PeerFailure) {
        // We request the association and are the provider on it (PS3.4 §J.3.3.1, role selection of PS3.7 §D.3.3.4).
        let association = try await connect(
            destination, contexts: [Self.commitmentContext],
            roles: [RoleSelection(sopClassUID: StorageCommitment.sopClassUID, isSCU: false, isSCP: true)])
        defer { monitor.ended(association) }
        do {
            let answer = try await association.reportStorageCommitment(
                StorageCommitment.Result(result, retrieveAETitle: aeTitle))
            await association.release()
            guard answer.status == .success else {
                throw PeerFailure(reason: "\(destination) answered the commitment result with \(answer.status)", isTransient: true)
            }
        } catch let error as PeerFailure {
            throw error
        } catch {
            throw PeerFailure(reason: "delivering the commitment result to \(destination) failed: \(error)", isTransient: true)
        }
    }
}

/// The presentation contexts for a run of instances: for each SOP class one context with the transfer syntax of each
/// object as received, one with the form at rest, and one with the uncompressed ones every peer knows.
struct ContextPlan {
    private var proposal = PresentationContextProposal()
    /// How many of the instances it covers.
    private(set) var count = 0

    var contexts: [ProposedPresentationContext] { proposal.contexts }

    init(_ instances: ArraySlice<StoredInstance>) {
        for instance in instances {
            var extended = proposal
            let wanted = [[instance.transferSyntaxUID], [instance.storedTransferSyntaxUID], PresentationContextProposal.uncompressed]
            let fits = wanted.allSatisfy { extended.add(instance.sopClassUID, transferSyntaxUIDs: $0) }
            guard fits else { break }
            proposal = extended
            count += 1
        }
    }
}

/// A stored data set of which the beginning has been read; the rest is read off the event loop as the network takes it.
private final class PreparedDataSet: DataSetSource {
    let bytes: OutgoingBytes
    private let pool: BlockingPool
    private let waiting: Mutex<ByteBuffer?>

    init(bytes: OutgoingBytes, first: ByteBuffer?, pool: BlockingPool) {
        self.bytes = bytes
        self.pool = pool
        waiting = Mutex(first)
    }

    func nextChunk(maximumBytes: Int) async throws -> ByteBuffer? {
        if let part = waiting.withLock({ Self.take(maximumBytes, of: &$0) }) { return part }
        guard !bytes.isAtEnd, let next = try await pool.run({ [bytes] in try bytes.next() }) else { return nil }
        return waiting.withLock { waiting in
            waiting = next
            return Self.take(maximumBytes, of: &waiting)
        }
    }

    private static func take(_ count: Int, of buffer: inout ByteBuffer?) -> ByteBuffer? {
        guard var rest = buffer, let part = rest.readSlice(length: min(count, rest.readableBytes)), part.readableBytes > 0 else {
            buffer = nil
            return nil
        }
        buffer = rest
        return part
    }
}

extension SendOutcome {
    init(_ outcome: StoreOutcome) {
        switch outcome.status.category {
        case .success: self = .sent
        case .warning: self = .warned(status: outcome.status.rawValue)
        default:
            self = .refused(
                code: String(outcome.status.rawValue, radix: 16, uppercase: true),
                reason: outcome.errorComment ?? "the peer gave no reason")
        }
    }
}
