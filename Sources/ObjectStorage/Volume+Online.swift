import Archive
import Glibc
import Synchronization

extension Volume {
    private static let checkInterval: Int64 = 1000

    /// Whether the volume is there, looked up at most once a second; comes and goes by itself.
    func isOnline() -> Bool {
        let now = environment.clock()
        let known = state.withLock { state -> Bool? in
            if state.isClosed { return false }
            guard let checkedAt = state.checkedAt, now >= checkedAt, now - checkedAt < Self.checkInterval else { return nil }
            return state.isOnline
        }
        if let known { return known }
        return transition.withLock { _ in
            state.withLock { $0.checkedAt = now }
            check()
            return state.withLock { $0.isOnline }
        }
    }

    /// Opens the volume when the store starts.
    ///
    /// - Throws: when another process writes it or the marker names another volume; a missing one is merely offline.
    func start() throws(StorageError) {
        let now = environment.clock()
        let problem: StorageError? = transition.withLock { _ in
            state.withLock { $0.checkedAt = now }
            do throws(StorageError) {
                try bringOnline()
                return nil
            } catch { return error }
        }
        guard let problem else { return }
        if state.withLock({ $0.marker }) != nil { throw problem }
        report(.volumeOffline, "offline: \(state.withLock { $0.offlineReason })")
    }

    private func check() {
        let facts = environment.facts(path: "\(path)/\(VolumeMarker.fileName)")
        let (online, marker) = state.withLock { ($0.isOnline, $0.marker) }
        if online {
            if let facts, facts.device == marker?.device, facts.inode == marker?.inode { return prepareOnceWritable() }
            goOffline(reason: "its marker file \(VolumeMarker.fileName) is gone; is the file system mounted?")
        } else if facts != nil {
            // A failure leaves it offline with its reason; the next check tries again.
            do throws(StorageError) {
                try bringOnline()
                report(.volumeOnline, "online again.")
            } catch {
                state.withLock { $0.isOnline = false }
            }
        }
    }

    private func goOffline(reason: String) {
        ingest.close()
        archive.close()
        state.withLock { state in
            state.isOnline = false
            state.isPrepared = false
            state.offlineReason = reason
            state.lock?.unlock()
            state.lock = nil
            state.marker = nil
            state.counter = nil
            state.space = nil
            state.containers = [:]
            state.spares = []
        }
        report(.volumeOffline, "offline: \(reason)")
    }

    private func bringOnline() throws(StorageError) {
        guard let found = try readMarker() else {
            throw offline("no marker file \(VolumeMarker.fileName) there; is the file system mounted?")
        }
        let facts = environment.facts(path: "\(path)/\(VolumeMarker.fileName)")
        state.withLock { $0.marker = facts }
        guard found == id else { throw offline("the marker file names volume \(found), not \(id).") }
        let writes = isToBeWritten()
        if writes { try lock() }
        reloadContainers()
        if writes { try prepareForWriting() }
        state.withLock { state in
            state.isOnline = true
            state.isPrepared = writes
            state.faultUntil = 0
        }
    }

    private func isToBeWritten() -> Bool {
        state.withLock { $0.space = environment.space(path) }
        return mode == .readWrite && !state.withLock { $0.configuration.isReadOnly || $0.space?.isReadOnly == true }
    }

    /// A file system that was mounted read-only when the volume was opened may be written later.
    private func prepareOnceWritable() {
        guard mode == .readWrite, !state.withLock({ $0.isPrepared || $0.configuration.isReadOnly }), isToBeWritten() else { return }
        // A failure leaves it offline with its reason; the next check tries again.
        do throws(StorageError) {
            try bringOnline()
            report(.volumeOnline, "can be written again.")
        } catch {
            state.withLock { $0.isOnline = false }
        }
    }

    private func readMarker() throws(StorageError) -> Int64? {
        do throws(SystemFailure) {
            return try VolumeMarker.read(path: path, environment: environment)
        } catch { throw offline(error.text) }
    }

    private func offline(_ reason: String) -> StorageError {
        state.withLock { state in
            state.isOnline = false
            state.offlineReason = reason
        }
        return unavailable(reason)
    }

    private func lock() throws(StorageError) {
        let isFree: Bool
        do throws(SystemFailure) {
            let file = try FileHandle(
                path: "\(path)/\(VolumeMarker.lockName)", flags: O_RDWR | O_CREAT, environment: environment)
            isFree = try file.lockExclusively()
            if isFree { state.withLock { $0.lock = file } }
        } catch { throw offline(error.text) }
        if !isFree { throw offline("another Apus server is writing this volume; stop it, or open the volume for reading only.") }
    }

    /// Clears away what an interrupted run left, and takes up its open packs.
    private func prepareForWriting() throws(StorageError) {
        guard let names = environment.names(in: packsPath) else { throw offline("the folder \(packsPath) cannot be read.") }
        let found = names.compactMap(PackName.init)
        for name in found where name.phase == .spill { _ = environment.unlink(filePath(name)) }
        let occupied = configuration.quotaBytes == nil ? 0 : occupiedBytes(found.filter { $0.phase != .spill })
        let highest = found.map(\.id).max() ?? 0
        state.withLock { state in
            state.spares = found.filter { $0.phase == .spare }
            state.counter = ContainerCounter(path: path, highestSeen: highest, environment: environment)
            state.occupiedBytes = occupied
            state.pendingBytes = 0
        }
        for name in found.sorted(by: { $0.id < $1.id }) where name.phase == .open {
            do throws(SystemFailure) {
                try recover(name)
            } catch {
                report(.damage, "pack \(name.text) cannot be taken up: \(error.text). Its records stay readable where sound.")
            }
        }
    }

    func requireOnline() throws(StorageError) {
        if !isOnline() { throw unavailable("offline: \(state.withLock { $0.offlineReason })") }
    }

    /// Takes over new limits and flags; opened anew when it becomes writable or stops being so.
    func apply(_ configuration: VolumeConfiguration) {
        let wasReadOnly = state.withLock { state in
            defer { state.configuration = configuration }
            return state.configuration.isReadOnly
        }
        if wasReadOnly != configuration.isReadOnly {
            close()
            state.withLock { $0.checkedAt = nil }
        } else if configuration.quotaBytes != nil {
            let occupied = occupiedBytes(environment.names(in: packsPath)?.compactMap(PackName.init) ?? [])
            state.withLock { $0.occupiedBytes = occupied }
        }
    }

    private func occupiedBytes(_ names: [PackName]) -> Int64 {
        names.reduce(0) { $0 + (environment.facts(path: filePath($1))?.allocatedBytes ?? 0) }
    }

    /// Waits for background work, forgets what is open and gives up the lock.
    func close(forGood: Bool = false) {
        state.withLock { state in
            state.isOnline = false
            state.isClosed = state.isClosed || forGood
        }
        upkeep.withLock { _ in
            transition.withLock { _ in release() }
        }
    }

    private func release() {
        ingest.close()
        archive.close()
        state.withLock { state in
            state.lock?.unlock()
            state.lock = nil
            state.isOnline = false
            state.isPrepared = false
            state.offlineReason = "closed"
        }
    }
}
