public import DICOMCore

extension Mark {
    /// Kinds that bound a region; in reports they are planar regions of interest (TID 1410).
    public static let regions: Set<String> = ["ellipse", "circle", "rectangle", "polygon", "freehand"]
    /// Kinds that are words and pointers, written as presentation states.
    public static let annotations: Set<String> = ["text", "arrow"]

    public var isRegion: Bool { Self.regions.contains(kind) }
    public var isAnnotation: Bool { Self.annotations.contains(kind) }

    public var reference: InstanceReference {
        InstanceReference(
            sopClassUID: sopClassUID, sopInstanceUID: sopInstanceUID,
            frameNumbers: isSingleFrame ? [] : [frameNumber])
    }

    /// A frame number for a single-frame image would be wrong (PS3.3 Table 10-3); which it is, the mark does not know. The
    /// classic classes are known to have one frame.
    private var isSingleFrame: Bool { frameNumber == 1 && Self.singleFrameClasses.contains(sopClassUID) }

    private static let singleFrameClasses: Set<String> = [
        UID.ctImageStorage, UID.mrImageStorage, UID.computedRadiographyImageStorage, UID.digitalXRayImageStorageForPresentation,
        UID.digitalXRayImageStorageForProcessing, UID.digitalMammographyXRayImageStorageForPresentation,
        UID.digitalMammographyXRayImageStorageForProcessing, UID.ultrasoundImageStorage, UID.secondaryCaptureImageStorage,
        UID.positronEmissionTomographyImageStorage, UID.rtImageStorage,
    ]

    /// What is written as SCOORD, in marks.md's table of kinds; empty for a volume, whose contours are marks of their own.
    ///
    /// - Throws: when the kind wants another number of points.
    public func graphics() throws(MarkError) -> [GraphicCoordinates] {
        switch kind {
        case "length", "calibration", "arrow": [try polyline(exactly: 2)]
        case "angle": [try polyline(exactly: 3)]
        case "polyline", "curve": [try polyline(atLeast: 2)]
        case "cobb", "ratio": try pairOfLines()
        case "probe", "text": [GraphicCoordinates(graphicType: "POINT", imagePoints: try exactly(1))]
        case "circle": [try circle()]
        case "ellipse": [try ellipse(try exactly(4))]
        case "rectangle": [try rectangle()]
        case "polygon", "freehand": [try closed()]
        case "volume": []
        default: [try asRead()]
        }
    }

    private func exactly(_ count: Int) throws(MarkError) -> [ImagePoint] {
        guard points.count == count else { throw MarkError("points", "\(kind) must have \(count)") }
        return points
    }

    private func polyline(exactly count: Int) throws(MarkError) -> GraphicCoordinates {
        GraphicCoordinates(graphicType: "POLYLINE", imagePoints: try exactly(count))
    }

    private func polyline(atLeast count: Int) throws(MarkError) -> GraphicCoordinates {
        guard points.count >= count else { throw MarkError("points", "\(kind) must have \(count) or more") }
        return GraphicCoordinates(graphicType: "POLYLINE", imagePoints: points)
    }

    private func pairOfLines() throws(MarkError) -> [GraphicCoordinates] {
        let points = try exactly(4)
        return [Array(points[..<2]), Array(points[2...])].map { GraphicCoordinates(graphicType: "POLYLINE", imagePoints: $0) }
    }

    private func closed() throws(MarkError) -> GraphicCoordinates {
        guard points.count >= 3 else { throw MarkError("points", "\(kind) must have 3 or more") }
        return GraphicCoordinates(graphicType: "POLYLINE", imagePoints: points + [points[0]])
    }

    private func rectangle() throws(MarkError) -> GraphicCoordinates {
        let points = try exactly(2)
        let (first, second) = (points[0], points[1])
        let corners = [
            first, ImagePoint(column: second.column, row: first.row), second, ImagePoint(column: first.column, row: second.row),
            first,
        ]
        return GraphicCoordinates(graphicType: "POLYLINE", imagePoints: corners)
    }

    /// Round in millimetres; on pixels that are not square it is an ellipse in the image.
    private func circle() throws(MarkError) -> GraphicCoordinates {
        let points = try exactly(2)
        guard let spacing, spacing.row != spacing.column else {
            return GraphicCoordinates(graphicType: "CIRCLE", imagePoints: points)
        }
        let dx = (points[1].column - points[0].column) * spacing.column
        let dy = (points[1].row - points[0].row) * spacing.row
        let radius = (dx * dx + dy * dy).squareRoot()
        let (across, down) = (radius / spacing.column, radius / spacing.row)
        let centre = points[0]
        return try ellipse([
            ImagePoint(column: centre.column - across, row: centre.row), ImagePoint(column: centre.column + across, row: centre.row),
            ImagePoint(column: centre.column, row: centre.row - down), ImagePoint(column: centre.column, row: centre.row + down),
        ])
    }

    /// The longer axis first (PS3.3 C.18.6.1.2).
    private func ellipse(_ ends: [ImagePoint]) throws(MarkError) -> GraphicCoordinates {
        let isSwapped = ends[2].distance(to: ends[3]) > ends[0].distance(to: ends[1])
        return GraphicCoordinates(
            graphicType: "ELLIPSE", imagePoints: isSwapped ? Array(ends[2...]) + Array(ends[..<2]) : ends)
    }

    private func asRead() throws(MarkError) -> GraphicCoordinates {
        let type = json["graphicType"]?.string ?? "POLYLINE"
        guard ["POINT", "MULTIPOINT", "POLYLINE", "CIRCLE", "ELLIPSE"].contains(type), !points.isEmpty else {
            throw MarkError("graphicType", "must be a graphic type of SCOORD with points")
        }
        return GraphicCoordinates(graphicType: type, imagePoints: points)
    }
}
