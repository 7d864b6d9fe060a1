public import DICOMCore

/// Contours of a radiotherapy structure set (PS3.3 A.19, C.8.8.5, C.8.8.6) in patient space, mm.
public struct StructureSet: Hashable, Sendable {
    public struct Region: Hashable, Sendable {
        public var number: Int
        public var name: String
        public var regionDescription: String
        public var frameOfReferenceUID: String
        /// RT ROI Interpreted Type: `PTV`, `ORGAN`, `EXTERNAL` …
        public var interpretedType: String
        /// Red, green, blue 0…255; `nil` when the object names none.
        public var colour: [Int]?
        public var contours: [Contour]
    }

    public struct Contour: Hashable, Sendable {
        /// `POINT`, `OPEN_PLANAR`, `OPEN_NONPLANAR`, `CLOSED_PLANAR`, `CLOSEDPLANAR_XOR`.
        public var geometricType: String
        /// x, y, z by turns.
        public var coordinates: [Double]
        public var images: [InstanceReference]
    }

    public var sopInstanceUID: String
    public var seriesInstanceUID: String
    public var label: String
    public var regions: [Region]

    private static let maximumRegions = 10_000
    private static let maximumContours = 200_000
    private static let maximumCoordinates = 30_000_000

    /// - Throws: when it has no identity or counts beyond all use.
    public init(_ dataSet: DataSet) throws(DocumentError) {
        guard let uid = dataSet.uid(.sopInstanceUID) else { throw .attributeMissing(.sopInstanceUID) }
        sopInstanceUID = uid
        seriesInstanceUID = dataSet.uid(.seriesInstanceUID) ?? ""
        label = dataSet.string(.structureSetLabel) ?? ""
        let items = dataSet.items(.structureSetROISequence)
        guard items.count <= Self.maximumRegions else { throw .tooManyValues(.structureSetROISequence, limit: Self.maximumRegions) }
        let contourItems = dataSet.items(.roiContourSequence)
        guard contourItems.count <= Self.maximumRegions else { throw .tooManyValues(.roiContourSequence, limit: Self.maximumRegions) }
        var contours: [Int: DataSet] = [:]
        for item in contourItems { contours[item.int(.referencedROINumber) ?? -1] = item }
        var types: [Int: String] = [:]
        for item in dataSet.items(.rtroiObservationsSequence).prefix(Self.maximumRegions) {
            types[item.int(.referencedROINumber) ?? -1] = item.string(.rtroiInterpretedType) ?? ""
        }
        var budget = (contours: Self.maximumContours, bytes: Self.maximumCoordinates)
        regions = []
        for item in items {
            guard let number = item.int(.roiNumber) else { continue }
            let drawn = contours[number] ?? DataSet()
            let colour = drawn.ints(.roiDisplayColor)
            regions.append(
                Region(
                    number: number, name: item.string(.roiName) ?? "", regionDescription: item.string(.roiDescription) ?? "",
                    frameOfReferenceUID: item.uid(.referencedFrameOfReferenceUID) ?? "", interpretedType: types[number] ?? "",
                    colour: colour.count == 3 ? colour.map { min(max($0, 0), 255) } : nil,
                    contours: try Self.contours(drawn, &budget)))
        }
    }

    private static func contours(
        _ item: DataSet, _ budget: inout (contours: Int, bytes: Int)
    ) throws(DocumentError) -> [Contour] {
        var contours: [Contour] = []
        for item in item.items(.contourSequence) {
            budget.contours -= 1
            guard budget.contours >= 0 else { throw .tooManyValues(.contourSequence, limit: maximumContours) }
            // Each coordinate takes at least a digit and a backslash.
            budget.bytes -= (item.bytes(.contourData)?.count ?? 0) / 2
            guard budget.bytes >= 0 else { throw .tooManyValues(.contourData, limit: maximumCoordinates) }
            let coordinates = item.doubles(.contourData)
            guard coordinates.count >= 3, coordinates.count % 3 == 0, coordinates.allSatisfy(\.isFinite) else { continue }
            contours.append(
                Contour(
                    geometricType: item.string(.contourGeometricType) ?? "", coordinates: coordinates,
                    images: item.items(.contourImageSequence).prefix(64).compactMap { InstanceReference($0) }))
        }
        return contours
    }

    /// For the viewer, as Documentation/presentation.md has it.
    public var json: JSONNode {
        [
            "sopInstanceUID": JSONNode(sopInstanceUID), "seriesInstanceUID": JSONNode(seriesInstanceUID),
            "label": JSONNode(label), "regions": JSONNode(regions.map { $0.json }),
        ]
    }
}

extension StructureSet.Region {
    fileprivate var json: JSONNode {
        [
            "number": JSONNode(number), "name": JSONNode(name), "description": JSONNode(regionDescription),
            "frameOfReferenceUID": JSONNode(frameOfReferenceUID), "interpretedType": JSONNode(interpretedType),
            "color": colour.map { JSONNode($0.map { JSONNode($0) }) } ?? .null,
            "contours": JSONNode(
                contours.map { contour -> JSONNode in
                    [
                        "type": JSONNode(contour.geometricType),
                        "points": JSONNode(contour.coordinates.map { JSONNode($0) }),
                        "images": PresentationState.images(contour.images),
                    ]
                }),
        ]
    }
}
