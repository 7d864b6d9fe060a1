import Archive
import DICOMCore
import DICOMObjects
import Foundation
import HTTPTypes
import NIOCore
import PersistenceSQLite
import SecurityProfiles

/// A study as its objects stand in the index, for routes that read or add to it.
struct StudyContent: Sendable {
    let studyInstanceUID: String
    /// First versions only, in series and instance number order.
    let instances: [StoredInstance]
    private let positions: [String: Int]

    /// - Throws: `WebFault` 404 when there is no such study.
    init(_ studyInstanceUID: String, _ pacs: PACS) async throws {
        guard UID.isValid(studyInstanceUID) else { throw WebFault(.notFound, "study", "There is no such study.") }
        let index = pacs.directory.index
        let found = try await pacs.pool.run { try index.instances(.studies([studyInstanceUID]), includingConflicts: false) }
        guard !found.isEmpty else { throw WebFault(.notFound, "study", "There is no such study.") }
        self.studyInstanceUID = studyInstanceUID
        instances = found
        positions = Dictionary(found.enumerated().map { ($1.sopInstanceUID, $0) }) { first, _ in first }
    }

    /// Changes with the study's images.
    var imageRevision: Int {
        var hasher = Hasher()
        for instance in instances where instance.frames.numberOfFrames > 0 { hasher.combine(instance.instanceKey) }
        return hasher.finalize()
    }

    subscript(sopInstanceUID: String) -> StoredInstance? { positions[sopInstanceUID].map { instances[$0] } }

    /// Objects of one kind, latest arrival first, at most `limit`.
    func latest(limit: Int = 2000, where isWanted: (StoredInstance) -> Bool) -> [StoredInstance] {
        Array(
            instances.filter(isWanted).sorted { ($0.receivedAtMilliseconds, $0.instanceKey) > ($1.receivedAtMilliseconds, $1.instanceKey) }
                .prefix(limit))
    }

    var seriesOfInstance: [String: String] {
        Dictionary(instances.map { ($0.sopInstanceUID, $0.seriesInstanceUID) }) { first, _ in first }
    }
}

extension StoredInstance {
    var classKind: StorageSOPClass.Kind? { StorageSOPClass.row(sopClassUID)?.kind }
    /// Larger documents are not read into memory for an overlay.
    var isReadable: Bool { location.payloadBytes <= 128 << 20 }
}

/// Who makes an object or keeps a draft.
struct WorkAuthor: Sendable {
    /// Never reused, unlike the name.
    let key: String
    let name: String
    let displayName: String

    init(_ context: WebContext) {
        let principal = context.principal
        key = "\(principal.kind.rawValue):\(principal.id)"
        name = principal.name
        let shown = context.session?.displayName ?? ""
        displayName = shown.isEmpty ? principal.name : shown
    }

    var json: JSONNode { ["name": JSONNode(name), "displayName": JSONNode(displayName)] }

    /// The name as one component of a Person Name, without its separators.
    var personName: String {
        let plain = displayName.map { "^=\\".contains($0) ? " " : $0 }
        return String(String(plain).prefix(64))
    }
}

/// Makes DICOM objects in a study and hands them to the archive like any that arrive.
struct ObjectMaker: Sendable {
    let pacs: PACS
    let study: StudyContent
    let author: WorkAuthor

    enum Kind: Int {
        case measurements = 9001, presentation = 9002, keyImages = 9003, rejections = 9004

        var description: String {
            switch self {
            case .measurements: "Measurements"
            case .presentation: "Presentation states"
            case .keyImages: "Key images"
            case .rejections: "Rejection notes"
            }
        }
    }

    /// One series for each author and kind of object.
    static func series(_ kind: Kind, study: String, author: WorkAuthor) -> String {
        UIDGenerator.derived(from: "\(study)|\(author.key)|\(kind.rawValue)")
    }

    func authoring(_ kind: Kind, offset: Int = 0) -> ObjectAuthoring {
        let series = Self.series(kind, study: study.studyInstanceUID, author: author)
        let stamp = LocalTimestamp(milliseconds: PACS.now())
        return ObjectAuthoring(
            sopInstanceUID: UIDGenerator().next(), seriesInstanceUID: series, seriesNumber: kind.rawValue,
            instanceNumber: study.instances.count { $0.seriesInstanceUID == series } + 1 + offset,
            seriesDescription: "\(kind.description) (\(author.name.prefix(40)))", date: stamp.date, time: stamp.time,
            timezoneOffset: stamp.offset, personName: author.personName, loginName: author.name,
            softwareVersion: ApusVersion.text)
    }

    /// The header of one image of the study, from which patient and study attributes are taken.
    func header(_ instance: StoredInstance) async throws -> DataSet {
        try await pacs.pool.run { [reader = pacs.reader] in try reader.header(of: instance) }
    }

    /// Durable and indexed when it returns.
    func store(_ dataSet: DataSet) async throws -> FiledIdentity {
        let bytes = try Part10File(dataSet: dataSet, syntax: .explicitVRLittleEndian).encoded()
        let intake = Part10Intake(
            ingest: pacs.ingest, origin: Origin(text: "web:\(author.name)", operation: "viewer"), expectedBytes: bytes.count)
        bytes.withUnsafeBytes { intake.append($0) }
        intake.requireStudy(study.studyInstanceUID)
        let verdict = await withCheckedContinuation { continuation in intake.finish { continuation.resume(returning: $0) } }
        if case .refused(let refusal) = verdict { throw WebFault(refusal) }
        guard let filed = verdict.filed else {
            throw WebFault(.internalServerError, "internal", "The object could not be stored.", remedy: "See the server log.")
        }
        return filed
    }

    /// - Parameter rejected: SOP Instance UIDs of objects that are shown no more.
    func audit(_ instances: [FiledIdentity], rejected: [String] = [], _ context: WebContext) async throws {
        let event = AuditEvent(
            .studyChanged, actor: context.principal, origin: context.remoteAddress,
            objects: [.study(uid: study.studyInstanceUID)] + (instances.map(\.sopInstanceUID) + rejected).map { .instance(uid: $0) },
            details: [.count: String(instances.count)])
        try await pacs.pool.run { [security = pacs.security] in try security.audit.append(event) }
    }
}

/// Local time as DICOM writes it.
struct LocalTimestamp: Sendable {
    let date: String
    let time: String
    /// `+0800`.
    let offset: String

    init(milliseconds: Int64, zone: TimeZone = .current) {
        let moment = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
        let seconds = zone.secondsFromGMT(for: moment)
        let shifted = milliseconds + Int64(seconds) * 1000
        let dayMilliseconds: Int64 = 86_400_000
        let ofDay = Int((shifted % dayMilliseconds + dayMilliseconds) % dayMilliseconds)
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let parts = calendar.dateComponents([.year, .month, .day], from: moment)
        func digits(_ value: Int, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        date = digits(parts.year ?? 1970, 4) + digits(parts.month ?? 1, 2) + digits(parts.day ?? 1, 2)
        time = digits(ofDay / 3_600_000, 2) + digits(ofDay / 60_000 % 60, 2) + digits(ofDay / 1000 % 60, 2) + "."
            + digits(ofDay % 1000, 3)
        offset = (seconds < 0 ? "-" : "+") + digits(abs(seconds) / 3600, 2) + digits(abs(seconds) / 60 % 60, 2)
    }
}

/// Request bodies as JSON of unknown origin.
enum WorkBody {
    static let limit = 16 << 20
    private static let limits: JSONParser.Limits = {
        var limits = JSONParser.Limits()
        limits.maximumBytes = limit
        limits.maximumDepth = 32
        limits.maximumNodes = 2_000_000
        return limits
    }()

    /// - Throws: `WebFault` 400 or 413.
    static func json(_ buffer: ByteBuffer) throws -> JSONNode {
        do { return try JSONParser.parse(ArraySlice(buffer.readableBytesView), limits: limits) } catch {
            throw WebFault(.badRequest, "json", "The body is no JSON text: \(error).")
        }
    }
}
