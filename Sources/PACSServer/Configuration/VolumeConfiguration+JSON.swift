import Archive
import ObjectStorage

extension VolumeConfiguration {
    /// Reads the value of `storage.volumes`; `nil` when a field is missing or of the wrong type.
    static func list(from value: Any) -> [VolumeConfiguration]? {
        guard let entries = value as? [[String: Any]] else { return nil }
        var volumes: [VolumeConfiguration] = []
        for entry in entries {
            guard let volume = VolumeConfiguration(json: entry), volume.problem == nil,
                !volumes.contains(where: { $0.id == volume.id })
            else { return nil }
            volumes.append(volume)
        }
        return volumes
    }

    private init?(json: [String: Any]) {
        guard let id = json["id"] as? Int, let name = json["name"] as? String, let path = json["path"] as? String
        else { return nil }
        self.init(id: Int64(id), name: name, path: path)
        if let purposes = json["purposes"] {
            guard let names = purposes as? [String] else { return nil }
            self.purposes = Set(names.compactMap { ["ingest": WritePurpose.ingest, "archive": .archive][$0] })
            guard self.purposes.count == names.count else { return nil }
        }
        priority = json["priority"] as? Int ?? 0
        warnBelowBytes = (json["warnBelowBytes"] as? Int).map { Int64($0) }
        refuseBelowBytes = (json["refuseBelowBytes"] as? Int).map { Int64($0) }
        quotaBytes = (json["quotaBytes"] as? Int).map { Int64($0) }
        isReadOnly = json["readOnly"] as? Bool ?? false
        isDraining = json["draining"] as? Bool ?? false
    }
}
