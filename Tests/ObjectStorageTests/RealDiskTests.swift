import Archive
import Foundation
import Glibc
import Testing

@testable import ObjectStorage

/// A small file system of its own; needs the right to mount.
private final class MountedFolder: Sendable {
    let path = "/tmp/apus-mount-\(UUID().uuidString)"

    init?(bytes: Int) {
        mkdir(path, 0o755)
        guard mount("apus-test", path, "tmpfs", 0, "size=\(bytes)") == 0 else {
            rmdir(path)
            return nil
        }
    }

    func remount(readOnly: Bool) -> Bool {
        mount("apus-test", path, "tmpfs", UInt(MS_REMOUNT) | (readOnly ? UInt(MS_RDONLY) : 0), nil) == 0
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }

    static let isPossible: Bool = MountedFolder(bytes: 1 << 20) != nil
}

/// Skipped visibly where the tests may not mount a file system (that takes root).
@Suite(.enabled(if: MountedFolder.isPossible, "mounting a small tmpfs needs root"))
struct `PACS-4.4.2-b a real file system that fills up` {
    private func open(_ mounted: MountedFolder, refuse: Int64) throws -> PackStore {
        let volume = VolumeConfiguration(
            id: 1, name: "small", path: mounted.path, warnBelowBytes: max(refuse, 1 << 20), refuseBelowBytes: refuse)
        try PackStore.prepareVolume(volume)
        var settings = PackStoreConfiguration(volumes: [volume])
        settings.draftMemoryBytes = 1 << 20
        settings.report = { [mounted] _ in _ = mounted.path }
        return try PackStore(settings)
    }

    private func fill(_ store: PackStore, bytes: Int) -> (locations: [ObjectLocation], error: StorageError?) {
        var locations: [ObjectLocation] = []
        while locations.count < 1000 {
            do {
                locations.append(try store.store(payload(locations.count, bytes), uid: "1.\(locations.count)"))
            } catch { return (locations, error as? StorageError) }
        }
        return (locations, nil)
    }

    @Test(arguments: [0, 4096, 3 << 20] as [Int64])
    func `the store fills it to the limit and no further, refuses, and goes on when there is room again`(refuse: Int64) throws {
        let mounted = try #require(MountedFolder(bytes: 16 << 20))
        let store = try open(mounted, refuse: refuse)
        let (locations, error) = fill(store, bytes: 100_000)
        #expect(error?.isFull == true)
        let status = try #require(store.volumes().first)
        #expect(status.freeBytes >= refuse)
        // Less than one record was left unused.
        #expect(status.freeBytes - refuse < 110_000)
        #expect(locations.count > 100)
        for (index, location) in locations.enumerated() { #expect(try store.whole(location) == payload(index, 100_000)) }
        // A large object fails cleanly too.
        #expect(storageError { try store.store(payload(5, 3_000_000)) }?.isFull == true)
        #expect(try store.scanned().count == locations.count)

        let container = ContainerID(volumeID: 1, containerID: locations[0].containerID)
        try store.seal(container)
        try store.recycle(container)
        store.waitForUpkeep()
        let again = try store.store(payload(77, 100_000), uid: "2.1")
        #expect(try store.whole(again) == payload(77, 100_000))
    }

    @Test func `a batch that meets the end of the disk is answered object by object`() throws {
        let mounted = try #require(MountedFolder(bytes: 8 << 20))
        let store = try open(mounted, refuse: 0)
        let requests = try (0..<12).map {
            CommitRequest(draft: try store.draft(payload($0, 900_000)), note: sampleNote("1.\($0)"))
        }
        let results = store.commit(requests, purpose: .ingest)
        let taken = results.filter { if case .success = $0 { true } else { false } }.count
        #expect((8...9).contains(taken))
        #expect(results.allSatisfy { result in storageError { try result.get() }?.isFull != false })
        #expect(try store.scanned().count == taken)
        store.close()
        #expect(try open(mounted, refuse: 0).scanned().count == taken)
    }

    @Test func `a disk filled by others is met without loss`() throws {
        let mounted = try #require(MountedFolder(bytes: 12 << 20))
        let store = try open(mounted, refuse: 0)
        let first = try store.store(payload(1, 100_000), uid: "1")
        let rubbish = mounted.path + "/rubbish"
        let file = try FileHandle(path: rubbish, flags: O_RDWR | O_CREAT, environment: .live)
        var position: Int64 = 0
        while (try? file.write(payload(1, 4096), at: position)) != nil { position += 4096 }
        #expect(storageError { try store.store(payload(2, 900_000)) }?.isFull == true)
        #expect(try store.whole(first) == payload(1, 100_000))
        unlink(rubbish)
        try file.truncate(to: 0)
        let second = try store.store(payload(2, 900_000), uid: "2")
        #expect(try store.whole(second) == payload(2, 900_000))
        #expect(try store.scanned().keys.sorted() == ["1", "2"])
    }

    @Test func `a file system turned read-only serves reads, refuses writes and recovers`() throws {
        let mounted = try #require(MountedFolder(bytes: 16 << 20))
        let store = try open(mounted, refuse: 0)
        let first = try store.store(payload(1, 100_000), uid: "1")
        store.waitForUpkeep()
        store.close()
        #expect(mounted.remount(readOnly: true))
        let reader = try open(mounted, refuse: 0)
        #expect(reader.volumes().first?.state == .readOnly)
        #expect(try reader.whole(first) == payload(1, 100_000))
        let error = storageError { try reader.store(payload(2, 100), uid: "2") }
        #expect(error?.isUnavailable == true)
        #expect(error?.message.contains("read-only") == true)
        reader.close()
        #expect(mounted.remount(readOnly: false))
        let writer = try open(mounted, refuse: 0)
        _ = try writer.store(payload(2, 100), uid: "2")
        #expect(try writer.scanned().count == 2)
    }
}
