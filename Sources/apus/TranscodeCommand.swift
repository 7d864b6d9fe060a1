import ArgumentParser
import CodecLibraries
import DICOMCore
import DICOMObjects
import Foundation
import PACSServer

struct Transcode: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a DICOM file in another transfer syntax.",
        discussion: """
            The target is a UID or one of: implicit, explicit, big-endian, deflated, rle, jpeg-lossless, jpeg-ls, jpeg2000,
            htj2k, htj2k-rpcl. All are lossless. jpeg-baseline is lossy, marks the object so and gives it a new identity.
            """)

    @Argument(help: "DICOM file to read.") var input: String
    @Argument(help: "File to write.") var output: String
    @Option(help: ArgumentHelp("Target transfer syntax.", valueName: "syntax")) var to = "explicit"
    @Option(help: "Quality of jpeg-baseline, 1 to 100.") var quality = 90
    @Flag(help: "Overwrite the output file without asking.") var yes = false

    private static let names: [String: TransferSyntax] = [
        "implicit": .implicitVRLittleEndian, "explicit": .explicitVRLittleEndian, "big-endian": .explicitVRBigEndian,
        "deflated": .deflatedExplicitVRLittleEndian, "rle": .rleLossless, "jpeg-lossless": .jpegLosslessSV1,
        "jpeg-ls": .jpegLSLossless, "jpeg2000": .jpeg2000Lossless, "htj2k": .htj2kLossless,
        "htj2k-rpcl": .htj2kLosslessRPCL, "jpeg-baseline": .jpegBaseline,
    ]

    func run() async throws {
        try await reporting {
            let target = Self.names[to] ?? TransferSyntax(uid: to)
            guard target.isKnown else {
                throw CommandFault("--to \(to): unknown. One of \(Self.names.keys.sorted().joined(separator: ", ")) or a UID.", ExitCode(64))
            }
            if FileManager.default.fileExists(atPath: output) { try confirm(.transcodeOver, of: output, Affected([.files: 1]), yes: yes) }
            let file = try readFile(input).file
            let dataSet: DataSet
            do { dataSet = try DataSetTranscoder(quality: quality).transcode(file.dataSet, from: file.syntax, to: target) } catch {
                throw CommandFault("\(input): \(error)", .badData)
            }
            let meta = FileMeta(
                mediaStorageSOPClassUID: dataSet.uid(.sopClassUID) ?? "",
                mediaStorageSOPInstanceUID: dataSet.uid(.sopInstanceUID) ?? "", transferSyntaxUID: target.uid,
                sourceApplicationEntityTitle: file.meta?.sourceApplicationEntityTitle)
            let bytes = try Part10File(dataSet: dataSet, syntax: target, meta: meta).encoded()
            do { try Data(bytes).write(to: URL(fileURLWithPath: output), options: .atomic) } catch {
                throw CommandFault("\(output) cannot be written.", .inputOutput)
            }
            if !target.isLossless { printError("The result is lossy; it carries a new SOP Instance UID and says so.") }
        }
    }
}
