import Archive
import DICOMCore
import DICOMweb
import HTTPTypes
import Hummingbird
import NIOCore
import PersistenceSQLite
import SecurityProfiles

/// PS3.18 under `/dicom-web`: the router and the description come from the same table (`RouteTable.dicomWeb`).
struct DICOMwebRoutes: Sendable {
    let pacs: PACS

    func add(to router: Router<WebContext>) {
        for route in RouteTable.dicomWeb.routes {
            guard let operation = DICOMwebOperation(rawValue: route.operation),
                let method = HTTPRequest.Method(rawValue: route.method.rawValue)
            else { continue }
            router.on(RouterPath(Self.path(route.template)), method: method) { request, context in
                try await answer(operation, request, context)
            }
        }
        router.get("dicom-web") { request, context in try await answer(.describe, request, context) }
        router.get("dicom-web/openapi.json") { request, context in try await answer(.describe, request, context) }
    }

    private static func path(_ template: String) -> String {
        "/dicom-web" + (template == "/" ? "" : template).replacing("{path...}", with: "**").replacing("{", with: ":").replacing("}", with: "")
    }

    private func answer(_ operation: DICOMwebOperation, _ request: Request, _ context: WebContext) async throws -> Response {
        do {
            return try await dispatch(operation, request, context)
        } catch {
            return FaultReport(request, context.logger).problem(WebFault(mapping: error))
        }
    }

    private func dispatch(_ operation: DICOMwebOperation, _ request: Request, _ context: WebContext) async throws -> Response {
        let base = RequestBase(request, context, pacs.configuration)
        switch operation {
        case .describe:
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(
                    byteBuffer: ByteBuffer(
                        bytes: RouteTable.dicomWeb.openAPI(
                            title: "Apus DICOMweb", version: ApusVersion.text, baseURL: base.url
                        ).encoded())))
        case .searchStudies, .searchStudySeries, .searchSeries, .searchStudyInstances, .searchSeriesInstances, .searchInstances:
            try context.require(.studySearch)
            let response = try await SearchAnswer(pacs: pacs, base: base).answer(operation, request, context)
            let study = context.parameters.get("study").map { [$0] } ?? []
            await pacs.access.noted(.studySearched, study, service: "QIDO-RS", by: context.author)
            return response
        case .storeInstances, .storeStudyInstances:
            try context.require(.dicomwebWrite)
            return try await pacs.monitor.running("upload by \(context.principal.name) (STOW-RS)") {
                try await StoreAnswer(pacs: pacs, base: base).answer(request, context)
            }
        case .retrieveURI:
            try context.require(.dicomwebRead)
            let response = try await URIAnswer(pacs: pacs).answer(request)
            let asked = try WADOURIRequest(query: request.uri.query)
            let isWhole = response.headers[.contentType]?.hasPrefix("application/dicom") ?? false
            await given(asked.studyUID, service: "WADO-URI", whole: isWhole, context)
            return response
        default:
            try context.require(.dicomwebRead)
            let path = request.uri.path.dropFirst("/dicom-web/".count)
            let asked = try RetrieveRequest(path: path)
            let response = try await RetrieveAnswer(pacs: pacs, base: base).answer(asked, request, context)
            let content = asked.content
            await given(
                asked.scope.studyInstanceUID, service: "WADO-RS \(content.auditName)", whole: content == .instances, context)
            return response
        }
    }

    /// Parts of objects are looked at; whole objects leave: a person downloads them, a program has them sent.
    private func given(_ study: String, service: String, whole: Bool, _ context: WebContext) async {
        let isPerson = context.principal.kind == .user
        let kind: AuditEventKind = !whole ? .studyViewed : isPerson ? .studyExported : .studySent
        await pacs.access.noted(kind, [study], service: service, by: context.author)
    }
}

extension RetrieveRequest.Scope {
    fileprivate var studyInstanceUID: String {
        switch self {
        case .study(let study), .series(let study, _), .instance(let study, _, _): study
        }
    }
}

extension RetrieveRequest.Content {
    fileprivate var auditName: String {
        switch self {
        case .instances: "instances"
        case .metadata: "metadata"
        case .rendered, .renderedFrames: "rendered"
        case .thumbnail, .thumbnailFrames: "thumbnail"
        case .frames, .pixelData: "frames"
        case .bulkData, .allBulkData: "bulk data"
        }
    }
}

/// Where the client reaches us, for URLs in answers.
struct RequestBase: Sendable {
    let url: String

    init(_ request: Request, _ context: WebContext, _ configuration: ServerConfiguration) {
        if let publicURL = configuration.publicURL {
            url = publicURL + "/dicom-web"
            return
        }
        var host = (request.head.authority ?? "localhost").filter { $0.isLetter || $0.isNumber || ".:-[]_".contains($0) }
        // Some clients leave the port out of Host; without a proxy it can only be the one they came in on.
        let hasPort = host.hasPrefix("[") ? host.contains("]:") : host.contains(":")
        if !hasPort, ![0, 80, 443].contains(context.localPort) { host += ":\(context.localPort)" }
        url = "\(configuration.httpTLS == nil ? "http" : "https")://\(host)/dicom-web"
    }
}

/// QIDO-RS (PS3.18 §10.6).
struct SearchAnswer: Sendable {
    let pacs: PACS
    let base: RequestBase

    /// Results in one answer when the client names no limit, or a larger one; a warning then says that there are more.
    private static let maximumResults = 5000

    func answer(_ operation: DICOMwebOperation, _ request: Request, _ context: WebContext) async throws -> Response {
        let level: QIDORequest.Level = switch operation {
        case .searchStudies: .study
        case .searchStudySeries, .searchSeries: .series
        default: .instance
        }
        let asked = try QIDORequest(
            level: level, studyInstanceUID: context.parameters.get("study"), seriesInstanceUID: context.parameters.get("series"),
            query: request.uri.query)
        let accept = try AcceptList(header: request.headers[.accept], queryParameter: asked.accept)
        let type = try accept.requireMetadata()
        var query = try ArchiveQuery(
            resources: QueryLevel(level), studyInstanceUID: asked.studyInstanceUID,
            seriesInstanceUID: asked.seriesInstanceUID, parameters: SearchParameters(asked))
        let maximum = query.headerKeys.isEmpty ? Self.maximumResults : HeaderFields.maximumRows
        let limit = min(asked.limit ?? maximum, maximum)
        query.limit = limit + 1
        query.offset = asked.offset
        let (found, headers) = try await pacs.pool.run { [index = pacs.directory.index, reader = pacs.reader, query] in
            let rows = try index.find(query).rows
            return (rows, try HeaderFields(lookup: index, reader: reader).read(rows.prefix(limit), query))
        }
        let hasMore = found.count > limit
        let rows = found.prefix(limit)
        guard !rows.isEmpty else { return Response(status: .noContent) }
        let keys = query.returnedKeys
        let sets = rows.map { $0.searchResult(to: query, keys: keys, retrieveURL: url(of: $0), header: headers[$0.key]) }
        var response = type == .dicomXML ? Self.xml(sets) : Response(
            status: .ok, headers: [.contentType: type.formatted],
            body: .init(byteBuffer: ByteBuffer(bytes: DICOMJSON.encode(sets))))
        if hasMore, asked.limit.map({ $0 > limit }) ?? true, let warning = HTTPField.Name("Warning") {
            response.headers[warning] =
                "299 \(base.url) \"The number of results exceeded the maximum supported by the server. Additional results can be requested.\""
        }
        return response
    }

    private static func xml(_ sets: [DataSet]) -> Response {
        let writer = RetrieveAnswer.writer()
        let parts = sets.flatMap { set -> [UInt8] in
            let document = NativeModel.encode(set)
            return writer.partHeader(.dicomXML, length: document.count) + document
        }
        return Response(
            status: .ok, headers: [.contentType: writer.contentType(of: .dicomXML).formatted],
            body: .init(byteBuffer: ByteBuffer(bytes: parts + writer.end)))
    }

    private func url(of row: QueryRow) -> String? {
        guard let study = row.string(.studyInstanceUID) else { return nil }
        var path = "\(base.url)/studies/\(study)"
        if let series = row.string(.seriesInstanceUID), row.level != .study { path += "/series/\(series)" }
        if let instance = row.string(.sopInstanceUID), row.level == .instance { path += "/instances/\(instance)" }
        return path
    }
}

extension QueryLevel {
    init(_ level: QIDORequest.Level) {
        switch level {
        case .study: self = .study
        case .series: self = .series
        case .instance: self = .instance
        }
    }
}

extension SearchParameters {
    init(_ request: QIDORequest) {
        self.init()
        matches = request.matches.map { Key(path: $0.path, value: $0.value) }
        includeFields = request.includeFields
        includesAll = request.includesAll
        fuzzyMatching = request.fuzzyMatching
        emptyValueMatching = request.emptyValueMatching
    }
}
