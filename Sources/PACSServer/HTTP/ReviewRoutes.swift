import Archive
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import PersistenceSQLite
import SecurityProfiles

/// What the archive keeps but somebody should look at: quarantine, conflicts, inconsistencies (PACS-4.2.6-g).
struct ReviewRoutes: Sendable {
    let pacs: PACS

    func add(to router: Router<WebContext>) {
        router.get("api/quarantine") { request, context in
            try context.require(.quarantineReview)
            return try await quarantine(Page(request))
        }
        router.post("api/quarantine/release") { request, context in
            try context.require(.quarantineReview)
            return try await release(request, context)
        }
        router.get("api/conflicts") { request, context in
            try context.require(.quarantineReview)
            return try await conflicts(Page(request))
        }
        router.get("api/inconsistencies") { request, context in
            try context.require(.quarantineReview)
            return try await inconsistencies(Page(request))
        }
    }

    /// `limit` (1 to 500) and `before`, the last answer's `next`.
    private struct Page {
        let limit: Int
        let before: Int64?

        init(_ request: Request) throws {
            let parameters = request.uri.queryParameters
            limit = min(max(parameters["limit"].flatMap { Int($0) } ?? 100, 1), 500)
            before = parameters["before"].flatMap { Int64($0) }
            if before == nil, parameters["before"] != nil {
                throw WebFault(.badRequest, "parameter", "before is no number.", remedy: "Use the value of next.")
            }
        }

        func answer(_ rows: [JSONValue], last: Int64?) -> Response {
            JSONValue.object([
                "items": .array(rows), "next": rows.count == limit ? last.map { .integer(Int($0)) } ?? .null : .null,
            ]).response()
        }
    }

    private func quarantine(_ page: Page) async throws -> Response {
        let (index, store) = (pacs.directory.index, pacs.directory.store)
        let rows = try await pacs.pool.run {
            try index.quarantined(limit: page.limit, before: page.before).map { instance in
                (instance, QuarantineReasons.read(instance, from: store))
            }
        }
        return page.answer(
            rows.map { instance, reasons in
                .object([
                    "sopInstanceUID": .string(instance.sopInstanceUID), "sopClassUID": .string(instance.sopClassUID),
                    "studyInstanceUID": .string(instance.studyInstanceUID),
                    "seriesInstanceUID": .string(instance.seriesInstanceUID),
                    "version": .integer(instance.conflictVersion), "source": .string(instance.source),
                    "receivedAt": .integer(Int(instance.receivedAtMilliseconds)),
                    "reasons": .array(reasons.map { .string($0) }),
                ])
            }, last: rows.last?.0.instanceKey)
    }

    private struct ReleaseRequest: Decodable {
        struct Instance: Decodable {
            var sopInstanceUID: String
            var version: Int?
        }

        var instances: [Instance]
        var reason: String
    }

    private static let releaseBytes = 1 << 20

    /// `{"instances": [{"sopInstanceUID": …, "version": 0}], "reason": …}`; answers which were released.
    private func release(_ request: Request, _ context: WebContext) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.releaseBytes)
        guard let asked = try? JSONDecoder().decode(ReleaseRequest.self, from: Data(body.readableBytesView)), !asked.instances.isEmpty,
            !asked.reason.allSatisfy(\.isWhitespace)
        else {
            throw WebFault(
                .badRequest, "release", "Instances and a reason are needed.",
                remedy: #"Send {"instances": [{"sopInstanceUID": "1.2.3"}], "reason": "…"}."#)
        }
        let affected = try await pacs.pool.run { [index = pacs.directory.index] in
            try QuarantineRelease.affected(asked.instances.map { ($0.sopInstanceUID, $0.version ?? 0) }, index)
        }
        guard affected.counts[.objects] ?? 0 > 0 else { throw WebFault(.notFound, "release", "No such instance is in quarantine.") }
        try Confirmation(
            function: .quarantineRelease, subject: asked.instances.map { "\($0.sopInstanceUID) \($0.version ?? 0)" }, affected: affected
        ).require(request, context)
        let release = QuarantineRelease(index: pacs.directory.index, security: pacs.security)
        let author = context.author
        let released = try await pacs.pool.run {
            try asked.instances.filter {
                try release.run($0.sopInstanceUID, version: $0.version ?? 0, reason: asked.reason, by: author)
            }.map(\.sopInstanceUID)
        }
        guard !released.isEmpty else { throw WebFault(.notFound, "release", "No such instance is in quarantine.") }
        pacs.changed.signal()
        return JSONValue.object(["released": .array(released.map { .string($0) })]).response()
    }

    private func conflicts(_ page: Page) async throws -> Response {
        let index = pacs.directory.index
        let rows = try await pacs.pool.run { try index.conflicts(limit: page.limit, before: page.before) }
        return page.answer(
            rows.map { row in
                .object([
                    "sopInstanceUID": .string(row.sopInstanceUID), "studyInstanceUID": .string(row.studyInstanceUID),
                    "seriesInstanceUID": .string(row.seriesInstanceUID), "version": .integer(row.version),
                    "elsewhere": .flag(row.isElsewhere), "at": .integer(Int(row.atMilliseconds)),
                    "source": .string(row.source),
                ])
            }, last: rows.last?.sequence)
    }

    private func inconsistencies(_ page: Page) async throws -> Response {
        let index = pacs.directory.index
        let rows = try await pacs.pool.run { try index.inconsistencies(limit: page.limit, before: page.before) }
        return page.answer(
            rows.map { row in
                .object([
                    "level": .string(row.level.definedTerm), "tag": .string("\(row.tag)"), "kept": .string(row.keptValue),
                    "found": .string(row.foundValue), "studyInstanceUID": .string(row.studyInstanceUID),
                    "sopInstanceUID": .string(row.sopInstanceUID), "at": .integer(Int(row.atMilliseconds)),
                    "source": .string(row.source),
                ])
            }, last: rows.last?.sequence)
    }
}
