public import DICOMCore
public import Imaging
import PixelCodecs

/// What an object says of the way from a frame's stored values to grey (PS3.3 C.11.1, C.11.2, C.7.6.16.2.9, C.7.6.16.2.10).
///
/// The server's rendered pictures and the viewer's manifest both come from it, so that they show the same.
public struct FrameDisplay: Hashable, Sendable {
    public struct Window: Hashable, Sendable {
        public var center: Double
        public var width: Double
        /// Window Center & Width Explanation; empty when absent.
        public var explanation: String
    }

    public struct VOITable: Hashable, Sendable {
        public var table: DisplayPipeline.Table
        /// LUT Explanation; empty when absent.
        public var explanation: String
    }

    /// Never 0.
    public var slope: Double
    public var intercept: Double
    /// Rescale Type or Modality LUT Type; empty when absent.
    public var rescaleType: String
    public var modalityTable: DisplayPipeline.Table?
    public var windows: [Window]
    public var function: DisplayPipeline.WindowFunction
    public var voiTables: [VOITable]
    /// Stored values that stand for no data: Pixel Padding Value to its Range Limit (PS3.3 C.7.5.1.1.2).
    public var padding: ClosedRange<Int>?
    /// The lowest value is white: MONOCHROME1, or Presentation LUT Shape INVERSE.
    public var isInverse: Bool

    private static let maximumAlternatives = 32

    /// - Parameters:
    ///   - frame: 0-based.
    ///   - pixels: of the object.
    public init(_ source: FrameAttributes, frame: Int, pixels: ImagePixelModule) {
        let header = source.header
        let isForAnalysis = Self.keepsModalityForAnalysis(header)
        let rescale = isForAnalysis ? DataSet() : source.group(.pixelValueTransformationSequence, frame)
        let given = Self.usable(rescale.double(.rescaleSlope)) ?? 1
        slope = given == 0 ? 1 : given
        intercept = Self.usable(rescale.double(.rescaleIntercept)) ?? 0
        rescaleType = rescale.string(.rescaleType) ?? ""
        let isSigned = pixels.frame.isSigned
        if !isForAnalysis, let item = header.items(.modalityLUTSequence).first, let table = DisplayTables.table(item, isSigned: isSigned) {
            modalityTable = table
            rescaleType = item.string(.modalityLUTType) ?? rescaleType
        }
        let voi = source.group(.frameVOILUTSequence, frame)
        windows = Self.windows(voi)
        function = Self.function(voi.string(.voilutFunction))
        // The first mapped value is what the modality transformation gives; signed when that can be negative.
        let isVOISigned = modalityTable == nil && (isSigned || intercept < 0)
        voiTables = header.items(.voilutSequence).prefix(Self.maximumAlternatives).compactMap { item in
            DisplayTables.table(item, isSigned: isVOISigned)
                .map { VOITable(table: $0, explanation: item.string(.lutExplanation) ?? "") }
        }
        padding = Self.padding(header, pixels)
        isInverse = header.string(.presentationLUTShape) == "INVERSE" || pixels.photometricInterpretation == "MONOCHROME1"
    }

    /// All stored values from black to white: for images of 8 bits and fewer that name no other transformation, whose stored
    /// values are P-values (PS3.3 A.8.2 to A.8.4).
    public static func identityWindow(bitsStored: Int, isSigned: Bool) -> DisplayPipeline.Window {
        let count = Double(1 << min(max(bitsStored, 1), 16))
        return .init(center: isSigned ? 0 : count / 2, width: count)
    }

    /// Whether there is nothing between stored values of 8 bits or fewer and the screen.
    public func isIdentity(_ pixels: ImagePixelModule) -> Bool {
        pixels.frame.bitsStored <= 8 && modalityTable == nil && slope == 1 && intercept == 0
    }

    // MARK: Attributes

    private static let xRayStorage: Set<String> = [
        "1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.12.2", "1.2.840.10008.5.1.4.1.1.12.3",
    ]

    /// In X-ray angiography and fluoroscopy the modality transformation leads back to intensity and is no step on the way to
    /// the screen when the stored values are logarithmic or made for display (PS3.3 C.8.7.1.1.2).
    private static func keepsModalityForAnalysis(_ header: DataSet) -> Bool {
        guard let sopClass = header.uid(.sopClassUID), xRayStorage.contains(sopClass) else { return false }
        return ["LOG", "DISP"].contains(header.string(.pixelIntensityRelationship))
    }

    private static func usable(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }

    private static func windows(_ voi: DataSet) -> [Window] {
        let names = voi.strings(.windowCenterWidthExplanation)
        let pairs = zip(voi.doubles(.windowCenter), voi.doubles(.windowWidth))
        return pairs.prefix(maximumAlternatives).enumerated().compactMap { index, pair in
            guard pair.0.isFinite, pair.1.isFinite, pair.1 > 0 else { return nil }
            return Window(center: pair.0, width: pair.1, explanation: index < names.count ? names[index] : "")
        }
    }

    private static func function(_ text: String?) -> DisplayPipeline.WindowFunction {
        switch text {
        case "SIGMOID": .sigmoid
        case "LINEAR_EXACT": .linearExact
        default: .linear
        }
    }

    /// Some writers use the other VR: the sign is the pixels'.
    private static func padding(_ header: DataSet, _ pixels: ImagePixelModule) -> ClosedRange<Int>? {
        guard let value = header.int(.pixelPaddingValue), pixels.frame.samplesPerPixel == 1 else { return nil }
        let first = asStored(value, pixels)
        let last = header.int(.pixelPaddingRangeLimit).map { asStored($0, pixels) } ?? first
        return min(first, last)...max(first, last)
    }

    private static func asStored(_ value: Int, _ pixels: ImagePixelModule) -> Int {
        guard pixels.frame.bitsAllocated <= 16 else { return value }
        return pixels.frame.isSigned ? Int(Int16(truncatingIfNeeded: value)) : Int(UInt16(truncatingIfNeeded: value))
    }
}
