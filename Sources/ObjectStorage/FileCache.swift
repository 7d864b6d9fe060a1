import Archive
import Synchronization

/// A pack open for reading, with the header it had when it was opened.
struct ReadablePack: Sendable {
    let file: FileHandle
    let header: [UInt8]

    /// Whether the file still is the pack it was: a recycled one has got another header.
    func isUnchanged() throws(SystemFailure) -> Bool { try file.read(128, at: 0) == header }
}

/// Descriptors of packs read lately. Evicting one never disturbs a reader: it holds its own reference.
final class FileCache: Sendable {
    private struct Entry {
        var pack: ReadablePack
        var usedAt: UInt64
    }

    private struct State {
        var entries: [ContainerID: Entry] = [:]
        var clock: UInt64 = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = max(1, limit) }

    func pack(_ id: ContainerID) -> ReadablePack? {
        state.withLock { state in
            guard var entry = state.entries[id] else { return nil }
            state.clock += 1
            entry.usedAt = state.clock
            state.entries[id] = entry
            return entry.pack
        }
    }

    func keep(_ pack: ReadablePack, as id: ContainerID) {
        state.withLock { state in
            state.clock += 1
            state.entries[id] = Entry(pack: pack, usedAt: state.clock)
            guard state.entries.count > limit else { return }
            if let oldest = state.entries.min(by: { $0.value.usedAt < $1.value.usedAt }) {
                state.entries[oldest.key] = nil
            }
        }
    }

    func forget(_ id: ContainerID) { state.withLock { $0.entries[id] = nil } }

    func forget(volume: Int64) {
        state.withLock { state in state.entries = state.entries.filter { $0.key.volumeID != volume } }
    }

    func forgetAll() { state.withLock { $0.entries = [:] } }

    var count: Int { state.withLock { $0.entries.count } }
}
