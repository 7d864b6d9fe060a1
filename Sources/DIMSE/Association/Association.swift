import DICOMCore
import NIOCore
import Synchronization

/// An established association, seen from either side; safe to use from any thread or task.
///
/// Operations may be invoked by the side that has the service class user role of the presentation context. As many
/// run at a time as were negotiated; further calls wait.
public final class Association: Sendable {
    public let connection: ConnectionInfo
    /// This side requested the association.
    public let isRequestor: Bool
    public let callingAETitle: String
    public let calledAETitle: String
    /// The accepted ones.
    public let presentationContexts: [PresentationContext]
    /// What the peer said of itself.
    public let peerUserInformation: UserInformation
    /// Operations this side may have outstanding.
    public let maximumInvokedOperations: Int

    let channel: any Channel
    let driver: NIOLoopBound<AssociationChannelHandler>
    let limits: AssociationLimits
    let fragmenter: PDVFragmenter
    private let counters = Mutex(AssociationStatistics())

    init(_ negotiated: NegotiatedAssociation, channel: any Channel, driver: NIOLoopBound<AssociationChannelHandler>) {
        connection = negotiated.connection
        isRequestor = negotiated.isRequestor
        callingAETitle = negotiated.callingAETitle
        calledAETitle = negotiated.calledAETitle
        presentationContexts = negotiated.contexts
        peerUserInformation = negotiated.peerUserInformation
        maximumInvokedOperations = negotiated.maximumInvoked
        limits = negotiated.limits
        fragmenter = negotiated.fragmenter
        self.channel = channel
        self.driver = driver
    }

    /// What has passed so far, for live displays.
    public var statistics: AssociationStatistics { counters.withLock { $0 } }

    func count(_ change: (inout AssociationStatistics) -> Void) { counters.withLock { change(&$0) } }

    /// The first accepted context for an abstract syntax in which this side is service class user.
    ///
    /// - Parameter transferSyntaxUID: `nil` for any.
    public func invokableContext(sopClassUID: String, transferSyntaxUID: String? = nil) -> PresentationContext? {
        presentationContexts.first {
            $0.isLocalSCU && $0.abstractSyntax == sopClassUID
                && (transferSyntaxUID == nil || $0.transferSyntax.uid == transferSyntaxUID)
        }
    }

    /// Releases the association and waits for the peer's confirmation and the close (PS3.8 §7.2).
    ///
    /// Call it when no operation is outstanding. Has no effect on an association that has ended.
    public func release() async {
        let driver = driver
        channel.eventLoop.execute { driver.value.requestRelease() }
        try? await channel.closeFuture.get()
    }

    /// Aborts the association; outstanding operations fail.
    public func abort() async {
        abort(reason: .aborted)
        try? await channel.closeFuture.get()
    }

    /// As ``abort()``, without waiting.
    public func abortImmediately() { abort(reason: .aborted) }

    func abort(reason: AssociationEnd.Reason) {
        let driver = driver
        channel.eventLoop.execute { driver.value.abort(reason: reason) }
    }

    /// Returns when the transport connection is closed.
    public func waitUntilClosed() async { try? await channel.closeFuture.get() }

    /// Runs `body` on the event loop.
    func onLoop<Value: Sendable>(
        _ body: @escaping @Sendable (AssociationChannelHandler) throws -> Value
    ) async throws -> Value {
        let driver = driver
        return try await channel.eventLoop.submit { try body(driver.value) }.get()
    }
}

/// Counts since an association was established.
public struct AssociationStatistics: Hashable, Sendable {
    /// Operations performed for the peer and ended.
    public var performedOperations = 0
    /// Operations invoked on the peer and ended.
    public var invokedOperations = 0
    public var storedInstances = 0
    /// Bytes of data sets.
    public var receivedBytes = 0
    public var sentBytes = 0
}

/// The outcome of a negotiation, the same on both sides.
struct NegotiatedAssociation {
    var connection: ConnectionInfo
    var isRequestor: Bool
    var callingAETitle: String
    var calledAETitle: String
    var contexts: [PresentationContext]
    var peerUserInformation: UserInformation
    /// Operations this side may invoke, and performs, at a time.
    var maximumInvoked: Int
    var maximumPerformed: Int
    var limits: AssociationLimits
    var fragmenter: PDVFragmenter
}
