import Foundation
import GRDB
import PersistenceSQLite
import SecurityProfiles
import Synchronization

/// A security store in a folder of its own, with a clock that stands still and randomness that replays.
final class SecurityFixture: Sendable {
    let folder: URL
    let store: SQLiteSecurityStore
    let services: SecurityServices
    private let state: State

    static let password = "Kx7!zebra-turnip"
    static let administrator = Author(
        Principal(kind: .user, id: "0", name: "chief", roles: [.administrator]), origin: "192.0.2.1")
    static let client = ClientContext(address: "192.0.2.9", description: "Firefox", fingerprint: "Firefox/Linux")

    init(seed: UInt64 = 1) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-security-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        store = try SQLiteSecurityStore(path: folder.appendingPathComponent("security.sqlite").path)
        let state = State(time: 1_700_000_000_000, seed: seed)
        self.state = state
        services = try Self.services(store, folder: folder, state: state)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private final class State: Sendable {
        let time: Mutex<Int64>
        let seed: Mutex<UInt64>
        init(time: Int64, seed: UInt64) {
            self.time = Mutex(time)
            self.seed = Mutex(seed)
        }
    }

    private static func services(_ store: SQLiteSecurityStore, folder: URL, state: State) throws -> SecurityServices {
        let environment = SecurityEnvironment(
            nowMilliseconds: { state.time.withLock { $0 } }, utcOffsetMinutes: { _ in 480 },
            randomBytes: { count in
                state.seed.withLock { seed in
                    (0..<count).map { _ in
                        seed &+= 0x9E37_79B9_7F4A_7C15
                        var z = seed
                        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
                        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
                        return UInt8(truncatingIfNeeded: z ^ z >> 31)
                    }
                }
            })
        let file = try IntegrityKeyFile.loadOrCreate(
            path: folder.appendingPathComponent(IntegrityKeyFile.fileName).path, randomBytes: environment.randomBytes)
        return try SecurityServices(
            store: store, key: file.key, keyIsNew: file.isNew, environment: environment,
            scrypt: ScryptParameters(logRounds: 4, blockSize: 8, parallelism: 1))
    }

    /// A second opening of the same store, as another process has it.
    func reopened() throws -> SecurityServices {
        try Self.services(SQLiteSecurityStore(path: path), folder: folder, state: state)
    }

    var path: String { folder.appendingPathComponent("security.sqlite").path }
    var now: Int64 { state.time.withLock { $0 } }
    func advance(seconds: Double) { state.time.withLock { $0 += Int64(seconds * 1000) } }

    /// Changes the file behind Apus's back.
    func tamper(_ sql: String, _ arguments: StatementArguments = []) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write { db in try db.execute(sql: sql, arguments: arguments) }
        try queue.close()
    }

    /// Every byte on disk: database, log and key file.
    func bytesOnDisk() throws -> Data {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .reduce(into: Data()) { $0 += try Data(contentsOf: $1) }
    }

    @discardableResult
    func addUser(_ name: String = "li", roles: Set<Role> = [.radiologist], mustChange: Bool = false) throws
        -> AccountSummary
    {
        try services.accounts.create(
            name: name, password: Self.password, roles: roles, mustChangePassword: mustChange, by: Self.administrator)
    }

    func signIn(_ name: String = "li", _ password: String = password) throws -> LoginOutcome {
        try services.sessions.signIn(name: name, password: password, client: Self.client)
    }

    func grant(_ name: String = "li") throws -> SessionGrant {
        guard case .success(let grant) = try signIn(name) else { throw SecurityError.wrongPassword }
        return grant
    }

    func check(_ secret: String, isActivity: Bool = true, client: ClientContext = client) throws -> SessionCheck {
        try services.sessions.authenticate(secret: secret, client: client, isActivity: isActivity)
    }

    func kinds() throws -> [String] { try services.audit.records(AuditQuery(limit: 1000)).reversed().map(\.kind) }
}

extension LoginOutcome {
    var refusal: LoginRefusal? {
        if case .refused(let refusal) = self { refusal } else { nil }
    }
}

extension SessionCheck {
    var session: AuthenticatedSession? {
        if case .valid(let session) = self { session } else { nil }
    }
}
