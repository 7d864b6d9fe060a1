import Archive
import Synchronization

extension Volume {
    /// Space is read again after this many milliseconds, always when the answer could matter.
    private static let spaceAgeLimit: Int64 = 1000
    private static let nearLimitBytes: Int64 = 256 << 20

    /// Sets room for `bytes` aside; follow with `settle`. Zero asks whether new objects are taken at all.
    ///
    /// - Parameter margin: bytes that must stay free above the limit, for things that are merely useful.
    func claim(_ bytes: Int64, margin: Int64 = 0) throws(StorageError) {
        let now = environment.clock()
        let refusal = state.withLock { state -> String? in
            refreshSpace(&state, now: now, needed: bytes &+ margin)
            guard let space = state.space else { return "its free space cannot be read." }
            let limits = SpaceLimits(configuration: state.configuration, totalBytes: space.totalBytes)
            let free = space.freeBytes - state.pendingBytes
            if let quota = state.configuration.quotaBytes, state.occupiedBytes + bytes + margin > quota {
                return "its quota quotaBytes = \(quota) is used up (\(state.occupiedBytes) bytes occupied). \(Self.remedy)"
            }
            if free - bytes - margin < limits.refuseBelowBytes {
                return "\(free) bytes are free and refuseBelowBytes = \(limits.refuseBelowBytes) must stay free. \(Self.remedy)"
            }
            state.pendingBytes += bytes
            return nil
        }
        if let refusal { throw .full(message: "Volume '\(name)' (\(path)): \(refusal)") }
    }

    func claimQuietly(_ bytes: Int64, margin: Int64) -> Bool {
        do throws(StorageError) {
            try claim(bytes, margin: margin)
            return true
        } catch { return false }
    }

    /// The claimed bytes are allocated now (`taken`), or not after all.
    func settle(_ bytes: Int64, taken: Bool) {
        state.withLock { state in
            state.pendingBytes -= bytes
            guard taken else { return }
            state.occupiedBytes += bytes
            state.space?.freeBytes -= bytes
        }
    }

    func returned(_ bytes: Int64) {
        state.withLock { state in
            state.occupiedBytes = max(0, state.occupiedBytes - bytes)
            state.space = nil
        }
    }

    func invalidateSpace() { state.withLock { $0.space = nil } }

    private func refreshSpace(_ state: inout State, now: Int64, needed: Int64) {
        if let space = state.space, now - state.spaceReadAt <= Self.spaceAgeLimit, now >= state.spaceReadAt {
            let limits = SpaceLimits(configuration: state.configuration, totalBytes: space.totalBytes)
            let free = space.freeBytes - state.pendingBytes - needed
            if free > limits.warnBelowBytes + Self.nearLimitBytes { return }
        }
        state.space = environment.space(path)
        state.spaceReadAt = now
    }

    /// State and room as of now.
    func status() -> VolumeStatus {
        let online = isOnline()
        let now = environment.clock()
        return state.withLock { state in
            if online { state.space = environment.space(path) }
            state.spaceReadAt = now
            let space = online ? state.space : nil
            let limits = SpaceLimits(configuration: state.configuration, totalBytes: space?.totalBytes ?? 0)
            return VolumeStatus(
                volumeID: id, name: state.configuration.name, path: path,
                state: Self.condition(of: state, space: space, limits: limits, now: now),
                freeBytes: space?.freeBytes ?? 0, totalBytes: space?.totalBytes ?? 0,
                warnBelowBytes: limits.warnBelowBytes, refuseBelowBytes: limits.refuseBelowBytes)
        }
    }

    private static func condition(
        of state: State, space: FileSystemSpace?, limits: SpaceLimits, now: Int64
    ) -> VolumeStatus.State {
        guard let space, now >= state.faultUntil else { return .offline }
        if state.configuration.isReadOnly || space.isReadOnly { return .readOnly }
        if state.configuration.isDraining { return .draining }
        if space.freeBytes < limits.refuseBelowBytes { return .full }
        if let quota = state.configuration.quotaBytes, state.occupiedBytes >= quota { return .full }
        return space.freeBytes <= limits.warnBelowBytes ? .low : .ok
    }

    /// Why nothing is written here at present; `nil` when it may be tried.
    func obstacle(for purpose: WritePurpose) -> StorageError? {
        guard isOnline() else { return unavailable("offline: \(state.withLock { $0.offlineReason })") }
        let now = environment.clock()
        let reason = state.withLock { state -> String? in
            if state.configuration.isReadOnly || mode == .readOnly { return "is read-only." }
            if state.configuration.isDraining { return "is being drained." }
            if now < state.faultUntil { return "is set aside for a moment after a fault (\(state.fault))." }
            if state.space?.isReadOnly == true || !state.isPrepared { return "the file system is mounted read-only." }
            return nil
        }
        return reason.map { unavailable($0) }
    }

    var freeBytes: Int64 { state.withLock { $0.space?.freeBytes ?? 0 } }
}
