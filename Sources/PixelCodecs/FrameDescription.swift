/// The layout of one native frame: PS3.3 C.7.6.3 attributes without their tags.
public struct FrameDescription: Hashable, Sendable {
    /// Columns (0028,0011), 1 to 65535.
    public var columns: Int
    /// Rows (0028,0010), 1 to 65535.
    public var rows: Int
    /// Samples per Pixel (0028,0002), 1 to 4.
    public var samplesPerPixel: Int
    /// Bits Allocated (0028,0100): 1, 8, 16, 32 or 64.
    public var bitsAllocated: Int
    /// Bits Stored (0028,0101).
    public var bitsStored: Int
    /// Pixel Representation (0028,0103) is 1: two's complement samples.
    public var isSigned: Bool
    /// Planar Configuration (0028,0006) of the native frame is 1: all of one component, then the next.
    public var isPlanar: Bool

    public init(
        columns: Int, rows: Int, samplesPerPixel: Int = 1, bitsAllocated: Int, bitsStored: Int? = nil,
        isSigned: Bool = false, isPlanar: Bool = false
    ) {
        self.columns = columns
        self.rows = rows
        self.samplesPerPixel = samplesPerPixel
        self.bitsAllocated = bitsAllocated
        self.bitsStored = bitsStored ?? bitsAllocated
        self.isSigned = isSigned
        self.isPlanar = isPlanar
    }

    /// Bytes of one sample; 1 also for 1-bit frames, which are packed.
    public var bytesPerSample: Int { max(1, bitsAllocated >> 3) }

    /// Pixels of the frame. Call only after `validatedByteCount` succeeded.
    var pixelCount: Int { columns &* rows }

    /// Size in bytes of the native frame; 1-bit frames are packed and padded to a whole byte (PS3.5 §8.1.1).
    /// - Throws: `unsupportedDescription` for values outside PS3.3, `limitExceeded` above the limit.
    public func validatedByteCount(limits: CodecLimits = .standard) throws(CodecError) -> Int {
        guard columns > 0, columns <= 65535, rows > 0, rows <= 65535, samplesPerPixel >= 1, samplesPerPixel <= 4
        else { throw CodecError(.unsupportedDescription) }
        switch bitsAllocated {
        case 1, 8, 16, 32, 64: break
        default: throw CodecError(.unsupportedDescription)
        }
        guard bitsStored >= 1, bitsStored <= bitsAllocated else { throw CodecError(.unsupportedDescription) }
        let bits = UInt64(columns) &* UInt64(rows) &* UInt64(samplesPerPixel) &* UInt64(bitsAllocated)
        let bytes = (bits &+ 7) >> 3
        guard bytes <= UInt64(limits.maximumFrameBytes) else { throw CodecError(.limitExceeded) }
        return Int(bytes)
    }
}

/// What a decoder may spend on one frame.
public struct CodecLimits: Hashable, Sendable {
    /// Largest native frame in bytes, checked before anything is allocated.
    public var maximumFrameBytes: Int
    /// Most scans of one progressive image; each scan may visit every coefficient.
    public var maximumScans: Int

    public init(maximumFrameBytes: Int = 1 << 30, maximumScans: Int = 100) {
        self.maximumFrameBytes = maximumFrameBytes
        self.maximumScans = maximumScans
    }

    /// 1 GiB for each frame.
    public static let standard = Self()
}

/// What the header of a codestream says, without decoding it.
public struct CodestreamInfo: Hashable, Sendable {
    public var columns: Int
    public var rows: Int
    public var components: Int
    /// Bits of each sample in the codestream.
    public var precision: Int
    /// Whether decoding gives exactly the encoder's input; for JPEG 2000 whether the transform is reversible.
    public var isLossless: Bool
    /// JPEG-LS NEAR: largest absolute error of a sample; 0 elsewhere.
    public var near: Int
    /// Samples are two's complement in the codestream (JPEG 2000 only).
    public var isSigned: Bool
    /// The codestream applies its own component transform, so decoded colour is RGB (JPEG 2000 RCT or ICT).
    public var usesComponentTransform: Bool

    public init(
        columns: Int, rows: Int, components: Int, precision: Int, isLossless: Bool, near: Int = 0,
        isSigned: Bool = false, usesComponentTransform: Bool = false
    ) {
        self.columns = columns
        self.rows = rows
        self.components = components
        self.precision = precision
        self.isLossless = isLossless
        self.near = near
        self.isSigned = isSigned
        self.usesComponentTransform = usesComponentTransform
    }

    /// - Throws: `geometryMismatch` or `precisionMismatch` when the codestream is not the frame described.
    public func check(against description: FrameDescription) throws(CodecError) {
        guard columns == description.columns, rows == description.rows, components == description.samplesPerPixel
        else { throw CodecError(.geometryMismatch) }
        guard precision <= description.bitsAllocated else { throw CodecError(.precisionMismatch) }
    }
}
