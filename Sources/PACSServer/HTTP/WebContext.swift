import DICOMCore
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SecurityProfiles

/// What is known of a request beside itself.
struct WebContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Numeric address of the client.
    let remoteAddress: String
    /// Port the request came in on.
    let localPort: Int
    /// Set by `Authentication`.
    var principal = Principal.anonymous
    /// The session's CSRF token; `nil` without a session.
    var session: AuthenticatedSession?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        localPort = source.channel.localAddress?.port ?? 0
        remoteAddress = source.channel.remoteAddress?.ipAddress ?? "unknown"
    }

    var author: Author { Author(principal, origin: remoteAddress) }

    /// - Throws: `WebFault` 401 or 403 with what to do.
    func require(_ permission: Permission) throws {
        guard case .refused(let reason) = authorize(principal, permission) else { return }
        let status: HTTPResponse.Status = reason == .notAuthenticated ? .unauthorized : .forbidden
        throw WebFault(status, ErrorCode(rawValue: reason.rawValue), "The right \(permission.rawValue) is needed.")
    }
}

/// An error as clients see it: its code in the catalogue, which has text and remedy, and what is particular here. Never a patient value.
struct WebFault: Error {
    var status: HTTPResponse.Status
    var code: ErrorCode
    /// What is wrong with this request, in English: fields, limits, identifiers.
    var detail: String
    /// A remedy for just this case, in English, in place of the catalogue's.
    var remedy: String?
    /// The parameter or part that is meant.
    var location: String?
    /// For the log alone: what another component said.
    var cause: String?
    /// Beside `error` in the answer.
    var members: [JSONNode.Member] = []

    init(_ status: HTTPResponse.Status, _ code: ErrorCode, _ detail: String, remedy: String? = nil, cause: String? = nil) {
        self.status = status
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.cause = cause
    }
}

/// Turns errors into answers; unexpected ones are logged whole and told in general.
struct FaultMiddleware: RouterMiddleware {
    typealias Context = WebContext

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        do { return try await next(request, context) } catch {
            return FaultReport(request, context.logger).answer(WebFault(mapping: error))
        }
    }
}

/// Headers every answer carries (front-end rules: strict content security policy, isolation for shared memory).
struct SecurityHeaders: RouterMiddleware {
    typealias Context = WebContext

    /// Browsers are to come by TLS alone from now on.
    let isSecure: Bool

    private static let strict = ("Strict-Transport-Security", "max-age=31536000")
    private static let headers: [(String, String)] = [
        ("Content-Security-Policy", policy(scripts: [])),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Embedder-Policy", "require-corp"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]

    /// - Parameter scripts: SHA-256 in base 64 of the scripts that stand in the page itself.
    static func policy(scripts: [String]) -> String {
        let allowed = scripts.map { " 'sha256-\($0)'" }.joined()
        return "default-src 'self'; img-src 'self' blob: data:; worker-src 'self' blob:; "
            + "script-src 'self' 'wasm-unsafe-eval'\(allowed); "
            + "style-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    }

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        for (name, value) in Self.headers + (isSecure ? [Self.strict] : []) {
            // What came from outside is given under a stricter policy of its own.
            guard let name = HTTPField.Name(name), response.headers[name] == nil else { continue }
            response.headers[name] = value
        }
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        return response
    }
}
