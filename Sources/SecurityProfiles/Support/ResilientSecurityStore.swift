import Synchronization

/// That the security store cannot be written at the moment, and what is kept in memory meanwhile.
package struct SecurityDegradation: Hashable, Sendable {
    package var sinceMilliseconds: Int64
    /// What the disk said.
    package var reason: String
    /// Audit records that wait in memory.
    package var bufferedAuditRecords: Int
    /// Audit records that found no room there.
    package var lostAuditRecords: Int
}

/// Keeps people working while the disk is full or read-only: sessions, failed sign-ins and audit records live in memory
/// until it can be written again. Accounts, tokens, devices and settings cannot be changed meanwhile.
///
/// What is in memory is lost when the process ends first; so is more than `maximumAuditRecords`. Both are said.
final class ResilientSecurityStore: SecurityStore {
    static let maximumAuditRecords = 10_000
    /// How often a write tries the disk again.
    private static let retryMilliseconds: Int64 = 5000

    private struct State {
        var overlay: MemoryOverlay?
        var lastAttempt: Int64 = 0
    }

    private let base: any SecurityStore
    private let sealer: Sealer
    private let environment: SecurityEnvironment
    private let state = Mutex(State())

    init(_ base: any SecurityStore, sealer: Sealer, environment: SecurityEnvironment) {
        self.base = base
        self.sealer = sealer
        self.environment = environment
    }

    var degradation: SecurityDegradation? {
        state.withLock { state in
            state.overlay.map {
                SecurityDegradation(
                    sinceMilliseconds: $0.sinceMilliseconds, reason: $0.reason, bufferedAuditRecords: $0.records.count,
                    lostAuditRecords: $0.lost)
            }
        }
    }

    func read<T>(_ body: (any SecurityRows) throws -> T) throws(SecurityError) -> T {
        guard let overlay = state.withLock({ $0.overlay }) else { return try base.read(body) }
        return try base.read { rows in try body(OverlaidRows(rows, overlay)) }
    }

    func write<T>(_ body: (any SecurityRows) throws -> T) throws(SecurityError) -> T {
        restore(evenIfRecent: false)
        if state.withLock({ $0.overlay == nil }) {
            do throws(SecurityError) {
                return try base.write(body)
            } catch .storeNotWritable(let reason) {
                begin(because: reason)
            }
        }
        return try writeToMemory(body)
    }

    func revision() throws(SecurityError) -> Int64 { try base.revision() }

    private func begin(because reason: String) {
        let now = environment.nowMilliseconds()
        state.withLock { state in
            guard state.overlay == nil else { return }
            state.overlay = MemoryOverlay(sinceMilliseconds: now, reason: reason)
            state.lastAttempt = now
        }
    }

    /// Alone, as a transaction is; nothing is taken over when `body` throws.
    private func writeToMemory<T>(_ body: (any SecurityRows) throws -> T) throws(SecurityError) -> T {
        var result: T?
        try state.withLock { (state) throws(SecurityError) in
            guard let overlay = state.overlay else { return }
            var changed = overlay
            result = try base.read { rows in
                let overlaid = OverlaidRows(rows, overlay)
                let result = try body(overlaid)
                changed = overlaid.overlay
                return result
            }
            state.overlay = changed
        }
        if let result { return result }
        // Another thread brought everything to the disk meanwhile.
        return try base.write(body)
    }

    /// Brings what waits in memory to the disk when that can be written again.
    func restore(evenIfRecent: Bool) {
        let now = environment.nowMilliseconds()
        state.withLock { state in
            guard let overlay = state.overlay else { return }
            guard evenIfRecent || abs(now &- state.lastAttempt) >= Self.retryMilliseconds else { return }
            state.lastAttempt = now
            do {
                try base.write { rows in try overlay.flush(to: rows, sealer: sealer, environment: environment) }
                state.overlay = nil
            } catch {
                // Still not writable; what waits goes on waiting.
            }
        }
    }
}

/// What was written while the disk could not be.
struct MemoryOverlay: Sendable {
    var sinceMilliseconds: Int64
    var reason: String
    var sessions: [String: StoredSession] = [:]
    var removedSessions: Set<String> = []
    var lastActivity: [String: Int64] = [:]
    var loginStates: [[UInt8]: LoginState?] = [:]
    var head: AuditHead?
    var records: [AuditRecord] = []
    var lost = 0

    init(sinceMilliseconds: Int64, reason: String) {
        self.sinceMilliseconds = sinceMilliseconds
        self.reason = reason
    }

    /// Other processes may have written first, so that audit records are numbered and chained anew.
    func flush(to rows: any SecurityRows, sealer: Sealer, environment: SecurityEnvironment) throws {
        for session in sessions.values.sorted(by: { $0.sealed.record.id < $1.sealed.record.id })
        where try rows.account(id: session.sealed.record.accountID) != nil {
            try rows.insert(session)
        }
        try rows.removeSessions(ids: removedSessions.sorted())
        for (id, milliseconds) in lastActivity { try rows.setLastActivity(milliseconds, sessionID: id) }
        for (key, loginState) in loginStates {
            try rows.setLoginState(loginState, nameKey: key, limit: CredentialCheck.maximumLoginStates)
        }
        var end = try AuditChain.End(rows, sealer: sealer)
        for record in records { try end.append(record, rows) }
        let told = AuditEvent(
            .auditBuffered, outcome: lost == 0 ? .minorFailure : .seriousFailure, actor: .system, origin: "apus",
            details: [.count: String(records.count), .suppressed: String(lost), .reason: reason])
        try end.append(AuditRecord(told, environment: environment), rows)
        try rows.setAuditHead(end.head(sealer))
    }
}
