import Foundation
import PersistenceSQLite
import SecurityProfiles
import Synchronization
import Testing

/// A store whose disk can be made to refuse.
private final class FailingStore: SecurityStore {
    private let base: any SecurityStore
    let isFull = Mutex(false)

    init(_ base: any SecurityStore) { self.base = base }

    func read<T>(_ body: (any SecurityRows) throws -> T) throws(SecurityError) -> T { try base.read(body) }

    func write<T>(_ body: (any SecurityRows) throws -> T) throws(SecurityError) -> T {
        if isFull.withLock({ $0 }) { throw .storeNotWritable(message: "the disk is full") }
        return try base.write(body)
    }

    func revision() throws(SecurityError) -> Int64 { try base.revision() }
}

@Suite struct `a security store that cannot be written` {
    private let fixture: SecurityFixture
    private let disk: FailingStore
    private let services: SecurityServices

    init() throws {
        fixture = try SecurityFixture()
        disk = FailingStore(fixture.store)
        let key = try IntegrityKeyFile.loadOrCreate(
            path: fixture.folder.appendingPathComponent(IntegrityKeyFile.fileName).path)
        services = try SecurityServices(
            store: disk, key: key.key, keyIsNew: false,
            scrypt: ScryptParameters(logRounds: 4, blockSize: 8, parallelism: 1))
        _ = try services.accounts.create(
            name: "wang", password: SecurityFixture.password, roles: [.radiologist], mustChangePassword: false,
            by: SecurityFixture.administrator)
        disk.isFull.withLock { $0 = true }
    }

    private func signIn(_ password: String = SecurityFixture.password) throws -> SessionGrant? {
        guard
            case .success(let grant) = try services.sessions.signIn(
                name: "wang", password: password, client: SecurityFixture.client)
        else { return nil }
        return grant
    }

    @Test func `people sign in, are recognised and sign out in memory`() throws {
        let grant = try #require(try signIn())
        let check = try services.sessions.authenticate(secret: grant.secret, client: SecurityFixture.client, isActivity: true)
        guard case .valid = check else { return #expect(Bool(false), "\(check)") }
        #expect(try services.sessions.list().count == 1)
        try services.sessions.signOut(secret: grant.secret, origin: "192.0.2.9")
        #expect(
            try services.sessions.authenticate(secret: grant.secret, client: SecurityFixture.client, isActivity: true)
                == .refused(.unknown))
    }

    @Test func `PACS-4.5.5-1 wrong passwords are counted in memory too and lock the account`() throws {
        for _ in 0..<20 { #expect(try signIn("wrong-password-1") == nil) }
        #expect(try signIn() == nil)
    }

    @Test func `accounts and devices cannot be changed meanwhile`() throws {
        #expect(throws: SecurityError.storeNotWritable(message: "the disk is full")) {
            _ = try services.accounts.create(
                name: "li", password: SecurityFixture.password, roles: [.radiologist], by: SecurityFixture.administrator)
        }
    }

    @Test func `PACS-4.5.2-3 what was recorded in memory continues the chain on the disk once it can be written`() throws {
        let grant = try #require(try signIn())
        let before = try #require(services.degradation)
        #expect(before.bufferedAuditRecords == 1 && before.lostAuditRecords == 0)
        #expect(try services.audit.verify().isIntact)
        // Another process got through meanwhile.
        let other = try fixture.reopened()
        try other.audit.append(AuditEvent(.serverStarted, actor: .system, origin: "test"))
        disk.isFull.withLock { $0 = false }
        services.restoreFromMemory()
        #expect(services.degradation == nil)
        #expect(try other.audit.verify().isIntact)
        let kinds = try other.audit.records(AuditQuery(limit: 3)).map(\.kind)
        #expect(kinds == ["audit.buffered", "login.succeeded", "server.started"])
        let check = try services.sessions.authenticate(secret: grant.secret, client: SecurityFixture.client, isActivity: false)
        guard case .valid = check else { return #expect(Bool(false), "\(check)") }
    }

    @Test func `more audit records than memory is set aside for are counted as lost`() throws {
        let event = AuditEvent(.auditVerified, actor: .system, origin: "test")
        for _ in 0..<21 { try services.audit.append([AuditEvent](repeating: event, count: 500)) }
        let told = try #require(services.degradation)
        #expect(told.bufferedAuditRecords == 10_000 && told.lostAuditRecords == 500)
        disk.isFull.withLock { $0 = false }
        services.restoreFromMemory()
        let last = try #require(try services.audit.records(AuditQuery(limit: 1)).first)
        #expect(last.kind == "audit.buffered" && last.details.contains("suppressed=500"))
        #expect(try services.audit.verify().isIntact)
    }
}
