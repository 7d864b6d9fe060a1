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

    package init() {}

    func began(_ association: Association, at milliseconds: Int64) {
        items.withLock { $0[association.connection.id] = Item(association: association, since: milliseconds) }
    }

    func ended(_ association: Association) {
        _ = items.withLock { $0.removeValue(forKey: association.connection.id) }
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
