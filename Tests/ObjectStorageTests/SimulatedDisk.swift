import CStorageKernels
import Foundation
import Glibc
import Synchronization

@testable import ObjectStorage

/// Passes operations on to the real file system, remembers what a power cut could still undo, and fails where told.
final class SimulatedDisk: Sendable {
    enum Operation: String, Sendable { case write, dataSync, fullSync, truncate, allocate, rename, unlink, punchHole }
    enum Fault: Sendable {
        case error(Int32)
        /// Only the first bytes are written; the operation answers their number.
        case short(Int)
        /// The power fails before this operation.
        case powerCut
    }

    private enum Change {
        case create(key: Int)
        case write(key: Int, offset: Int64, new: [UInt8])
        case truncate(key: Int, size: Int64)
        case allocate(key: Int, end: Int64)
        case rename(key: Int, from: String, to: String)
        case unlink(key: Int)

        var isMetadata: Bool { if case .write = self { false } else { true } }
    }

    private struct Logged {
        let change: Change
        /// How things were: content of the file concerned (nil: there was none), and of a rename's target.
        let before: [UInt8]?
        let target: (key: Int, bytes: [UInt8])?
    }

    private struct State {
        var count = 0
        var hasNoPower = false
        var log: [Logged] = []
        var keys: [String: Int] = [:]
        var paths: [Int: String] = [:]
        var open: [Int32: Int] = [:]
        var nextKey = 1
    }

    private let state = Mutex(State())
    private let fault: @Sendable (_ index: Int, _ operation: Operation, _ path: String) -> Fault?

    init(fault: @escaping @Sendable (_ index: Int, _ operation: Operation, _ path: String) -> Fault? = { _, _, _ in nil }) {
        self.fault = fault
    }

    var operationCount: Int { state.withLock { $0.count } }
    var hasNoPower: Bool { state.withLock { $0.hasNoPower } }

    /// Counts an operation and answers how it is to fail.
    private func failing(_ operation: Operation, _ descriptor: Int32, path: String = "") -> Fault? {
        state.withLock { state in
            if state.hasNoPower { return .error(EIO) }
            state.count += 1
            let known = state.open[descriptor].flatMap { state.paths[$0] } ?? path
            guard let fault = fault(state.count, operation, known) else { return nil }
            if case .powerCut = fault {
                state.hasNoPower = true
                return .error(EIO)
            }
            return fault
        }
    }

    var environment: StorageEnvironment {
        let live = StorageEnvironment.live
        var environment = live
        environment.open = { [self] path, flags in
            if hasNoPower { return -EIO }
            let existed = access(path, F_OK) == 0
            let descriptor = live.open(path, flags)
            if descriptor >= 0 { opened(descriptor, path, created: !existed) }
            return descriptor
        }
        environment.close = { [self] descriptor in
            state.withLock { $0.open[descriptor] = nil }
            live.close(descriptor)
        }
        environment.write = { [self] descriptor, pieces, offset in
            var bytes = pieces.reduce(into: [UInt8]()) { $0 += UnsafeRawBufferPointer(start: $1.iov_base, count: $1.iov_len) }
            switch failing(.write, descriptor) {
            case .error(let code): return -Int(code)
            case .short(let count): bytes = Array(bytes.prefix(count))
            case .powerCut, nil: break
            }
            note(descriptor) { .write(key: $0, offset: offset, new: bytes) }
            return replayWrite(descriptor, bytes, offset)
        }
        environment.dataSync = { [self] in sync($0, .dataSync) }
        environment.fullSync = { [self] in sync($0, .fullSync) }
        environment.truncate = { [self] descriptor, size in
            if case .error(let code) = failing(.truncate, descriptor) { return -code }
            note(descriptor) { .truncate(key: $0, size: size) }
            return live.truncate(descriptor, size)
        }
        environment.allocate = { [self] descriptor, offset, count in
            if case .error(let code) = failing(.allocate, descriptor) { return -code }
            note(descriptor) { .allocate(key: $0, end: offset + count) }
            return live.allocate(descriptor, offset, count)
        }
        environment.punchHole = { [self] descriptor, offset, count in
            if case .error(let code) = failing(.punchHole, descriptor) { return -code }
            note(descriptor) { .write(key: $0, offset: offset, new: [UInt8](repeating: 0, count: Int(count))) }
            return live.punchHole(descriptor, offset, count)
        }
        environment.rename = { [self] from, to in
            if case .error(let code) = failing(.rename, -1, path: from) { return -code }
            renamed(from, to)
            return live.rename(from, to)
        }
        environment.unlink = { [self] path in
            if case .error(let code) = failing(.unlink, -1, path: path) { return -code }
            removed(path)
            return live.unlink(path)
        }
        return environment
    }

    private func replayWrite(_ descriptor: Int32, _ bytes: [UInt8], _ offset: Int64) -> Int {
        // Through a descriptor of its own: the store's may demand aligned memory.
        let path = state.withLock { state in state.open[descriptor].flatMap { state.paths[$0] } } ?? ""
        let plain = Glibc.open(path, O_RDWR)
        defer { Glibc.close(plain) }
        return bytes.withUnsafeBytes { pwrite(plain, $0.baseAddress, $0.count, off_t(offset)) }
    }

    private func opened(_ descriptor: Int32, _ path: String, created: Bool) {
        state.withLock { state in
            let key = state.keys[path] ?? state.nextKey
            state.nextKey = max(state.nextKey, key + 1)
            state.keys[path] = key
            state.paths[key] = path
            state.open[descriptor] = key
            if created { state.log.append(Logged(change: .create(key: key), before: nil, target: nil)) }
        }
    }

    private func note(_ descriptor: Int32, _ change: (Int) -> Change) {
        state.withLock { state in
            guard let key = state.open[descriptor], let path = state.paths[key] else { return }
            state.log.append(Logged(change: change(key), before: Self.content(path), target: nil))
        }
    }

    private func renamed(_ from: String, _ to: String) {
        state.withLock { state in
            let key = state.keys[from] ?? state.nextKey
            state.nextKey = max(state.nextKey, key + 1)
            let target = state.keys[to].flatMap { key in Self.content(to).map { (key: key, bytes: $0) } }
            state.log.append(
                Logged(change: .rename(key: key, from: from, to: to), before: nil, target: target))
            state.keys[from] = nil
            state.keys[to] = key
            state.paths[key] = to
        }
    }

    private func removed(_ path: String) {
        state.withLock { state in
            guard let key = state.keys[path] else { return }
            state.log.append(Logged(change: .unlink(key: key), before: Self.content(path), target: nil))
            state.keys[path] = nil
        }
    }

    /// Flushed means here: no longer in the log. The real file system need not be bothered.
    private func sync(_ descriptor: Int32, _ operation: Operation) -> Int32 {
        if case .error(let code) = failing(operation, descriptor) { return -code }
        state.withLock { state in
            guard let key = state.open[descriptor], let path = state.paths[key] else { return }
            var isDirectory: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            state.log.removeAll { entry in
                switch entry.change {
                case .write(let other, _, _), .truncate(let other, _), .allocate(let other, _): other == key
                case .rename(_, _, let to): isDirectory.boolValue && to.hasPrefix(path + "/")
                case .create(let other), .unlink(let other):
                    isDirectory.boolValue && (state.paths[other] ?? "").hasPrefix(path + "/")
                }
            }
        }
        return 0
    }

    private static func content(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: path).map { [UInt8]($0) } }

    private static func put(_ bytes: [UInt8]?, _ path: String) {
        if let bytes {
            _ = FileManager.default.createFile(atPath: path, contents: Data(bytes))
        } else {
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    // MARK: Power cut

    /// Takes back everything not flushed, then lets chance decide what had reached the medium: of the writes any
    /// sectors of 512 bytes, of changes to names and sizes the first so many.
    func loseUnflushed(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        state.withLock { state in
            let log = state.log
            for entry in log.reversed() { undo(entry, &state) }
            let survivingMetadata = Int.random(in: 0...log.count, using: &random)
            var gone: Set<Int> = []
            for (index, entry) in log.enumerated() {
                if entry.change.isMetadata, index >= survivingMetadata {
                    if case .create(let key) = entry.change { gone.insert(key) }
                    continue
                }
                redo(entry.change, &state, gone: gone, &random)
            }
            state.log = []
        }
    }

    private func undo(_ entry: Logged, _ state: inout State) {
        switch entry.change {
        case .create(let key):
            if let path = state.paths[key] { Self.put(nil, path) }
        case .write(let key, _, _), .truncate(let key, _), .allocate(let key, _):
            if let path = state.paths[key] { Self.put(entry.before, path) }
        case .rename(let key, let from, let to):
            Self.put(Self.content(to), from)
            Self.put(entry.target?.bytes, to)
            state.paths[key] = from
            if let target = entry.target { state.paths[target.key] = to }
        case .unlink(let key):
            if let path = state.paths[key] { Self.put(entry.before, path) }
        }
    }

    private func redo(_ change: Change, _ state: inout State, gone: Set<Int>, _ random: inout SeededGenerator) {
        switch change {
        case .create(let key):
            if let path = state.paths[key] { Self.put([], path) }
        case .write(let key, let offset, let new):
            guard !gone.contains(key), let path = state.paths[key], var bytes = Self.content(path) else { return }
            let fate = Int.random(in: 0..<3, using: &random)
            for sector in stride(from: 0, to: new.count, by: 512) where fate > 0 {
                if fate == 1, Bool.random(using: &random) { continue }
                let part = new[sector..<min(sector + 512, new.count)]
                let start = Int(offset) + sector
                if bytes.count < start + part.count { bytes += [UInt8](repeating: 0, count: start + part.count - bytes.count) }
                bytes.replaceSubrange(start..<start + part.count, with: part)
            }
            Self.put(bytes, path)
        case .truncate(let key, let size), .allocate(let key, let size):
            guard !gone.contains(key), let path = state.paths[key], var bytes = Self.content(path) else { return }
            if case .truncate = change, bytes.count > Int(size) { bytes = Array(bytes.prefix(Int(size))) }
            if bytes.count < Int(size) { bytes += [UInt8](repeating: 0, count: Int(size) - bytes.count) }
            Self.put(bytes, path)
        case .rename(let key, let from, let to):
            guard !gone.contains(key), let bytes = Self.content(from) else { return }
            Self.put(bytes, to)
            Self.put(nil, from)
            state.paths[key] = to
        case .unlink(let key):
            if let path = state.paths[key] { Self.put(nil, path) }
        }
    }
}

/// SplitMix64: the same seed gives the same run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678 }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
