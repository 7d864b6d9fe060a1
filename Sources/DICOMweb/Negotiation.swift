public import DICOMCore

/// In what form stored objects go out (PS3.18 §8.7.3).
public struct Representation: Hashable, Sendable {
    /// Of the object, or of each part; with its `transfer-syntax`.
    public let mediaType: MediaType
    public let transferSyntax: TransferSyntax
    public let isMultipart: Bool
    /// The stored bytes go out as they are.
    public let isAsStored: Bool

    init(_ mediaType: MediaType, _ syntax: TransferSyntax, isMultipart: Bool, isAsStored: Bool) {
        self.mediaType = mediaType.with("transfer-syntax", syntax.uid)
        transferSyntax = syntax
        self.isMultipart = isMultipart
        self.isAsStored = isAsStored
    }
}

/// The choice between what the client accepts, what is stored and what it can be turned into.
public struct RetrieveNegotiation: Sendable {
    private let accept: AcceptList
    private let stored: TransferSyntax
    private let targets: [TransferSyntax]

    /// - Parameters:
    ///   - stored: of the object at hand.
    ///   - transcodable: what it can be turned into, best first; for lossy targets only if policy allows them.
    public init(accept: AcceptList, stored: TransferSyntax, transcodable: [TransferSyntax]) {
        self.accept = accept
        self.stored = stored
        targets = [stored] + transcodable.filter { $0 != stored }
    }

    /// For whole objects: `application/dicom`, in parts or alone.
    ///
    /// Without `transfer-syntax` the client gets Explicit VR Little Endian (PS3.18 §8.7.3.5.2), with `*` the stored bytes.
    /// A client that accepts anything gets the stored bytes where nothing else can be had.
    /// - Returns: `nil` means 406.
    public func instance() -> Representation? {
        for range in accept.ranges where range.quality > 0 {
            guard let (isMultipart, content) = Self.unwrap(range.mediaType), content.includes(.dicom) else { continue }
            let isAnything = range.mediaType.type == "*"
            if let syntax = syntax(content["transfer-syntax"], fallsBack: isAnything) {
                // Whoever accepts anything can read parts; the standard has them for instances.
                return Representation(.dicom, syntax, isMultipart: isMultipart || isAnything, isAsStored: syntax == stored)
            }
        }
        return nil
    }

    /// For frames and other pixel data: compressed images by media type, else `application/octet-stream`.
    ///
    /// - Parameter count: frames asked for; more than one cannot go out alone.
    /// - Returns: `nil` means 406.
    public func frames(count: Int) -> Representation? {
        for range in accept.ranges where range.quality > 0 {
            guard let (isMultipart, content) = Self.unwrap(range.mediaType) else { continue }
            let isAnything = range.mediaType.type == "*"
            guard isMultipart || isAnything || count == 1 else { continue }
            if let (mediaType, syntax) = pixelData(content, fallsBack: isAnything) {
                // Uncompressed pixels are the same in all little endian transfer syntaxes.
                let isSame = syntax == stored || (syntax.isNativePixels && stored.isNativePixels && !stored.isBigEndian)
                return Representation(mediaType, syntax, isMultipart: isMultipart || isAnything, isAsStored: isSame)
            }
        }
        return nil
    }

    /// What is inside `multipart/related`, and whether it is.
    private static func unwrap(_ range: MediaType) -> (isMultipart: Bool, content: MediaType)? {
        guard range.type == "multipart" else { return (false, range) }
        guard range.subtype == "related" || range.subtype == "*" else { return nil }
        // Without `type` any part will do.
        guard var content = MediaType(parsing: range["type"] ?? "*/*") else { return nil }
        if let syntax = range["transfer-syntax"] { content = content.with("transfer-syntax", syntax) }
        return (true, content)
    }

    private func syntax(_ wanted: String?, fallsBack: Bool) -> TransferSyntax? {
        switch wanted {
        case "*"?: return stored
        case let uid?: return targets.first { $0.uid == uid }
        case nil: return targets.first { $0 == .explicitVRLittleEndian } ?? (fallsBack ? stored : nil)
        }
    }

    private func pixelData(_ content: MediaType, fallsBack: Bool) -> (MediaType, TransferSyntax)? {
        if content.type == "*" {
            if content["transfer-syntax"] == "*" { return (stored.pixelMediaType, stored) }
            return native() ?? (fallsBack || content["transfer-syntax"] == nil ? (stored.pixelMediaType, stored) : nil)
        }
        if content.essence == MediaType.octetStream.essence {
            // With `*`, stored frames: their own media type says what they are.
            if content["transfer-syntax"] == "*" { return (stored.pixelMediaType, stored) }
            guard let uid = content["transfer-syntax"] else { return native() }
            return targets.first { $0.uid == uid }.map { ($0.pixelMediaType, $0) }
        }
        let candidates = targets.filter { !$0.isNativePixels && content.includes($0.pixelMediaType) }
        switch content["transfer-syntax"] {
        case "*"?: return candidates.first.map { ($0.pixelMediaType, $0) }
        case let uid?: return candidates.first { $0.uid == uid }.map { ($0.pixelMediaType, $0) }
        case nil:
            // The stored bytes if they are of that type at all, else the default that PS3.18 Table 8.7.3-5 names.
            let match = candidates.first { $0 == stored } ?? candidates.first { $0.isDefaultForMediaType } ?? candidates.first
            return match.map { ($0.pixelMediaType, $0) }
        }
    }

    private func native() -> (MediaType, TransferSyntax)? {
        targets.contains { $0.isNativePixels } ? (.octetStream, .explicitVRLittleEndian) : nil
    }
}

/// Media types of frames (PS3.18 Tables 8.7.3-2 and 8.7.3-5).
extension TransferSyntax {
    var isNativePixels: Bool { pixelEncoding == .native }

    /// Of one frame in this transfer syntax.
    public var pixelMediaType: MediaType {
        switch pixelEncoding {
        case .native, .deflatedFrames: .octetStream
        case .rle: MediaType("image", "dicom-rle")
        case .jpegBaseline, .jpegExtended, .jpegProgressive, .jpegLossless: .jpeg
        case .jpegLS: MediaType("image", "jls")
        case .jpeg2000: MediaType("image", "jp2")
        case .htj2k: MediaType("image", "jphc")
        case .jpegXL: MediaType("image", "jxl")
        case .video: uid.hasPrefix("1.2.840.10008.1.2.4.100") ? MediaType("video", "mpeg") : MediaType("video", "mp4")
        case .other: uid.hasPrefix("1.2.840.10008.1.2.4.9") ? MediaType("image", "jpx") : .octetStream
        }
    }

    /// Meant when a media type comes without `transfer-syntax`.
    var isDefaultForMediaType: Bool {
        switch self {
        case .jpegLosslessSV1, .jpegLSLossless, .jpeg2000Lossless, .htj2kLossless, .rleLossless: true
        default: false
        }
    }

    /// The transfer syntax that a part with pixel data is in; `nil` when the type is none of pixel data.
    public init?(pixelMediaType mediaType: MediaType) {
        if let uid = mediaType["transfer-syntax"] {
            let syntax = TransferSyntax(uid: uid)
            let isSame = syntax.pixelMediaType.essence == mediaType.essence
            guard syntax.isKnown, isSame || mediaType.essence == MediaType.octetStream.essence else { return nil }
            self = syntax
        } else if mediaType.essence == MediaType.octetStream.essence {
            self = .explicitVRLittleEndian
        } else {
            let candidates = TransferSyntax.all.filter { $0.pixelMediaType.essence == mediaType.essence }
            guard let syntax = candidates.first(where: { $0.isDefaultForMediaType }) ?? candidates.first else { return nil }
            self = syntax
        }
    }
}
