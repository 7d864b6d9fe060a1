package import Archive

extension PackStore {
    package func makeDraft(expectedBytes: Int?) throws(StorageError) -> any ObjectDraft {
        guard mode == .readWrite else { throw .unavailable(message: "The store is open for reading only.") }
        let services = PackDraft.Services(pool: pool, memoryLimit: settings.draftMemoryBytes) {
            [weak self] () throws(StorageError) -> SpillFile in
            guard let self else { throw .unavailable(message: "The store is closed.") }
            return try self.makeSpill(.ingest, excluding: [])
        }
        return PackDraft(services: services, expectedBytes: expectedBytes)
    }

    /// A spill file on the best volume for the purpose.
    private func makeSpill(_ purpose: WritePurpose, excluding tried: Set<Int64>) throws(StorageError) -> SpillFile {
        let (volumes, obstacles) = candidates(purpose)
        var errors = obstacles
        for volume in volumes where !tried.contains(volume.id) {
            do throws(StorageError) {
                try volume.claim(0)
                return try SpillFile(volume: volume)
            } catch { errors.append(error) }
        }
        throw Self.summary(errors, purpose: purpose)
    }

    package func commit(
        _ requests: [CommitRequest], purpose: WritePurpose
    ) -> [Result<ObjectLocation, StorageError>] {
        var results = [Result<ObjectLocation, StorageError>?](repeating: nil, count: requests.count)
        var small: [(index: Int, record: PreparedRecord)] = []
        var seen: Set<ObjectIdentifier> = []
        let (volumes, obstacles) = candidates(purpose)
        for (index, request) in requests.enumerated() {
            guard let draft = request.draft as? PackDraft, seen.insert(ObjectIdentifier(draft)).inserted else {
                results[index] = .failure(.unavailable(message: "The draft is not of this store, or given twice."))
                continue
            }
            let note = RecordNoteCoding.encode(request.note)
            guard note.count <= PackFormat.noteLimitBytes else {
                let message = "The note of the record exceeds \(PackFormat.noteLimitBytes) bytes."
                results[index] = .failure(.unavailable(message: message))
                continue
            }
            if let record = prepareSmall(draft, note: note, purpose: purpose, volumes: volumes) {
                small.append((index, record))
            } else {
                results[index] = commitLarge(draft, note: note, purpose: purpose)
            }
        }
        commitSmall(small, to: volumes, obstacles: obstacles, purpose: purpose, &results)
        for (index, result) in results.enumerated() {
            // Kept after a failure: the caller may try again.
            if case .success = result { requests[index].draft.discard() }
        }
        return results.map { $0 ?? .failure(.unavailable(message: "The request was not handled.")) }
    }

    /// The record for a shared pack; `nil` when the object needs a container of its own.
    private func prepareSmall(
        _ draft: PackDraft, note: [UInt8], purpose: WritePurpose, volumes: [Volume]
    ) -> PreparedRecord? {
        let bytes = RecordHeader.recordBytes(payloadBytes: Int64(draft.count), noteBytes: Int64(note.count))
        guard volumes.allSatisfy({ $0.writer(purpose).takes(bytes, on: $0) }) else { return nil }
        return draft.prepare(note: note)
    }

    private func commitSmall(
        _ records: [(index: Int, record: PreparedRecord)], to volumes: [Volume], obstacles: [StorageError],
        purpose: WritePurpose, _ results: inout [Result<ObjectLocation, StorageError>?]
    ) {
        var open = records
        var errors: [Int: [StorageError]] = [:]
        for volume in volumes where !open.isEmpty {
            let answers = volume.writer(purpose).commit(open.map(\.record), on: volume)
            var failed: [(index: Int, record: PreparedRecord)] = []
            for (entry, answer) in zip(open, answers) {
                switch answer {
                case .success: results[entry.index] = answer
                case .failure(let error):
                    errors[entry.index, default: []].append(error)
                    failed.append(entry)
                }
            }
            open = failed
        }
        for entry in open {
            results[entry.index] = .failure(Self.summary(obstacles + (errors[entry.index] ?? []), purpose: purpose))
        }
    }

    /// Gives an object a container of its own, on another volume when the first one fails.
    private func commitLarge(
        _ draft: PackDraft, note: [UInt8], purpose: WritePurpose
    ) -> Result<ObjectLocation, StorageError> {
        var tried: Set<Int64> = []
        while true {
            do throws(StorageError) {
                let spill = try spill(of: draft, purpose: purpose, excluding: tried)
                tried.insert(spill.volume.id)
                do throws(StorageError) {
                    return .success(try spill.finish(note: note, purpose: purpose))
                } catch {
                    let others = candidates(purpose).volumes.contains { !tried.contains($0.id) }
                    guard others else { throw error }
                }
            } catch { return .failure(error) }
        }
    }

    /// The draft's spill file, moved first when it lies where objects for this purpose do not go or was spoiled.
    private func spill(
        of draft: PackDraft, purpose: WritePurpose, excluding tried: Set<Int64>
    ) throws(StorageError) -> SpillFile {
        if case .spilled(let spill) = draft.content, !spill.isSpoiled, !tried.contains(spill.volume.id),
            spill.volume.configuration.purposes.contains(purpose)
        {
            return spill
        }
        var tried = tried
        while true {
            let spill = try makeSpill(purpose, excluding: tried)
            do throws(StorageError) {
                try draft.move(to: spill)
                return spill
            } catch {
                tried.insert(spill.volume.id)
                guard candidates(purpose).volumes.contains(where: { !tried.contains($0.id) }) else { throw error }
            }
        }
    }
}
