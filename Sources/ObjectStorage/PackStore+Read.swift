package import Archive
import Glibc

extension PackStore {
    /// Reads `range` of the payload; every checksum block touched is verified before a byte is handed out.
    package func read(
        _ location: ObjectLocation, range: Range<Int>, into destination: UnsafeMutableRawBufferPointer
    ) throws(StorageError) {
        try access(location) { (record, header) throws(ReadFailure) in
            guard range.lowerBound >= 0, range.upperBound <= Int(header.payloadBytes), destination.count == range.count else {
                throw .damaged("bytes \(range.lowerBound) to \(range.upperBound) are beyond the object's \(header.payloadBytes).")
            }
            if !range.isEmpty { try CheckedRange(record: record, header: header, range: range).read(into: destination) }
        }
    }

    package func verify(_ location: ObjectLocation) throws(StorageError) -> RecordNote {
        try access(location) { (record, header) throws(ReadFailure) in
            let (note, trailer) = try Self.note(record, header)
            if let place = try record.damage(header, trailer: trailer) {
                throw .damaged("checksum differs at payload offset \(place).")
            }
            return note
        }
    }

    package func note(_ location: ObjectLocation) throws(StorageError) -> RecordNote {
        try access(location) { (record, header) throws(ReadFailure) in try Self.note(record, header).note }
    }

    private static func note(
        _ record: CheckedFile, _ header: RecordHeader
    ) throws(ReadFailure) -> (note: RecordNote, trailer: [UInt8]) {
        guard let trailer = try record.trailer(header) else { throw .damaged("checksum of the note differs.") }
        guard let note = RecordAccess(file: record.file).note(header, trailer: trailer) else {
            throw .damaged("the note cannot be read.")
        }
        return (note, trailer)
    }

    enum ReadFailure: Error {
        case damaged(String)
        /// Not there, or no longer.
        case missing
        case system(SystemFailure)
    }

    /// File reading with the errors of this file.
    struct CheckedFile {
        let file: FileHandle

        func read(_ count: Int, at offset: Int64) throws(ReadFailure) -> [UInt8] {
            do throws(SystemFailure) { return try file.read(count, at: offset) } catch { throw .system(error) }
        }

        func read(into destination: UnsafeMutableRawBufferPointer, at offset: Int64) throws(ReadFailure) -> Int {
            do throws(SystemFailure) { return try file.read(into: destination, at: offset) } catch { throw .system(error) }
        }

        func bytes() throws(ReadFailure) -> Int64 {
            do throws(SystemFailure) { return try file.bytes } catch { throw .system(error) }
        }

        func trailer(_ header: RecordHeader) throws(ReadFailure) -> [UInt8]? {
            do throws(SystemFailure) { return try RecordAccess(file: file).trailer(header) } catch { throw .system(error) }
        }

        func damage(_ header: RecordHeader, trailer: [UInt8]) throws(ReadFailure) -> Int64? {
            do throws(SystemFailure) {
                return try RecordAccess(file: file).firstDamage(header, trailer: trailer)
            } catch { throw .system(error) }
        }
    }

    /// Finds the record, checks that it is the one expected, lets `body` read it and makes sure that the container
    /// was not given to other objects meanwhile.
    private func access<Answer>(
        _ location: ObjectLocation, _ body: (CheckedFile, RecordHeader) throws(ReadFailure) -> Answer
    ) throws(StorageError) -> Answer {
        guard let volume = volume(location.volumeID) else {
            throw .unavailable(message: "Storage volume \(location.volumeID) is not configured.")
        }
        try volume.requireOnline()
        let id = ContainerID(volumeID: location.volumeID, containerID: location.containerID)
        guard let pack = try readable(id, on: volume) else { throw .notFound(location: location) }
        let outcome: Result<Answer, ReadFailure>
        do throws(ReadFailure) {
            let file = CheckedFile(file: pack.file)
            outcome = .success(try body(file, try Self.header(location, pack, file)))
        } catch { outcome = .failure(error) }
        // Looked at last: if the pack is unchanged now, what was read before belongs to it.
        guard (try? pack.isUnchanged()) ?? true else {
            files.forget(id)
            throw .notFound(location: location)
        }
        switch outcome {
        case .success(let answer): return answer
        case .failure(.missing): throw .notFound(location: location)
        case .failure(.damaged(let message)): throw .damaged(location: location, message: message)
        case .failure(.system(let failure)): throw volume.failure(failure)
        }
    }

    private static func header(
        _ location: ObjectLocation, _ pack: ReadablePack, _ file: CheckedFile
    ) throws(ReadFailure) -> RecordHeader {
        guard let header = RecordHeader(try file.read(PackFormat.recordHeaderBytes, at: location.offset)) else {
            throw .damaged("the record header is damaged.")
        }
        let salt = PackHeader(pack.header)?.salt
        guard header.kind == .object, header.containerID == location.containerID, header.offset == location.offset,
            salt == nil || salt == header.salt
        else { throw .missing }
        guard header.payloadBytes == location.payloadBytes, header.payloadOffset == location.payloadOffset,
            header.recordBytes == location.recordBytes
        else { throw .damaged("the record has other lengths than expected.") }
        guard try file.bytes() >= header.end else { throw .damaged("the container ends within the object.") }
        return header
    }

    /// The pack opened for reading; `nil` when there is no such container.
    func readable(_ id: ContainerID, on volume: Volume) throws(StorageError) -> ReadablePack? {
        if let pack = files.pack(id) { return pack }
        for name in possibleNames(id, on: volume) {
            do throws(SystemFailure) {
                let file = try FileHandle(path: volume.filePath(name), flags: O_RDONLY, environment: environment)
                let pack = ReadablePack(file: file, header: try file.read(128, at: 0))
                if let header = PackHeader(pack.header), header.containerID != id.containerID { return nil }
                files.keep(pack, as: id)
                return pack
            } catch {
                if error.code != ENOENT { throw volume.failure(error) }
            }
        }
        return nil
    }

    /// In the order in which a pack changes its name: sealed just now, it is found under the next one.
    private func possibleNames(_ id: ContainerID, on volume: Volume) -> [PackName] {
        let known = volume.containerName(id.containerID)
        if let known, known.phase == .pack { return [known] }
        // Another process may have made it since the folder was listed.
        let purposes: [WritePurpose] = known.map { [$0.purpose] } ?? (mode == .readOnly ? [.ingest, .archive] : [])
        return purposes.flatMap { purpose in
            [PackName.Phase.open, .pack].map { PackName(id: id.containerID, purpose: purpose, phase: $0) }
        }
    }
}
