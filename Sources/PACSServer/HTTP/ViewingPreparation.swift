import Archive
import Foundation
import Logging
import PersistenceSQLite

/// Prepares what arrived for viewing, so that not even the first reader waits: the manifest of each series, and previews of large
/// images. Objects are answered long before; receiving goes first. What is opened before it is prepared is made then.
struct ViewingPreparation: Sendable {
    let pacs: PACS
    let catalogue: ViewingCatalogue

    /// In the change feed, so that a restart goes on where it was.
    private static let consumer = "viewing"
    /// Arrivals count as resting after this time.
    private static let quiet: Duration = .seconds(3)
    private static let quietMilliseconds: Int64 = 3000
    /// How long arrivals that never rest put off a round of series, and then each single piece of work.
    private static let longestWait: Duration = .seconds(60)
    private static let pieceWait: Duration = .seconds(2)
    private static let batch = 5000
    /// Without a position, as after a rebuilt index, the newest objects are gone over; what is kept of them stays.
    private static let newest: Int64 = 20_000
    /// Previews prepared for one series; what has more is played, not read frame by frame.
    private static let previewsOfSeries = 256

    /// Until the task is cancelled.
    func run() async {
        var position: Int64?
        while !Task.isCancelled {
            let seen = pacs.changed.generation
            do {
                let start = if let position { position } else { try await storedPosition() }
                position = try await prepare(after: start)
                await pacs.changed.wait(after: seen, atMost: .seconds(60))
                try await Task.sleep(for: Self.quiet)
            } catch is CancellationError { return } catch {
                pacs.logger.warning("Series that arrived could not be prepared for viewing: \(error)")
                await pacs.changed.wait(after: seen, atMost: .seconds(60))
            }
        }
    }

    private func storedPosition() async throws -> Int64 {
        try await pacs.pool.run { [index = pacs.directory.index] in
            let (stored, last) = (try index.position(of: Self.consumer), try index.lastSequence())
            return stored > 0 && stored <= last ? stored : max(0, last - Self.newest)
        }
    }

    /// - Returns: how far the feed was read.
    private func prepare(after position: Int64) async throws -> Int64 {
        var position = position
        while true {
            try await waitForRest(atMost: Self.longestWait)
            let changes = try await pacs.pool.run { [index = pacs.directory.index, position] in
                try index.changes(after: position, limit: Self.batch)
            }
            guard let last = changes.last else { return position }
            for series in Set(changes.map { Series(study: $0.studyInstanceUID, series: $0.seriesInstanceUID) }) {
                try await prepare(series)
            }
            position = last.sequence
            // Not noted on a disk that cannot be written: a restart then goes over it again.
            try await pacs.pool.run { [index = pacs.directory.index, position] in
                try? index.setPosition(position, of: Self.consumer)
            }
        }
    }

    private func waitForRest(atMost limit: Duration) async throws {
        let end = ContinuousClock.now + limit
        while PACS.now() - pacs.ingest.lastArrivalMilliseconds < Self.quietMilliseconds, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    private struct Series: Hashable {
        var study: String
        var series: String
    }

    /// On one thread: readers and senders come first.
    private func prepare(_ asked: Series) async throws {
        try await waitForRest(atMost: Self.pieceWait)
        let found = try await pacs.pool.run { [index = pacs.directory.index, catalogue] in
            let instances = try index.instances(.series(study: asked.study, [asked.series]), includingConflicts: false)
            return (instances, instances.isEmpty ? nil : catalogue.series(instances).order)
        }
        guard let order = found.1, catalogue.previews != nil, pacs.configuration.previewBytes > 0 else { return }
        let delivery = FrameDelivery(reader: pacs.reader, codecs: [], wantsPreviews: true, previews: catalogue.previews)
        let large = order.frames.lazy.filter { FrameDelivery.isLarge(order.formats[$0.format]) && $0.instance < found.0.count }
        for frame in large.prefix(Self.previewsOfSeries) {
            try await waitForRest(atMost: Self.pieceWait)
            guard hasRoom else { return }
            try await pacs.pool.run {
                // The stream tells the reader why a frame cannot be shown.
                try? delivery.preparePreview(of: found.0[frame.instance], number: frame.number, format: order.formats[frame.format])
            }
        }
    }

    /// The last twentieth of the data directory's file system is not for what can be made again.
    private var hasRoom: Bool {
        guard let facts = try? FileManager.default.attributesOfFileSystem(forPath: pacs.directory.path),
            let free = (facts[.systemFreeSize] as? NSNumber)?.int64Value, let total = (facts[.systemSize] as? NSNumber)?.int64Value
        else { return false }
        return free > total / 20
    }
}
