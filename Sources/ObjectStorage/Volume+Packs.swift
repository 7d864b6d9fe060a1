import Archive
import Dispatch
import Glibc
import Synchronization

extension Volume {
    private static let pieceBytes = 1 << 20
    private static let idleMilliseconds: Int64 = 500
    private static let upkeepQueue = DispatchQueue(label: "apus.storage.upkeep", qos: .utility)
    private static let zeros = {
        let buffer = AlignedBuffer(capacity: pieceBytes)
        buffer.zero(0..<pieceBytes)
        return buffer
    }()

    /// Waits until everything scheduled before has run.
    static func waitForUpkeep() { upkeepQueue.sync {} }

    func scheduleUpkeep() {
        Self.upkeepQueue.async { [weak self] in self?.performUpkeep() }
    }

    /// Seals full packs, prepares empty ones and deletes surplus blocks.
    func performUpkeep() {
        guard mode == .readWrite, state.withLock({ $0.isOnline }) else { return }
        upkeep.withLock { _ in
            sealPending(ingest)
            sealPending(archive)
            prepareAhead()
            deleteSurplusSpares()
        }
    }

    // MARK: Creation

    /// A new pack: header written, name durable.
    ///
    /// - Parameter initialise: write zeros up to `capacity`, so that later overwrites change no file system metadata.
    func createPack(_ purpose: WritePurpose, capacity: Int64, initialise: Bool) throws(StorageError) -> OpenPack {
        let raw = try rawFile(purpose)
        do throws(StorageError) {
            return try setUp(raw, purpose, capacity: capacity, initialise: initialise)
        } catch {
            // A file without records: nothing is lost with it.
            _ = environment.unlink(filePath(raw))
            invalidateSpace()
            throw error
        }
    }

    private func setUp(
        _ raw: PackName, _ purpose: WritePurpose, capacity: Int64, initialise: Bool
    ) throws(StorageError) -> OpenPack {
        let header = PackHeader(
            volumeID: id, containerID: try takeContainerID(), salt: environment.random(), purpose: purpose,
            createdMilliseconds: environment.wallClock())
        let headerBytes = Int64(PackFormat.packHeaderBytes)
        do throws(SystemFailure) {
            let file = try FileHandle(
                path: filePath(raw), flags: O_RDWR | O_CREAT, direct: settings.usesDirectIO, environment: environment)
            var end = try file.bytes & ~Int64(PackFormat.alignment - 1)
            if end < headerBytes {
                guard claimQuietly(headerBytes, margin: 0) else { throw SystemFailure(operation: "new pack", code: ENOSPC) }
                settle(headerBytes, taken: true)
                end = headerBytes
            }
            try file.write(header.encoded, at: 0)
            if initialise { end = try writeZeros(file, from: end, to: capacity) }
            try file.dataSync()
            let name = PackName(id: header.containerID, purpose: purpose, phase: .open)
            try environment.renameDurably(raw.text, name.text, in: packsPath)
            register(name)
            return OpenPack(
                id: header.containerID, salt: header.salt, file: file, position: headerBytes, allocatedEnd: end, sequence: 0)
        } catch {
            noteFault(error)
            throw failure(error)
        }
    }

    /// A released pack to be used again, or the name of a file not yet there.
    private func rawFile(_ purpose: WritePurpose) throws(StorageError) -> PackName {
        if purpose == .ingest, let spare = state.withLock({ $0.spares.popLast() }) { return spare }
        return PackName(id: try takeContainerID(), purpose: purpose, phase: .spare)
    }

    /// Stops early where space runs short or commits begin: they need the medium more.
    private func writeZeros(_ file: FileHandle, from start: Int64, to end: Int64) throws(SystemFailure) -> Int64 {
        var position = start
        while position < end, isIdle {
            let count = min(end - position, Int64(Self.pieceBytes))
            guard claimQuietly(count, margin: 2 * end) else { break }
            do throws(SystemFailure) {
                try file.write([FileHandle.Piece(buffer: Self.zeros, range: 0..<Int(count))], at: position)
            } catch {
                settle(count, taken: false)
                throw error
            }
            settle(count, taken: true)
            position += count
        }
        return position
    }

    /// Nothing was committed lately.
    private var isIdle: Bool {
        let now = environment.clock()
        let last = ingest.state.withLock { $0.lastCommitAt }
        return last.map { now - $0 >= Self.idleMilliseconds } ?? true
    }

    /// Prepares empty ingest packs: from reclaimed ones at once, by writing through new ones when nothing else goes on.
    ///
    /// As many as were used since the start, within bounds: what came in one burst may come in another.
    private func prepareAhead() {
        let configuration = configuration
        guard settings.initialisesPacks, configuration.purposes.contains(.ingest), !configuration.isDraining else { return }
        let capacity = ingest.capacity(self)
        while true {
            let (ready, wanted) = ingest.state.withLock { state in
                let isHalfFull = (state.current?.position ?? 0) > capacity / 2
                return (state.ready.count, isHalfFull ? state.packsTaken : state.packsTaken - 1)
            }
            // All of them together never take more than a 64th of the free space.
            guard ready < min(wanted, settings.recycledPackLimit), claimQuietly(0, margin: 64 * capacity * Int64(ready + 1)) else {
                return
            }
            if state.withLock({ $0.spares.isEmpty }), !isIdle {
                scheduleUpkeepWhenIdle()
                return
            }
            do throws(StorageError) {
                let pack = try createPack(.ingest, capacity: capacity, initialise: true)
                ingest.state.withLock { $0.ready.append(pack) }
            } catch {
                report(.note, "no ingest pack prepared in advance; the next one is created when needed.")
                return
            }
        }
    }

    private func scheduleUpkeepWhenIdle() {
        let isFirst = state.withLock { state in
            defer { state.isUpkeepDelayed = true }
            return !state.isUpkeepDelayed
        }
        guard isFirst else { return }
        Self.upkeepQueue.asyncAfter(deadline: .now() + .milliseconds(Int(Self.idleMilliseconds))) { [weak self] in
            self?.state.withLock { $0.isUpkeepDelayed = false }
            self?.performUpkeep()
        }
    }

    private func deleteSurplusSpares() {
        let keep = claimQuietly(0, margin: 16 * ingest.capacity(self)) ? settings.recycledPackLimit : 0
        while let spare = state.withLock({ $0.spares.count > keep ? $0.spares.popLast() : nil }) {
            let bytes = environment.facts(path: filePath(spare))?.allocatedBytes ?? 0
            _ = environment.unlink(filePath(spare))
            returned(bytes)
        }
    }

    // MARK: Sealing

    func sealPending(_ writer: PackWriter) {
        for pack in writer.state.withLock({ $0.sealing }) {
            do throws(SystemFailure) {
                try seal(pack, purpose: writer.purpose)
                writer.state.withLock { state in state.sealing.removeAll { $0.id == pack.id } }
            } catch {
                // Stays as it is: readable, tried again with the next upkeep or start.
                report(.fault, "container \(pack.id) cannot be sealed yet: \(error.text).")
            }
        }
    }

    /// Writes the seal, cuts the file behind it and gives it its final name.
    func seal(_ pack: OpenPack, purpose: WritePurpose) throws(SystemFailure) {
        let open = PackName(id: pack.id, purpose: purpose, phase: .open)
        let sealed = PackName(id: pack.id, purpose: purpose, phase: .pack)
        let end = pack.position + Int64(PackFormat.alignment)
        let seal = RecordHeader.seal(containerID: pack.id, salt: pack.salt, offset: pack.position, sequence: pack.sequence)
        try pack.file.write(seal, at: pack.position)
        try pack.file.truncate(to: end)
        try pack.file.dataSync()
        try environment.renameDurably(open.text, sealed.text, in: packsPath)
        register(sealed)
        if pack.allocatedEnd > end { returned(pack.allocatedEnd - end) }
    }

    // MARK: Recovery

    /// Takes up a pack that was open when the last run ended.
    func recover(_ name: PackName) throws(SystemFailure) {
        let file = try FileHandle(
            path: filePath(name), flags: O_RDWR, direct: false, environment: environment)
        let bytes = try file.bytes
        let header = PackHeader(try file.read(128, at: 0))
        guard let header, header.containerID == name.id, header.volumeID == id, header.purpose == name.purpose else {
            report(.damage, "the header of pack \(name.text) is damaged; no record is added there.")
            return
        }
        let found = try PackWalker(file: file, containerID: name.id, end: bytes).committed()
        for gap in found.gaps { reportGap(gap, container: name.id) }
        // What was read may still be in the page cache alone; later marks would call it durable.
        try file.dataSync()
        if found.hasRemains { try file.truncate(to: found.position) }
        let writable = try FileHandle(
            path: filePath(name), flags: O_RDWR, direct: settings.usesDirectIO, environment: environment)
        let size = try writable.bytes & ~Int64(PackFormat.alignment - 1)
        let pack = OpenPack(
            id: name.id, salt: header.salt, file: writable, position: found.position,
            allocatedEnd: max(size, found.position), sequence: (found.records.last?.sequence).map { $0 &+ 1 } ?? 0)
        if found.seal != nil {
            try seal(pack, purpose: name.purpose)
        } else {
            takeUp(pack, purpose: name.purpose)
        }
    }

    private func takeUp(_ pack: OpenPack, purpose: WritePurpose) {
        writer(purpose).state.withLock { state in
            if pack.isEmpty {
                state.ready.append(pack)
            } else {
                // The newest is written on; there is an older one when the last run ended in the middle of a change.
                if let older = state.current { state.sealing.append(older) }
                state.current = pack
            }
        }
    }

    func reportGap(_ gap: Range<Int64>, container: Int64) {
        report(.damage, "container \(container): no readable record from offset \(gap.lowerBound) to \(gap.upperBound).")
    }
}
