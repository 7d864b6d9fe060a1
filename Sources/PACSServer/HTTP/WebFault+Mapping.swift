import Archive
import DICOMObjects
import DICOMweb
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SecurityProfiles

extension WebFault {
    /// The one place where errors of the archive become HTTP answers.
    init(mapping error: any Error) {
        switch error {
        case let fault as WebFault: self = fault
        case let problem as Problem: self.init(problem)
        case let error as HTTPError: self.init(error.status, error.status == .notFound ? "route" : "http", error.body ?? "")
        case let error as QueryError: self.init(.badRequest, "query", "\(error)")
        case let error as IngestRefusal: self.init(error)
        case let error as SecurityError: self.init(security: error)
        case let error as RetrieveError: self.init(retrieve: error)
        case let error as IndexError: self.init(.serviceUnavailable, "index", "", cause: "\(error)")
        case is NIOTooManyBytesError: self.init(.contentTooLarge, "body", "")
        default: self.init(.internalServerError, "internal", "", cause: "\(error)")
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
        self.init(status, ErrorCode(rawValue: refusal.kind.rawValue), refusal.reason)
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
        case .storeUnavailable, .storeNotWritable, .storeCorrupt, .keyFile, .busy:
            self.init(.serviceUnavailable, "security", "", cause: error.description)
        case .setupRefused(let refusal):
            self.init(refusal == .invalid ? .notFound : .gone, ErrorCode(rawValue: refusal.rawValue), "")
        case .accountNotFound, .tokenNotFound, .sessionNotFound, .deviceNotFound, .callerNotFound:
            self.init(.notFound, "notFound", error.description)
        case .accountExists, .deviceExists, .lastAdministrator: self.init(.conflict, "conflict", error.description)
        case .tampered: self.init(.conflict, "tampered", error.description)
        case .weakPassword: self.init(.badRequest, "weakPassword", error.description)
        default: self.init(.badRequest, "parameter", error.description)
        }
    }
}
