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
        throw WebFault(status, reason.rawValue, reason.descriptionEN)
    }
}

/// An error as clients see it: what, where, and what to do. Never a patient value.
struct WebFault: Error {
    var status: HTTPResponse.Status
    var code: String
    var message: String
    var remedy: String?

    init(_ status: HTTPResponse.Status, _ code: String, _ message: String, remedy: String? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    func response() -> Response {
        var error: [String: JSONValue] = ["code": .string(code), "message": .string(message)]
        if let remedy { error["remedy"] = .string(remedy) }
        var response = JSONValue.object(["error": .object(error)]).response(status: status)
        if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer realm=\"apus\"" }
        return response
    }
}

/// Turns errors into answers; unexpected ones are logged whole and told in general.
struct FaultMiddleware: RouterMiddleware {
    typealias Context = WebContext

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        do { return try await next(request, context) } catch let fault as WebFault {
            return fault.response()
        } catch let error as HTTPError {
            return WebFault(error.status, "http", error.body ?? error.status.reasonPhrase).response()
        } catch {
            return WebFault(mapping: error, logger: context.logger).response()
        }
    }
}

/// Headers every answer carries (front-end rules: strict content security policy, isolation for shared memory).
struct SecurityHeaders: RouterMiddleware {
    typealias Context = WebContext

    private static let headers: [(String, String)] = [
        (
            "Content-Security-Policy",
            "default-src 'self'; img-src 'self' blob: data:; worker-src 'self' blob:; script-src 'self' 'wasm-unsafe-eval'; "
                + "style-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
        ),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Embedder-Policy", "require-corp"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        for (name, value) in Self.headers {
            // What came from outside is given under a stricter policy of its own.
            guard let name = HTTPField.Name(name), response.headers[name] == nil else { continue }
            response.headers[name] = value
        }
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        return response
    }
}
