import Archive
import Foundation
import Synchronization
import Testing

@testable import ObjectStorage

private final class SteppingClock: Sendable {
    private let milliseconds = Mutex<Int64>(0)
    func next() -> Int64 {
        milliseconds.withLock { time in
            time += 10_000
            return time
        }
    }
}

@Suite struct `power cuts` {
    /// What a run has been promised, and all it ever handed in.
    private struct Ledger {
        var submitted: [String: [UInt8]] = [:]
        var acknowledged: [String: ObjectLocation] = [:]
        var withdrawn: Set<String> = []
        var next = 0
    }

    /// Commits of one and several, large and small; sealing, erasing, giving containers back.
    private func work(_ store: PackStore, _ ledger: inout Ledger) throws {
        try commit(store, [3000], .ingest, &ledger)
        try commit(store, [9000, 100, 20_000, 5000], .ingest, &ledger)
        try commit(store, [200_000], .ingest, &ledger)
        try commit(store, [15_000, 60_000, 1], .archive, &ledger)
        try commit(store, [40_000, 40_000, 40_000], .ingest, &ledger)
        try commit(store, [40_000, 40_000, 40_000, 40_000], .ingest, &ledger)
        try reclaimFirst(store, &ledger)
        try commit(store, [50_000, 50_000, 50_000], .ingest, &ledger)
        try eraseOne(store, &ledger)
        try commit(store, [50_000, 50_000, 50_000], .ingest, &ledger)
        try commit(store, [2000, 2000], .ingest, &ledger)
    }

    private func commit(_ store: PackStore, _ sizes: [Int], _ purpose: WritePurpose, _ ledger: inout Ledger) throws {
        var requests: [CommitRequest] = []
        var uids: [String] = []
        for size in sizes {
            let uid = "1.2.\(ledger.next)"
            let bytes = payload(ledger.next, size)
            ledger.next += 1
            ledger.submitted[uid] = bytes
            uids.append(uid)
            guard let draft = try? store.draft(bytes) else { return }
            requests.append(CommitRequest(draft: draft, note: sampleNote(uid)))
        }
        for (uid, result) in zip(uids, store.commit(requests, purpose: purpose)) {
            if case .success(let location) = result { ledger.acknowledged[uid] = location }
        }
        store.waitForUpkeep()
    }

    private func reclaimFirst(_ store: PackStore, _ ledger: inout Ledger) throws {
        guard let first = ledger.acknowledged["1.2.0"] else { return }
        // The index lets go of them before the container is given back.
        for (uid, location) in ledger.acknowledged where location.containerID == first.containerID {
            ledger.acknowledged[uid] = nil
            ledger.withdrawn.insert(uid)
        }
        let id = ContainerID(volumeID: 1, containerID: first.containerID)
        try? store.seal(id)
        try? store.recycle(id)
        store.waitForUpkeep()
    }

    private func eraseOne(_ store: PackStore, _ ledger: inout Ledger) throws {
        guard let location = ledger.acknowledged["1.2.6"] else { return }
        ledger.acknowledged["1.2.6"] = nil
        ledger.withdrawn.insert("1.2.6")
        try? store.seal(ContainerID(volumeID: 1, containerID: location.containerID))
        try? store.erase([location])
    }

    private func check(_ store: PackStore, _ ledger: Ledger, _ context: Comment) throws {
        for (uid, location) in ledger.acknowledged {
            #expect(try store.whole(location) == ledger.submitted[uid], context)
            #expect(try store.verify(location).sopInstanceUID == uid, context)
        }
        let found = try store.scanned()
        for (uid, bytes) in found { #expect(bytes == ledger.submitted[uid], context) }
        for uid in ledger.acknowledged.keys { #expect(found[uid] != nil, context) }
    }

    /// Time passes between any two looks at the clock: packs are prepared in advance at once, not some time later.
    private func environment(_ disk: SimulatedDisk) -> StorageEnvironment {
        let time = SteppingClock()
        var environment = disk.environment
        environment.clock = { time.next() }
        return environment
    }

    private func settings(_ settings: inout PackStoreConfiguration) {
        settings.ingestPackBytes = 160 << 10
        settings.archivePackBytes = 160 << 10
        settings.allocationStepBytes = 32 << 10
    }

    @Test
    func `PACS-4.5.10-1 after a power cut at any write or flush all acknowledged objects are there and nothing is torn`() throws {
        let total = try {
            let folder = TemporaryFolder(inMemory: true)
            let disk = SimulatedDisk()
            let store = try openStore(folder, environment: environment(disk), change: settings)
            var ledger = Ledger()
            try work(store, &ledger)
            try check(store, ledger, "no power cut")
            #expect(ledger.acknowledged.count >= 15)
            return disk.operationCount
        }()
        #expect(total > 100)
        for point in 1...total {
            for chance in 0..<2 { try run(cutAt: point, seed: UInt64(point * 1000 + chance)) }
        }
    }

    private func run(cutAt point: Int, seed: UInt64) throws {
        let context: Comment = "cut at operation \(point), seed \(seed)"
        let folder = TemporaryFolder(inMemory: true)
        let disk = SimulatedDisk { index, _, _ in index == point ? .powerCut : nil }
        var ledger = Ledger()
        do {
            // May fail to open: the cut comes early then.
            guard let store = try? openStore(folder, environment: environment(disk), change: settings) else { return }
            try work(store, &ledger)
            store.close()
        }
        disk.loseUnflushed(seed: seed)
        do {
            let store = try openStore(folder, change: settings)
            try check(store, ledger, context)
            try commit(store, [10_000, 70_000], .ingest, &ledger)
            try commit(store, [30_000], .archive, &ledger)
            #expect(ledger.acknowledged.count >= 3, context)
            try check(store, ledger, context)
        }
        try check(openStore(folder, change: settings), ledger, context)
    }

    @Test func `a torn record at the end is ignored at the start and written over`() throws {
        let folder = TemporaryFolder(inMemory: true)
        let locations = try {
            let store = try openStore(folder)
            return try (0..<3).map { try store.store(payload($0, 30_000), uid: "1.\($0)") }
        }()
        try flipBit(packPath(folder, locations[2]), at: locations[2].payloadOffset + 29_000)
        let store = try openStore(folder)
        #expect(try store.scanned().keys.sorted() == ["1.0", "1.1"])
        let new = try store.store(payload(9, 100), uid: "2")
        #expect(new.offset == locations[2].offset)
        #expect(try store.scanned().keys.sorted() == ["1.0", "1.1", "2"])
    }

    @Test func `remains of an interrupted batch do not come back behind later records`() throws {
        let folder = TemporaryFolder(inMemory: true)
        let (path, batch) = try {
            let store = try openStore(folder)
            _ = try store.store(payload(1, 30_000), uid: "1.0")
            let requests = try (1..<4).map {
                CommitRequest(draft: try store.draft(payload($0, 30_000)), note: sampleNote("1.\($0)"))
            }
            let locations = try store.commit(requests, purpose: .ingest).map { try $0.get() }
            return (try packPath(folder, locations[0]), locations)
        }()
        // As if the power had gone in the middle of the flush: the first of the batch is torn, the others are whole.
        try flipBit(path, at: batch[0].payloadOffset)
        let new = try {
            let store = try openStore(folder)
            #expect(try store.scanned().keys.sorted() == ["1.0"])
            return try store.store(payload(5, 30_000), uid: "2.0")
        }()
        #expect(new == batch[0])
        #expect(try openStore(folder).scanned().keys.sorted() == ["1.0", "2.0"])
    }

    @Test func `what was read back after a crash counts as durable only once flushed again`() throws {
        let folder = TemporaryFolder(inMemory: true)
        let location = try openStore(folder).store(payload(1, 5000))
        let flushes = SimulatedDisk()
        let store = try openStore(folder, environment: flushes.environment)
        #expect(flushes.operationCount >= 1)
        #expect(try store.whole(location) == payload(1, 5000))
    }
}
