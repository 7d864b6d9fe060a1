/// A transfer syntax (PS3.5 §10, Annex A): one row says everything the encoder, negotiator and statement need.
public struct TransferSyntax: Hashable, Sendable {
    public enum PixelEncoding: String, Hashable, Sendable {
        case native, rle, jpegBaseline, jpegExtended, jpegProgressive, jpegLossless, jpegLS, jpeg2000, htj2k
        case jpegXL, video, deflatedFrames, other
    }

    public let uid: String
    public let name: String
    public let isExplicitVR: Bool
    public let isBigEndian: Bool
    /// The whole data set is deflated (PS3.5 §A.5).
    public let isDeflated: Bool
    /// Pixel Data come in fragments (PS3.5 §A.4).
    public let isEncapsulated: Bool
    public let pixelEncoding: PixelEncoding
    /// Whether decoding always gives the encoder's input. `false` also where lossless is only possible, not promised.
    public let isLossless: Bool

    public static func == (lhs: TransferSyntax, rhs: TransferSyntax) -> Bool { lhs.uid == rhs.uid }
    public func hash(into hasher: inout Hasher) { hasher.combine(uid) }

    private init(
        _ uid: String, _ name: String, _ pixelEncoding: PixelEncoding = .native, lossless: Bool = true,
        explicit: Bool = true, bigEndian: Bool = false, deflated: Bool = false
    ) {
        self.uid = uid
        self.name = name
        self.pixelEncoding = pixelEncoding
        isExplicitVR = explicit
        isBigEndian = bigEndian
        isDeflated = deflated
        isEncapsulated = pixelEncoding != .native
        isLossless = lossless
    }

    public static let implicitVRLittleEndian = Self("1.2.840.10008.1.2", "Implicit VR Little Endian", explicit: false)
    public static let explicitVRLittleEndian = Self("1.2.840.10008.1.2.1", "Explicit VR Little Endian")
    public static let deflatedExplicitVRLittleEndian = Self(
        "1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", deflated: true)
    public static let explicitVRBigEndian = Self("1.2.840.10008.1.2.2", "Explicit VR Big Endian", bigEndian: true)
    public static let jpegBaseline = Self(
        "1.2.840.10008.1.2.4.50", "JPEG Baseline (Process 1)", .jpegBaseline, lossless: false)
    public static let jpegExtended = Self(
        "1.2.840.10008.1.2.4.51", "JPEG Extended (Process 2 and 4)", .jpegExtended, lossless: false)
    public static let jpegLossless = Self(
        "1.2.840.10008.1.2.4.57", "JPEG Lossless, Non-Hierarchical (Process 14)", .jpegLossless)
    public static let jpegLosslessSV1 = Self(
        "1.2.840.10008.1.2.4.70", "JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14, SV1)",
        .jpegLossless)
    public static let jpegLSLossless = Self("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", .jpegLS)
    public static let jpegLSNearLossless = Self(
        "1.2.840.10008.1.2.4.81", "JPEG-LS Lossy (Near-Lossless)", .jpegLS, lossless: false)
    public static let jpeg2000Lossless = Self("1.2.840.10008.1.2.4.90", "JPEG 2000 (Lossless Only)", .jpeg2000)
    public static let jpeg2000 = Self("1.2.840.10008.1.2.4.91", "JPEG 2000", .jpeg2000, lossless: false)
    public static let htj2kLossless = Self("1.2.840.10008.1.2.4.201", "HTJ2K (Lossless Only)", .htj2k)
    public static let htj2kLosslessRPCL = Self(
        "1.2.840.10008.1.2.4.202", "HTJ2K with RPCL Options (Lossless Only)", .htj2k)
    public static let htj2k = Self("1.2.840.10008.1.2.4.203", "HTJ2K", .htj2k, lossless: false)
    public static let rleLossless = Self("1.2.840.10008.1.2.5", "RLE Lossless", .rle)
    public static let deflatedImageFrame = Self(
        "1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", .deflatedFrames)

    /// Every transfer syntax the project knows by name, in the order of preference for the conformance statement.
    public static let all: [TransferSyntax] = [
        implicitVRLittleEndian, explicitVRLittleEndian, deflatedExplicitVRLittleEndian, explicitVRBigEndian,
        jpegBaseline, jpegExtended, jpegLossless, jpegLosslessSV1, jpegLSLossless, jpegLSNearLossless,
        jpeg2000Lossless, jpeg2000, htj2kLossless, htj2kLosslessRPCL, htj2k, rleLossless, deflatedImageFrame,
        // Stored and passed on as they are; not decoded.
        Self("1.2.840.10008.1.2.4.53", "JPEG Spectral Selection (Retired)", .jpegProgressive, lossless: false),
        Self("1.2.840.10008.1.2.4.55", "JPEG Full Progression (Retired)", .jpegProgressive, lossless: false),
        Self("1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 Multi-component (Lossless Only)", .other),
        Self("1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2 Multi-component", .other, lossless: false),
        Self("1.2.840.10008.1.2.4.110", "JPEG XL Lossless", .jpegXL),
        Self("1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression", .jpegXL, lossless: false),
        Self("1.2.840.10008.1.2.4.112", "JPEG XL", .jpegXL, lossless: false),
        Self("1.2.840.10008.1.2.4.100", "MPEG2 Main Profile / Main Level", .video, lossless: false),
        Self("1.2.840.10008.1.2.4.100.1", "Fragmentable MPEG2 Main Profile / Main Level", .video, lossless: false),
        Self("1.2.840.10008.1.2.4.101", "MPEG2 Main Profile / High Level", .video, lossless: false),
        Self("1.2.840.10008.1.2.4.101.1", "Fragmentable MPEG2 Main Profile / High Level", .video, lossless: false),
        Self("1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264 High Profile / Level 4.1", .video, lossless: false),
        Self("1.2.840.10008.1.2.4.102.1", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1", .video, lossless: false),
        Self("1.2.840.10008.1.2.4.103", "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1", .video, lossless: false),
        Self("1.2.840.10008.1.2.4.103.1", "Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1", .video, lossless: false),
        Self("1.2.840.10008.1.2.4.104", "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video", .video, lossless: false),
        Self("1.2.840.10008.1.2.4.105", "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video", .video, lossless: false),
        Self("1.2.840.10008.1.2.4.106", "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2", .video, lossless: false),
        Self("1.2.840.10008.1.2.4.107", "HEVC/H.265 Main Profile / Level 5.1", .video, lossless: false),
        Self("1.2.840.10008.1.2.4.108", "HEVC/H.265 Main 10 Profile / Level 5.1", .video, lossless: false),
    ]

    private static let byUID = Dictionary(uniqueKeysWithValues: all.map { ($0.uid, $0) })

    /// The row for `uid`; private and future transfer syntaxes read as explicit little endian, encapsulated
    /// (PS3.5 §10 leaves no other choice that keeps the header readable).
    public init(uid: String) {
        self = Self.byUID[uid] ?? Self(uid, uid, .other, lossless: false)
    }

    public var isKnown: Bool { Self.byUID[uid] != nil }
}
