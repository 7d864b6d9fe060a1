import Synchronization

/// Keeps repeated refusals from filling the log: each key once a minute, and all keys together within a budget.
final class EventThrottle: Sendable {
    private struct State {
        var lastAdmitted: [String: Int64] = [:]
        var suppressed = 0
        var windowStart: Int64 = 0
        var admittedInWindow = 0
    }

    private let state = Mutex(State())
    private let windowMilliseconds: Int64 = 60_000
    private let budgetPerWindow: Int
    private static let maximumKeys = 1024

    init(budgetPerWindow: Int) { self.budgetPerWindow = budgetPerWindow }

    /// - Returns: how many events were held back since the last admitted one; `nil` when this one is held back too.
    func admit(_ key: String, nowMilliseconds now: Int64) -> Int? {
        state.withLock { state in
            if abs(now &- state.windowStart) >= windowMilliseconds {
                state.windowStart = now
                state.admittedInWindow = 0
            }
            let isRecent = state.lastAdmitted[key].map { abs(now &- $0) < windowMilliseconds } ?? false
            guard !isRecent, state.admittedInWindow < budgetPerWindow else {
                state.suppressed &+= 1
                return nil
            }
            if state.lastAdmitted.count >= Self.maximumKeys { state.lastAdmitted.removeAll() }
            state.lastAdmitted[key] = now
            state.admittedInWindow += 1
            defer { state.suppressed = 0 }
            return state.suppressed
        }
    }
}
