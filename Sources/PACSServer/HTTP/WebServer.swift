import Archive
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL

/// The HTTP side of the server: page, API and DICOMweb on one port.
package struct WebServer: Sendable {
    private let pacs: PACS
    private let catalogue: ViewingCatalogue
    /// Set when the server stops: what its parts say of being cancelled is no news then.
    private let stopping = StopFlag()

    package init(_ pacs: PACS) {
        self.pacs = pacs
        catalogue = ViewingRoutes.catalogue(pacs)
    }

    /// Call it before the task is cancelled.
    package func willStop() { stopping.set() }

    func router() -> Router<WebContext> {
        let router = Router(context: WebContext.self)
        router.add(middleware: SecurityHeaders(isSecure: pacs.configuration.isReachedByTLS))
        router.add(middleware: CompressedAnswers())
        router.add(middleware: FaultMiddleware())
        router.add(middleware: Authentication(security: pacs.security, pool: pacs.pool, access: pacs.access))
        SessionRoutes(security: pacs.security, pool: pacs.pool, isSecure: pacs.configuration.isReachedByTLS).add(to: router)
        StudyRoutes(pacs: pacs, previews: catalogue.previews).add(to: router)
        ViewingRoutes(pacs, catalogue).add(to: router)
        ObjectRoutes(pacs: pacs).add(to: router)
        MarksRoutes(pacs: pacs, catalogue: catalogue, documents: ReadDocuments()).add(to: router)
        PresentationRoutes(pacs: pacs).add(to: router)
        OverlayRoutes(pacs: pacs).add(to: router)
        HangingProtocolRoutes(pacs: pacs, catalogue: catalogue).add(to: router)
        PresentationRouteTable.add(to: router)
        ReviewRoutes(pacs: pacs).add(to: router)
        ImportRoutes(pacs: pacs).add(to: router)
        ConfigurationRoutes(pacs: pacs).add(to: router)
        ErrorRoutes().add(to: router)
        WorkplaceRoutes(pacs: pacs).add(to: router)
        DICOMwebRoutes(pacs: pacs).add(to: router)
        StaticFiles(directory: StaticFiles.directory(pacs.configuration.webDirectory)).add(to: router)
        return router
    }

    /// Serves until the task is cancelled.
    ///
    /// - Parameter onRunning: called with the port once requests are accepted.
    package func run(onRunning: @escaping @Sendable (Int) async -> Void) async throws {
        let http = HTTP1Channel.Configuration(additionalChannelHandlers: [ContinueHandler()], idleTimeout: .seconds(300))
        let server: HTTPServerBuilder
        if let files = pacs.configuration.httpTLS {
            server = try .tls(.http1(configuration: http), tlsConfiguration: Self.tls(files))
        } else {
            server = .http1(configuration: http)
        }
        let application = Application(
            router: router(), server: server,
            configuration: .init(
                address: .hostname(pacs.configuration.http.host, port: pacs.configuration.http.port), serverName: "Apus"),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? 0) },
            logger: Logger(label: pacs.logger.label) { _ in HushedLogHandler(base: pacs.logger.handler, stopping: stopping) })
        let preparation = Task { await ViewingPreparation(pacs: pacs, catalogue: catalogue).run() }
        defer { preparation.cancel() }
        try await application.run()
    }

    private static func tls(_ files: ServerConfiguration.TLSFiles) throws -> TLSConfiguration {
        let chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map { NIOSSLCertificateSource.certificate($0) }
        let key = try NIOSSLPrivateKey(file: files.privateKey, format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        if let authorities = files.clientAuthorities {
            configuration.trustRoots = .file(authorities)
            configuration.certificateVerification = .noHostnameVerification
        }
        return configuration
    }
}
