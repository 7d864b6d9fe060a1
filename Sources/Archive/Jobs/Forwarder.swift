import DICOMCore
import Foundation

/// Forwards arrivals by rule: follows the change feed, keeps a durable job for each object and destination, retries with
/// growing pauses, and leaves a record of every refusal (PACS-4.2.2-c).
package final class Forwarder: Sendable {
    package static let jobKind = "forward"
    package static let consumer = "forwarder"

    struct Payload: Codable {
        var destination: String
        var sopInstanceUID: String
        /// How often commitment was asked for in vain; `nil` when it is not asked for.
        var commitmentRound: Int?
    }

    private let rules: [RoutingRule]
    private let feed: any ChangeFeed
    private let jobs: any JobStore
    private let lookup: any InstanceLookup
    private let reader: ObjectReader
    private let network: any PeerNetwork
    private let refusals: any RefusalLog
    private let commitment: ForwardCommitment
    private let now: @Sendable () -> Int64

    package init(
        rules: [RoutingRule], feed: any ChangeFeed, jobs: any JobStore, lookup: any InstanceLookup, reader: ObjectReader,
        network: any PeerNetwork, refusals: any RefusalLog, commitment: ForwardCommitment,
        now: @escaping @Sendable () -> Int64
    ) {
        self.rules = rules
        self.feed = feed
        self.jobs = jobs
        self.lookup = lookup
        self.reader = reader
        self.network = network
        self.refusals = refusals
        self.commitment = commitment
        self.now = now
    }

    /// Reads what changed since last time and enqueues what the rules ask for.
    ///
    /// - Returns: whether more is waiting.
    package func planOnce() throws -> Bool {
        let position = try feed.position(of: Self.consumer)
        let changes = try feed.changes(after: position, limit: 500)
        guard let last = changes.last else { return false }
        if !rules.isEmpty {
            for change in changes where change.kind == .added || change.kind == .released { try plan(change.sopInstanceUID) }
        }
        // Jobs first, position second: a crash between the two plans again, and jobs are kept once by their key.
        try feed.setPosition(last.sequence, of: Self.consumer)
        return changes.count == 500
    }

    private func plan(_ sopInstanceUID: String) throws {
        guard let instance = try instance(sopInstanceUID), !instance.isQuarantined else { return }
        let header: DataSet
        do { header = try reader.header(of: instance) } catch { return }
        for rule in rules where rule.matches(header: header, source: instance.source) {
            // One destination may stand in several rules; one of them is enough to ask for commitment.
            let commits = rules.contains {
                $0.asksForCommitment && $0.destination == rule.destination && $0.matches(header: header, source: instance.source)
            }
            let payload = Payload(
                destination: rule.destination, sopInstanceUID: sopInstanceUID, commitmentRound: commits ? 0 : nil)
            _ = try jobs.enqueue(
                NewJob(
                    kind: Self.jobKind, key: "\(rule.destination):\(sopInstanceUID)",
                    payload: Array(try JSONEncoder().encode(payload)), dueAtMilliseconds: now()))
        }
    }

    private func instance(_ sopInstanceUID: String) throws -> StoredInstance? {
        try lookup.instances(.instances(study: nil, series: nil, [sopInstanceUID]), includingConflicts: false).first
    }

    /// Sends what is due, one association for each destination.
    ///
    /// - Returns: whether anything was due.
    package func sendOnce() async throws -> Bool {
        let due = try jobs.claim(kind: Self.jobKind, nowMilliseconds: now(), limit: 200)
        guard !due.isEmpty else { return false }
        var byDestination: [String: [Work]] = [:]
        for job in due {
            let payload = try JSONDecoder().decode(Payload.self, from: Data(job.payload))
            guard let instance = try instance(payload.sopInstanceUID) else {
                try jobs.finish(job.id, outcome: .failed(error: "the object is no longer stored"), nowMilliseconds: now())
                continue
            }
            byDestination[payload.destination, default: []].append(
                Work(job: job, instance: instance, commitmentRound: payload.commitmentRound))
        }
        for (destination, work) in byDestination.sorted(by: { $0.key < $1.key }) { await send(work, to: destination) }
        return true
    }

    private struct Work: Sendable {
        var job: Job
        var instance: StoredInstance
        var commitmentRound: Int?
    }

    private func send(_ work: [Work], to destination: String) async {
        let reported = ReportedOutcomes()
        var failure: PeerFailure?
        do {
            try await network.send(work.map(\.instance), to: destination) { reported.set($0, $1) }
        } catch {
            failure = error
        }
        let taken = work.enumerated().filter { reported[$0.offset]?.isTaken ?? false }.map(\.element)
        // The request is kept before the job that leads to it ends.
        do { try askForCommitment(of: taken, destination) } catch { return }
        for (position, item) in work.enumerated() {
            let outcome = reported[position]
            // A job whose end cannot be written stays running and is taken up again at the next start.
            do { try finish(item, outcome, failure, destination) } catch {}
        }
    }

    private func askForCommitment(of work: [Work], _ destination: String) throws {
        for (round, items) in Dictionary(grouping: work.filter { $0.commitmentRound != nil }, by: { $0.commitmentRound ?? 0 }) {
            let references = items.map {
                CommittedReference(sopClassUID: $0.instance.sopClassUID, sopInstanceUID: $0.instance.sopInstanceUID)
            }
            try commitment.ask(destination, for: references, round: round)
        }
    }

    private func finish(
        _ item: Work, _ outcome: SendOutcome?, _ failure: PeerFailure?,
        _ destination: String
    ) throws {
        switch outcome {
        case .sent, .warned:
            try jobs.finish(item.job.id, outcome: .done, nowMilliseconds: now())
        case .refused(let code, let reason):
            try record(item.instance, destination, code: code, reason: reason)
            try retry(item.job, "refused with \(code): \(reason)", isTransient: true)
        case nil:
            let reason = failure?.reason ?? "the association ended before it was sent"
            if failure != nil { try record(item.instance, destination, code: "association", reason: reason) }
            try retry(item.job, reason, isTransient: failure?.isTransient ?? true)
        }
    }

    private func record(_ instance: StoredInstance, _ destination: String, code: String, reason: String) throws {
        try refusals.record([
            Refusal(
                direction: .refusedByPeer, party: destination, operation: "C-STORE",
                sopInstanceUID: instance.sopInstanceUID, sopClassUID: instance.sopClassUID,
                studyInstanceUID: instance.studyInstanceUID, code: code, reason: reason, atMilliseconds: now())
        ])
    }

    private func retry(_ job: Job, _ error: String, isTransient: Bool) throws {
        let outcome: JobOutcome = isTransient && job.attempts < RetrySchedule.maximumAttempts
            ? .retry(atMilliseconds: now() + RetrySchedule.pauseMilliseconds(afterAttempt: job.attempts), error: error)
            : .failed(error: error)
        try jobs.finish(job.id, outcome: outcome, nowMilliseconds: now())
    }
}

/// 10 s, doubling to 1 hour; over two days in all.
package enum RetrySchedule {
    package static let maximumAttempts = 60

    package static func pauseMilliseconds(afterAttempt attempt: Int) -> Int64 {
        min(10_000 << Int64(min(max(attempt - 1, 0), 9)), 3_600_000)
    }
}
