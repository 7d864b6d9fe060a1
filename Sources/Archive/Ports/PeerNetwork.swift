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
}

package enum SendOutcome: Hashable, Sendable {
    case sent
    /// Stored with a warning status by the peer.
    case warned(status: UInt16)
    /// The peer refused or the object could not be given in any transfer syntax it accepts.
    case refused(code: String, reason: String)
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
