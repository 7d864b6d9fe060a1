package import Archive

/// One storage location: a directory, as a rule the root of a file system of its own.
package struct VolumeConfiguration: Hashable, Sendable {
    /// Chosen once, never reused: the index names volumes by it.
    package var id: Int64
    /// How people call it in messages.
    package var name: String
    package var path: String
    package var purposes: Set<WritePurpose>
    /// Volumes with a smaller number are filled first; the rule decides among equal numbers.
    package var priority: Int
    /// Free bytes at or below which a warning is given. `nil`: 5 % of the file system, see `SpaceLimits`.
    package var warnBelowBytes: Int64?
    /// Free bytes that no new object may take. `nil`: 1 % of the file system, see `SpaceLimits`.
    package var refuseBelowBytes: Int64?
    /// What Apus itself may occupy there; `nil`: the whole file system.
    package var quotaBytes: Int64?
    /// Objects are read, never written.
    package var isReadOnly: Bool
    /// Being emptied: objects are read and released, none is added.
    package var isDraining: Bool

    package init(
        id: Int64, name: String, path: String, purposes: Set<WritePurpose> = [.ingest, .archive], priority: Int = 0,
        warnBelowBytes: Int64? = nil, refuseBelowBytes: Int64? = nil, quotaBytes: Int64? = nil,
        isReadOnly: Bool = false, isDraining: Bool = false
    ) {
        self.id = id
        self.name = name
        self.path = path
        self.purposes = purposes
        self.priority = priority
        self.warnBelowBytes = warnBelowBytes
        self.refuseBelowBytes = refuseBelowBytes
        self.quotaBytes = quotaBytes
        self.isReadOnly = isReadOnly
        self.isDraining = isDraining
    }

    /// Why the values cannot be used; `nil` when they can.
    package var problem: String? {
        if name.isEmpty { return "A storage volume needs a name." }
        if !path.hasPrefix("/") { return "Volume '\(name)': the path must be absolute." }
        if purposes.isEmpty { return "Volume '\(name)': at least one purpose (ingest, archive) is needed." }
        for (label, value) in [("warnBelowBytes", warnBelowBytes), ("refuseBelowBytes", refuseBelowBytes)] {
            if let value, value < 0 { return "Volume '\(name)': \(label) must not be negative." }
        }
        if let quotaBytes, quotaBytes <= 0 { return "Volume '\(name)': quotaBytes must be above zero." }
        if let warn = warnBelowBytes, let refuse = refuseBelowBytes, refuse > warn {
            return "Volume '\(name)': refuseBelowBytes must not exceed warnBelowBytes."
        }
        return nil
    }
}

/// The two low-water marks of a volume, in bytes free; exact to the byte, hence to the allocation unit.
package struct SpaceLimits: Hashable, Sendable {
    package let warnBelowBytes: Int64
    package let refuseBelowBytes: Int64

    /// Fills in what the configuration leaves open.
    ///
    /// Warn at 5 % of the file system, at least 1 GiB, at most 200 GiB; refuse at 1 %, at least 64 MiB, at most 20 GiB.
    /// On file systems where the minimum would take more than a quarter (warn) or an eighth (refuse), that share counts.
    package init(configuration: VolumeConfiguration, totalBytes: Int64) {
        let mebibyte: Int64 = 1 << 20
        let warn = min(max(totalBytes / 20, 1024 * mebibyte), 200 * 1024 * mebibyte, totalBytes / 4)
        let refuse = min(max(totalBytes / 100, 64 * mebibyte), 20 * 1024 * mebibyte, totalBytes / 8)
        let chosenRefuse = configuration.refuseBelowBytes ?? min(refuse, configuration.warnBelowBytes ?? refuse)
        refuseBelowBytes = chosenRefuse
        warnBelowBytes = max(configuration.warnBelowBytes ?? warn, chosenRefuse)
    }
}

/// How the next volume is chosen among those of equal priority that have room.
package enum VolumeRule: String, Hashable, Sendable {
    /// The one with the smallest identifier until it is full.
    case fillInOrder
    case mostFreeSpace
    /// Batch after batch in turn.
    case roundRobin
}

/// What the store tells its operator. Texts name volumes, containers and offsets, never object content.
package struct StorageEvent: Hashable, Sendable {
    package enum Kind: String, Sendable { case damage, volumeOffline, volumeOnline, fault, note }
    package let kind: Kind
    package let volumeID: Int64
    package let message: String
}

package struct PackStoreConfiguration: Sendable {
    package var volumes: [VolumeConfiguration]
    package var rule: VolumeRule
    /// Size at which an ingest pack is sealed.
    package var ingestPackBytes: Int64
    /// Size at which an archive pack is sealed.
    package var archivePackBytes: Int64
    /// Objects up to this size wait for commit in memory; larger ones spill into a container of their own.
    package var draftMemoryBytes: Int
    /// Idle draft buffers kept for reuse, all together.
    package var bufferPoolBytes: Int
    package var openFileLimit: Int
    /// Packs grow in steps of this size, less where space is short.
    package var allocationStepBytes: Int64
    /// Write through ingest packs once, when nothing else goes on, before records go there: commits are then faster.
    package var initialisesPacks: Bool
    /// Empty ingest packs held on each volume, prepared ones and reclaimed ones each; further ones are deleted.
    package var recycledPackLimit: Int
    /// Bypass the page cache where the file system allows it.
    package var usesDirectIO: Bool
    /// Called from any thread, may be called while locks are held: hand the event over and return.
    package var report: @Sendable (StorageEvent) -> Void

    package init(volumes: [VolumeConfiguration], report: @escaping @Sendable (StorageEvent) -> Void = { _ in }) {
        self.volumes = volumes
        self.report = report
        rule = .fillInOrder
        ingestPackBytes = 64 << 20
        archivePackBytes = 1 << 30
        draftMemoryBytes = 8 << 20
        bufferPoolBytes = 64 << 20
        openFileLimit = 256
        allocationStepBytes = 16 << 20
        initialisesPacks = true
        recycledPackLimit = 8
        usesDirectIO = true
    }
}
