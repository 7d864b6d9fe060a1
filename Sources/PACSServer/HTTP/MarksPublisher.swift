import Archive
import DICOMCore
import DICOMObjects
import HTTPTypes
import PersistenceSQLite

/// Writes marks as DICOM objects: measurements as a report, words and arrows as presentation states.
struct MarksPublisher: Sendable {
    let maker: ObjectMaker

    struct Made: Sendable {
        var filed: FiledIdentity
        var marks: [String]

        var json: JSONNode {
            [
                "sopInstanceUID": JSONNode(filed.sopInstanceUID), "seriesInstanceUID": JSONNode(filed.seriesInstanceUID),
                "sopClassUID": JSONNode(filed.sopClassUID), "marks": JSONNode(marks.map { JSONNode($0) }),
            ]
        }
    }

    /// - Parameters:
    ///   - marks: on images of the study.
    ///   - predecessors: documents that this one takes the place of.
    func publish(_ marks: [Mark], predecessors: [EvidenceReference] = []) async throws -> [Made] {
        let measurements = marks.filter { !$0.isAnnotation }
        let annotations = marks.filter { $0.isAnnotation }
        var made: [Made] = []
        if let first = measurements.first, let image = maker.study[first.sopInstanceUID] {
            let workspace = maker.pacs.workspace
            let device = try await maker.pacs.pool.run { try workspace.deviceUID(proposed: UIDGenerator().next()) }
            var report = MeasurementReport(marks: measurements, authoring: maker.authoring(.measurements), deviceUID: device)
            report.predecessors = predecessors.filter { StorageSOPClass.row($0.instance.sopClassUID)?.kind == .structuredReport }
            let dataSet: DataSet
            let source = try await maker.header(image)
            do { dataSet = try report.dataSet(studyInstanceUID: maker.study.studyInstanceUID, source: source) } catch {
                throw WebFault(.badRequest, "mark", "\(error).")
            }
            made.append(Made(filed: try await maker.store(dataSet), marks: measurements.map(\.uid)))
        }
        guard !annotations.isEmpty else { return made }
        return made + (try await publishAnnotations(annotations))
    }

    /// One state for each kind of image that words and arrows stand on.
    private func publishAnnotations(_ marks: [Mark]) async throws -> [Made] {
        var made: [Made] = []
        let images = Dictionary(grouping: marks, by: \.sopInstanceUID)
        let groups = try await PresentationWriter(maker: maker).groups(Array(images.keys).sorted())
        for (index, group) in groups.enumerated() {
            let own = group.images.flatMap { images[$0.instance.sopInstanceUID] ?? [] }
            var state = PresentationState()
            state.label = "ANNOTATIONS"
            do { state.annotations = try PresentationState.annotations(for: own) } catch {
                throw WebFault(.badRequest, "mark", "\(error).")
            }
            let frames = Dictionary(grouping: own.map(\.reference), by: \.sopInstanceUID).mapValues { references in
                references.contains { $0.frameNumbers.isEmpty } ? [] : Set(references.flatMap(\.frameNumbers)).sorted()
            }
            let filed = try await PresentationWriter(maker: maker).store(state, group, frames: frames, offset: index)
            made.append(Made(filed: filed, marks: own.map(\.uid)))
        }
        return made
    }
}
