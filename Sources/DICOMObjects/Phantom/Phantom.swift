public import DICOMCore

/// Synthetic series with analytically known geometry and values, for demonstrations, tests and accuracy checks.
///
/// The object is a water cylinder along z (patient axes LPS, mm) of `Phantom.bodyRadiusMM` around the origin with four
/// rods parallel to it (`Phantom.rods`). Voxel (column i, row j, slice k) of a volume has its centre at
/// `origin + (i * spacing, j * spacing, k * sliceSpacing)`; a pixel belongs to a rod when its centre does, so areas are
/// known to within one pixel along the edge and means inside are exact.
public struct Phantom: Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        case ct, mr, cr, us
        case enhancedCT = "enhanced-ct"
    }

    /// A rod parallel to z: centre and radius in mm, value in HU.
    public struct Rod: Hashable, Sendable {
        public let name: String
        public let xMM: Double
        public let yMM: Double
        public let radiusMM: Double
        public let hounsfield: Int
    }

    public static let bodyRadiusMM = 100.0
    /// Outside the body.
    public static let airHU = -1000
    /// The body.
    public static let waterHU = 0
    public static let rods = [
        Rod(name: "bone", xMM: 50, yMM: 0, radiusMM: 15, hounsfield: 1000),
        Rod(name: "fat", xMM: -50, yMM: 0, radiusMM: 15, hounsfield: -100),
        Rod(name: "lung", xMM: 0, yMM: 50, radiusMM: 20, hounsfield: -800),
        Rod(name: "contrast", xMM: 0, yMM: -50, radiusMM: 5, hounsfield: 300),
    ]

    public var kind: Kind
    /// Rows and columns of one image.
    public var matrix: Int
    /// Images of a series, frames of an enhanced object.
    public var numberOfImages: Int
    /// In-plane pixel spacing in mm.
    public var pixelSpacingMM: Double
    /// Distance between neighbouring slices in mm.
    public var sliceSpacingMM: Double
    public var patientName: String
    public var patientID: String
    public var studyDate: String
    /// Uniform noise of up to this many stored units is added, reproducibly; 0 keeps values exact.
    public var noise: Int
    /// Names the UIDs and the noise: equal seeds give equal objects.
    public var seed: UInt64

    public init(
        kind: Kind, matrix: Int = 512, numberOfImages: Int = 20, pixelSpacingMM: Double = 0.5, sliceSpacingMM: Double = 2,
        patientName: String = "Phantom^Apus=雨燕^体模=", patientID: String = "APUS-PHANTOM", studyDate: String = "20260101",
        noise: Int = 0, seed: UInt64 = 1
    ) {
        self.kind = kind
        self.matrix = matrix
        self.numberOfImages = numberOfImages
        self.pixelSpacingMM = pixelSpacingMM
        self.sliceSpacingMM = sliceSpacingMM
        self.patientName = patientName
        self.patientID = patientID
        self.studyDate = studyDate
        self.noise = noise
        self.seed = seed
    }

    /// The data sets of the series, one at a time so that a large series never stands in memory whole.
    ///
    /// - Parameter emit: called with each complete data set (with Pixel Data), explicit VR little endian values.
    public func generate(_ emit: (DataSet) throws -> Void) rethrows {
        switch kind {
        case .enhancedCT: try emit(enhancedDataSet())
        default: for index in 0..<numberOfImages { try emit(singleFrameDataSet(at: index)) }
        }
    }

    /// SOP class of the instances.
    public var sopClassUID: String {
        switch kind {
        case .ct: "1.2.840.10008.5.1.4.1.1.2"
        case .mr: "1.2.840.10008.5.1.4.1.1.4"
        case .cr: "1.2.840.10008.5.1.4.1.1.1"
        case .us: "1.2.840.10008.5.1.4.1.1.6.1"
        case .enhancedCT: "1.2.840.10008.5.1.4.1.1.2.1"
        }
    }

    /// The value in HU at a point in the plane of any slice, mm from the axis.
    public static func hounsfield(xMM: Double, yMM: Double) -> Int {
        guard xMM * xMM + yMM * yMM <= bodyRadiusMM * bodyRadiusMM else { return airHU }
        for rod in rods {
            let dx = xMM - rod.xMM
            let dy = yMM - rod.yMM
            if dx * dx + dy * dy <= rod.radiusMM * rod.radiusMM { return rod.hounsfield }
        }
        return waterHU
    }
}
