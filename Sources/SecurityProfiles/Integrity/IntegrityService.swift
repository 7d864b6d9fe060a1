import Synchronization

/// One thing that is not as Apus left it.
package struct IntegrityFinding: Hashable, Sendable {
    package enum Problem: String, Hashable, Sendable {
        /// Fields differ from those that were sealed.
        case changed
        /// Fields hold values Apus never writes.
        case unreadable
        /// Rows were removed, added or restored.
        case listChanged
        /// The store was sealed with another key file.
        case otherKey
        case auditLog
    }

    /// `account`, `device`, `setting`, `token`, `session`, `setup-link`, `key`, `audit`.
    package var area: String
    /// Which record; `*` for a whole area.
    package var key: String
    package var problem: Problem

    package var message: String {
        switch problem {
        case .changed: "The \(area) record \(key) was changed outside Apus; it is not used."
        case .unreadable: "The \(area) record \(key) cannot be read; it is not used."
        case .listChanged: "Records were added to or removed from the \(area) list outside Apus."
        case .otherKey: "The integrity key file is not the one this store was sealed with; nobody can sign in."
        case .auditLog: "The audit log was changed outside Apus at or after record \(key)."
        }
    }
}

package struct IntegrityReport: Hashable, Sendable {
    package var findings: [IntegrityFinding]
    package var audit: AuditVerification
    package var isIntact: Bool { findings.isEmpty }
}

/// Finds changes made outside Apus to accounts, devices, settings, tokens, sessions and the audit log (PACS-4.5.10-2,
/// PACS-4.5.10-3, PACS-4.5.12-2). Blocking.
package struct IntegrityService: Sendable {
    let context: SecurityContext
    let log: AuditLog
    private let lastReported = ReportedFindings()
    private let verified = VerifiedPart()

    init(context: SecurityContext, log: AuditLog) {
        self.context = context
        self.log = log
    }

    /// - Parameter wholeLog: `false` walks only what was added to the audit log since the last sound check of this
    ///   process, which keeps a check every minute cheap.
    package func verify(wholeLog: Bool = true) throws(SecurityError) -> IntegrityReport {
        let end = try log.anchor()
        let audit = try log.verify(after: wholeLog ? nil : verified.anchor.withLock { $0 })
        verified.anchor.withLock { $0 = audit.isIntact ? end : nil }
        var findings = try context.store.read { rows -> [IntegrityFinding] in
            if let check = try rows.keyCheck(), !equalInConstantTime(check, context.sealer.keyCheck) {
                return [IntegrityFinding(area: "key", key: "*", problem: .otherKey)]
            }
            return try rowFindings(rows) + listFindings(rows)
        }
        if let broken = audit.firstBroken {
            findings.append(IntegrityFinding(area: "audit", key: String(broken.sequence), problem: .auditLog))
        }
        return IntegrityReport(findings: findings, audit: audit)
    }

    /// As `verify`, and records what was not reported before by this process. Call it with the whole log at start and
    /// once a day, and without every minute or so.
    package func verifyAndRecord(by author: Author, wholeLog: Bool = true) throws(SecurityError) -> IntegrityReport {
        let report = try verify(wholeLog: wholeLog)
        let fresh = lastReported.replace(with: Set(report.findings))
        guard !fresh.isEmpty else { return report }
        try log.append(
            fresh.sorted { ($0.area, $0.key) < ($1.area, $1.key) }.prefix(Self.maximumRecorded).map { finding in
                AuditEvent(
                    .integrityFailed, outcome: .majorFailure, actor: author.principal, origin: author.origin,
                    objects: [.store(name: "\(finding.area):\(finding.key)")],
                    details: [.problem: finding.problem.rawValue, .count: String(fresh.count)])
            })
        return report
    }

    private static let maximumRecorded = 50

    /// After an administrator has reviewed what changed: seals every readable record as it now stands, and ends all
    /// sessions. Breaks in the audit log stay visible.
    package func acceptChanges(by author: Author) throws(SecurityError) {
        let report = try verify()
        try context.store.write { rows in
            for sealed in try rows.accounts() { try rows.put(context.sealer.seal(sealed.record)) }
            for stored in try rows.tokens() { try rows.put(context.sealer.seal(stored.sealed.record)) }
            for sealed in try rows.devices() { try rows.put(context.sealer.seal(sealed.record)) }
            for sealed in try rows.settings() { try rows.put(context.sealer.seal(sealed.record)) }
            for kind in SealKind.listed { try context.sealList(kind, rows) }
            try rows.removeSessions(ids: try rows.sessions(accountID: nil).map(\.sealed.record.id))
            try rows.setSetupLink(nil)
            try rows.setKeyCheck(context.sealer.keyCheck)
            try context.record(
                AuditEvent(
                    .integrityAccepted, actor: author.principal, origin: author.origin,
                    objects: report.findings.map { .store(name: "\($0.area):\($0.key)") },
                    details: [.count: String(report.findings.count)]), rows)
        }
    }

    /// Seals a fresh store; does nothing to one in use.
    ///
    /// - Parameter keyIsNew: whether the key file was made just now. A fresh store beside an old key means that the
    ///   former store was taken away.
    func prepare(keyIsNew: Bool) throws(SecurityError) {
        guard try context.store.read({ rows in try rows.keyCheck() }) == nil else { return }
        try context.store.write { rows in
            guard try rows.keyCheck() == nil else { return }
            let hasRows = try SealKind.listed.contains { try !rows.rowSeals(of: $0).isEmpty }
            let hasRecords = try !rows.auditRecords(after: 0, limit: 1).isEmpty
            // Content without a key check was not left so by Apus; it stays unsealed and is found by the checks.
            if !hasRows { for kind in SealKind.listed { try context.sealList(kind, rows) } }
            if !hasRecords {
                try rows.setAuditHead(AuditHead(sequence: 0, hash: AuditChain.genesis, sealer: context.sealer))
            }
            if !keyIsNew || hasRows || hasRecords {
                try context.record(
                    AuditEvent(
                        .integrityFailed, outcome: .majorFailure, actor: .system, origin: "apus",
                        objects: [.store(name: "security")], details: [.problem: "store-replaced"]), rows)
            }
            try rows.setKeyCheck(context.sealer.keyCheck)
        }
    }

    private func rowFindings(_ rows: any SecurityRows) throws -> [IntegrityFinding] {
        var findings: [IntegrityFinding] = []
        func examine<Record>(_ sealed: [Sealed<Record>]) {
            for row in sealed where !context.sealer.isIntact(row) {
                findings.append(
                    IntegrityFinding(area: Record.sealKind.rawValue, key: Self.name(of: row.record), problem: .changed))
            }
        }
        examine(try rows.accounts())
        examine(try rows.tokens().map(\.sealed))
        examine(try rows.devices())
        examine(try rows.settings())
        examine(try rows.sessions(accountID: nil).map(\.sealed))
        examine(try rows.setupLink().map { [$0] } ?? [])
        return findings
    }

    /// People know accounts by name.
    private static func name(of record: any SealedRecord) -> String {
        (record as? Account)?.name ?? record.sealKey
    }

    private func listFindings(_ rows: any SecurityRows) throws -> [IntegrityFinding] {
        var findings: [IntegrityFinding] = []
        for kind in SealKind.listed {
            for key in try rows.unreadableRows(of: kind) {
                findings.append(IntegrityFinding(area: kind.rawValue, key: key, problem: .unreadable))
            }
            if try !context.isListIntact(kind, rows) {
                findings.append(IntegrityFinding(area: kind.rawValue, key: "*", problem: .listChanged))
            }
        }
        return findings
    }
}

/// What was reported last, so that a lasting finding is recorded once per start.
private final class ReportedFindings: Sendable {
    private let findings = Mutex<Set<IntegrityFinding>>([])

    /// - Returns: those that were not there before.
    func replace(with new: Set<IntegrityFinding>) -> Set<IntegrityFinding> {
        findings.withLock { old in
            defer { old = new }
            return new.subtracting(old)
        }
    }
}

/// Up to where this process has found the audit log sound.
private final class VerifiedPart: Sendable {
    let anchor = Mutex<(sequence: Int64, hash: [UInt8])?>(nil)
}
