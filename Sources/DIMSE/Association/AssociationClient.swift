import DICOMCore
public import NIOCore
import NIOPosix

/// Requests associations (the service class user's side).
public struct AssociationClient: Sendable {
    /// The peer and what is asked of it.
    public struct Configuration: Sendable {
        public var host: String
        public var port: Int
        public var calledAETitle: String
        public var callingAETitle: String
        public var presentationContexts: [ProposedPresentationContext]
        public var roleSelections: [RoleSelection] = []
        public var extendedNegotiations: [SOPClassExtendedNegotiation] = []
        public var commonExtendedNegotiations: [SOPClassCommonExtendedNegotiation] = []
        public var userIdentity: UserIdentity?
        /// Left out by default: some peers cannot cope with the item at all.
        public var asynchronousOperationsWindow: AsynchronousOperationsWindow?
        public var tls: TLSSettings?
        /// Decides on the certificate the peer shows, in its DER form, after the authorities vouched for it and before
        /// anything is sent; `nil` takes it.
        public var acceptsPeerCertificate: (@Sendable (_ der: [UInt8]) -> Bool)?
        public var limits: AssociationLimits = .default

        public init(
            host: String, port: Int, calledAETitle: String, callingAETitle: String,
            presentationContexts: [ProposedPresentationContext]
        ) {
            self.host = host
            self.port = port
            self.calledAETitle = calledAETitle
            self.callingAETitle = callingAETitle
            self.presentationContexts = presentationContexts
        }

        func request() throws(AssociationError) -> AssociateRQ {
            guard (1...UpperLayerConstants.maximumPresentationContexts).contains(presentationContexts.count) else {
                throw .invalidConfiguration(reason: "1 to 128 presentation contexts can be proposed")
            }
            var information = UserInformation(
                maximumPDULength: UInt32(clamping: limits.maximumPDULength),
                implementationClassUID: Implementation.classUID,
                implementationVersionName: Implementation.versionName)
            information.asynchronousOperationsWindow = asynchronousOperationsWindow
            information.roleSelections = roleSelections
            information.extendedNegotiations = extendedNegotiations
            information.commonExtendedNegotiations = commonExtendedNegotiations
            information.userIdentity = userIdentity
            let request = AssociateRQ(
                calledAETitle: calledAETitle, callingAETitle: callingAETitle,
                presentationContexts: presentationContexts, userInformation: information)
            // Too long titles and the like are found here, before any connection is made.
            do throws(PDUError) { _ = try PDU.associateRQ(request).encoded() } catch {
                throw .invalidConfiguration(reason: "the association request cannot be encoded: \(error)")
            }
            return request
        }
    }

    private let group: any EventLoopGroup

    public init(group: any EventLoopGroup) { self.group = group }

    /// Connects and negotiates.
    ///
    /// - Parameter handler: performs what the peer invokes on this side, such as N-EVENT-REPORT; by default nothing.
    /// - Throws: ``AssociationError``. An association without any accepted context is returned, not thrown.
    public func connect(
        _ configuration: Configuration, handler: (any AssociationHandler)? = nil
    ) async throws -> Association {
        let request = try configuration.request()
        let security = try configuration.tls.map {
            try ClientTLS($0, host: configuration.host, accepts: configuration.acceptsPeerCertificate)
        }
        let limits = configuration.limits
        let handler = handler ?? PassiveHandler()
        let eventLoop = group.next()
        let promise = eventLoop.makePromise(of: Association.self)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(limits.connect)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.recvAllocator, value: SocketSetup.receiveAllocator)
            .channelOption(.maxMessagesPerRead, value: SocketSetup.maximumMessagesPerRead)
            .channelOption(.writeBufferWaterMark, value: SocketSetup.writeBufferWaterMark)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let security { try security.add(to: channel.pipeline.syncOperations) }
                    try channel.pipeline.syncOperations.addHandler(
                        AssociationChannelHandler(
                            side: .requestor(request, promise), handler: handler, limits: limits))
                }
            }
        do {
            let channel = try await bootstrap.connect(host: configuration.host, port: configuration.port).get()
            return try await withTaskCancellationHandler {
                try await promise.futureResult.get()
            } onCancel: {
                channel.close(promise: nil)
            }
        } catch let error as AssociationError {
            throw error
        } catch {
            promise.fail(error)
            throw AssociationError.connectionFailed(reason: SocketSetup.describe(error))
        }
    }
}

/// Performs nothing for the peer.
private final class PassiveHandler: AssociationHandler {
    func negotiate(_ request: AssociationRequest) async -> NegotiationAnswer { .reject(.noReasonGiven) }
}
