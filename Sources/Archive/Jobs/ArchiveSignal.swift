import Synchronization

/// Wakes everybody who waits for new changes. A signal given between looking and waiting is not missed.
package final class ArchiveSignal: Sendable {
    private struct State {
        var generation: UInt64 = 0
        var nextTicket: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
        /// Cancelled before they began to wait.
        var cancelled: Set<UInt64> = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Counts signals; look at it before looking for work.
    package var generation: UInt64 { state.withLock { $0.generation } }

    package func signal() {
        let waiting = state.withLock { state in
            state.generation &+= 1
            defer { state.waiting.removeAll() }
            return state.waiting
        }
        for continuation in waiting.values { continuation.resume() }
    }

    /// Returns once the generation is no longer `seen`, or the task is cancelled.
    package func wait(after seen: UInt64) async {
        let ticket = state.withLock { state in
            state.nextTicket &+= 1
            return state.nextTicket
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.cancelled.remove(ticket) != nil || state.generation != seen { return true }
                    state.waiting[ticket] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                let waiting = state.waiting.removeValue(forKey: ticket)
                if waiting == nil { state.cancelled.insert(ticket) }
                return waiting
            }
            continuation?.resume()
        }
        _ = state.withLock { $0.cancelled.remove(ticket) }
    }
}

extension ArchiveSignal {
    /// As `wait(after:)`, but not longer than `limit`.
    package func wait(after seen: UInt64, atMost limit: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(after: seen) }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }
}
