import Hummingbird
import Logging
import SecurityProfiles

/// `POST /api/errors`: the page tells what it met, so that the identifier it shows leads to an entry in the log as well.
struct ErrorRoutes: Sendable {
    func add(to router: Router<WebContext>) {
        router.post("api/errors") { request, context in
            try context.require(.studySearch)
            let fields = try await JSONBody.fields(request, ["id", "code", "detail"])
            guard let id = fields["id"], ErrorIdentifier.isValid(id) else {
                throw WebFault(.badRequest, "parameter", "id must be \(ErrorIdentifier.length) figures and capitals.")
            }
            let code = ErrorCode(rawValue: fields["code"] ?? "")
            guard ErrorCatalogue.contains(code) else { throw WebFault(.badRequest, "parameter", "code is not in the catalogue.") }
            guard FaultReport.admits() else { return Response(status: .tooManyRequests) }
            let detail = FaultReport.oneLine(fields["detail"] ?? "")
            context.logger.error("Error \(id) \(code.rawValue) page \(context.principal.name): \(detail)")
            return Response(status: .noContent)
        }
    }
}
