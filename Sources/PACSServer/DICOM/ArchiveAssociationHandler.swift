import Archive
import DICOMCore
import DIMSE
import Logging
import NIOCore
import SecurityProfiles
import Synchronization

/// One association with a peer: who may do what, and which part of the archive does it.
final class ArchiveAssociationHandler: AssociationHandler {
    let services: DICOMServices
    private struct State {
        var grant: NodeGrant?
        var association: Association?
        var callingAETitle = ""
        /// What was granted of extended negotiation, by SOP class.
        var matching: [String: MatchingOptions] = [:]
    }
    private let state = Mutex(State())
    let audit: AssociationAudit

    init(services: DICOMServices) {
        self.services = services
        audit = AssociationAudit(services.access, now: services.now)
    }

    var callingAETitle: String { state.withLock { $0.callingAETitle } }
    func matchingOptions(_ sopClassUID: String) -> MatchingOptions {
        state.withLock { $0.matching[sopClassUID] ?? MatchingOptions() }
    }

    var mayAskForCommitment: Bool { state.withLock { $0.grant?.allows(.commit) ?? false } }

    // MARK: Negotiation

    func negotiate(_ request: AssociationRequest) async -> NegotiationAnswer {
        let calling = request.callingAETitle
        state.withLock { $0.callingAETitle = calling }
        audit.identify(aeTitle: calling, address: request.connection.peerAddress)
        let fingerprint = request.connection.peerCertificateDER.map { CertificateFingerprint.of($0) }
        let nodes = services.nodes
        let decision = try? await services.pool.run {
            nodes.decide(
                callingAE: calling, calledAE: request.calledAETitle, address: request.connection.peerAddress,
                certificateFingerprint: fingerprint)
        }
        switch decision {
        case .accept(let grant):
            state.withLock { $0.grant = grant }
            return .accept(acceptance(request, grant))
        case .refuse(let refusal): return refuse(request, refusal)
        case nil: return .reject(.temporaryCongestion)
        }
    }

    private func refuse(_ request: AssociationRequest, _ refusal: NodeRefusal) -> NegotiationAnswer {
        let code = refusal.rejection
        services.record(
            Refusal(
                direction: .refusedByUs, party: "\(request.callingAETitle)@\(request.connection.peerAddress)",
                operation: "association", code: "\(code.result)/\(code.source)/\(code.reason)", reason: refusal.message,
                atMilliseconds: services.now()))
        services.logger.notice("\(refusal.message)")
        return .reject(
            AssociateRJ(
                result: .init(rawValue: code.result), source: .init(rawValue: code.source), reason: code.reason))
    }

    private func acceptance(_ request: AssociationRequest, _ grant: NodeGrant) -> NegotiationAcceptance {
        let roles = Dictionary(request.roleSelections.map { ($0.sopClassUID, $0) }) { first, _ in first }
        var acceptance = NegotiationAcceptance(contexts: [:])
        for context in request.presentationContexts {
            acceptance.contexts[context.id] = decide(context, grant, role: roles[context.abstractSyntax])
        }
        acceptance.roleSelections = request.roleSelections.map { role in
            let isStorage = services.contexts.stores(role.sopClassUID)
            let isReport = role.sopClassUID == StorageCommitment.sopClassUID && services.awaitsResults(from: callingAETitle)
            return RoleSelection(
                sopClassUID: role.sopClassUID, isSCU: role.isSCU,
                // A requestor that is provider receives what it asked for by C-GET, or reports what we asked of it.
                isSCP: role.isSCP && (isStorage && grant.allows(.get) || isReport))
        }
        let extended = extendedNegotiations(request)
        acceptance.extendedNegotiations = extended
        let granted = extended.map { ($0.sopClassUID, Self.matchingOptions($0.applicationInformation)) }
        state.withLock { $0.matching = Dictionary(granted) { first, _ in first } }
        return acceptance
    }

    private func decide(
        _ context: ProposedPresentationContext, _ grant: NodeGrant, role: RoleSelection?
    ) -> NegotiationAcceptance.ContextDecision {
        let isStorage = services.contexts.stores(context.abstractSyntax)
        let isAllowed: Bool
        if let row = ServiceClass.row(context.abstractSyntax) {
            isAllowed = grant.allows(row.service)
                || row.role == .commitment && role?.isSCP == true && services.awaitsResults(from: callingAETitle)
        } else if isStorage {
            isAllowed = grant.allows(.store) || (role?.isSCP == true && grant.allows(.get))
        } else {
            return .reject(.abstractSyntaxNotSupported)
        }
        guard isAllowed else {
            services.record(
                Refusal(
                    direction: .refusedByUs, party: callingAETitle, operation: "presentation context",
                    sopClassUID: context.abstractSyntax, code: "user-rejection",
                    reason: "The device has no right to this service. Change it with apus device add.",
                    atMilliseconds: services.now()))
            return .reject(.userRejection)
        }
        guard let syntax = services.contexts.transferSyntax(for: context.transferSyntaxes, isStorage: isStorage, isRetrieval: role?.isSCP == true) else {
            return .reject(.transferSyntaxesNotSupported)
        }
        return .accept(transferSyntaxUID: syntax)
    }

    /// Relational queries, combined date-time matching and fuzzy names are granted as asked (PS3.4 §C.5.1.1);
    /// time zone adjustment is not.
    private func extendedNegotiations(_ request: AssociationRequest) -> [SOPClassExtendedNegotiation] {
        request.pdu.userInformation.extendedNegotiations.compactMap { asked in
            guard let row = ServiceClass.row(asked.sopClassUID), [.find, .move, .get].contains(row.role) else { return nil }
            var answer = asked.applicationInformation
            if row.role == .find, answer.count > 3 { answer[3] = 0 }
            return SOPClassExtendedNegotiation(sopClassUID: asked.sopClassUID, applicationInformation: answer)
        }
    }

    private static func matchingOptions(_ information: [UInt8]) -> MatchingOptions {
        func isSet(_ index: Int) -> Bool { index < information.count && information[index] == 1 }
        return MatchingOptions(relational: isSet(0), combinedDateTime: isSet(1), fuzzyNames: isSet(2))
    }

    // MARK: Life

    func associationEstablished(_ association: Association) {
        state.withLock { $0.association = association }
        services.monitor.began(association, at: services.now())
    }

    func associationEnded(_ end: AssociationEnd) {
        if let association = state.withLock({ $0.association }) { services.monitor.ended(association) }
        audit.end()
        switch end.reason {
        case .shutdown where end.unfinishedOperations > 0:
            services.record(
                Refusal(
                    direction: .refusedByUs, party: callingAETitle, operation: "association", code: "interrupted",
                    reason: "The server was stopped while \(end.unfinishedOperations) operations ran. The peer may send again.",
                    atMilliseconds: services.now()))
        case .released, .releasedByPeer, .rejected: break
        default: services.logger.info("Association with \(callingAETitle) ended: \(end.reason)")
        }
    }

    // MARK: Storage

    func storeRefused(_ request: StoreRequest, status: DIMSEStatus, reason: String) {
        services.record(
            Refusal(
                direction: .refusedByUs, party: Origin.applicationEntity(callingAETitle).text, operation: "C-STORE",
                sopInstanceUID: Self.plain(request.sopInstanceUID), sopClassUID: Self.plain(request.sopClassUID),
                code: String(status.rawValue, radix: 16, uppercase: true), reason: reason, atMilliseconds: services.now()))
    }

    /// For records: what is no UID may hold anything.
    private static func plain(_ identifier: String) -> String {
        String(identifier.unicodeScalars.prefix(64).map { ("!"..."~").contains($0) ? Character($0) : "?" })
    }

    func storeSink(for request: StoreRequest) -> any StoreSink {
        guard state.withLock({ $0.grant?.allows(.store) ?? false }) else {
            return RefusingStoreSink(status: .notAuthorized, errorComment: ErrorComment.text("permissionMissing", "no right to store"))
        }
        let declared = DeclaredIdentity(
            sopClassUID: request.sopClassUID, sopInstanceUID: request.sopInstanceUID,
            transferSyntaxUID: request.transferSyntax.uid)
        let origin = Origin.applicationEntity(callingAETitle)
        do {
            return ArchiveStoreSink(
                try services.ingest.begin(declared, origin: origin, sourceAETitle: callingAETitle), audit, services.logger)
        } catch {
            let pool = services.pool
            let ingest = services.ingest
            Task { try? await pool.run { ingest.refuse(error, declared, origin) { _ in } } }
            return RefusingStoreSink(status: DIMSEStatus(error.kind), errorComment: error.comment)
        }
    }
}

/// Feeds one C-STORE into the archive.
final class ArchiveStoreSink: StoreSink {
    private let object: IncomingObject
    private let audit: AssociationAudit
    private let logger: Logger

    init(_ object: IncomingObject, _ audit: AssociationAudit, _ logger: Logger) {
        self.object = object
        self.audit = audit
        self.logger = logger
    }

    func receive(_ bytes: ByteBuffer) { bytes.withUnsafeReadableBytes { object.append($0) } }

    func finish(_ completion: StoreCompletion) {
        object.finish { [audit, logger] verdict in
            if let filed = verdict.filed {
                audit.note(
                    .studyReceived, service: "C-STORE", studies: [filed.studyInstanceUID], instances: 1, tellingAtOnce: false)
            }
            switch verdict {
            case .stored, .duplicate, .conflict: completion(.success)
            // Stored and marked; the sender learns of it by a warning (PS3.4 §B.2.3).
            case .quarantined(_, let reasons):
                completion(.dataSetDoesNotMatchSOPClassWarning, errorComment: ErrorComment.text("quarantined", reasons.first ?? ""))
            case .refused(let refusal):
                logger.notice("C-STORE refused: \(refusal.reason)")
                completion(DIMSEStatus(refusal.kind), errorComment: refusal.comment)
            }
        }
    }

    func cancelled() { object.abandon() }
}

extension IngestRefusal {
    fileprivate var comment: String { ErrorComment.text(ErrorCode(rawValue: kind.rawValue), reason) }
}

extension DIMSEStatus {
    /// PS3.4 Table B.2-1.
    init(_ kind: IngestRefusal.Kind) {
        switch kind {
        case .full, .tooLarge, .unavailable: self = .outOfResources
        case .cannotUnderstand: self = .cannotUnderstand
        case .doesNotMatch: self = .dataSetDoesNotMatchSOPClass
        case .sopClassNotSupported: self = .sopClassNotSupported
        }
    }
}
