import Archive
import DICOMCore
import DICOMweb
import HTTPTypes
import Hummingbird
import NIOCore
import SecurityProfiles

/// STOW-RS (PS3.18 §10.5): each part goes into the archive as it arrives; memory does not grow with the request.
struct StoreAnswer: Sendable {
    let pacs: PACS
    let base: RequestBase

    func answer(_ request: Request, _ context: WebContext) async throws -> Response {
        let content = try StoreContent(contentType: request.headers[.contentType])
        let collector = StoreCollector(
            base: base, study: try context.parameters.get("study").map { try Self.uid($0) })
        switch content {
        case .files(let boundary): try await storeParts(request, boundary, collector, context)
        case .singleFile: try await storeBody(request, collector, context)
        case .metadata, .metadataAndBulkData: try await storeAssembled(request, content, collector, context)
        }
        let (report, faults) = collector.result()
        if report.stored.isEmpty, let full = faults.first(where: { $0.kind == .full || $0.kind == .unavailable }) {
            throw WebFault(full)
        }
        try await audit(report, context)
        guard report.status != 400 else {
            throw Problem(status: 400, "The request holds no instance", remedy: "Send at least one part with a DICOM file")
        }
        return Response(
            status: .init(code: report.status), headers: [.contentType: MediaType.dicomJSON.formatted],
            body: .init(byteBuffer: ByteBuffer(bytes: report.encoded())))
    }

    private static func uid(_ text: String) throws -> String {
        guard text.utf8.count <= 64, UID.isValid(text) else {
            throw Problem(status: 400, "The study is no UID", at: "study", remedy: "Use a Study Instance UID")
        }
        return text
    }

    private func origin(_ context: WebContext) -> Origin { .web(context.principal.name) }

    private func audit(_ report: StoreReport, _ context: WebContext) async throws {
        guard !report.stored.isEmpty else { return }
        let studies = Set(report.stored.compactMap { $0.retrieveURL.split(separator: "/series/").first?.split(separator: "/").last })
        let event = AuditEvent(
            .studyReceived, actor: context.principal, origin: context.remoteAddress,
            objects: studies.sorted().map { .study(uid: String($0)) })
        try await pacs.pool.run { [security = pacs.security] in try security.audit.append(event) }
    }

    // MARK: Files

    private func storeParts(
        _ request: Request, _ boundary: String, _ collector: StoreCollector, _ context: WebContext
    ) async throws {
        var reader = try Self.reading { () throws(MultipartError) in try MultipartReader(boundary: boundary) }
        var intake: Part10Intake?
        for try await chunk in request.body {
            let events = try Self.reading { () throws(MultipartError) in try reader.feed(ArraySlice(chunk.readableBytesView)) }
            for event in events {
                switch event {
                case .partBegan: intake = Part10Intake(ingest: pacs.ingest, origin: origin(context))
                case .body(let bytes): bytes.withUnsafeBytes { intake?.append($0) }
                case .partEnded:
                    if let complete = intake { collector.finish(complete) }
                    intake = nil
                    await collector.waitForRoom()
                case .finished: break
                }
            }
        }
        intake?.abandon()
        await collector.waitForAll()
        _ = try Self.reading { () throws(MultipartError) in try reader.finish() }
    }

    private static func reading<Value>(_ body: () throws(MultipartError) -> Value) throws(Problem) -> Value {
        do { return try body() } catch {
            throw Problem(
                status: 400, "The multipart body cannot be read: \(error)", at: "body",
                remedy: "Send RFC 2046 parts between delimiters of the boundary named in Content-Type")
        }
    }

    private func storeBody(_ request: Request, _ collector: StoreCollector, _ context: WebContext) async throws {
        let intake = Part10Intake(
            ingest: pacs.ingest, origin: origin(context), expectedBytes: request.headers[.contentLength].flatMap { Int($0) })
        for try await chunk in request.body { chunk.withUnsafeReadableBytes { intake.append($0) } }
        collector.finish(intake)
        await collector.waitForAll()
    }

    // MARK: Metadata and bulk data

    /// Parts are put together in memory.
    private static let assemblyLimits: StoreAssembler.Limits = {
        var limits = StoreAssembler.Limits()
        limits.maximumTotalBytes = 512 << 20
        return limits
    }()

    private func storeAssembled(
        _ request: Request, _ content: StoreContent, _ collector: StoreCollector, _ context: WebContext
    ) async throws {
        var assembler = StoreAssembler(limits: Self.assemblyLimits)
        if case .metadataAndBulkData(let boundary) = content {
            var reader = try Self.reading { () throws(MultipartError) in try MultipartReader(boundary: boundary) }
            for try await chunk in request.body {
                let events = try Self.reading { () throws(MultipartError) in try reader.feed(ArraySlice(chunk.readableBytesView)) }
                for event in events { try assembler.handle(event) }
            }
            _ = try Self.reading { () throws(MultipartError) in try reader.finish() }
        } else {
            let body = try await request.body.collect(upTo: Self.assemblyLimits.maximumMetadataBytes)
            try assembler.takeMetadata(ArraySlice(body.readableBytesView))
        }
        for instance in try assembler.assemble() {
            let bytes: [UInt8]
            do { bytes = try Part10File(dataSet: instance.dataSet, syntax: instance.transferSyntax).encoded() } catch {
                collector.addFailure(instance.dataSet)
                continue
            }
            let intake = Part10Intake(ingest: pacs.ingest, origin: origin(context), expectedBytes: bytes.count)
            bytes.withUnsafeBytes { intake.append($0) }
            collector.finish(intake)
            await collector.waitForRoom()
        }
        await collector.waitForAll()
    }
}
