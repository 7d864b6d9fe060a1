import Archive
import Glibc
import Synchronization

/// One storage location while the store is open: whether it is there, its room, its containers, its writers.
final class Volume: Sendable {
    struct Container: Sendable {
        var purpose: WritePurpose
        var isSealed: Bool
    }

    struct State {
        var configuration: VolumeConfiguration
        var lock: FileHandle?
        var marker: FileFacts?
        var isOnline = false
        /// Locked and prepared for writing; not while its file system is mounted read-only.
        var isPrepared = false
        /// For good: the store is closed or the volume was taken from it.
        var isClosed = false
        var offlineReason = "not opened yet"
        var checkedAt: Int64?
        var space: FileSystemSpace?
        var spaceReadAt: Int64 = 0
        /// Claimed, not yet allocated.
        var pendingBytes: Int64 = 0
        /// Bytes of our packs; kept for the quota.
        var occupiedBytes: Int64 = 0
        var faultUntil: Int64 = 0
        var fault = ""
        var containers: [Int64: Container] = [:]
        var spares: [PackName] = []
        var counter: ContainerCounter?
        var isUpkeepDelayed = false
    }

    let id: Int64
    let path: String
    let environment: StorageEnvironment
    let settings: PackStoreConfiguration
    let mode: PackStore.OpenMode
    let ingest = PackWriter(purpose: .ingest)
    let archive = PackWriter(purpose: .archive)
    let state: Mutex<State>
    let transition = Mutex<Void>(())
    /// Held while packs are sealed and prepared in the background.
    let upkeep = Mutex<Void>(())

    init(
        _ configuration: VolumeConfiguration, settings: PackStoreConfiguration, mode: PackStore.OpenMode,
        environment: StorageEnvironment
    ) {
        id = configuration.id
        path = configuration.path
        self.settings = settings
        self.mode = mode
        self.environment = environment
        state = Mutex(State(configuration: configuration))
    }

    var packsPath: String { "\(path)/\(VolumeMarker.packsName)" }
    var configuration: VolumeConfiguration { state.withLock { $0.configuration } }
    var name: String { configuration.name }

    func writer(_ purpose: WritePurpose) -> PackWriter { purpose == .ingest ? ingest : archive }

    func filePath(_ name: PackName) -> String { "\(packsPath)/\(name.text)" }

    func report(_ kind: StorageEvent.Kind, _ message: String) {
        settings.report(StorageEvent(kind: kind, volumeID: id, message: "Volume '\(name)': \(message)"))
    }

    func unavailable(_ message: String) -> StorageError {
        .unavailable(message: "Volume '\(name)' (\(path)): \(message)")
    }

    /// Turns a failed system call into what callers are told, and remembers faults of the medium.
    func failure(_ failure: SystemFailure) -> StorageError {
        if failure.isOutOfSpace {
            invalidateSpace()
            return .full(message: "Volume '\(name)' (\(path)): the file system has no room left (\(failure.text)). \(Self.remedy)")
        }
        return unavailable(failure.text)
    }

    static let remedy = "Enlarge the file system, free space on it or add a storage volume."

    /// Keeps the volume out of use for writing for a moment after the medium failed.
    func noteFault(_ failure: SystemFailure) {
        guard !failure.isOutOfSpace else { return }
        let now = environment.clock()
        state.withLock { state in
            state.faultUntil = now + 5000
            state.fault = failure.text
        }
        report(.fault, failure.text)
    }

    // MARK: Containers

    func register(_ name: PackName) {
        state.withLock { $0.containers[name.id] = Container(purpose: name.purpose, isSealed: name.phase == .pack) }
    }

    func forget(_ container: Int64) { state.withLock { $0.containers[container] = nil } }

    func containerName(_ container: Int64) -> PackName? {
        state.withLock { state in
            state.containers[container].map {
                PackName(id: container, purpose: $0.purpose, phase: $0.isSealed ? .pack : .open)
            }
        }
    }

    var containerNames: [PackName] {
        state.withLock { state in
            state.containers.map { PackName(id: $0.key, purpose: $0.value.purpose, phase: $0.value.isSealed ? .pack : .open) }
        }.sorted { $0.id < $1.id }
    }

    func takeContainerID() throws(StorageError) -> Int64 {
        do throws(SystemFailure) {
            return try state.withLock { (state) throws(SystemFailure) -> Int64 in
                guard var counter = state.counter else { throw SystemFailure(operation: "new container", code: ENODEV) }
                let id = try counter.take(path: path, environment: environment)
                state.counter = counter
                return id
            }
        } catch { throw failure(error) }
    }

    /// Looks again which packs there are: another process may be writing.
    func reloadContainers() {
        // Twice: a name that changes while the folder is listed may be missed.
        guard let names = environment.names(in: packsPath), let again = environment.names(in: packsPath) else { return }
        let found = (names + again).compactMap(PackName.init)
        state.withLock { state in
            state.containers = [:]
            for name in found where name.phase == .open || name.phase == .pack {
                // Seen under both names when it is sealed meanwhile.
                let sealed = name.phase == .pack || state.containers[name.id]?.isSealed == true
                state.containers[name.id] = Container(purpose: name.purpose, isSealed: sealed)
            }
        }
    }
}
