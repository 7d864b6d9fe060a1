import Archive
import DIMSE
import Logging
import SecurityProfiles
import Synchronization

/// Tells the audit log who saw which study (PACS-4.5.2-1), without a record for each frame: one for each person or
/// program, study and service in a quarter of an hour.
package final class AccessAudit: Sendable {
    private static let windowMilliseconds: Int64 = 15 * 60 * 1000
    /// More than this forgets the oldest windows early, which costs records, not truth.
    private static let maximumWindows = 20_000

    private let log: AuditLog
    private let pool: BlockingPool
    private let now: @Sendable () -> Int64
    private let logger: Logger
    private let windows = Mutex<[String: Int64]>([:])

    init(log: AuditLog, pool: BlockingPool, now: @escaping @Sendable () -> Int64, logger: Logger) {
        self.log = log
        self.pool = pool
        self.now = now
        self.logger = logger
    }

    /// A study was opened, read or given by the web side.
    ///
    /// - Parameters:
    ///   - studies: empty for a search that names none.
    ///   - service: how, e.g. `WADO-RS metadata`.
    func noted(_ kind: AuditEventKind, _ studies: [String], service: String, by author: Author) async {
        let actor = author.principal
        let who = "\(kind.rawValue) \(service) \(actor.kind.rawValue) \(actor.id) \(actor.sessionID ?? "") \(author.origin) "
        let fresh = (studies.isEmpty ? [""] : studies).filter { isFirst(who + $0) }
        guard !fresh.isEmpty else { return }
        await record([
            AuditEvent(
                kind, actor: actor, origin: author.origin,
                objects: fresh.filter { !$0.isEmpty }.prefix(AuditRecord.maximumObjects).map { .study(uid: $0) },
                details: [.service: service])
        ])
    }

    private func isFirst(_ key: String) -> Bool {
        let now = now()
        return windows.withLock { windows in
            if let since = windows[key], abs(now &- since) < Self.windowMilliseconds { return false }
            if windows.count >= Self.maximumWindows {
                windows = windows.filter { abs(now &- $0.value) < Self.windowMilliseconds }
                if windows.count >= Self.maximumWindows { windows.removeAll() }
            }
            windows[key] = now
            return true
        }
    }

    /// A refusal by a missing right (HTTP 403), at most once a minute for each person and right.
    func refused(_ path: String, by author: Author) async {
        let event = AuditEvent(
            .accessRefused, outcome: .minorFailure, actor: author.principal, origin: author.origin, details: [.path: String(path.prefix(200))])
        let key = "\(author.principal.kind.rawValue) \(author.principal.id) \(path)"
        await writing { [log] in try log.appendRefusal(event, key: key) }
    }

    /// Care goes on when the log cannot be written; the failure itself is logged.
    func record(_ events: [AuditEvent]) async {
        guard !events.isEmpty else { return }
        await writing { [log] in try log.append(events) }
    }

    private func writing(_ body: @escaping @Sendable () throws -> Void) async {
        do { try await pool.run(body) } catch { logger.error("The audit log cannot be written: \(error)") }
    }
}

/// What one association did, told once for each service, other party and study; repetitions are counted and told at its
/// end, so that five hundred requests for one study are two records.
final class AssociationAudit: Sendable {
    private struct Line: Hashable {
        var kind: AuditEventKind
        var service: String
        /// AE title of a third party: the destination of a C-MOVE.
        var remote: String?
    }

    private struct Sum {
        var told: Set<String> = []
        var untold: Set<String> = []
        var operations = 0
        var instances = 0
        var failures = 0
        var since: Int64
    }

    private struct State {
        var caller = Author(.anonymous, origin: "")
        var lines: [Line: Sum] = [:]
    }

    /// An association that stays open for days is told of meanwhile.
    private static let maximumSilence: Int64 = 60_000

    private let access: AccessAudit
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())

    init(_ access: AccessAudit, now: @escaping @Sendable () -> Int64) {
        self.access = access
        self.now = now
    }

    func identify(aeTitle: String, address: String) {
        let caller = Author(
            Principal(kind: .device, id: aeTitle, name: aeTitle), origin: "\(aeTitle)@\(address)")
        state.withLock { $0.caller = caller }
    }

    /// An operation is over.
    ///
    /// - Parameters:
    ///   - studies: those it was about, or those it named.
    ///   - instances: found, sent or received.
    ///   - failures: of those, that did not work out.
    ///   - isTold: `false` gathers until the end, for C-STORE.
    func note(
        _ kind: AuditEventKind, service: String, remote: String? = nil, studies: Set<String>, instances: Int,
        failures: Int = 0, tellingAtOnce isTold: Bool = true
    ) {
        let now = now()
        let line = Line(kind: kind, service: service, remote: remote)
        let event = state.withLock { state -> AuditEvent? in
            var sum = state.lines[line] ?? Sum(since: now)
            let isFirst = state.lines[line] == nil || !studies.isSubset(of: sum.told)
            sum.operations += 1
            sum.instances += instances
            sum.failures += failures
            sum.untold.formUnion(studies)
            let isDue = isTold ? isFirst : sum.untold.count >= AuditRecord.maximumObjects
            defer { state.lines[line] = sum }
            guard isDue || now &- sum.since >= Self.maximumSilence else { return nil }
            return Self.event(line, &sum, state.caller, now)
        }
        if let event { Task { [access] in await access.record([event]) } }
    }

    /// Tells what was not told yet.
    func end() {
        let now = now()
        let events = state.withLock { state in
            let caller = state.caller
            let events = state.lines.keys.sorted { ($0.service, $0.remote ?? "") < ($1.service, $1.remote ?? "") }
                .compactMap { line -> AuditEvent? in
                    guard var sum = state.lines[line], sum.operations > 0 else { return nil }
                    return Self.event(line, &sum, caller, now)
                }
            state.lines = [:]
            return events
        }
        if !events.isEmpty { Task { [access] in await access.record(events) } }
    }

    private static func event(_ line: Line, _ sum: inout Sum, _ caller: Author, _ now: Int64) -> AuditEvent {
        let studies = (sum.untold.isEmpty ? sum.told : sum.untold).sorted().prefix(AuditRecord.maximumObjects)
        var details: [AuditField: String] = [.service: line.service, .count: String(sum.instances)]
        if sum.operations > 1 { details[.operations] = String(sum.operations) }
        if sum.failures > 0 { details[.failures] = String(sum.failures) }
        if let remote = line.remote { details[.remote] = remote }
        if sum.told.count < AuditRecord.maximumObjects { sum.told.formUnion(sum.untold) }
        let outcome: AuditOutcome = sum.failures == 0 ? .success : .minorFailure
        sum = Sum(told: sum.told, since: now)
        return AuditEvent(
            line.kind, outcome: outcome, actor: caller.principal, origin: caller.origin,
            objects: studies.map { .study(uid: $0) }, details: details)
    }
}

/// Sending on our own account: forwarding by rules.
struct AuditedNetwork: PeerNetwork {
    let base: any PeerNetwork
    let access: AccessAudit

    func send(
        _ instances: [StoredInstance], to destination: String, report: @escaping @Sendable (Int, SendOutcome) -> Void
    ) async throws(PeerFailure) {
        let failures = Mutex(0)
        let done = Mutex(0)
        let result: Result<Void, PeerFailure>
        do {
            try await base.send(instances, to: destination) { position, outcome in
                done.withLock { $0 += 1 }
                if case .refused = outcome { failures.withLock { $0 += 1 } }
                report(position, outcome)
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        let sent = done.withLock { $0 }
        if sent > 0 {
            let failed = failures.withLock { $0 } + (instances.count - sent)
            let studies = Set(instances.map(\.studyInstanceUID)).sorted().prefix(AuditRecord.maximumObjects)
            await access.record([
                AuditEvent(
                    .studySent, outcome: failed == 0 ? .success : .minorFailure, actor: .system, origin: "apus",
                    objects: studies.map { .study(uid: $0) },
                    details: [
                        .service: "forwarding", .remote: destination, .count: String(sent), .failures: String(failed),
                    ])
            ])
        }
        try result.get()
    }

    func requestCommitment(
        transactionUID: String, references: [CommittedReference], of destination: String,
        result: @escaping @Sendable (CommitmentResult) throws -> Bool
    ) async throws(PeerFailure) {
        try await base.requestCommitment(
            transactionUID: transactionUID, references: references, of: destination, result: result)
    }

    func report(_ result: CommitmentResult, to destination: String) async throws(PeerFailure) {
        try await base.report(result, to: destination)
    }
}
