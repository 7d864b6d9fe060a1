import Archive
import DICOMCore
import DICOMObjects
import HTTPTypes
import Hummingbird
import NIOCore
import PersistenceSQLite
import SecurityProfiles

/// Marks on the images of a study: the author's working copy, publishing as DICOM, everybody's published ones
/// (Documentation/marks.md).
struct MarksRoutes: Sendable {
    let pacs: PACS
    let catalogue: ViewingCatalogue
    let documents: ReadDocuments

    static let maximumMarks = 10_000
    static let maximumPoints = 100_000

    func add(to router: Router<WebContext>) {
        router.get("api/studies/:study/marks/draft") { _, context in
            try context.require(.studyView)
            return try await draft(try context.parameters.require("study"), context)
        }
        router.put("api/studies/:study/marks/draft") { request, context in
            try context.require(.annotationWrite)
            return try await saveDraft(try context.parameters.require("study"), request, context)
        }
        router.get("api/studies/:study/marks") { _, context in
            try context.require(.studyView)
            return try await reader.answer(try context.parameters.require("study"))
        }
        router.post("api/studies/:study/marks") { request, context in
            try context.require(.annotationWrite)
            return try await publish(try context.parameters.require("study"), request, context)
        }
        router.post("api/studies/:study/marks/withdraw") { request, context in
            try context.require(.annotationWrite)
            return try await withdraw(try context.parameters.require("study"), request, context)
        }
    }

    private var reader: MarksReader { MarksReader(pacs: pacs, catalogue: catalogue, documents: documents) }

    static func response(_ status: HTTPResponse.Status, _ json: JSONNode) -> Response {
        response(status, json.encoded())
    }

    static func response(_ status: HTTPResponse.Status, _ bytes: [UInt8]) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"], body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    // MARK: Working copy

    private static func members(_ draft: MarkDraft?) -> [JSONNode.Member] {
        let body = draft.flatMap { try? JSONParser.parse($0.body[...]) }
        return [
            .init("revision", JSONNode(Int(draft?.revision ?? 0))), .init("marks", body?["marks"] ?? []),
            .init("deleted", body?["deleted"] ?? []),
        ]
    }

    private func draft(_ study: String, _ context: WebContext) async throws -> Response {
        let study = try await StudyContent(study, pacs).studyInstanceUID
        let author = WorkAuthor(context)
        let draft = try await pacs.pool.run { [workspace = pacs.workspace] in
            try workspace.draft(study: study, author: author.key)
        }
        return Self.response(.ok, JSONNode(Self.members(draft)))
    }

    private func saveDraft(_ study: String, _ request: Request, _ context: WebContext) async throws -> Response {
        let study = try await StudyContent(study, pacs).studyInstanceUID
        let author = WorkAuthor(context)
        let body = try WorkBody.json(try await request.body.collect(upTo: WorkBody.limit))
        let marks = try Self.marks(body["marks"]).map { $0.with("author", author.json).json }
        let deleted = body["deleted"]?.array ?? []
        guard deleted.count <= 10 * Self.maximumMarks else {
            throw WebFault(.contentTooLarge, "tooMuch", "More than \(10 * Self.maximumMarks) deletions are not kept.")
        }
        guard let seen = body["revision"]?.int, seen >= 0 else {
            throw WebFault(.badRequest, "parameter", "revision must be the number last seen, or 0.")
        }
        let stored = JSONNode([.init("marks", JSONNode(marks)), .init("deleted", JSONNode(deleted))]).encoded()
        let new = NewMarkDraft(
            study: study, author: author.key, seen: Int64(seen), attempt: try Self.attempt(body), body: stored,
            nowMilliseconds: PACS.now())
        switch try await pacs.pool.run({ [workspace = pacs.workspace] in try workspace.saveDraft(new) }) {
        case .stored(let revision): return Self.response(.ok, ["revision": JSONNode(Int(revision))])
        case .conflict(let present):
            var fault = WebFault(.conflict, "draftConflict", "Another window stored marks of this study since.")
            fault.members = Self.members(present)
            throw fault
        }
    }

    private static func attempt(_ body: JSONNode) throws -> String {
        guard let attempt = body["attempt"]?.string, UID.isValid(attempt) else {
            throw WebFault(.badRequest, "parameter", "attempt must be a UID.")
        }
        return attempt
    }

    /// - Throws: `WebFault` 400 naming the mark by its place and the member, or 413.
    private static func marks(_ node: JSONNode?) throws -> [Mark] {
        guard let nodes = node?.array else { throw WebFault(.badRequest, "parameter", "marks must be a list.") }
        guard nodes.count <= maximumMarks else { throw WebFault(.contentTooLarge, "tooMuch", "More than \(maximumMarks) marks are not kept.") }
        var marks: [Mark] = []
        var points = 0
        for (index, node) in nodes.enumerated() {
            do { marks.append(try Mark(node)) } catch { throw WebFault(.badRequest, "mark", "marks[\(index)].\(error).") }
            points += marks[index].points.count
            guard points <= maximumPoints else { throw WebFault(.contentTooLarge, "tooMuch", "More than \(maximumPoints) points are not kept.") }
        }
        guard Set(marks.map(\.uid)).count == marks.count else { throw WebFault(.badRequest, "mark", "Two marks have one uid.") }
        return marks
    }

    // MARK: Publishing

    /// Answers an attempt once: the same attempt sent again is given the same answer.
    private func once(
        _ study: String, _ request: Request, _ context: WebContext, _ work: (JSONNode, ObjectMaker) async throws -> JSONNode
    ) async throws -> Response {
        let content = try await StudyContent(study, pacs)
        let author = WorkAuthor(context)
        let body = try WorkBody.json(try await request.body.collect(upTo: WorkBody.limit))
        let attempt = try Self.attempt(body)
        let workspace = pacs.workspace
        let earlier = try await pacs.pool.run {
            try workspace.publication(study: content.studyInstanceUID, author: author.key, attempt: attempt)
        }
        if let earlier { return Self.response(.created, earlier) }
        let answer = try await work(body, ObjectMaker(pacs: pacs, study: content, author: author))
        try await pacs.pool.run {
            try workspace.keepPublication(
                study: content.studyInstanceUID, author: author.key, attempt: attempt, answer: answer.encoded(),
                nowMilliseconds: PACS.now())
        }
        return Self.response(.created, answer)
    }

    private func publish(_ study: String, _ request: Request, _ context: WebContext) async throws -> Response {
        try await once(study, request, context) { body, maker in
            let marks = try Self.marks(body["marks"])
            guard !marks.isEmpty else { throw WebFault(.badRequest, "parameter", "There is nothing to publish.") }
            let made = try await MarksPublisher(maker: maker).publish(try Self.placed(marks, maker.study, maker.author))
            try await maker.audit(made.map(\.filed), context)
            return ["instances": JSONNode(made.map { $0.json })]
        }
    }

    private func withdraw(_ study: String, _ request: Request, _ context: WebContext) async throws -> Response {
        try await once(study, request, context) { body, maker in
            let uids = Set((body["marks"]?.array ?? []).compactMap(\.string))
            guard !uids.isEmpty, uids.count <= Self.maximumMarks else {
                throw WebFault(.badRequest, "parameter", "marks must be 1 to \(Self.maximumMarks) UIDs.")
            }
            let text = body["text"]?.string ?? ""
            guard text.unicodeScalars.count <= 1024 else {
                throw WebFault(.badRequest, "parameter", "text must be 1,024 characters at most.")
            }
            let withdrawal = MarksWithdrawal(maker: maker, documents: try await reader.documents(of: maker.study))
            try Confirmation(
                function: .marksWithdraw, subject: uids + [maker.study.studyInstanceUID], affected: try withdrawal.touched(by: uids)
            ).require(request, context)
            let done = try await withdrawal.withdraw(uids, text: text)
            try await maker.audit(
                [done.note] + done.republished.map(\.filed), rejected: done.rejected.map(\.sopInstanceUID), context)
            return done.json
        }
    }

    /// The marks with author, class and series as the server knows them.
    private static func placed(_ marks: [Mark], _ content: StudyContent, _ author: WorkAuthor) throws -> [Mark] {
        try marks.enumerated().map { index, mark in
            guard let instance = content[mark.sopInstanceUID] else {
                throw WebFault(.badRequest, "mark", "marks[\(index)].sopInstanceUID: the image is not in this study.")
            }
            let frames = instance.frames.numberOfFrames
            guard frames == 0 || mark.frameNumber <= frames else {
                throw WebFault(.badRequest, "mark", "marks[\(index)].frameNumber: the image has \(frames) frames.")
            }
            let whole = mark.with("author", author.json).with("seriesInstanceUID", JSONNode(instance.seriesInstanceUID))
                .with("sopClassUID", JSONNode(instance.sopClassUID)).json
            do {
                let checked = try Mark(whole)
                _ = try checked.graphics()
                return checked
            } catch { throw WebFault(.badRequest, "mark", "marks[\(index)].\(error).") }
        }
    }
}
