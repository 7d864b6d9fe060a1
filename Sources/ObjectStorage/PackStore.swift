package import Archive
import Synchronization

/// Keeps objects in append-only pack files on one or several volumes; see Documentation/storage-format.md.
///
/// Blocking and thread-safe. Commits to one purpose of one volume run one after the other, each with one flush.
package final class PackStore: ObjectStore {
    package enum OpenMode: Sendable {
        /// As the only writer: takes the lock of each volume.
        case readWrite
        /// Beside a running server; sees what it has committed.
        case readOnly
    }

    let settings: PackStoreConfiguration
    let mode: OpenMode
    let environment: StorageEnvironment
    let pool: BufferPool
    let table: Mutex<[Volume]>
    let files: FileCache
    let turn = Mutex<Int>(0)
    /// Released records by container: start of the record to its length.
    let released = Mutex<[ContainerID: [Int64: Int64]]>([:])

    /// Opens the volumes and takes up what an earlier run left.
    ///
    /// A volume that is not there (no marker file) is offline and comes back by itself.
    /// - Throws: for a configuration that makes no sense, a volume another server writes, a marker naming another volume.
    package convenience init(_ configuration: PackStoreConfiguration, open mode: OpenMode = .readWrite) throws(StorageError) {
        try self.init(configuration, open: mode, environment: .live)
    }

    init(
        _ configuration: PackStoreConfiguration, open mode: OpenMode, environment: StorageEnvironment
    ) throws(StorageError) {
        try Self.check(configuration.volumes)
        settings = configuration
        self.mode = mode
        self.environment = environment
        pool = BufferPool(limitBytes: configuration.bufferPoolBytes)
        files = FileCache(limit: configuration.openFileLimit)
        let volumes = configuration.volumes.map {
            Volume($0, settings: configuration, mode: mode, environment: environment)
        }
        table = Mutex(volumes.sorted { $0.id < $1.id })
        for volume in volumes {
            try volume.start()
            volume.scheduleUpkeep()
        }
    }

    deinit { close() }

    private static func check(_ volumes: [VolumeConfiguration]) throws(StorageError) {
        for volume in volumes {
            if let problem = volume.problem { throw .unavailable(message: problem) }
        }
        guard Set(volumes.map(\.id)).count == volumes.count, Set(volumes.map(\.path)).count == volumes.count else {
            throw .unavailable(message: "Each storage volume needs an id and a path of its own.")
        }
    }

    /// Makes a directory a volume, once, when an administrator adds it. Never done silently: an unmounted directory
    /// must not be taken for a new volume.
    package static func prepareVolume(_ configuration: VolumeConfiguration) throws(StorageError) {
        if let problem = configuration.problem { throw .unavailable(message: problem) }
        do throws(SystemFailure) {
            try VolumeMarker.create(path: configuration.path, id: configuration.id, environment: .live)
        } catch {
            throw .unavailable(message: "Volume '\(configuration.name)' (\(configuration.path)): \(error.text)")
        }
    }

    /// Changes limits, purposes, flags; adds volumes and takes them away. Paths of known volumes cannot change.
    package func reconfigure(_ configurations: [VolumeConfiguration]) throws(StorageError) {
        try Self.check(configurations)
        let known = table.withLock { $0 }
        var volumes: [Volume] = []
        for configuration in configurations {
            if let volume = known.first(where: { $0.id == configuration.id }) {
                guard volume.path == configuration.path else {
                    throw volume.unavailable("its path cannot change while the store is open.")
                }
                volume.apply(configuration)
                volumes.append(volume)
            } else {
                let volume = Volume(configuration, settings: settings, mode: mode, environment: environment)
                try volume.start()
                volumes.append(volume)
            }
        }
        let kept = Set(volumes.map(\.id))
        table.withLock { $0 = volumes.sorted { $0.id < $1.id } }
        for volume in known where !kept.contains(volume.id) {
            volume.close(forGood: true)
            files.forget(volume: volume.id)
        }
    }

    /// Waits for background work and gives up the locks. Later calls fail; the destructor does the same.
    package func close() {
        for volume in table.withLock({ $0 }) { volume.close(forGood: true) }
        files.forgetAll()
    }

    /// Waits until packs filled so far are sealed and the next ones prepared.
    package func waitForUpkeep() { Volume.waitForUpkeep() }

    func volume(_ id: Int64) -> Volume? { table.withLock { $0.first { $0.id == id } } }

    package func volumes() -> [VolumeStatus] { table.withLock { $0 }.map { $0.status() } }

    // MARK: Choice of the volume

    /// Volumes that may take objects for the purpose, best first, and why the others may not.
    func candidates(_ purpose: WritePurpose) -> (volumes: [Volume], obstacles: [StorageError]) {
        var usable: [(volume: Volume, priority: Int, free: Int64)] = []
        var obstacles: [StorageError] = []
        for volume in table.withLock({ $0 }) {
            let configuration = volume.configuration
            guard configuration.purposes.contains(purpose) else { continue }
            if let obstacle = volume.obstacle(for: purpose) {
                obstacles.append(obstacle)
            } else {
                usable.append((volume, configuration.priority, volume.freeBytes))
            }
        }
        switch settings.rule {
        case .fillInOrder: break
        case .mostFreeSpace: usable.sort { $0.free > $1.free }
        case .roundRobin:
            if usable.count > 1 {
                let first = turn.withLock { turn in
                    turn = (turn + 1) % usable.count
                    return turn
                }
                usable = Array(usable[first...] + usable[..<first])
            }
        }
        // Swift's sort is stable: the rule's order holds within equal priorities.
        usable.sort { $0.priority < $1.priority }
        return (usable.map(\.volume), obstacles)
    }

    /// One error for all volumes that were no use: full when any of them is.
    static func summary(_ errors: [StorageError], purpose: WritePurpose) -> StorageError {
        var messages: [String] = []
        var isFull = false
        for error in errors {
            switch error {
            case .full(let message):
                isFull = true
                messages.append(message)
            case .unavailable(let message): messages.append(message)
            case .damaged(_, let message): messages.append(message)
            case .notFound: break
            }
        }
        let list = messages.isEmpty ? "No volume is configured for this purpose (\(purpose))." : messages.joined(separator: " ")
        return isFull ? .full(message: list) : .unavailable(message: list)
    }
}
