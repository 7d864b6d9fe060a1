public import DICOMCore

/// A structured report: the facts of its document modules and its content tree (PS3.3 A.35, C.17.2).
public struct StructuredReportDocument: Hashable, Sendable {
    public var sopClassUID: String
    public var sopInstanceUID: String
    public var seriesInstanceUID: String
    /// Content Date and Time as written: `20260102030405.678`.
    public var contentDateTime: String
    public var timezoneOffset: String
    public var root: ContentItem

    /// - Throws: when there is no content tree, or one beyond `limits`.
    public init(_ dataSet: DataSet, limits: DocumentLimits = .init()) throws(DocumentError) {
        guard let instance = dataSet.uid(.sopInstanceUID) else { throw .attributeMissing(.sopInstanceUID) }
        sopClassUID = dataSet.uid(.sopClassUID) ?? ""
        sopInstanceUID = instance
        seriesInstanceUID = dataSet.uid(.seriesInstanceUID) ?? ""
        contentDateTime = (dataSet.string(.contentDate) ?? "") + (dataSet.string(.contentTime) ?? "")
        timezoneOffset = dataSet.string(.timezoneOffsetFromUTC) ?? ""
        root = try ContentItem(document: dataSet, limits: limits)
    }

    /// Who observed (TID 1001): name and login name of the first person, from the top of the tree.
    public var observer: (name: String, login: String?)? {
        guard let name = root.child(Concept.personObserverName)?.text else { return nil }
        return (name, root.child(Concept.personObserverLoginName)?.text)
    }

    /// A document data set: `authoring` gives patient to equipment, this adds SR Document General and Content.
    ///
    /// - Parameters:
    ///   - evidence: every instance the tree refers to.
    ///   - source: an object of the same study.
    public static func dataSet(
        sopClassUID: String, modality: String, root: ContentItem, evidence: [EvidenceReference], authoring: ObjectAuthoring,
        source: DataSet
    ) -> DataSet {
        var dataSet = authoring.dataSet(sopClassUID: sopClassUID, modality: modality, of: source)
        dataSet.setEmpty(.referencedPerformedProcedureStepSequence, .sq)
        dataSet.set(.contentDate, .da, authoring.date)
        dataSet.set(.contentTime, .tm, authoring.time)
        dataSet.set(.currentRequestedProcedureEvidenceSequence, items: EvidenceReference.evidenceItems(evidence))
        if modality == "SR" {
            dataSet.set(.completionFlag, .cs, "COMPLETE")
            dataSet.set(.verificationFlag, .cs, "UNVERIFIED")
            dataSet.set(.preliminaryFlag, .cs, "FINAL")
            dataSet.setEmpty(.performedProcedureCodeSequence, .sq)
        }
        for element in root.dataSet.elements { dataSet[element.tag] = element }
        return dataSet
    }
}
