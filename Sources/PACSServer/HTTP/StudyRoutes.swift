import Archive
import DICOMCore
import DICOMweb
import DIMSE
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import ObjectStorage
import PersistenceSQLite
import SecurityProfiles

/// The study list of our own page: compact rows, free text, cursors.
struct StudyRoutes: Sendable {
    let pacs: PACS
    let previews: (any PreviewStore)?

    func add(to router: Router<WebContext>) {
        router.get("api/studies") { request, context in
            try await list(request.uri, context)
        }
        // The same with the parameters in the body: names and numbers of patients do not get into the logs of proxies.
        router.post("api/studies/search") { request, context in
            let body = try await request.body.collect(upTo: Self.searchBytes)
            return try await list(URI("/api/studies?" + String(buffer: body)), context)
        }
        router.get("api/studies/:study/series") { _, context in
            try context.require(.studyView)
            let study = try context.parameters.require("study")
            let response = try await series(of: study)
            await pacs.access.noted(.studyViewed, [study], service: "study page", by: context.author)
            return response
        }
        router.get("api/server") { _, context in
            try context.require(.studySearch)
            return try await status()
        }
        router.get("api/transfers") { _, context in
            try context.require(.systemStatus)
            return transfers()
        }
        router.get("api/events") { _, context in
            try context.require(.studySearch)
            return events()
        }
    }

    // MARK: List

    private static let sortable: [String: Tag] = [
        "studyDate": .studyDate, "patientName": .patientName, "patientID": .patientID, "accessionNumber": .accessionNumber,
        "studyDescription": .studyDescription, "patientBirthDate": .patientBirthDate,
        "numberOfInstances": .numberOfStudyRelatedInstances,
    ]

    private static let searchBytes = 16 << 10

    private func query(_ uri: URI) throws -> ArchiveQuery {
        let parameters = uri.queryParameters
        var search = SearchParameters()
        let modalities = parameters.getAll("modality")
        if !modalities.isEmpty {
            search.matches.append(.init(path: [.modalitiesInStudy], value: modalities.joined(separator: "\\")))
            search.multipleValueMatching = true
        }
        let (from, to) = (parameters["from"], parameters["to"])
        if from != nil || to != nil {
            search.matches.append(.init(path: [.studyDate], value: "\(from ?? "")-\(to ?? "")"))
        }
        search.includesAll = true
        var query = try ArchiveQuery(
            resources: .study, studyInstanceUID: nil, seriesInstanceUID: nil, parameters: search)
        if let text = try QueryString(uri.query).single("q"), !text.allSatisfy(\.isWhitespace) { query.text = text }
        query.limit = min(max(parameters["limit"].flatMap { Int($0) } ?? 100, 1), 500)
        let sort = parameters["sort"].map(String.init) ?? "-studyDate"
        let name = sort.hasPrefix("-") ? String(sort.dropFirst()) : sort
        guard let tag = Self.sortable[name], let attribute = IndexedAttribute.named(tag) else {
            throw WebFault(.badRequest, "parameter", "Cannot sort by \(name.prefix(40)).",
                remedy: "One of \(Self.sortable.keys.sorted().joined(separator: ", ")).")
        }
        query.order = [ArchiveQuery.Order(attribute, ascending: !sort.hasPrefix("-"))]
        if let token = parameters["cursor"] {
            guard let cursor = QueryCursor(token: String(token)) else { throw QueryError.invalidCursor }
            query.cursor = cursor
        }
        return query
    }

    private func list(_ uri: URI, _ context: WebContext) async throws -> Response {
        try context.require(.studySearch)
        let query = try query(uri)
        let index = pacs.directory.index
        let (page, total) = try await pacs.pool.run {
            (try index.find(query), query.cursor == nil ? try index.count(query) : nil)
        }
        await pacs.access.noted(.studySearched, [], service: "study list", by: context.author)
        return JSONValue.object([
            "studies": .array(page.rows.map(Self.studyRow)),
            "next": JSONValue(page.next?.token),
            "total": total.map { .integer($0) } ?? .null,
        ]).response()
    }

    /// The row of one study; `nil` when there is none.
    static func study(_ studyInstanceUID: String, _ index: SQLiteIndex) throws -> JSONValue? {
        var search = SearchParameters()
        search.includesAll = true
        let query = try ArchiveQuery(
            resources: .study, studyInstanceUID: studyInstanceUID, seriesInstanceUID: nil, parameters: search)
        return try index.find(query).rows.first.map { studyRow($0) }
    }

    private static func studyRow(_ row: QueryRow) -> JSONValue {
        func text(_ tag: Tag) -> JSONValue { JSONValue(row.string(tag)) }
        return .object([
            "studyInstanceUID": text(.studyInstanceUID), "patientName": text(.patientName), "patientID": text(.patientID),
            "patientSex": text(.patientSex), "patientBirthDate": text(.patientBirthDate), "studyDate": text(.studyDate),
            "studyTime": text(.studyTime), "studyDescription": text(.studyDescription),
            "accessionNumber": text(.accessionNumber),
            "modalities": .array((row.values[.modalitiesInStudy] ?? []).map { .string($0) }),
            "numberOfSeries": .integer(row.int(.numberOfStudyRelatedSeries) ?? 0),
            "numberOfInstances": .integer(row.int(.numberOfStudyRelatedInstances) ?? 0),
        ])
    }

    // MARK: One study

    private func series(of studyInstanceUID: String) async throws -> Response {
        let index = pacs.directory.index
        let (studies, rows, instances) = try await pacs.pool.run {
            var search = SearchParameters()
            search.includesAll = true
            var seriesQuery = try ArchiveQuery(
                resources: .series, studyInstanceUID: studyInstanceUID, seriesInstanceUID: nil, parameters: search)
            seriesQuery.limit = 10_000
            return (
                try index.find(try ArchiveQuery(
                    resources: .study, studyInstanceUID: studyInstanceUID, seriesInstanceUID: nil, parameters: search)).rows, try index.find(seriesQuery).rows,
                try index.instances(.studies([studyInstanceUID]), includingConflicts: false)
            )
        }
        guard let study = studies.first else { throw WebFault(.notFound, "study", "There is no such study.") }
        let bySeries = Dictionary(grouping: instances, by: \.seriesInstanceUID)
        return JSONValue.object([
            "study": Self.studyRow(study),
            "series": .array(rows.map { Self.seriesRow($0, bySeries[$0.string(.seriesInstanceUID) ?? ""] ?? []) }),
        ]).response()
    }

    private static func seriesRow(_ row: QueryRow, _ instances: [StoredInstance]) -> JSONValue {
        .object([
            "seriesInstanceUID": JSONValue(row.string(.seriesInstanceUID)), "modality": JSONValue(row.string(.modality)),
            "seriesNumber": row.int(.seriesNumber).map { .integer($0) } ?? .null,
            "seriesDescription": JSONValue(row.string(.seriesDescription)),
            "numberOfInstances": .integer(instances.count),
            "instances": .array(
                instances.enumerated().map { position, instance in
                    .object([
                        "sopInstanceUID": .string(instance.sopInstanceUID), "sopClassUID": .string(instance.sopClassUID),
                        "instanceNumber": .integer(position + 1),
                        "numberOfFrames": .integer(instance.frames.numberOfFrames),
                        "transferSyntaxUID": .string(instance.transferSyntaxUID),
                        "quarantined": .flag(instance.isQuarantined),
                    ])
                }),
        ])
    }

    // MARK: Status

    private func status() async throws -> Response {
        let pacs = pacs
        let (counts, volumes, kept) = try await pacs.pool.run { [previews] in
            (try pacs.directory.index.statistics(), pacs.directory.store.volumes(), try? previews?.previewUsage())
        }
        let state: VolumeStatus.State =
            volumes.contains { $0.state == .ok } ? .ok : volumes.contains { $0.state == .low } ? .low : .full
        return JSONValue.object([
            "version": .string(ApusVersion.text),
            "dicom": .object([
                "aeTitle": .string(pacs.configuration.aeTitle), "host": .string(pacs.configuration.dicom.host),
                "port": .integer(pacs.configuration.dicom.port),
            ]),
            "storage": .object([
                "freeBytes": .integer(Int(volumes.reduce(0) { $0 + $1.freeBytes })),
                "totalBytes": .integer(Int(volumes.reduce(0) { $0 + $1.totalBytes })), "state": .string(state.rawValue),
                "previews": .object([
                    "count": .integer(kept?.count ?? 0), "bytes": .integer(Int(kept?.bytes ?? 0)),
                    "limitBytes": .integer(Int(pacs.configuration.previewBytes)),
                ]),
                "volumes": .array(
                    volumes.map {
                        .object([
                            "name": .string($0.name), "state": .string($0.state.rawValue),
                            "freeBytes": .integer(Int($0.freeBytes)), "totalBytes": .integer(Int($0.totalBytes)),
                            "warnBelowBytes": .integer(Int($0.warnBelowBytes)),
                            "refuseBelowBytes": .integer(Int($0.refuseBelowBytes)),
                        ])
                    }),
            ]),
            "counts": .object([
                "patients": .integer(counts.patients), "studies": .integer(counts.studies), "series": .integer(counts.series),
                "instances": .integer(counts.instances), "conflicts": .integer(counts.conflicts),
            ]),
            "transfers": .integer(pacs.monitor.entries().count), "readOnly": .flag(pacs.isReadOnly),
            "configurationAccepted": .flag(pacs.configurationWatch.differences.isEmpty),
            "security": Self.securityRow(pacs.security.degradation),
        ]).response()
    }

    private static func securityRow(_ degradation: SecurityDegradation?) -> JSONValue {
        guard let degradation else { return .object(["writable": .flag(true)]) }
        return .object([
            "writable": .flag(false), "reason": .string(degradation.reason),
            "since": .integer(Int(degradation.sinceMilliseconds)),
            "bufferedAuditRecords": .integer(degradation.bufferedAuditRecords),
            "lostAuditRecords": .integer(degradation.lostAuditRecords),
        ])
    }

    private func transfers() -> Response {
        JSONValue.array(
            pacs.monitor.entries().map { entry in
                .object([
                    "id": .integer(Int(entry.id)), "peer": .string(entry.peerAETitle), "address": .string(entry.peerAddress),
                    "direction": .string(entry.isInbound ? "in" : "out"), "since": .integer(Int(entry.sinceMilliseconds)),
                    "instances": .integer(entry.statistics.storedInstances),
                    "receivedBytes": .integer(entry.statistics.receivedBytes),
                    "sentBytes": .integer(entry.statistics.sentBytes),
                ])
            }
        ).response()
    }

    /// Server-sent events: one for each study that changed, gathered over a second; a comment each 15 s keeps the line.
    private func events() -> Response {
        let pacs = pacs
        let body = ResponseBody { writer in
            var position = try await pacs.pool.run { try pacs.directory.index.lastSequence() }
            try await writer.write(ByteBuffer(string: ": apus\n\n"))
            while !Task.isCancelled {
                let seen = pacs.changed.generation
                let changes = try await pacs.pool.run { [position] in
                    try pacs.directory.index.changes(after: position, limit: 2000)
                }
                if let last = changes.last {
                    position = last.sequence
                    var text = ""
                    for study in Set(changes.map(\.studyInstanceUID)).sorted() {
                        text += "event: study\ndata: {\"studyInstanceUID\":\"\(study.filter { $0.isNumber || $0 == "." })\"}\n\n"
                    }
                    try await writer.write(ByteBuffer(string: text))
                    try await Task.sleep(for: .seconds(1))
                } else {
                    try await writer.write(ByteBuffer(string: ": \n\n"))
                    await pacs.changed.wait(after: seen, atMost: .seconds(15))
                }
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: body)
    }
}
