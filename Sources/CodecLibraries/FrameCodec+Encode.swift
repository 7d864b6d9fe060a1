public import PixelCodecs

extension FrameCodec {
    /// What can be written.
    enum Target {
        case rle, jpegBaseline, jpegLossless, jpegLSLossless, jpegLSNear, jpeg2000, htj2k, htj2kRPCL, deflated

        init?(_ transferSyntaxUID: String) {
            switch transferSyntaxUID {
            case "1.2.840.10008.1.2.5": self = .rle
            case "1.2.840.10008.1.2.4.50": self = .jpegBaseline
            // Selection value 1 is one of the predictors process 14 allows.
            case "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70": self = .jpegLossless
            case "1.2.840.10008.1.2.4.80": self = .jpegLSLossless
            case "1.2.840.10008.1.2.4.81": self = .jpegLSNear
            case "1.2.840.10008.1.2.4.90": self = .jpeg2000
            case "1.2.840.10008.1.2.4.201": self = .htj2k
            case "1.2.840.10008.1.2.4.202": self = .htj2kRPCL
            case "1.2.840.10008.1.2.8.1": self = .deflated
            default: return nil
            }
        }
    }

    /// Encodes one native frame.
    ///
    /// Lossless targets keep every bit of Bits Allocated, also overlay bits and sign extension above Bits Stored, by coding at Bits
    /// Allocated where such bits are set.
    /// - Throws: `unsupportedDescription` when the codec cannot carry the frame.
    public static func encode(
        _ frame: ArraySlice<UInt8>, transferSyntaxUID: String, description: FrameDescription,
        photometricInterpretation: String, options: FrameEncodingOptions = FrameEncodingOptions(),
        limits: CodecLimits = .standard
    ) throws(CodecError) -> [UInt8] {
        guard let target = Target(transferSyntaxUID) else { throw CodecError(.unsupportedTransferSyntax) }
        let bytes = frame.span
        switch target {
        case .rle: return try RLELossless.encode(bytes, description, limits: limits)
        case .deflated: return try DeflatedFrames.encode(bytes, description, limits: limits)
        case .jpegLossless: return try JPEGLossless.encode(bytes, description, limits: limits)
        case .jpegLSLossless: return try JPEGLS.encode(bytes, description, limits: limits)
        case .jpegLSNear: return try JPEGLS.encode(bytes, description, near: max(1, options.near), limits: limits)
        case .jpegBaseline:
            return try JPEGBaselineLibrary.encode(
                bytes, description, photometricInterpretation: photometricInterpretation, options: options, limits: limits)
        case .jpeg2000:
            return try JPEG2000Encoder.encode(
                bytes, description, transform: transforms(photometricInterpretation, options), limits: limits)
        case .htj2k, .htj2kRPCL:
            return try HTJ2KEncoder.encode(
                bytes, description, transform: transforms(photometricInterpretation, options),
                isRPCL: target == .htj2kRPCL, limits: limits)
        }
    }

    /// Photometric Interpretation (0028,0004) to write with a frame that `encode` made from a native frame of `source`.
    public static func codedPhotometricInterpretation(
        of source: String, transferSyntaxUID: String, options: FrameEncodingOptions = FrameEncodingOptions()
    ) -> String {
        switch Target(transferSyntaxUID) {
        case .jpegBaseline: isColour(source) ? (options.halvesChroma ? "YBR_FULL_422" : "YBR_FULL") : source
        case .jpeg2000, .htj2k, .htj2kRPCL: transforms(source, options) ? "YBR_RCT" : source
        default: source
        }
    }

    private static func isColour(_ photometricInterpretation: String) -> Bool {
        photometricInterpretation == "RGB" || photometricInterpretation.hasPrefix("YBR_")
    }

    private static func transforms(_ photometricInterpretation: String, _ options: FrameEncodingOptions) -> Bool {
        options.usesComponentTransform && photometricInterpretation == "RGB"
    }
}

/// Bits a lossless JPEG 2000 encoder must code.
enum WaveletPrecision {
    /// Signed samples are coded as such, so extended signs cost nothing; anything else above Bits Stored needs Bits Allocated.
    static func precision(of frame: Span<UInt8>, _ description: FrameDescription) -> Int {
        guard description.isSigned else { return NativePixels.losslessPrecision(of: frame, description) }
        let stored = description.bitsStored
        guard stored < description.bitsAllocated else { return description.bitsAllocated }
        let step = description.bytesPerSample
        var at = 0
        while at &+ step <= frame.count {
            let value = step == 1
                ? Int(Int8(bitPattern: frame[at])) : Int(Int16(bitPattern: UInt16(frame[at]) | UInt16(frame[at &+ 1]) << 8))
            guard value >> (stored &- 1) == value >> Int.bitWidth else { return description.bitsAllocated }
            at &+= step
        }
        return stored
    }
}
