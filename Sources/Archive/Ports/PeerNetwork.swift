/// Sending to other application entities, implemented over DIMSE by the server.
package protocol PeerNetwork: Sendable {
    /// Sends instances over one association.
    ///
    /// - Parameters:
    ///   - destination: AE title of a registered device.
    ///   - report: called after each instance, in order.
    /// - Throws: `PeerFailure` when no association could be had or it broke; instances not reported were not sent.
    func send(
        _ instances: [StoredInstance], to destination: String, report: @escaping @Sendable (Int, SendOutcome) -> Void
    ) async throws(PeerFailure)

    /// Delivers one N-EVENT-REPORT of Storage Commitment (PS3.4 §J.3.3) over a new association.
    func report(_ result: CommitmentResult, to destination: String) async throws(PeerFailure)

    /// Asks a device to commit to the storage of instances (PS3.4 §J.3.2). The result may come over this association or,
    /// later, over one of the device's.
    ///
    /// - Parameter result: takes a result that comes over this association; `false` when it was not asked for.
    func requestCommitment(
        transactionUID: String, references: [CommittedReference], of destination: String,
        result: @escaping @Sendable (CommitmentResult) throws -> Bool
    ) async throws(PeerFailure)
}

package enum SendOutcome: Hashable, Sendable {
    case sent
    /// Stored with a warning status by the peer.
    case warned(status: UInt16)
    /// The peer refused or the object could not be given in any transfer syntax it accepts.
    case refused(code: String, reason: String)

    /// The peer has the object.
    package var isTaken: Bool { if case .refused = self { false } else { true } }
}

/// An association failed; whether to try again is for the caller's rules.
package struct PeerFailure: Error, Hashable, Sendable {
    package var reason: String
    /// Trying again may help: refused connections, aborts, time-outs. `false` for an unknown destination.
    package var isTransient: Bool

    package init(reason: String, isTransient: Bool) {
        self.reason = reason
        self.isTransient = isTransient
    }
}
