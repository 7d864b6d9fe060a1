import Archive
import DICOMCore
import DIMSE
import Logging
import SecurityProfiles
import Synchronization

extension ArchiveAssociationHandler {
    // MARK: C-MOVE (PS3.4 §C.4.2)

    func move(_ request: RetrieveRequest, identifier: DataSet, control: RetrieveControl) async -> RetrieveResult {
        do {
            let instances = try await self.instances(request, identifier)
            guard let destination = request.moveDestination, try await isKnown(destination) else {
                return RetrieveResult(
                    status: .moveDestinationUnknown,
                    errorComment: ErrorComment.text("destination", "move destination is not a registered device"))
            }
            let counter = SuboperationCounter(instances, services: services, party: destination, operation: "C-MOVE")
            defer { told(instances, counter.counts, service: "C-MOVE", remote: destination) }
            control.report(counter.counts)
            do {
                try await services.outbound.send(
                    instances, to: destination, originator: (callingAETitle, request.messageID)
                ) { position, outcome in
                    counter.add(position, outcome)
                    control.report(counter.counts)
                }
            } catch let error as PeerFailure {
                counter.failRest(error.reason)
                if counter.counts.completed == 0, counter.counts.warning == 0, !Task.isCancelled {
                    return counter.result(
                        status: .outOfResourcesUnableToPerformSuboperations,
                        comment: ErrorComment.text("destination", error.reason))
                }
            }
            return counter.result(isCancelled: Task.isCancelled)
        } catch {
            return failure(error)
        }
    }

    private func isKnown(_ aeTitle: String) async throws -> Bool {
        try await services.outbound.destination(aeTitle) != nil
    }

    // MARK: C-GET (PS3.4 §C.4.3)

    func get(_ request: RetrieveRequest, identifier: DataSet, control: RetrieveControl) async -> RetrieveResult {
        do {
            let instances = try await self.instances(request, identifier)
            let counter = SuboperationCounter(instances, services: services, party: callingAETitle, operation: "C-GET")
            defer { told(instances, counter.counts, service: "C-GET", remote: nil) }
            control.report(counter.counts)
            _ = await services.outbound.store(instances[...], over: control.association) {
                try await control.store($0)
            } report: { position, outcome in
                counter.add(position, outcome)
                control.report(counter.counts)
            }
            if Task.isCancelled { return counter.result(isCancelled: true) }
            counter.failRest("the association ended")
            return counter.result(isCancelled: false)
        } catch {
            return failure(error)
        }
    }

    // MARK: Both

    private func instances(_ request: RetrieveRequest, _ identifier: DataSet) async throws -> [StoredInstance] {
        guard let model = ServiceClass.row(request.sopClassUID)?.model else {
            throw DIMSEFailure(status: .sopClassNotSupported)
        }
        let scope = try RetrieveScope(
            identifier, model: QueryModel(model), isRelational: matchingOptions(request.sopClassUID).relational).scope
        return try await services.pool.run { [lookup = services.lookup] in
            try lookup.instances(scope, includingConflicts: false)
        }
    }

    private func failure(_ error: any Error) -> RetrieveResult {
        switch error {
        case let failure as DIMSEFailure:
            return RetrieveResult(status: failure.status, errorComment: failure.errorComment)
        case let query as QueryError:
            let failure = DIMSEFailure(query: query)
            return RetrieveResult(status: failure.status, errorComment: failure.errorComment)
        default:
            services.logger.error("Retrieve failed: \(error)")
            return RetrieveResult(status: .unableToProcess, errorComment: ErrorComment.text(of: error, "the archive cannot be read"))
        }
    }
}

/// The unique keys of a C-MOVE or C-GET identifier (PS3.4 §C.4.2.1.4, §C.4.2.2.1).
struct RetrieveScope {
    let scope: InstanceScope

    /// - Throws: `QueryError` when the level or a unique key is missing.
    init(_ identifier: DataSet, model: QueryModel, isRelational: Bool) throws(QueryError) {
        guard let level = identifier.string(.queryRetrieveLevel).flatMap({ QueryLevel(definedTerm: $0) }),
            level != .patient || model == .patientRoot
        else { throw .invalidLevel }
        let studies = identifier.strings(.studyInstanceUID).filter { !$0.isEmpty }
        let series = identifier.strings(.seriesInstanceUID).filter { !$0.isEmpty }
        switch level {
        case .patient:
            scope = .patients(try Self.required(identifier, .patientID, level))
        case .study:
            scope = .studies(try Self.required(identifier, .studyInstanceUID, level))
        case .series:
            if !isRelational { _ = try Self.required(identifier, .studyInstanceUID, level) }
            scope = .series(study: studies.first, try Self.required(identifier, .seriesInstanceUID, level))
        case .instance:
            if !isRelational {
                _ = try Self.required(identifier, .studyInstanceUID, level)
                _ = try Self.required(identifier, .seriesInstanceUID, level)
            }
            scope = .instances(
                study: studies.first, series: series.first, try Self.required(identifier, .sopInstanceUID, level))
        }
    }

    private static func required(_ identifier: DataSet, _ tag: Tag, _ level: QueryLevel) throws(QueryError) -> [String] {
        let values = identifier.strings(tag).filter { !$0.isEmpty }
        guard !values.isEmpty, !values.contains(where: { $0.contains("*") || $0.contains("?") }) else {
            throw .missingUniqueKey(tag: tag, level: level)
        }
        return values
    }
}

/// Counts sub-operations and keeps a record of each that the other side refused.
private final class SuboperationCounter: Sendable {
    private struct State {
        var counts: SuboperationCounts
        var reported: Set<Int> = []
        var failed: [String] = []
    }

    private let instances: [StoredInstance]
    private let services: DICOMServices
    private let party: String
    private let operation: String
    private let state: Mutex<State>

    init(_ instances: [StoredInstance], services: DICOMServices, party: String, operation: String) {
        self.instances = instances
        self.services = services
        self.party = party
        self.operation = operation
        var counts = SuboperationCounts()
        counts.remaining = instances.count
        state = Mutex(State(counts: counts))
    }

    var counts: SuboperationCounts { state.withLock { $0.counts } }

    func add(_ position: Int, _ outcome: SendOutcome) {
        let remaining = instances.count
        state.withLock { state in
            guard state.reported.insert(position).inserted else { return }
            state.counts.remaining = remaining - state.reported.count
            switch outcome {
            case .sent: state.counts.completed += 1
            case .warned: state.counts.warning += 1
            case .refused:
                state.counts.failed += 1
                state.failed.append(instances[position].sopInstanceUID)
            }
        }
        if case .refused(let code, let reason) = outcome { record(instances[position], code, reason) }
    }

    func failRest(_ reason: String) {
        let reported = state.withLock { $0.reported }
        for position in instances.indices where !reported.contains(position) {
            add(position, .refused(code: "association", reason: reason))
        }
    }

    private func record(_ instance: StoredInstance, _ code: String, _ reason: String) {
        services.record(
            Refusal(
                direction: .refusedByPeer, party: party, operation: operation, sopInstanceUID: instance.sopInstanceUID,
                sopClassUID: instance.sopClassUID, studyInstanceUID: instance.studyInstanceUID, code: code,
                reason: reason, atMilliseconds: services.now()))
    }

    /// Success, or B000 with the list of failed instances; FE00 keeps the number remaining (PS3.4 §C.4.2.3.1).
    func result(isCancelled: Bool) -> RetrieveResult {
        let (counts, failed) = state.withLock { ($0.counts, $0.failed) }
        if isCancelled { return RetrieveResult(status: .cancel, counts: counts, failedSOPInstanceUIDs: failed) }
        var final = counts
        final.remaining = 0
        let status: DIMSEStatus = counts.failed == 0 && counts.warning == 0 ? .success : .suboperationsCompleteWithFailures
        return RetrieveResult(status: status, counts: final, failedSOPInstanceUIDs: failed)
    }

    func result(status: DIMSEStatus, comment: String) -> RetrieveResult {
        let (counts, failed) = state.withLock { ($0.counts, $0.failed) }
        return RetrieveResult(status: status, counts: counts, failedSOPInstanceUIDs: failed, errorComment: comment)
    }
}
