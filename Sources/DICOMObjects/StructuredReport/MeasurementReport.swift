public import DICOMCore

/// Measurements as a report of TID 1500 (PS3.16): Comprehensive 3D SR.
///
/// Every mark becomes a Measurement Group: regions by TID 1410, volumes by TID 1411, everything else by TID 1501 with values
/// inferred from their coordinates (TID 300, 320). Values stand as decimal string and as double, uncertainties under them
/// (TID 310, CID 225).
public struct MeasurementReport: Sendable {
    public static let sopClassUID = UID.comprehensive3DSRStorage

    public var marks: [Mark]
    public var authoring: ObjectAuthoring
    /// Of the installation that drew and measured.
    public var deviceUID: String
    /// Documents of which this one takes the place (PS3.3 C.17.2.3).
    public var predecessors: [EvidenceReference] = []

    public init(marks: [Mark], authoring: ObjectAuthoring, deviceUID: String) {
        self.marks = marks
        self.authoring = authoring
        self.deviceUID = deviceUID
    }

    /// The document.
    ///
    /// - Parameters:
    ///   - studyInstanceUID: of the images, which is the document's too.
    ///   - source: an object of that study.
    /// - Throws: the mark's member that cannot be written.
    public func dataSet(studyInstanceUID: String, source: DataSet) throws(MarkError) -> DataSet {
        let evidence = marks.map { mark in
            EvidenceReference(
                studyInstanceUID: studyInstanceUID, seriesInstanceUID: mark.seriesInstanceUID,
                instance: InstanceReference(sopClassUID: mark.sopClassUID, sopInstanceUID: mark.sopInstanceUID))
        }
        var dataSet = StructuredReportDocument.dataSet(
            sopClassUID: Self.sopClassUID, modality: "SR", root: try root(), evidence: evidence, authoring: authoring, source: source)
        if !predecessors.isEmpty {
            dataSet.set(.predecessorDocumentsSequence, items: EvidenceReference.evidenceItems(predecessors))
        }
        return dataSet
    }

    private func root() throws(MarkError) -> ContentItem {
        var groups: [ContentItem] = []
        for mark in marks { groups.append(try group(mark)) }
        return ContentItem(
            nil, Concept.imagingMeasurementReport, .container(template: "1500"),
            [
                ContentItem(.hasConceptModifier, Concept.languageOfContent, .code(CodedConcept("en", "RFC5646", "English")))
            ] + observers + [
                ContentItem(.hasConceptModifier, Concept.procedureReported, .code(Concept.imagingProcedure)),
                imageLibrary,
                ContentItem(.contains, Concept.imagingMeasurements, .container(template: nil), groups),
            ])
    }

    /// TID 1001 to 1004: who measured, and with what.
    private var observers: [ContentItem] {
        func context(_ name: CodedConcept, _ value: ContentItem.Value) -> ContentItem {
            ContentItem(.hasObservationContext, name, value)
        }
        return [
            context(Concept.observerType, .code(Concept.person)),
            context(Concept.personObserverName, .personName(authoring.personName)),
            context(Concept.personObserverLoginName, .text(authoring.loginName)),
            context(Concept.observerType, .code(Concept.device)),
            context(Concept.deviceObserverUID, .uid(deviceUID)),
            context(Concept.deviceObserverName, .text("Apus")),
            context(Concept.deviceObserverManufacturer, .text("Apus")),
            context(Concept.deviceObserverModelName, .text("Apus " + authoring.softwareVersion)),
        ]
    }

    /// TID 1600: the images measured on, each once.
    private var imageLibrary: ContentItem {
        var seen: Set<InstanceReference> = []
        let images = marks.map(\.reference).filter { seen.insert($0).inserted }
            .map { ContentItem(.contains, nil, .image($0)) }
        return ContentItem(
            .contains, Concept.imageLibrary, .container(template: "1600"),
            [ContentItem(.contains, Concept.imageLibraryGroup, .container(template: nil), images)])
    }

    // MARK: Groups

    private func group(_ mark: Mark) throws(MarkError) -> ContentItem {
        var children = [
            ContentItem(.hasObservationContext, Concept.trackingIdentifier, .text(Self.trackingIdentifier(mark))),
            ContentItem(.hasObservationContext, Concept.trackingUniqueIdentifier, .uid(mark.uid)),
        ]
        let graphics = try mark.graphics()
        var template = "1501"
        if mark.kind == "volume" {
            let regions = try contours(of: mark)
            template = regions.isEmpty ? "1501" : "1411"
            children += regions + mark.values.map { Self.measurement($0, []) }
        } else if mark.isRegion {
            template = "1410"
            children += graphics.map { Self.region($0, mark) } + mark.values.map { Self.measurement($0, []) }
        } else if mark.values.isEmpty {
            children += graphics.map { Self.region($0, mark) }
        } else {
            let sources = graphics.map { Self.coordinates(.inferredFrom, nil, $0, mark) }
            children += mark.values.map { Self.measurement($0, sources) }
        }
        if !mark.text.isEmpty { children.append(ContentItem(.contains, Concept.comment, .text(mark.text))) }
        children.append(ContentItem(.contains, Concept.markAsJSON, .text(Self.storedJSON(mark))))
        return ContentItem(.contains, Concept.measurementGroup, .container(template: template), children)
    }

    /// The shape and the image it is on.
    private static func coordinates(
        _ relationship: ContentItem.Relationship, _ concept: CodedConcept?, _ graphic: GraphicCoordinates, _ mark: Mark
    ) -> ContentItem {
        ContentItem(
            relationship, concept, .coordinates(graphic), [ContentItem(.selectedFrom, nil, .image(mark.reference))])
    }

    private static func region(_ graphic: GraphicCoordinates, _ mark: Mark) -> ContentItem {
        coordinates(.contains, Concept.imageRegion, graphic, mark)
    }

    /// The contours of a volume, as far as they are published with it.
    private func contours(of volume: Mark) throws(MarkError) -> [ContentItem] {
        let members = Set(volume.members)
        var regions: [ContentItem] = []
        for mark in marks where members.contains(mark.uid) && mark.kind != "volume" {
            regions += try mark.graphics().map { Self.region($0, mark) }
        }
        return regions
    }

    /// TID 300.
    private static func measurement(_ value: MarkValue, _ sources: [ContentItem]) -> ContentItem {
        let unit = CodedConcept(value.unit, "UCUM", value.unit)
        var children: [ContentItem] = []
        if let derivation = value.derivation {
            children.append(ContentItem(.hasConceptModifier, Concept.derivation, .code(derivation)))
        }
        if let uncertainty = value.uncertainty {
            children.append(ContentItem(.hasProperties, Concept.uncertainty, .number(NumericValue(uncertainty, unit))))
        }
        if let factor = value.coverageFactor {
            children.append(ContentItem(.hasProperties, Concept.coverageFactor, .number(NumericValue(factor, Concept.noUnits))))
        }
        return ContentItem(.contains, value.quantity, .number(NumericValue(value.value, unit)), children + sources)
    }

    private static func trackingIdentifier(_ mark: Mark) -> String {
        mark.number.map { "\(mark.kind) \($0)" } ?? mark.kind
    }

    /// Without what the server adds on reading.
    static func storedJSON(_ mark: Mark) -> String {
        String(decoding: mark.with("origin", nil).json.encoded(), as: UTF8.self)
    }
}
