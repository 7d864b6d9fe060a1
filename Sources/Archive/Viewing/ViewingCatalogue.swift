import DICOMCore
import Synchronization

/// A series ready to be shown: its part of the manifest, and the order of its frames.
package struct PreparedSeries: Hashable, Sendable {
    package var seriesInstanceUID: String
    /// Names the content: changes when objects come, not when they move.
    package var revision: String
    /// JSON.
    package var text: [UInt8]
    package var order: FrameOrder

    package init(seriesInstanceUID: String, revision: String, text: [UInt8], order: FrameOrder) {
        self.seriesInstanceUID = seriesInstanceUID
        self.revision = revision
        self.text = text
        self.order = order
    }
}

/// Keeps prepared series between runs. What it loses is made again. Blocking.
package protocol ViewingStore: Sendable {
    /// `nil` when there is none of this revision.
    func prepared(_ seriesInstanceUID: String, revision: String) throws(IndexError) -> PreparedSeries?
    func keep(_ prepared: PreparedSeries) throws(IndexError)
}

/// Prepares series for viewing, once for each content. Blocking; call from threads that may block.
package final class ViewingCatalogue: Sendable {
    private let reader: ObjectReader
    private let store: (any ViewingStore)?
    package let previews: (any PreviewStore)?
    private let recent = Mutex(Recent())

    package init(reader: ObjectReader, store: (any ViewingStore & PreviewStore)?) {
        self.reader = reader
        self.store = store
        previews = store
    }

    /// Counts up when what the manifest says changes, so that older ones are not used.
    private static let format: UInt64 = 1

    /// Of the objects of one series, in the order the index gives them.
    package static func revision(_ instances: [StoredInstance]) -> String {
        // FNV-1a: names content, protects nothing.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ value: UInt64) {
            for shift in stride(from: 0, to: 64, by: 8) { hash = (hash ^ (value >> UInt64(shift) & 0xFF)) &* 0x100_0000_01B3 }
        }
        add(format)
        for instance in instances {
            add(UInt64(bitPattern: instance.instanceKey))
            for byte in instance.dataSetDigest.prefix(8) { add(UInt64(byte)) }
        }
        let text = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    /// What is kept of the series; `nil` when it has to be made.
    package func kept(_ instances: [StoredInstance]) -> PreparedSeries? {
        guard let uid = instances.first?.seriesInstanceUID else { return nil }
        let revision = Self.revision(instances)
        if let found = recent.withLock({ $0.find(uid, revision) }) { return found }
        // A cache that cannot be read is no cache; the series is made again.
        guard let found = try? store?.prepared(uid, revision: revision) else { return nil }
        recent.withLock { $0.keep(found) }
        return found
    }

    /// What one object contributes; many may be read at the same time.
    package func object(_ instance: StoredInstance) -> ViewingSeries {
        if let header = try? header(instance) { return ViewingSeries(header, instance) }
        // Damaged objects stay in the list, so that their absence is seen; the stream tells the reason.
        return ViewingSeries(unreadable: instance)
    }

    /// Objects without pixels may be long recordings or documents, of which only the attributes are wanted.
    private func header(_ instance: StoredInstance) throws(RetrieveError) -> DataSet {
        let isLong = instance.frames == .none && instance.location.payloadBytes > 1 << 20
        return isLong ? try reader.content(of: instance).header : try reader.header(of: instance)
    }

    /// Puts the objects of a series together and keeps the result.
    package func prepare(_ instances: [StoredInstance], _ objects: [ViewingSeries]) -> PreparedSeries {
        let revision = Self.revision(instances)
        let series = ViewingSeries(merging: objects)
        let prepared = PreparedSeries(
            seriesInstanceUID: instances.first?.seriesInstanceUID ?? "", revision: revision,
            text: series.encoded(revision: revision), order: FrameOrder(series))
        recent.withLock { $0.keep(prepared) }
        // Not kept on a full disk: made again next time.
        do { try store?.keep(prepared) } catch {}
        return prepared
    }

    /// Kept or made, on this thread.
    package func series(_ instances: [StoredInstance]) -> PreparedSeries {
        kept(instances) ?? prepare(instances, instances.map { object($0) })
    }
}

extension ViewingSeries {
    fileprivate init(unreadable instance: StoredInstance) {
        seriesInstanceUID = instance.seriesInstanceUID
        attributes = [ViewingAttributes(DataSet())]
        instances = [
            ViewingInstance(
                sopInstanceUID: instance.sopInstanceUID, sopClassUID: instance.sopClassUID, kind: .unknown, instanceNumber: nil,
                numberOfFrames: 0, isQuarantined: true, attributes: 0)
        ]
    }
}

/// The series used last, within a budget.
private struct Recent {
    private var series: [String: PreparedSeries] = [:]
    /// Least recently used first.
    private var uids: [String] = []
    private var bytes = 0

    private static let budgetBytes = 32 << 20

    mutating func find(_ uid: String, _ revision: String) -> PreparedSeries? {
        guard let found = series[uid], found.revision == revision else { return nil }
        uids.removeAll { $0 == uid }
        uids.append(uid)
        return found
    }

    mutating func keep(_ prepared: PreparedSeries) {
        remove(prepared.seriesInstanceUID)
        series[prepared.seriesInstanceUID] = prepared
        uids.append(prepared.seriesInstanceUID)
        bytes += Self.size(prepared)
        while bytes > Self.budgetBytes, uids.count > 1 { remove(uids[0]) }
    }

    private mutating func remove(_ uid: String) {
        guard let old = series.removeValue(forKey: uid) else { return }
        bytes -= Self.size(old)
        uids.removeAll { $0 == uid }
    }

    private static func size(_ prepared: PreparedSeries) -> Int {
        prepared.text.count + prepared.order.frames.count * MemoryLayout<FrameOrder.Frame>.stride
    }
}
