package import DICOMCore
import Synchronization

/// The way in: every service that brings objects makes `IncomingObject`s here.
package final class IngestPipeline: Sendable {
    package let settings: IngestSettings
    package let store: any ObjectStore
    private let writer: IngestWriter
    private let refusals: any RefusalLog
    private let lastArrival = Atomic<Int64>(0)
    private let closedReason = Mutex<String?>(nil)
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64

    /// - Parameter onRegistered: called after each batch that changed the index; wakes followers of the change feed.
    package init(
        settings: IngestSettings, store: any ObjectStore, index: any InstanceIndex, refusals: any RefusalLog,
        now: @escaping @Sendable () -> Int64, onRegistered: @escaping @Sendable () -> Void
    ) {
        self.settings = settings
        self.store = store
        self.refusals = refusals
        self.now = now
        writer = IngestWriter(store: store, index: index, onRegistered: onRegistered)
        // A start counts as an arrival: devices that waited for the server send first.
        lastArrival.store(now(), ordering: .relaxed)
    }

    /// An object announced by a C-STORE request or read from a file; its data set follows in the declared transfer syntax.
    ///
    /// - Parameters:
    ///   - preamble: the 128 bytes of a file; what the preamble policy leaves of them is stored (PACS-4.5.22-2).
    ///   - notes: what the reader of the file's head found odd.
    package func begin(
        _ declared: DeclaredIdentity, origin: Origin, sourceAETitle: String?, preamble: ArraySlice<UInt8>? = nil,
        notes: [ParsingNote] = [], expectedBytes: Int? = nil
    ) throws(IngestRefusal) -> IncomingObject {
        if let reason = closedReason.withLock({ $0 }) { throw IngestRefusal(.unavailable, reason) }
        lastArrival.store(now(), ordering: .relaxed)
        let meta = FileMeta(
            mediaStorageSOPClassUID: declared.sopClassUID, mediaStorageSOPInstanceUID: declared.sopInstanceUID,
            transferSyntaxUID: declared.transferSyntaxUID, sourceApplicationEntityTitle: sourceAETitle)
        let kept = preamble.map { Preamble.sanitised($0, policy: settings.preamblePolicy).bytes }
        return try IncomingObject(
            pipeline: self, declared: declared, origin: origin, header: Part10.header(meta: meta, preamble: kept?[...]),
            headNotes: notes, expectedBytes: expectedBytes)
    }

    /// Refuses everything from now on, with this reason; `nil` opens again.
    package func close(because reason: String?) { closedReason.withLock { $0 = reason } }

    /// When the last object began to arrive, or the server started.
    package var lastArrivalMilliseconds: Int64 { lastArrival.load(ordering: .relaxed) }

    /// Blocks until everything handed over so far is answered.
    package func waitUntilIdle() { writer.waitUntilIdle() }

    func submit(_ submission: IngestWriter.Submission) { writer.submit(submission) }

    /// Answers a refusal and keeps its record (PACS-4.2.2-b).
    package func refuse(
        _ refusal: IngestRefusal, _ declared: DeclaredIdentity, _ origin: Origin,
        _ completion: @escaping @Sendable (IngestVerdict) -> Void
    ) {
        record(refusal, declared, origin)
        var refusal = refusal
        refusal.declared = declared
        completion(.refused(refusal))
    }

    func answer(
        _ result: Result<RegistrationOutcome, IngestRefusal>, _ inspected: InspectedObject, _ declared: DeclaredIdentity,
        _ origin: Origin, _ completion: @escaping @Sendable (IngestVerdict) -> Void
    ) {
        switch result {
        case .failure(let refusal): refuse(refusal, declared, origin, completion)
        case .success(.duplicate): completion(.duplicate(inspected.filed))
        case .success(.conflict): completion(.conflict(inspected.filed))
        case .success(.added):
            completion(
                inspected.quarantineReasons.isEmpty
                    ? .stored(inspected.filed) : .quarantined(inspected.filed, reasons: inspected.quarantineReasons))
        }
    }

    private func record(_ refusal: IngestRefusal, _ declared: DeclaredIdentity, _ origin: Origin) {
        let record = Refusal(
            direction: .refusedByUs, party: origin.text, operation: origin.operation,
            sopInstanceUID: declared.sopInstanceUID, sopClassUID: declared.sopClassUID, code: refusal.kind.rawValue,
            reason: refusal.reason, atMilliseconds: now())
        // With the index itself down there is nowhere to keep the record; the sender still learns the reason.
        do { try refusals.record([record]) } catch {}
    }
}
