import Archive
import DICOMCore
import DICOMObjects
import HTTPTypes
import Hummingbird

/// Takes back a reader's own presentation states by a rejection note, as marks are taken back.
struct StateWithdrawal: Sendable {
    let maker: ObjectMaker

    /// The series that the caller's states of a study stand in.
    static func ownSeries(_ context: WebContext, _ pacs: PACS) -> @Sendable (String) -> String {
        let author = WorkAuthor(context)
        return { ObjectMaker.series(.presentation, study: $0, author: author) }
    }

    /// The author's own, and none that holds marks: those are taken back one by one.
    static func isWithdrawable(_ state: PresentationState, ownSeries: String) -> Bool {
        state.seriesInstanceUID == ownSeries && state.marks.isEmpty
    }

    /// - Parameter body: `{"state": UID, "text": why}`.
    /// - Throws: `WebFault` 404 for what is no state in force, 403 for somebody else's, 409 for one that holds marks and
    ///   until it is confirmed.
    func answer(_ body: JSONNode, _ request: Request, _ context: WebContext) async throws -> Response {
        let text = body["text"]?.string ?? ""
        guard text.unicodeScalars.count <= 1024 else { throw WebFault(.badRequest, "text", "text must be 1,024 characters at most.") }
        let (study, reader) = (maker.study, maker.pacs.reader)
        let rejected = try await maker.pacs.pool.run { RejectedObjects.find(in: study, reader) }
        guard let uid = body["state"]?.string, let instance = study[uid], instance.classKind == .presentationState, instance.isReadable,
            !rejected.contains(uid)
        else { throw WebFault(.notFound, "state", "There is no such presentation state.") }
        guard instance.seriesInstanceUID == maker.authoring(.presentation).seriesInstanceUID else {
            throw WebFault(.forbidden, "forbidden", "Presentation states are withdrawn by who saved them.")
        }
        let state = try PresentationState(try await maker.header(instance))
        guard state.marks.isEmpty else {
            throw WebFault(.conflict, "marks", "The object holds marks.", remedy: "Withdraw its marks instead.")
        }
        try Confirmation(function: .stateWithdraw, subject: [uid], affected: Affected([.patients: 1, .objects: 1]))
            .require(request, context)
        let reference = EvidenceReference(
            studyInstanceUID: instance.studyInstanceUID, seriesInstanceUID: instance.seriesInstanceUID,
            instance: InstanceReference(sopClassUID: instance.sopClassUID, sopInstanceUID: instance.sopInstanceUID))
        let note = try await RejectionNote.store([reference], text: text, source: instance, maker)
        try await maker.audit([note], rejected: [uid], context)
        return PresentationRoutes.created([note])
    }
}
