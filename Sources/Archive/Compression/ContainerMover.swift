import DICOMCore

/// Moves everything that lives in one container to the long-term area, compressed where that gains, then gives the
/// container back. Also how a volume is drained.
///
/// Order, so that a crash at any instant loses nothing: new record durable, index row moved, index durable, and only
/// then is the old container recycled.
package struct ContainerMover: Sendable {
    package struct Report: Hashable, Sendable {
        package var moved = 0
        package var compressed = 0
        package var bytesBefore: Int64 = 0
        package var bytesAfter: Int64 = 0
        /// Objects that could not be read; their container stays.
        package var unreadable: [String] = []
        /// Nothing in the container is referred to any more, and that is durable.
        package var isEmptied = false

        package init() {}
    }

    private let store: any ContainerMaintenance
    private let index: any InstanceIndex
    private let target: TransferSyntax?

    package init(store: any ContainerMaintenance, index: any InstanceIndex, compression: CompressionAtRest) {
        self.store = store
        self.index = index
        target = compression.transferSyntax
    }

    /// - Parameter shouldStop: asked between batches; what has moved by then stays moved.
    package func move(_ container: ContainerID, shouldStop: () -> Bool = { false }) throws -> Report {
        var report = Report()
        let instances = try index.instances(in: container)
        var start = 0
        while start < instances.count, !shouldStop() {
            let batch = nextBatch(instances, from: start)
            start += batch.count
            try move(batch, &report)
        }
        report.isEmptied = start == instances.count && report.unreadable.isEmpty
        if report.isEmptied { try index.flush() }
        return report
    }

    /// Gives the space of an emptied container back. Readers that looked up an object before it moved still need the old
    /// place for a while, so a server waits before it calls this.
    package func recycle(_ container: ContainerID) throws {
        // A sealed container gets no new arrivals.
        if try index.instances(in: container).isEmpty { try store.recycle(container) }
    }

    private static let batchBytes: Int64 = 16 << 20

    private func nextBatch(_ instances: [StoredInstance], from start: Int) -> ArraySlice<StoredInstance> {
        var end = start
        var bytes: Int64 = 0
        while end < instances.count, bytes < Self.batchBytes, end - start < 64 {
            bytes += instances[end].location.payloadBytes
            end += 1
        }
        return instances[start..<end]
    }

    private func move(_ batch: ArraySlice<StoredInstance>, _ report: inout Report) throws {
        var requests: [CommitRequest] = []
        var planned: [(instance: StoredInstance, frames: FrameLayout, syntaxUID: String)] = []
        for instance in batch {
            do {
                let plan = try prepare(instance, &report)
                requests.append(plan.request)
                planned.append((instance, plan.frames, plan.syntaxUID))
            } catch {
                report.unreadable.append(instance.sopInstanceUID)
            }
        }
        let results = store.commit(requests, purpose: .archive)
        var moves: [Relocation] = []
        for (plan, result) in zip(planned, results) {
            let location = try result.get()
            report.bytesBefore += plan.instance.location.recordBytes
            report.bytesAfter += location.recordBytes
            moves.append(
                Relocation(
                    instanceKey: plan.instance.instanceKey, from: plan.instance.location, to: location,
                    frames: plan.frames, storedTransferSyntaxUID: plan.syntaxUID))
        }
        let applied = try index.relocate(moves)
        report.moved += applied.count { $0 }
    }

    private func prepare(
        _ instance: StoredInstance, _ report: inout Report
    ) throws -> (request: CommitRequest, frames: FrameLayout, syntaxUID: String) {
        var note = try store.verify(instance.location)
        if let target, let compressed = try ObjectCompressor(store: store, target: target).compress(instance) {
            report.compressed += 1
            note.restoration = compressed.restoration
            let draft = try store.makeDraft(expectedBytes: compressed.payload.count)
            try Self.append(compressed.payload[...], to: draft)
            return (CommitRequest(draft: draft, note: note), compressed.frames, target.uid)
        }
        let draft = try store.makeDraft(expectedBytes: Int(instance.location.payloadBytes))
        let total = Int(instance.location.payloadBytes)
        for start in stride(from: 0, to: total, by: 4 << 20) {
            let range = start..<min(start + 4 << 20, total)
            try Self.append(try store.read(instance.location, range: range)[...], to: draft)
        }
        return (CommitRequest(draft: draft, note: note), instance.frames, instance.storedTransferSyntaxUID)
    }

    private static func append(_ bytes: ArraySlice<UInt8>, to draft: any ObjectDraft) throws {
        try bytes.withUnsafeBytes { try draft.append($0) }
    }
}
