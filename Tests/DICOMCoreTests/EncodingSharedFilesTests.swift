import DICOMCore
import Foundation
import Testing

// All of these need the shared test files and are skipped where they are absent.
@Suite(.enabled(if: SharedFiles.areAvailable)) struct `Files of many makers` {
    /// Written with errors that lenient reading repairs, so they cannot come out as they came.
    private static let repaired: Set<String> = [
        "dicomdir/pydicom-fileset/DICOMDIR-nooffset", "seg-sr-gsps/palettes/winter.dcm", "transfer-syntaxes/pydicom/SC_rgb_jpeg.dcm",
    ]

    @Test func `every conforming file is read, and written as it came`() throws {
        let entries = SharedFiles.entries.filter { $0.expected == "ok" }
        #expect(entries.count > 700)
        for entry in entries {
            let bytes = try SharedFiles.bytes(entry.path)
            let file = try Part10File(reading: bytes[...])
            let written = try DataSetWriter(syntax: file.syntax).write(file.dataSet)
            if file.syntax.isDeflated {
                #expect(try DataSetReader(syntax: file.syntax).read(written) == file.dataSet, "\(entry.path)")
            } else if Self.repaired.contains(entry.path) {
                #expect(file.notes.contains { $0.kind.suggestsQuarantine }, "\(entry.path)")
            } else {
                #expect(Data(written) == Data(bytes[file.dataSetOffset...]), "\(entry.path)")
                #expect(!file.notes.contains { $0.kind.suggestsQuarantine }, "\(entry.path)")
            }
        }
    }

    @Test func `every file to be rejected is`() throws {
        let entries = SharedFiles.entries.filter { $0.expected == "must-reject" }
        #expect(entries.count == 40)
        for entry in entries {
            let bytes = try SharedFiles.bytes(entry.path)
            #expect(throws: DataSetError.self, "\(entry.path)") { try Part10File(reading: bytes[...]) }
        }
    }

    @Test func `no file brings scanner, frame table or checks down, and windows change nothing`() throws {
        for entry in SharedFiles.entries {
            let bytes = try SharedFiles.bytes(entry.path)
            let memory = MemoryByteSource(bytes)
            guard let head = try? Part10.readHead(memory) else { continue }
            let scanner = DataSetScanner(syntax: head.syntax)
            let scanned = try? scanner.scan(memory, from: head.dataSetOffset)
            #expect(scanned == (try? scanner.scan(Windowed(memory: memory), from: head.dataSetOffset)), "\(entry.path)")
            guard let scanned else { continue }
            _ = ValueCheck.findings(scanned.dataSet)
            if let pixelData = scanned.pixelData {
                _ = try? FrameTable(pixelData, dataSet: scanned.dataSet, syntax: head.syntax, source: memory)
            }
        }
    }

    @Test(arguments: [TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian, .deflatedExplicitVRLittleEndian])
    func `values survive conversion to another transfer syntax and back`(syntax: TransferSyntax) throws {
        for entry in SharedFiles.entries where entry.expected == "ok" && !Self.repaired.contains(entry.path) {
            let bytes = try SharedFiles.bytes(entry.path)
            guard bytes.count < 300_000 else { continue }
            let file = try Part10File(reading: bytes[...])
            guard !file.syntax.isEncapsulated else { continue }
            let converted = try DataSetWriter(syntax: syntax, fidelity: .conforming).write(file.dataSet)
            let again = try DataSetReader(syntax: syntax).read(converted)
            let back = try DataSetWriter(syntax: .implicitVRLittleEndian, fidelity: .conforming).write(again)
            let direct = try DataSetWriter(syntax: .implicitVRLittleEndian, fidelity: .conforming).write(file.dataSet)
            #expect(Data(back) == Data(direct), "\(entry.path)")
        }
    }

    private struct Windowed: ByteSource {
        let memory: MemoryByteSource
        var count: Int { memory.count }
        func read(at offset: Int, count: Int) throws(DataSetError) -> ArraySlice<UInt8> {
            Array(try memory.read(at: offset, count: count))[...]
        }
    }
}
