import Archive
import DICOMCore
import DICOMObjects
import HTTPTypes
import Hummingbird
import NIOCore
import SecurityProfiles

/// Presentation states and key images (Documentation/presentation.md).
struct PresentationRoutes: Sendable {
    let pacs: PACS

    func add(to router: Router<WebContext>) {
        router.get("api/studies/:study/presentation-states") { _, context in
            try context.require(.studyView)
            let own = StateWithdrawal.ownSeries(context, pacs)
            return try await list(context, "states", .presentationState) { header in
                let state = try PresentationState(header)
                let isOwn = StateWithdrawal.isWithdrawable(state, ownSeries: own(state.studyInstanceUID))
                return JSONNode((state.json.object ?? []) + [.init("withdrawable", JSONNode(.bool(isOwn)))])
            }
        }
        router.post("api/studies/:study/presentation-states/withdraw") { request, context in
            try context.require(.annotationWrite)
            let content = try await StudyContent(try context.parameters.require("study"), pacs)
            let body = try WorkBody.json(try await request.body.collect(upTo: WorkBody.limit))
            let maker = ObjectMaker(pacs: pacs, study: content, author: WorkAuthor(context))
            return try await StateWithdrawal(maker: maker).answer(body, request, context)
        }
        router.post("api/studies/:study/presentation-states") { request, context in
            try context.require(.annotationWrite)
            return try await storeState(request, context)
        }
        router.get("api/studies/:study/key-images") { _, context in
            try context.require(.studyView)
            return try await list(context, "documents", .keyObject) { try KeyObjectSelection($0).json }
        }
        router.post("api/studies/:study/key-images") { request, context in
            try context.require(.annotationWrite)
            return try await storeKeyImages(request, context)
        }
    }

    // MARK: Reading

    /// All objects of a kind; those that cannot be read are named, not left out in silence.
    private func list(
        _ context: WebContext, _ name: String, _ kind: StorageSOPClass.Kind, _ read: @escaping @Sendable (DataSet) throws -> JSONNode
    ) async throws -> Response {
        let content = try await StudyContent(try context.parameters.require("study"), pacs)
        let reader = pacs.reader
        var found: [JSONNode] = []
        var unreadable: [JSONNode] = []
        let rejected = try await pacs.pool.run { RejectedObjects.find(in: content, reader) }
        for instance in content.latest(where: { $0.classKind == kind && $0.isReadable && !rejected.contains($0.sopInstanceUID) }) {
            let json = try await pacs.pool.run { try? read(reader.header(of: instance)) }
            if let json { found.append(json) } else { unreadable.append(JSONNode(instance.sopInstanceUID)) }
        }
        return MarksRoutes.response(.ok, JSONNode([.init(name, JSONNode(found)), .init("unreadable", JSONNode(unreadable))]))
    }

    // MARK: Writing

    /// SOP Instance UIDs and frames of `references`, in order.
    private static func references(_ body: JSONNode, _ name: String) throws -> [(uid: String, frames: [Int])] {
        guard let nodes = body[name]?.array, !nodes.isEmpty, nodes.count <= PresentationWriter.maximumImages else {
            throw WebFault(.badRequest, "parameter", "\(name) must be 1 to \(PresentationWriter.maximumImages) images.")
        }
        return try nodes.map { node in
            guard let uid = node["sopInstanceUID"]?.string, UID.isValid(uid) else {
                throw WebFault(.badRequest, "parameter", "\(name) must have SOP Instance UIDs.")
            }
            return (uid, (node["frameNumbers"]?.array ?? []).prefix(10_000).compactMap(\.int).filter { $0 > 0 })
        }
    }

    private func storeState(_ request: Request, _ context: WebContext) async throws -> Response {
        let content = try await StudyContent(try context.parameters.require("study"), pacs)
        let body = try WorkBody.json(try await request.body.collect(upTo: WorkBody.limit))
        let state: PresentationState
        do { state = try PresentationState(viewer: body) } catch { throw WebFault(.badRequest, "state", "\(error).") }
        let references = try Self.references(body, "references")
        let maker = ObjectMaker(pacs: pacs, study: content, author: WorkAuthor(context))
        let writer = PresentationWriter(maker: maker)
        let frames = Dictionary(references.map { ($0.uid, $0.frames) }) { first, _ in first }
        var seen: Set<String> = []
        var filed: [FiledIdentity] = []
        for (index, group) in try await writer.groups(references.map(\.uid).filter { seen.insert($0).inserted }).enumerated() {
            filed.append(try await writer.store(state, group, frames: frames, offset: index, keepsModality: body["modality"] != nil))
        }
        try await maker.audit(filed, context)
        return Self.created(filed)
    }

    static func created(_ filed: [FiledIdentity]) -> Response {
        MarksRoutes.response(.created, ["instances": JSONNode(filed.map { MarksPublisher.Made(filed: $0, marks: []).json })])
    }

    private func storeKeyImages(_ request: Request, _ context: WebContext) async throws -> Response {
        let content = try await StudyContent(try context.parameters.require("study"), pacs)
        let body = try WorkBody.json(try await request.body.collect(upTo: WorkBody.limit))
        let code = body["title"]?.string ?? body["title"]?["value"]?.string ?? Concept.ofInterest.value
        guard let title = KeyObjectSelection.titles.first(where: { $0.value == code }) else {
            throw WebFault(.badRequest, "parameter", "title must be a code of CID 7010.")
        }
        let text = body["description"]?.string ?? ""
        guard text.unicodeScalars.count <= 10_000 else { throw WebFault(.badRequest, "parameter", "description must be 10,000 characters at most.") }
        let references = try Self.references(body, "images").map { uid, frames in
            guard let instance = content[uid] else { throw WebFault(.badRequest, "parameter", "An image referred to is not in this study.") }
            return EvidenceReference(
                studyInstanceUID: content.studyInstanceUID, seriesInstanceUID: instance.seriesInstanceUID,
                instance: InstanceReference(sopClassUID: instance.sopClassUID, sopInstanceUID: uid, frameNumbers: frames))
        }
        guard let first = references.first.flatMap({ content[$0.instance.sopInstanceUID] }) else {
            throw WebFault(.badRequest, "parameter", "There is no image to point at.")
        }
        let maker = ObjectMaker(pacs: pacs, study: content, author: WorkAuthor(context))
        let dataSet = KeyObjectSelection.dataSet(
            title: title, text: text, references: references, authoring: maker.authoring(.keyImages),
            source: try await maker.header(first))
        let filed = try await maker.store(dataSet)
        try await maker.audit([filed], context)
        return Self.created([filed])
    }
}
