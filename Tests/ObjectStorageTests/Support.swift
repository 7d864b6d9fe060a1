import Archive
import Foundation
import Glibc
import Synchronization
import Testing

@testable import ObjectStorage

/// A folder that goes away with its last reference.
final class TemporaryFolder: Sendable {
    let path: String

    /// - Parameter inMemory: where the flushes of a real disk would only take time.
    init(inMemory: Bool = false) {
        let memory = "/dev/shm"
        let usesMemory = inMemory && FileManager.default.isWritableFile(atPath: memory)
        let parent = usesMemory ? memory : FileManager.default.temporaryDirectory.path
        path = parent + "/apus-storage-\(UUID().uuidString)"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func packs(_ suffix: String = "") -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path + "/packs")) ?? []
        return names.filter { $0.hasSuffix(suffix) }.sorted()
    }
}

/// Bytes that differ by seed and place.
func payload(_ seed: Int, _ count: Int) -> [UInt8] {
    var state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    var words = [UInt64](repeating: 0, count: count / 8 + 1)
    for index in words.indices {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        words[index] = state
    }
    return words.withUnsafeBytes { Array($0.prefix(count)) }
}

func sampleNote(_ uid: String, restoration: [UInt8] = []) -> RecordNote {
    RecordNote(
        sopInstanceUID: uid, dataSetDigest: payload(uid.count, 32), receivedAtMilliseconds: 1_700_000_000_123,
        source: "AE:CT1", quarantineReasons: ["pixel data is short", "no patient ID"], restoration: restoration)
}

/// Small packs, small drafts: all paths are walked with little data.
func smallSettings(_ volumes: [VolumeConfiguration]) -> PackStoreConfiguration {
    var settings = PackStoreConfiguration(volumes: volumes)
    settings.ingestPackBytes = 256 << 10
    settings.archivePackBytes = 512 << 10
    settings.draftMemoryBytes = 64 << 10
    settings.allocationStepBytes = 64 << 10
    return settings
}

func volume(_ folder: TemporaryFolder, id: Int64 = 1, name: String = "first") -> VolumeConfiguration {
    VolumeConfiguration(id: id, name: name, path: folder.path, warnBelowBytes: 0, refuseBelowBytes: 0)
}

func openStore(
    _ folder: TemporaryFolder, environment: StorageEnvironment = .live, mode: PackStore.OpenMode = .readWrite,
    change: (inout PackStoreConfiguration) -> Void = { _ in }
) throws -> PackStore {
    let volume = volume(folder)
    if mode == .readWrite { try PackStore.prepareVolume(volume) }
    var settings = smallSettings([volume])
    // The store keeps the folder alive this way.
    settings.report = { [folder] _ in _ = folder.path }
    change(&settings)
    return try PackStore(settings, open: mode, environment: environment)
}

extension PackStore {
    func draft(_ bytes: [UInt8], pieces: Int = 10_000) throws -> any ObjectDraft {
        let draft = try makeDraft(expectedBytes: nil)
        try bytes.withUnsafeBytes { all in
            var start = 0
            while start < all.count {
                let end = min(start + pieces, all.count)
                try draft.append(UnsafeRawBufferPointer(rebasing: all[start..<end]))
                start = end
            }
        }
        return draft
    }

    func store(_ bytes: [UInt8], uid: String = "1.2.3", purpose: WritePurpose = .ingest) throws -> ObjectLocation {
        let results = commit([CommitRequest(draft: try draft(bytes), note: sampleNote(uid))], purpose: purpose)
        return try #require(results.first).get()
    }

    func whole(_ location: ObjectLocation) throws -> [UInt8] { try read(location, range: 0..<Int(location.payloadBytes)) }

    func scanned() throws -> [String: [UInt8]] {
        var places: [(uid: String, location: ObjectLocation)] = []
        try scan(from: nil) { location, note in
            places.append((uid: note.sopInstanceUID, location: location))
            return true
        }
        var found: [String: [UInt8]] = [:]
        for place in places { found[place.uid] = try whole(place.location) }
        return found
    }
}

/// The error a call ends with, `nil` when it succeeds.
func storageError(_ body: () throws -> some Any) -> StorageError? {
    do {
        _ = try body()
        return nil
    } catch { return error as? StorageError }
}

extension StorageError {
    var isFull: Bool { if case .full = self { true } else { false } }
    var isUnavailable: Bool { if case .unavailable = self { true } else { false } }
    var isDamaged: Bool { if case .damaged = self { true } else { false } }
    var isNotFound: Bool { if case .notFound = self { true } else { false } }
    var message: String {
        switch self {
        case .full(let message), .unavailable(let message), .damaged(_, let message): message
        case .notFound: ""
        }
    }
}

/// Changes bytes of a file in place.
func overwrite(_ path: String, at offset: Int64, with bytes: [UInt8]) throws {
    let file = try FileHandle(path: path, flags: O_RDWR, environment: .live)
    try file.write(bytes, at: offset)
}

func flipBit(_ path: String, at offset: Int64) throws {
    let file = try FileHandle(path: path, flags: O_RDWR, environment: .live)
    let byte = try #require(try file.read(1, at: offset).first)
    try file.write([byte ^ 0x10], at: offset)
}

func packPath(_ folder: TemporaryFolder, _ location: ObjectLocation) throws -> String {
    let digits = String(location.containerID, radix: 16)
    let name = try #require(folder.packs().first { $0.hasPrefix(String(repeating: "0", count: 16 - digits.count) + digits) })
    return folder.path + "/packs/" + name
}
