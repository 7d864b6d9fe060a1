import Archive
import DICOMCore
import DICOMObjects
import Hummingbird

/// Everybody's published marks of a study, from its reports and presentation states.
struct MarksReader: Sendable {
    let pacs: PACS
    let catalogue: ViewingCatalogue
    let documents: ReadDocuments

    struct Document: Sendable {
        var instance: StoredInstance
        /// `nil` when it cannot be read.
        var marks: [Mark]?
    }

    /// Marks in one answer.
    private static let maximumMarks = 50_000

    /// Latest arrival first, without those rejected.
    func documents(of content: StudyContent) async throws -> [Document] {
        let instances = content.latest { $0.isReadable && ($0.classKind == .structuredReport || $0.classKind == .presentationState) }
        guard !instances.isEmpty else { return [] }
        let series = content.seriesOfInstance
        let revision = content.imageRevision
        let planes = ImagePlanes(content.instances, catalogue)
        let (pool, reader, known) = (pacs.pool, pacs.reader, documents)
        let rejected = try await pool.run { RejectedObjects.find(in: content, reader) }
        var found: [Document] = []
        for instance in instances where !rejected.contains(instance.sopInstanceUID) {
            let key = ReadDocuments.Key(instanceKey: instance.instanceKey, imageRevision: revision)
            let marks = try await pool.run {
                known.marks(key, bytes: Int(clamping: instance.location.payloadBytes)) { () -> [Mark]? in
                    guard let header = try? reader.header(of: instance) else { return nil }
                    return instance.classKind == .presentationState
                        ? (try? PresentationState(header))?.marks
                        : try? MeasurementReportReader.marks(in: header, seriesOfInstance: series) { planes.find($0, $1) }
                }
            }
            found.append(Document(instance: instance, marks: marks))
        }
        return found
    }

    func answer(_ study: String) async throws -> Response {
        let content = try await StudyContent(study, pacs)
        var seen: Set<String> = []
        var marks: [JSONNode] = []
        var unreadable: [JSONNode] = []
        for document in try await documents(of: content) {
            // What cannot be opened is named in the answer; the rest is still shown.
            guard let found = document.marks else {
                unreadable.append(JSONNode(document.instance.sopInstanceUID))
                continue
            }
            // Latest first: a mark corrected and published again is given once.
            for mark in found where marks.count < Self.maximumMarks && seen.insert(mark.uid).inserted { marks.append(mark.json) }
        }
        return MarksRoutes.response(.ok, ["marks": JSONNode(marks), "unreadable": JSONNode(unreadable)])
    }
}
