import DICOMCore
import DICOMObjects

/// Feeds the bytes of one DICOM file into the archive: reads its head, then passes the data set on as it comes.
///
/// Not thread-safe; one owner feeds it, then `finish` or `abandon` ends it.
package final class Part10Intake {
    private enum Stage {
        case head([UInt8])
        case body(IncomingObject, DeclaredIdentity)
        case refused(IngestRefusal, DeclaredIdentity)
    }

    private let ingest: IngestPipeline
    private let origin: Origin
    private let expectedBytes: Int?
    private var stage = Stage.head([])
    private var requiredStudy: String?

    /// No preamble and meta information is longer in earnest.
    private static let maximumHeadBytes = 2 << 20
    private static let nobody = DeclaredIdentity(sopClassUID: "", sopInstanceUID: "", transferSyntaxUID: "")

    /// - Parameter expectedBytes: of the whole file, a hint.
    package init(ingest: IngestPipeline, origin: Origin, expectedBytes: Int? = nil) {
        self.ingest = ingest
        self.origin = origin
        // A claim of the sender, only a hint.
        self.expectedBytes = expectedBytes.map { min(max(0, $0), 1 << 40) }
    }

    package func append(_ bytes: UnsafeRawBufferPointer) {
        switch stage {
        case .body(let object, _): object.append(bytes)
        case .refused: break
        case .head(var head):
            stage = .head([])
            head.append(contentsOf: bytes)
            stage = .head(head)
            tryHead(isComplete: false)
        }
    }

    /// Only an object of this study is accepted (PS3.18 §10.5.1.1).
    package func requireStudy(_ studyInstanceUID: String?) { requiredStudy = studyInstanceUID }

    /// Everything has arrived. `completion` may run on any thread.
    package func finish(_ completion: @escaping @Sendable (IngestVerdict) -> Void) {
        if case .head = stage { tryHead(isComplete: true) }
        switch stage {
        case .body(let object, _): object.finish(requiredStudy: requiredStudy, completion)
        case .refused(let refusal, let declared): ingest.refuse(refusal, declared, origin, completion)
        case .head:
            ingest.refuse(IngestRefusal(.cannotUnderstand, "Not a DICOM file."), Self.nobody, origin, completion)
        }
    }

    package func abandon() {
        if case .body(let object, _) = stage { object.abandon() }
    }

    /// Enough for any file's head, and to tell one file from another.
    private static let identifyingBytes = 4096

    private func tryHead(isComplete: Bool) {
        guard case .head(let bytes) = stage else { return }
        // Most heads are complete within the first kilobytes; a data set that follows is proof that this one is.
        guard isComplete || bytes.count >= Self.identifyingBytes else { return }
        let head: Part10.Head
        do { head = try Part10.readHead(MemoryByteSource(bytes)) } catch {
            if !isComplete, bytes.count < Self.maximumHeadBytes, error.mayBeIncomplete { return }
            stage = .refused(IngestRefusal(.cannotUnderstand, "Not a DICOM file: \(error)."), Self.nobody)
            return
        }
        begin(head, bytes)
    }

    /// From the file meta information; where it lacks them, from the first elements of the data set.
    private static func identity(_ head: Part10.Head, _ rest: ArraySlice<UInt8>) -> DeclaredIdentity {
        var declared = DeclaredIdentity(
            sopClassUID: head.meta?.mediaStorageSOPClassUID ?? "",
            sopInstanceUID: head.meta?.mediaStorageSOPInstanceUID ?? "", transferSyntaxUID: head.syntax.uid, isBinding: false)
        guard declared.sopClassUID.isEmpty || declared.sopInstanceUID.isEmpty, !head.syntax.isDeflated else { return declared }
        let reader = DataSetReader(syntax: head.syntax, tolerance: .lenient)
        guard let start = try? reader.readHeader(rest, stopBefore: Tag(0x0008, 0x0019)).dataSet else { return declared }
        if declared.sopClassUID.isEmpty { declared.sopClassUID = start.uid(.sopClassUID) ?? "" }
        if declared.sopInstanceUID.isEmpty { declared.sopInstanceUID = start.uid(.sopInstanceUID) ?? "" }
        return declared
    }

    /// Whether more than the absence of contradictions speaks for a data set: file meta information, or group 0008 first.
    private static func isDataSet(_ head: Part10.Head, _ rest: ArraySlice<UInt8>) -> Bool {
        guard head.meta == nil else { return true }
        return rest.starts(with: head.syntax.isBigEndian ? [0x00, 0x08] : [0x08, 0x00])
    }

    /// Images from before identifiers were written, and what anonymisers left: they are kept, in quarantine, under an
    /// instance identifier made of their first bytes, so that the same file is the same object again, and as secondary
    /// captures. The data set stays as it is.
    private static func nameless(_ declared: inout DeclaredIdentity, _ bytes: [UInt8], _ dataSetOffset: Int) {
        if declared.sopInstanceUID.isEmpty {
            let start = bytes[dataSetOffset..<min(bytes.count, max(identifyingBytes, dataSetOffset + 512))]
            declared.sopInstanceUID = ObjectInspector.derivedUID("instance", start)
        }
        if declared.sopClassUID.isEmpty { declared.sopClassUID = UID.secondaryCaptureImageStorage }
    }

    private func begin(_ head: Part10.Head, _ bytes: [UInt8]) {
        let rest = bytes[head.dataSetOffset...]
        var declared = Self.identity(head, rest)
        guard declared.sopClassUID != UID.mediaStorageDirectoryStorage else {
            stage = .refused(IngestRefusal(.sopClassNotSupported, "A media directory (DICOMDIR) holds no image of its own."), declared)
            return
        }
        if Self.isDataSet(head, rest) { Self.nameless(&declared, bytes, head.dataSetOffset) }
        guard !declared.sopClassUID.isEmpty, !declared.sopInstanceUID.isEmpty else {
            stage = .refused(
                IngestRefusal(
                    .cannotUnderstand,
                    "Neither file meta information (0002,0002), (0002,0003) nor data set (0008,0016), (0008,0018) name class "
                        + "and instance. Repair the file with the software that wrote it."), declared)
            return
        }
        do {
            let object = try ingest.begin(
                declared, origin: origin, sourceAETitle: head.meta?.sourceApplicationEntityTitle,
                preamble: head.preamble, notes: head.notes,
                expectedBytes: expectedBytes.map { max(0, $0 - head.dataSetOffset) })
            object.append(rest)
            stage = .body(object, declared)
        } catch {
            stage = .refused(error, declared)
        }
    }
}

extension DataSetError {
    /// More bytes could make it readable.
    var mayBeIncomplete: Bool {
        switch self {
        case .truncated, .lengthExceedsInput, .sourceUnreadable: true
        default: false
        }
    }
}
