/// Why a security operation could not be done. Messages name accounts, devices and settings, never secrets or patients.
package enum SecurityError: Error, Hashable, Sendable {
    /// Locked, or an error below the store (HTTP 503).
    case storeUnavailable(message: String)
    /// The disk is full, read-only or fails: what is stored can still be read (HTTP 503).
    case storeNotWritable(message: String)
    /// The store is not a readable database (HTTP 503).
    case storeCorrupt(message: String)
    /// The integrity key file is missing, unreadable or readable by others.
    case keyFile(message: String)
    /// The record does not carry the seal this installation gave it: it was changed outside Apus.
    case tampered(SealKind, key: String)

    case invalidAccountName(reason: String)
    case invalidDisplayName
    case weakPassword([PasswordPolicy.Violation])
    case accountExists(name: String)
    case accountNotFound(name: String)
    /// The change would leave no enabled administrator.
    case lastAdministrator
    /// Wrong current password when changing one's own.
    case wrongPassword
    /// Too many passwords are being checked at this moment; try again.
    case busy

    case setupRefused(SetupRefusal)

    case invalidToken(reason: String)
    case tokenNotFound(id: String)
    case sessionNotFound(id: String)

    case invalidDevice(field: String, reason: String)
    case deviceExists(aeTitle: String)
    case deviceNotFound(aeTitle: String)
    case callerNotFound(aeTitle: String)

    case unknownSetting(key: String)
    case invalidSetting(key: String, reason: String)
}

extension SecurityError: CustomStringConvertible {
    /// What is wrong and, where it helps, what to do.
    package var description: String {
        switch self {
        case .storeUnavailable(let message): "Security store unavailable: \(message)"
        case .storeNotWritable(let message): "Security store cannot be written now: \(message). Free space, or make the disk writable."
        case .storeCorrupt(let message): "Security store damaged: \(message)"
        case .keyFile(let message): "Integrity key: \(message)"
        case .tampered(let kind, let key):
            "The \(kind.rawValue) record \(key) was changed outside Apus and is not used. Review it, then re-seal."
        case .invalidAccountName(let reason): "Account name refused: \(reason)."
        case .invalidDisplayName: "Display name refused: up to 128 characters without control characters."
        case .weakPassword(let violations):
            "Password refused: " + violations.map(\.description).joined(separator: "; ") + "."
        case .accountExists(let name): "An account named \(name) exists already."
        case .accountNotFound(let name): "There is no account named \(name)."
        case .lastAdministrator: "Refused: no enabled administrator would be left."
        case .wrongPassword: "The current password is not right."
        case .busy: "Too many sign-ins at this moment. Try again in a few seconds."
        case .setupRefused(let refusal): refusal.description
        case .invalidToken(let reason): "Token refused: \(reason)."
        case .tokenNotFound(let id): "There is no token \(id)."
        case .sessionNotFound(let id): "There is no session \(id)."
        case .invalidDevice(let field, let reason): "Device \(field) refused: \(reason)."
        case .deviceExists(let aeTitle): "A device with AE title \(aeTitle) exists already."
        case .deviceNotFound(let aeTitle): "There is no device with AE title \(aeTitle)."
        case .callerNotFound(let aeTitle): "No unknown caller \(aeTitle) is listed."
        case .unknownSetting(let key): "There is no setting \(key)."
        case .invalidSetting(let key, let reason): "Setting \(key) refused: \(reason)."
        }
    }
}
