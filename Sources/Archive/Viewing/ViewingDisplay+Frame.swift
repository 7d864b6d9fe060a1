import DICOMCore

extension ViewingDisplay {
    private static let maximumWindows = 32

    /// Modality and VOI transformation, padding and polarity of a frame (PS3.3 C.11.1, C.11.2, C.7.6.16.2.9, C.7.6.16.2.10).
    init(_ source: FrameAttributes, _ frame: Int, _ pixels: ViewingPixels, _ tables: inout Distinct<ViewingTable>) {
        let header = source.header
        let rescale = source.group(.pixelValueTransformationSequence, frame)
        slope = Self.usable(rescale.double(.rescaleSlope)) ?? 1
        if slope == 0 { slope = 1 }
        intercept = Self.usable(rescale.double(.rescaleIntercept)) ?? 0
        rescaleType = rescale.string(.rescaleType) ?? ""
        if let item = header.items(.modalityLUTSequence).first, let table = ViewingTable(item: item, isSigned: pixels.isSigned) {
            modalityTable = tables.index(of: table)
            rescaleType = item.string(.modalityLUTType) ?? rescaleType
        }
        let voi = source.group(.frameVOILUTSequence, frame)
        windows = Self.windows(voi)
        let function = voi.string(.voilutFunction) ?? "LINEAR"
        self.function = ["LINEAR", "LINEAR_EXACT", "SIGMOID"].contains(function) ? function : "LINEAR"
        // The first mapped value is what the modality transformation gives; signed when that can be negative.
        let isSigned = modalityTable == nil && (pixels.isSigned || intercept < 0)
        for item in header.items(.voilutSequence).prefix(Self.maximumWindows) {
            guard let table = ViewingTable(item: item, isSigned: isSigned) else { continue }
            voiTables.append(VOITable(table: tables.index(of: table), explanation: item.string(.lutExplanation) ?? ""))
        }
        padding = Self.padding(header, pixels)
        let isInverse = header.string(.presentationLUTShape) == "INVERSE" || pixels.photometric == "MONOCHROME1"
        presentationShape = isInverse ? "INVERSE" : "IDENTITY"
    }

    private static func usable(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }

    private static func windows(_ voi: DataSet) -> [ViewingWindow] {
        let (centers, widths) = (voi.doubles(.windowCenter), voi.doubles(.windowWidth))
        let names = voi.strings(.windowCenterWidthExplanation)
        return zip(centers, widths).prefix(maximumWindows).enumerated().compactMap { index, pair in
            guard pair.0.isFinite, pair.1.isFinite, pair.1 > 0 else { return nil }
            return ViewingWindow(center: pair.0, width: pair.1, explanation: index < names.count ? names[index] : "")
        }
    }

    /// Pixel Padding Value with its Range Limit (PS3.3 C.7.5.1.1.2). Some writers use the other VR: the sign is the pixels'.
    private static func padding(_ header: DataSet, _ pixels: ViewingPixels) -> [Int]? {
        guard let value = header.int(.pixelPaddingValue), !pixels.isFloat, pixels.samplesPerPixel == 1 else { return nil }
        let first = asStored(value, pixels)
        let last = header.int(.pixelPaddingRangeLimit).map { asStored($0, pixels) } ?? first
        return [min(first, last), max(first, last)]
    }

    private static func asStored(_ value: Int, _ pixels: ViewingPixels) -> Int {
        guard pixels.bitsAllocated <= 16 else { return value }
        return pixels.isSigned ? Int(Int16(truncatingIfNeeded: value)) : Int(UInt16(truncatingIfNeeded: value))
    }
}
