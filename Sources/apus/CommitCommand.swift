import ArgumentParser
import DICOMCore
import DIMSE
import Foundation
import NIOCore
import NIOPosix

struct Commit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a peer to take over responsibility for objects (Storage Commitment).",
        discussion: """
            The objects are named by DICOM files. The peer's result comes over the same association, or over a new one to
            the port given with --listen, where it must know our AE title. Succeeds only when every object is committed.
            """)
    @OptionGroup var peer: PeerOptions

    @Argument(help: "Files and folders that name the objects.")
    var paths: [String]

    @Option(help: ArgumentHelp("Listen here for the result.", valueName: "host:port"))
    var listen: String?

    @Option(help: ArgumentHelp("Wait this long for the result.", valueName: "seconds"))
    var wait = 60

    func run() async throws {
        try await reporting {
            let files = OutgoingFiles(paths)
            guard !files.found.isEmpty else { throw CommandFault("No DICOM file among the paths given.", .noInput) }
            let handler = CommitmentResultHandler()
            let server = try await startListening(handler)
            var proposal = PresentationContextProposal()
            proposal.add(StorageCommitment.sopClassUID)
            let association = try await peer.connect(proposal.contexts, handler: handler)
            let request = StorageCommitment.Request(
                transactionUID: UIDGenerator().next(),
                references: files.found.map { .init(sopClassUID: $0.sopClassUID, sopInstanceUID: $0.sopInstanceUID) })
            let answer = try await association.requestStorageCommitment(request)
            guard answer.status == .success else {
                throw CommandFault("The peer refused the request with status \(answer.status).", .unavailable)
            }
            if server != nil { await association.release() }
            let result = await handler.result(within: .seconds(wait))
            // Our answer to the result must be out before the association ends.
            try? await Task.sleep(for: .milliseconds(300))
            if server == nil { await association.release() }
            await server?.shutdown(grace: .seconds(1), quiet: .milliseconds(100))
            try show(result)
        }
    }

    private func startListening(_ handler: CommitmentResultHandler) async throws -> AssociationServer? {
        guard let listen else { return nil }
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]) else {
            throw CommandFault("--listen: expected HOST:PORT.", ExitCode(64))
        }
        return try await AssociationServer.start(
            .init(host: String(listen[..<colon]), port: port), group: MultiThreadedEventLoopGroup.singleton
        ) { handler }
    }

    private func show(_ result: StorageCommitment.Result?) throws {
        guard let result else {
            throw CommandFault(
                "No result within \(wait) s. The peer may deliver it later to our AE title; listen with --listen.", .tryAgain)
        }
        print("\(result.committed.count) committed, \(result.failed.count) failed.")
        for failure in result.failed {
            printError("\(failure.reference.sopInstanceUID): reason \(String(failure.reason.rawValue, radix: 16, uppercase: true))")
        }
        if !result.failed.isEmpty { throw ExitCode.partly }
    }
}

/// Receives the N-EVENT-REPORT, on whichever association it comes.
final class CommitmentResultHandler: AssociationHandler {
    private let stream: AsyncStream<StorageCommitment.Result>
    private let continuation: AsyncStream<StorageCommitment.Result>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func negotiate(_ request: AssociationRequest) async -> NegotiationAnswer {
        var acceptance = NegotiationAcceptance(contexts: [:])
        for context in request.presentationContexts where context.abstractSyntax == StorageCommitment.sopClassUID {
            acceptance.contexts[context.id] = context.accepting(preferred: PresentationContextProposal.uncompressed)
        }
        acceptance.roleSelections = request.roleSelections
        return .accept(acceptance)
    }

    func normalized(_ request: NormalizedRequest, dataSet: DataSet?) async -> NormalizedAnswer {
        guard case .eventReport = request.command.kind, let dataSet else { return NormalizedAnswer(status: .noSuchEventType) }
        do {
            continuation.yield(try StorageCommitment.Result(dataSet))
            return NormalizedAnswer(status: .success)
        } catch let failure as DIMSEFailure {
            return NormalizedAnswer(status: failure.status)
        } catch {
            return NormalizedAnswer(status: .processingFailure)
        }
    }

    /// - Returns: `nil` when none came in time.
    func result(within limit: Duration) async -> StorageCommitment.Result? {
        await withTaskGroup(of: StorageCommitment.Result?.self) { group in
            group.addTask { [stream] in
                for await result in stream { return result }
                return nil
            }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }
}
