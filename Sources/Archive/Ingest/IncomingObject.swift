import Crypto
import DICOMCore
import Dispatch

/// One object on its way into the archive, fed with the bytes of its data set as they arrive.
///
/// Bytes are hashed and staged at once; nothing is visible before `finish` has made them durable and indexed. Not
/// thread-safe: one owner feeds it, then `finish` or `abandon` ends it.
package final class IncomingObject {
    private let pipeline: IngestPipeline
    private let declared: DeclaredIdentity
    private let origin: Origin
    private let draft: any ObjectDraft
    private let dataSetOffset: Int
    private let headNotes: [ParsingNote]
    private var digest = SHA256()
    private var failure: IngestRefusal?

    init(
        pipeline: IngestPipeline, declared: DeclaredIdentity, origin: Origin, header: [UInt8], headNotes: [ParsingNote],
        expectedBytes: Int?
    ) throws(IngestRefusal) {
        self.pipeline = pipeline
        self.declared = declared
        self.origin = origin
        self.headNotes = headNotes
        dataSetOffset = header.count
        do {
            draft = try pipeline.store.makeDraft(expectedBytes: expectedBytes.map { $0 + header.count })
            try Self.append(header, to: draft)
        } catch {
            throw IngestRefusal(error)
        }
    }

    /// Bytes of the data set received so far.
    package var dataSetBytes: Int { draft.count - dataSetOffset }

    /// Takes the next bytes of the data set. A failure is kept and answered by `finish`, so that a sender that must
    /// deliver the whole object first can.
    package func append(_ bytes: UnsafeRawBufferPointer) {
        guard failure == nil else { return }
        guard dataSetBytes + bytes.count <= pipeline.settings.maximumObjectBytes else {
            fail(IngestRefusal(
                .tooLarge, "The object is larger than storage.maximumObjectBytes = \(pipeline.settings.maximumObjectBytes)."))
            return
        }
        digest.update(bufferPointer: bytes)
        do { try draft.append(bytes) } catch { fail(IngestRefusal(error)) }
    }

    package func append(_ bytes: ArraySlice<UInt8>) { bytes.withUnsafeBytes { append($0) } }

    /// Whether the object can still be stored; what arrives after a failure is only counted.
    package var hasFailed: Bool { failure != nil }

    /// Everything has arrived: checks, makes durable, indexes, then answers. `completion` may run on any thread.
    ///
    /// - Parameter requiredStudy: the only study the object may belong to; `nil` for any.
    package func finish(requiredStudy: String? = nil, _ completion: @escaping @Sendable (IngestVerdict) -> Void) {
        if let failure { return pipeline.refuse(failure, declared, origin, completion) }
        let handover = Handover(object: self)
        // A long walk over a spilled object must not hold up the thread that feeds others.
        guard draft.count > Self.inlineBytes else { return handover.object.inspectAndSubmit(requiredStudy, completion) }
        DispatchQueue.global(qos: .userInitiated).async { handover.object.inspectAndSubmit(requiredStudy, completion) }
    }

    /// The sender went away; nothing remains.
    package func abandon() { draft.discard() }

    private static let inlineBytes = 4 << 20

    /// Carries the object to the queue that finishes it; the feeding owner has let go by contract of `finish`.
    private struct Handover: @unchecked Sendable {
        let object: IncomingObject
    }

    private func fail(_ refusal: IngestRefusal) {
        failure = refusal
        draft.discard()
    }

    private func inspectAndSubmit(_ requiredStudy: String?, _ completion: @escaping @Sendable (IngestVerdict) -> Void) {
        let inspected: InspectedObject
        do throws(IngestRefusal) {
            inspected = try ObjectInspector(limits: pipeline.settings.parsingLimits).inspect(
                DraftByteSource(draft), dataSetOffset: dataSetOffset, declared: declared, headNotes: headNotes)
            if let requiredStudy, inspected.filed.studyInstanceUID != requiredStudy {
                throw IngestRefusal(.doesNotMatch, "(0020,000D) differs from the study the request is for.")
            }
        } catch {
            draft.discard()
            return pipeline.refuse(error, declared, origin, completion)
        }
        let note = RecordNote(
            sopInstanceUID: inspected.filed.sopInstanceUID, dataSetDigest: Array(digest.finalize()),
            receivedAtMilliseconds: pipeline.now(), source: origin.text,
            quarantineReasons: inspected.quarantineReasons)
        let bytes = dataSetBytes
        pipeline.submit(
            IngestWriter.Submission(
                request: CommitRequest(draft: draft, note: note),
                entry: { inspected.entry(location: $0, note: note, dataSetBytes: bytes) },
                completion: { [pipeline, declared, origin] result in
                    pipeline.answer(result, inspected, declared, origin, completion)
                }))
    }

    private static func append(_ bytes: [UInt8], to draft: any ObjectDraft) throws(StorageError) {
        var failure: StorageError?
        bytes.withUnsafeBytes { buffer in
            do throws(StorageError) { try draft.append(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}

/// Reads back a draft for inspection. The draft has one owner at a time, and inspection is that owner.
struct DraftByteSource: ByteSource, @unchecked Sendable {
    private let draft: any ObjectDraft

    init(_ draft: any ObjectDraft) { self.draft = draft }

    var count: Int { draft.count }

    func read(at offset: Int, count: Int) throws(DataSetError) -> ArraySlice<UInt8> {
        do { return try draft.read(at: offset, count: count) } catch {
            throw .sourceUnreadable(code: 0, offset: offset)
        }
    }
}
