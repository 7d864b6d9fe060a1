import Archive
import DICOMCore
import DICOMObjects
import HTTPTypes
import PersistenceSQLite

/// Takes back published marks as the standard has it: nothing is deleted. A rejection note (Key Object Selection, "Rejected
/// for Quality Reasons") names the objects that hold them; what else those held is published again in new ones.
struct MarksWithdrawal: Sendable {
    let maker: ObjectMaker
    /// Latest first, without those rejected already.
    let documents: [MarksReader.Document]

    struct Done: Sendable {
        var note: FiledIdentity
        var rejected: [StoredInstance]
        var republished: [MarksPublisher.Made]

        var json: JSONNode {
            [
                "note": MarksPublisher.Made(filed: note, marks: []).json,
                "rejected": JSONNode(rejected.map { JSONNode($0.sopInstanceUID) }),
                "instances": JSONNode(republished.map { $0.json }),
            ]
        }
    }

    /// - Throws: `WebFault` 404 for marks that are not published, 403 for those of somebody else.
    func withdraw(_ uids: Set<String>, text: String) async throws -> Done {
        let affected = try holders(of: uids)
        // What stays is there before the objects that held it go.
        let republished = try await MarksPublisher(maker: maker).publish(
            remaining(affected, uids), predecessors: affected.map { evidence($0.instance) })
        let references = affected.map { evidence($0.instance) }
        let note = try await RejectionNote.store(references, text: text, source: affected[0].instance, maker)
        return Done(note: note, rejected: affected.map(\.instance), republished: republished)
    }

    /// The objects that hold the marks, in every version: an older one must not come to light when the newest goes.
    private func holders(of uids: Set<String>) throws -> [MarksReader.Document] {
        let affected = documents.filter { $0.marks?.contains { uids.contains($0.uid) } ?? false }
        guard uids.isSubset(of: Set(affected.flatMap { $0.marks ?? [] }.map(\.uid))) else {
            throw WebFault(.notFound, "mark", "There is no such published mark.")
        }
        let own = [ObjectMaker.Kind.measurements, .presentation].map { maker.authoring($0).seriesInstanceUID }
        guard affected.allSatisfy({ own.contains($0.instance.seriesInstanceUID) }) else {
            throw WebFault(.forbidden, "forbidden", "Marks are withdrawn by who published them.")
        }
        return affected
    }

    /// What the author is told before. The marks are all of one study, which is of one patient.
    ///
    /// - Throws: as `withdraw` does.
    func touched(by uids: Set<String>) throws -> Affected {
        Affected([.patients: 1, .marks: uids.count, .objects: try holders(of: uids).count])
    }

    /// The other marks of those objects, as far as no later object has a newer version.
    private func remaining(_ affected: [MarksReader.Document], _ uids: Set<String>) -> [Mark] {
        let gone = Set(affected.map(\.instance.sopInstanceUID))
        var seen = uids
        var marks: [Mark] = []
        for document in documents {
            for mark in document.marks ?? [] where seen.insert(mark.uid).inserted && gone.contains(document.instance.sopInstanceUID) {
                marks.append(mark)
            }
        }
        return marks
    }

    private func evidence(_ instance: StoredInstance) -> EvidenceReference {
        EvidenceReference(
            studyInstanceUID: instance.studyInstanceUID, seriesInstanceUID: instance.seriesInstanceUID,
            instance: InstanceReference(sopClassUID: instance.sopClassUID, sopInstanceUID: instance.sopInstanceUID))
    }
}

/// A Key Object Selection "Rejected for Quality Reasons": what it names is shown no more and deleted by nobody.
enum RejectionNote {
    /// - Parameter source: the object that patient and study are taken from.
    static func store(
        _ references: [EvidenceReference], text: String, source: StoredInstance, _ maker: ObjectMaker
    ) async throws -> FiledIdentity {
        try await maker.store(
            KeyObjectSelection.dataSet(
                title: KeyObjectSelection.rejectedForQuality, text: text.isEmpty ? "Withdrawn by the author" : text,
                references: references, authoring: maker.authoring(.rejections), source: try await maker.header(source)))
    }
}
