import ArgumentParser
import DICOMCore
import DIMSE
import Foundation
import NIOCore
import NIOPosix

/// The other side of a DICOM association.
struct PeerOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The peer: [AE@]HOST:PORT, e.g. ARCHIVE@10.0.0.5:104.", valueName: "peer"))
    var peer: String

    @Option(help: ArgumentHelp("Our AE title.", valueName: "title"))
    var calling = "APUS-CLI"

    @Option(help: ArgumentHelp("The peer's AE title; another way to say AE@.", valueName: "title"))
    var called: String?

    @Flag(help: "Use TLS.")
    var tls = false

    @Option(help: ArgumentHelp("Our certificate (PEM).", valueName: "file"))
    var certificate: String?

    @Option(help: ArgumentHelp("Our private key (PEM).", valueName: "file"))
    var privateKey: String?

    @Option(help: ArgumentHelp("Authorities trusted for the peer's certificate (PEM).", valueName: "file"))
    var authorities: String?

    @Option(help: ArgumentHelp("Wait this long for answers.", valueName: "seconds"))
    var timeout = 60

    func clientConfiguration(_ contexts: [ProposedPresentationContext]) throws -> AssociationClient.Configuration {
        let parts = peer.split(separator: "@", maxSplits: 1).map(String.init)
        let address = parts.last ?? ""
        guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]),
            (1...65535).contains(port)
        else { throw CommandFault("The peer must be [AE@]HOST:PORT, e.g. ARCHIVE@10.0.0.5:104.", ExitCode(64)) }
        var configuration = AssociationClient.Configuration(
            host: String(address[..<colon]).trimmingCharacters(in: CharacterSet(charactersIn: "[]")), port: port,
            calledAETitle: called ?? (parts.count > 1 ? parts[0] : "ANY-SCP"), callingAETitle: calling,
            presentationContexts: contexts)
        configuration.limits.dimse = .seconds(Int64(max(1, timeout)))
        if tls {
            configuration.tls = TLSSettings(
                certificateChainFile: certificate, privateKeyFile: privateKey, trustRootsFile: authorities)
            configuration.tls?.verifiesHostName = false
        }
        return configuration
    }

    func connect(
        _ contexts: [ProposedPresentationContext], roles: [RoleSelection] = [], extended: [SOPClassExtendedNegotiation] = [],
        handler: (any AssociationHandler)? = nil
    ) async throws -> Association {
        var configuration = try clientConfiguration(contexts)
        configuration.roleSelections = roles
        configuration.extendedNegotiations = extended
        return try await AssociationClient(group: MultiThreadedEventLoopGroup.singleton).connect(configuration, handler: handler)
    }
}

struct Echo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Verify that a peer answers (C-ECHO).")
    @OptionGroup var peer: PeerOptions

    func run() async throws {
        try await reporting {
            let started = ContinuousClock.now
            var proposal = PresentationContextProposal()
            proposal.add(UID.verification)
            let association = try await peer.connect(proposal.contexts)
            let status = try await association.echo()
            await association.release()
            guard status == .success else { throw CommandFault("The peer answered C-ECHO with status \(status).", .unavailable) }
            print("\(peer.peer) answers (\((ContinuousClock.now - started).formattedMilliseconds) ms).")
        }
    }
}

extension Duration {
    var formattedMilliseconds: String {
        String(format: "%.1f", Double(components.seconds) * 1000 + Double(components.attoseconds) / 1e15)
    }
}
