import Foundation

/// Delivers storage commitment results, however often it takes (PS3.4 §J.3.3; GUIDE-1.1.1.2-F3d).
package final class CommitmentDelivery: Sendable {
    package static let jobKind = "commitment"

    private struct Request: Codable {
        var destination: String
        var transactionUID: String
        var references: [CommittedReference]
    }

    private let jobs: any JobStore
    private let provider: StorageCommitmentProvider
    private let network: any PeerNetwork
    private let now: @Sendable () -> Int64

    package init(
        jobs: any JobStore, provider: StorageCommitmentProvider, network: any PeerNetwork, now: @escaping @Sendable () -> Int64
    ) {
        self.jobs = jobs
        self.provider = provider
        self.network = network
        self.now = now
    }

    /// Keeps a request durably; the N-ACTION may be answered with success once this returns.
    package func accept(
        transactionUID: String, references: [CommittedReference], from destination: String
    ) throws {
        let request = Request(destination: destination, transactionUID: transactionUID, references: references)
        _ = try jobs.enqueue(
            NewJob(
                kind: Self.jobKind, key: "\(destination):\(transactionUID)", payload: Array(try JSONEncoder().encode(request)),
                dueAtMilliseconds: now()))
    }

    /// Verifies and delivers what is due.
    ///
    /// - Returns: whether anything was due.
    package func deliverOnce() async throws -> Bool {
        let due = try jobs.claim(kind: Self.jobKind, nowMilliseconds: now(), limit: 16)
        for job in due { try await deliver(job) }
        return !due.isEmpty
    }

    private func deliver(_ job: Job) async throws {
        let request = try JSONDecoder().decode(Request.self, from: Data(job.payload))
        // Verified anew at each attempt: success is a statement about now.
        let result = provider.verify(transactionUID: request.transactionUID, references: request.references)
        var outcome = JobOutcome.done
        do { try await network.report(result, to: request.destination) } catch {
            let mayRetry = error.isTransient && job.attempts < RetrySchedule.maximumAttempts
            outcome = mayRetry
                ? .retry(
                    atMilliseconds: now() + RetrySchedule.pauseMilliseconds(afterAttempt: job.attempts), error: error.reason)
                : .failed(error: error.reason)
        }
        try jobs.finish(job.id, outcome: outcome, nowMilliseconds: now())
    }
}
