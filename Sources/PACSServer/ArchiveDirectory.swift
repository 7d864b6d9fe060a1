package import Archive
import DICOMCore
import Foundation
package import ObjectStorage
package import PersistenceSQLite
package import SecurityProfiles

/// The parts of one data directory, opened for a server or for a command.
///
///     DIR/index.sqlite      rows of patients, studies, series, instances; can be rebuilt from the volumes
///     DIR/security.sqlite   accounts, tokens, devices, settings, audit log
///     DIR/integrity.key     key of the seals on security rows
///     DIR/volumes.json      the storage locations, as the server was last started with
///     DIR/volumes/1         the embedded storage location
package struct ArchiveDirectory: Sendable {
    package enum Mode: Sendable {
        /// The only writer: the server, or a command while no server runs.
        case exclusive
        /// Beside a running server.
        case readOnly
    }

    package let path: String
    package let store: PackStore
    package let index: SQLiteIndex

    package init(
        path: String, mode: Mode, configuration: ServerConfiguration,
        report: @escaping @Sendable (StorageEvent) -> Void = { _ in }
    ) throws {
        self.path = path
        let volumes = try Self.volumes(path, configuration, mode)
        var stores = PackStoreConfiguration(volumes: volumes, report: report)
        stores.ingestPackBytes = configuration.ingestPackBytes
        store = try PackStore(stores, open: mode == .exclusive ? .readWrite : .readOnly)
        index = try SQLiteIndex(path: path + "/index.sqlite", isReadOnly: mode == .readOnly)
    }

    /// Accounts, tokens and devices; safe beside a running server.
    package static func security(path: String) throws -> SecurityServices {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let key = try IntegrityKeyFile.loadOrCreate(path: path + "/integrity.key")
        return try SecurityServices(
            store: SQLiteSecurityStore(path: path + "/security.sqlite"), key: key.key, keyIsNew: key.isNew)
    }

    /// Whether a data directory is there, for commands that must not create one by a mistyped path.
    package static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/security.sqlite")
    }

    package func close() {
        store.close()
        // Closing is the last act; what failed to close is closed by the process end.
        do { try index.close() } catch {}
    }

    // MARK: Volumes

    fileprivate struct StoredVolume: Codable {
        var id: Int64
        var name: String
        var path: String
        var isReadOnly: Bool
        var isDraining: Bool
        var ingest: Bool
        var archive: Bool
        var priority: Int
        var warnBelowBytes: Int64?
        var refuseBelowBytes: Int64?
        var quotaBytes: Int64?
    }

    private static func volumes(
        _ path: String, _ configuration: ServerConfiguration, _ mode: Mode
    ) throws -> [VolumeConfiguration] {
        let file = URL(fileURLWithPath: path + "/volumes.json")
        let stored = try? JSONDecoder().decode([StoredVolume].self, from: Data(contentsOf: file))
        var volumes = configuration.volumes
        if volumes.isEmpty { volumes = (stored ?? []).map { VolumeConfiguration($0) } }
        if volumes.isEmpty { volumes = [VolumeConfiguration(id: 1, name: "main", path: absolute(path) + "/volumes/1")] }
        for position in volumes.indices {
            volumes[position].path = absolute(volumes[position].path)
            if let warn = configuration.warnBelowBytes, configuration.volumes.isEmpty { volumes[position].warnBelowBytes = warn }
            if let refuse = configuration.refuseBelowBytes, configuration.volumes.isEmpty { volumes[position].refuseBelowBytes = refuse }
        }
        guard mode == .exclusive else { return volumes }
        try refuseRemoval((stored ?? []).filter { known in !volumes.contains { $0.id == known.id } }, path)
        let known = Set((stored ?? []).map(\.id))
        for volume in volumes where !known.contains(volume.id) {
            // First use: the marker file tells this location from an empty mount point later.
            try FileManager.default.createDirectory(atPath: volume.path, withIntermediateDirectories: true)
            try PackStore.prepareVolume(volume)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let json = try encoder.encode(volumes.map { StoredVolume($0) })
        // A full or read-only disk must not keep a server from starting that would write the same again.
        if (try? Data(contentsOf: file)) != json { try json.write(to: file, options: .atomic) }
        return volumes
    }

    /// A location that holds the only copy of something stays (GUIDE-1.1.1.1.4-9).
    private static func refuseRemoval(_ removed: [StoredVolume], _ path: String) throws {
        guard !removed.isEmpty else { return }
        guard FileManager.default.fileExists(atPath: path + "/index.sqlite") else {
            throw ConfigurationError(
                description: "storage.volumes: without the index nobody can tell what lies on "
                    + "\(removed.map { "'\($0.name)'" }.joined(separator: ", ")). Put it back into the list and run apus reindex.")
        }
        let index = try SQLiteIndex(path: path + "/index.sqlite", isReadOnly: true)
        defer { try? index.close() }
        let counts = try index.objectCounts()
        for volume in removed {
            guard let count = counts[volume.id], count > 0 else { continue }
            throw ConfigurationError(
                description: """
                    storage.volumes: location \(volume.id) '\(volume.name)' holds the only copy of \(count) objects and cannot be \
                    removed. Put it back with "draining": true and start the server; apus volumes shows when no object is left.
                    """)
        }
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : URL(fileURLWithPath: path).standardizedFileURL.path
    }
}

extension ArchiveDirectory.StoredVolume {
    fileprivate init(_ volume: VolumeConfiguration) {
        self.init(
            id: volume.id, name: volume.name, path: volume.path, isReadOnly: volume.isReadOnly,
            isDraining: volume.isDraining, ingest: volume.purposes.contains(.ingest),
            archive: volume.purposes.contains(.archive), priority: volume.priority, warnBelowBytes: volume.warnBelowBytes,
            refuseBelowBytes: volume.refuseBelowBytes, quotaBytes: volume.quotaBytes)
    }
}

extension VolumeConfiguration {
    fileprivate init(_ stored: ArchiveDirectory.StoredVolume) {
        var purposes: Set<WritePurpose> = []
        if stored.ingest { purposes.insert(.ingest) }
        if stored.archive { purposes.insert(.archive) }
        self.init(
            id: stored.id, name: stored.name, path: stored.path, purposes: purposes, priority: stored.priority,
            warnBelowBytes: stored.warnBelowBytes, refuseBelowBytes: stored.refuseBelowBytes,
            quotaBytes: stored.quotaBytes, isReadOnly: stored.isReadOnly, isDraining: stored.isDraining)
    }
}
