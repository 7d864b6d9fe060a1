public import PixelCodecs

/// A frame in the native layout of its description.
public struct DecodedFrame: Hashable, Sendable {
    public var bytes: [UInt8]
    /// Photometric Interpretation (0028,0004) of `bytes`; differs from the object's where decoding itself changes it.
    public var photometricInterpretation: String

    public init(bytes: [UInt8], photometricInterpretation: String) {
        self.bytes = bytes
        self.photometricInterpretation = photometricInterpretation
    }
}

/// What an encoder may choose; lossless codecs use only `usesComponentTransform`.
public struct FrameEncodingOptions: Hashable, Sendable {
    /// Largest absolute error of JPEG-LS near-lossless, at least 1.
    public var near: Int
    /// JPEG baseline quality, 1 to 100.
    public var quality: Int
    /// JPEG baseline keeps chroma at half the horizontal resolution (YBR_FULL_422) instead of all of it (YBR_FULL).
    public var halvesChroma: Bool
    /// JPEG 2000 and HTJ2K of RGB use the reversible component transform, which makes the frame YBR_RCT.
    public var usesComponentTransform: Bool

    public init(near: Int = 2, quality: Int = 90, halvesChroma: Bool = true, usesComponentTransform: Bool = false) {
        self.near = near
        self.quality = quality
        self.halvesChroma = halvesChroma
        self.usesComponentTransform = usesComponentTransform
    }
}

/// One entry for every encapsulated transfer syntax that has a codec (PS3.5 §8.2, Annex A.4).
///
/// Decoding keeps the stored samples: no colour conversion except the component transform inside JPEG 2000, and chroma brought to
/// full resolution, as the uncompressed twins of such frames have it.
public enum FrameCodec {
    /// Codec families by transfer syntax UID.
    enum Family {
        case rle, jpegDCT, jpegLossless, jpegLS, jpeg2000, deflated

        init?(_ transferSyntaxUID: String) {
            switch transferSyntaxUID {
            case "1.2.840.10008.1.2.5": self = .rle
            case "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.55":
                self = .jpegDCT
            case "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70": self = .jpegLossless
            case "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81": self = .jpegLS
            case "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202",
                "1.2.840.10008.1.2.4.203":
                self = .jpeg2000
            case "1.2.840.10008.1.2.8.1": self = .deflated
            default: return nil
            }
        }
    }

    /// Whether `decode` knows the transfer syntax; one frame may still be refused.
    public static func canDecode(_ transferSyntaxUID: String) -> Bool { Family(transferSyntaxUID) != nil }

    /// Whether `encode` knows the transfer syntax.
    public static func canEncode(_ transferSyntaxUID: String) -> Bool { Target(transferSyntaxUID) != nil }

    /// Decodes one frame: all fragments of it, joined.
    ///
    /// - Parameter description: of the data set; `isPlanar` chooses the layout of the result.
    /// - Throws: `CodecError`; nothing is allocated for a codestream that is not the frame described.
    public static func decode(
        _ frame: ArraySlice<UInt8>, transferSyntaxUID: String, description: FrameDescription,
        photometricInterpretation: String, limits: CodecLimits = .standard
    ) throws(CodecError) -> DecodedFrame {
        guard let family = Family(transferSyntaxUID) else { throw CodecError(.unsupportedTransferSyntax) }
        let codestream = frame.span
        var photometric = photometricInterpretation
        let bytes: [UInt8]
        switch family {
        case .rle: bytes = try RLELossless.decode(codestream, description, limits: limits)
        case .deflated: bytes = try DeflatedFrames.decode(codestream, description, limits: limits)
        case .jpegLS: bytes = try JPEGLS.decode(codestream, description, limits: limits)
        case .jpegLossless, .jpegDCT: bytes = try decodeJPEG(codestream, description, limits)
        case .jpeg2000:
            let header = try JPEG2000Codestream(codestream)
            bytes = try JPEG2000Decoder.decode(codestream, header, description, limits: limits)
            if header.info.usesComponentTransform || photometric == "YBR_RCT" || photometric == "YBR_ICT" {
                photometric = "RGB"
            }
        }
        if family == .jpegDCT, photometric == "YBR_FULL_422" { photometric = "YBR_FULL" }
        return DecodedFrame(bytes: bytes, photometricInterpretation: photometric)
    }

    /// Some writers put another JPEG process in than the transfer syntax says; the codestream decides.
    private static func decodeJPEG(
        _ codestream: Span<UInt8>, _ description: FrameDescription, _ limits: CodecLimits
    ) throws(CodecError) -> [UInt8] {
        let (process, info) = try JPEGCodestream.probe(codestream)
        switch process {
        case .lossless: return try JPEGLossless.decode(codestream, description, limits: limits)
        case .lossless14495: return try JPEGLS.decode(codestream, description, limits: limits)
        case .baseline, .extendedSequential, .progressive:
            guard info.precision == 8, description.bitsAllocated == 8
            else { return try JPEGDCT.decode(codestream, description, limits: limits) }
            return try JPEGBaselineLibrary.decode(codestream, info, description, limits: limits)
        case .other: throw CodecError(.unsupportedFeature)
        }
    }
}
