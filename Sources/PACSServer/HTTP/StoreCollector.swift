import Archive
import DICOMCore
import DICOMweb
import Synchronization

/// Gathers the verdicts of one store request, in the order of its parts.
final class StoreCollector: Sendable {
    private struct State {
        var verdicts: [IngestVerdict?] = []
        var unmade: [DataSet] = []
        var underWay = 0
        var waiter: (limit: Int, continuation: CheckedContinuation<Void, Never>)?
    }

    private let base: RequestBase
    /// The study the request is restricted to.
    private let study: String?
    private let state = Mutex(State())

    /// Parts under way at a time.
    private static let window = 16

    init(base: RequestBase, study: String?) {
        self.base = base
        self.study = study
    }

    func finish(_ intake: Part10Intake) {
        let position = state.withLock { state in
            state.verdicts.append(nil)
            state.underWay += 1
            return state.verdicts.count - 1
        }
        intake.requireStudy(study)
        intake.finish { verdict in
            let continuation = self.state.withLock { state in
                state.verdicts[position] = verdict
                state.underWay -= 1
                guard let waiter = state.waiter, state.underWay <= waiter.limit else { return nil as CheckedContinuation<Void, Never>? }
                state.waiter = nil
                return waiter.continuation
            }
            continuation?.resume()
        }
    }

    func addFailure(_ dataSet: DataSet) { state.withLock { $0.unmade.append(dataSet) } }

    func waitForRoom() async { await wait(until: Self.window) }
    func waitForAll() async { await wait(until: 0) }

    private func wait(until limit: Int) async {
        await withCheckedContinuation { continuation in
            let isMet = state.withLock { state in
                guard state.underWay > limit else { return true }
                state.waiter = (limit, continuation)
                return false
            }
            if isMet { continuation.resume() }
        }
    }

    /// The answer, and the refusals behind its failures.
    func result() -> (StoreReport, [IngestRefusal]) {
        let (verdicts, unmade) = state.withLock { ($0.verdicts.compactMap { $0 }, $0.unmade) }
        var refusals: [IngestRefusal] = []
        var report = StoreReport()
        for verdict in verdicts {
            if let filed = verdict.filed {
                report.stored.append(
                    .init(
                        sopClassUID: filed.sopClassUID, sopInstanceUID: filed.sopInstanceUID,
                        retrieveURL: "\(base.url)/studies/\(filed.studyInstanceUID)/series/\(filed.seriesInstanceUID)/instances/\(filed.sopInstanceUID)",
                        warning: verdict.isQuarantined ? .dataSetDoesNotMatchSOPClass : nil))
            } else if case .refused(let refusal) = verdict {
                refusals.append(refusal)
                if let declared = refusal.declared, !declared.sopInstanceUID.isEmpty {
                    report.failed.append(
                        .init(
                            sopClassUID: declared.sopClassUID, sopInstanceUID: declared.sopInstanceUID,
                            reason: StoreFailureReason(refusal.kind)))
                } else {
                    report.otherFailures.append(StoreFailureReason(refusal.kind))
                }
            }
        }
        for dataSet in unmade {
            report.failed.append(
                .init(
                    sopClassUID: dataSet.uid(.sopClassUID) ?? "", sopInstanceUID: dataSet.uid(.sopInstanceUID) ?? "",
                    reason: .cannotUnderstand))
        }
        let studies = Set(verdicts.compactMap { $0.filed?.studyInstanceUID })
        if studies.count == 1, let study = studies.first { report.retrieveURL = "\(base.url)/studies/\(study)" }
        return (report, refusals)
    }
}

extension IngestVerdict {
    var isQuarantined: Bool { if case .quarantined = self { true } else { false } }
}

extension StoreFailureReason {
    init(_ kind: IngestRefusal.Kind) {
        switch kind {
        case .full, .tooLarge, .unavailable: self = .outOfResources
        case .cannotUnderstand: self = .cannotUnderstand
        case .doesNotMatch: self = .dataSetDoesNotMatchSOPClass
        case .sopClassNotSupported: self = .sopClassNotSupported
        }
    }
}
