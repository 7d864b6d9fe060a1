import HTTPTypes
import Hummingbird
import SecurityProfiles

/// Set-up link, sign-in and sign-out.
struct SessionRoutes: Sendable {
    let security: SecurityServices
    let pool: BlockingPool
    let isSecure: Bool

    func add(to router: Router<WebContext>) {
        router.get("api/session") { _, context in
            guard let session = context.session else {
                throw WebFault(.unauthorized, "notAuthenticated", "")
            }
            return Self.body(session).response()
        }
        router.post("api/session") { request, context in try await signIn(request, context) }
        router.delete("api/session") { request, context in
            if let secret = request.cookies[Authentication.cookieName]?.value {
                try await pool.run { try security.sessions.signOut(secret: secret, origin: context.remoteAddress) }
            }
            var response = Response(status: .noContent)
            response.headers[.setCookie] = "\(Authentication.cookieName)=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
            return response
        }
        router.get("api/setup/:token") { _, context in
            let token = try context.parameters.require("token")
            if let refusal = try await pool.run({ try security.setup.refusal(of: token) }) {
                throw SecurityError.setupRefused(refusal)
            }
            return Response(status: .noContent)
        }
        router.post("api/setup/:token") { request, context in try await setUp(request, context) }
    }

    private func setUp(_ request: Request, _ context: WebContext) async throws -> Response {
        let token = try context.parameters.require("token")
        let fields = try await JSONBody.fields(request, ["name", "password"])
        let (name, password) = (fields["name"] ?? "", fields["password"] ?? "")
        _ = try await pool.run {
            try security.setup.redeem(token: token, name: name, password: password, origin: context.remoteAddress)
        }
        return try await open(name: name, password: password, request, context)
    }

    private func signIn(_ request: Request, _ context: WebContext) async throws -> Response {
        let fields = try await JSONBody.fields(request, ["name", "password"])
        return try await open(name: fields["name"] ?? "", password: fields["password"] ?? "", request, context)
    }

    private func open(name: String, password: String, _ request: Request, _ context: WebContext) async throws -> Response {
        let client = ClientContext(request, context)
        let outcome = try await pool.run { try security.sessions.signIn(name: name, password: password, client: client) }
        switch outcome {
        case .refused(let refusal):
            let status: HTTPResponse.Status = if case .locked = refusal { .tooManyRequests } else { .unauthorized }
            throw WebFault(status, refusal.errorCode, "")
        case .success(let grant):
            var response = Self.body(grant.session).response()
            response.headers[.setCookie] =
                "\(Authentication.cookieName)=\(grant.secret); Path=/; HttpOnly; SameSite=Strict" + (isSecure ? "; Secure" : "")
            return response
        }
    }

    private static func body(_ session: AuthenticatedSession) -> JSONValue {
        .object([
            "user": .object([
                "name": .string(session.principal.name), "displayName": .string(session.displayName),
                "role": .string(Role.text(session.principal.roles)),
                "rights": .array(
                    Permission.allCases.filter { authorize(session.principal, $0).isAllowed }.map { .string($0.rawValue) }),
            ]),
            "csrf": .string(session.csrfToken),
            "idleExpiresAt": .integer(Int(session.idleExpiresAtMilliseconds)),
        ])
    }
}

extension LoginRefusal {
    /// A changed account record is no business of who tries to sign in.
    fileprivate var errorCode: ErrorCode {
        switch self {
        case .invalidCredentials, .tampered: "login"
        case .locked: "loginLocked"
        case .disabled: "loginDisabled"
        }
    }
}
