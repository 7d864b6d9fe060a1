/// Why an association could not be made or an operation on it failed.
public enum AssociationError: Error, Hashable, Sendable {
    case connectionFailed(reason: String)
    case rejected(AssociateRJ)
    /// The association is over; `end` says how.
    case ended(AssociationEnd.Reason)
    /// No accepted presentation context fits, in the role needed.
    case noPresentationContext(sopClassUID: String, transferSyntaxUID: String?)
    case invalidConfiguration(reason: String)
    /// The peer answered with something other than the response to the request.
    case unexpectedResponse(field: CommandField)
    /// A data set to send could not be read to its end.
    case sourceFailed(reason: String)
    case tls(reason: String)
}

/// The end of an association.
public struct AssociationEnd: Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        case releasedByPeer
        case released
        case rejected(AssociateRJ)
        case abortedByPeer(AbortPDU)
        /// This side aborted on purpose.
        case aborted
        case timedOut(Timeout)
        /// The peer broke the upper layer or message protocol.
        case protocolViolation(ProtocolViolation)
        /// The transport connection closed or failed without release or abort.
        case connectionLost(reason: String)
        /// The server is shutting down.
        case shutdown
    }

    public enum Timeout: Hashable, Sendable {
        /// No complete association request, or no close, in time (PS3.8 §9.1.4).
        case artim
        case idle
        /// A message or response did not come, or a PDU stalled.
        case dimse
    }

    public let reason: Reason
    /// Operations that had begun and not ended, invoked or performed.
    public let unfinishedOperations: Int
}

/// What the peer did wrong.
public enum ProtocolViolation: Error, Hashable, Sendable {
    case pdu(PDUError)
    case message(MessageError)
    /// A PDU that PS3.8 Table 9-10 does not allow in this state.
    case unexpectedPDU(state: UpperLayerState)
    /// An answered context that was not proposed, or a transfer syntax that was not offered.
    case invalidAnswer(contextID: UInt8)
}
