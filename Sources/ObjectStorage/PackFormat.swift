import Archive

/// The on-disk format, see Documentation/storage-format.md. All numbers are little endian.
enum PackFormat {
    static let version: UInt32 = 1
    /// Every structure of a pack begins at a multiple of this.
    static let alignment = 4096
    static let packHeaderBytes = 4096
    static let recordHeaderBytes = 128
    static let checksumBlockBytes = 65_536
    /// A note larger than this is refused; hostile lengths end here too.
    static let noteLimitBytes = 256 << 20

    static func aligned(_ bytes: Int64) -> Int64 { (bytes + 4095) & ~4095 }
    static func blockCount(payloadBytes: Int64) -> Int64 {
        let block = Int64(checksumBlockBytes)
        return payloadBytes / block + (payloadBytes % block == 0 ? 0 : 1)
    }
}

/// The first 4096 bytes of a pack.
struct PackHeader: Hashable, Sendable {
    static let magic: [UInt8] = Array("APUSPACK".utf8)
    static let hint = "Apus object pack, format 1. Records start at multiples of 4096; each holds one DICOM Part 10 file.\n"

    var volumeID: Int64
    var containerID: Int64
    /// Random for each use of the file: records of an earlier use carry another one.
    var salt: UInt64
    var purpose: WritePurpose
    var createdMilliseconds: Int64

    var encoded: [UInt8] {
        var bytes = ByteField.zeros(PackFormat.packHeaderBytes)
        bytes.put(Self.magic, at: 0)
        bytes.put(PackFormat.version, at: 8)
        bytes.put(purpose == .ingest ? UInt32(1) : UInt32(2), at: 12)
        bytes.put(volumeID, at: 16)
        bytes.put(containerID, at: 24)
        bytes.put(salt, at: 32)
        bytes.put(createdMilliseconds, at: 40)
        bytes.put(crc32c(bytes.prefix(124)), at: 124)
        bytes.put(Array(Self.hint.utf8), at: 128)
        return bytes
    }

    /// `nil` when the bytes are no sound pack header of this format.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 128, bytes.starts(with: Self.magic), bytes.number(at: 124, UInt32.self) == crc32c(bytes.prefix(124)),
            bytes.number(at: 8, UInt32.self) == PackFormat.version
        else { return nil }
        switch bytes.number(at: 12, UInt32.self) {
        case 1: purpose = .ingest
        case 2: purpose = .archive
        default: return nil
        }
        volumeID = bytes.number(at: 16, Int64.self)
        containerID = bytes.number(at: 24, Int64.self)
        salt = bytes.number(at: 32, UInt64.self)
        createdMilliseconds = bytes.number(at: 40, Int64.self)
    }

    init(volumeID: Int64, containerID: Int64, salt: UInt64, purpose: WritePurpose, createdMilliseconds: Int64) {
        self.volumeID = volumeID
        self.containerID = containerID
        self.salt = salt
        self.purpose = purpose
        self.createdMilliseconds = createdMilliseconds
    }
}

/// The first 128 bytes of a record.
struct RecordHeader: Hashable, Sendable {
    enum Kind: UInt32, Sendable {
        case object = 1
        /// The last record of a pack: nothing follows.
        case seal = 2
        /// Took the place of an object that was erased; lengths are kept so that readers find the next record.
        case erased = 3
    }

    static let magic: [UInt8] = Array("APUSOBJ1".utf8)

    var kind: Kind
    var salt: UInt64
    var containerID: Int64
    var offset: Int64
    /// Counts the records of a pack from 0.
    var sequence: UInt64
    /// Everything before this offset was durable when the record was written.
    var durableBefore: Int64
    var recordBytes: Int64
    var payloadBytes: Int64
    var noteBytes: Int64
    /// CRC-32C of checksum table and note.
    var trailerChecksum: UInt32

    var tableBytes: Int64 { 4 * PackFormat.blockCount(payloadBytes: payloadBytes) }
    var trailerBytes: Int64 { tableBytes + noteBytes }
    var payloadOffset: Int64 { offset + Int64(PackFormat.recordHeaderBytes) }
    var trailerOffset: Int64 { payloadOffset + payloadBytes }
    var end: Int64 { offset + recordBytes }

    static func recordBytes(payloadBytes: Int64, noteBytes: Int64) -> Int64 {
        let table = 4 * PackFormat.blockCount(payloadBytes: payloadBytes)
        return PackFormat.aligned(Int64(PackFormat.recordHeaderBytes) + payloadBytes + table + noteBytes)
    }

    var encoded: [UInt8] {
        var bytes = ByteField.zeros(PackFormat.recordHeaderBytes)
        bytes.put(Self.magic, at: 0)
        bytes.put(PackFormat.version, at: 8)
        bytes.put(kind.rawValue, at: 12)
        bytes.put(salt, at: 16)
        bytes.put(containerID, at: 24)
        bytes.put(offset, at: 32)
        bytes.put(sequence, at: 40)
        bytes.put(durableBefore, at: 48)
        bytes.put(recordBytes, at: 56)
        bytes.put(payloadBytes, at: 64)
        bytes.put(noteBytes, at: 72)
        bytes.put(UInt32(PackFormat.checksumBlockBytes), at: 80)
        bytes.put(trailerChecksum, at: 84)
        bytes.put(crc32c(bytes.prefix(124)), at: 124)
        return bytes
    }

    /// `nil` when the bytes are no sound record header or its lengths contradict each other.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= PackFormat.recordHeaderBytes, bytes.starts(with: Self.magic),
            bytes.number(at: 124, UInt32.self) == crc32c(bytes.prefix(124)),
            bytes.number(at: 8, UInt32.self) == PackFormat.version,
            bytes.number(at: 80, UInt32.self) == UInt32(PackFormat.checksumBlockBytes),
            let kind = Kind(rawValue: bytes.number(at: 12, UInt32.self))
        else { return nil }
        self.kind = kind
        salt = bytes.number(at: 16, UInt64.self)
        containerID = bytes.number(at: 24, Int64.self)
        offset = bytes.number(at: 32, Int64.self)
        sequence = bytes.number(at: 40, UInt64.self)
        durableBefore = bytes.number(at: 48, Int64.self)
        recordBytes = bytes.number(at: 56, Int64.self)
        payloadBytes = bytes.number(at: 64, Int64.self)
        noteBytes = bytes.number(at: 72, Int64.self)
        trailerChecksum = bytes.number(at: 84, UInt32.self)
        // 2^48 bytes: far beyond any file, and no sum of such numbers overflows.
        let limit: Int64 = 1 << 48
        guard (0..<limit).contains(offset), (0..<limit).contains(payloadBytes), (0..<limit).contains(recordBytes),
            (0...Int64(PackFormat.noteLimitBytes)).contains(noteBytes), (0...offset).contains(durableBefore),
            durableBefore % Int64(PackFormat.alignment) == 0,
            recordBytes == Self.recordBytes(payloadBytes: payloadBytes, noteBytes: noteBytes)
        else { return nil }
    }

    init(
        kind: Kind, salt: UInt64, containerID: Int64, offset: Int64, sequence: UInt64, durableBefore: Int64,
        payloadBytes: Int64, noteBytes: Int64, trailerChecksum: UInt32
    ) {
        self.kind = kind
        self.salt = salt
        self.containerID = containerID
        self.offset = offset
        self.sequence = sequence
        self.durableBefore = durableBefore
        self.payloadBytes = payloadBytes
        self.noteBytes = noteBytes
        self.trailerChecksum = trailerChecksum
        recordBytes = Self.recordBytes(payloadBytes: payloadBytes, noteBytes: noteBytes)
    }

    /// The seal at the end of a pack, padded to a full block.
    static func seal(containerID: Int64, salt: UInt64, offset: Int64, sequence: UInt64) -> [UInt8] {
        let header = RecordHeader(
            kind: .seal, salt: salt, containerID: containerID, offset: offset, sequence: sequence, durableBefore: offset,
            payloadBytes: 0, noteBytes: 0, trailerChecksum: 0)
        return header.encoded + ByteField.zeros(PackFormat.alignment - PackFormat.recordHeaderBytes)
    }

    func location(volumeID: Int64) -> ObjectLocation {
        ObjectLocation(
            volumeID: volumeID, containerID: containerID, offset: offset, recordBytes: recordBytes,
            payloadOffset: payloadOffset, payloadBytes: payloadBytes)
    }
}

/// Little-endian numbers at fixed places of a byte array.
enum ByteField {
    static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
}

extension [UInt8] {
    mutating func put(_ number: some FixedWidthInteger, at offset: Int) {
        for index in 0..<(number.bitWidth / 8) {
            self[offset + index] = UInt8(truncatingIfNeeded: number >> (8 * index))
        }
    }

    mutating func put(_ bytes: [UInt8], at offset: Int) {
        replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }

    /// The caller has checked that the array reaches that far.
    func number<Number: FixedWidthInteger>(at offset: Int, _: Number.Type) -> Number {
        var result: Number = 0
        for index in stride(from: Number.bitWidth / 8 - 1, through: 0, by: -1) {
            result = result << 8 | Number(truncatingIfNeeded: self[offset + index])
        }
        return result
    }

    mutating func append(number: some FixedWidthInteger) {
        for index in 0..<(number.bitWidth / 8) { append(UInt8(truncatingIfNeeded: number >> (8 * index))) }
    }
}
