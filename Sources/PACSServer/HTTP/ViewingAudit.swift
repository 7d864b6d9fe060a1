import Logging
import SecurityProfiles
import Synchronization

/// Records who looked at which study: once for each person, place and study within ten minutes, however many requests
/// the viewer makes meanwhile.
final class ViewingAudit: Sendable {
    private struct Key: Hashable {
        var principal: String
        var origin: String
        var study: String
    }

    private let security: SecurityServices
    private let pool: BlockingPool
    private let logger: Logger
    private let recent = Mutex<[Key: Int64]>([:])

    private static let quietMilliseconds: Int64 = 10 * 60 * 1000
    private static let capacity = 4096

    init(_ pacs: PACS) {
        security = pacs.security
        pool = pacs.pool
        logger = pacs.logger
    }

    /// Care goes on when the log cannot be written; the failure itself is logged.
    func record(_ study: String, _ context: WebContext) async {
        guard isDue(Key(principal: "\(context.principal)", origin: context.remoteAddress, study: study)) else { return }
        let event = AuditEvent(
            .studyViewed, actor: context.principal, origin: context.remoteAddress, objects: [.study(uid: study)])
        do { try await pool.run { [security] in try security.audit.append(event) } } catch {
            logger.error("The audit log cannot be written: \(error)")
        }
    }

    private func isDue(_ key: Key) -> Bool {
        let now = PACS.now()
        return recent.withLock { recent in
            if let last = recent[key], now - last < Self.quietMilliseconds { return false }
            if recent.count >= Self.capacity { recent = recent.filter { now - $0.value < Self.quietMilliseconds } }
            if recent.count >= Self.capacity { recent.removeAll() }
            recent[key] = now
            return true
        }
    }
}
