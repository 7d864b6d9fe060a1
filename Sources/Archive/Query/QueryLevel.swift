/// The levels of the Query/Retrieve information models (PS3.4 §C.6.1.1, §C.6.2.1).
package enum QueryLevel: Int, CaseIterable, Comparable, Hashable, Sendable {
    case patient, study, series, instance

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }

    /// Reads Query/Retrieve Level (0008,0052).
    package init?(definedTerm: String) {
        switch definedTerm {
        case "PATIENT": self = .patient
        case "STUDY": self = .study
        case "SERIES": self = .series
        case "IMAGE", "INSTANCE": self = .instance
        default: return nil
        }
    }

    /// The value of Query/Retrieve Level (0008,0052).
    package var definedTerm: String {
        switch self {
        case .patient: "PATIENT"
        case .study: "STUDY"
        case .series: "SERIES"
        case .instance: "IMAGE"
        }
    }
}

/// The two information models of the Query/Retrieve service class.
package enum QueryModel: Hashable, Sendable {
    case patientRoot, studyRoot
}
