public import DICOMCore

/// A coded entry (PS3.3 Table 8.8-1): code value, the scheme it is from, and its meaning for people.
public struct CodedConcept: Hashable, Sendable {
    public var value: String
    /// Coding Scheme Designator, e.g. `DCM`, `SCT`, `UCUM`.
    public var scheme: String
    public var meaning: String

    public init(_ value: String, _ scheme: String, _ meaning: String) {
        self.value = value
        self.scheme = scheme
        self.meaning = meaning
    }

    /// Reads an item of a code sequence; `nil` without a code value.
    public init?(_ item: DataSet) {
        guard let value = item.string(.codeValue) ?? item.string(.longCodeValue) ?? item.string(.urnCodeValue) else { return nil }
        self.init(value, item.string(.codingSchemeDesignator) ?? "", item.string(.codeMeaning) ?? "")
    }

    /// The first item of a code sequence of `dataSet`.
    public init?(_ dataSet: DataSet, _ sequence: Tag) {
        guard let item = dataSet.items(sequence).first, let concept = Self(item) else { return nil }
        self = concept
    }

    /// An item of a code sequence.
    public var item: DataSet {
        var item = DataSet(inheritedCharacterSet: .utf8)
        if value.utf8.count > 16 {
            item.set(.longCodeValue, .uc, value)
        } else {
            item.set(.codeValue, .sh, value)
        }
        item.set(.codingSchemeDesignator, .sh, scheme)
        item.set(.codeMeaning, .lo, String(meaning.prefix(64)))
        return item
    }

    /// Same code: meanings may be worded differently, and SNOMED CT codes have had an older designator (PS3.16 §8.1).
    public func means(_ other: CodedConcept) -> Bool {
        if value == other.value, scheme == other.scheme { return true }
        guard let modern = Self.retiredCodes[value + "|" + scheme] else { return false }
        return modern == other.value && other.scheme == "SCT"
    }

    /// SNOMED RT identifiers in measurement reports of older makers, and what they are in SNOMED CT (PS3.16 Annex O).
    private static let retiredCodes = [
        "G-D7FE|SRT": "410668003", "G-A166|SRT": "42798000", "G-D705|SRT": "118565006", "R-00317|SRT": "373098007",
        "R-404FB|SRT": "255605001", "G-A437|SRT": "56851009", "R-10047|SRT": "386136009", "G-A22A|SRT": "410668003",
        "G-C036|SRT": "370129005", "G-C0E3|SRT": "363698007", "M-02550|SRT": "81827009", "R-00363|SRT": "371884006",
    ]

    /// What a report of an unknown scheme calls the same thing is shown as it stands.
    public var shown: String { meaning.isEmpty ? value : meaning }
}

/// Codes of templates and context groups that are written and looked for (PS3.16).
public enum Concept {
    public static let imagingMeasurementReport = CodedConcept("126000", "DCM", "Imaging Measurement Report")
    public static let imagingMeasurements = CodedConcept("126010", "DCM", "Imaging Measurements")
    public static let measurementGroup = CodedConcept("125007", "DCM", "Measurement Group")
    public static let languageOfContent = CodedConcept("121049", "DCM", "Language of Content Item and Descendants")
    public static let observerType = CodedConcept("121005", "DCM", "Observer Type")
    public static let person = CodedConcept("121006", "DCM", "Person")
    public static let device = CodedConcept("121007", "DCM", "Device")
    public static let personObserverName = CodedConcept("121008", "DCM", "Person Observer Name")
    public static let personObserverLoginName = CodedConcept("128774", "DCM", "Person Observer's Login Name")
    public static let deviceObserverUID = CodedConcept("121012", "DCM", "Device Observer UID")
    public static let deviceObserverName = CodedConcept("121013", "DCM", "Device Observer Name")
    public static let deviceObserverManufacturer = CodedConcept("121014", "DCM", "Device Observer Manufacturer")
    public static let deviceObserverModelName = CodedConcept("121015", "DCM", "Device Observer Model Name")
    public static let procedureReported = CodedConcept("121058", "DCM", "Procedure reported")
    public static let imagingProcedure = CodedConcept("363679005", "SCT", "Imaging procedure")
    public static let imageLibrary = CodedConcept("111028", "DCM", "Image Library")
    public static let imageLibraryGroup = CodedConcept("126200", "DCM", "Image Library Group")
    public static let trackingIdentifier = CodedConcept("112039", "DCM", "Tracking Identifier")
    public static let trackingUniqueIdentifier = CodedConcept("112040", "DCM", "Tracking Unique Identifier")
    public static let finding = CodedConcept("121071", "DCM", "Finding")
    public static let comment = CodedConcept("121106", "DCM", "Comment")
    public static let imageRegion = CodedConcept("111030", "DCM", "Image Region")
    public static let sourceSeriesForSegmentation = CodedConcept("121232", "DCM", "Source series for segmentation")
    public static let derivation = CodedConcept("121401", "DCM", "Derivation")
    /// CID 225.
    public static let uncertainty = CodedConcept("371884006", "SCT", "+/-, range of measurement uncertainty")
    public static let coverageFactor = CodedConcept("coverageFactor", "99APUS", "Coverage factor")
    public static let markAsJSON = CodedConcept("apusMark", "99APUS", "Mark as JSON")
    public static let noUnits = CodedConcept("1", "UCUM", "no units")

    public static let length = CodedConcept("410668003", "SCT", "Length")
    public static let pathLength = CodedConcept("121211", "DCM", "Path length")
    public static let angle = CodedConcept("1483009", "SCT", "Angle")
    public static let cobbAngle = CodedConcept("285285000", "SCT", "Cobb angle")
    public static let ratio = CodedConcept("118586006", "SCT", "Ratio")

    public static let ofInterest = CodedConcept("113000", "DCM", "Of Interest")
    public static let keyObjectDescription = CodedConcept("113012", "DCM", "Key Object Description")
}
