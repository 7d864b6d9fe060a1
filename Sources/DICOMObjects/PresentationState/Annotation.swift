public import DICOMCore

extension PresentationState {
    /// Text and graphics of one layer on some or all images (PS3.3 C.10.5).
    public struct Annotation: Hashable, Sendable {
        /// Empty means all.
        public var images: [InstanceReference]
        public var layer: String
        public var texts: [Text]
        public var graphics: [Graphic]
        /// The mark it was written from, as JSON (marks.md).
        public var markJSON: String?
        /// The mark it shows, kept elsewhere: whoever draws that mark leaves this out.
        public var markUID: String?

        public init(images: [InstanceReference], layer: String, texts: [Text] = [], graphics: [Graphic] = [], markJSON: String? = nil) {
            self.images = images
            self.layer = layer
            self.texts = texts
            self.graphics = graphics
            self.markJSON = markJSON
        }
    }

    /// What positions count: pixels of the image, or fractions of the displayed area.
    public enum Units: String, Hashable, Sendable { case pixel = "PIXEL", display = "DISPLAY", matrix = "MATRIX" }

    public struct Text: Hashable, Sendable {
        public var text: String
        public var box: Box?
        public var anchor: Anchor?
        public var style: Style

        public init(text: String, box: Box? = nil, anchor: Anchor? = nil, style: Style = Style()) {
            self.text = text
            self.box = box
            self.anchor = anchor
            self.style = style
        }
    }

    public struct Box: Hashable, Sendable {
        public var topLeft: ImagePoint
        public var bottomRight: ImagePoint
        public var units: Units
        /// `LEFT`, `RIGHT` or `CENTER`.
        public var justification: String

        public init(topLeft: ImagePoint, bottomRight: ImagePoint, units: Units, justification: String = "LEFT") {
            self.topLeft = topLeft
            self.bottomRight = bottomRight
            self.units = units
            self.justification = justification
        }
    }

    public struct Anchor: Hashable, Sendable {
        public var point: ImagePoint
        public var units: Units
        public var isVisible: Bool

        public init(point: ImagePoint, units: Units, isVisible: Bool) {
            self.point = point
            self.units = units
            self.isVisible = isVisible
        }
    }

    public struct Graphic: Hashable, Sendable {
        /// `POINT`, `POLYLINE`, `INTERPOLATED`, `CIRCLE`, `ELLIPSE`; of compound graphics `MULTILINE`, `ARROW`, `RULER` …
        public var type: String
        public var units: Units
        public var points: [ImagePoint]
        public var isFilled: Bool
        public var isCompound: Bool
        public var style: Style

        public init(
            type: String, units: Units, points: [ImagePoint], isFilled: Bool = false, isCompound: Bool = false, style: Style = Style()
        ) {
            self.type = type
            self.units = units
            self.points = points
            self.isFilled = isFilled
            self.isCompound = isCompound
            self.style = style
        }
    }

    /// Colours and widths where a state names them (PS3.3 C.10.5.1.3).
    public struct Style: Hashable, Sendable {
        /// CIELab as encoded in 16 bits; empty for the layer's.
        public var colour: [Int] = []
        /// Points or pixels as written.
        public var lineThickness: Double?
        public var isDashed = false

        public init() {}
    }
}
