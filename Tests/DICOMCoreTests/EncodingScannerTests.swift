import DICOMCore
import Foundation
import Testing

// `Testing` has a type of this name too.
private typealias Tag = DICOMCore.Tag

/// A source whose reads are counted and never contiguous.
private final class CountingSource: ByteSource {
    private let memory: MemoryByteSource
    private let log = NSLock()
    private nonisolated(unsafe) var bytesReadStorage = 0

    init(_ bytes: [UInt8]) { memory = MemoryByteSource(bytes) }

    var count: Int { memory.count }
    var bytesRead: Int { log.withLock { bytesReadStorage } }

    func read(at offset: Int, count: Int) throws(DataSetError) -> ArraySlice<UInt8> {
        log.withLock { bytesReadStorage += count }
        return Array(try memory.read(at: offset, count: count))[...]
    }
}

@Suite struct `Scanning a stored data set` {
    private let pixelData = Tag(0x7FE0, 0x0010)
    private let scanner = DataSetScanner(syntax: .explicitVRLittleEndian)

    @Test func `native pixel data are located, not read`() throws {
        let header = Wire.explicit(Tag(0x0010, 0x0010), "PN", "A ")
        let source = CountingSource(header + Wire.explicit(pixelData, "OW", [UInt8](repeating: 0, count: 10_000_000)))
        let scanned = try scanner.scan(source)
        #expect(scanned.dataSet.elements.map(\.tag) == [Tag(0x0010, 0x0010)])
        #expect(scanned.pixelData?.content == .native((header.count + 12)..<source.count))
        #expect(scanned.pixelData?.elementRange == header.count..<source.count)
        #expect(scanned.endOffset == source.count)
        #expect(source.bytesRead < 100_000)
    }

    @Test func `pixel data that end early are refused`() {
        let bytes = Wire.explicit(pixelData, "OW", [1, 2], length: 4)
        #expect(throws: DataSetError.lengthExceedsInput(tag: pixelData, declared: 4, remaining: 2, offset: 0)) {
            try scanner.scan(MemoryByteSource(bytes))
        }
    }

    @Test func `fragments are located without reading them`() throws {
        let fragment = [UInt8](repeating: 1, count: 1_000_000)
        let source = CountingSource(
            Wire.explicit(pixelData, "OB", Wire.item([]) + Wire.item(fragment) + Wire.item(fragment) + Wire.sequenceEnd, length: -1))
        let scanned = try DataSetScanner(syntax: .jpegBaseline).scan(source)
        #expect(scanned.pixelData?.content
            == .encapsulated(basicOffsetTable: 20..<20, fragments: [28..<1_000_028, 1_000_036..<2_000_036]))
        #expect(source.bytesRead < 200_000)
    }

    @Test func `large values are located at top level and in items, offset tables are not`() throws {
        let large = [UInt8](repeating: 9, count: 2000)
        let item = Wire.item(Wire.explicit(Tag(0x5400, 0x1010), "OW", large))
        let bytes = Wire.explicit(Tag(0x0042, 0x0011), "OB", large) + Wire.explicit(Tag(0x5400, 0x0100), "SQ", item)
            + Wire.explicit(Tag(0x7FE0, 0x0001), "OV", large)
        let scanned = try DataSetScanner(syntax: .explicitVRLittleEndian, bulkThreshold: 1000).scan(MemoryByteSource(bytes))
        #expect(scanned.bulk.map(\.tag) == [Tag(0x0042, 0x0011), Tag(0x5400, 0x1010)])
        #expect(scanned.bulk.map(\.path.count) == [0, 1])
        #expect(scanned.bulk.allSatisfy { Array(bytes[$0.range]) == large })
        #expect(scanned.dataSet.elements.map(\.tag) == [Tag(0x5400, 0x0100), Tag(0x7FE0, 0x0001)])
    }

    @Test func `values across windows are the same as from memory`() throws {
        let bytes = (0..<3000).flatMap {
            Wire.explicit(Tag(0x0009, UInt16($0 + 0x1000)), "OB", [UInt8](repeating: UInt8($0 % 251), count: $0 % 400 * 2))
        }
        #expect(try scanner.scan(CountingSource(bytes)) == scanner.scan(MemoryByteSource(bytes)))
    }

    @Test func `a file that becomes shorter while it is read is an error`() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).dcm").path
        let bytes = Wire.explicit(Tag(0x0042, 0x0011), "OB", [UInt8](repeating: 0, count: 100_000))
        #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let source = try FileByteSource(path: path)
        #expect(try scanner.scan(source).dataSet.bytes(Tag(0x0042, 0x0011))?.count == 100_000)
        #expect(truncate(path, 50_000) == 0)
        #expect(throws: DataSetError.self) { try scanner.scan(source) }
        #expect(throws: DataSetError.self) { try FileByteSource(path: path + ".absent") }
    }

    @Test func `second pixel data are noted`() throws {
        let bytes = Wire.explicit(pixelData, "OW", [1, 2]) + Wire.explicit(pixelData, "OW", [3, 4])
        let scanned = try scanner.scan(MemoryByteSource(bytes))
        #expect(scanned.notes.contains { $0.kind == .duplicateTag })
        #expect(scanned.pixelData?.content == .native(12..<14))
    }

    @Test func `elements of the command and meta groups are noted`() throws {
        let bytes = Wire.explicit(Tag(0x0000, 0x0100), "US", [1, 0]) + Wire.explicit(Tag(0x0002, 0x0010), "UI", "1.2\0")
        #expect(try scanner.scan(MemoryByteSource(bytes)).notes.map(\.kind) == [.forbiddenGroup, .forbiddenGroup])
    }
}

@Suite struct `Frame table` {
    private let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0]

    private func table(
        frames: Int, offsets: [Int], fragments: [[UInt8]], syntax: TransferSyntax = .jpegBaseline, extra: [UInt8] = []
    ) throws -> (FrameTable, [UInt8]) {
        let pixels = Wire.explicit(
            Tag(0x7FE0, 0x0010), "OB",
            Wire.item(offsets.flatMap { Wire.uint32($0) }) + fragments.flatMap { Wire.item($0) } + Wire.sequenceEnd, length: -1)
        let count = String(frames) + (String(frames).count % 2 == 1 ? " " : "")
        let bytes = Wire.explicit(Tag(0x0028, 0x0008), "IS", count) + extra + pixels
        let source = MemoryByteSource(bytes)
        let scanned = try DataSetScanner(syntax: syntax).scan(source)
        let location = try #require(scanned.pixelData)
        return (try FrameTable(location, dataSet: scanned.dataSet, syntax: syntax, source: source), bytes)
    }

    private func frames(_ table: FrameTable, _ bytes: [UInt8]) -> [[UInt8]] {
        (0..<table.count).map { index in table.ranges(ofFrameAt: index).flatMap { bytes[$0] } }
    }

    @Test func `a single frame takes all fragments`() throws {
        let (table, bytes) = try table(frames: 1, offsets: [], fragments: [[1, 2], [3, 4]])
        #expect(table.method == .singleFrame)
        #expect(frames(table, bytes) == [[1, 2, 3, 4]])
    }

    @Test func `the basic offset table groups fragments`() throws {
        let (table, bytes) = try table(frames: 2, offsets: [0, 20], fragments: [[1, 2], [3, 4], [5, 6]])
        #expect(table.method == .basicOffsetTable)
        #expect(frames(table, bytes) == [[1, 2, 3, 4], [5, 6]])
    }

    @Test func `one fragment per frame needs no table, and a wrong table is not believed`() throws {
        for offsets in [[], [0, 7], [5, 10], [0, 0], [0, 4_000_000_000]] {
            let (table, bytes) = try table(frames: 2, offsets: offsets, fragments: [[1, 2], [3, 4]])
            #expect(table.method == .oneFragmentPerFrame)
            #expect(frames(table, bytes) == [[1, 2], [3, 4]])
        }
    }

    @Test func `starts of code-streams group fragments when there is no table`() throws {
        let (table, bytes) = try table(frames: 2, offsets: [], fragments: [jpeg, [1, 2], jpeg])
        #expect(table.method == .codeStreamStart)
        #expect(frames(table, bytes) == [jpeg + [1, 2], jpeg])
    }

    @Test func `the extended offset table leaves padding out`() throws {
        let extra = Wire.explicit(Tag(0x7FE0, 0x0001), "OV", Wire.uint32(0) + Wire.uint32(0) + Wire.uint32(10) + Wire.uint32(0))
            + Wire.explicit(Tag(0x7FE0, 0x0002), "OV", Wire.uint32(1) + Wire.uint32(0) + Wire.uint32(2) + Wire.uint32(0))
        let (table, bytes) = try table(frames: 2, offsets: [], fragments: [[1, 0], [3, 4]], extra: extra)
        #expect(table.method == .extendedOffsetTable)
        #expect(frames(table, bytes) == [[1], [3, 4]])
    }

    @Test(arguments: [3, 2_000_000_000]) func `frames without fragments are refused`(count: Int) {
        #expect(throws: FrameTableError.frameCountMismatch(expected: count, fragments: 2)) {
            try table(frames: count, offsets: [], fragments: [[1, 2], [3, 4]])
        }
    }

    @Test func `frames of a video are not told apart`() {
        #expect(throws: FrameTableError.notFramewise) {
            try table(frames: 2, offsets: [], fragments: [[1, 2], [3, 4]], syntax: TransferSyntax(uid: "1.2.840.10008.1.2.4.102"))
        }
    }

    private func native(rows: Int, columns: Int, bits: Int, frames: Int, bytes: Int) throws -> FrameTable {
        var dataSet = DataSet()
        dataSet.set(.rows, .us, ints: [rows])
        dataSet.set(.columns, .us, ints: [columns])
        dataSet.set(.bitsAllocated, .us, ints: [bits])
        dataSet.set(.numberOfFrames, .is, ints: [frames])
        let encoded = Wire.explicit(Tag(0x7FE0, 0x0010), "OW", [UInt8](repeating: 0, count: bytes))
        let source = MemoryByteSource(encoded)
        let location = try #require(try DataSetScanner(syntax: .explicitVRLittleEndian).scan(source).pixelData)
        return try FrameTable(location, dataSet: dataSet, syntax: .explicitVRLittleEndian, source: source)
    }

    @Test func `native frames follow one another`() throws {
        let table = try native(rows: 2, columns: 3, bits: 16, frames: 2, bytes: 24)
        #expect(Array(table.ranges(ofFrameAt: 1)) == [24..<36])
        #expect(table.ranges(ofFrameAt: 2).isEmpty && table.ranges(ofFrameAt: -1).isEmpty)
    }

    @Test func `frames of one bit per pixel share bytes`() throws {
        let table = try native(rows: 1, columns: 3, bits: 1, frames: 3, bytes: 2)
        #expect((0..<3).map { table.bitOffset(ofFrameAt: $0) } == [0, 3, 6])
        #expect((0..<3).map { Array(table.ranges(ofFrameAt: $0)) } == [[12..<13], [12..<13], [12..<14]])
    }

    @Test(arguments: [(65535, 65535, 16, 1), (1, 1, 8, 2_147_483_647), (65535, 65535, 64, 2_147_483_647)])
    func `native values shorter than their attributes say are refused`(rows: Int, columns: Int, bits: Int, frames: Int) {
        #expect(throws: FrameTableError.self) { try native(rows: rows, columns: columns, bits: bits, frames: frames, bytes: 64) }
    }

    @Test(arguments: [(0, 1, 8), (1, 0, 8), (1, 1, 0), (1, 1, 128)])
    func `absurd attributes are refused`(rows: Int, columns: Int, bits: Int) {
        #expect(throws: FrameTableError.badImageAttributes) { try native(rows: rows, columns: columns, bits: bits, frames: 1, bytes: 64) }
    }
}
