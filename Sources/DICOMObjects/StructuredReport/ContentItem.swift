public import DICOMCore

/// One node of the content tree of a structured report (PS3.3 C.17.3).
public struct ContentItem: Hashable, Sendable {
    /// Relationship Type (0040,A010).
    public enum Relationship: String, Hashable, Sendable {
        case contains = "CONTAINS"
        case hasProperties = "HAS PROPERTIES"
        case hasObservationContext = "HAS OBS CONTEXT"
        case hasAcquisitionContext = "HAS ACQ CONTEXT"
        case inferredFrom = "INFERRED FROM"
        case selectedFrom = "SELECTED FROM"
        case hasConceptModifier = "HAS CONCEPT MOD"
    }

    public indirect enum Value: Hashable, Sendable {
        /// `template`: Template Identifier of DCMR, e.g. `1500`.
        case container(template: String?)
        case text(String)
        case code(CodedConcept)
        case number(NumericValue)
        case personName(String)
        case uid(String)
        /// DATE, TIME and DATETIME as written.
        case temporal(String)
        case image(InstanceReference)
        /// COMPOSITE and WAVEFORM.
        case composite(InstanceReference)
        case coordinates(GraphicCoordinates)
        case coordinates3D(GraphicCoordinates3D)
        /// What cannot be read, or a reference to another node; the value type as written.
        case other(String)
    }

    public var relationship: Relationship?
    public var concept: CodedConcept?
    public var value: Value
    public var children: [ContentItem]

    public init(
        _ relationship: Relationship?, _ concept: CodedConcept?, _ value: Value, _ children: [ContentItem] = []
    ) {
        self.relationship = relationship
        self.concept = concept
        self.value = value
        self.children = children
    }

    /// Whether the concept name is `concept`.
    public func isNamed(_ concept: CodedConcept) -> Bool { self.concept?.means(concept) ?? false }

    /// The first child of that name.
    public func child(_ concept: CodedConcept) -> ContentItem? { children.first { $0.isNamed(concept) } }

    public var isContainer: Bool { if case .container = value { true } else { false } }
    public var text: String? {
        switch value {
        case .text(let text), .personName(let text), .uid(let text), .temporal(let text): text
        case .code(let code): code.shown
        default: nil
        }
    }
    public var code: CodedConcept? { if case .code(let code) = value { code } else { nil } }
    public var number: NumericValue? { if case .number(let number) = value { number } else { nil } }
}

/// A measured value (PS3.3 C.18.1).
public struct NumericValue: Hashable, Sendable {
    /// `nil` when the report has none, with a qualifier saying why.
    public var value: Double?
    public var unit: CodedConcept

    public init(_ value: Double?, _ unit: CodedConcept) {
        self.value = value
        self.unit = unit
    }
}

/// SCOORD (PS3.3 C.18.6): positions in an image, pixels from the outer corner of its first pixel, whose centre is
/// therefore (0.5, 0.5).
public struct GraphicCoordinates: Hashable, Sendable {
    /// Graphic Type (0070,0023): `POINT`, `MULTIPOINT`, `POLYLINE`, `CIRCLE` or `ELLIPSE`.
    public var graphicType: String
    /// Column and row by turns, as the FL they are.
    public var graphicData: [Float]

    public init(graphicType: String, graphicData: [Float]) {
        self.graphicType = graphicType
        self.graphicData = graphicData
    }

    /// The positions counted from the centre of the first pixel, which is where marks count from.
    public var imagePoints: [ImagePoint] {
        stride(from: 0, to: graphicData.count - 1, by: 2).map {
            ImagePoint(column: Double(graphicData[$0]) - 0.5, row: Double(graphicData[$0 + 1]) - 0.5)
        }
    }

    public init(graphicType: String, imagePoints: [ImagePoint]) {
        self.init(
            graphicType: graphicType, graphicData: imagePoints.flatMap { [Float($0.column + 0.5), Float($0.row + 0.5)] })
    }
}

/// SCOORD3D (PS3.3 C.18.9): positions in patient space, mm.
public struct GraphicCoordinates3D: Hashable, Sendable {
    public var graphicType: String
    /// x, y, z by turns, as the FL they are.
    public var graphicData: [Float]
    public var frameOfReferenceUID: String

    public init(graphicType: String, graphicData: [Float], frameOfReferenceUID: String) {
        self.graphicType = graphicType
        self.graphicData = graphicData
        self.frameOfReferenceUID = frameOfReferenceUID
    }
}

/// A position in an image: 0-based, (0, 0) is the centre of the first pixel.
public struct ImagePoint: Hashable, Sendable {
    public var column: Double
    public var row: Double

    public init(column: Double, row: Double) {
        self.column = column
        self.row = row
    }

    public func distance(to other: ImagePoint) -> Double {
        let (dx, dy) = (other.column - column, other.row - row)
        return (dx * dx + dy * dy).squareRoot()
    }
}
