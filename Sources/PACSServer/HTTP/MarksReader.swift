import Archive
import DICOMCore
import DICOMObjects
import Hummingbird

/// Everybody's published marks of a study, from its reports and presentation states.
struct MarksReader: Sendable {
    let pacs: PACS
    let catalogue: ViewingCatalogue

    /// Marks in one answer.
    private static let maximumMarks = 50_000

    func answer(_ study: String) async throws -> Response {
        let content = try await StudyContent(study, pacs)
        let documents = content.latest { $0.isReadable && ($0.classKind == .structuredReport || $0.classKind == .presentationState) }
        let series = content.seriesOfInstance
        let reader = pacs.reader
        let planes = ImagePlanes(content.instances, catalogue)
        var seen: Set<String> = []
        var marks: [JSONNode] = []
        var unreadable: [JSONNode] = []
        for document in documents {
            let found = try await pacs.pool.run { () -> [Mark]? in
                // What cannot be opened is named in the answer; the rest is still shown.
                guard let header = try? reader.header(of: document) else { return nil }
                return document.classKind == .presentationState
                    ? (try? PresentationState(header))?.marks
                    : try? MeasurementReportReader.marks(in: header, seriesOfInstance: series) { planes.find($0, $1) }
            }
            guard let found else {
                unreadable.append(JSONNode(document.sopInstanceUID))
                continue
            }
            // Latest first: a mark corrected and published again is given once.
            for mark in found where marks.count < Self.maximumMarks && seen.insert(mark.uid).inserted { marks.append(mark.json) }
        }
        return MarksRoutes.response(.ok, ["marks": JSONNode(marks), "unreadable": JSONNode(unreadable)])
    }
}
