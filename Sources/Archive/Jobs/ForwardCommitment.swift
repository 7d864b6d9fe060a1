import Foundation

/// Asks destinations to commit to what was forwarded to them, until they have (PACS-4.4.1-f, PS3.4 Annex J as user).
///
/// A request and the wait for its result are a durable job each. What a destination does not commit to is sent to it again;
/// without a result in time it is asked again, under a transaction of its own.
package final class ForwardCommitment: Sendable {
    /// To ask.
    package static let requestKind = "commitment-request"
    /// To wait for the answer.
    package static let resultKind = "commitment-result"
    /// Times an object is sent or asked about again before it is given up.
    package static let maximumRounds = 10

    private struct Payload: Codable {
        var destination: String
        var transactionUID: String
        var references: [CommittedReference]
        var round: Int
    }

    private let jobs: any JobStore
    private let network: any PeerNetwork
    private let refusals: any RefusalLog
    private let resultSeconds: Int
    private let newUID: @Sendable () -> String
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - resultSeconds: how long a destination may take.
    ///   - newUID: of a transaction.
    package init(
        jobs: any JobStore, network: any PeerNetwork, refusals: any RefusalLog, resultSeconds: Int,
        newUID: @escaping @Sendable () -> String, now: @escaping @Sendable () -> Int64
    ) {
        self.jobs = jobs
        self.network = network
        self.refusals = refusals
        self.resultSeconds = resultSeconds
        self.newUID = newUID
        self.now = now
    }

    // MARK: Asking

    /// Keeps the request durably.
    func ask(_ destination: String, for references: [CommittedReference], round: Int) throws {
        let payload = Payload(destination: destination, transactionUID: newUID(), references: references, round: round)
        try enqueue(Self.requestKind, payload, dueInSeconds: 0)
    }

    private func enqueue(_ kind: String, _ payload: Payload, dueInSeconds: Int) throws {
        _ = try jobs.enqueue(
            NewJob(
                kind: kind, key: Self.key(payload.destination, payload.transactionUID),
                payload: Array(try JSONEncoder().encode(payload)),
                dueAtMilliseconds: now() + Int64(dueInSeconds) * 1000))
    }

    private static func key(_ destination: String, _ transactionUID: String) -> String { "\(destination):\(transactionUID)" }

    /// Sends the requests that are due, and asks again where no result came in time.
    ///
    /// - Returns: whether anything was due.
    package func runOnce() async throws -> Bool {
        let late = try jobs.claim(kind: Self.resultKind, nowMilliseconds: now(), limit: 16)
        for job in late { try resultIsLate(job) }
        let due = try jobs.claim(kind: Self.requestKind, nowMilliseconds: now(), limit: 16)
        for job in due { try await request(job) }
        return !due.isEmpty || !late.isEmpty
    }

    private func request(_ job: Job) async throws {
        let payload = try JSONDecoder().decode(Payload.self, from: Data(job.payload))
        // The result may come before the answer to the request does.
        try enqueue(Self.resultKind, payload, dueInSeconds: resultSeconds)
        var outcome = JobOutcome.done
        do {
            try await network.requestCommitment(
                transactionUID: payload.transactionUID, references: payload.references, of: payload.destination
            ) { try self.received($0, from: payload.destination) }
        } catch {
            let mayRetry = error.isTransient && job.attempts < RetrySchedule.maximumAttempts
            outcome = mayRetry
                ? .retry(
                    atMilliseconds: now() + RetrySchedule.pauseMilliseconds(afterAttempt: job.attempts), error: error.reason)
                : .failed(error: error.reason)
            if !mayRetry { try giveUp(payload, error.reason) }
        }
        try jobs.finish(job.id, outcome: outcome, nowMilliseconds: now())
    }

    private func resultIsLate(_ job: Job) throws {
        let payload = try JSONDecoder().decode(Payload.self, from: Data(job.payload))
        if try jobs.openJob(kind: Self.requestKind, key: job.key) != nil {
            // The request itself is still being tried.
            let due = now() + Int64(resultSeconds) * 1000
            return try jobs.finish(job.id, outcome: .retry(atMilliseconds: due, error: "not asked yet"), nowMilliseconds: now())
        }
        let problem = "no result within \(resultSeconds) s"
        if payload.round < Self.maximumRounds {
            try ask(payload.destination, for: payload.references, round: payload.round + 1)
            try jobs.finish(job.id, outcome: .failed(error: "\(problem); asked again"), nowMilliseconds: now())
        } else {
            try record(payload.references.map { ($0, "timeout", problem) }, payload.destination)
            try jobs.finish(job.id, outcome: .failed(error: "\(problem); given up"), nowMilliseconds: now())
        }
    }

    private func giveUp(_ payload: Payload, _ reason: String) throws {
        try record(payload.references.map { ($0, "association", reason) }, payload.destination)
        if let waiting = try jobs.openJob(
            kind: Self.resultKind, key: Self.key(payload.destination, payload.transactionUID)) {
            try jobs.finish(waiting.id, outcome: .failed(error: reason), nowMilliseconds: now())
        }
    }

    // MARK: The result

    /// Takes a result. What is not committed is sent again.
    ///
    /// - Returns: whether `destination` was asked under this transaction; a repeated result changes nothing.
    package func received(_ result: CommitmentResult, from destination: String) throws -> Bool {
        let key = Self.key(destination, result.transactionUID)
        guard let job = try jobs.openJob(kind: Self.resultKind, key: key) else { return false }
        let payload = try JSONDecoder().decode(Payload.self, from: Data(job.payload))
        let committed = Set(result.committed.map(\.sopInstanceUID))
        let missing = payload.references.filter { !committed.contains($0.sopInstanceUID) }
        guard !missing.isEmpty else {
            try jobs.finish(job.id, outcome: .done, nowMilliseconds: now())
            return true
        }
        let codes = Dictionary(result.failed.map { ($0.sopInstanceUID, $0.failureReason) }) { first, _ in first }
        let mayRetry = payload.round < Self.maximumRounds
        try record(
            missing.map { reference in
                let code = codes[reference.sopInstanceUID].flatMap { $0 }
                return (
                    reference, code.map { String($0, radix: 16, uppercase: true) } ?? "absent",
                    mayRetry ? "not committed; it is sent again" : "not committed; given up"
                )
            }, destination)
        if mayRetry { try sendAgain(missing, payload) }
        let text = "\(missing.count) of \(payload.references.count) objects not committed"
        try jobs.finish(
            job.id, outcome: .failed(error: text + (mayRetry ? "; they are sent again" : "; given up")), nowMilliseconds: now())
        return true
    }

    private func sendAgain(_ references: [CommittedReference], _ payload: Payload) throws {
        let due = now() + RetrySchedule.pauseMilliseconds(afterAttempt: payload.round + 1)
        for reference in references {
            let again = Forwarder.Payload(
                destination: payload.destination, sopInstanceUID: reference.sopInstanceUID, commitmentRound: payload.round + 1)
            _ = try jobs.enqueue(
                NewJob(
                    kind: Forwarder.jobKind, key: Self.key(payload.destination, reference.sopInstanceUID),
                    payload: Array(try JSONEncoder().encode(again)), dueAtMilliseconds: due))
        }
    }

    private func record(_ failures: [(CommittedReference, String, String)], _ destination: String) throws {
        try refusals.record(
            failures.map { reference, code, reason in
                Refusal(
                    direction: .refusedByPeer, party: destination, operation: "Storage Commitment",
                    sopInstanceUID: reference.sopInstanceUID, sopClassUID: reference.sopClassUID, code: code, reason: reason,
                    atMilliseconds: now())
            })
    }
}
