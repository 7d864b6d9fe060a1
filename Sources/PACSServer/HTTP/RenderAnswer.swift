import Archive
import DICOMCore
import DICOMObjects
import DICOMweb
import HTTPTypes
import Hummingbird
import Imaging
import NIOCore
import PersistenceSQLite

/// Rendered images and thumbnails (PS3.18 §10.4.1.1.3, §10.4.1.1.4), JPEG or PNG.
struct RenderAnswer: Sendable {
    let pacs: PACS

    private static let thumbnailSide = 160
    private static let maximumPictures = 2000

    func answer(
        _ asked: RetrieveRequest, _ instances: [StoredInstance], _ accept: AcceptList, _ request: Request
    ) async throws -> Response {
        let isThumbnail: Bool
        var numbers: [Int]?
        switch asked.content {
        case .thumbnail: isThumbnail = true
        case .thumbnailFrames(let frames):
            isThumbnail = true
            numbers = frames
        case .renderedFrames(let frames):
            isThumbnail = false
            numbers = frames
        default: isThumbnail = false
        }
        let parameters = try RenderingParameters(query: request.uri.query, isThumbnail: isThumbnail)
        let drawable = instances.filter { $0.frames != .none }
        guard let middle = drawable.dropFirst(drawable.count / 2).first else {
            throw Problem(status: 406, "There is nothing to draw in this object", remedy: "Retrieve the object itself")
        }
        if isThumbnail {
            let frame = numbers?.first ?? max(1, middle.frames.numberOfFrames / 2)
            return try await single(middle, frame, parameters, side: Self.thumbnailSide, accept)
        }
        let pictures = drawable.flatMap { instance in
            (numbers ?? Array(1...max(1, instance.frames.numberOfFrames))).map { (instance, $0) }
        }
        if pictures.count == 1, let picture = pictures.first { return try await single(picture.0, picture.1, parameters, side: nil, accept) }
        return try multipart(Array(pictures.prefix(Self.maximumPictures)), parameters, accept)
    }

    private func single(
        _ instance: StoredInstance, _ frame: Int, _ parameters: RenderingParameters, side: Int?, _ accept: AcceptList
    ) async throws -> Response {
        let type = try accept.requirePicture(multipart: false)
        let reader = pacs.reader
        let bytes = try await pacs.pool.run { try Self.draw(instance, frame, parameters, side: side, as: type, reader) }
        var headers: HTTPFields = [.contentType: type.formatted]
        headers[.cacheControl] = "private, max-age=3600"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private func multipart(
        _ pictures: [(StoredInstance, Int)], _ parameters: RenderingParameters, _ accept: AcceptList
    ) throws -> Response {
        let writer = RetrieveAnswer.writer()
        let type = try accept.requirePicture(multipart: true)
        let (reader, pool) = (pacs.reader, pacs.pool)
        let body = ResponseBody { output in
            for (instance, frame) in pictures {
                let bytes = try await pool.run { try Self.draw(instance, frame, parameters, side: nil, as: type, reader) }
                try await output.write(ByteBuffer(bytes: writer.partHeader(type, length: bytes.count) + bytes))
            }
            try await output.write(ByteBuffer(bytes: writer.end))
            try await output.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: writer.contentType(of: type).formatted], body: body)
    }

    static func draw(
        _ instance: StoredInstance, _ frame: Int, _ parameters: RenderingParameters, side: Int?, as type: MediaType = .jpeg,
        state: PresentationState? = nil, _ reader: ObjectReader
    ) throws -> [UInt8] {
        let object = try reader.open(instance)
        let native = try object.nativeFrame(frame)
        let window = parameters.window.map { DisplayPipeline.Window($0) }
        do {
            let picture = try FrameRenderer(header: object.header, window: window, frameIndex: frame - 1, state: state).render(
                native, maximumColumns: parameters.viewport?.width ?? side, maximumRows: parameters.viewport?.height ?? side)
            return try type == .png ? picture.png() : picture.jpeg(quality: parameters.quality ?? 90)
        } catch {
            throw RetrieveError.image(error)
        }
    }
}

extension DisplayPipeline.Window {
    init(_ window: RenderingParameters.Window) {
        let function: DisplayPipeline.WindowFunction = switch window.function.rawValue {
        case "sigmoid": .sigmoid
        case "linear-exact", "linear_exact": .linearExact
        default: .linear
        }
        self.init(center: window.center, width: window.width, function: function)
    }
}

/// WADO-URI (PS3.18 §9).
struct URIAnswer: Sendable {
    let pacs: PACS

    func answer(_ request: Request) async throws -> Response {
        let asked = try WADOURIRequest(query: request.uri.query)
        let scope = InstanceScope.instances(study: asked.studyUID, series: asked.seriesUID, [asked.objectUID])
        let (reader, index) = (pacs.reader, pacs.directory.index)
        let found = try await pacs.pool.run { try index.instances(scope, includingConflicts: false).first }
        guard let instance = found else {
            throw Problem(status: 404, "There is no such object", remedy: "Search for it under /dicom-web/studies")
        }
        if asked.wantsDICOM || instance.frames == .none {
            let syntax = asked.transferSyntax.map { TransferSyntax(uid: $0) } ?? .explicitVRLittleEndian
            let available = instance.transcodableSyntaxes
            let chosen = available.contains(syntax) ? syntax : TransferSyntax(uid: instance.transferSyntaxUID)
            let stream = try await pacs.pool.run { try OutgoingBytes.file(instance, chosen, reader) }
            return RangedBody(stream: stream, pool: pacs.pool).response(request, contentType: .dicom)
        }
        let parameters = try RenderingParameters(query: asked.renderingQuery)
        let state = try await state(asked)
        let bytes = try await pacs.pool.run {
            try RenderAnswer.draw(instance, asked.frameNumber ?? 1, parameters, side: nil, state: state, reader)
        }
        var headers: HTTPFields = [.contentType: MediaType.jpeg.formatted]
        if let state, !state.annotations.isEmpty || !state.overlays.isEmpty || state.blending != nil, let warning = HTTPField.Name("Warning") {
            headers[warning] = "299 apus \"The presentation state's graphics, texts and superimposed images are not drawn\""
        }
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// The presentation state asked for (PS3.18 §9.1.2.2.10, §9.1.2.2.11), if any.
    private func state(_ asked: WADOURIRequest) async throws -> PresentationState? {
        guard let series = asked.presentationSeriesUID, let uid = asked.presentationUID else { return nil }
        let (reader, index) = (pacs.reader, pacs.directory.index)
        let scope = InstanceScope.instances(study: asked.studyUID, series: series, [uid])
        let found = try await pacs.pool.run { try index.instances(scope, includingConflicts: false).first }
        guard let instance = found, instance.classKind == .presentationState, instance.isReadable else {
            throw Problem(
                status: 404, "There is no such presentation state", at: "presentationUID", remedy: "Search for it under /dicom-web/studies")
        }
        let state = try await pacs.pool.run { try PresentationState(reader.header(of: instance)) }
        guard state.isFor(asked.objectUID, frameNumber: asked.frameNumber ?? 1) else {
            throw Problem(
                status: 400, "The presentation state is not for this image", at: "presentationUID", remedy: "Name an image it refers to")
        }
        return state
    }
}

extension WADOURIRequest {
    /// The same wishes as `rendered` has them.
    var renderingQuery: String {
        var parts: [String] = []
        if let window { parts.append("window=\(window.center),\(window.width),linear") }
        if columns != nil || rows != nil { parts.append("viewport=\(columns ?? 16_384),\(rows ?? 16_384)") }
        if let imageQuality { parts.append("quality=\(imageQuality)") }
        return parts.joined(separator: "&")
    }
}
