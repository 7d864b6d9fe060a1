import Archive
import DICOMCore
import DICOMObjects
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import PersistenceSQLite
import SecurityProfiles

/// What belongs to a person or a workstation and follows from browser to browser: key and mouse habits, monitors and their
/// calibration, and the log of display checks.
struct WorkplaceRoutes: Sendable {
    let pacs: PACS

    private static let bodyLimit = 64 << 10
    private static let nameLimit = 64
    private static let noteLimit = 300
    private static let questionLimit = 32

    func add(to router: Router<WebContext>) {
        router.get("api/preferences/:name") { _, context in
            try context.require(.studyView)
            return try await preference(of: WorkAuthor(context).key, try Self.name(context, "name"))
        }
        router.put("api/preferences/:name") { request, context in
            try context.require(.studyView)
            return try await save(request, WorkAuthor(context).key, try Self.name(context, "name"))
        }
        router.get("api/workstations/:workstation/screens") { _, context in
            try context.require(.studyView)
            return try await preference(of: "workstation:" + (try Self.name(context, "workstation")), "screens")
        }
        router.put("api/workstations/:workstation/screens") { request, context in
            try context.require(.studyView)
            return try await save(request, "workstation:" + (try Self.name(context, "workstation")), "screens")
        }
        router.get("api/display-checks") { request, context in
            try context.require(.studyView)
            return try await checks(request)
        }
        router.post("api/display-checks") { request, context in
            try context.require(.studyView)
            return try await record(request, context)
        }
    }

    // MARK: Preferences

    /// A name of letters, figures and a few signs: it is part of addresses and of the log.
    private static func name(_ context: WebContext, _ parameter: String) throws -> String {
        let raw = try context.parameters.require(parameter)
        let text = raw.removingPercentEncoding ?? raw
        guard isName(text) else { throw WebFault(.badRequest, "parameter", "A name has 1 to \(nameLimit) letters, figures, - or _.") }
        return text
    }

    private static func isName(_ text: String) -> Bool {
        (1...nameLimit).contains(text.count) && text.allSatisfy { $0.isLetter || $0.isNumber || "-_. ".contains($0) }
    }

    private func preference(of owner: String, _ name: String) async throws -> Response {
        let body = try await pacs.pool.run { [workspace = pacs.workspace] in try workspace.preference(owner: owner, name: name) }
        // Nothing kept yet is no fault: every account and workstation begins so.
        return MarksRoutes.response(.ok, body ?? Array("null".utf8))
    }

    private func save(_ request: Request, _ owner: String, _ name: String) async throws -> Response {
        let json = try WorkBody.json(try await request.body.collect(upTo: Self.bodyLimit))
        try await pacs.pool.run { [workspace = pacs.workspace] in
            try workspace.savePreference(owner: owner, name: name, body: json.encoded(), nowMilliseconds: PACS.now())
        }
        return Response(status: .noContent)
    }

    // MARK: Display checks

    private func record(_ request: Request, _ context: WebContext) async throws -> Response {
        let json = try WorkBody.json(try await request.body.collect(upTo: Self.bodyLimit))
        let check = try Self.check(json, author: context.principal.name)
        let number = try await pacs.pool.run { [workspace = pacs.workspace] in try workspace.recordDisplayCheck(check) }
        return MarksRoutes.response(.created, Self.row(number, check))
    }

    private static func check(_ json: JSONNode, author: String) throws -> DisplayCheck {
        func text(_ field: String, limit: Int) throws -> String {
            guard let text = json[field]?.string, text.count <= limit else {
                throw WebFault(.badRequest, "parameter", "\(field): a text of up to \(limit) characters is needed.")
            }
            return String(text.map { $0.isNewline ? " " : $0 })
        }
        let workstation = try text("workstation", limit: nameLimit)
        guard isName(workstation), let passed = json["passed"]?.bool,
            let seen = json["seen"]?.array?.map({ $0.bool ?? false }), seen.count <= questionLimit
        else { throw WebFault(.badRequest, "parameter", "workstation, passed and seen are needed.") }
        let density = json["pixelsPerMM"]?.double
        return DisplayCheck(
            atMilliseconds: PACS.now(), author: author, workstation: workstation, screen: try text("screen", limit: nameLimit),
            role: try text("role", limit: 16), pixelsPerMM: density.flatMap { $0.isFinite && $0 > 0 && $0 < 1000 ? $0 : nil },
            passed: passed, seen: seen, note: try text("note", limit: noteLimit))
    }

    /// `limit` (1 to 500), `before`, and `format=csv` for the whole log as a table.
    private func checks(_ request: Request) async throws -> Response {
        let parameters = request.uri.queryParameters
        let isTable = parameters["format"] == "csv"
        let limit = isTable ? Int.max : min(max(parameters["limit"].flatMap { Int($0) } ?? 100, 1), 500)
        let before = parameters["before"].flatMap { Int64($0) }
        let rows = try await pacs.pool.run { [workspace = pacs.workspace] in
            try workspace.displayChecks(limit: limit, before: before)
        }
        guard isTable else {
            let next = rows.count == limit ? rows.last.map { JSONNode(Int($0.number)) } : nil
            return MarksRoutes.response(
                .ok, ["checks": JSONNode(rows.map { Self.row($0.number, $0.check) }), "next": next ?? .init(.null)])
        }
        var response = Response(
            status: .ok, headers: [.contentType: "text/csv; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: Self.table(rows.map { ($0.number, $0.check) }))))
        if let name = HTTPField.Name("Content-Disposition") {
            response.headers[name] = "attachment; filename=\"display-checks.csv\""
        }
        return response
    }

    private static func row(_ number: Int64, _ check: DisplayCheck) -> JSONNode {
        [
            "number": JSONNode(Int(number)), "time": JSONNode(time(check)), "author": JSONNode(check.author),
            "workstation": JSONNode(check.workstation), "screen": JSONNode(check.screen), "role": JSONNode(check.role),
            "pixelsPerMM": check.pixelsPerMM.map { .init(.number("\($0)")) } ?? .init(.null),
            "passed": .init(.bool(check.passed)), "seen": JSONNode(check.seen.map { .init(.bool($0)) }),
            "note": JSONNode(check.note),
        ]
    }

    private static func time(_ check: DisplayCheck) -> String {
        Date(timeIntervalSince1970: Double(check.atMilliseconds) / 1000).ISO8601Format()
    }

    private static func table(_ rows: [(Int64, DisplayCheck)]) -> String {
        var text = "number,time,author,workstation,screen,role,pixels_per_mm,result,questions,note\r\n"
        for (number, check) in rows {
            let fields = [
                String(number), time(check), check.author, check.workstation, check.screen, check.role,
                check.pixelsPerMM.map { "\($0)" } ?? "", check.passed ? "passed" : "failed",
                String(check.seen.map { $0 ? "1" : "0" }), check.note,
            ]
            text += fields.map(field).joined(separator: ",") + "\r\n"
        }
        return text
    }

    /// RFC 4180; a value that a spreadsheet would take for a formula is text.
    private static func field(_ value: String) -> String {
        let text = value.first.map { "=+-@".contains($0) } ?? false ? "'" + value : value
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
