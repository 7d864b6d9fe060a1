package import DICOMObjects

/// What a viewer needs to know of a series before the first pixel (Documentation/viewing.md, manifest).
///
/// Values that many frames share stand once, in `stacks`, `displays`, `attributes` and `tables`; frames refer to them.
package struct ViewingSeries: Sendable {
    package var seriesInstanceUID = ""
    package var modality = ""
    package var seriesNumber: Int?
    package var seriesDescription = ""
    package var seriesDate = ""
    package var seriesTime = ""
    package var bodyPart = ""
    package var laterality = ""
    package var protocolName = ""
    package var kind = ViewingKind.unknown
    package var instances: [ViewingInstance] = []
    package var attributes: [ViewingAttributes] = []
    /// In display order.
    package var frames: [ViewingFrame] = []
    package var stacks: [ViewingStack] = []
    package var displays: [ViewingDisplay] = []
    package var tables: [ViewingTable] = []
}

/// What an object is to a viewer.
package enum ViewingKind: String, Hashable, Sendable, CaseIterable {
    case image, presentationState, keyObjects, structuredReport, segmentation, contours, document, waveform, video, unknown

    private static let structureSet = "1.2.840.10008.5.1.4.1.1.481.3"

    package init(sopClassUID: String, hasFrames: Bool) {
        if sopClassUID == Self.structureSet {
            self = .contours
            return
        }
        self = switch StorageSOPClass.row(sopClassUID)?.kind {
        case .image, .dose: hasFrames ? .image : .unknown
        case .video: .video
        case .segmentation: .segmentation
        case .presentationState: .presentationState
        case .keyObject: .keyObjects
        case .structuredReport: .structuredReport
        case .waveform: .waveform
        case .encapsulated: .document
        // Of classes not known here, what has pixels is shown as a picture.
        case .radiotherapy, .registration, .raw, .other, nil: hasFrames ? .image : .unknown
        }
    }
}

package struct ViewingInstance: Hashable, Sendable {
    package var sopInstanceUID: String
    package var sopClassUID: String
    package var kind: ViewingKind
    package var instanceNumber: Int?
    package var numberOfFrames: Int
    package var isQuarantined: Bool
    /// Index into `ViewingSeries.attributes`.
    package var attributes: Int
}

package struct ViewingFrame: Hashable, Sendable {
    /// Index into `ViewingSeries.instances`.
    package var instance: Int
    /// 1-based.
    package var number: Int
    package var stack: Int
    package var display: Int
    /// Image Position (Patient), mm.
    package var position: ViewingVector?
    /// Milliseconds since the earliest frame of the series was acquired.
    package var time: Double?
}

package struct ViewingVector: Hashable, Sendable {
    package var x: Double
    package var y: Double
    package var z: Double

    package init(_ x: Double, _ y: Double, _ z: Double) { (self.x, self.y, self.z) = (x, y, z) }

    /// `nil` unless there are three finite numbers from `offset` on.
    package init?(_ values: [Double], at offset: Int = 0) {
        guard values.count >= offset + 3, values[offset..<offset + 3].allSatisfy(\.isFinite) else { return nil }
        self.init(values[offset], values[offset + 1], values[offset + 2])
    }

    package func dot(_ other: Self) -> Double { x * other.x + y * other.y + z * other.z }

    package func cross(_ other: Self) -> Self {
        Self(y * other.z - z * other.y, z * other.x - x * other.z, x * other.y - y * other.x)
    }

    package static func - (a: Self, b: Self) -> Self { Self(a.x - b.x, a.y - b.y, a.z - b.z) }
    package static func + (a: Self, b: Self) -> Self { Self(a.x + b.x, a.y + b.y, a.z + b.z) }
    package static func * (a: Self, factor: Double) -> Self { Self(a.x * factor, a.y * factor, a.z * factor) }
    package var length: Double { dot(self).squareRoot() }
    package var values: [Double] { [x, y, z] }
}

/// How pixels of a frame are delivered.
package struct ViewingPixels: Hashable, Sendable {
    package var rows = 0
    package var columns = 0
    package var samplesPerPixel = 1
    package var bitsAllocated = 8
    package var bitsStored = 8
    package var highBit = 7
    package var isSigned = false
    package var isFloat = false
    /// Of what is delivered: colour always RGB.
    package var photometric = "MONOCHROME2"
    /// Indices into `ViewingSeries.tables`.
    package var palette: [Int]?

    package init() {}
}

/// How the distance between pixels is known.
package enum ViewingSpacingSource: String, Hashable, Sendable {
    /// In the patient: cross sections.
    case pixelSpacing
    /// A projection calibrated by a fiducial or by geometry.
    case pixelSpacingCalibrated
    /// At the detector.
    case imagerSpacing
    /// At the detector, divided by the estimated magnification.
    case imagerSpacingCorrected
    case nominalScanned
    case none
}

package struct ViewingSpacing: Hashable, Sendable {
    package var source = ViewingSpacingSource.none
    /// mm between rows and between columns.
    package var rows: Double?
    package var columns: Double?
    package var magnification: Double?
    /// How much taller than wide a pixel is.
    package var aspect = 1.0
}

/// Frames of one geometry and pixel format.
package struct ViewingStack: Hashable, Sendable {
    package var pixels: ViewingPixels
    /// Row and column direction cosines.
    package var orientation: [Double]?
    package var spacing: ViewingSpacing
    package var frameOfReference: String?
    package var sliceThickness: Double?
    // Found when the frames are ordered.
    package var first = 0
    package var count = 0
    package var isSpatial = false
    package var isUniform = false
    package var sliceSpacing: Double?

    package var normal: ViewingVector? {
        guard let orientation, let row = ViewingVector(orientation), let column = ViewingVector(orientation, at: 3) else { return nil }
        return row.cross(column)
    }
}

package struct ViewingWindow: Hashable, Sendable {
    package var center: Double
    package var width: Double
    package var explanation: String
}

package struct ViewingDisplay: Hashable, Sendable {
    package var slope = 1.0
    package var intercept = 0.0
    package var rescaleType = ""
    package var modalityTable: Int?
    package var windows: [ViewingWindow] = []
    package var function = "LINEAR"
    package var voiTables: [VOITable] = []
    /// Lowest and highest stored value that stand for no data.
    package var padding: [Int]?
    package var presentationShape = "IDENTITY"

    package struct VOITable: Hashable, Sendable {
        package var table: Int
        package var explanation: String
    }
}

/// A look-up table (PS3.3 C.11.1.1) or one colour of a palette.
package struct ViewingTable: Hashable, Sendable {
    package var first: Int
    package var bits: Int
    package var entries: [UInt16]
}
