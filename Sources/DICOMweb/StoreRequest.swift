public import DICOMCore

/// In what form instances come in a store request (PS3.18 §10.5.2).
public enum StoreContent: Hashable, Sendable {
    /// `multipart/related; type="application/dicom"`: a Part 10 file in each part.
    case files(boundary: String)
    /// `multipart/related; type="application/dicom+json"`: metadata, then the bulk data they refer to.
    case metadataAndBulkData(boundary: String)
    /// One Part 10 file as the whole body.
    case singleFile
    /// Metadata with all values inline as the whole body.
    case metadata

    /// - Parameter contentType: the header field of the request.
    public init(contentType: String?) throws(Problem) {
        guard let mediaType = contentType.flatMap({ MediaType(parsing: $0) }) else { throw Self.unsupported }
        switch mediaType.essence {
        case "application/dicom": self = .singleFile
        case "application/dicom+json": self = .metadata
        case "multipart/related":
            guard let boundary = mediaType["boundary"], !boundary.isEmpty else {
                throw Problem(
                    status: 400, "The multipart body has no boundary", at: "Content-Type",
                    remedy: "Send multipart/related; type=\"application/dicom\"; boundary=...")
            }
            // Without `type`, files are meant: that is what every client sends.
            switch mediaType["type"].map({ MediaType(parsing: $0)?.essence ?? "" }) {
            case "application/dicom"?, nil: self = .files(boundary: boundary)
            case "application/dicom+json"?: self = .metadataAndBulkData(boundary: boundary)
            default: throw Self.unsupported
            }
        default: throw Self.unsupported
        }
    }

    private static let unsupported = Problem(
        status: 415, "Instances do not come in this media type", at: "Content-Type",
        remedy: "Send multipart/related; type=\"application/dicom\" or type=\"application/dicom+json\"")
}

/// Puts instances together from metadata and bulk data parts.
///
/// Feed it the events of a `MultipartReader`; parts are kept in memory up to the limits.
public struct StoreAssembler: Sendable {
    public struct Limits: Sendable {
        public var maximumMetadataBytes = 256 << 20
        /// All parts together.
        public var maximumTotalBytes = 2 << 30
        public var json = DICOMJSON.Limits.default

        public init() {}
    }

    public struct Instance: Hashable, Sendable {
        public let dataSet: DataSet
        /// That the pixel data are in; uncompressed instances are Explicit VR Little Endian.
        public let transferSyntax: TransferSyntax
    }

    private struct Part {
        let mediaType: MediaType
        let location: String?
        let identifier: String?
        var bytes: [UInt8] = []
    }

    private let limits: Limits
    private var parts: [Part] = []
    private var totalBytes = 0

    public init(limits: Limits = Limits()) { self.limits = limits }

    public mutating func handle(_ event: MultipartReader.Event) throws(Problem) {
        switch event {
        case .partBegan(let headers):
            guard let mediaType = headers.contentType ?? (headers["content-type"] == nil ? .octetStream : nil) else {
                throw Problem(
                    status: 400, "A part has a media type that cannot be read", at: "part \(parts.count + 1)",
                    remedy: "Send a Content-Type such as application/octet-stream in each part")
            }
            parts.append(Part(mediaType: mediaType, location: headers.contentLocation, identifier: headers.contentID))
        case .body(let bytes): try append(bytes)
        case .partEnded, .finished: break
        }
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) throws(Problem) {
        guard let last = parts.indices.last else { return }
        totalBytes += bytes.count
        let isMetadata = parts[last].mediaType.essence == MediaType.dicomJSON.essence
        guard totalBytes <= limits.maximumTotalBytes,
              !isMetadata || parts[last].bytes.count + bytes.count <= limits.maximumMetadataBytes
        else {
            throw Problem(
                status: 413, "The request is too large to be put together", at: "part \(parts.count)",
                remedy: "Send fewer instances at once, or send them as files in application/dicom parts")
        }
        parts[last].bytes += bytes
    }

    /// The whole body as metadata, for `StoreContent.metadata`.
    public mutating func takeMetadata(_ body: ArraySlice<UInt8>) throws(Problem) {
        parts.append(Part(mediaType: .dicomJSON, location: nil, identifier: nil))
        try append(body)
    }

    /// The instances, once all parts have come.
    public func assemble() throws(Problem) -> [Instance] {
        var bulk: [String: [Int]] = [:]
        for (index, part) in parts.enumerated() where part.mediaType.essence != MediaType.dicomJSON.essence {
            if let location = part.location { bulk[location, default: []].append(index) }
            if let identifier = part.identifier { bulk["cid:" + identifier, default: []].append(index) }
        }
        let compressed = try compressedSyntax()
        var instances: [Instance] = []
        for (index, part) in parts.enumerated() where part.mediaType.essence == MediaType.dicomJSON.essence {
            for dataSet in try decode(part, number: index + 1, bulk) {
                var syntax = TransferSyntax.explicitVRLittleEndian
                if case .fragments? = dataSet[.pixelData]?.value, let compressed { syntax = compressed }
                instances.append(Instance(dataSet: dataSet, transferSyntax: syntax))
            }
        }
        guard !instances.isEmpty else {
            throw Problem(
                status: 400, "No part holds metadata", at: "body",
                remedy: "Send a part of type application/dicom+json with an array of data sets")
        }
        return instances
    }

    private func decode(_ part: Part, number: Int, _ bulk: [String: [Int]]) throws(Problem) -> [DataSet] {
        do throws(DICOMJSONError) {
            return try DICOMJSON.decode(part.bytes[...], limits: limits.json) { uri, path, vr in
                guard let indices = bulk[uri] else { return .refuse }
                return resolve(indices.map { parts[$0] }, path)
            }
        } catch {
            throw Problem(
                status: 400, "The metadata are not the DICOM JSON model: \(error)", at: "part \(number)",
                remedy: "Send PS3.18 Annex F JSON, and a part with that Content-Location for each BulkDataURI")
        }
    }

    /// Several parts of one location are the frames of compressed pixel data, in order.
    private func resolve(_ parts: [Part], _ path: ElementPath) -> DICOMJSON.Resolution {
        let isPixelData = path.steps.isEmpty && path.tag == .pixelData
        if isPixelData, parts.contains(where: { Self.compressedSyntax($0) != nil }) {
            guard parts.allSatisfy({ Self.compressedSyntax($0) != nil }) else { return .refuse }
            return .fragments(EncapsulatedPixelData(fragments: parts.map { part in
                (part.bytes.count % 2 == 0 ? part.bytes : part.bytes + [0])[...]
            }))
        }
        return .bytes(parts.count == 1 ? parts[0].bytes[...] : parts.flatMap { $0.bytes }[...])
    }

    private static func compressedSyntax(_ part: Part) -> TransferSyntax? {
        guard let syntax = TransferSyntax(pixelMediaType: part.mediaType), syntax.isEncapsulated else { return nil }
        return syntax
    }

    private func compressedSyntax() throws(Problem) -> TransferSyntax? {
        let syntaxes = Set(parts.compactMap { Self.compressedSyntax($0) })
        guard syntaxes.count <= 1 else {
            throw Problem(
                status: 400, "Pixel data of several transfer syntaxes stand in one request", at: "body",
                remedy: "Send the instances of each transfer syntax in a request of their own")
        }
        return syntaxes.first
    }
}
