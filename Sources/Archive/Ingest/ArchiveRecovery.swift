package import DICOMCore

/// Rebuilds index rows from records: after a crash for the few that lack one, and for `apus reindex` for all.
package struct ArchiveRecovery: Sendable {
    package struct Report: Hashable, Sendable {
        package var scanned = 0
        package var added = 0
        package var duplicates = 0
        package var conflicts = 0
        /// Records whose payload could not be read as an object, with the reason.
        package var unreadable: [String] = []

        package init() {}
    }

    private let store: any ObjectStore
    private let index: any InstanceIndex
    private let limits: ParsingLimits

    package init(store: any ObjectStore, index: any InstanceIndex, limits: ParsingLimits) {
        self.store = store
        self.index = index
        self.limits = limits
    }

    private static let batch = 500

    /// Registers every record the index does not know.
    ///
    /// - Parameters:
    ///   - container: the only one to look at; `nil` for all.
    ///   - progress: called after each batch with the records seen so far.
    package func adopt(in container: ContainerID?, progress: (Report) -> Void = { _ in }) throws -> Report {
        var report = Report()
        var pending: [InstanceEntry] = []
        var failure: (any Error)?
        try store.scan(from: container) { location, note in
            if let container, !location.isIn(container) { return false }
            report.scanned += 1
            do {
                guard try !index.isIndexed(location) else { return true }
                do { pending.append(try entry(location, note)) } catch let error as IngestRefusal {
                    report.unreadable.append("\(note.sopInstanceUID): \(error.reason)")
                    return true
                }
                if pending.count >= Self.batch {
                    try register(&pending, &report)
                    progress(report)
                }
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        try register(&pending, &report)
        progress(report)
        return report
    }

    private func register(_ pending: inout [InstanceEntry], _ report: inout Report) throws {
        guard !pending.isEmpty else { return }
        let outcomes = try index.register(pending)
        for (entry, outcome) in zip(pending, outcomes) {
            switch outcome {
            case .added: report.added += 1
            case .conflict: report.conflicts += 1
            case .duplicate:
                report.duplicates += 1
                try store.release([entry.location])
            }
        }
        pending.removeAll(keepingCapacity: true)
    }

    /// The row of a stored record, from its payload and note alone.
    package func entry(_ location: ObjectLocation, _ note: RecordNote) throws -> InstanceEntry {
        let source = RecordByteSource(store: store, location: location)
        let head: Part10.Head
        do { head = try Part10.readHead(source, options: .strict) } catch {
            throw IngestRefusal(.cannotUnderstand, "\(error)")
        }
        let declared = DeclaredIdentity(
            sopClassUID: head.meta?.mediaStorageSOPClassUID ?? "",
            sopInstanceUID: head.meta?.mediaStorageSOPInstanceUID ?? "", transferSyntaxUID: head.syntax.uid, isBinding: false)
        var inspected = try ObjectInspector(limits: limits).inspect(
            source, dataSetOffset: head.dataSetOffset, declared: declared)
        var receivedSyntaxUID = head.syntax.uid
        var dataSetBytes = Int(location.payloadBytes) - head.dataSetOffset
        if !note.restoration.isEmpty {
            let restoration = try Restoration(encoded: note.restoration)
            let received = TransferSyntax(uid: restoration.transferSyntaxUID)
            receivedSyntaxUID = restoration.transferSyntaxUID
            dataSetBytes = restoration.prefix.count + restoration.suffix.count + Self.nativeBytes(inspected.header)
            inspected.header = try DataSetReader(syntax: received, tolerance: .lenient).readHeader(
                restoration.prefix, stopBefore: Tag(0x7FE0, 0x0008)).dataSet
        }
        return InstanceEntry(
            header: inspected.header, sopClassUID: inspected.filed.sopClassUID,
            sopInstanceUID: inspected.filed.sopInstanceUID, studyInstanceUID: inspected.filed.studyInstanceUID,
            seriesInstanceUID: inspected.filed.seriesInstanceUID, transferSyntaxUID: receivedSyntaxUID,
            storedTransferSyntaxUID: head.syntax.uid, location: location, frames: inspected.frames, note: note,
            dataSetBytes: dataSetBytes)
    }

    private static func nativeBytes(_ header: DataSet) -> Int {
        let factors = [Tag.rows, .columns, .samplesPerPixel].map { header.int($0) ?? 1 }
        return factors.reduce((header.int(.numberOfFrames) ?? 1) * (header.int(.bitsAllocated) ?? 8) / 8, *)
    }
}

extension ObjectLocation {
    fileprivate func isIn(_ container: ContainerID) -> Bool {
        volumeID == container.volumeID && containerID == container.containerID
    }
}

/// Reads the payload of a stored record.
struct RecordByteSource: ByteSource {
    let store: any ObjectStore
    let location: ObjectLocation

    var count: Int { Int(location.payloadBytes) }

    func read(at offset: Int, count: Int) throws(DataSetError) -> ArraySlice<UInt8> {
        do { return try store.read(location, range: offset..<offset + count)[...] } catch {
            throw .sourceUnreadable(code: 0, offset: offset)
        }
    }
}
