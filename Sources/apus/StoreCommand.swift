import ArgumentParser
import DICOMCore
import DIMSE
import Foundation

struct Store: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send DICOM files to a peer (C-STORE).",
        discussion: "Folders are walked. Files go out in the transfer syntax they are in; byte for byte.")
    @OptionGroup var peer: PeerOptions

    @Argument(help: "Files and folders.")
    var paths: [String]

    @Flag(help: "List every file with the answer.")
    var list = false

    func run() async throws {
        try await reporting {
            let files = OutgoingFiles(paths)
            guard !files.found.isEmpty else { throw CommandFault("No DICOM file among the paths given.", .noInput) }
            let progress = ProgressLine("Sending", total: files.found.count)
            var failed = files.unreadable.count
            var done = 0
            for path in files.unreadable { printError("\(path): not a readable DICOM file") }
            for batch in files.batches() {
                let association = try await peer.connect(batch.proposal.contexts)
                for file in batch.files {
                    let problem = try await send(file, over: association)
                    done += 1
                    if let problem {
                        failed += 1
                        progress.end()
                        printError("\(file.path): \(problem)")
                    } else if list {
                        print(file.path)
                    }
                    progress.show(done, note: failed > 0 ? "\(failed) failed" : "")
                }
                await association.release()
            }
            progress.end()
            print("\(done - (failed - files.unreadable.count)) sent, \(failed) failed.")
            if failed > 0 { throw ExitCode.partly }
        }
    }

    private func send(_ file: OutgoingFiles.File, over association: Association) async throws -> String? {
        do {
            let outcome = try await association.store(
                OutgoingInstance(
                    sopClassUID: file.sopClassUID, sopInstanceUID: file.sopInstanceUID,
                    transferSyntaxUID: file.transferSyntaxUID,
                    source: FileDataSetSource(path: file.path, offset: file.dataSetOffset)))
            switch outcome.status.category {
            case .success: return nil
            case .warning:
                printError("\(file.path): stored with warning \(outcome.status)" + (outcome.errorComment.map { ": \($0)" } ?? ""))
                return nil
            default: return "refused with \(outcome.status)" + (outcome.errorComment.map { ": \($0)" } ?? "")
            }
        } catch AssociationError.noPresentationContext {
            return "the peer does not accept \(UIDRegistry.name(of: file.sopClassUID)) in \(TransferSyntax(uid: file.transferSyntaxUID).name)"
        } catch AssociationError.sourceFailed(let reason) {
            return "cannot be read: \(reason)"
        }
    }
}

/// The DICOM files among given paths, with what negotiation needs of each.
struct OutgoingFiles {
    struct File {
        var path: String
        var sopClassUID: String
        var sopInstanceUID: String
        var transferSyntaxUID: String
        var dataSetOffset: Int
    }

    struct Batch {
        var files: [File] = []
        var proposal = PresentationContextProposal()
    }

    private(set) var found: [File] = []
    private(set) var unreadable: [String] = []

    init(_ paths: [String]) {
        for path in paths {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                unreadable.append(path)
                continue
            }
            guard isFolder.boolValue else {
                add(path, isNamed: true)
                continue
            }
            let items = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
            for item in items.sorted() { add(path + "/" + item, isNamed: false) }
        }
    }

    /// A file named by the user must be DICOM; one met in a folder may be anything.
    private mutating func add(_ path: String, isNamed: Bool) {
        guard let source = try? FileByteSource(path: path), let head = try? Part10.readHead(source), let meta = head.meta,
            !meta.mediaStorageSOPInstanceUID.isEmpty, meta.mediaStorageSOPClassUID != UID.mediaStorageDirectoryStorage
        else {
            if isNamed { unreadable.append(path) }
            return
        }
        found.append(
            File(
                path: path, sopClassUID: meta.mediaStorageSOPClassUID, sopInstanceUID: meta.mediaStorageSOPInstanceUID,
                transferSyntaxUID: head.syntax.uid, dataSetOffset: head.dataSetOffset))
    }

    /// Runs of files whose presentation contexts fit one association.
    func batches() -> [Batch] {
        var batches: [Batch] = [Batch()]
        for file in found {
            let syntaxes = [file.transferSyntaxUID]
            if !batches[batches.count - 1].proposal.add(file.sopClassUID, transferSyntaxUIDs: syntaxes) {
                batches.append(Batch())
                batches[batches.count - 1].proposal.add(file.sopClassUID, transferSyntaxUIDs: syntaxes)
            }
            batches[batches.count - 1].files.append(file)
        }
        return batches
    }
}
