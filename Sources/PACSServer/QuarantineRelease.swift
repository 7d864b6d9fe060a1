import Archive
package import PersistenceSQLite
package import SecurityProfiles

/// Lets an instance out of quarantine, and says so in the audit log.
package struct QuarantineRelease: Sendable {
    private let index: SQLiteIndex
    private let security: SecurityServices

    package init(index: SQLiteIndex, security: SecurityServices) {
        self.index = index
        self.security = security
    }

    /// What a release touches: those of the instances that are in quarantine, with their studies and patients.
    package static func affected(_ instances: [(sopInstanceUID: String, version: Int)], _ index: SQLiteIndex) throws -> Affected {
        let found = try index.instances(
            .instances(study: nil, series: nil, instances.map(\.sopInstanceUID)), includingConflicts: true
        ).filter { found in
            found.isQuarantined && instances.contains { $0.sopInstanceUID == found.sopInstanceUID && $0.version == found.conflictVersion }
        }
        let studies = Set(found.map(\.studyInstanceUID))
        return Affected([.patients: try index.patientCount(ofStudies: studies.sorted()), .studies: studies.count, .objects: found.count])
    }

    /// - Returns: `false` when no such instance is in quarantine.
    package func run(_ sopInstanceUID: String, version: Int, reason: String, by author: Author) throws -> Bool {
        guard let instance = try index.release(
            sopInstanceUID: sopInstanceUID, version: version, author: author.principal.name, reason: reason,
            nowMilliseconds: PACS.now())
        else { return false }
        try security.audit.append(
            AuditEvent(
                .quarantineReleased, actor: author.principal, origin: author.origin,
                objects: [.study(uid: instance.studyInstanceUID), .instance(uid: sopInstanceUID)],
                details: [.reason: reason, .version: String(version)]))
        return true
    }
}
