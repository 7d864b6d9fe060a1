import DICOMCore
import DICOMweb
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// Writes faults down and words their answers: text and remedy from the catalogue, and the identifier of the entry in the log.
struct FaultReport: Sendable {
    /// Entries of refused requests in one minute; a flood of them must not fill the log. Our own failures are always written.
    static let refusalsPerMinute = 600

    private static let window = Mutex((start: Int64(0), count: 0))

    let language: MessageLanguage
    private let method: String
    private let path: String
    private let logger: Logger

    init(_ request: Request, _ logger: Logger) {
        language = MessageLanguage(acceptLanguage: request.headers[.acceptLanguage])
        method = request.method.rawValue
        // A set-up link is a secret until it is used. Queries can hold what patients are searched by.
        path = request.uri.path.hasPrefix("/api/setup/") ? "/api/setup/…" : Self.oneLine(request.uri.path)
        self.logger = logger
    }

    static func oneLine(_ text: String) -> String {
        String(text.unicodeScalars.prefix(300).map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) })
    }

    /// - Returns: `nil` where there is no entry: for "sign in first", which is no error, and in a flood of refusals.
    func record(_ fault: WebFault) -> String? {
        guard fault.code != "notAuthenticated" else { return nil }
        let isOurs = fault.status.code >= 500
        guard isOurs || Self.admits() else { return nil }
        let id = ErrorIdentifier.make()
        let what = Self.oneLine([fault.detail, fault.cause ?? ""].filter { !$0.isEmpty }.joined(separator: " "))
        logger.log(
            level: isOurs ? .error : .notice, "Error \(id) \(fault.code.rawValue) \(fault.status.code) \(method) \(path): \(what)")
        return id
    }

    /// Counts an entry against the minute's budget.
    static func admits() -> Bool {
        let now = PACS.now()
        return window.withLock { window in
            if abs(now &- window.start) >= 60_000 { window = (now, 0) }
            window.count &+= 1
            return window.count <= refusalsPerMinute
        }
    }

    /// Our own API's answer.
    func answer(_ fault: WebFault) -> Response {
        let members = [JSONNode.Member("error", JSONNode(description(fault)))] + fault.members
        var response = MarksRoutes.response(fault.status, JSONNode(members))
        if fault.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer realm=\"apus\"" }
        return response
    }

    private func description(_ fault: WebFault) -> [JSONNode.Member] {
        let entry = ErrorCatalogue.entry(fault.code)
        let wording = entry.wording(language)
        var error: [JSONNode.Member] = [
            .init("code", JSONNode(entry.code.rawValue)), .init("message", JSONNode(wording.text)),
            .init("remedy", JSONNode(remedy(fault) ?? wording.remedy)), .init("severity", JSONNode(entry.severity.rawValue)),
            .init("contact", JSONNode(entry.contact.rawValue)), .init("reference", JSONNode(entry.reference)),
        ]
        if !fault.detail.isEmpty { error.append(.init("detail", JSONNode(fault.detail))) }
        if let id = record(fault) { error.append(.init("id", JSONNode(id))) }
        return error
    }

    /// A remedy for just this case; those are in English.
    private func remedy(_ fault: WebFault) -> String? { language == .english ? fault.remedy : nil }

    /// DICOMweb's answer (RFC 9457).
    func problem(_ fault: WebFault) -> Response {
        let entry = ErrorCatalogue.entry(fault.code)
        let wording = entry.wording(language)
        var members: [JSONNode.Member] = [
            .init("status", JSONNode(fault.status.code)), .init("type", JSONNode(entry.reference)),
            .init("title", JSONNode(wording.text)), .init("code", JSONNode(entry.code.rawValue)),
        ]
        if !fault.detail.isEmpty { members.append(.init("detail", JSONNode(fault.detail))) }
        if let location = fault.location { members.append(.init("where", JSONNode(location))) }
        members.append(.init("remedy", JSONNode(remedy(fault) ?? wording.remedy)))
        if let id = record(fault) { members.append(.init("instance", JSONNode(id))) }
        var response = Response(
            status: fault.status, headers: [.contentType: Problem.mediaType.formatted],
            body: .init(byteBuffer: ByteBuffer(bytes: JSONNode(members).encoded())))
        if fault.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer realm=\"apus\"" }
        return response
    }
}

extension WebFault {
    /// What the parsers of DICOMweb refuse.
    init(_ problem: Problem) {
        let code: ErrorCode = switch problem.status {
        case 404: "notFound"
        case 406: "notAcceptable"
        case 413: "body"
        case 415: "mediaType"
        case 500...: "internal"
        default: "parameter"
        }
        self.init(.init(code: problem.status), code, problem.what, remedy: problem.remedy)
        location = problem.location
    }
}
