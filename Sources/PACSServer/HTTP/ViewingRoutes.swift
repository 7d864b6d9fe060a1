import Archive
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import PersistenceSQLite
import SecurityProfiles

/// What a viewer asks for: the manifest of a study, and the frames of a series in one stream (Documentation/viewing.md).
struct ViewingRoutes: Sendable {
    let pacs: PACS
    let catalogue: ViewingCatalogue

    init(_ pacs: PACS, _ catalogue: ViewingCatalogue) {
        self.pacs = pacs
        self.catalogue = catalogue
    }

    static func catalogue(_ pacs: PACS) -> ViewingCatalogue {
        ViewingCatalogue(reader: pacs.reader, store: store(pacs))
    }

    /// Without it manifests are made anew after each start.
    private static func store(_ pacs: PACS) -> (any ViewingStore & PreviewStore)? {
        let path = pacs.directory.path + "/viewing.sqlite"
        do { return try SQLiteViewingStore(path: path, previewBytes: pacs.configuration.previewBytes) } catch {
            pacs.logger.warning("Prepared manifests cannot be kept: \(error)")
            return nil
        }
    }

    func add(to router: Router<WebContext>) {
        router.get("api/studies/:study/viewing") { request, context in
            try context.require(.studyView)
            let study = try context.parameters.require("study")
            let response = try await manifest(of: study)
            await pacs.access.noted(.studyViewed, [study], service: Self.service(request), by: context.author)
            return response
        }
        router.get("api/studies/:study/series/:series/frames") { request, context in
            try context.require(.studyView)
            let (study, series) = (try context.parameters.require("study"), try context.parameters.require("series"))
            let response = try await FrameStream(pacs: pacs, catalogue: catalogue).answer(study, series, request)
            await pacs.access.noted(.studyViewed, [study], service: Self.service(request), by: context.author)
            return response
        }
    }

    /// What a workstation makes ready before anybody opens it has left the archive too, but was not looked at.
    private static func service(_ request: Request) -> String {
        request.uri.queryParameters["ahead"] == "1" ? "viewer, made ready" : "viewer"
    }

    // MARK: Manifest

    private func manifest(of study: String) async throws -> Response {
        let found = try await pacs.pool.run { [index = pacs.directory.index] in
            (try StudyRoutes.study(study, index), try index.instances(.studies([study]), includingConflicts: false))
        }
        guard let row = found.0 else { throw WebFault(.notFound, "study", "There is no such study.") }
        let series = Self.bySeries(found.1)
        var body = ByteBuffer()
        var text = ""
        row.write(to: &text)
        body.writeString("{\"format\":1,\"study\":\(text),\"series\":[")
        for (position, instances) in series.enumerated() {
            if position > 0 { body.writeString(",") }
            body.writeBytes(try await catalogue.series(instances, on: pacs.pool).text)
        }
        body.writeString("]}")
        return Response(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"], body: .init(byteBuffer: body))
    }

    /// In the order of the index: by series number.
    private static func bySeries(_ instances: [StoredInstance]) -> [[StoredInstance]] {
        var series: [[StoredInstance]] = []
        for instance in instances {
            if series.last?.last?.seriesInstanceUID == instance.seriesInstanceUID {
                series[series.count - 1].append(instance)
            } else {
                series.append([instance])
            }
        }
        return series
    }
}

extension ViewingCatalogue {
    private static let batch = 32

    /// Kept or made; headers are read on several threads.
    func series(_ instances: [StoredInstance], on pool: BlockingPool) async throws -> PreparedSeries {
        if let kept = try await pool.run({ self.kept(instances) }) { return kept }
        let starts = Array(stride(from: 0, to: instances.count, by: Self.batch))
        let batches = try await withThrowingTaskGroup(of: (Int, [ViewingSeries]).self) { group in
            for start in starts {
                group.addTask {
                    (start, try await pool.run { instances[start..<min(start + Self.batch, instances.count)].map { self.object($0) } })
                }
            }
            var batches: [Int: [ViewingSeries]] = [:]
            for try await (start, objects) in group { batches[start] = objects }
            return batches
        }
        let objects = starts.flatMap { batches[$0] ?? [] }
        return try await pool.run { self.prepare(instances, objects) }
    }
}
