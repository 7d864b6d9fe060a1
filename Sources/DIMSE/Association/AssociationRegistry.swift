import NIOCore
import Synchronization

/// Who is connected to a server, and how many more may be.
final class AssociationRegistry: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        /// Admitted, by connection; the value is the peer's address.
        var admitted: [UInt64: String] = [:]
        var perPeer: [String: Int] = [:]
        var associations: [UInt64: Association] = [:]
        var isDraining = false
    }

    private let limits: AssociationLimits
    private let state = Mutex(State())

    init(limits: AssociationLimits) { self.limits = limits }

    /// - Returns: `false` when the connection is one too many.
    func connected(_ channel: any Channel) -> Bool {
        let key = ObjectIdentifier(channel)
        let isAdmitted = state.withLock {
            guard $0.channels.count < limits.maximumConnections, !$0.isDraining else { return false }
            $0.channels[key] = channel
            return true
        }
        if isAdmitted { channel.closeFuture.whenComplete { _ in self.disconnected(key) } }
        return isAdmitted
    }

    private func disconnected(_ key: ObjectIdentifier) { state.withLock { $0.channels[key] = nil } }

    /// Counts an association request in, or says why it is refused.
    func admit(_ connection: ConnectionInfo) -> AssociateRJ? {
        state.withLock {
            guard !$0.isDraining else { return .temporaryCongestion }
            let ofPeer = $0.perPeer[connection.peerAddress] ?? 0
            guard $0.admitted.count < limits.maximumAssociations, ofPeer < limits.maximumAssociationsPerPeer else {
                return .localLimitExceeded
            }
            $0.admitted[connection.id] = connection.peerAddress
            $0.perPeer[connection.peerAddress] = ofPeer + 1
            return nil
        }
    }

    func established(_ association: Association) {
        state.withLock { $0.associations[association.connection.id] = association }
    }

    func ended(_ connection: ConnectionInfo) {
        state.withLock {
            $0.associations[connection.id] = nil
            guard let peer = $0.admitted.removeValue(forKey: connection.id), let count = $0.perPeer[peer] else {
                return
            }
            $0.perPeer[peer] = count > 1 ? count - 1 : nil
        }
    }

    func beginDraining() { state.withLock { $0.isDraining = true } }

    var associations: [Association] {
        state.withLock { $0.associations.values.sorted { $0.connection.id < $1.connection.id } }
    }

    var connectionCount: Int { state.withLock { $0.channels.count } }
    var channels: [any Channel] { state.withLock { Array($0.channels.values) } }
}
