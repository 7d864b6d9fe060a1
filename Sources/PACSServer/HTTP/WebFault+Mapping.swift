import Archive
import DICOMObjects
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SecurityProfiles

extension WebFault {
    /// The one place where errors of the archive become HTTP answers.
    init(mapping error: any Error, logger: Logger) {
        switch error {
        case let error as QueryError: self.init(.badRequest, "query", "\(error)")
        case let error as IngestRefusal: self.init(error)
        case let error as SecurityError: self.init(security: error)
        case let error as RetrieveError:
            logger.error("Retrieve failed: \(error)")
            self.init(retrieve: error)
        case let error as IndexError:
            logger.error("Index: \(error)")
            self.init(.serviceUnavailable, "index", "The index cannot be read now.", remedy: "Try again; see the server log.")
        case is NIOTooManyBytesError: self.init(.contentTooLarge, "body", "The request body is too large.")
        default:
            logger.error("Request failed: \(error)")
            self.init(.internalServerError, "internal", "The server could not complete this.", remedy: "See the server log.")
        }
    }

    init(_ refusal: IngestRefusal) {
        let status: HTTPResponse.Status = switch refusal.kind {
        case .full: .init(code: 507, reasonPhrase: "Insufficient Storage")
        case .unavailable: .serviceUnavailable
        case .cannotUnderstand: .badRequest
        case .doesNotMatch, .sopClassNotSupported: .conflict
        case .tooLarge: .contentTooLarge
        }
        self.init(status, refusal.kind.rawValue, refusal.reason)
    }

    private init(retrieve error: RetrieveError) {
        switch error {
        case .cannotTranscode: self.init(.notAcceptable, "transferSyntax", error.description)
        case .image(.frameOutOfRange(_, _)): self.init(.notFound, "frame", error.description)
        case .image: self.init(.notAcceptable, "image", error.description)
        case .storage(.unavailable): self.init(.serviceUnavailable, "storage", error.description)
        default: self.init(.internalServerError, "storage", error.description)
        }
    }

    private init(security error: SecurityError) {
        switch error {
        case .storeUnavailable, .storeNotWritable, .storeCorrupt, .keyFile, .busy: self.init(.serviceUnavailable, "security", error.description)
        case .setupRefused(let refusal):
            self.init(refusal == .invalid ? .notFound : .gone, refusal.rawValue, error.description)
        case .accountNotFound, .tokenNotFound, .sessionNotFound, .deviceNotFound, .callerNotFound:
            self.init(.notFound, "notFound", error.description)
        case .accountExists, .deviceExists, .lastAdministrator: self.init(.conflict, "conflict", error.description)
        case .tampered: self.init(.conflict, "tampered", error.description)
        default: self.init(.badRequest, "invalid", error.description)
        }
    }
}
