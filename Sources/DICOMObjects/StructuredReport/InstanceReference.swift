public import DICOMCore

/// An instance, and frames of it, that another object speaks of (PS3.3 Table 10-3, 10-11).
public struct InstanceReference: Hashable, Sendable {
    public var sopClassUID: String
    public var sopInstanceUID: String
    /// 1-based; empty means all.
    public var frameNumbers: [Int]

    public init(sopClassUID: String, sopInstanceUID: String, frameNumbers: [Int] = []) {
        self.sopClassUID = sopClassUID
        self.sopInstanceUID = sopInstanceUID
        self.frameNumbers = frameNumbers
    }

    /// Reads an item of a Referenced SOP Sequence or Referenced Image Sequence; `nil` without an instance UID.
    public init?(_ item: DataSet) {
        guard let uid = item.uid(.referencedSOPInstanceUID) else { return nil }
        self.init(
            sopClassUID: item.uid(.referencedSOPClassUID) ?? "", sopInstanceUID: uid,
            frameNumbers: item.ints(.referencedFrameNumber).filter { $0 > 0 })
    }

    public var item: DataSet {
        var item = DataSet(inheritedCharacterSet: .utf8)
        item.set(.referencedSOPClassUID, .ui, sopClassUID)
        item.set(.referencedSOPInstanceUID, .ui, sopInstanceUID)
        if !frameNumbers.isEmpty { item.set(.referencedFrameNumber, .is, ints: frameNumbers) }
        return item
    }
}

/// An instance with the study and series it stands in, for evidence sequences (PS3.3 Table C.17-3).
public struct EvidenceReference: Hashable, Sendable {
    public var studyInstanceUID: String
    public var seriesInstanceUID: String
    public var instance: InstanceReference

    public init(studyInstanceUID: String, seriesInstanceUID: String, instance: InstanceReference) {
        self.studyInstanceUID = studyInstanceUID
        self.seriesInstanceUID = seriesInstanceUID
        self.instance = instance
    }

    /// Items of a Current Requested Procedure Evidence Sequence, each instance once, in the order given.
    public static func evidenceItems(_ references: [EvidenceReference]) -> [DataSet] {
        studies(references).map { study in
            var item = DataSet(inheritedCharacterSet: .utf8)
            item.set(.referencedSeriesSequence, items: seriesItems(references.filter { $0.studyInstanceUID == study }, .referencedSOPSequence))
            item.set(.studyInstanceUID, .ui, study)
            return item
        }
    }

    /// Items of a Referenced Series Sequence whose instances stand in `sequence`.
    public static func seriesItems(_ references: [EvidenceReference], _ sequence: Tag) -> [DataSet] {
        var order: [String] = []
        var bySeries: [String: [InstanceReference]] = [:]
        for reference in references {
            if bySeries[reference.seriesInstanceUID] == nil { order.append(reference.seriesInstanceUID) }
            var instance = reference.instance
            instance.frameNumbers = []
            if bySeries[reference.seriesInstanceUID, default: []].contains(instance) { continue }
            bySeries[reference.seriesInstanceUID, default: []].append(instance)
        }
        return order.map { series in
            var item = DataSet(inheritedCharacterSet: .utf8)
            item.set(sequence, items: (bySeries[series] ?? []).map(\.item))
            item.set(.seriesInstanceUID, .ui, series)
            return item
        }
    }

    private static func studies(_ references: [EvidenceReference]) -> [String] {
        var seen: Set<String> = []
        return references.map(\.studyInstanceUID).filter { seen.insert($0).inserted }
    }

    /// All instances of an evidence sequence or Referenced Series Sequence; at most `limit`.
    public static func read(_ dataSet: DataSet, limit: Int = 100_000) -> [EvidenceReference] {
        var references: [EvidenceReference] = []
        let studies = dataSet.items(.currentRequestedProcedureEvidenceSequence) + dataSet.items(.pertinentOtherEvidenceSequence)
        for study in studies {
            for series in study.items(.referencedSeriesSequence) {
                for item in series.items(.referencedSOPSequence) {
                    guard references.count < limit else { return references }
                    guard let instance = InstanceReference(item) else { continue }
                    references.append(
                        EvidenceReference(
                            studyInstanceUID: study.uid(.studyInstanceUID) ?? "",
                            seriesInstanceUID: series.uid(.seriesInstanceUID) ?? "", instance: instance))
                }
            }
        }
        return references
    }
}
