package import DIMSE
import Synchronization

/// Which associations stand and what passes over them, for status displays and orderly stops (PACS-4.2.2-d).
package final class TransferMonitor: Sendable {
    package struct Entry: Sendable {
        package var id: UInt64
        package var peerAETitle: String
        package var peerAddress: String
        package var isInbound: Bool
        package var sinceMilliseconds: Int64
        package var statistics: AssociationStatistics
    }

    private struct Item {
        var association: Association
        var since: Int64
    }

    private let items = Mutex<[UInt64: Item]>([:])
    private let web = Mutex<[Int: String]>([:])
    private let nextWeb = Atomic<Int>(0)

    package init() {}

    func began(_ association: Association, at milliseconds: Int64) {
        items.withLock { $0[association.connection.id] = Item(association: association, since: milliseconds) }
    }

    func ended(_ association: Association) {
        _ = items.withLock { $0.removeValue(forKey: association.connection.id) }
    }

    /// Counts an upload, download or import as running until `body` returns.
    func running<Value>(_ description: String, _ body: () async throws -> Value) async rethrows -> Value {
        let key = nextWeb.add(1, ordering: .relaxed).newValue
        web.withLock { $0[key] = description }
        defer { web.withLock { $0[key] = nil } }
        return try await body()
    }

    /// What a stop would interrupt, a line each.
    ///
    /// - Parameter aeTitle: only associations with this device; `nil` for all that runs.
    package func descriptions(of aeTitle: String? = nil) -> [String] {
        let associations = entries().filter { aeTitle == nil || $0.peerAETitle == aeTitle }.map { entry in
            let count = entry.statistics.storedInstances
            return "association \(entry.isInbound ? "from" : "to") \(entry.peerAETitle) (\(entry.peerAddress)), "
                + "\(count) objects received, \(entry.statistics.receivedBytes) bytes in, \(entry.statistics.sentBytes) bytes out"
        }
        return associations + (aeTitle == nil ? web.withLock { $0.values.sorted() } : [])
    }

    /// Standing associations, oldest first.
    package func entries() -> [Entry] {
        items.withLock { Array($0.values) }.map { item in
            let association = item.association
            return Entry(
                id: association.connection.id,
                peerAETitle: association.isRequestor ? association.calledAETitle : association.callingAETitle,
                peerAddress: association.connection.peerAddress, isInbound: !association.isRequestor,
                sinceMilliseconds: item.since, statistics: association.statistics)
        }.sorted { $0.sinceMilliseconds < $1.sinceMilliseconds }
    }
}
