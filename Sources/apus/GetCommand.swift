import ArgumentParser
import DICOMCore
import DICOMObjects
import DIMSE
import Foundation
import NIOCore

struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch objects from a peer into a folder (C-GET).",
        discussion: "Example: apus get ARCHIVE@pacs:104 --level study -k StudyInstanceUID=1.2.3 --output ./study")
    @OptionGroup var peer: PeerOptions
    @OptionGroup var query: QueryOptions

    @Option(help: "Folder to write to.")
    var output = "."

    @Option(name: .customLong("class"), help: ArgumentHelp("SOP class UIDs to accept besides the usual ones.", valueName: "uid"))
    var classes: [String] = []

    func run() async throws {
        try await reporting {
            guard let uid = query.model.getSOPClassUID else { throw CommandFault("This model has no C-GET.", ExitCode(64)) }
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
            var proposal = PresentationContextProposal()
            proposal.add(uid)
            let wanted = classes + Self.usualClasses
            for storage in wanted { proposal.add(storage, transferSyntaxUIDs: Self.transferSyntaxes) }
            let roles = proposal.contexts.dropFirst().map { RoleSelection(sopClassUID: $0.abstractSyntax, isSCU: false, isSCP: true) }
            let identifier = try query.identifier(withDefaults: false)
            let association = try await peer.connect(proposal.contexts, roles: roles)
            let bar = RetrieveProgress("Fetching")
            let folder = output
            let result = try await association.get(
                sopClassUID: uid, identifier: identifier, progress: { bar.show($0) },
                sink: { FileStoreSink($0, folder: folder) })
            await association.release()
            try bar.finish(result)
        }
    }

    /// Not retired, images first, as many as one association holds beside the query's own context.
    private static let usualClasses = StorageSOPClass.all.filter { !$0.isRetired }
        .sorted { ($0.kind == .image ? 0 : 1) < ($1.kind == .image ? 0 : 1) }.prefix(126).map(\.uid)

    /// Uncompressed forms first: a provider that picks one form for all instances of a class can make them of any.
    private static let transferSyntaxes =
        PresentationContextProposal.uncompressed + TransferSyntax.all.filter { $0.isEncapsulated }.map(\.uid)
}

/// Writes received objects as Part 10 files named by their SOP Instance UID.
final class FileStoreSink: StoreSink {
    private let request: StoreRequest
    private let path: String
    private var handle: FileHandle?
    private var problem: String?

    init(_ request: StoreRequest, folder: String) {
        self.request = request
        let name = request.sopInstanceUID.filter { $0.isNumber || $0 == "." }
        path = folder + "/" + (name.isEmpty ? "object" : name) + ".dcm"
        let meta = FileMeta(
            mediaStorageSOPClassUID: request.sopClassUID, mediaStorageSOPInstanceUID: request.sopInstanceUID,
            transferSyntaxUID: request.transferSyntax.uid, sourceApplicationEntityTitle: request.association.calledAETitle)
        guard FileManager.default.createFile(atPath: path + ".part", contents: Data(Part10.header(meta: meta))),
            let handle = FileHandle(forWritingAtPath: path + ".part")
        else {
            problem = "cannot write to \(folder)"
            return
        }
        self.handle = handle
        _ = try? handle.seekToEnd()
    }

    func receive(_ bytes: ByteBuffer) {
        guard problem == nil else { return }
        do { try handle?.write(contentsOf: Data(bytes.readableBytesView)) } catch { problem = "cannot write: \(error.localizedDescription)" }
    }

    func finish(_ completion: StoreCompletion) {
        do {
            try handle?.synchronize()
            try handle?.close()
            if problem == nil {
                if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
                try FileManager.default.moveItem(atPath: path + ".part", toPath: path)
            }
        } catch { problem = error.localizedDescription }
        if let problem {
            cancelled()
            completion(.outOfResources, errorComment: String(problem.prefix(64)))
        } else {
            completion(.success)
        }
    }

    func cancelled() {
        try? handle?.close()
        try? FileManager.default.removeItem(atPath: path + ".part")
    }
}
