import Archive
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import SecurityProfiles

/// `POST /api/import`: one file of any kind that may hold DICOM objects, spooled to disk and imported. Its path comes percent-encoded in
/// the header `X-Apus-Name`, for names of files can be names of patients and addresses get into logs; programs may say `?name=PATH`.
struct ImportRoutes: Sendable {
    let pacs: PACS

    func add(to router: Router<WebContext>) {
        router.post("api/import") { request, context in
            try context.require(.studyImport)
            return try await pacs.monitor.running("import by \(context.principal.name)") { try await receive(request, context) }
        }
    }

    private static let nameHeader = HTTPField.Name("X-Apus-Name")

    private static func name(_ request: Request) -> String {
        let header = nameHeader.flatMap { request.headers[$0] }?.removingPercentEncoding
        return header ?? request.uri.queryParameters["name"].map(String.init) ?? "upload"
    }

    private func receive(_ request: Request, _ context: WebContext) async throws -> Response {
        let name = Self.name(request)
        let spool = try SpoolFile(directory: pacs.configuration.dataDirectory)
        defer { spool.remove() }
        for try await buffer in request.body {
            try await pacs.pool.run { try spool.append(buffer) }
        }
        let importer = Importer(ingest: pacs.ingest, origin: .importing(context.principal.name))
        let results = try await pacs.pool.run { try importer.importFile(at: spool.path, named: name) }
        if results.contains(where: { $0.verdict == .stored || $0.verdict == .quarantined || $0.verdict == .conflict }) {
            let studies = Set(results.compactMap(\.studyInstanceUID))
            let event = AuditEvent(
                .studyImported, actor: context.principal, origin: context.remoteAddress,
                objects: studies.sorted().map { .study(uid: $0) })
            try await pacs.pool.run { [security = pacs.security] in try security.audit.append(event) }
        }
        if results.allSatisfy({ $0.verdict == .refused }), let full = results.first(where: { $0.code == IngestRefusal.Kind.full.rawValue }) {
            throw WebFault(IngestRefusal(.full, full.reason ?? ""))
        }
        return JSONValue.object(["results": .array(results.map(\.json))]).response()
    }
}

extension ImportResult {
    var json: JSONValue {
        .object([
            "path": .string(path), "verdict": .string(verdict.rawValue), "reason": JSONValue(reason), "code": JSONValue(code),
            "studyInstanceUID": JSONValue(studyInstanceUID), "sopInstanceUID": JSONValue(sopInstanceUID),
        ])
    }
}
