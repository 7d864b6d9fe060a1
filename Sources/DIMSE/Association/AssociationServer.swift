public import NIOCore
import NIOPosix
import Synchronization

/// Listens for associations and hands each to a handler of its own (the service class provider's side).
public final class AssociationServer: Sendable {
    public struct Configuration: Sendable {
        /// A numeric address or host name; `::` listens on IPv6 and IPv4.
        public var host: String
        /// 0 lets the system choose; see ``AssociationServer/localPort``.
        public var port: Int
        public var tls: TLSSettings?
        public var limits: AssociationLimits

        public init(
            host: String = "0.0.0.0", port: Int = 11112, tls: TLSSettings? = nil, limits: AssociationLimits = .default
        ) {
            self.host = host
            self.port = port
            self.tls = tls
            self.limits = limits
        }
    }

    public let configuration: Configuration
    private let registry: AssociationRegistry
    private let channel: any Channel

    private init(configuration: Configuration, registry: AssociationRegistry, channel: any Channel) {
        self.configuration = configuration
        self.registry = registry
        self.channel = channel
    }

    /// Binds and begins to accept.
    ///
    /// - Parameter makeHandler: called on an event loop for each connection, before anything is known of the peer.
    public static func start(
        _ configuration: Configuration, group: any EventLoopGroup,
        makeHandler: @escaping @Sendable () -> any AssociationHandler
    ) async throws -> AssociationServer {
        let registry = AssociationRegistry(limits: configuration.limits)
        let security = try configuration.tls.map { try ServerTLS($0) }
        let limits = configuration.limits
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.recvAllocator, value: SocketSetup.receiveAllocator)
            .childChannelOption(.maxMessagesPerRead, value: SocketSetup.maximumMessagesPerRead)
            .childChannelOption(.writeBufferWaterMark, value: SocketSetup.writeBufferWaterMark)
            .childChannelInitializer { channel in
                guard registry.connected(channel) else {
                    return channel.eventLoop.makeFailedFuture(AssociationError.ended(.shutdown))
                }
                return channel.eventLoop.makeCompletedFuture {
                    if let security { try security.add(to: channel.pipeline.syncOperations) }
                    try channel.pipeline.syncOperations.addHandler(
                        AssociationChannelHandler(side: .acceptor(registry), handler: makeHandler(), limits: limits))
                }
            }
        let channel = try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
        return AssociationServer(configuration: configuration, registry: registry, channel: channel)
    }

    /// The port bound.
    public var localPort: Int { channel.localAddress?.port ?? 0 }

    /// The associations that stand now, oldest first.
    public var associations: [Association] { registry.associations }

    /// Open connections, associated or not.
    public var connectionCount: Int { registry.connectionCount }

    /// Stops listening, lets what runs come to its end, aborts what is left.
    ///
    /// New association requests on open connections are rejected as temporary congestion. Associations without
    /// operations are aborted once they have been quiet for `quiet`.
    public func shutdown(grace: Duration = .seconds(30), quiet: Duration = .seconds(2)) async {
        registry.beginDraining()
        try? await channel.close()
        let clock = ContinuousClock()
        let deadline = clock.now + grace
        while registry.connectionCount > 0, clock.now < deadline {
            for association in registry.associations { association.abortIfQuiet(for: quiet) }
            try? await clock.sleep(for: .milliseconds(20))
        }
        for association in registry.associations { association.abort(reason: .shutdown) }
        // Time for the aborts to go out; whoever does not close then is closed.
        let farewell = clock.now + .milliseconds(500)
        while registry.connectionCount > 0, clock.now < farewell { try? await clock.sleep(for: .milliseconds(5)) }
        for channel in registry.channels { try? await channel.close() }
    }
}

extension Association {
    fileprivate func abortIfQuiet(for quiet: Duration) {
        let driver = driver
        let limit = TimeAmount(quiet)
        channel.eventLoop.execute { driver.value.abortIfQuiet(for: limit) }
    }
}

extension AssociationChannelHandler {
    fileprivate func abortIfQuiet(for limit: TimeAmount) {
        guard performing.isEmpty, invoking.isEmpty, !isWithinMessage, .now() - timers.lastActivity >= limit else {
            return
        }
        abort(reason: .shutdown)
    }
}
