public import DICOMCore

/// A query/retrieve information model with the SOP classes of its services (PS3.4 Annexes C and K).
public struct InformationModel: Hashable, Sendable {
    public let findSOPClassUID: String
    /// `nil` where the model is for queries only.
    public let moveSOPClassUID: String?
    public let getSOPClassUID: String?
    /// From the root down; empty for models without levels.
    public let levels: [QueryRetrieveLevel]

    public static let patientRoot = Self(
        findSOPClassUID: UID.patientRootQueryRetrieveInformationModelFind,
        moveSOPClassUID: UID.patientRootQueryRetrieveInformationModelMove,
        getSOPClassUID: UID.patientRootQueryRetrieveInformationModelGet, levels: [.patient, .study, .series, .image])
    public static let studyRoot = Self(
        findSOPClassUID: UID.studyRootQueryRetrieveInformationModelFind,
        moveSOPClassUID: UID.studyRootQueryRetrieveInformationModelMove,
        getSOPClassUID: UID.studyRootQueryRetrieveInformationModelGet, levels: [.study, .series, .image])
    /// Retired, still asked for by old devices.
    public static let patientStudyOnly = Self(
        findSOPClassUID: UID.patientStudyOnlyQueryRetrieveInformationModelFind,
        moveSOPClassUID: UID.patientStudyOnlyQueryRetrieveInformationModelMove,
        getSOPClassUID: UID.patientStudyOnlyQueryRetrieveInformationModelGet, levels: [.patient, .study])
    public static let modalityWorklist = Self(
        findSOPClassUID: UID.modalityWorklistInformationModelFind, moveSOPClassUID: nil, getSOPClassUID: nil, levels: []
    )

    public static let all = [patientRoot, studyRoot, patientStudyOnly, modalityWorklist]

    /// The model one of whose services has this SOP class.
    public init?(sopClassUID: String) {
        let found = Self.all.first {
            [$0.findSOPClassUID, $0.moveSOPClassUID, $0.getSOPClassUID].contains(sopClassUID)
        }
        guard let found else { return nil }
        self = found
    }

    private init(
        findSOPClassUID: String, moveSOPClassUID: String?, getSOPClassUID: String?, levels: [QueryRetrieveLevel]
    ) {
        self.findSOPClassUID = findSOPClassUID
        self.moveSOPClassUID = moveSOPClassUID
        self.getSOPClassUID = getSOPClassUID
        self.levels = levels
    }
}

/// Query/Retrieve Level (0008,0052) (PS3.4 §C.6).
public enum QueryRetrieveLevel: String, Hashable, Sendable, CaseIterable {
    case patient = "PATIENT"
    case study = "STUDY"
    case series = "SERIES"
    case image = "IMAGE"

    /// - Returns: `nil` when the identifier names no level, or one that is not of this standard.
    public init?(identifier: DataSet) {
        guard let text = identifier.string(.queryRetrieveLevel), let level = Self(rawValue: text) else { return nil }
        self = level
    }

    /// The unique key of the level.
    public var uniqueKey: Tag {
        switch self {
        case .patient: .patientID
        case .study: .studyInstanceUID
        case .series: .seriesInstanceUID
        case .image: .sopInstanceUID
        }
    }
}
