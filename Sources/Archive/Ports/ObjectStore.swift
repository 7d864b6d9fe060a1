import DICOMCore

/// Where one stored object lies. Opaque to everybody but the store that issued it.
package struct ObjectLocation: Hashable, Sendable {
    package var volumeID: Int64
    package var containerID: Int64
    /// Start of the record within its container, in bytes.
    package var offset: Int64
    /// The whole record: header, payload, note, padding.
    package var recordBytes: Int64
    /// Start of the payload (a DICOM Part 10 file) within the container.
    package var payloadOffset: Int64
    package var payloadBytes: Int64

    package init(
        volumeID: Int64, containerID: Int64, offset: Int64, recordBytes: Int64, payloadOffset: Int64, payloadBytes: Int64
    ) {
        self.volumeID = volumeID
        self.containerID = containerID
        self.offset = offset
        self.recordBytes = recordBytes
        self.payloadOffset = payloadOffset
        self.payloadBytes = payloadBytes
    }
}

/// What a record says beside its payload, enough to rebuild the index from the files alone.
package struct RecordNote: Hashable, Sendable {
    package var sopInstanceUID: String
    /// SHA-256 of the data set as received: the bytes after the file meta information of the received object.
    package var dataSetDigest: [UInt8]
    package var receivedAtMilliseconds: Int64
    /// `AE:CT1`, `web:alice`, `import`: who brought it. Never a patient value.
    package var source: String
    /// Why the object is in quarantine; empty for a sound one.
    package var quarantineReasons: [String]
    /// Bytes that give the object back exactly as received when the payload was recompressed; empty otherwise.
    package var restoration: [UInt8]

    package init(
        sopInstanceUID: String, dataSetDigest: [UInt8], receivedAtMilliseconds: Int64, source: String,
        quarantineReasons: [String] = [], restoration: [UInt8] = []
    ) {
        self.sopInstanceUID = sopInstanceUID
        self.dataSetDigest = dataSetDigest
        self.receivedAtMilliseconds = receivedAtMilliseconds
        self.source = source
        self.quarantineReasons = quarantineReasons
        self.restoration = restoration
    }
}

/// Why the store could not do what it was asked; the text never holds object content.
package enum StorageError: Error, Hashable, Sendable {
    /// No writable volume has room above its reserve (DIMSE A700, HTTP 507).
    case full(message: String)
    /// The medium refuses: read-only, I/O error, gone (DIMSE A700, HTTP 503).
    case unavailable(message: String)
    /// What lies at the location is not the record expected: checksum, header or length differ.
    case damaged(location: ObjectLocation, message: String)
    case notFound(location: ObjectLocation)
}

/// An object on its way into the store: bytes are appended as they arrive, nothing is visible before commit.
///
/// Small objects wait in memory, large ones spill to their own container, so that memory stays bounded.
/// Not thread-safe; one owner at a time.
package protocol ObjectDraft: AnyObject {
    /// Payload bytes appended so far.
    var count: Int { get }
    func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError)
    /// Reads back appended bytes; shorter than `count` only at the end.
    func read(at offset: Int, count: Int) throws(StorageError) -> ArraySlice<UInt8>
    /// Drops the bytes and their file, if any. Also what happens when the last reference goes.
    func discard()
}

package struct CommitRequest {
    package let draft: any ObjectDraft
    package let note: RecordNote
    package init(draft: any ObjectDraft, note: RecordNote) {
        self.draft = draft
        self.note = note
    }
}

/// Keeps objects. Blocking; call from threads that may block.
package protocol ObjectStore: Sendable {
    /// - Parameter expectedBytes: a hint; wrong values cost time, never correctness or memory.
    func makeDraft(expectedBytes: Int?) throws(StorageError) -> any ObjectDraft
    /// Writes all records and makes them durable with one flush. Each gets its own result.
    func commit(_ requests: [CommitRequest], purpose: WritePurpose) -> [Result<ObjectLocation, StorageError>]
    /// Reads `range` of the payload into `destination`, which has room for exactly that; nothing unchecked is left there.
    func read(_ location: ObjectLocation, range: Range<Int>, into destination: UnsafeMutableRawBufferPointer) throws(StorageError)
    /// Reads and verifies header, note and checksum of the whole record.
    func verify(_ location: ObjectLocation) throws(StorageError) -> RecordNote
    /// The note only; cheap.
    func note(_ location: ObjectLocation) throws(StorageError) -> RecordNote
    /// Declares records unreferenced; their space is reclaimed when a container has no live record left.
    func release(_ locations: [ObjectLocation]) throws(StorageError)
    /// Walks every readable record, oldest container first; stops when `visit` answers `false`.
    func scan(from container: ContainerID?, _ visit: (ObjectLocation, RecordNote) -> Bool) throws(StorageError)
    func containers() throws(StorageError) -> [ContainerStatus]
    func volumes() -> [VolumeStatus]
}

extension ObjectStore {
    /// Reads `range` of the payload.
    package func read(_ location: ObjectLocation, range: Range<Int>) throws(StorageError) -> [UInt8] {
        // Memory is claimed for no more than the record holds, whatever is asked.
        guard range.lowerBound >= 0, range.upperBound <= Int(location.payloadBytes) else {
            throw .damaged(
                location: location,
                message: "bytes \(range.lowerBound) to \(range.upperBound) are beyond the object's \(location.payloadBytes).")
        }
        var failure: StorageError?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, initialised in
            do throws(StorageError) {
                let whole = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer).prefix(range.count))
                try read(location, range: range, into: whole)
                initialised = range.count
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }
}

/// What the bytes are written for: fresh arrivals go to the fast ingest area, `archive` is the compressed long-term area.
package enum WritePurpose: Hashable, Sendable { case ingest, archive }

package struct ContainerID: Hashable, Sendable {
    package var volumeID: Int64
    package var containerID: Int64
    package init(volumeID: Int64, containerID: Int64) {
        self.volumeID = volumeID
        self.containerID = containerID
    }
}

package struct ContainerStatus: Hashable, Sendable {
    package var id: ContainerID
    package var purpose: WritePurpose
    /// No more records will be appended.
    package var isSealed: Bool
    package var usedBytes: Int64
    package init(id: ContainerID, purpose: WritePurpose, isSealed: Bool, usedBytes: Int64) {
        self.id = id
        self.purpose = purpose
        self.isSealed = isSealed
        self.usedBytes = usedBytes
    }
}

package struct VolumeStatus: Hashable, Sendable {
    package enum State: String, Sendable { case ok, low, full, readOnly, draining, offline }
    package var volumeID: Int64
    package var name: String
    package var path: String
    package var state: State
    package var freeBytes: Int64
    package var totalBytes: Int64
    /// Below this a warning is given.
    package var warnBelowBytes: Int64
    /// Below this new objects are refused.
    package var refuseBelowBytes: Int64
    package init(
        volumeID: Int64, name: String, path: String, state: State, freeBytes: Int64, totalBytes: Int64,
        warnBelowBytes: Int64, refuseBelowBytes: Int64
    ) {
        self.volumeID = volumeID
        self.name = name
        self.path = path
        self.state = state
        self.freeBytes = freeBytes
        self.totalBytes = totalBytes
        self.warnBelowBytes = warnBelowBytes
        self.refuseBelowBytes = refuseBelowBytes
    }
}

/// Reclaiming space. For the archive alone, after the index has been flushed: only the index knows what is alive.
package protocol ContainerMaintenance: ObjectStore {
    /// Ends a container early, so that it can be reclaimed; harmless when it is sealed already.
    func seal(_ container: ContainerID) throws(StorageError)
    /// Sealed containers of which every record has been released since the store was opened.
    func reclaimableContainers() -> [ContainerID]
    /// Gives up a sealed container with all its records; its number is never used again.
    ///
    /// Refused for one that is not sealed. Harmless for one that is gone.
    func recycle(_ container: ContainerID) throws(StorageError)
    /// Wipes single records of sealed containers, on the medium too; their space goes back to the file system.
    func erase(_ locations: [ObjectLocation]) throws(StorageError)
}
