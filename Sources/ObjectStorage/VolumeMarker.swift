import Archive
import Glibc

/// The file that makes a directory a volume; an unmounted mount point does not have it.
enum VolumeMarker {
    static let fileName = "apus-volume"
    static let lockName = "apus-volume.lock"
    static let counterName = "next-container"
    static let packsName = "packs"

    private static func text(id: Int64) -> String {
        "Apus storage volume\nformat 1\nid \(id)\nDo not change or remove this file.\n"
    }

    /// Makes an existing or new directory a volume; harmless when it already is this one.
    static func create(path: String, id: Int64, environment: StorageEnvironment) throws(SystemFailure) {
        try environment.makeDirectory(path)
        if try read(path: path, environment: environment) == id { return }
        try environment.makeDirectory("\(path)/\(packsName)")
        let temporary = "\(fileName).new"
        do {
            let file = try FileHandle(
                path: "\(path)/\(temporary)", flags: O_RDWR | O_CREAT | O_TRUNC, environment: environment)
            try file.write(Array(text(id: id).utf8), at: 0)
            try file.dataSync()
        }
        try environment.renameDurably(temporary, fileName, in: path)
    }

    /// The volume identifier, `nil` when there is no marker.
    static func read(path: String, environment: StorageEnvironment) throws(SystemFailure) -> Int64? {
        let file: FileHandle
        do throws(SystemFailure) {
            file = try FileHandle(path: "\(path)/\(fileName)", flags: O_RDONLY, environment: environment)
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return nil }
            throw error
        }
        let lines = String(decoding: try file.read(256, at: 0), as: UTF8.self).split(separator: "\n")
        guard lines.count >= 3, lines[0] == "Apus storage volume", lines[1] == "format 1", lines[2].hasPrefix("id "),
            let id = Int64(lines[2].dropFirst(3))
        else { throw SystemFailure(operation: "reading the volume marker", code: EBADMSG) }
        return id
    }
}

/// Hands out container numbers; a number is never used twice, even after the container is gone.
///
/// Old index entries must never lead to another object, so the highest number promised is kept in a file of its own.
struct ContainerCounter: Sendable {
    private static let step: Int64 = 256
    private var next: Int64
    private var promised: Int64

    init(path: String, highestSeen: Int64, environment: StorageEnvironment) {
        var stored: Int64 = 0
        if let file = try? FileHandle(
            path: "\(path)/\(VolumeMarker.counterName)", flags: O_RDONLY, environment: environment),
            let bytes = try? file.read(32, at: 0)
        {
            stored = Int64(String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)) ?? 0
        }
        if !(0..<PackName.idLimit).contains(stored) { stored = 0 }
        next = max(stored, highestSeen + 1, 1)
        promised = next
    }

    mutating func take(path: String, environment: StorageEnvironment) throws(SystemFailure) -> Int64 {
        if next >= promised {
            let goal = next + Self.step
            let temporary = "\(VolumeMarker.counterName).new"
            do {
                let file = try FileHandle(
                    path: "\(path)/\(temporary)", flags: O_RDWR | O_CREAT | O_TRUNC, environment: environment)
                try file.write(Array("\(goal)\n".utf8), at: 0)
                try file.dataSync()
            }
            try environment.renameDurably(temporary, VolumeMarker.counterName, in: path)
            promised = goal
        }
        defer { next += 1 }
        return next
    }
}
