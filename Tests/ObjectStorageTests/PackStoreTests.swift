import Archive
import Foundation
import Synchronization
import Testing

@testable import ObjectStorage

@Suite struct `object store contract` {
    @Test func `objects come back byte for byte, whole and in ranges, with their notes`() throws {
        let folder = TemporaryFolder()
        let store = try openStore(folder)
        for (index, size) in [0, 1, 127, 3968, 4096, 20_000, 65_536, 65_537, 200_000, 1_500_000].enumerated() {
            let bytes = payload(index, size)
            let location = try store.store(bytes, uid: "1.2.\(index)")
            #expect(location.payloadBytes == Int64(size))
            #expect(try store.whole(location) == bytes)
            #expect(try store.verify(location) == sampleNote("1.2.\(index)"))
            #expect(try store.note(location) == sampleNote("1.2.\(index)"))
            for range in [0..<min(1, size), size / 3..<size / 2, max(0, size - 5)..<size, size / 2..<size / 2] {
                #expect(try store.read(location, range: range) == Array(bytes[range]))
            }
            #expect(storageError { try store.read(location, range: 0..<size + 1) }?.isDamaged == true)
        }
        #expect(try store.scanned().count == 10)
    }

    @Test func `a batch is answered request by request and survives reopening`() throws {
        let folder = TemporaryFolder()
        var locations: [ObjectLocation] = []
        do {
            let store = try openStore(folder)
            // More than one pack can take, with objects large and small.
            let requests = try (0..<40).map { index in
                CommitRequest(
                    draft: try store.draft(payload(index, index % 7 == 0 ? 90_000 : 15_000)), note: sampleNote("1.\(index)"))
            }
            locations = try store.commit(requests, purpose: .ingest).map { try $0.get() }
            #expect(Set(locations).count == 40)
            #expect(storageError { try store.commit([requests[0]], purpose: .ingest)[0].get() }?.isUnavailable == true)
        }
        let store = try openStore(folder)
        for (index, location) in locations.enumerated() {
            #expect(try store.whole(location) == payload(index, index % 7 == 0 ? 90_000 : 15_000))
        }
        let more = try store.store([1, 2, 3], uid: "2.1")
        #expect(!locations.contains(more))
        #expect(try store.scanned().count == 41)
    }

    @Test func `a draft reads back what was appended, in memory and spilled`() throws {
        let folder = TemporaryFolder()
        let store = try openStore(folder)
        for size in [30_000, 64 << 10, 3_000_000] {
            let bytes = payload(size, size)
            let draft = try store.draft(bytes, pieces: 70_001)
            #expect(draft.count == size)
            for (offset, count) in [(0, 100), (size - 10, 50), (size / 2, 2000), (size, 5), (0, size)] {
                #expect(try Array(draft.read(at: offset, count: count)) == Array(bytes[offset..<min(size, offset + count)]))
            }
            draft.discard()
            #expect(storageError { try draft.read(at: 0, count: 1) }?.isUnavailable == true)
        }
    }

    @Test func `nothing of a draft remains unless it is committed`() throws {
        let folder = TemporaryFolder()
        let store = try openStore(folder)
        _ = try store.draft(payload(1, 2_000_000))
        let kept = try store.draft(payload(2, 2_000_000))
        #expect(folder.packs(".spill").count == 1)
        #expect(try store.scanned().isEmpty)
        kept.discard()
        #expect(folder.packs(".spill").isEmpty)
        // Left by a run that was killed: gone with the next start.
        store.close()
        let leftover = folder.path + "/packs/00000000000000ff.ingest.spill"
        _ = FileManager.default.createFile(atPath: leftover, contents: Data(count: 10))
        let next = try openStore(folder)
        #expect(folder.packs(".spill").isEmpty)
        #expect(try next.store([1]).containerID > 0xFF)
    }

    @Test func `draft memory stays within its limit and is used again`() throws {
        let store = try openStore(TemporaryFolder())
        for _ in 0..<20 { try store.draft(payload(1, 60_000)).discard() }
        #expect(store.pool.idleBytes <= 256 << 10)
        let pool = BufferPool(limitBytes: 256 << 10)
        for _ in 0..<10 { pool.give(AlignedBuffer(capacity: 64 << 10)) }
        #expect(pool.idleBytes == 256 << 10)
    }

    @Test func `one draft twice in a batch is committed once`() throws {
        let store = try openStore(TemporaryFolder())
        let draft = try store.draft([1, 2, 3])
        let request = CommitRequest(draft: draft, note: sampleNote("1"))
        let results = store.commit([request, request], purpose: .ingest)
        #expect((try? results[0].get()) != nil)
        #expect(storageError { try results[1].get() }?.isUnavailable == true)
        #expect(try store.scanned().count == 1)
    }

    @Test func `a note larger than a pack still finds its place`() throws {
        let store = try openStore(TemporaryFolder())
        let big = sampleNote("1.5", restoration: payload(8, 700_000))
        let result = store.commit([CommitRequest(draft: try store.draft(payload(1, 100)), note: big)], purpose: .archive)
        let location = try result[0].get()
        #expect(try store.verify(location) == big)
        #expect(try store.whole(location) == payload(1, 100))
    }

    @Test func `concurrent commits and reads stay apart`() async throws {
        let folder = TemporaryFolder()
        let store = try openStore(folder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    for index in 0..<25 {
                        let bytes = payload(worker * 100 + index, 9000 + worker * 30_000)
                        let location = try store.store(
                            bytes, uid: "\(worker).\(index)", purpose: worker == 0 ? .archive : .ingest)
                        #expect(try store.whole(location) == bytes)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try store.scanned().count == 100)
        store.waitForUpkeep()
        #expect(try store.containers().filter { !$0.isSealed && $0.purpose == .archive }.count == 1)
    }

    @Test func `a store opened for reading sees later commits and writes nothing`() throws {
        let folder = TemporaryFolder()
        let writer = try openStore(folder)
        let first = try writer.store(payload(1, 5000), uid: "1.1")
        let reader = try openStore(folder, mode: .readOnly)
        #expect(try reader.whole(first) == payload(1, 5000))
        var later: [ObjectLocation] = []
        for index in 0..<30 { later.append(try writer.store(payload(index, 25_000), uid: "2.\(index)")) }
        for (index, location) in later.enumerated() { #expect(try reader.whole(location) == payload(index, 25_000)) }
        #expect(try reader.scanned().count == 31)
        #expect(storageError { try reader.makeDraft(expectedBytes: nil) }?.isUnavailable == true)
        writer.waitForUpkeep()
        try writer.recycle(ContainerID(volumeID: 1, containerID: first.containerID))
        // Until the blocks serve other objects an open reader may still get the right bytes; never wrong ones.
        for index in 0..<30 { _ = try writer.store(payload(index, 25_000), uid: "3.\(index)") }
        writer.waitForUpkeep()
        #expect(storageError { try reader.whole(first) }?.isNotFound == true)
    }

    @Test func `a second writer is refused, and let in when the first has gone`() throws {
        let folder = TemporaryFolder()
        let first = try openStore(folder)
        let refusal = storageError { try openStore(folder) }
        #expect(refusal?.message.contains("another Apus server") == true)
        first.close()
        #expect(storageError { try openStore(folder) } == nil)
    }

    @Test func `scanning may begin at a container and stop early`() throws {
        let store = try openStore(TemporaryFolder())
        let locations = try (0..<30).map { try store.store(payload($0, 30_000), uid: "1.\($0)") }
        store.waitForUpkeep()
        let middle = locations[17].containerID
        let expected = locations.filter { $0.containerID >= middle }
            .sorted { ($0.containerID, $0.offset) < ($1.containerID, $1.offset) }
        var seen: [ObjectLocation] = []
        try store.scan(from: ContainerID(volumeID: 1, containerID: middle)) { location, _ in
            seen.append(location)
            return seen.count < expected.count - 1
        }
        #expect(seen == Array(expected.dropLast()))
    }
}

@Suite struct `reclaiming space` {
    private func filled(_ folder: TemporaryFolder) throws -> (store: PackStore, locations: [ObjectLocation]) {
        let store = try openStore(folder)
        let locations = try (0..<20).map { try store.store(payload($0, 30_000), uid: "1.\($0)") }
        store.waitForUpkeep()
        return (store, locations)
    }

    @Test func `a container is offered when all its records are released, and only when sealed`() throws {
        let (store, locations) = try filled(TemporaryFolder())
        let first = ContainerID(volumeID: 1, containerID: locations[0].containerID)
        let inFirst = locations.filter { $0.containerID == first.containerID }
        try store.release(Array(inFirst.dropFirst()))
        try store.release(Array(inFirst.dropFirst()))
        #expect(store.reclaimableContainers().isEmpty)
        try store.release([inFirst[0]])
        #expect(store.reclaimableContainers() == [first])
        let last = ContainerID(volumeID: 1, containerID: locations[19].containerID)
        try store.release(locations.filter { $0.containerID == last.containerID })
        #expect(store.reclaimableContainers() == [first])
        #expect(storageError { try store.recycle(last) }?.message.contains("not sealed") == true)
        try store.seal(last)
        #expect(store.reclaimableContainers() == [first, last])
        try store.recycle(first)
        try store.recycle(first)
        #expect(store.reclaimableContainers() == [last])
    }

    @Test func `a location of a reclaimed container never leads to the object that took its place`() throws {
        let folder = TemporaryFolder()
        let (store, locations) = try filled(folder)
        let first = ContainerID(volumeID: 1, containerID: locations[0].containerID)
        let old = locations.filter { $0.containerID == first.containerID }
        for location in old { _ = try store.whole(location) }
        try store.recycle(first)
        store.waitForUpkeep()
        // The same sizes again, so that records lie where the old ones lay.
        let new = try (100..<130).map { try store.store(payload($0, 30_000), uid: "2.\($0)") }
        for location in old {
            #expect(storageError { try store.whole(location) }?.isNotFound == true)
            #expect(storageError { try store.verify(location) }?.isNotFound == true)
        }
        for (index, location) in new.enumerated() { #expect(try store.whole(location) == payload(100 + index, 30_000)) }
        let uids = try store.scanned().keys
        #expect(uids.filter { $0.hasPrefix("1.") }.count == 20 - old.count)
        #expect(Set(new.map(\.containerID)).isDisjoint(with: [first.containerID]))
    }

    @Test func `a reader in the middle of a pack that is given away is told so`() throws {
        let folder = TemporaryFolder()
        let (store, locations) = try filled(folder)
        let id = ContainerID(volumeID: 1, containerID: locations[0].containerID)
        let owner = try #require(store.volume(1))
        let pack = try #require(try store.readable(id, on: owner))
        #expect(try pack.isUnchanged())
        try store.recycle(id)
        // Taking the blocks into use again writes another header into the same file.
        for index in 0..<40 { _ = try store.store(payload(index, 30_000), uid: "3.\(index)") }
        store.waitForUpkeep()
        #expect(try !pack.isUnchanged())
    }

    @Test func `recycled packs are written over, surplus ones deleted`() throws {
        let folder = TemporaryFolder()
        let store = try openStore(folder) { $0.recycledPackLimit = 1; $0.initialisesPacks = false }
        for index in 0..<30 { _ = try store.store(payload(index, 30_000), uid: "1.\(index)") }
        store.waitForUpkeep()
        let sealed = try store.containers().filter(\.isSealed)
        #expect(sealed.count >= 3)
        for container in sealed { try store.recycle(container.id) }
        store.waitForUpkeep()
        #expect(folder.packs(".spare").count == 1)
        for index in 0..<20 { _ = try store.store(payload(index, 30_000), uid: "2.\(index)") }
        #expect(folder.packs(".spare").isEmpty)
    }

    @Test func `packs are prepared when nothing goes on, as many as were used before`() throws {
        let folder = TemporaryFolder()
        let time = Mutex<Int64>(0)
        var environment = StorageEnvironment.live
        environment.clock = { time.withLock { $0 } }
        let store = try openStore(folder, environment: environment)
        for index in 0..<20 { _ = try store.store(payload(index, 30_000), uid: "1.\(index)") }
        store.waitForUpkeep()
        let owner = try #require(store.volume(1))
        #expect(owner.ingest.state.withLock { $0.ready.count } == 0)
        time.withLock { $0 += 600 }
        owner.performUpkeep()
        let ready = owner.ingest.state.withLock { $0.ready }
        #expect((2...3).contains(ready.count))
        for pack in ready { #expect(pack.allocatedEnd == 256 << 10) }
        let next = try (0..<9).map { try store.store(payload($0, 30_000), uid: "2.\($0)") }
        #expect(next.contains { $0.containerID == ready[0].id })
        store.close()
        let again = try openStore(folder)
        #expect(try again.scanned().count == 29)
        #expect(try #require(again.volume(1)).ingest.state.withLock { $0.ready.count } >= 1)
    }

    @Test func `container numbers are not used again after a restart`() throws {
        let folder = TemporaryFolder()
        var highest: Int64 = 0
        do {
            let (store, locations) = try filled(folder)
            highest = locations.map(\.containerID).max() ?? 0
            for container in try store.containers() {
                try store.seal(container.id)
                try store.recycle(container.id)
            }
        }
        let store = try openStore(folder)
        #expect(try store.scanned().isEmpty)
        #expect(try store.store([1]).containerID > highest)
    }

    @Test func `erased records are wiped on the medium, their neighbours stay`() throws {
        let folder = TemporaryFolder()
        let (store, locations) = try filled(folder)
        let container = locations[0].containerID
        let inside = locations.filter { $0.containerID == container }
        let open = ContainerID(volumeID: 1, containerID: locations[19].containerID)
        #expect(storageError { try store.erase([locations[19]]) }?.message.contains("not sealed") == true)
        try store.erase([inside[1], inside[2]])
        try store.erase([inside[1]])
        #expect(storageError { try store.whole(inside[1]) }?.isNotFound == true)
        #expect(try store.whole(inside[0]) == payload(0, 30_000))
        #expect(try store.whole(inside[3]) == payload(3, 30_000))
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: packPath(folder, inside[1]))))
        let record = bytes[Int(inside[1].offset) + 128..<Int(inside[1].offset + inside[1].recordBytes)]
        #expect(record.allSatisfy { $0 == 0 })
        try store.seal(open)
        var damage: [StorageDamage] = []
        var count = 0
        try store.scan(from: nil, onDamage: { damage.append($0) }) { _, _ in
            count += 1
            return true
        }
        #expect(count == 18)
        #expect(damage.isEmpty)
    }
}
