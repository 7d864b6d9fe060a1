import DICOMCore
package import DICOMObjects

/// Why a stored object could not be given; the text names UIDs, tags and remedies, never values.
package enum RetrieveError: Error, Sendable {
    case storage(StorageError)
    /// The stored bytes do not read as the object they were.
    case unreadable(String)
    case image(ImageError)
    /// It cannot be given in this transfer syntax.
    case cannotTranscode(from: String, to: String, reason: String)
}

extension RetrieveError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .storage(.full(let message)), .storage(.unavailable(let message)): message
        case .storage(.damaged(_, let message)): "The stored record is damaged: \(message). Run apus check."
        case .storage(.notFound): "The stored record is missing. Run apus check."
        case .unreadable(let reason): "The stored object cannot be read: \(reason). Run apus check."
        case .image(let error): "The pixel data cannot be given: \(error)."
        case .cannotTranscode(let from, let to, let reason):
            "The object cannot be given in \(TransferSyntax(uid: to).name) from \(TransferSyntax(uid: from).name): \(reason)."
        }
    }
}
