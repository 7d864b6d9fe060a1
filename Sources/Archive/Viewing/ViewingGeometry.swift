import DICOMCore
import DICOMObjects

extension ViewingSpacing {
    private static let crossSections: Set<String> = ["CT", "MR", "PT", "NM", "OPT", "IVOCT", "RTDOSE"]

    /// Pixel spacing and what it means (PS3.3 10.7, C.8.11.7).
    ///
    /// - Parameter measures: the data set that Pixel Spacing (0028,0030) is read from.
    init(measures: DataSet, header: DataSet, modality: String) {
        aspect = 1
        let pixel = Self.pair(measures, .pixelSpacing)
        let imager = Self.pair(header, .imagerPixelSpacing)
        magnification = Self.magnification(header)
        if let pixel, Self.isCalibrated(pixel, imager, header, modality) {
            set(pixel, imager == nil && header.string(.pixelSpacingCalibrationType) == nil ? .pixelSpacing : .pixelSpacingCalibrated)
        } else if let detector = imager ?? pixel {
            if let magnification {
                set((detector.0 / magnification, detector.1 / magnification), .imagerSpacingCorrected)
            } else {
                set(detector, .imagerSpacing)
            }
        } else if let nominal = Self.pair(header, .nominalScannedPixelSpacing) {
            set(nominal, .nominalScanned)
        } else if let ratio = Self.pair(header, .pixelAspectRatio) {
            aspect = ratio.0 / ratio.1
        }
    }

    private mutating func set(_ spacing: (Double, Double), _ source: ViewingSpacingSource) {
        (rows, columns) = spacing
        self.source = source
        aspect = spacing.0 / spacing.1
    }

    /// Pixel Spacing of a projection is a calibration only when it says so or differs from the detector's (PS3.3 10.7.1.3).
    private static func isCalibrated(
        _ pixel: (Double, Double), _ imager: (Double, Double)?, _ header: DataSet, _ modality: String
    ) -> Bool {
        if header.string(.pixelSpacingCalibrationType) != nil { return true }
        if let imager { return abs(imager.0 - pixel.0) > 1e-6 * imager.0 || abs(imager.1 - pixel.1) > 1e-6 * imager.1 }
        return crossSections.contains(modality) || !header.doubles(.imageOrientationPatient).isEmpty
            || !header.items(.sharedFunctionalGroupsSequence).isEmpty || modality == "US"
    }

    private static func magnification(_ header: DataSet) -> Double? {
        if let factor = header.double(.estimatedRadiographicMagnificationFactor), factor.isFinite, factor >= 1 { return factor }
        guard let detector = header.double(.distanceSourceToDetector), let patient = header.double(.distanceSourceToPatient),
            patient > 0, detector >= patient, detector.isFinite
        else { return nil }
        return detector / patient
    }

    private static func pair(_ dataSet: DataSet, _ tag: Tag) -> (Double, Double)? {
        let values = dataSet.doubles(tag)
        guard values.count >= 2, values[0] > 0, values[1] > 0, values[0].isFinite, values[1].isFinite else { return nil }
        return (values[0], values[1])
    }
}

/// Where the frames of an object lie in the patient.
struct FramePlaces {
    private let attributes: FrameAttributes
    private let normalOffsets: [Double]
    private let base: ViewingVector?
    private let baseOrientation: [Double]?

    init(_ attributes: FrameAttributes, sopClassUID: String) {
        self.attributes = attributes
        let header = attributes.header
        let detector = header.items(.detectorInformationSequence).first
        let orientation = Self.orientation(header) ?? detector.flatMap { Self.orientation($0) }
        baseOrientation = orientation
        base = ViewingVector(header.doubles(.imagePositionPatient)) ?? detector.flatMap { ViewingVector($0.doubles(.imagePositionPatient)) }
        normalOffsets = Self.offsets(header)
    }

    func orientation(_ frame: Int) -> [Double]? {
        guard attributes.hasGroups else { return baseOrientation }
        return Self.orientation(attributes.group(.planeOrientationSequence, frame)) ?? baseOrientation
    }

    func position(_ frame: Int) -> ViewingVector? {
        if attributes.hasGroups, let own = ViewingVector(attributes.group(.planePositionSequence, frame).doubles(.imagePositionPatient)) {
            return own
        }
        guard frame < normalOffsets.count else { return normalOffsets.isEmpty ? base : nil }
        guard let base, let orientation = baseOrientation, let row = ViewingVector(orientation),
            let column = ViewingVector(orientation, at: 3)
        else { return nil }
        return base + row.cross(column) * normalOffsets[frame]
    }

    /// Unit vectors at right angles, within what scanners write.
    private static func orientation(_ dataSet: DataSet) -> [Double]? {
        let values = dataSet.doubles(.imageOrientationPatient)
        guard values.count == 6, let row = ViewingVector(values), let column = ViewingVector(values, at: 3) else { return nil }
        let tolerance = 1e-2
        guard abs(row.length - 1) < tolerance, abs(column.length - 1) < tolerance, abs(row.dot(column)) < tolerance else { return nil }
        return values
    }

    /// mm along the normal for each frame: dose grids (PS3.3 C.8.8.3.2) and reconstructed nuclear medicine (C.8.4.15).
    private static func offsets(_ header: DataSet) -> [Double] {
        let grid = header.doubles(.gridFrameOffsetVector)
        if let first = grid.first, grid.allSatisfy(\.isFinite) { return grid.map { $0 - first } }
        let slices = header.ints(.sliceVector)
        guard let spacing = header.double(.spacingBetweenSlices), spacing.isFinite, !slices.isEmpty else { return [] }
        return slices.map { Double($0 &- 1) * spacing }
    }
}
