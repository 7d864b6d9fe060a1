import Archive

/// Reads and checks the parts of one record.
struct RecordAccess {
    /// Payload is read for checking in pieces of this size.
    private static let pieceBytes = 16 * PackFormat.checksumBlockBytes

    let file: FileHandle

    /// The header at an offset; `nil` when there is none that is sound.
    func header(at offset: Int64) throws(SystemFailure) -> RecordHeader? {
        guard let header = RecordHeader(try file.read(PackFormat.recordHeaderBytes, at: offset)), header.offset == offset else {
            return nil
        }
        return header
    }

    /// Checksum table and note as stored; `nil` when their checksum differs or the file is too short.
    func trailer(_ header: RecordHeader) throws(SystemFailure) -> [UInt8]? {
        // The length is believed only as far as the file reaches.
        guard try file.bytes >= header.end else { return nil }
        let bytes = try file.read(Int(header.trailerBytes), at: header.trailerOffset)
        guard bytes.count == Int(header.trailerBytes), crc32c(bytes) == header.trailerChecksum else { return nil }
        return bytes
    }

    func note(_ header: RecordHeader, trailer: [UInt8]) -> RecordNote? {
        RecordNoteCoding.decode(Array(trailer[Int(header.tableBytes)...]))
    }

    /// The payload offset of the first block whose checksum differs; `nil` when all agree.
    func firstDamage(_ header: RecordHeader, trailer: [UInt8]) throws(SystemFailure) -> Int64? {
        var done: Int64 = 0
        while done < header.payloadBytes {
            let count = Int(min(header.payloadBytes - done, Int64(Self.pieceBytes)))
            let piece = try file.read(count, at: header.payloadOffset + done)
            guard piece.count == count else { return done + Int64(piece.count) }
            let first = Int(done / Int64(PackFormat.checksumBlockBytes))
            if let block = piece.withUnsafeBytes({ Self.firstDifference($0, table: trailer, firstBlock: first) }) {
                return done + Int64(block * PackFormat.checksumBlockBytes)
            }
            done += Int64(count)
        }
        return nil
    }

    /// Index of the first block of `piece` that disagrees with `table`, whose entry 0 belongs to block 0 of the payload.
    static func firstDifference(_ piece: UnsafeRawBufferPointer, table: [UInt8], firstBlock: Int) -> Int? {
        for (index, checksum) in BlockChecksums.of(piece).enumerated() {
            let place = 4 * (firstBlock + index)
            guard table.count >= place + 4, table.number(at: place, UInt32.self) == checksum else { return index }
        }
        return nil
    }

    func isSound(_ header: RecordHeader) throws(SystemFailure) -> Bool {
        guard let trailer = try trailer(header) else { return false }
        return try firstDamage(header, trailer: trailer) == nil
    }
}

/// Goes through the records of a pack, over damaged ones too.
struct PackWalker {
    private static let searchBytes = 1 << 20

    let file: FileHandle
    let containerID: Int64
    /// `nil` when the pack header is damaged: then the container number alone tells our records.
    let salt: UInt64?
    let end: Int64

    init(file: FileHandle, containerID: Int64, end: Int64) throws(SystemFailure) {
        self.file = file
        self.containerID = containerID
        self.end = end
        let header = PackHeader(try file.read(128, at: 0))
        salt = header?.containerID == containerID ? header?.salt : nil
    }

    private func isOurs(_ header: RecordHeader, at offset: Int64) -> Bool {
        header.containerID == containerID && header.offset == offset && header.end <= end
            && (salt == nil || header.salt == salt)
    }

    /// The first of our records at or after `offset`; searched at every multiple of 4096 when there is none right there.
    func next(from offset: Int64) throws(SystemFailure) -> RecordHeader? {
        if let header = try RecordAccess(file: file).header(at: offset), isOurs(header, at: offset) { return header }
        var position = offset + Int64(PackFormat.alignment)
        while position < end {
            let chunk = try file.read(Int(min(Int64(Self.searchBytes), end - position)), at: position)
            if chunk.isEmpty { return nil }
            for start in stride(from: 0, through: chunk.count - PackFormat.recordHeaderBytes, by: PackFormat.alignment)
            where chunk[start] == RecordHeader.magic[0] {
                let bytes = Array(chunk[start..<start + PackFormat.recordHeaderBytes])
                if let header = RecordHeader(bytes), isOurs(header, at: position + Int64(start)) { return header }
            }
            position += Int64(chunk.count + PackFormat.alignment - 1) / Int64(PackFormat.alignment) * Int64(PackFormat.alignment)
        }
        return nil
    }

    /// What a walk found.
    struct Findings {
        var records: [RecordHeader] = []
        /// Places where no record of ours begins although later ones exist.
        var gaps: [Range<Int64>] = []
        var seal: RecordHeader?
    }

    func walk(visit: (RecordHeader) -> Bool = { _ in true }) throws(SystemFailure) -> Findings {
        var findings = Findings()
        var position = Int64(PackFormat.packHeaderBytes)
        while position < end, let header = try next(from: position) {
            if header.offset > position { findings.gaps.append(position..<header.offset) }
            if header.kind == .seal {
                findings.seal = header
                break
            }
            findings.records.append(header)
            if !visit(header) { break }
            position = header.end
        }
        return findings
    }

    /// The records of a pack still open that were completely written, by what the medium shows.
    struct Committed {
        var records: [RecordHeader]
        var gaps: [Range<Int64>]
        /// Where the next record goes.
        var position: Int64
        /// Remains of an interrupted write lie at or behind `position`.
        var hasRemains: Bool
        var seal: RecordHeader?
    }

    /// Records before the newest durability mark count as they are; later ones only when every checksum agrees, up to
    /// the first that does not: an interrupted flush may have written any part of its batch.
    func committed() throws(SystemFailure) -> Committed {
        let findings = try walk()
        let durable = findings.records.map(\.durableBefore).max() ?? Int64(PackFormat.packHeaderBytes)
        if let seal = findings.seal {
            return Committed(
                records: findings.records, gaps: findings.gaps, position: seal.offset, hasRemains: false, seal: seal)
        }
        var accepted: [RecordHeader] = []
        var position = Int64(PackFormat.packHeaderBytes)
        for record in findings.records {
            if record.end > durable {
                let followsOn = record.offset == max(position, durable)
                guard followsOn, try RecordAccess(file: file).isSound(record) else { break }
            }
            accepted.append(record)
            position = record.end
        }
        position = max(position, durable)
        return Committed(
            records: accepted, gaps: findings.gaps.filter { $0.upperBound <= durable }, position: position,
            hasRemains: accepted.count < findings.records.count || findings.gaps.contains { $0.upperBound > durable },
            seal: nil)
    }
}
