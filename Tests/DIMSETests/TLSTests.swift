import DICOMCore
import Foundation
import NIOCore
import Testing

@testable import DIMSE

/// Certificates made for one test: an authority, a server and a client of it, and a stranger of another authority.
private struct TestPKI {
    let folder: TemporaryFolder

    init() async throws {
        folder = try TemporaryFolder()
        for authority in ["ca", "other"] {
            try await openssl(
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-keyout",
                    path("\(authority).key"), "-out", path("\(authority).pem"), "-subj", "/CN=\(authority)",
                ])
        }
        for (name, authority) in [("server", "ca"), ("client", "ca"), ("stranger", "other")] {
            try await openssl(
                [
                    "req", "-newkey", "rsa:2048", "-nodes", "-keyout", path("\(name).key"), "-out", path("\(name).csr"),
                    "-subj", "/CN=\(name)",
                ])
            try "subjectAltName=DNS:localhost,IP:127.0.0.1\n".write(
                toFile: path("san"), atomically: true, encoding: .utf8)
            try await openssl(
                [
                    "x509", "-req", "-in", path("\(name).csr"), "-CA", path("\(authority).pem"), "-CAkey",
                    path("\(authority).key"), "-CAcreateserial", "-days", "2", "-extfile", path("san"), "-out",
                    path("\(name).pem"),
                ])
        }
    }

    func path(_ name: String) -> String { folder.path(name) }

    private func openssl(_ arguments: [String]) async throws {
        let output = try await Tools.run("openssl", arguments)
        try #require(output.status == 0, "\(output.text)")
    }

    func settings(
        _ name: String?, trusting authority: String = "ca", _ verification: TLSSettings.PeerVerification = .required
    ) -> TLSSettings {
        TLSSettings(
            certificateChainFile: name.map { path("\($0).pem") }, privateKeyFile: name.map { path("\($0).key") },
            trustRootsFile: path("\(authority).pem"), peerVerification: verification)
    }
}

extension Live {
    /// Skipped, and shown as such, where the tools are not installed.
    @Suite(.enabled(if: Tools.isInstalled("openssl", "echoscu", "storescu", "storescp"), "OpenSSL or DCMTK missing"))
    struct `PS3.15 §B TLS` {
        private let client = AssociationClient(group: testGroup)

        @Test func `PACS-4.5.13-1 an association runs over TLS and the client's certificate is known`() async throws {
            let pki = try await TestPKI()
            try await withServer(tls: pki.settings("server")) { server, shared in
                let association = try await client.connect(
                    server.client([UID.ctImageStorage]) { $0.tls = pki.settings("client") })
                let bytes = [UInt8](repeating: 5, count: 1_000_000)
                let instance = OutgoingInstance(
                    sopClassUID: UID.ctImageStorage, sopInstanceUID: "1.2",
                    transferSyntaxUID: UID.explicitVRLittleEndian, source: MemoryDataSetSource(bytes))
                #expect(try await association.store(instance).status == .success)
                #expect(shared.snapshot.stored.first?.bytes == bytes)
                let connection = try #require(shared.snapshot.requests.first?.connection)
                #expect(connection.isTLS)
                let pem = try String(contentsOfFile: pki.path("client.pem"), encoding: .utf8)
                let base64 = pem.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
                #expect(connection.peerCertificateDER == Data(base64Encoded: base64).map { Array($0) })
                #expect(association.connection.isTLS)
                await association.release()
            }
        }

        @Test func `SEC-3.2-NAUT clients without a trusted certificate are refused, and the server goes on`()
            async throws
        {
            let pki = try await TestPKI()
            var limits = AssociationLimits.default
            limits.artim = .seconds(2)
            try await withServer(limits: limits, tls: pki.settings("server")) { server, shared in
                for name in ["stranger", nil] {
                    await #expect(throws: AssociationError.self) {
                        try await client.connect(server.client { $0.tls = pki.settings(name) })
                    }
                }
                #expect(shared.snapshot.requests.isEmpty)
                let association = try await client.connect(server.client { $0.tls = pki.settings("client") })
                #expect(try await association.echo() == .success)
                await association.release()
            }
        }

        @Test func `where client certificates are optional, none will do but a stranger's will not`() async throws {
            let pki = try await TestPKI()
            try await withServer(tls: pki.settings("server", .optional)) { server, shared in
                for name in ["client", nil] {
                    let association = try await client.connect(server.client { $0.tls = pki.settings(name) })
                    #expect(try await association.echo() == .success)
                    await association.release()
                }
                await #expect(throws: AssociationError.self) {
                    try await client.connect(server.client { $0.tls = pki.settings("stranger") })
                }
                #expect(shared.snapshot.requests.map { $0.connection.peerCertificateDER == nil } == [false, true])
            }
        }

        @Test func `PACS-4.5.13-1 plain text on a TLS port is refused, silence ended by ARTIM`() async throws {
            let pki = try await TestPKI()
            var limits = AssociationLimits.default
            limits.artim = .milliseconds(300)
            try await withServer(limits: limits, tls: pki.settings("server")) { server, shared in
                await #expect(throws: AssociationError.self) { try await client.connect(server.client()) }
                let silent = try await RawPeer(port: server.localPort)
                #expect(await eventually { silent.isClosed })
                #expect(shared.snapshot.requests.isEmpty)
            }
        }

        @Test func `a server of another authority or name is refused`() async throws {
            let pki = try await TestPKI()
            try await withServer(tls: pki.settings("server", .none)) { server, _ in
                await #expect(throws: AssociationError.self) {
                    try await client.connect(server.client { $0.tls = pki.settings(nil, trusting: "other") })
                }
                let association = try await client.connect(
                    server.client {
                        $0.host = "localhost"
                        $0.tls = pki.settings(nil)
                    })
                #expect(association.connection.peerCertificateDER != nil)
                await association.release()
            }
        }

        @Test func `DCMTK's tools talk to us over TLS with mutual authentication`() async throws {
            let pki = try await TestPKI()
            let folder = try TemporaryFolder()
            let files = try Phantom.writeFiles(0..<3, size: 256, in: folder.url)
            try await withServer(tls: pki.settings("server")) { server, shared in
                let tls = ["+tls", pki.path("client.key"), pki.path("client.pem"), "+cf", pki.path("ca.pem")]
                let echo = try await Tools.run("echoscu", tls + ["127.0.0.1", "\(server.localPort)"])
                #expect(echo.status == 0, "\(echo.text)")
                let store = try await Tools.run("storescu", tls + ["127.0.0.1", "\(server.localPort)"] + files)
                #expect(store.status == 0, "\(store.text)")
                #expect(shared.snapshot.stored.count == 3)
                let stranger = try await Tools.run(
                    "echoscu",
                    [
                        "+tls", pki.path("stranger.key"), pki.path("stranger.pem"), "+cf", pki.path("ca.pem"),
                        "127.0.0.1",
                        "\(server.localPort)",
                    ])
                #expect(stranger.status != 0)
            }
        }

        @Test func `we send to storescp over TLS`() async throws {
            let pki = try await TestPKI()
            let folder = try TemporaryFolder()
            let port = Tools.freePort()
            let tool = try RunningTool(
                "storescp",
                [
                    "+tls", pki.path("server.key"), pki.path("server.pem"), "+cf", pki.path("ca.pem"), "-od",
                    folder.url.path, "\(port)",
                ])
            #expect(await Tools.waitForListener(port))
            var proposal = PresentationContextProposal()
            proposal.add(UID.ctImageStorage, transferSyntaxUIDs: [UID.explicitVRLittleEndian])
            var configuration = AssociationClient.Configuration(
                host: "127.0.0.1", port: port, calledAETitle: "ANY-SCP", callingAETitle: "TESTER",
                presentationContexts: proposal.contexts)
            configuration.tls = pki.settings("client")
            let association = try await client.connect(configuration)
            let bytes = try Phantom.encoded(Phantom.ct(number: 1, size: 256))
            let instance = OutgoingInstance(
                sopClassUID: UID.ctImageStorage, sopInstanceUID: Phantom.instanceUID(1),
                transferSyntaxUID: UID.explicitVRLittleEndian, source: MemoryDataSetSource(bytes))
            #expect(try await association.store(instance).status == .success)
            await association.release()
            tool.stop()
            let stored = try Data(contentsOf: folder.url.appendingPathComponent("CT.\(Phantom.instanceUID(1))"))
            #expect(Array(stored.suffix(bytes.count)) == bytes)
        }
    }
}
