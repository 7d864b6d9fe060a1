package import DICOMCore

/// Where the pixels of an object lie within its stored payload, so that one frame is one range read.
package enum FrameLayout: Hashable, Sendable {
    case none
    /// Native pixel data: frame n starts at `offset + n * frameBytes`; for 1-bit frames that do not end on a byte
    /// boundary `frameBytes` is 0 and the whole value must be read.
    case native(offset: Int, frameBytes: Int, numberOfFrames: Int, totalBytes: Int)
    /// Encapsulated: for each frame the byte ranges of its fragments within the payload.
    case encapsulated([[Range<Int>]])

    /// Frames that are there; never more than the stored bytes hold.
    package var numberOfFrames: Int {
        switch self {
        case .none: 0
        case .native(_, _, let count, _): count
        case .encapsulated(let frames): frames.count
        }
    }
}

/// One object as it enters the index, all that is known of it.
package struct InstanceEntry: Sendable {
    /// Everything but bulk values; the index extracts its columns from here.
    package var header: DataSet
    package var sopClassUID: String
    package var sopInstanceUID: String
    package var studyInstanceUID: String
    package var seriesInstanceUID: String
    /// Transfer syntax as received, which is what retrieval gives back by default.
    package var transferSyntaxUID: String
    /// Transfer syntax of the stored payload; differs after compression at rest.
    package var storedTransferSyntaxUID: String
    package var location: ObjectLocation
    package var frames: FrameLayout
    package var note: RecordNote
    /// Size in bytes of the data set as received, without file meta information.
    package var dataSetBytes: Int

    package init(
        header: DataSet, sopClassUID: String, sopInstanceUID: String, studyInstanceUID: String, seriesInstanceUID: String,
        transferSyntaxUID: String, storedTransferSyntaxUID: String, location: ObjectLocation, frames: FrameLayout,
        note: RecordNote, dataSetBytes: Int
    ) {
        self.header = header
        self.sopClassUID = sopClassUID
        self.sopInstanceUID = sopInstanceUID
        self.studyInstanceUID = studyInstanceUID
        self.seriesInstanceUID = seriesInstanceUID
        self.transferSyntaxUID = transferSyntaxUID
        self.storedTransferSyntaxUID = storedTransferSyntaxUID
        self.location = location
        self.frames = frames
        self.note = note
        self.dataSetBytes = dataSetBytes
    }
}

/// What became of one entry.
package enum RegistrationOutcome: Hashable, Sendable {
    case added(instanceKey: Int64)
    /// The same data set, bit for bit, is already there; the new copy may be released.
    case duplicate(instanceKey: Int64)
    /// Same SOP Instance UID, other content: kept beside the first, recorded as a conflict (PACS-4.2.7-b, PACS-4.2.6-h).
    case conflict(instanceKey: Int64, withInstanceKey: Int64)
}

/// A stored instance as the index gives it back.
package struct StoredInstance: Hashable, Sendable {
    package var instanceKey: Int64
    package var sopClassUID: String
    package var sopInstanceUID: String
    package var studyInstanceUID: String
    package var seriesInstanceUID: String
    package var transferSyntaxUID: String
    package var storedTransferSyntaxUID: String
    package var location: ObjectLocation
    package var frames: FrameLayout
    package var dataSetDigest: [UInt8]
    package var dataSetBytes: Int
    package var receivedAtMilliseconds: Int64
    package var source: String
    package var isQuarantined: Bool
    /// 0 for the first version stored under this UID, 1… for conflicting ones.
    package var conflictVersion: Int

    package init(
        instanceKey: Int64, sopClassUID: String, sopInstanceUID: String, studyInstanceUID: String,
        seriesInstanceUID: String, transferSyntaxUID: String, storedTransferSyntaxUID: String, location: ObjectLocation,
        frames: FrameLayout, dataSetDigest: [UInt8], dataSetBytes: Int, receivedAtMilliseconds: Int64, source: String,
        isQuarantined: Bool, conflictVersion: Int
    ) {
        self.instanceKey = instanceKey
        self.sopClassUID = sopClassUID
        self.sopInstanceUID = sopInstanceUID
        self.studyInstanceUID = studyInstanceUID
        self.seriesInstanceUID = seriesInstanceUID
        self.transferSyntaxUID = transferSyntaxUID
        self.storedTransferSyntaxUID = storedTransferSyntaxUID
        self.location = location
        self.frames = frames
        self.dataSetDigest = dataSetDigest
        self.dataSetBytes = dataSetBytes
        self.receivedAtMilliseconds = receivedAtMilliseconds
        self.source = source
        self.isQuarantined = isQuarantined
        self.conflictVersion = conflictVersion
    }
}

extension StoredInstance {
    /// An entry as if it had been indexed, for reading records without the index.
    package init(_ entry: InstanceEntry, conflictVersion: Int) {
        self.init(
            instanceKey: 0, sopClassUID: entry.sopClassUID, sopInstanceUID: entry.sopInstanceUID,
            studyInstanceUID: entry.studyInstanceUID, seriesInstanceUID: entry.seriesInstanceUID,
            transferSyntaxUID: entry.transferSyntaxUID, storedTransferSyntaxUID: entry.storedTransferSyntaxUID,
            location: entry.location, frames: entry.frames, dataSetDigest: entry.note.dataSetDigest,
            dataSetBytes: entry.dataSetBytes, receivedAtMilliseconds: entry.note.receivedAtMilliseconds,
            source: entry.note.source, isQuarantined: !entry.note.quarantineReasons.isEmpty,
            conflictVersion: conflictVersion)
    }
}

package enum IndexError: Error, Hashable, Sendable {
    /// Disk full, read-only or I/O error below the index.
    case unavailable(message: String)
    case corrupt(message: String)
}

/// The write side of the index. Blocking.
package protocol InstanceIndex: Sendable {
    /// One transaction: patient, study, series, instance, frame table, change rows. All or nothing.
    func register(_ entries: [InstanceEntry]) throws(IndexError) -> [RegistrationOutcome]
    /// After compression or draining: new places, if the instance is still at `from`.
    func relocate(_ moves: [Relocation]) throws(IndexError) -> [Bool]
    /// Forces everything registered so far to disk, so that containers may be sealed or recycled.
    func flush() throws(IndexError)
    /// Whether a record at this location is indexed; the recovery scan's question.
    func isIndexed(_ location: ObjectLocation) throws(IndexError) -> Bool
    /// Bytes of the records in a container that rows point to.
    func liveBytes(in container: ContainerID) throws(IndexError) -> Int64
    /// Every live instance stored in a container, for compression, draining and checking.
    func instances(in container: ContainerID) throws(IndexError) -> [StoredInstance]
    /// Every container that some row points into.
    func containersInUse() throws(IndexError) -> [ContainerID]
    /// Removes everything, for `apus reindex`.
    func removeAll() throws(IndexError)
}

package struct Relocation: Hashable, Sendable {
    package var instanceKey: Int64
    package var from: ObjectLocation
    package var to: ObjectLocation
    package var frames: FrameLayout
    package var storedTransferSyntaxUID: String
    package init(
        instanceKey: Int64, from: ObjectLocation, to: ObjectLocation, frames: FrameLayout, storedTransferSyntaxUID: String
    ) {
        self.instanceKey = instanceKey
        self.from = from
        self.to = to
        self.frames = frames
        self.storedTransferSyntaxUID = storedTransferSyntaxUID
    }
}

/// Finding instances for retrieval. Blocking.
package protocol InstanceLookup: Sendable {
    /// All instances under the given unique keys, in series and instance number order; conflict versions excluded
    /// unless asked for; quarantined ones included and marked.
    func instances(_ scope: InstanceScope, includingConflicts: Bool) throws(IndexError) -> [StoredInstance]
    /// One instance of each entity, by the entity's key: the first by series and instance number.
    func representatives(of level: QueryLevel, keys: [Int64]) throws(IndexError) -> [Int64: StoredInstance]
}

/// A set of instances by unique keys.
package enum InstanceScope: Hashable, Sendable {
    case patients([String])
    case studies([String])
    case series(study: String?, [String])
    case instances(study: String?, series: String?, [String])
}

/// One line of the change feed: something arrived or changed (jobs and browsers follow it).
package struct Change: Hashable, Sendable {
    package enum Kind: String, Sendable { case added, conflict, relocated, released }
    package var sequence: Int64
    package var kind: Kind
    package var instanceKey: Int64
    package var studyInstanceUID: String
    package var seriesInstanceUID: String
    package var sopInstanceUID: String
    package init(
        sequence: Int64, kind: Kind, instanceKey: Int64, studyInstanceUID: String, seriesInstanceUID: String,
        sopInstanceUID: String
    ) {
        self.sequence = sequence
        self.kind = kind
        self.instanceKey = instanceKey
        self.studyInstanceUID = studyInstanceUID
        self.seriesInstanceUID = seriesInstanceUID
        self.sopInstanceUID = sopInstanceUID
    }
}

/// The durable change feed and how far each consumer has read. Blocking.
package protocol ChangeFeed: Sendable {
    func changes(after sequence: Int64, limit: Int) throws(IndexError) -> [Change]
    /// Of the newest change; 0 when there is none.
    func lastSequence() throws(IndexError) -> Int64
    func position(of consumer: String) throws(IndexError) -> Int64
    func setPosition(_ sequence: Int64, of consumer: String) throws(IndexError)
}

/// Durable work: forwarding, storage commitment results. Blocking.
package protocol JobStore: Sendable {
    /// - Returns: the identifier; a job with the same `kind` and `key` that is still open is not added twice.
    func enqueue(_ job: NewJob) throws(IndexError) -> Int64
    /// Jobs due now, marked running; a job left running by a crash becomes due again at start-up.
    func claim(kind: String, nowMilliseconds: Int64, limit: Int) throws(IndexError) -> [Job]
    func finish(_ id: Int64, outcome: JobOutcome, nowMilliseconds: Int64) throws(IndexError)
    func jobs(kind: String?, state: Job.State?, limit: Int) throws(IndexError) -> [Job]
    /// The waiting or running job of that key.
    func openJob(kind: String, key: String) throws(IndexError) -> Job?
    func releaseRunning() throws(IndexError)
}

package struct NewJob: Hashable, Sendable {
    package var kind: String
    package var key: String
    package var payload: [UInt8]
    package var dueAtMilliseconds: Int64
    package init(kind: String, key: String, payload: [UInt8], dueAtMilliseconds: Int64) {
        self.kind = kind
        self.key = key
        self.payload = payload
        self.dueAtMilliseconds = dueAtMilliseconds
    }
}

package struct Job: Hashable, Sendable {
    package enum State: String, Sendable { case waiting, running, done, failed }
    package var id: Int64
    package var kind: String
    package var key: String
    package var payload: [UInt8]
    package var state: State
    package var attempts: Int
    package var dueAtMilliseconds: Int64
    package var lastError: String?
    package init(
        id: Int64, kind: String, key: String, payload: [UInt8], state: State, attempts: Int, dueAtMilliseconds: Int64,
        lastError: String?
    ) {
        self.id = id
        self.kind = kind
        self.key = key
        self.payload = payload
        self.state = state
        self.attempts = attempts
        self.dueAtMilliseconds = dueAtMilliseconds
        self.lastError = lastError
    }
}

package enum JobOutcome: Hashable, Sendable {
    case done
    case retry(atMilliseconds: Int64, error: String)
    case failed(error: String)
}

/// A refusal in either direction: who refused what, why and when (PACS-4.2.2-b, PACS-4.2.2-c). Never a patient value.
package struct Refusal: Hashable, Sendable {
    package enum Direction: String, Sendable { case refusedByUs, refusedByPeer }
    package var direction: Direction
    /// AE title, user or address of the other side.
    package var party: String
    /// `association`, `C-STORE`, `STOW-RS`, `import`, `C-MOVE` …
    package var operation: String
    package var sopInstanceUID: String?
    package var sopClassUID: String?
    package var studyInstanceUID: String?
    /// Status or PS3.8 reject code as text, e.g. `A700`, `1/1/3`.
    package var code: String
    package var reason: String
    package var atMilliseconds: Int64
    package init(
        direction: Direction, party: String, operation: String, sopInstanceUID: String? = nil, sopClassUID: String? = nil,
        studyInstanceUID: String? = nil, code: String, reason: String, atMilliseconds: Int64
    ) {
        self.direction = direction
        self.party = party
        self.operation = operation
        self.sopInstanceUID = sopInstanceUID
        self.sopClassUID = sopClassUID
        self.studyInstanceUID = studyInstanceUID
        self.code = code
        self.reason = reason
        self.atMilliseconds = atMilliseconds
    }
}

package protocol RefusalLog: Sendable {
    func record(_ refusals: [Refusal]) throws(IndexError)
    func refusals(limit: Int, before sequence: Int64?) throws(IndexError) -> [(sequence: Int64, refusal: Refusal)]
}
