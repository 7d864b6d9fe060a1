/// What the audit log can say; `row` is the dictionary shown to those who may read the log (PACS-4.5.2-2).
package enum AuditEventKind: String, CaseIterable, Hashable, Sendable {
    case serverStarted = "server.started"
    case serverStopped = "server.stopped"
    case loginSucceeded = "login.succeeded"
    case loginFailed = "login.failed"
    case accountLocked = "account.locked"
    case logout = "logout"
    case sessionRevoked = "session.revoked"
    case setupLinkIssued = "setup.linkIssued"
    case setupCompleted = "setup.completed"
    case setupFailed = "setup.failed"
    case accountCreated = "account.created"
    case passwordChanged = "account.passwordChanged"
    case accountRolesChanged = "account.rolesChanged"
    case accountStateChanged = "account.stateChanged"
    case tokenCreated = "token.created"
    case tokenRevoked = "token.revoked"
    case tokenRefused = "token.refused"
    case deviceAdded = "device.added"
    case deviceChanged = "device.changed"
    case deviceRemoved = "device.removed"
    case settingChanged = "setting.changed"
    case configurationChanged = "configuration.changed"
    case associationRefused = "association.refused"
    case nodeServiceRefused = "association.serviceRefused"
    case accessRefused = "access.refused"
    case studySearched = "study.searched"
    case studyViewed = "study.viewed"
    case studyImported = "study.imported"
    case studyReceived = "study.received"
    case studyExported = "study.exported"
    case studySent = "study.sent"
    case studyShared = "study.shared"
    case studyChanged = "study.changed"
    case studyDeleted = "study.deleted"
    case quarantineReleased = "quarantine.released"
    case auditRead = "audit.read"
    case auditVerified = "audit.verified"
    case auditBuffered = "audit.buffered"
    case integrityFailed = "integrity.failed"
    case integrityAccepted = "integrity.accepted"

    /// One line of the dictionary. Codes are of coding scheme DCM (PS3.16 CID 400, 401; PS3.15 §A.5.3).
    package struct Row: Sendable {
        /// Event ID, e.g. 110114 User Authentication.
        package let eventID: Int
        /// Event Type Code; `nil` when the standard has none.
        package let eventType: Int?
        /// Event Action Code: C, R, U, D or E.
        package let action: Character
        package let nameZH: String
        package let nameEN: String
        /// When a record of this kind is made.
        package let conditionZH: String
        package let conditionEN: String

        init(
            _ eventID: Int, _ eventType: Int?, _ action: Character, _ nameZH: String, _ nameEN: String,
            _ conditionZH: String, _ conditionEN: String
        ) {
            self.eventID = eventID
            self.eventType = eventType
            self.action = action
            self.nameZH = nameZH
            self.nameEN = nameEN
            self.conditionZH = conditionZH
            self.conditionEN = conditionEN
        }
    }
}
