import Archive
import Glibc

/// A large object on its way into a container of its own; written piece by piece, visible when `finish` returns.
///
/// Not thread-safe, like the draft that owns it.
final class SpillFile {
    private static let pieceBytes = 1 << 20
    private static let recordOffset = Int64(PackFormat.packHeaderBytes)

    let volume: Volume
    private let id: Int64
    private var name: PackName
    private let file: FileHandle
    private let piece: AlignedBuffer
    /// Bytes of the record, header space included, that are in `piece`.
    private var filled = PackFormat.recordHeaderBytes
    /// Where `piece` goes in the file.
    private var pieceOffset = SpillFile.recordOffset
    /// The first block of the record, kept so that it can be written last.
    private var head: [UInt8] = []
    private var checksums = BlockChecksums()
    private var claimed: Int64 = 0
    private(set) var count = 0
    /// A step failed: the bytes may be read for a copy, the file is not written any more.
    private(set) var isSpoiled = false
    private var isFinished = false

    init(volume: Volume) throws(StorageError) {
        self.volume = volume
        id = try volume.takeContainerID()
        name = PackName(id: id, purpose: .ingest, phase: .spill)
        do throws(SystemFailure) {
            file = try FileHandle(
                path: volume.filePath(name), flags: O_RDWR | O_CREAT | O_EXCL, direct: volume.settings.usesDirectIO,
                environment: volume.environment)
        } catch {
            volume.noteFault(error)
            throw volume.failure(error)
        }
        piece = AlignedBuffer(capacity: Self.pieceBytes)
        piece.zero(0..<PackFormat.recordHeaderBytes)
    }

    deinit { discard() }

    func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
        guard !isSpoiled, !isFinished else { throw volume.unavailable("the object on its way cannot be continued.") }
        try appendRaw(bytes)
        checksums.update(bytes)
        count += bytes.count
    }

    private func appendRaw(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if filled == Self.pieceBytes { try flushPiece() }
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.pieceBytes - filled))
            piece.copyIn(part, at: filled)
            filled += part.count
            rest = rest.dropFirst(part.count)
        }
    }

    private func flushPiece() throws(StorageError) {
        try writePiece(bytes: filled)
        pieceOffset += Int64(filled)
        filled = 0
    }

    private func writePiece(bytes: Int) throws(StorageError) {
        if pieceOffset == Self.recordOffset { head = piece.array(0..<PackFormat.alignment) }
        do throws(StorageError) {
            try volume.claim(Int64(bytes))
            do throws(SystemFailure) {
                try file.write([FileHandle.Piece(buffer: piece, range: 0..<bytes)], at: pieceOffset)
                volume.settle(Int64(bytes), taken: true)
                claimed += Int64(bytes)
            } catch {
                volume.settle(Int64(bytes), taken: false)
                volume.noteFault(error)
                throw volume.failure(error)
            }
        } catch {
            isSpoiled = true
            throw error
        }
    }

    /// Reads back payload bytes, shorter only at the end.
    func read(at offset: Int, count wanted: Int) throws(StorageError) -> ArraySlice<UInt8> {
        guard offset >= 0, wanted > 0, offset < count else { return [] }
        let end = min(count - offset, wanted) + offset
        let shift = Int(Self.recordOffset) + PackFormat.recordHeaderBytes
        let inFile = max(0, min(end, Int(pieceOffset) - shift))
        var bytes: [UInt8] = []
        if offset < inFile {
            do throws(SystemFailure) {
                // A second descriptor: the first may be open for unbuffered I/O, which wants aligned reads.
                let reader = try FileHandle(path: volume.filePath(name), flags: O_RDONLY, environment: volume.environment)
                bytes = try reader.read(inFile - offset, at: Int64(offset + shift))
                guard bytes.count == inFile - offset else { throw SystemFailure(operation: "reading back", code: EIO) }
            } catch { throw volume.failure(error) }
        }
        if end > inFile {
            let start = max(offset, inFile) + shift - Int(pieceOffset)
            bytes += piece.array(start..<(end + shift - Int(pieceOffset)))
        }
        return bytes[...]
    }

    /// Writes trailer, header and seal, makes all durable and gives the container its final name.
    func finish(note: [UInt8], purpose: WritePurpose) throws(StorageError) -> ObjectLocation {
        guard !isSpoiled, !isFinished else { throw volume.unavailable("the object on its way cannot be continued.") }
        // Whatever fails from here on, this file is not tried again.
        isSpoiled = true
        var trailer: [UInt8] = []
        for checksum in checksums.all { trailer.append(number: checksum) }
        trailer += note
        let header = PackHeader(
            volumeID: volume.id, containerID: id, salt: volume.environment.random(), purpose: purpose,
            createdMilliseconds: volume.environment.wallClock())
        let record = RecordHeader(
            kind: .object, salt: header.salt, containerID: id, offset: Self.recordOffset, sequence: 0,
            durableBefore: Self.recordOffset, payloadBytes: Int64(count), noteBytes: Int64(note.count),
            trailerChecksum: crc32c(trailer))
        var failure: StorageError?
        trailer.withUnsafeBytes { bytes in
            do throws(StorageError) { try appendRaw(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
        try writeLastPiece()
        do throws(SystemFailure) {
            try complete(header, record, purpose: purpose)
        } catch {
            volume.noteFault(error)
            throw volume.failure(error)
        }
        isFinished = true
        volume.register(name)
        return record.location(volumeID: volume.id)
    }

    private func writeLastPiece() throws(StorageError) {
        let whole = Int(PackFormat.aligned(Int64(filled)))
        piece.zero(filled..<whole)
        if whole > 0 { try writePiece(bytes: whole) }
    }

    private func complete(_ header: PackHeader, _ record: RecordHeader, purpose: WritePurpose) throws(SystemFailure) {
        head.put(record.encoded, at: 0)
        try file.write(header.encoded + head, at: 0)
        let seal = RecordHeader.seal(containerID: id, salt: header.salt, offset: record.end, sequence: 1)
        try file.write(seal, at: record.end)
        try file.dataSync()
        let final = PackName(id: id, purpose: purpose, phase: .pack)
        try volume.environment.renameDurably(name.text, final.text, in: volume.packsPath)
        name = final
    }

    /// Removes the file unless it has become a container.
    func discard() {
        guard !isFinished, name.phase == .spill else { return }
        isSpoiled = true
        isFinished = true
        _ = volume.environment.unlink(volume.filePath(name))
        volume.returned(claimed)
    }
}
