import Dispatch
import GRDB
import Glibc
import Synchronization

/// The connections to one file: opened for reading only where the disk cannot be written, and for writing as soon as it can.
///
/// SQLite shares the memory of a write-ahead log among all connections of a process, and cannot write it when the first of them could
/// only read. So the pool that reads is closed before one that writes is opened; calls wait meanwhile.
final class ReopeningPool: Sendable {
    private struct State {
        var pool: DatabasePool
        /// Why nothing can be written; `nil` when it can, or was not to be.
        var reason: (any Error)?
        var triedAt = ContinuousClock.now
    }

    private let path: String
    private let openForWriting: @Sendable () throws -> DatabasePool
    private let openForReading: @Sendable () throws -> DatabasePool
    private let state: Mutex<State>
    /// Calls pass beside each other, opening anew alone. Not used by a pool that was opened as it should be.
    private let gate: DispatchQueue?

    private static let pause: Duration = .seconds(2)

    /// - Parameter isNotWritable: whether an error says that the disk cannot be written.
    init(
        path: String, isNotWritable: (any Error) -> Bool, forWriting: @escaping @Sendable () throws -> DatabasePool,
        forReading: @escaping @Sendable () throws -> DatabasePool
    ) throws {
        self.path = path
        openForWriting = forWriting
        openForReading = forReading
        do {
            state = Mutex(State(pool: try forWriting()))
            gate = nil
        } catch where isNotWritable(error) {
            state = Mutex(State(pool: try forReading(), reason: error))
            gate = DispatchQueue(label: "apus.database.gate", attributes: .concurrent)
        }
    }

    /// Whether the file was asked for to write but can only be read now.
    var isReadOnly: Bool { state.withLock { $0.reason != nil } }

    func read<Result>(_ body: (DatabasePool) throws -> Result) throws -> Result {
        guard let gate else { return try body(state.withLock { $0.pool }) }
        return try gate.sync { try body(state.withLock { $0.pool }) }
    }

    /// - Throws: what opening for writing threw, while the disk cannot be written.
    func write<Result>(_ body: (DatabasePool) throws -> Result) throws -> Result {
        if isReadOnly { try gate?.sync(flags: .barrier) { try openAnew() } }
        return try read(body)
    }

    func close() throws { try read { try $0.close() } }

    private func openAnew() throws {
        let (pool, reason, triedAt) = state.withLock { ($0.pool, $0.reason, $0.triedAt) }
        guard let reason else { return }
        // Asking costs nothing, opening all connections does.
        guard access(path, W_OK) == 0, ContinuousClock.now - triedAt >= Self.pause else { throw reason }
        state.withLock { $0.triedAt = .now }
        try pool.close()
        do {
            let writing = try openForWriting()
            state.withLock { ($0.pool, $0.reason) = (writing, nil) }
        } catch {
            let reading = try openForReading()
            state.withLock { ($0.pool, $0.reason) = (reading, error) }
            throw error
        }
    }
}
