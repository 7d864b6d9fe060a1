import HTTPTypes
import Hummingbird
import SecurityProfiles

/// Finds out who asks: a session cookie or a bearer token. Requests without either go on as anonymous; what they may do
/// is each route's question.
struct Authentication: RouterMiddleware {
    typealias Context = WebContext

    static let cookieName = "apus_session"
    static let csrfHeader = "X-Apus-CSRF"

    let security: SecurityServices
    let pool: BlockingPool
    let access: AccessAudit

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let header = request.headers[.authorization] {
            try await bearer(header, &context)
        } else if let secret = request.cookies[Self.cookieName]?.value {
            try await session(secret, request, &context)
        }
        do {
            let response = try await next(request, context)
            if response.status == .forbidden { await access.refused(request.uri.path, by: context.author) }
            return response
        } catch let fault as WebFault where fault.status == .forbidden {
            await access.refused(request.uri.path, by: context.author)
            throw fault
        }
    }

    private func bearer(_ header: String, _ context: inout WebContext) async throws {
        guard header.lowercased().hasPrefix("bearer ") else {
            throw WebFault(.unauthorized, "authorization", "Only bearer tokens are accepted.", remedy: "Authorization: Bearer apus_…")
        }
        let token = String(header.dropFirst(7)).trimmingPrefix(while: { $0 == " " })
        let origin = context.remoteAddress
        switch try await pool.run({ [security] in try security.tokens.authenticate(String(token), origin: origin) }) {
        case .valid(let principal): context.principal = principal
        case .refused(let refusal):
            throw WebFault(
                .unauthorized, "token", "The token is not accepted: \(refusal.rawValue).",
                remedy: "Create one with apus token create.")
        }
    }

    private func session(_ secret: String, _ request: Request, _ context: inout WebContext) async throws {
        let client = ClientContext(request, context)
        // Event streams and status polls are no sign of a person (PACS-4.5.1-1).
        let isActivity = !request.uri.path.hasPrefix("/api/events") && !request.uri.path.hasPrefix("/api/server")
        let check = try await pool.run { [security] in
            try security.sessions.authenticate(secret: secret, client: client, isActivity: isActivity)
        }
        guard case .valid(let session) = check else { return }
        context.principal = session.principal
        context.session = session
        let isReading = [.get, .head, .options].contains(request.method)
        guard !isReading else { return }
        let name = HTTPField.Name(Self.csrfHeader)
        let given = name.flatMap { request.headers[$0] } ?? ""
        guard security.sessions.isCSRFTokenValid(given, secret: secret) else {
            throw WebFault(.forbidden, "csrf", "The request did not come from our own page.", remedy: "Reload the page.")
        }
    }
}

extension ClientContext {
    init(_ request: Request, _ context: WebContext) {
        self.init(address: context.remoteAddress, description: request.headers[.userAgent] ?? "")
    }
}
