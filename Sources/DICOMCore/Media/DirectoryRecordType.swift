/// Which directory record an instance gets, and the keys copied into it (PS3.3 §F.4, §F.5).
enum DirectoryRecordType {
    struct Row {
        let type: String
        let keys: [Tag]
    }

    static let patientKeys: [Tag] = [.patientName, .patientID, .issuerOfPatientID, .patientBirthDate, .patientSex]
    static let studyKeys: [Tag] = [
        .studyDate, .studyTime, .accessionNumber, .studyDescription, .studyInstanceUID, .studyID,
    ]
    static let seriesKeys: [Tag] = [
        .modality, .institutionName, .seriesDescription, .performingPhysicianName, .seriesInstanceUID, .seriesNumber,
    ]

    /// Required of these records even without a value (Type 1 in part, but a medium without it is of no use either).
    static let requiredPatientKeys: [Tag] = [.patientName, .patientID]
    static let requiredStudyKeys: [Tag] = [
        .studyDate, .studyTime, .accessionNumber, .studyDescription, .studyInstanceUID, .studyID,
    ]
    static let requiredSeriesKeys: [Tag] = [.modality, .seriesInstanceUID, .seriesNumber]

    private static let content: [Tag] = [.contentDate, .contentTime, .instanceNumber]
    private static let label: [Tag] = [.contentLabel, .contentDescription, .contentCreatorName]
    private static let image = Row(type: "IMAGE", keys: [.imageType, .instanceNumber])

    /// Rows for the SOP classes that are no images.
    private static let rows: [String: Row] = {
        var rows: [String: Row] = [:]
        func add(_ type: String, _ keys: [Tag], _ classes: [String]) {
            for uid in classes { rows[uid] = Row(type: type, keys: keys) }
        }
        let presentation: [Tag] =
            [.instanceNumber, .presentationCreationDate, .presentationCreationTime, .referencedSeriesSequence] + label
        let base = "1.2.840.10008.5.1.4."
        add("PRESENTATION", presentation, (1...12).map { base + "1.1.11.\($0)" })
        add(
            "SR DOCUMENT",
            [.completionFlag, .verificationFlag, .verificationDateTime, .conceptNameCodeSequence, .contentSequence] + content,
            [11, 22, 33, 34, 35, 40, 50, 65, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76].map { base + "1.1.88.\($0)" })
        add("KEY OBJECT DOC", [.conceptNameCodeSequence, .contentSequence] + content, [base + "1.1.88.59"])
        add("RT DOSE", [.instanceNumber, .doseSummationType], [base + "1.1.481.2"])
        add(
            "RT STRUCTURE SET", [.instanceNumber, .structureSetLabel, .structureSetDate, .structureSetTime],
            [base + "1.1.481.3"])
        add("RT PLAN", [.instanceNumber, .rtPlanLabel, .rtPlanDate, .rtPlanTime], [5, 8].map { base + "1.1.481.\($0)" })
        add("RT TREAT RECORD", [.instanceNumber, .treatmentDate, .treatmentTime], [4, 6, 7, 9].map { base + "1.1.481.\($0)" })
        add("WAVEFORM", content, ["1.1", "1.2", "1.3", "2.1", "3.1", "4.1", "4.2", "5.1", "6.1", "6.2", "7.1", "7.2", "7.3", "7.4", "8.1"]
            .map { base + "1.1.9.\($0)" })
        add(
            "ENCAP DOC",
            [.documentTitle, .hl7InstanceIdentifier, .conceptNameCodeSequence, .mimeTypeOfEncapsulatedDocument] + content,
            (1...5).map { base + "1.1.104.\($0)" })
        add("RAW DATA", content, [base + "1.1.66"])
        add("REGISTRATION", content + label, [base + "1.1.66.1", base + "1.1.66.3"])
        add("FIDUCIAL", content + label, [base + "1.1.66.2"])
        add("SURFACE", content + label, [base + "1.1.66.5"])
        add("SURFACE SCAN", content, [base + "1.1.68.1", base + "1.1.68.2"])
        add("TRACT", content + label, [base + "1.1.66.6"])
        add("VALUE MAP", content + label, [base + "1.1.67"])
        add(
            "SPECTROSCOPY",
            [.imageType, .numberOfFrames, .rows, .columns, .dataPointRows, .dataPointColumns] + content, [base + "1.1.4.2"])
        add("STEREOMETRIC", content, [base + "1.1.77.1.5.3"])
        add("MEASUREMENT", content, (1...9).map { base + "1.1.78.\($0)" } + [base + "1.1.79.1", base + "1.1.80.1"])
        return rows
    }()

    /// Instances of classes that are not listed here are taken as images, the case of most new ones.
    static func row(sopClassUID: String) -> Row { rows[sopClassUID] ?? image }
}
