import Synchronization

/// Collects outcomes from the sending side's callbacks.
final class ReportedOutcomes: Sendable {
    private let outcomes = Mutex<[Int: SendOutcome]>([:])

    func set(_ position: Int, _ outcome: SendOutcome) { outcomes.withLock { $0[position] = outcome } }
    subscript(position: Int) -> SendOutcome? { outcomes.withLock { $0[position] } }
}
