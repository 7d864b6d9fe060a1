/// The audit log: events go in at the end and never change. Blocking.
package struct AuditLog: Sendable {
    let context: SecurityContext

    package func append(_ event: AuditEvent) throws(SecurityError) { try append([event]) }

    /// One transaction, in order.
    package func append(_ events: [AuditEvent]) throws(SecurityError) {
        guard !events.isEmpty else { return }
        try context.store.write { rows in
            for event in events { try context.record(event, rows) }
        }
    }

    /// For refusals that anybody can provoke (HTTP 403, refused DICOM services): each `key` at most once a minute, all
    /// together at most 120 a minute; the next one written tells how many were held back.
    package func appendRefusal(_ event: AuditEvent, key: String) throws(SecurityError) {
        try context.recordRefusal(event, key: key)
    }

    /// Latest first. The caller checks the right (`audit.read`) and records `auditRead`.
    package func records(_ query: AuditQuery) throws(SecurityError) -> [AuditRecord] {
        var bounded = query
        bounded.limit = min(max(query.limit, 1), 1000)
        return try context.store.read { rows in try rows.auditRecords(bounded) }
    }

    /// Sequence number and hash of the last record. Kept elsewhere, it proves later that the log up to there is the same.
    package func anchor() throws(SecurityError) -> (sequence: Int64, hash: [UInt8])? {
        try context.store.read { rows in try rows.auditHead().map { ($0.sequence, $0.hash) } }
    }

    /// Walks the chain up to its end at the moment of the call.
    ///
    /// - Parameter anchor: a record known to be sound, from `anchor()`; what stands before it is not looked at. `nil` walks
    ///   the whole log.
    package func verify(
        after anchor: (sequence: Int64, hash: [UInt8])? = nil
    ) throws(SecurityError) -> AuditVerification {
        guard let head = try context.store.read({ rows in try rows.auditHead() }) else {
            // Every prepared store has an end, be it before the first record.
            return AuditVerification(recordsChecked: 0, firstBroken: .init(sequence: 1, problem: .endMismatch))
        }
        let start = anchor?.sequence ?? 0
        var walked = start
        var previous = anchor?.hash ?? AuditChain.genesis
        while walked < head.sequence {
            let page = try context.store.read { rows in try rows.auditRecords(after: walked, limit: Self.pageSize) }
            if page.isEmpty { break }
            for record in page where record.sequence <= head.sequence {
                if let problem = Self.problem(of: record, after: walked, previous: previous) {
                    return AuditVerification(
                        recordsChecked: walked - start, firstBroken: .init(sequence: walked + 1, problem: problem))
                }
                walked = record.sequence
                previous = record.hash
            }
            if page.last.map({ $0.sequence > head.sequence }) ?? true { break }
        }
        return AuditVerification(recordsChecked: walked - start, firstBroken: endProblem(head, walked, previous))
    }

    private static let pageSize = 500

    private static func problem(
        of record: AuditRecord, after walked: Int64, previous: [UInt8]
    ) -> AuditVerification.Problem? {
        guard record.sequence == walked + 1 else { return .missing }
        return AuditChain.hash(of: record, previous: previous) == record.hash ? nil : .altered
    }

    private func endProblem(_ head: AuditHead, _ walked: Int64, _ last: [UInt8]) -> AuditVerification.BrokenLink? {
        guard head.isIntact(context.sealer) else { return .init(sequence: walked, problem: .endAltered) }
        guard walked == head.sequence, last == head.hash else {
            return .init(sequence: walked + 1, problem: walked < head.sequence ? .missing : .endMismatch)
        }
        return nil
    }
}
