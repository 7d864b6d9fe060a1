public import DICOMCore

/// Marks from a report: our own exactly, others' as far as TID 1500 and the plain graphics under values go.
public struct MeasurementReportReader {
    /// Marks of one document.
    public static let maximumMarks = 10_000

    private let document: StructuredReportDocument
    private let seriesOfInstance: [String: String]
    private let place: PlaneSearch?
    private let author: JSONNode
    private let created: String

    /// - Parameters:
    ///   - dataSet: the whole document.
    ///   - seriesOfInstance: of images that the document's evidence does not list.
    ///   - place: finds the image that positions in patient space lie on; without it they give no marks.
    /// - Throws: when it has no readable content tree.
    public static func marks(
        in dataSet: DataSet, seriesOfInstance: [String: String] = [:], place: PlaneSearch? = nil, limits: DocumentLimits = .init()
    ) throws(DocumentError) -> [Mark] {
        let document = try StructuredReportDocument(dataSet, limits: limits)
        var series = seriesOfInstance
        for reference in EvidenceReference.read(dataSet) {
            series[reference.instance.sopInstanceUID] = reference.seriesInstanceUID
        }
        return Self(document, series, place).marks()
    }

    /// The image in whose plane positions lie, and where in it: frame of reference, x, y, z by turns in mm.
    public typealias PlaneSearch = @Sendable (_ frameOfReferenceUID: String, _ positions: [Double]) -> (InstanceReference, [ImagePoint])?

    private init(_ document: StructuredReportDocument, _ series: [String: String], _ place: PlaneSearch?) {
        self.document = document
        self.place = place
        seriesOfInstance = series
        let observer = document.observer
        author = MarkJSON.author(name: observer?.login, displayName: observer?.name)
        created = MarkJSON.timestamp(document.contentDateTime, offset: document.timezoneOffset)
    }

    private func marks() -> [Mark] {
        var groups: [Group] = []
        collect(document.root, into: &groups)
        var marks: [Mark] = []
        for (index, group) in groups.enumerated() {
            if let exact = exactMark(group) { marks.append(exact) } else { marks += codedMarks(group, index) }
        }
        return marks.prefix(Self.maximumMarks).map { $0.with("origin", origin) }
    }

    private var origin: JSONNode {
        MarkJSON.origin(
            sopInstanceUID: document.sopInstanceUID, seriesInstanceUID: document.seriesInstanceUID, kind: "SR", created: created)
    }

    // MARK: Groups

    private struct Shape: Hashable {
        var graphic: GraphicCoordinates
        var image: InstanceReference
    }

    /// What belongs together: a measurement group, or in other reports a value with its coordinates.
    private struct Group {
        var trackingUID: String?
        var trackingIdentifier: String?
        var json: String?
        var text: String?
        var values: [MarkValue] = []
        /// Each once, in the order of the tree.
        var shapes: [Shape] = []

        func has(_ concept: CodedConcept) -> Bool {
            values.contains { concept.means($0.quantity) || $0.quantity.means(concept) }
        }
    }

    private func collect(_ item: ContentItem, into groups: inout [Group]) {
        guard groups.count < Self.maximumMarks else { return }
        if item.isNamed(Concept.measurementGroup) || !item.isContainer {
            let group = group(item)
            if !group.shapes.isEmpty || group.json != nil { groups.append(group) }
        } else {
            for child in item.children { collect(child, into: &groups) }
        }
    }

    private func group(_ item: ContentItem) -> Group {
        var group = Group()
        var seen: Set<Shape> = []
        addShapes(item, &group, &seen)
        for child in item.isContainer ? item.children : [item] {
            if let value = Self.value(child) { group.values.append(value) }
            guard let text = child.text, child.code == nil else { continue }
            if child.isNamed(Concept.trackingUniqueIdentifier) {
                group.trackingUID = text
            } else if child.isNamed(Concept.trackingIdentifier) {
                group.trackingIdentifier = text
            } else if child.isNamed(Concept.markAsJSON) {
                group.json = text
            } else if child.relationship == .contains, group.text == nil {
                group.text = text
            }
        }
        return group
    }

    private func addShapes(_ item: ContentItem, _ group: inout Group, _ seen: inout Set<Shape>) {
        // Where a label stands, and the like; not what was measured.
        guard item.relationship != .hasProperties else { return }
        switch item.value {
        case .coordinates(let graphic):
            for child in item.children {
                guard case .image(let image) = child.value else { continue }
                let shape = Shape(graphic: graphic, image: image)
                if seen.insert(shape).inserted { group.shapes.append(shape) }
            }
        case .coordinates3D(let graphic):
            guard let shape = placed(graphic), seen.insert(shape).inserted else { return }
            group.shapes.append(shape)
        default: for child in item.children { addShapes(child, &group, &seen) }
        }
    }

    private func placed(_ graphic: GraphicCoordinates3D) -> Shape? {
        // A polygon is a closed line; an ellipsoid lies on no image.
        let type = graphic.graphicType == "POLYGON" ? "POLYLINE" : graphic.graphicType
        guard ["POINT", "MULTIPOINT", "POLYLINE", "ELLIPSE"].contains(type), graphic.graphicData.count >= 3,
            let (image, points) = place?(graphic.frameOfReferenceUID, graphic.graphicData.map { Double($0) })
        else { return nil }
        return Shape(graphic: GraphicCoordinates(graphicType: type, imagePoints: points), image: image)
    }

    private static func value(_ item: ContentItem) -> MarkValue? {
        guard let number = item.number, let value = number.value, let quantity = item.concept else { return nil }
        return MarkValue(
            quantity: quantity, derivation: item.child(Concept.derivation)?.code, value: value, unit: number.unit.value,
            uncertainty: item.child(Concept.uncertainty)?.number?.value,
            coverageFactor: item.child(Concept.coverageFactor)?.number?.value)
    }

    // MARK: Our own

    static let jsonLimits: JSONParser.Limits = {
        var limits = JSONParser.Limits()
        limits.maximumBytes = 16 << 20
        limits.maximumDepth = 32
        limits.maximumNodes = 1_000_000
        return limits
    }()

    /// The mark as it was published, if writing it again gives the coded shapes and values; else somebody changed them.
    private func exactMark(_ group: Group) -> Mark? {
        guard let json = group.json, let node = try? JSONParser.parse(Array(json.utf8)[...], limits: Self.jsonLimits),
            let mark = try? Mark(node), mark.uid == group.trackingUID, let graphics = try? mark.graphics()
        else { return nil }
        let isVolume = mark.kind == "volume"
        guard isVolume || Self.unique(graphics) == group.shapes.map(\.graphic),
            isVolume || group.shapes.allSatisfy({ $0.image.sopInstanceUID == mark.sopInstanceUID }),
            Self.haveSameNumbers(mark.values, group.values), mark.text == group.text ?? ""
        else { return nil }
        return mark.with("author", author)
    }

    private static func unique(_ graphics: [GraphicCoordinates]) -> [GraphicCoordinates] {
        var seen: Set<GraphicCoordinates> = []
        return graphics.filter { seen.insert($0).inserted }
    }

    private static func haveSameNumbers(_ one: [MarkValue], _ other: [MarkValue]) -> Bool {
        one.count == other.count
            && zip(one, other).allSatisfy { pair in
                pair.0.value == pair.1.value && pair.0.unit == pair.1.unit && pair.0.quantity.means(pair.1.quantity)
                    && pair.0.uncertainty == pair.1.uncertainty
            }
    }

    // MARK: Others'

    private func codedMarks(_ group: Group, _ index: Int) -> [Mark] {
        if let (kind, points, image) = Self.understood(group) {
            let shape = group.shapes.count == 1 ? group.shapes[0].graphic.graphicType : nil
            return [mark(group, uid(group, index, 0), kind, points, image, shape, group.values, group.text)].compactMap { $0 }
        }
        var marks: [Mark] = []
        for (position, shape) in group.shapes.enumerated() {
            let made = mark(
                group, uid(group, index, position), "graphic", shape.graphic.imagePoints, shape.image, shape.graphic.graphicType,
                position == 0 ? group.values : [], position == 0 ? group.text : nil)
            if let made { marks.append(made) }
        }
        return marks
    }

    /// The tracking UID; without one, or for the second shape of a group, one that is the same at every reading.
    private func uid(_ group: Group, _ index: Int, _ position: Int) -> String {
        if position == 0, let uid = group.trackingUID, UID.isValid(uid) { return uid }
        return UIDGenerator.derived(from: "\(document.sopInstanceUID)/\(index)/\(position)")
    }

    /// Corners of what can be edited corner by corner (marks.md).
    private static let maximumPolygon = 1000

    private static func understood(_ group: Group) -> (String, [ImagePoint], InstanceReference)? {
        guard let first = group.shapes.first, group.shapes.allSatisfy({ $0.image == first.image }) else { return nil }
        let shapes = group.shapes.map { (type: $0.graphic.graphicType, points: $0.graphic.imagePoints) }
        if shapes.count == 2, shapes.allSatisfy({ $0.type == "POLYLINE" && $0.points.count == 2 }) {
            let kind = group.has(Concept.cobbAngle) ? "cobb" : group.has(Concept.ratio) ? "ratio" : nil
            return kind.map { ($0, shapes.flatMap(\.points), first.image) }
        }
        guard shapes.count == 1 else { return nil }
        let points = shapes[0].points
        switch (shapes[0].type, points.count) {
        case ("POINT", 1): return group.values.isEmpty ? nil : ("probe", points, first.image)
        case ("CIRCLE", 2): return ("circle", points, first.image)
        case ("ELLIPSE", 4): return ("ellipse", points, first.image)
        case ("POLYLINE", 4...) where points.first == points.last:
            return (points.count > maximumPolygon ? "freehand" : "polygon", Array(points.dropLast()), first.image)
        case ("POLYLINE", 3) where group.has(Concept.angle): return ("angle", points, first.image)
        case ("POLYLINE", 2) where group.values.contains { $0.unit == "mm" || $0.unit == "cm" || $0.unit == "{pixels}" }:
            return ("length", points, first.image)
        case ("POLYLINE", 3...maximumPolygon) where group.has(Concept.pathLength) || group.has(Concept.length):
            return ("polyline", points, first.image)
        default: return nil
        }
    }

    private func mark(
        _ group: Group, _ uid: String, _ kind: String, _ points: [ImagePoint], _ image: InstanceReference,
        _ graphicType: String?, _ values: [MarkValue], _ text: String?
    ) -> Mark? {
        var members: [JSONNode.Member] = [
            .init("uid", JSONNode(uid)), .init("kind", JSONNode(kind)),
            .init("seriesInstanceUID", JSONNode(seriesOfInstance[image.sopInstanceUID] ?? "")),
            .init("sopClassUID", JSONNode(image.sopClassUID)), .init("sopInstanceUID", JSONNode(image.sopInstanceUID)),
            .init("frameNumber", JSONNode(image.frameNumbers.first ?? 1)), .init("frameOfReferenceUID", .null),
            .init("points", JSONNode(points.map { JSONNode([JSONNode($0.column), JSONNode($0.row)]) })),
            .init("patientPoints", .null), .init("label", .null), .init("text", JSONNode(text ?? "")),
            .init("values", JSONNode(values.map { MarkJSON.value($0) })), .init("calibration", .null),
            .init("anchorUncertainty", .null), .init("members", []), .init("hidden", false), .init("author", author),
            .init("created", JSONNode(created)), .init("modified", JSONNode(created)), .init("tool", .null),
        ]
        if let graphicType { members.append(.init("graphicType", JSONNode(graphicType))) }
        if let name = group.trackingIdentifier { members.append(.init("trackingIdentifier", JSONNode(name))) }
        return try? Mark(JSONNode(members))
    }
}
