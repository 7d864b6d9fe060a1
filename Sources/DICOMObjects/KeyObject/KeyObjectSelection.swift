public import DICOMCore

/// A Key Object Selection Document (PS3.3 A.35.4; PS3.16 TID 2010): instances somebody found worth pointing at, and why.
public struct KeyObjectSelection: Hashable, Sendable {
    public static let sopClassUID = UID.keyObjectSelectionDocumentStorage

    public var sopInstanceUID: String
    public var seriesInstanceUID: String
    /// Document title, of CID 7010.
    public var title: CodedConcept
    public var text: String
    /// Name for people, and what the person signs in with where the document says.
    public var author: String
    public var loginName: String?
    /// ISO 8601.
    public var created: String
    public var references: [EvidenceReference]

    /// Objects named under it are not to be used.
    public static let rejectedForQuality = CodedConcept("113001", "DCM", "Rejected for Quality Reasons")

    /// Titles that may be written: CID 7010 as of 2026 without those of radiotherapy.
    public static let titles: [CodedConcept] = [
        Concept.ofInterest, rejectedForQuality,
        CodedConcept("113002", "DCM", "For Referring Provider"), CodedConcept("113003", "DCM", "For Surgery"),
        CodedConcept("113004", "DCM", "For Teaching"), CodedConcept("113005", "DCM", "For Conference"),
        CodedConcept("113006", "DCM", "For Therapy"), CodedConcept("113007", "DCM", "For Patient"),
        CodedConcept("113008", "DCM", "For Peer Review"), CodedConcept("113009", "DCM", "For Research"),
        CodedConcept("113010", "DCM", "Quality Issue"), CodedConcept("113013", "DCM", "Best In Set"),
        CodedConcept("113018", "DCM", "For Printing"), CodedConcept("113020", "DCM", "For Report Attachment"),
        CodedConcept("113021", "DCM", "For Litigation"), CodedConcept("128203", "DCM", "For Tumor Board"),
    ]

    /// Reads a document: every instance its content names, with the series its evidence says.
    ///
    /// - Throws: when it has no readable content tree.
    public init(_ dataSet: DataSet, limits: DocumentLimits = .init()) throws(DocumentError) {
        let document = try StructuredReportDocument(dataSet, limits: limits)
        let evidence = EvidenceReference.read(dataSet)
        let places = Dictionary(evidence.map { ($0.instance.sopInstanceUID, $0) }) { first, _ in first }
        sopInstanceUID = document.sopInstanceUID
        seriesInstanceUID = document.seriesInstanceUID
        title = document.root.concept ?? Concept.ofInterest
        text = document.root.child(Concept.keyObjectDescription)?.text ?? ""
        author = document.observer.map { MarkJSON.shownName($0.name) } ?? ""
        loginName = document.observer?.login
        created = MarkJSON.timestamp(document.contentDateTime, offset: document.timezoneOffset)
        references = document.root.children.compactMap { item in
            switch item.value {
            case .image(let instance), .composite(let instance):
                let place = places[instance.sopInstanceUID]
                return EvidenceReference(
                    studyInstanceUID: place?.studyInstanceUID ?? "", seriesInstanceUID: place?.seriesInstanceUID ?? "",
                    instance: instance)
            default: return nil
            }
        }
    }

    /// The document.
    ///
    /// - Parameters:
    ///   - references: images or other objects of the study of `source`, at least one.
    ///   - title: one of `titles`.
    public static func dataSet(
        title: CodedConcept, text: String, references: [EvidenceReference], authoring: ObjectAuthoring, source: DataSet
    ) -> DataSet {
        var children = [
            ContentItem(.hasObservationContext, Concept.observerType, .code(Concept.person)),
            ContentItem(.hasObservationContext, Concept.personObserverName, .personName(authoring.personName)),
            ContentItem(.hasObservationContext, Concept.personObserverLoginName, .text(authoring.loginName)),
        ]
        if !text.isEmpty { children.append(ContentItem(.contains, Concept.keyObjectDescription, .text(text))) }
        children += references.map { reference in
            let kind = StorageSOPClass.row(reference.instance.sopClassUID)?.kind
            let isImage = kind?.hasDrawableFrames ?? true
            return ContentItem(.contains, nil, isImage ? .image(reference.instance) : .composite(reference.instance))
        }
        return StructuredReportDocument.dataSet(
            sopClassUID: sopClassUID, modality: "KO", root: ContentItem(nil, title, .container(template: "2010"), children),
            evidence: references, authoring: authoring, source: source)
    }

    /// For the viewer, as Documentation/presentation.md has it.
    public var json: JSONNode {
        [
            "sopInstanceUID": JSONNode(sopInstanceUID), "seriesInstanceUID": JSONNode(seriesInstanceUID),
            "title": MarkJSON.code(title), "description": JSONNode(text),
            "author": ["name": loginName.map { JSONNode($0) } ?? .null, "displayName": JSONNode(author)],
            "created": JSONNode(created),
            "images": JSONNode(
                references.map { PresentationState.reference($0.instance, seriesInstanceUID: $0.seriesInstanceUID) }),
        ]
    }
}
