public import DICOMCore

/// How images are to be shown: a softcopy presentation state (PS3.3 A.33, PS3.4 Annex N).
///
/// Positions are image coordinates as in marks: 0-based, (0, 0) the centre of the first pixel. What DICOM counts otherwise is
/// converted on reading and writing.
public struct PresentationState: Hashable, Sendable {
    public var sopClassUID: String
    public var sopInstanceUID: String
    public var studyInstanceUID: String
    public var seriesInstanceUID: String
    /// Content Label (0070,0080) and Content Description (0070,0081).
    public var label: String
    public var contentDescription: String
    /// Content Creator's Name as a Person Name value.
    public var creator: String
    /// Presentation Creation Date and Time, ISO 8601.
    public var created: String
    public var references: [EvidenceReference]
    /// `nil`: stored values are taken as they are, whatever the image says (PS3.4 N.2.1).
    public var modality: ModalityTransform?
    public var windows: [Window]
    public var presentationLUT: PresentationLUT
    /// Red, green and blue for each of 256 grey levels, of a pseudo-colour or blending state; else empty.
    public var colours: [UInt8]
    /// What is laid over the images that the state is for.
    public var blending: Blending?
    public var areas: [DisplayedArea]
    /// Where the viewer stood exactly; kept beside the standard's whole pixels and quarter turns.
    public var exactView: ExactView?
    /// Clockwise degrees: 0, 90, 180, 270; applied before the flip.
    public var rotation: Int
    public var isFlipped: Bool
    public var shutters: [Shutter]
    /// P-value in 16 bits of what shutters hide.
    public var shutterPValue: Int?
    /// CIELab as encoded in 16 bits.
    public var shutterColour: [Int]
    public var layers: [Layer]
    public var annotations: [Annotation]
    public var overlays: [Overlay]
    /// Attributes that matter and are not understood; shown to the reader.
    public var notUnderstood: [String]

    public enum PresentationLUT: Hashable, Sendable {
        case identity, inverse
        case table(LookupTable)
    }

    public enum ModalityTransform: Hashable, Sendable {
        case linear(slope: Double, intercept: Double, type: String)
        case table(LookupTable, type: String)
    }

    /// A window or VOI LUT for some or all images.
    public struct Window: Hashable, Sendable {
        public enum Function: Hashable, Sendable {
            /// `function`: `LINEAR`, `LINEAR_EXACT` or `SIGMOID`.
            case linear(center: Double, width: Double, function: String)
            case table(LookupTable)
        }
        /// Empty means all.
        public var images: [InstanceReference]
        public var function: Function
        public var explanation: String

        public init(images: [InstanceReference], function: Function, explanation: String) {
            self.images = images
            self.function = function
            self.explanation = explanation
        }
    }

    /// Displayed Area (PS3.3 C.10.4): first and last pixel shown, both included.
    public struct DisplayedArea: Hashable, Sendable {
        public var images: [InstanceReference]
        public var topLeft: ImagePoint
        public var bottomRight: ImagePoint
        /// `SCALE TO FIT`, `TRUE SIZE` or `MAGNIFY`.
        public var mode: String
        /// Row and column spacing in mm.
        public var pixelSpacing: [Double]
        /// Vertical to horizontal.
        public var aspectRatio: [Int]
        public var magnification: Double?

        public init(
            images: [InstanceReference], topLeft: ImagePoint, bottomRight: ImagePoint, mode: String, pixelSpacing: [Double] = [],
            aspectRatio: [Int] = [], magnification: Double? = nil
        ) {
            self.images = images
            self.topLeft = topLeft
            self.bottomRight = bottomRight
            self.mode = mode
            self.pixelSpacing = pixelSpacing
            self.aspectRatio = aspectRatio
            self.magnification = magnification
        }
    }

    /// The images laid over those the state is for, in its palette (PS3.3 C.11.14).
    public struct Blending: Hashable, Sendable {
        /// Of what is laid over: 0 to 1.
        public var opacity: Double
        public var references: [EvidenceReference]
        public var modality: ModalityTransform?
        public var windows: [Window]
    }

    /// Zoom, pan and turn without rounding, which Displayed Area and Image Rotation do not know.
    public struct ExactView: Hashable, Sendable {
        /// `fit`, `pixels` or `trueSize`.
        public var mode: String
        /// Continuous image coordinates in the middle of the view; (0, 0) is the outer corner of the first pixel.
        public var center: ImagePoint
        /// Image columns seen along the view's width and height, turned as it is.
        public var span: [Double]
        /// Device pixels for an image column, against one each or life size.
        public var zoom: Double
        /// Degrees clockwise, after mirroring.
        public var rotation: Double
        public var isFlippedHorizontally: Bool
        public var isFlippedVertically: Bool
    }

    public enum Shutter: Hashable, Sendable {
        /// Edges as columns and rows.
        case rectangle(left: Double, right: Double, top: Double, bottom: Double)
        case circle(center: ImagePoint, radius: Double)
        case polygon([ImagePoint])
        /// Overlay group whose 1-bits are hidden.
        case bitmap(group: Int)
    }

    public struct Layer: Hashable, Sendable {
        public var name: String
        public var order: Int
        public var layerDescription: String
        public var grey: Int?
        public var colour: [Int]
    }

    /// Bits of an overlay that comes with the state, or the layer in which the image's own is shown.
    public struct Overlay: Hashable, Sendable {
        static let groups = stride(from: 0x6000, through: 0x601E, by: 2)

        /// 0x6000…0x601E.
        public var group: Int
        public var layer: String?
        public var bits: Bits?

        public struct Bits: Hashable, Sendable {
            public var rows: Int
            public var columns: Int
            /// Of its first pixel, in image coordinates.
            public var origin: ImagePoint
            /// Lengths of runs of 0 and 1 by turns, beginning with 0, row after row.
            public var runs: [Int]
        }
    }

    public init(sopClassUID: String = UID.grayscaleSoftcopyPresentationStateStorage) {
        self.sopClassUID = sopClassUID
        sopInstanceUID = ""
        studyInstanceUID = ""
        seriesInstanceUID = ""
        label = ""
        contentDescription = ""
        creator = ""
        created = ""
        references = []
        windows = []
        presentationLUT = .identity
        colours = []
        areas = []
        rotation = 0
        isFlipped = false
        shutters = []
        shutterColour = []
        layers = []
        annotations = []
        overlays = []
        notUnderstood = []
    }
}

/// A table as LUT Descriptor and LUT Data give it (PS3.3 C.11.1.1).
public struct LookupTable: Hashable, Sendable {
    /// The stored value of the first entry.
    public var firstMapped: Int
    /// Bits of each entry, 8 to 16.
    public var bits: Int
    public var entries: [Int]

    public init(firstMapped: Int, bits: Int, entries: [Int]) {
        self.firstMapped = firstMapped
        self.bits = bits
        self.entries = entries
    }

    /// Reads an item of a LUT sequence; `nil` when descriptor and data do not fit each other.
    public init?(_ item: DataSet) {
        let descriptor = item.ints(.lutDescriptor)
        guard descriptor.count == 3, let bytes = item.bytes(.lutData), (1...16).contains(descriptor[2] & 0xFFFF) else { return nil }
        // 0 stands for 65536, which 16 bits cannot say.
        let declared = descriptor[0] & 0xFFFF
        let count = declared == 0 ? 65536 : declared
        firstMapped = descriptor[1]
        bits = descriptor[2] & 0xFFFF
        let start = bytes.startIndex
        if bytes.count >= 2 * count {
            entries = (0..<count).map { Int(bytes[start + 2 * $0]) | Int(bytes[start + 2 * $0 + 1]) << 8 }
        } else if bytes.count >= count, bits <= 8 {
            // Two 8-bit entries in each 16-bit word.
            entries = (0..<count).map { Int(bytes[start + $0]) }
        } else {
            return nil
        }
    }

    /// An item of a LUT sequence.
    public var item: DataSet {
        var item = DataSet(inheritedCharacterSet: .utf8)
        let isSigned = firstMapped < 0
        item.set(.lutDescriptor, isSigned ? .ss : .us, ints: [entries.count & 0xFFFF, firstMapped, bits])
        item.set(.lutData, .ow, ints: entries)
        return item
    }
}
