import Archive
import Logging
import PersistenceSQLite

/// Prepares series for viewing once arrivals rest, so that not even the first reader waits. Arrivals themselves are not
/// slowed down; what is opened before is prepared then.
struct ViewingPreparation: Sendable {
    let pacs: PACS
    let catalogue: ViewingCatalogue

    /// Arrivals count as resting after this time.
    private static let quiet: Duration = .seconds(3)
    private static let quietMilliseconds: Int64 = 3000
    private static let batch = 5000

    /// Until the task is cancelled.
    func run() async {
        var position: Int64?
        while !Task.isCancelled {
            let seen = pacs.changed.generation
            do {
                if let known = position { position = try await prepare(after: known) } else {
                    position = try await pacs.pool.run { [index = pacs.directory.index] in try index.lastSequence() }
                }
                await pacs.changed.wait(after: seen, atMost: .seconds(60))
                try await Task.sleep(for: Self.quiet)
            } catch is CancellationError { return } catch {
                pacs.logger.warning("Series that arrived could not be prepared for viewing: \(error)")
                await pacs.changed.wait(after: seen, atMost: .seconds(60))
            }
        }
    }

    /// - Returns: how far the feed was read; as far as before while objects are arriving.
    private func prepare(after position: Int64) async throws -> Int64 {
        var position = position
        while PACS.now() - pacs.ingest.lastArrivalMilliseconds >= Self.quietMilliseconds {
            let changes = try await pacs.pool.run { [index = pacs.directory.index, position] in
                try index.changes(after: position, limit: Self.batch)
            }
            guard let last = changes.last else { break }
            for series in Set(changes.map { Series(study: $0.studyInstanceUID, series: $0.seriesInstanceUID) }) {
                try Task.checkCancellation()
                try await prepare(series)
            }
            position = last.sequence
        }
        return position
    }

    private struct Series: Hashable {
        var study: String
        var series: String
    }

    /// On one thread: readers and senders come first.
    private func prepare(_ asked: Series) async throws {
        try await pacs.pool.run { [index = pacs.directory.index, catalogue] in
            let instances = try index.instances(.series(study: asked.study, [asked.series]), includingConflicts: false)
            if !instances.isEmpty { _ = catalogue.series(instances) }
        }
    }
}
