import NIOCore
import NIOSSL

/// How a connection is secured (PS3.15 Annex B: BCP 195 profiles). Files are PEM.
public struct TLSSettings: Hashable, Sendable {
    /// Whether the other side must show a certificate; a client always checks the server's.
    public enum PeerVerification: Hashable, Sendable {
        /// Server: no client certificate is asked for.
        case none
        /// Server: a client certificate is asked for and, when shown, must be from a trusted authority.
        case optional
        /// Server: a client certificate from a trusted authority is required.
        case required
    }

    public var certificateChainFile: String?
    public var privateKeyFile: String?
    /// Authorities trusted for the peer's certificate; `nil` is the system's.
    public var trustRootsFile: String?
    public var peerVerification: PeerVerification
    /// Client: the server's certificate must name the host connected to. Devices on a network often have certificates
    /// for a name of their own, so this may be turned off; the authority is still checked.
    public var verifiesHostName = true
    /// TLS 1.2 is the least; `true` leaves only 1.3.
    public var requiresTLS13 = false

    public init(
        certificateChainFile: String? = nil, privateKeyFile: String? = nil, trustRootsFile: String? = nil,
        peerVerification: PeerVerification = .required
    ) {
        self.certificateChainFile = certificateChainFile
        self.privateKeyFile = privateKeyFile
        self.trustRootsFile = trustRootsFile
        self.peerVerification = peerVerification
    }

    fileprivate func base() throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let certificateChainFile {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificateChainFile)
                .map { .certificate($0) }
        }
        if let privateKeyFile {
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: privateKeyFile, format: .pem))
        }
        configuration.trustRoots = trustRootsFile.map { .file($0) } ?? .default
        configuration.minimumTLSVersion = requiresTLS13 ? .tlsv13 : .tlsv12
        return configuration
    }
}

/// The acceptor's side.
struct ServerTLS: Sendable {
    private let context: NIOSSLContext

    init(_ settings: TLSSettings) throws {
        do {
            let base = try settings.base()
            guard let privateKey = base.privateKey, !base.certificateChain.isEmpty else {
                throw AssociationError.invalidConfiguration(
                    reason: "a TLS listener needs a certificate and a private key")
            }
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: base.certificateChain, privateKey: privateKey)
            configuration.trustRoots = base.trustRoots
            configuration.minimumTLSVersion = base.minimumTLSVersion
            configuration.certificateVerification =
                switch settings.peerVerification {
                case .none: .none
                case .optional: .optionalVerification
                case .required: .noHostnameVerification
                }
            context = try NIOSSLContext(configuration: configuration)
        } catch let error as AssociationError {
            throw error
        } catch {
            throw AssociationError.tls(reason: String(describing: error))
        }
    }

    func add(to pipeline: ChannelPipeline.SynchronousOperations) throws {
        try pipeline.addHandler(NIOSSLServerHandler(context: context))
    }
}

/// The requestor's side.
struct ClientTLS: Sendable {
    private let context: NIOSSLContext
    private let serverName: String?
    private let accepts: (@Sendable ([UInt8]) -> Bool)?

    /// - Parameter accepts: decides on the certificate shown, in its DER form, after the authorities vouched for it.
    init(_ settings: TLSSettings, host: String, accepts: (@Sendable ([UInt8]) -> Bool)?) throws {
        self.accepts = accepts
        do {
            var configuration = try settings.base()
            configuration.certificateVerification =
                settings.verifiesHostName ? .fullVerification : .noHostnameVerification
            context = try NIOSSLContext(configuration: configuration)
        } catch { throw AssociationError.tls(reason: String(describing: error)) }
        // Numeric addresses are not allowed as server name indication.
        serverName = (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
    }

    func add(to pipeline: ChannelPipeline.SynchronousOperations) throws {
        guard let accepts else {
            return try pipeline.addHandler(try NIOSSLClientHandler(context: context, serverHostname: serverName))
        }
        // The one way to decide beside the usual verification and before the first byte goes out.
        let handler = try NIOSSLClientHandler._makeSSLClientHandler(context: context, serverHostname: serverName) {
            certificate, channel in
            guard let der = try? certificate.toDERBytes(), accepts(der) else {
                return channel.eventLoop.makeFailedFuture(
                    AssociationError.tls(reason: "the peer shows another certificate than the one registered for it"))
            }
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        try pipeline.addHandler(handler)
    }
}

/// What TLS tells of a connection.
enum TLSInspection {
    static func inspect(_ channel: any Channel) -> (isTLS: Bool, peerCertificateDER: [UInt8]?) {
        let pipeline = channel.pipeline.syncOperations
        if let handler = try? pipeline.handler(type: NIOSSLServerHandler.self) {
            return (true, try? handler.peerCertificate?.toDERBytes())
        }
        if let handler = try? pipeline.handler(type: NIOSSLClientHandler.self) {
            return (true, try? handler.peerCertificate?.toDERBytes())
        }
        return (false, nil)
    }
}
