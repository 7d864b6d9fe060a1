import Archive
import Logging

/// Runs one background job again and again: at once while it has work, otherwise when signalled or after a pause.
struct JobRunner: Sendable {
    let name: String
    let pause: Duration
    let signal: ArchiveSignal
    let logger: Logger
    /// - Returns: whether there may be more to do at once.
    let body: @Sendable () async throws -> Bool

    func run() async {
        while !Task.isCancelled {
            let seen = signal.generation
            var hasMore = false
            do { hasMore = try await body() } catch is CancellationError { return } catch {
                logger.error("Job \(name) failed and will be tried again: \(error)")
            }
            if !hasMore { await signal.wait(after: seen, atMost: pause) }
        }
    }
}
