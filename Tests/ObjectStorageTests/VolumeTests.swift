import Archive
import Foundation
import Glibc
import Synchronization
import Testing

@testable import ObjectStorage

/// A file system whose room the test decides.
private final class PretendedSpace: Sendable {
    let space: Mutex<FileSystemSpace>
    let milliseconds = Mutex<Int64>(0)

    init(free: Int64, total: Int64 = 1 << 40) {
        space = Mutex(FileSystemSpace(freeBytes: free, totalBytes: total, isReadOnly: false))
    }

    var environment: StorageEnvironment {
        var environment = StorageEnvironment.live
        environment.space = { _ in self.space.withLock { $0 } }
        environment.clock = { self.milliseconds.withLock { $0 } }
        // No step ahead: the pretended room shrinks by nothing on its own.
        environment.allocate = { _, _, _ in -EOPNOTSUPP }
        return environment
    }

    func set(free: Int64) {
        space.withLock { $0.freeBytes = free }
        milliseconds.withLock { $0 += 2000 }
    }
}

@Suite struct `PACS-4.4.2 disk space` {
    private let unit: Int64 = 4096

    private func store(
        _ folder: TemporaryFolder, _ space: PretendedSpace, warn: Int64, refuse: Int64, quota: Int64? = nil
    ) throws -> PackStore {
        var volume = volume(folder)
        volume.warnBelowBytes = warn
        volume.refuseBelowBytes = refuse
        volume.quotaBytes = quota
        try PackStore.prepareVolume(volume)
        var settings = smallSettings([volume])
        settings.report = { [folder] _ in _ = folder.path }
        settings.initialisesPacks = false
        return try PackStore(settings, open: .readWrite, environment: space.environment)
    }

    @Test func `PACS-4.4.2-0 free and total space are the operating system's figures`() throws {
        let folder = TemporaryFolder()
        let store = try openStore(folder)
        var answer = statvfs()
        #expect(statvfs(folder.path, &answer) == 0)
        let status = try #require(store.volumes().first)
        #expect(status.totalBytes == Int64(answer.f_blocks) * Int64(answer.f_frsize))
        // Others use the same file system meanwhile.
        #expect(abs(status.freeBytes - Int64(answer.f_bavail) * Int64(answer.f_frsize)) < 256 << 20)
    }

    @Test func `PACS-4.4.2-a limits have sensible defaults and can be set; illegal values are refused`() throws {
        let configuration = VolumeConfiguration(id: 1, name: "a", path: "/a")
        let large = SpaceLimits(configuration: configuration, totalBytes: 1 << 40)
        #expect(large.warnBelowBytes == (1 << 40) / 20)
        #expect(large.refuseBelowBytes == (1 << 40) / 100)
        let huge = SpaceLimits(configuration: configuration, totalBytes: 1 << 50)
        #expect(huge.warnBelowBytes == 200 << 30)
        #expect(huge.refuseBelowBytes == 20 << 30)
        let tiny = SpaceLimits(configuration: configuration, totalBytes: 32 << 20)
        #expect(tiny.warnBelowBytes == 8 << 20)
        #expect(tiny.refuseBelowBytes == 4 << 20)
        let half = VolumeConfiguration(id: 1, name: "a", path: "/a", warnBelowBytes: 10 << 20)
        #expect(SpaceLimits(configuration: half, totalBytes: 1 << 40).refuseBelowBytes == 10 << 20)

        for wrong in [
            VolumeConfiguration(id: 1, name: "", path: "/a"), VolumeConfiguration(id: 1, name: "a", path: "a"),
            VolumeConfiguration(id: 1, name: "a", path: "/a", purposes: []),
            VolumeConfiguration(id: 1, name: "a", path: "/a", warnBelowBytes: -1),
            VolumeConfiguration(id: 1, name: "a", path: "/a", refuseBelowBytes: -1),
            VolumeConfiguration(id: 1, name: "a", path: "/a", warnBelowBytes: 5, refuseBelowBytes: 6),
            VolumeConfiguration(id: 1, name: "a", path: "/a", quotaBytes: 0),
        ] {
            #expect(wrong.problem != nil)
            #expect(storageError { try PackStore(PackStoreConfiguration(volumes: [wrong])) }?.isUnavailable == true)
            #expect(storageError { try PackStore.prepareVolume(wrong) }?.isUnavailable == true)
        }
        let twice = [VolumeConfiguration(id: 1, name: "a", path: "/a"), VolumeConfiguration(id: 1, name: "b", path: "/b")]
        #expect(storageError { try PackStore(PackStoreConfiguration(volumes: twice)) }?.isUnavailable == true)
    }

    @Test func `PACS-4.4.2-b the notice appears exactly at the limit, to the allocation unit`() throws {
        let limit: Int64 = 100 << 20
        let space = PretendedSpace(free: 1 << 30)
        let store = try store(TemporaryFolder(), space, warn: limit, refuse: 50 << 20)
        for (free, expected) in [
            (limit + unit, VolumeStatus.State.ok), (limit, .low), (limit - unit, .low),
            ((50 << 20) + unit, .low), (50 << 20, .low), ((50 << 20) - unit, .full), (0, .full),
        ] {
            space.set(free: free)
            #expect(store.volumes().first?.state == expected, "\(free) bytes free")
            #expect(store.volumes().first?.freeBytes == free)
        }
    }

    @Test func `PACS-4.4.2-b an object is refused exactly when it would take the last reserve, and nothing is lost`() throws {
        let refuse: Int64 = 50 << 20
        let space = PretendedSpace(free: 1 << 30)
        let store = try store(TemporaryFolder(), space, warn: refuse, refuse: refuse)
        let first = try store.store(payload(1, 10_000), uid: "1.1")
        // A record of 20,000 bytes takes five units.
        let request = CommitRequest(draft: try store.draft(payload(2, 20_000)), note: sampleNote("1.2"))
        space.set(free: refuse + 5 * unit - unit)
        let refusal = storageError { try store.commit([request], purpose: .ingest)[0].get() }
        #expect(refusal?.isFull == true)
        #expect(refusal?.message.contains("refuseBelowBytes = \(refuse)") == true)
        #expect(refusal?.message.contains("\(refuse + 4 * unit) bytes are free") == true)
        #expect(refusal?.message.contains("Enlarge the file system, free space on it or add a storage volume") == true)
        space.set(free: refuse + 5 * unit)
        let second = try store.commit([request], purpose: .ingest)[0].get()
        #expect(second.recordBytes == 5 * unit)
        // The figure is adjusted by what was written: within the second the boundary still holds.
        let third = CommitRequest(draft: try store.draft(payload(3, 20_000)), note: sampleNote("1.3"))
        space.space.withLock { $0.freeBytes = refuse }
        #expect(storageError { try store.commit([third], purpose: .ingest)[0].get() }?.isFull == true)
        #expect(try store.whole(first) == payload(1, 10_000))
        #expect(try store.whole(second) == payload(2, 20_000))
        // Large objects meet the same limit.
        space.set(free: refuse + 1_000_000)
        #expect(storageError { try store.store(payload(4, 2_000_000)) }?.isFull == true)
        space.set(free: refuse + 10_000_000)
        #expect(storageError { try store.store(payload(4, 2_000_000)) } == nil)
    }

    @Test func `in a batch the objects that still fit are taken`() throws {
        let refuse: Int64 = 50 << 20
        let space = PretendedSpace(free: 1 << 30)
        let store = try store(TemporaryFolder(), space, warn: refuse, refuse: refuse)
        _ = try store.store([1])
        space.set(free: refuse + 6 * unit)
        let requests = try [20_000, 20_000, 3000].map {
            CommitRequest(draft: try store.draft(payload($0, $0)), note: sampleNote("1.\($0)"))
        }
        let results = store.commit(requests, purpose: .ingest)
        #expect(results.map { result in storageError { try result.get() }?.isFull == true } == [false, true, false])
        #expect(try store.whole(results[2].get()) == payload(3000, 3000))
    }

    @Test func `a quota holds within a larger file system`() throws {
        let store = try store(TemporaryFolder(), PretendedSpace(free: 1 << 40), warn: 0, refuse: 0, quota: 200 << 10)
        var taken = 0
        for index in 0..<20 {
            let error = storageError { try store.store(payload(index, 20_000), uid: "1.\(index)") }
            if error == nil { taken += 1 } else { #expect(error?.message.contains("quotaBytes = 204800") == true) }
        }
        #expect(taken == 9)
        #expect(try store.scanned().count == taken)
        for container in try store.containers() {
            try store.seal(container.id)
            try store.recycle(container.id)
        }
        store.waitForUpkeep()
        #expect(storageError { try store.store(payload(1, 20_000)) } == nil)
    }

    @Test func `a volume opened on a read-only file system is written once that can be`() throws {
        let folder = TemporaryFolder()
        let space = PretendedSpace(free: 1 << 30)
        space.space.withLock { $0.isReadOnly = true }
        let store = try store(folder, space, warn: 100, refuse: 50)
        #expect(store.volumes().first?.state == .readOnly)
        #expect(storageError { try store.store([1]) }?.message.contains("read-only") == true)
        space.space.withLock { $0.isReadOnly = false }
        space.set(free: 1 << 30)
        let stored = try store.store([1, 2, 3])
        #expect(try store.read(stored, range: 0..<3) == [1, 2, 3])
        #expect(store.volumes().first?.state == .ok)
        // Nobody else may write it now.
        #expect(storageError { _ = try self.store(folder, space, warn: 100, refuse: 50) } != nil)
    }

    @Test func `limits can be changed while the store is open`() throws {
        let folder = TemporaryFolder()
        let space = PretendedSpace(free: 1 << 30)
        let store = try store(folder, space, warn: 100, refuse: 50)
        #expect(store.volumes().first?.state == .ok)
        var changed = volume(folder)
        changed.warnBelowBytes = 2 << 30
        changed.refuseBelowBytes = 3 << 30
        #expect(storageError { try store.reconfigure([changed]) }?.isUnavailable == true)
        changed.refuseBelowBytes = 1 << 20
        try store.reconfigure([changed])
        #expect(store.volumes().first?.state == .low)
        changed.isDraining = true
        try store.reconfigure([changed])
        #expect(store.volumes().first?.state == .draining)
        #expect(storageError { try store.store([1]) }?.message.contains("drained") == true)
        changed.isDraining = false
        changed.isReadOnly = true
        try store.reconfigure([changed])
        #expect(storageError { try store.store([1]) }?.message.contains("read-only") == true)
        changed.isReadOnly = false
        try store.reconfigure([changed])
        #expect(storageError { try store.store([1]) } == nil)
    }
}

@Suite struct `several volumes` {
    private func stores(
        _ folders: [TemporaryFolder], rule: VolumeRule = .fillInOrder, change: (inout [VolumeConfiguration]) -> Void = { _ in }
    ) throws -> PackStore {
        var volumes = folders.enumerated().map { volume($1, id: Int64($0 + 1), name: "v\($0 + 1)") }
        change(&volumes)
        for volume in volumes { try PackStore.prepareVolume(volume) }
        var settings = smallSettings(volumes)
        settings.rule = rule
        settings.initialisesPacks = false
        settings.report = { _ in _ = folders.count }
        return try PackStore(settings)
    }

    @Test func `GUIDE-1.1.1.1.1-7 purposes, priority and rule decide where an object goes`() throws {
        let folders = [TemporaryFolder(), TemporaryFolder(), TemporaryFolder()]
        let store = try stores(folders) { volumes in
            volumes[0].purposes = [.archive]
            volumes[1].purposes = [.ingest]
            volumes[1].priority = 5
            volumes[2].purposes = [.ingest]
        }
        #expect(try store.store([1]).volumeID == 3)
        #expect(try store.store([1], purpose: .archive).volumeID == 1)
        // Spilled where ingest goes, moved when it turns out to be for the archive.
        let large = try store.store(payload(1, 900_000), purpose: .archive)
        #expect(large.volumeID == 1)
        #expect(try store.whole(large) == payload(1, 900_000))
        #expect(folders[2].packs(".spill").isEmpty)
        store.close()
        let turns = try stores(folders, rule: .roundRobin)
        #expect(Set(try (0..<6).map { _ in try turns.store([1]).volumeID }) == [1, 2, 3])
    }

    @Test func `the next volume takes over when one is full, and all full says why`() throws {
        let folders = [TemporaryFolder(), TemporaryFolder()]
        let store = try stores(folders) { $0[0].quotaBytes = 100 << 10; $0[1].quotaBytes = 200 << 10 }
        var last: StorageError?
        var used: Set<Int64> = []
        for index in 0..<30 {
            do { used.insert(try store.store(payload(index, 20_000)).volumeID) } catch { last = error as? StorageError }
        }
        #expect(used == [1, 2])
        #expect(last?.isFull == true)
        #expect(last?.message.contains("'v1'") == true)
        #expect(last?.message.contains("'v2'") == true)
    }

    @Test func `PACS-4.4.3-2 a volume that is not mounted is offline, never written, and comes back by itself`() throws {
        let folder = TemporaryFolder()
        let clock = Mutex<Int64>(0)
        var environment = StorageEnvironment.live
        environment.clock = { clock.withLock { $0 } }
        let events = Mutex<[StorageEvent]>([])
        let volume = volume(folder)
        // Nobody made the directory a volume: it may be an empty mount point.
        var settings = smallSettings([volume])
        settings.report = { [folder] event in
            _ = folder.path
            events.withLock { $0.append(event) }
        }
        let store = try PackStore(settings, open: .readWrite, environment: environment)
        #expect(store.volumes().first?.state == .offline)
        #expect(storageError { try store.store([1]) }?.message.contains("'first'") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)

        try PackStore.prepareVolume(volume)
        clock.withLock { $0 += 1500 }
        let location = try store.store(payload(1, 100))

        // The file system goes away under us.
        store.waitForUpkeep()
        let away = folder.path + ".away"
        defer { try? FileManager.default.removeItem(atPath: away) }
        try FileManager.default.moveItem(atPath: folder.path, toPath: away)
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: false)
        clock.withLock { $0 += 1500 }
        let error = storageError { try store.whole(location) }
        #expect(error?.isUnavailable == true)
        #expect(error?.message.contains("'first'") == true)
        #expect(storageError { try store.store([2]) }?.isUnavailable == true)
        #expect(storageError { try store.scan(from: nil) { _, _ in true } }?.isUnavailable == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)

        try FileManager.default.removeItem(atPath: folder.path)
        try FileManager.default.moveItem(atPath: away, toPath: folder.path)
        clock.withLock { $0 += 1500 }
        #expect(try store.whole(location) == payload(1, 100))
        #expect(try store.store([2]).containerID == location.containerID)
        let kinds: [StorageEvent.Kind] = events.withLock { $0.map(\.kind) }
        let changes = kinds.filter { [.volumeOffline, .volumeOnline].contains($0) }
        let expected: [StorageEvent.Kind] = [.volumeOffline, .volumeOnline, .volumeOffline, .volumeOnline]
        #expect(changes == expected)
    }

    @Test func `a marker naming another volume is refused`() throws {
        let folder = TemporaryFolder()
        try PackStore.prepareVolume(volume(folder, id: 7))
        #expect(storageError { try PackStore(smallSettings([volume(folder, id: 8)])) }?.message.contains("names volume 7") == true)
    }

    @Test func `descriptors stay within their limit`() throws {
        let folder = TemporaryFolder()
        let store = try openStore(folder) { $0.openFileLimit = 3; $0.initialisesPacks = false }
        let locations = try (0..<60).map { try store.store(payload($0, 30_000), uid: "1.\($0)") }
        #expect(Set(locations.map(\.containerID)).count > 6)
        for (index, location) in locations.enumerated() { #expect(try store.whole(location) == payload(index, 30_000)) }
        #expect(store.files.count == 3)
    }
}
