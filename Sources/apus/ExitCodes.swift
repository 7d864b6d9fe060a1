import Archive
import ArgumentParser
import DICOMCore
import DIMSE
import PACSServer
import SecurityProfiles

/// The exit code that fits an error, in one place.
func exitCode(for error: any Error) -> ExitCode {
    switch error {
    case is ConfigurationError: .badConfiguration
    case is DataSetError: .badData
    case let error as AssociationError:
        switch error {
        case .rejected: .notPermitted
        case .invalidConfiguration: .badConfiguration
        default: .unavailable
        }
    case let error as StorageError:
        switch error {
        case .damaged, .notFound: .badData
        case .full, .unavailable: .inputOutput
        }
    case is IndexError: .inputOutput
    case let error as SecurityError:
        switch error {
        case .storeUnavailable, .storeCorrupt, .keyFile: .inputOutput
        case .busy: .tryAgain
        case .accountNotFound, .tokenNotFound, .sessionNotFound, .deviceNotFound, .callerNotFound: .noInput
        default: .badData
        }
    default: .failure
    }
}
