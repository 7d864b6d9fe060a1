import Archive
import DICOMCore
import HTTPTypes
import Hummingbird
import NIOCore
import PersistenceSQLite
import SecurityProfiles

/// Hanging protocols: kept for a person or for the site, matched against a study, tried against the newest studies.
struct HangingProtocolRoutes: Sendable {
    let pacs: PACS
    let facts: HangingFacts

    init(pacs: PACS, catalogue: ViewingCatalogue) {
        self.pacs = pacs
        facts = HangingFacts(pacs: pacs, catalogue: catalogue)
    }

    private static let bodyLimit = 1 << 20

    func add(to router: Router<WebContext>) {
        router.get("api/studies/:study/hanging") { request, context in
            try context.require(.studyView)
            return try await hang(try context.parameters.require("study"), request, context)
        }
        router.get("api/hanging-protocols") { _, context in
            try context.require(.studyView)
            let all = try await available(context)
            return MarksRoutes.response(.ok, ["protocols": JSONNode(all.map { $0.json })])
        }
        router.post("api/hanging-protocols") { request, context in
            try context.require(.studyView)
            return try await save(request, context)
        }
        router.delete("api/hanging-protocols/:id") { request, context in
            try context.require(.studyView)
            return try await remove(try context.parameters.require("id"), request, context)
        }
        router.post("api/hanging-protocols/test") { request, context in
            try context.require(.studyView)
            return try await test(request, context)
        }
    }

    // MARK: Which there are

    private struct Available: Sendable {
        var hanging: HangingProtocol
        /// `user`, `site` or `shipped`.
        var source: String

        var json: JSONNode {
            JSONNode((hanging.json.object ?? []).filter { $0.key != "source" } + [.init("source", JSONNode(source))])
        }
    }

    /// The person's own, then the site's, then the shipped ones that neither replaces.
    private func available(_ context: WebContext) async throws -> [Available] {
        let author = WorkAuthor(context)
        let stored = try await pacs.pool.run { [workspace = pacs.workspace] in try workspace.protocols(owner: author.key) }
        var all = stored.compactMap { stored -> Available? in
            guard let node = try? JSONParser.parse(stored.body[...]), let hanging = try? HangingProtocol(node) else { return nil }
            return Available(hanging: hanging, source: stored.owner == StoredProtocol.site ? "site" : "user")
        }
        let replaced = Set(all.map(\.hanging.id))
        all += ShippedProtocols.all.filter { !replaced.contains($0.id) }.map { Available(hanging: $0, source: "shipped") }
        return all
    }

    /// Whose protocol a request is about; what everybody gets is for those who change settings.
    private static func owner(_ request: Request, _ context: WebContext) throws -> String {
        switch request.uri.queryParameters["scope"].map(String.init) ?? "user" {
        case "user": return WorkAuthor(context).key
        case "site":
            try context.require(.settingsManage)
            return StoredProtocol.site
        default: throw WebFault(.badRequest, "parameter", "scope must be user or site.")
        }
    }

    private static func parsed(_ request: Request) async throws -> HangingProtocol {
        let json = try WorkBody.json(try await request.body.collect(upTo: bodyLimit))
        do { return try HangingProtocol(json) } catch { throw WebFault(.badRequest, "protocol", "\(error).") }
    }

    private func save(_ request: Request, _ context: WebContext) async throws -> Response {
        let owner = try Self.owner(request, context)
        let hanging = try await Self.parsed(request)
        let stored = StoredProtocol(id: hanging.id, owner: owner, body: hanging.json.encoded())
        let isKept = try await pacs.pool.run { [workspace = pacs.workspace] in
            try workspace.saveProtocol(stored, nowMilliseconds: PACS.now())
        }
        guard isKept else {
            throw WebFault(.conflict, "tooManyProtocols", "\(StoredProtocol.limit) protocols are kept already.", remedy: "Delete one that is not needed.")
        }
        try await audit(hanging.id, owner, context)
        return MarksRoutes.response(.ok, ["id": JSONNode(hanging.id)])
    }

    private func remove(_ id: String, _ request: Request, _ context: WebContext) async throws -> Response {
        let owner = try Self.owner(request, context)
        let isKept = try await pacs.pool.run { [workspace = pacs.workspace] in
            try workspace.protocols(owner: owner).contains { $0.id == id && $0.owner == owner }
        }
        if isKept {
            try Confirmation(function: .protocolRemove, subject: [id, owner], affected: Affected([.protocols: 1])).require(request, context)
        }
        let isGone = try await pacs.pool.run { [workspace = pacs.workspace] in try workspace.removeProtocol(id: id, owner: owner) }
        guard isGone else { throw WebFault(.notFound, "protocol", "There is no such protocol.") }
        try await audit(id, owner, context)
        return Response(status: .noContent)
    }

    /// A person's own arrangement concerns nobody else; the site's is a setting.
    private func audit(_ id: String, _ owner: String, _ context: WebContext) async throws {
        guard owner == StoredProtocol.site else { return }
        let event = AuditEvent(
            .configurationChanged, actor: context.principal, origin: context.remoteAddress,
            objects: [.setting(key: "hanging-protocol \(id)")])
        try await pacs.pool.run { [security = pacs.security] in try security.audit.append(event) }
    }

    // MARK: Matching

    private func hang(_ study: String, _ request: Request, _ context: WebContext) async throws -> Response {
        let all = try await available(context)
        let (studyFacts, series) = try await facts.study(study, withPriors: true)
        let scores = all.map { HangingMatch.score($0.hanging, studyFacts) }
        let named = request.uri.queryParameters["protocol"].map(String.init)
        let place = named.flatMap { name in all.firstIndex { $0.hanging.id == name } } ?? HangingMatch.best(all.map(\.hanging), studyFacts)
        let candidates = zip(all, scores).compactMap { candidate, points -> JSONNode? in
            guard let points, points > 0 else { return nil }
            return ["id": JSONNode(candidate.hanging.id), "name": JSONNode(candidate.hanging.name), "points": number(points)]
        }
        guard let place else {
            return MarksRoutes.response(
                .ok, ["protocol": .init(.null), "reason": .init(.null), "stages": [], "candidates": JSONNode(candidates)])
        }
        let chosen = all[place]
        let reason = HangingMatch.reason(chosen.hanging.match, studyFacts, holding: true)
        let stages = chosen.hanging.stages.enumerated().map { index, stage -> JSONNode in
            let placed = HangingMatch.hung(chosen.hanging, stage, series)
            return [
                "index": JSONNode(index), "name": JSONNode(stage.name), "layout": JSONNode(stage.layout),
                "useful": .init(.bool(HangingMatch.isUseful(chosen.hanging, stage, placed))),
                "views": JSONNode(zip(stage.views, placed).map { Self.view($0, $1) }),
            ]
        }
        return MarksRoutes.response(
            .ok,
            [
                "protocol": chosen.json, "reason": ["en": JSONNode(reason.en), "zh-CN": JSONNode(reason.zh)],
                "stages": JSONNode(stages), "candidates": JSONNode(candidates),
            ])
    }

    /// Weights are bounded, so points fit.
    private func number(_ points: Double) -> JSONNode { .init(.number(points == points.rounded() ? "\(Int(points))" : "\(points)")) }

    private static func view(_ selector: String?, _ facts: HangingSeriesFacts?) -> JSONNode {
        guard let facts else { return ["selector": text(selector), "studyInstanceUID": .init(.null)] }
        return [
            "selector": text(selector), "studyInstanceUID": JSONNode(facts.study), "seriesInstanceUID": JSONNode(facts.series),
            "sopInstanceUID": text(facts.sop), "prior": JSONNode(facts.prior),
        ]
    }

    private static func text(_ text: String?) -> JSONNode { text.map { .init(.string($0)) } ?? .init(.null) }

    // MARK: Trying

    private func test(_ request: Request, _ context: WebContext) async throws -> Response {
        let limit = min(max(request.uri.queryParameters["limit"].flatMap { Int($0) } ?? 50, 1), 200)
        let hanging = try await Self.parsed(request)
        var hits: [JSONNode] = []
        var misses: [JSONNode] = []
        for study in try await facts.newestStudies(limit) {
            let (studyFacts, series) = try await facts.study(study, withPriors: false)
            let points = HangingMatch.score(hanging, studyFacts) ?? 0
            let about: [JSONNode.Member] = [
                .init("studyInstanceUID", JSONNode(study)), .init("description", JSONNode(studyFacts.description)),
                .init("modalities", JSONNode(studyFacts.modalities.map { JSONNode($0) })),
            ]
            if points > 0 {
                let filled = hanging.stages.map { stage in
                    HangingMatch.hung(hanging, stage, series).count { $0 != nil }
                }
                hits.append(JSONNode(about + [.init("points", number(points)), .init("filledViews", JSONNode(filled.map { JSONNode($0) }))]))
            } else {
                let missing = HangingMatch.reason(hanging.match, studyFacts, holding: false)
                misses.append(JSONNode(about + [.init("missing", ["en": JSONNode(missing.en), "zh-CN": JSONNode(missing.zh)])]))
            }
        }
        return MarksRoutes.response(
            .ok, ["tested": JSONNode(hits.count + misses.count), "hits": JSONNode(hits), "misses": JSONNode(misses)])
    }
}
