import Archive
import DICOMCore
import DICOMObjects
import HTTPTypes
import Hummingbird
import NIOCore
import PersistenceSQLite
import SecurityProfiles

/// Objects that are no pictures: what they say, and the document, recording or video in them (Documentation/viewing.md).
struct ObjectRoutes: Sendable {
    let pacs: PACS

    func add(to router: Router<WebContext>) {
        router.get("api/studies/:study/objects/:instance") { _, context in
            let instance = try await instance(context)
            let response = try await describe(instance)
            await noted(.studyViewed, instance, context)
            return response
        }
        router.get("api/studies/:study/objects/:instance/content") { request, context in
            let instance = try await instance(context)
            let isDownload = request.uri.queryParameters["download"] == "1"
            let response = try await content(instance, request, isDownload: isDownload)
            await noted(isDownload ? .studyExported : .studyViewed, instance, context)
            return response
        }
        router.get("api/studies/:study/objects/:instance/waveforms/:group") { request, context in
            let instance = try await instance(context)
            let response = try await waveform(instance, try context.parameters.require("group"), request)
            await noted(.studyViewed, instance, context)
            return response
        }
    }

    private func instance(_ context: WebContext) async throws -> StoredInstance {
        try context.require(.studyView)
        let (study, uid) = (try context.parameters.require("study"), try context.parameters.require("instance"))
        guard UID.isValid(study), UID.isValid(uid) else { throw Self.notFound("object") }
        let index = pacs.directory.index
        let found = try await pacs.pool.run {
            try index.instances(.instances(study: study, series: nil, [uid]), includingConflicts: false)
        }
        guard let instance = found.first else { throw Self.notFound("object") }
        return instance
    }

    private func noted(_ kind: AuditEventKind, _ instance: StoredInstance, _ context: WebContext) async {
        await pacs.access.noted(kind, [instance.studyInstanceUID], service: "viewer", by: context.author)
    }

    private static func notFound(_ what: String) -> WebFault { WebFault(.notFound, "instance", "There is no such \(what).") }

    // MARK: Description

    /// Binary values up to this many bytes stand in the description.
    private static let inlineBytes = 1024
    private static let binary: Set<VR> = [.ob, .od, .of, .ol, .ov, .ow, .un]
    /// Attributes of larger objects are for programs, not for a page.
    private static let maximumBytes = 64 << 20

    private func describe(_ instance: StoredInstance) async throws -> Response {
        let reader = pacs.reader
        let body = try await pacs.pool.run { () throws -> ByteBuffer in
            let content = try reader.content(of: instance)
            var about = Self.about(instance)
            about["content"] = try Attachment(content)?.json ?? .null
            var text = ""
            JSONValue.object(about).write(to: &text)
            let dataSet = DICOMJSON.encode(content.header) { element, _ in
                Self.binary.contains(element.vr) && (element.bytes?.count ?? 0) > Self.inlineBytes ? .omit : .inline
            }
            guard dataSet.count <= Self.maximumBytes else {
                throw WebFault(.contentTooLarge, "tooMuch", "The attributes of this object are too many to show.", remedy: "Download it.")
            }
            var buffer = ByteBuffer()
            buffer.writeString(text.dropLast() + ",\"dataSet\":")
            buffer.writeBytes(dataSet)
            buffer.writeString("}")
            return buffer
        }
        return Response(status: .ok, headers: [.contentType: "application/json; charset=utf-8"], body: .init(byteBuffer: body))
    }

    private static func about(_ instance: StoredInstance) -> [String: JSONValue] {
        let row = StorageSOPClass.row(instance.sopClassUID)
        let syntax = TransferSyntax(uid: instance.transferSyntaxUID)
        return [
            "sopClassName": JSONValue(row?.name ?? UIDRegistry.entry(for: instance.sopClassUID)?.name),
            "sopClassKind": JSONValue(row?.kind.rawValue),
            "transferSyntaxName": .string(syntax.name),
            "bytes": .integer(instance.dataSetBytes),
            "quarantined": .flag(instance.isQuarantined),
        ]
    }

    // MARK: Content

    private func content(_ instance: StoredInstance, _ request: Request, isDownload: Bool) async throws -> Response {
        let reader = pacs.reader
        let found = try await pacs.pool.run { try Attachment(reader.content(of: instance)) }
        guard let found else { throw Self.notFound("document") }
        var headers: HTTPFields = [.contentType: found.mediaType]
        let disposition = isDownload || !found.isShownByBrowsers ? "attachment" : "inline"
        headers[.contentDisposition] = "\(disposition); filename=\"\(found.fileName)\""
        headers[.contentSecurityPolicy] = Self.policy
        return PartAnswer(part: found.part, pool: pacs.pool).response(request, headers)
    }

    /// A document comes from outside: nothing in it may run, load anything or stand in a page of others.
    private static let policy = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'self'"

    // MARK: Waveforms

    private func waveform(_ instance: StoredInstance, _ number: String, _ request: Request) async throws -> Response {
        guard let number = Int(number), number >= 1 else { throw Self.notFound("waveform") }
        let isSound = request.uri.queryParameters["as"] == "wav"
        let reader = pacs.reader
        let part = try await pacs.pool.run { () throws -> ObjectPart? in
            let content = try reader.content(of: instance)
            let step = ElementPath.Step(sequence: .waveformSequence, itemIndex: number - 1)
            guard let samples = content.value(at: ElementPath(steps: [step], tag: .waveformData)), isSound else {
                return content.value(at: ElementPath(steps: [step], tag: .waveformData))
            }
            let groups = content.header.items(.waveformSequence)
            guard groups.indices.contains(number - 1), let audio = AudioWaveform(groups[number - 1]),
                let head = audio.head(sampleBytes: samples.byteCount)
            else { throw WebFault(.notAcceptable, "sound", "This waveform is no sound that can be played.") }
            return samples.preceded(by: head)
        }
        guard let part else { throw Self.notFound("waveform") }
        return PartAnswer(part: part, pool: pacs.pool).response(
            request, [.contentType: isSound ? "audio/wav" : "application/octet-stream"])
    }
}

/// The document or video an object carries.
private struct Attachment {
    let part: ObjectPart
    let mediaType: String
    /// Made of facts about the object, none about the patient.
    let fileName: String
    let isShownByBrowsers: Bool
    private let facts: [String: JSONValue]

    init?(_ content: ObjectContent) throws {
        let ending: String
        if let video = content.video {
            let container = VideoContainer(try video.start(VideoContainer.bytesNeeded))
            part = video
            mediaType = container.mediaType
            isShownByBrowsers = container == .mp4
            facts = ["kind": .string("video"), "container": .string(container.rawValue)]
            ending = container.fileExtension
        } else if let value = content.value(at: ElementPath(tag: .encapsulatedDocument)) {
            let document = EncapsulatedDocument(content.header, start: try value.start(1024))
            part = document.byteCount.map { value.prefix($0) } ?? value
            mediaType = document.mediaType
            isShownByBrowsers = document.format == .pdf
            facts = [
                "kind": .string("document"), "format": .string(document.format.rawValue),
                "declaredType": .string(document.declaredType),
            ]
            ending = document.fileExtension
        } else {
            return nil
        }
        let numbers = [content.header.int(.seriesNumber), content.header.int(.instanceNumber)].map { String($0 ?? 0) }
        let modality = (content.header.string(.modality) ?? "").filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        fileName = ([modality.isEmpty ? "OT" : String(modality.prefix(16))] + numbers).joined(separator: "-") + "." + ending
    }

    var json: JSONValue {
        .object(
            facts.merging([
                "mediaType": .string(mediaType), "fileName": .string(fileName), "bytes": .integer(part.byteCount),
            ]) { first, _ in first })
    }
}

/// Answers with part of an object, or with the byte range of it that was asked for (RFC 9110 §14).
struct PartAnswer: Sendable {
    let part: ObjectPart
    let pool: BlockingPool

    private static let chunkBytes = 1 << 20

    func response(_ request: Request, _ fields: HTTPFields) -> Response {
        var headers = fields
        headers[.acceptRanges] = "bytes"
        let total = part.byteCount
        guard let asked = request.headers[.range], let range = RangedBody.range(asked, total) else {
            return Response(status: .ok, headers: headers, body: body(0..<total))
        }
        guard !range.isEmpty else {
            headers[.contentRange] = "bytes */\(total)"
            return Response(status: .rangeNotSatisfiable, headers: headers)
        }
        headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(total)"
        return Response(status: .partialContent, headers: headers, body: body(range))
    }

    private func body(_ range: Range<Int>) -> ResponseBody {
        let stream = part.stream(range)
        return ResponseBody(contentLength: range.count) { [pool] output in
            while let bytes = try await pool.run({ try stream.next(maximumBytes: Self.chunkBytes) }) {
                try await output.write(ByteBuffer(bytes: bytes))
            }
            try await output.finish(nil)
        }
    }
}
