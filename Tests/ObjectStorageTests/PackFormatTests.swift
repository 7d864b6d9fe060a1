import Archive
import CStorageKernels
import Testing

@testable import ObjectStorage

@Suite struct `storage format version 1` {
    @Test func `CRC-32C gives the published values (RFC 3720 B.4) in both implementations`() {
        for (bytes, expected) in [
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA as UInt32), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Array(0...31), 0x46DD_794E), (Array("123456789".utf8), 0xE306_9283),
        ] {
            #expect(crc32c(bytes) == expected)
            #expect(apus_crc32c_portable(0, bytes, bytes.count) == expected)
        }
    }

    @Test func `block checksums do not depend on how the bytes arrive`() {
        let bytes = payload(5, 65_536 * 9 + 777)
        var whole = BlockChecksums()
        bytes.withUnsafeBytes { whole.update($0) }
        let expected = stride(from: 0, to: bytes.count, by: 65_536).map { start -> UInt32 in
            let block = Array(bytes[start..<min(start + 65_536, bytes.count)])
            return apus_crc32c_portable(0, block, block.count)
        }
        #expect(whole.all == expected)
        for piece in [1000, 65_536, 131_060, 300_001] {
            var parts = BlockChecksums()
            bytes.withUnsafeBytes { all in
                for start in stride(from: 0, to: all.count, by: piece) {
                    parts.update(UnsafeRawBufferPointer(rebasing: all[start..<min(start + piece, all.count)]))
                }
            }
            #expect(parts.all == expected)
        }
    }

    private var header: RecordHeader {
        RecordHeader(
            kind: .object, salt: 77, containerID: 5, offset: 8192, sequence: 3, durableBefore: 4096,
            payloadBytes: 70_000, noteBytes: 99, trailerChecksum: 0xDEAD_BEEF)
    }

    @Test func `headers come back as written`() {
        #expect(RecordHeader(header.encoded) == header)
        #expect(header.recordBytes == 73_728)
        let pack = PackHeader(volumeID: 9, containerID: 12, salt: 1, purpose: .archive, createdMilliseconds: 55)
        #expect(PackHeader(pack.encoded) == pack)
        #expect(pack.encoded.count == 4096)
    }

    @Test func `SEC-4.2.3-4 any flipped bit of a header is noticed`() {
        let record = header.encoded
        let pack = PackHeader(volumeID: 9, containerID: 12, salt: 1, purpose: .ingest, createdMilliseconds: 55).encoded
        for bit in 0..<128 * 8 {
            var bytes = record
            bytes[bit / 8] ^= 1 << (bit % 8)
            #expect(RecordHeader(bytes) == nil)
            bytes = pack
            bytes[bit / 8] ^= 1 << (bit % 8)
            #expect(PackHeader(bytes) == nil)
        }
        #expect(RecordHeader(Array(record.prefix(127))) == nil)
        #expect(RecordHeader([]) == nil)
    }

    @Test func `lengths that contradict each other are refused even with a sound checksum`() {
        for change: (inout RecordHeader) -> Void in [
            { $0.payloadBytes = -1 }, { $0.payloadBytes = .max }, { $0.noteBytes = .max }, { $0.offset = -4096 },
            { $0.recordBytes = 4096 }, { $0.durableBefore = 12_288 }, { $0.durableBefore = 100 }, { $0.durableBefore = -4096 },
            { $0.payloadBytes = 1 << 47 }, { $0.noteBytes = -4 },
        ] {
            var wrong = header
            change(&wrong)
            #expect(RecordHeader(wrong.encoded) == nil)
        }
    }

    @Test func `notes come back as written, and damaged ones are refused`() {
        let full = sampleNote("1.2.840.1", restoration: payload(3, 5000))
        let bytes = RecordNoteCoding.encode(full)
        #expect(RecordNoteCoding.decode(bytes) == full)
        // Cut between two fields it is a shorter note; cut elsewhere it is none.
        let sound = (0..<bytes.count).filter { RecordNoteCoding.decode(Array(bytes.prefix($0))) != nil }
        #expect(sound.count == 7)
        let unknown = bytes + [200, 0, 0, 0, 2, 0, 0, 0, 1, 2]
        #expect(RecordNoteCoding.decode(unknown) == full)
        #expect(RecordNoteCoding.decode(bytes + [6, 0, 0, 0, 255, 255, 255, 255]) == nil)
        #expect(RecordNoteCoding.decode([2, 0, 0, 0]) == nil)
    }

    @Test func `file names come back as written and nothing else is taken for a pack`() {
        let name = PackName(id: 42, purpose: .archive, phase: .pack)
        #expect(name.text == "000000000000002a.archive.pack")
        #expect(PackName(name.text) == name)
        for text in ["", "2a.archive.pack", "000000000000002a.archive", "000000000000002a.x.pack", "-00000000000002a.ingest.open",
            "0000000000000000.ingest.open", "000000000000002a.ingest.open.bak", "zzzzzzzzzzzzzzzz.ingest.open"] {
            #expect(PackName(text) == nil)
        }
    }
}
