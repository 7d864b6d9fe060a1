import Archive
import DICOMCore
import DICOMObjects
import DICOMweb
import HTTPTypes
import Hummingbird
import NIOCore
import PersistenceSQLite
import SecurityProfiles

/// WADO-RS (PS3.18 §10.4).
struct RetrieveAnswer: Sendable {
    let pacs: PACS
    let base: RequestBase

    func answer(_ asked: RetrieveRequest, _ request: Request, _ context: WebContext) async throws -> Response {
        let scope = InstanceScope(asked.scope)
        let instances = try await pacs.pool.run { [index = pacs.directory.index] in
            try index.instances(scope, includingConflicts: false)
        }
        guard let first = instances.first else {
            throw Problem(status: 404, "There is no such object", remedy: "Search for it under /dicom-web/studies")
        }
        let accept = try AcceptList(
            header: request.headers[.accept], queryParameter: try QueryString(request.uri.query).single("accept"))
        switch asked.content {
        case .instances: return try await objects(instances, accept, request, context, isSingle: asked.scope.isInstance)
        case .metadata: return try metadata(instances, accept)
        case .frames(let numbers): return try await frames(first, numbers, accept)
        case .pixelData:
            return try await frames(first, Array(1...max(1, first.frames.numberOfFrames)), accept)
        case .bulkData(let path): return try await bulkData(first, path, accept, request)
        case .allBulkData:
            throw Problem(status: 406, "Bulk data are given one value at a time", remedy: "Use the BulkDataURI of the metadata")
        case .rendered, .renderedFrames, .thumbnail, .thumbnailFrames:
            return try await RenderAnswer(pacs: pacs).answer(asked, instances, accept, request)
        }
    }

    // MARK: Whole objects

    private struct Outgoing: Sendable {
        var instance: StoredInstance
        var representation: Representation
    }

    private func objects(
        _ instances: [StoredInstance], _ accept: AcceptList, _ request: Request, _ context: WebContext, isSingle: Bool
    ) async throws -> Response {
        let reader = pacs.reader
        let outgoing = try await pacs.pool.run {
            try instances.map { instance in
                let negotiation = RetrieveNegotiation(
                    accept: accept, stored: TransferSyntax(uid: instance.transferSyntaxUID),
                    transcodable: instance.transcodableSyntaxes)
                guard let representation = negotiation.instance() else { throw Problem.notAcceptable([.dicom]) }
                return Outgoing(instance: instance, representation: representation)
            }
        }
        if let only = outgoing.first, isSingle, !only.representation.isMultipart {
            let stream = try await pacs.pool.run {
                try OutgoingBytes.file(only.instance, only.representation.transferSyntax, reader)
            }
            return RangedBody(stream: stream, pool: pacs.pool).response(request, contentType: only.representation.mediaType)
        }
        let writer = Self.writer()
        let pool = pacs.pool
        let ahead = ReadAhead(outgoing[...]) { item in
            try await pool.run {
                let lead = writer.partHeader(item.representation.mediaType)
                return try OutgoingBytes.file(item.instance, item.representation.transferSyntax, reader, lead: lead)
            }
        }
        let (first, rest) = try await ahead.begun()
        let name = context.principal.name
        let body = ResponseBody { [monitor = pacs.monitor] output in
            try await monitor.running("download of \(instances.count) objects by \(name) (WADO-RS)") {
                var parts = rest
                var current = first
                while let part = current {
                    if let begun = part.takeBegun() { try await output.write(begun) }
                    while !part.isAtEnd, let more = try await pool.run({ try part.next() }) { try await output.write(more) }
                    current = try await parts.next()
                }
                try await output.write(ByteBuffer(bytes: writer.end))
            }
            try await output.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: writer.contentType(of: .dicom).formatted], body: body)
    }

    static func writer() -> MultipartWriter {
        var generator = SystemRandomNumberGenerator()
        return MultipartWriter(boundary: MultipartWriter.randomBoundary(using: &generator))
    }

    // MARK: Metadata

    private static let metadataBatch = 64

    /// DICOM JSON of the headers, a batch at a time; values too large for it are named by URI.
    private func metadata(_ instances: [StoredInstance], _ accept: AcceptList) throws -> Response {
        let type = try accept.requireMetadata()
        if type == .dicomXML { return metadataXML(instances) }
        let reader = pacs.reader
        let pool = pacs.pool
        let url = base.url
        let body = ResponseBody { output in
            var start = 0
            while start < instances.count {
                let batch = instances[start..<min(start + Self.metadataBatch, instances.count)]
                let isFirst = start == 0
                let text = try await pool.run { () throws -> ByteBuffer in
                    var buffer = ByteBuffer()
                    for (position, instance) in batch.enumerated() {
                        buffer.writeString(isFirst && position == 0 ? "[" : ",")
                        buffer.writeBytes(try MetadataEncoder(reader: reader, baseURL: url).encode(instance))
                    }
                    return buffer
                }
                try await output.write(text)
                start += batch.count
            }
            try await output.write(ByteBuffer(string: "]"))
            try await output.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: type.formatted], body: body)
    }

    /// A part with the Native DICOM Model for each object.
    private func metadataXML(_ instances: [StoredInstance]) -> Response {
        let writer = Self.writer()
        let (pool, encoder) = (pacs.pool, MetadataEncoder(reader: pacs.reader, baseURL: base.url))
        let body = ResponseBody { output in
            for instance in instances {
                let document = try await pool.run { try encoder.encode(instance, isXML: true) }
                try await output.write(ByteBuffer(bytes: writer.partHeader(.dicomXML, length: document.count) + document))
            }
            try await output.write(ByteBuffer(bytes: writer.end))
            try await output.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: writer.contentType(of: .dicomXML).formatted], body: body)
    }

    // MARK: Frames

    private func frames(_ instance: StoredInstance, _ numbers: [Int], _ accept: AcceptList) async throws -> Response {
        guard instance.frames != .none else {
            throw Problem(status: 404, "The object has no frames", remedy: "Retrieve the object itself")
        }
        if let missing = numbers.first(where: { $0 > instance.frames.numberOfFrames }) {
            throw Problem(
                status: 404, "Frame \(missing) does not exist; the object has \(instance.frames.numberOfFrames)", at: "frames",
                remedy: "Ask for frames from 1 on")
        }
        let negotiation = RetrieveNegotiation(
            accept: accept, stored: TransferSyntax(uid: instance.storedTransferSyntaxUID),
            transcodable: instance.transcodableSyntaxes)
        guard let representation = negotiation.frames(count: numbers.count) else {
            throw Problem.notAcceptable([.octetStream])
        }
        let pool = pacs.pool
        let reader = pacs.reader
        let object = try await pool.run { try reader.open(instance) }
        if !representation.isMultipart, let number = numbers.first {
            let bytes = try await pool.run { try object.frame(number, in: representation.transferSyntax) }
            return Response(
                status: .ok, headers: [.contentType: representation.mediaType.formatted],
                body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
        }
        let writer = Self.writer()
        // The first frame is made before the answer begins, so that what cannot be decoded is an error and not a torn body.
        let firstBytes = try await pool.run { try object.frame(numbers[0], in: representation.transferSyntax) }
        let body = ResponseBody { output in
            for (position, number) in numbers.enumerated() {
                let bytes = position == 0 ? firstBytes
                    : try await pool.run { try object.frame(number, in: representation.transferSyntax) }
                var buffer = ByteBuffer(bytes: writer.partHeader(representation.mediaType, length: bytes.count))
                buffer.writeBytes(bytes)
                try await output.write(buffer)
            }
            try await output.write(ByteBuffer(bytes: writer.end))
            try await output.finish(nil)
        }
        return Response(
            status: .ok, headers: [.contentType: writer.contentType(of: representation.mediaType).formatted], body: body)
    }

    // MARK: Bulk data

    private func bulkData(
        _ instance: StoredInstance, _ path: ElementPath, _ accept: AcceptList, _ request: Request
    ) async throws -> Response {
        if path.steps.isEmpty, [Tag.pixelData, .floatPixelData, .doubleFloatPixelData].contains(path.tag), instance.frames != .none {
            return try await frames(instance, Array(1...max(1, instance.frames.numberOfFrames)), accept)
        }
        let reader = pacs.reader
        let bytes = try await pacs.pool.run { try reader.open(instance).header.element(at: path)?.bytes }
        guard let bytes else {
            throw Problem(status: 404, "The object has no such value", at: "path", remedy: "Use the BulkDataURI of the metadata")
        }
        guard accept.choose(from: [.octetStream]) != nil else {
            let writer = Self.writer()
            guard accept.choose(from: [writer.contentType(of: .octetStream)]) != nil else {
                throw Problem.notAcceptable([.octetStream])
            }
            let whole = writer.partHeader(.octetStream, length: bytes.count) + bytes + writer.end
            return Response(
                status: .ok, headers: [.contentType: writer.contentType(of: .octetStream).formatted],
                body: .init(byteBuffer: ByteBuffer(bytes: whole)))
        }
        return Response(
            status: .ok, headers: [.contentType: MediaType.octetStream.formatted],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

extension InstanceScope {
    init(_ scope: RetrieveRequest.Scope) {
        switch scope {
        case .study(let study): self = .studies([study])
        case .series(let study, let series): self = .series(study: study, [series])
        case .instance(let study, let series, let instance): self = .instances(study: study, series: series, [instance])
        }
    }
}

extension RetrieveRequest.Scope {
    var isInstance: Bool { if case .instance = self { true } else { false } }
}
