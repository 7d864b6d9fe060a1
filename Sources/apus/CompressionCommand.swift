import Archive
import ArgumentParser
import Foundation
import ObjectStorage
import PACSServer
import PersistenceSQLite

struct Compression: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compress stored objects at rest, or report what compression brings.",
        discussion: """
            --report takes up to ten objects of equal matrix and bit depth for each modality, as YY/T 1861 4.2.6 a has it,
            and prints compression ratio F/G x 100 %, entropy in bits and mean square error for each codec.
            --run moves everything from the ingest area to the long-term area now; no server may run.
            """)
    @OptionGroup var directory: DataDirectoryOptions
    @Flag(help: "Measure and print a table.") var report = false
    @Flag(help: "Compress now.") var run = false

    func run() async throws {
        try await reporting {
            if run { return try compress() }
            guard report else { throw CommandFault("Say --report or --run.", ExitCode(64)) }
            let archive = try directory.openForReading()
            defer { archive.close() }
            print("MODALITY\tMATRIX\tBITS\tIMAGES\tCODEC\tCR\tENTROPY\tMSE")
            for row in try CompressionReport(store: archive.store, lookup: archive.index, queries: archive.index).rows() {
                print(
                    "\(row.modality)\t\(row.columns)x\(row.rows)\t\(row.bits)\t\(row.images)\t\(row.codec.rawValue)\t"
                        + String(format: "%.0f %%\t%.2f bit\t%g", row.compressionRatio * 100, row.entropyBits, row.meanSquareError))
            }
        }
    }

    private func compress() throws {
        try directory.requireExisting()
        let archive = try directory.openExclusively()
        defer { archive.close() }
        let compression = try directory.configuration().compression
        let mover = ContainerMover(store: archive.store, index: archive.index, compression: compression)
        var total = ContainerMover.Report()
        for container in try archive.store.containers() where container.purpose == .ingest && container.usedBytes > 0 {
            try archive.store.seal(container.id)
            let report = try mover.move(container.id)
            if report.isEmptied { try mover.recycle(container.id) }
            total.moved += report.moved
            total.compressed += report.compressed
            total.bytesBefore += report.bytesBefore
            total.bytesAfter += report.bytesAfter
            for uid in report.unreadable { printError("\(uid) cannot be read; it stays where it is. Run apus check.") }
        }
        print("\(total.moved) objects moved, \(total.compressed) compressed, \(total.bytesBefore) to \(total.bytesAfter) bytes.")
    }
}
