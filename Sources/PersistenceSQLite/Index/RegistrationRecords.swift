import Archive
import DICOMCore

/// Rows lately written or read, so that the thousandth instance of a study costs no look-up. Writer only.
final class PatientRecord {
    let key: Int64
    /// Values of `Watched.patient`, as first received.
    let kept: [String]
    var studies = 0
    var series = 0
    var instances = 0

    init(key: Int64, kept: [String]) {
        self.key = key
        self.kept = kept
    }
}

final class StudyRecord {
    let key: Int64
    let uid: String
    let patient: PatientRecord
    /// Values of `Watched.study`, as first received.
    let kept: [String]
    /// Encoded values last found equal to the kept ones: most instances need no decoding.
    var equalBytes: [ArraySlice<UInt8>?]
    var equalCharacterSet: ArraySlice<UInt8>?
    var series = 0
    var instances = 0
    var modalities: [String] = []
    var sopClasses: [String] = []

    init(key: Int64, uid: String, patient: PatientRecord, kept: [String]) {
        self.key = key
        self.uid = uid
        self.patient = patient
        self.kept = kept
        equalBytes = Array(repeating: nil, count: kept.count)
    }
}

final class SeriesRecord {
    let key: Int64
    let study: StudyRecord
    let modality: String
    var instances = 0

    init(key: Int64, study: StudyRecord, modality: String) {
        self.key = key
        self.study = study
        self.modality = modality
    }
}

/// Attributes that must agree among the objects of one entity; differences are recorded (PACS-4.2.6-g).
enum Watched {
    static let patient: [IndexedAttribute] = attributes([.patientName, .patientBirthDate, .patientSex])
    static let study: [IndexedAttribute] = attributes([
        .patientID, .issuerOfPatientID, .patientName, .patientBirthDate, .patientSex, .studyDate, .studyID, .accessionNumber,
    ])
    static let modality = IndexedAttribute.named(.modality)

    private static func attributes(_ tags: [Tag]) -> [IndexedAttribute] { tags.compactMap { IndexedAttribute.named($0) } }
}

extension IndexedValue {
    /// As it stands in a text column.
    var columnText: String {
        switch self {
        case .text(let text), .moment(let text, _): text
        case .list(let values): TextList.encode(values)
        case .integer(let number): String(number)
        case .none, .items: ""
        }
    }
}
