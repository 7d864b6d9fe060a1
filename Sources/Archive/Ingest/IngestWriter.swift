import Dispatch
import Synchronization

/// The one writer: gathers what finished arriving, makes it durable with one flush, indexes it in one transaction, and
/// only then answers.
///
/// Order is the promise of the archive: bytes durable, then index row, then answer. A crash between the first two leaves
/// a record without a row, which `ArchiveRecovery` finds; a row never lacks its bytes. While one batch is being written
/// the next gathers, so the cost of a flush is shared by all associations that wait for one (group commit).
package final class IngestWriter: Sendable {
    /// One object ready to be written. Handed over whole: after `submit` only the writer's queue touches the draft.
    package struct Submission: @unchecked Sendable {  // the draft inside has one owner at a time, see above
        let request: CommitRequest
        let entry: (ObjectLocation) -> InstanceEntry
        let completion: @Sendable (Result<RegistrationOutcome, IngestRefusal>) -> Void
    }

    private struct State {
        var waiting: [Submission] = []
        var isDraining = false
    }

    private let store: any ObjectStore
    private let index: any InstanceIndex
    private let onRegistered: @Sendable () -> Void
    private let queue = DispatchQueue(label: "apus.ingest-writer", qos: .userInitiated)
    private let state = Mutex(State())

    /// More than this would only delay the first answer of a batch.
    private static let maximumBatch = 256

    /// - Parameter onRegistered: called after each batch that changed the index; wakes followers of the change feed.
    package init(store: any ObjectStore, index: any InstanceIndex, onRegistered: @escaping @Sendable () -> Void) {
        self.store = store
        self.index = index
        self.onRegistered = onRegistered
    }

    package func submit(_ submission: Submission) {
        let mustStart = state.withLock { state in
            state.waiting.append(submission)
            defer { state.isDraining = true }
            return !state.isDraining
        }
        if mustStart { queue.async { self.drain() } }
    }

    /// Blocks until everything submitted so far is answered; for an orderly stop.
    package func waitUntilIdle() {
        queue.sync {}
    }

    private func drain() {
        while let batch = nextBatch() { write(batch) }
    }

    private func nextBatch() -> [Submission]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isDraining = false
                return nil
            }
            let batch = Array(state.waiting.prefix(Self.maximumBatch))
            state.waiting.removeFirst(batch.count)
            return batch
        }
    }

    private func write(_ batch: [Submission]) {
        let committed = store.commit(batch.map(\.request), purpose: .ingest)
        var durable: [(submission: Submission, location: ObjectLocation)] = []
        for (submission, result) in zip(batch, committed) {
            switch result {
            case .success(let location): durable.append((submission, location))
            case .failure(let error): submission.completion(.failure(IngestRefusal(error)))
            }
        }
        guard !durable.isEmpty else { return }
        do {
            let outcomes = try index.register(durable.map { $0.submission.entry($0.location) })
            answer(durable, outcomes)
        } catch {
            // Bytes without a row are never acknowledged; start-up recovery or `apus reindex` adopts them.
            for item in durable { item.submission.completion(.failure(IngestRefusal(error))) }
        }
    }

    private func answer(_ durable: [(submission: Submission, location: ObjectLocation)], _ outcomes: [RegistrationOutcome]) {
        var duplicates: [ObjectLocation] = []
        for (item, outcome) in zip(durable, outcomes) {
            if case .duplicate = outcome { duplicates.append(item.location) }
            item.submission.completion(.success(outcome))
        }
        if !duplicates.isEmpty {
            // Space only: a failure here leaves unreferenced records, which `apus check` counts.
            do { try store.release(duplicates) } catch {}
        }
        onRegistered()
    }
}

extension IngestRefusal {
    package init(_ error: StorageError) {
        switch error {
        case .full(let message): self.init(.full, message)
        case .unavailable(let message), .damaged(_, let message): self.init(.unavailable, message)
        case .notFound: self.init(.unavailable, "A stored record is missing. Run apus check.")
        }
    }

    package init(_ error: IndexError) {
        switch error {
        case .unavailable(let message):
            self.init(.unavailable, "The index cannot be written: \(message)")
        case .corrupt(let message):
            self.init(.unavailable, "The index is damaged (\(message)). Stop the server and run apus reindex.")
        }
    }
}
