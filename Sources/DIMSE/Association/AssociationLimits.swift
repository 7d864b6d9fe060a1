public import NIOCore

/// Bounds and timers of associations, for providers and users alike.
public struct AssociationLimits: Hashable, Sendable {
    /// Largest P-DATA-TF variable field we receive, offered in negotiation; bytes.
    public var maximumPDULength = 262_144
    /// Largest P-DATA-TF variable field we send, however much the peer would take; bytes.
    public var maximumSentPDULength = 262_144
    /// Association requests and answers beyond this are refused unread; bytes.
    public var maximumControlPDULength = 262_144
    public var maximumCommandBytes = 65_536
    /// Identifiers and attribute lists, which are held in memory; bytes.
    public var maximumIdentifierBytes = 16 << 20
    /// Associations at a time; more are rejected (local limit exceeded).
    public var maximumAssociations = 256
    public var maximumAssociationsPerPeer = 64
    /// Connections at a time, associated or not; more are closed at once.
    public var maximumConnections = 1024
    /// Operations at a time on one association that we perform for, or invoke on, a peer that negotiates more than one.
    public var maximumOperations = 16
    /// From connection to a complete association request, and from our last PDU to the close (PS3.8 §9.1.4).
    public var artim: TimeAmount = .seconds(30)
    /// Without any message on a standing association.
    public var idle: TimeAmount = .minutes(10)
    /// Within a message: for each PDU to complete; for a response (pending ones count) to an operation.
    public var dimse: TimeAmount = .seconds(60)
    /// For the TCP connection of a service class user.
    public var connect: TimeAmount = .seconds(10)

    public init() {}
    public static let `default` = AssociationLimits()
}
