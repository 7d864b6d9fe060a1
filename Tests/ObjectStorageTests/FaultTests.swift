import Archive
import Foundation
import Glibc
import Synchronization
import Testing

@testable import ObjectStorage

@Suite struct `failing media` {
    /// Fails every operation of one kind while armed.
    private final class Switch: Sendable {
        private let armed = Mutex<(operation: SimulatedDisk.Operation, fault: SimulatedDisk.Fault, suffix: String)?>(nil)
        let milliseconds = Mutex<Int64>(0)

        func arm(_ operation: SimulatedDisk.Operation, _ fault: SimulatedDisk.Fault, on suffix: String = ".open") {
            armed.withLock { $0 = (operation, fault, suffix) }
        }
        func disarm() { armed.withLock { $0 = nil } }
        func fault(_ operation: SimulatedDisk.Operation, _ path: String) -> SimulatedDisk.Fault? {
            armed.withLock { armed in
                guard let armed, armed.operation == operation, path.hasSuffix(armed.suffix) else { return nil }
                return armed.fault
            }
        }
        func environment() -> StorageEnvironment {
            var environment = SimulatedDisk { _, operation, path in self.fault(operation, path) }.environment
            environment.clock = { self.milliseconds.withLock { $0 } }
            return environment
        }
    }

    @Test(arguments: [SimulatedDisk.Operation.write, .dataSync, .allocate], [EIO, ENOSPC, EROFS])
    func `a failed batch is refused as a whole, leaves nothing, and may be tried again`(
        operation: SimulatedDisk.Operation, code: Int32
    ) throws {
        let folder = TemporaryFolder()
        let faults = Switch()
        let store = try openStore(folder, environment: faults.environment()) { $0.initialisesPacks = false }
        let before = try store.store(payload(1, 9000), uid: "1.1")
        // Small steps: every commit has to allocate.
        let requests = try (0..<3).map {
            CommitRequest(draft: try store.draft(payload(10 + $0, 40_000)), note: sampleNote("2.\($0)"))
        }
        faults.arm(operation, .error(code))
        let results = store.commit(requests, purpose: .ingest)
        let errors = results.map { result in storageError { try result.get() } }
        if operation == .allocate {
            // The first may still lie in blocks allocated before; the ones behind cannot.
            #expect(errors.contains { $0 != nil })
        } else {
            #expect(errors.allSatisfy { code == ENOSPC ? $0?.isFull == true : $0?.isUnavailable == true })
            #expect(try store.scanned().keys.sorted() == ["1.1"])
        }
        #expect(try store.whole(before) == payload(1, 9000))
        faults.disarm()
        faults.milliseconds.withLock { $0 += 10_000 }
        for (index, result) in results.enumerated() where storageError({ try result.get() }) != nil {
            let location = try store.commit([requests[index]], purpose: .ingest)[0].get()
            #expect(try store.whole(location) == payload(10 + index, 40_000))
        }
        #expect(try store.scanned().keys.sorted() == ["1.1", "2.0", "2.1", "2.2"])
        store.close()
        #expect(try openStore(folder).scanned().keys.sorted() == ["1.1", "2.0", "2.1", "2.2"])
    }

    @Test(arguments: [1, 512, 5000, 40_000, 60_000])
    func `a short write followed by a full disk leaves nothing behind`(count: Int) throws {
        let folder = TemporaryFolder()
        let calls = Mutex(0)
        let armed = Mutex(false)
        let disk = SimulatedDisk { _, operation, path in
            guard armed.withLock({ $0 }), operation == .write, path.hasSuffix(".open") else { return nil }
            return calls.withLock { calls in
                calls += 1
                return calls == 1 ? .short(count) : .error(ENOSPC)
            }
        }
        let store = try openStore(folder, environment: disk.environment) { $0.initialisesPacks = false }
        _ = try store.store(payload(1, 9000), uid: "1.1")
        armed.withLock { $0 = true }
        let requests = try (0..<2).map { CommitRequest(draft: try store.draft(payload($0, 30_000)), note: sampleNote("2.\($0)")) }
        for result in store.commit(requests, purpose: .ingest) {
            #expect(storageError { try result.get() }?.isFull == true)
        }
        armed.withLock { $0 = false }
        #expect(try store.scanned().keys.sorted() == ["1.1"])
        store.close()
        let next = try openStore(folder)
        #expect(try next.scanned().keys.sorted() == ["1.1"])
        _ = try next.store(payload(3, 30_000), uid: "3")
        #expect(try next.scanned().count == 2)
    }

    @Test func `a short write that goes on is no failure`() throws {
        let calls = Mutex(0)
        let disk = SimulatedDisk { _, operation, path in
            guard operation == .write, path.hasSuffix(".open") else { return nil }
            return calls.withLock { calls in
                calls += 1
                return calls % 2 == 1 ? .short(8192) : nil
            }
        }
        let store = try openStore(TemporaryFolder(), environment: disk.environment) { $0.initialisesPacks = false }
        let requests = try (0..<4).map { CommitRequest(draft: try store.draft(payload($0, 30_000)), note: sampleNote("2.\($0)")) }
        for (index, result) in store.commit(requests, purpose: .ingest).enumerated() {
            #expect(try store.whole(result.get()) == payload(index, 30_000))
        }
    }

    @Test func `a pack whose flush failed is not written any more`() throws {
        let folder = TemporaryFolder()
        let faults = Switch()
        let store = try openStore(folder, environment: faults.environment()) { $0.initialisesPacks = false }
        let before = try store.store(payload(1, 9000), uid: "1.1")
        faults.arm(.dataSync, .error(EIO))
        #expect(storageError { try store.store(payload(2, 9000), uid: "1.2") }?.isUnavailable == true)
        faults.disarm()
        // Set aside for five seconds, then tried again with a new pack.
        #expect(storageError { try store.store(payload(2, 9000), uid: "1.2") }?.message.contains("set aside") == true)
        #expect(store.volumes().first?.state == .offline)
        faults.milliseconds.withLock { $0 += 5001 }
        let after = try store.store(payload(2, 9000), uid: "1.2")
        #expect(after.containerID != before.containerID)
        store.waitForUpkeep()
        #expect(try store.containers().first { $0.id.containerID == before.containerID }?.isSealed == true)
        #expect(try store.scanned().count == 2)
    }

    @Test(arguments: [SimulatedDisk.Operation.write, .dataSync, .rename])
    func `a large object that cannot be finished leaves no container, and may be tried again`(
        operation: SimulatedDisk.Operation
    ) throws {
        let folder = TemporaryFolder()
        let faults = Switch()
        let store = try openStore(folder, environment: faults.environment()) { $0.initialisesPacks = false }
        let bytes = payload(7, 2_500_000)
        let request = CommitRequest(draft: try store.draft(bytes), note: sampleNote("9.9"))
        faults.arm(operation, .error(ENOSPC), on: ".spill")
        #expect(storageError { try store.commit([request], purpose: .ingest)[0].get() }?.isFull == true)
        #expect(try store.scanned().isEmpty)
        faults.disarm()
        faults.milliseconds.withLock { $0 += 10_000 }
        let location = try store.commit([request], purpose: .archive)[0].get()
        #expect(try store.whole(location) == bytes)
        #expect(folder.packs(".spill").isEmpty)
        #expect(try store.containers().count == 1)
    }

    @Test func `when one volume fails the batch goes to the next`() throws {
        let first = TemporaryFolder()
        let second = TemporaryFolder()
        let disk = SimulatedDisk { _, operation, path in
            operation == .write && path.hasPrefix(first.path + "/packs") ? .error(EIO) : nil
        }
        let volumes = [volume(first, id: 1), volume(second, id: 2, name: "second")]
        for volume in volumes { try PackStore.prepareVolume(volume) }
        let store = try PackStore(smallSettings(volumes), open: .readWrite, environment: disk.environment)
        let location = try store.store(payload(1, 9000))
        #expect(location.volumeID == 2)
        #expect(try store.whole(location) == payload(1, 9000))
        let large = try store.store(payload(2, 900_000), uid: "1.4")
        #expect(large.volumeID == 2)
        #expect(try store.whole(large) == payload(2, 900_000))
    }
}

@Suite struct `damage at rest` {
    private func stored(_ folder: TemporaryFolder) throws -> (store: PackStore, locations: [ObjectLocation]) {
        let store = try openStore(folder)
        let locations = try (0..<7).map { try store.store(payload($0, 30_000), uid: "1.\($0)") }
        try store.seal(ContainerID(volumeID: 1, containerID: locations[0].containerID))
        return (store, locations)
    }

    @Test func `PACS-4.5.10-1 SEC-3.2-IGAU SEC-2-2 an altered byte of an object is detected on reading and by verification`() throws {
        let folder = TemporaryFolder()
        let (store, locations) = try stored(folder)
        let target = locations[3]
        let path = try packPath(folder, target)
        for place in [target.payloadOffset, target.payloadOffset + 17_001, target.payloadOffset + target.payloadBytes - 1] {
            try flipBit(path, at: place)
            #expect(storageError { try store.whole(target) }?.isDamaged == true)
            #expect(storageError { try store.verify(target) }?.isDamaged == true)
            #expect(storageError { try store.read(target, range: 0..<1) }?.isDamaged == true)
            try flipBit(path, at: place)
            #expect(try store.whole(target) == payload(3, 30_000))
        }
        // Table and note lie behind the payload, the header before it.
        let trailer = target.payloadOffset + target.payloadBytes
        for place in [trailer + 1, trailer + 20, target.offset + 40] {
            try flipBit(path, at: place)
            #expect(storageError { try store.verify(target) }?.isDamaged == true)
            try flipBit(path, at: place)
        }
        #expect(try store.verify(target) == sampleNote("1.3"))
    }

    @Test func `scanning passes over damaged records and says where they are`() throws {
        let folder = TemporaryFolder()
        let (store, locations) = try stored(folder)
        let path = try packPath(folder, locations[0])
        try overwrite(path, at: locations[2].offset, with: payload(99, 500))
        try overwrite(path, at: locations[3].offset, with: payload(99, 20_000))
        try flipBit(path, at: locations[5].payloadOffset + 30_000 + 10)
        try flipBit(path, at: 20)
        var damage: [StorageDamage] = []
        var seen: [String] = []
        try store.scan(from: nil, onDamage: { damage.append($0) }) { _, note in
            seen.append(note.sopInstanceUID)
            return true
        }
        #expect(seen == ["1.0", "1.1", "1.4", "1.6"])
        #expect(damage.map(\.range) == [
            0..<4096, locations[2].offset..<locations[4].offset, locations[5].offset..<locations[6].offset,
        ])
        #expect(try store.whole(locations[6]) == payload(6, 30_000))
    }

    @Test func `a container cut short is reported, what is left stays readable`() throws {
        let folder = TemporaryFolder()
        let (store, locations) = try stored(folder)
        try FileHandle(path: packPath(folder, locations[0]), flags: 2, environment: .live).truncate(to: locations[4].offset + 5000)
        var damage: [StorageDamage] = []
        var count = 0
        try store.scan(from: nil, onDamage: { damage.append($0) }) { _, _ in
            count += 1
            return true
        }
        #expect(count == 4)
        #expect(damage.count == 1)
        #expect(storageError { try store.whole(locations[4]) }?.isDamaged == true)
        #expect(storageError { try store.whole(locations[6]) }?.isDamaged == true)
        #expect(try store.whole(locations[3]) == payload(3, 30_000))
    }

    @Test func `records before a damaged one in an open pack are kept at the next start, and those behind it`() throws {
        let folder = TemporaryFolder()
        let (path, locations) = try {
            let store = try openStore(folder)
            let locations = try (0..<5).map { try store.store(payload($0, 30_000), uid: "1.\($0)") }
            return (try packPath(folder, locations[0]), locations)
        }()
        try overwrite(path, at: locations[2].offset, with: payload(99, 4096))
        let store = try openStore(folder)
        #expect(try store.scanned().keys.sorted() == ["1.0", "1.1", "1.3", "1.4"])
        let new = try store.store(payload(8, 30_000), uid: "1.8")
        #expect(new.offset >= locations[4].offset + locations[4].recordBytes)
        #expect(try store.whole(locations[4]) == payload(4, 30_000))
    }

    @Test func `whatever bytes a pack holds, scanning ends and stores go on`() throws {
        for seed in 1...40 {
            let folder = TemporaryFolder(inMemory: true)
            let path: String = try {
                let store = try openStore(folder)
                let locations = try (0..<4).map { try store.store(payload($0, 9000), uid: "1.\($0)") }
                return try packPath(folder, locations[0])
            }()
            var random = SeededGenerator(seed: UInt64(seed))
            for _ in 0..<Int.random(in: 1...30, using: &random) {
                let place = Int64.random(in: 0..<60_000, using: &random)
                let count = Int.random(in: 1...300, using: &random)
                try overwrite(path, at: place, with: payload(seed + count, count))
            }
            let store = try openStore(folder)
            try store.scan(from: nil) { location, note in
                // Whatever is offered with a sound payload is one of ours.
                if let bytes = try? store.whole(location) {
                    #expect((0..<4).contains { "1.\($0)" == note.sopInstanceUID && payload($0, 9000) == bytes }, "seed \(seed)")
                }
                return true
            }
            let location = try store.store(payload(50, 9000), uid: "5")
            #expect(try store.whole(location) == payload(50, 9000), "seed \(seed)")
        }
    }
}
