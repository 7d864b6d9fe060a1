import Archive
import ArgumentParser
import DICOMCore
import DICOMObjects
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
        case .storeUnavailable, .storeNotWritable, .storeCorrupt, .keyFile: .inputOutput
        case .busy: .tryAgain
        case .accountNotFound, .tokenNotFound, .sessionNotFound, .deviceNotFound, .callerNotFound: .noInput
        default: .badData
        }
    default: .failure
    }
}

/// Where the catalogue explains how commands end.
func catalogueCode(for code: ExitCode) -> ErrorCode {
    switch code {
    case ExitCode(64), .validationFailure: "commandUsage"
    case .badData: "commandData"
    case .noInput: "commandInput"
    case .unavailable: "commandPeer"
    case .inputOutput: "commandFile"
    case .tryAgain: "commandBusy"
    case .notPermitted: "commandRefused"
    case .badConfiguration: "commandConfiguration"
    default: "commandFailed"
    }
}

/// Whether the error words itself for people; others come from libraries.
func isOurs(_ error: any Error) -> Bool {
    switch error {
    case is ConfigurationError, is DataSetError, is AssociationError, is StorageError, is IndexError, is SecurityError, is DIMSEFailure,
        is RetrieveError, is QueryError, is IngestRefusal, is DICOMJSONError, is MediaDirectoryBuilder.Failure, is ImageError:
        true
    default: false
    }
}

/// What a library said inside an error of ours: for the log alone.
func libraryWords(_ error: any Error) -> String? {
    switch error {
    case AssociationError.connectionFailed(let reason), AssociationError.tls(let reason): reason
    case IndexError.unavailable(let message), IndexError.corrupt(let message): message
    default: isOurs(error) ? nil : "\(error)"
    }
}

/// An error as a sentence with the remedy.
func describe(_ error: any Error) -> String {
    switch error {
    case let error as AssociationError: describe(error)
    case let error as StorageError: error.text
    case IndexError.unavailable: "The index cannot be used."
    case IndexError.corrupt: "The index is damaged. Run apus reindex."
    case let failure as DIMSEFailure:
        "The peer ended with status \(failure.status)" + (failure.errorComment.map { ": \($0)" } ?? "") + "."
    default: "\(error)"
    }
}

private func describe(_ error: AssociationError) -> String {
    switch error {
    case .connectionFailed: "No connection. Check host, port and firewall."
    case .rejected(.callingAETitleNotRecognized): "The peer does not know our AE title. Register it there, or name another with --calling."
    case .rejected(.calledAETitleNotRecognized): "The peer has another AE title. Name it as AE@HOST:PORT."
    case .rejected(let rejection): "The peer rejected the association: \(rejection)."
    case .noPresentationContext(let sopClassUID, _):
        "The peer does not provide \(UIDRegistry.name(of: sopClassUID)) to us. Give our AE title the right there."
    case .ended(let reason): "The association ended early: \(reason)."
    case .invalidConfiguration(let reason): reason
    case .unexpectedResponse(let field): "The peer answered another command (\(field.rawValue)) than the one asked."
    case .sourceFailed(let reason): "The object cannot be read: \(reason)."
    case .tls: "TLS could not be agreed on. Check certificates and that the peer uses TLS on this port."
    }
}
