public import DICOMCore
public import PixelCodecs

/// The Image Pixel Module (PS3.3 C.7.6.3) as read from a data set, checked once.
public struct ImagePixelModule: Hashable, Sendable {
    public var frame: FrameDescription
    /// Photometric Interpretation (0028,0004).
    public var photometricInterpretation: String
    public var numberOfFrames: Int

    public init(frame: FrameDescription, photometricInterpretation: String, numberOfFrames: Int) {
        self.frame = frame
        self.photometricInterpretation = photometricInterpretation
        self.numberOfFrames = numberOfFrames
    }

    /// - Throws: `ImageError` naming the first attribute that is missing or outside PS3.3.
    public init(_ dataSet: DataSet) throws(ImageError) {
        let rows = try Self.required(dataSet, .rows)
        let columns = try Self.required(dataSet, .columns)
        let bitsAllocated = try Self.bitsAllocated(dataSet)
        let samples = dataSet.int(.samplesPerPixel) ?? 1
        let stored = dataSet.int(.bitsStored) ?? bitsAllocated
        guard (1...4).contains(samples) else { throw ImageError.attributeInvalid(.samplesPerPixel) }
        guard (1...bitsAllocated).contains(stored) else { throw ImageError.attributeInvalid(.bitsStored) }
        let frames = dataSet.int(.numberOfFrames) ?? 1
        guard (1...Int(Int32.max)).contains(frames) else { throw ImageError.attributeInvalid(.numberOfFrames) }
        frame = FrameDescription(
            columns: columns, rows: rows, samplesPerPixel: samples, bitsAllocated: bitsAllocated, bitsStored: stored,
            isSigned: dataSet.int(.pixelRepresentation) == 1,
            isPlanar: samples > 1 && dataSet.int(.planarConfiguration) == 1)
        photometricInterpretation = dataSet.string(.photometricInterpretation) ?? (samples == 1 ? "MONOCHROME2" : "RGB")
        numberOfFrames = frames
        do { _ = try frame.validatedByteCount() } catch { throw ImageError.codec(error) }
    }

    /// Bits of one frame of native Pixel Data; frames of 1-bit images need not end on a byte boundary (PS3.5 §8.1.1).
    public var nativeFrameBits: Int {
        // YBR_FULL_422 shares each chroma pair between two pixels when native (PS3.3 C.7.6.3.1.2).
        let samples = photometricInterpretation == "YBR_FULL_422" ? 2 : frame.samplesPerPixel
        return frame.columns * frame.rows * samples * frame.bitsAllocated
    }

    /// Bytes of one frame of native Pixel Data; `nil` when frames do not end on byte boundaries.
    public var nativeFrameBytes: Int? { nativeFrameBits % 8 == 0 ? nativeFrameBits / 8 : nil }

    private static func required(_ dataSet: DataSet, _ tag: Tag) throws(ImageError) -> Int {
        guard let value = dataSet.int(tag) else { throw ImageError.attributeMissing(tag) }
        guard (1...65535).contains(value) else { throw ImageError.attributeInvalid(tag) }
        return value
    }

    private static func bitsAllocated(_ dataSet: DataSet) throws(ImageError) -> Int {
        if dataSet.contains(.floatPixelData) { return 32 }
        if dataSet.contains(.doubleFloatPixelData) { return 64 }
        let value = try required(dataSet, .bitsAllocated)
        guard [1, 8, 16, 32, 64].contains(value) else { throw ImageError.attributeInvalid(.bitsAllocated) }
        return value
    }
}

/// Why pixels could not be given; names attributes, never values.
public enum ImageError: Error, Hashable, Sendable {
    case attributeMissing(Tag)
    case attributeInvalid(Tag)
    case noPixelData
    case frameOutOfRange(frameNumber: Int, numberOfFrames: Int)
    case codec(CodecError)
    /// No decoder or encoder for this transfer syntax.
    case unsupportedTransferSyntax(uid: String)
}

extension ImageError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .attributeMissing(let tag): "attribute \(tag) is missing"
        case .attributeInvalid(let tag): "attribute \(tag) has a value outside PS3.3"
        case .noPixelData: "the object has no pixel data"
        case .frameOutOfRange(let number, let count): "frame \(number) does not exist; the object has \(count)"
        case .codec(let error): "\(error)"
        case .unsupportedTransferSyntax(let uid): "transfer syntax \(uid) cannot be decoded or encoded here"
        }
    }
}
