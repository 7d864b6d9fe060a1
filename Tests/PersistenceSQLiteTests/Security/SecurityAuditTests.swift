import Foundation
import GRDB
import PersistenceSQLite
import SecurityProfiles
import Testing

@Suite struct `PACS-4.5.2 audit log` {
    private func fill(_ fixture: SecurityFixture, _ count: Int) throws {
        try fixture.services.audit.append(
            (0..<count).map { index in
                AuditEvent(
                    .studyViewed, actor: SecurityFixture.administrator.principal, origin: "192.0.2.1",
                    objects: [.study(uid: "1.2.3.\(index)")])
            })
    }

    @Test func `PACS-4.5.2-4 SEC-3.2-AUDT SEC-2-4 a record names user, role, place, UTC time with offset, event, study and outcome`() throws
    {
        let fixture = try SecurityFixture()
        try fill(fixture, 1)
        let record = try #require(try fixture.services.audit.records(AuditQuery(limit: 1)).first)
        #expect(record.actorName == "chief" && record.actorRoles == "administrator" && record.origin == "192.0.2.1")
        #expect(record.atMilliseconds == fixture.now && record.utcOffsetMinutes == 480)
        #expect(record.kind == "study.viewed" && record.objects == "study:1.2.3.0" && record.outcome == 0)
    }

    @Test func `what is no UID is not written as one, and control characters do not break lines`() throws {
        let fixture = try SecurityFixture()
        try fixture.services.audit.append(
            AuditEvent(
                .studyViewed, actor: .system, origin: "a\nb\u{202E}",
                objects: [.study(uid: "WANG^XIAOMING"), .study(uid: "")]))
        let record = try #require(try fixture.services.audit.records(AuditQuery(limit: 1)).first)
        #expect(record.objects == "study:invalid-uid\nstudy:invalid-uid")
        #expect(record.origin == "a\u{FFFD}b\u{FFFD}")
    }

    @Test func `records are found by kind, actor, study and time, page by page`() throws {
        let fixture = try SecurityFixture()
        try fill(fixture, 10)
        fixture.advance(seconds: 10)
        try fixture.addUser()
        let audit = fixture.services.audit
        #expect(try audit.records(AuditQuery(kinds: [.accountCreated])).count == 1)
        #expect(try audit.records(AuditQuery(studyInstanceUID: "1.2.3.4")).map(\.objects) == ["study:1.2.3.4"])
        #expect(try audit.records(AuditQuery(actorName: "nobody")).isEmpty)
        #expect(try audit.records(AuditQuery(fromMilliseconds: fixture.now)).count == 1)
        let page = try audit.records(AuditQuery(kinds: [.studyViewed], limit: 4))
        let next = try audit.records(AuditQuery(kinds: [.studyViewed], before: page.last?.sequence, limit: 100))
        #expect(page.count == 4 && next.count == 6)
    }

    @Test func `PACS-4.5.2-3 updates and deletions of records are refused by the store`() throws {
        let fixture = try SecurityFixture()
        try fill(fixture, 3)
        for sql in [
            "UPDATE audit_record SET actor_name = 'x'", "DELETE FROM audit_record",
            "DELETE FROM audit_record WHERE sequence = 3",
        ] {
            #expect(throws: DatabaseError.self) { try fixture.tamper(sql) }
        }
        #expect(try fixture.services.audit.verify().recordsChecked == 3)
        #expect(try fixture.services.audit.verify().isIntact)
    }

    private static let columns = [
        "at", "utc_offset_minutes", "kind", "outcome", "actor_kind", "actor_id", "actor_name", "actor_roles", "origin",
        "objects", "details",
    ]

    @Test(arguments: columns) func `PACS-4.5.2-3 a change of any column is found at its record`(_ column: String) throws
    {
        let fixture = try SecurityFixture()
        try fill(fixture, 1200)
        let isNumber = ["at", "utc_offset_minutes", "outcome"].contains(column)
        try fixture.tamper("DROP TRIGGER audit_record_no_update")
        try fixture.tamper(
            "UPDATE audit_record SET \(column) = \(isNumber ? "\(column) + 1" : "\(column) || 'x'") WHERE sequence = 777"
        )
        let result = try fixture.services.audit.verify()
        #expect(result.firstBroken == .init(sequence: 777, problem: .altered) && result.recordsChecked == 776)
    }

    @Test func `PACS-4.5.2-3 a removed, truncated or forged record is found`() throws {
        for (sql, sequence, problem) in [
            ("DELETE FROM audit_record WHERE sequence = 5", Int64(5), AuditVerification.Problem.missing),
            ("DELETE FROM audit_record WHERE sequence > 7", 8, .missing),
            (
                "UPDATE audit_head SET sequence = 7, hash = (SELECT hash FROM audit_record WHERE sequence = 7)", 7,
                .endAltered
            ),
            ("UPDATE audit_head SET seal = zeroblob(32)", 10, .endAltered),
            ("DELETE FROM audit_head", 1, .endMismatch),
        ] {
            let fixture = try SecurityFixture()
            try fill(fixture, 10)
            try fixture.tamper("DROP TRIGGER audit_record_no_delete")
            try fixture.tamper("PRAGMA foreign_keys = OFF")
            try fixture.tamper("DELETE FROM audit_study")
            try fixture.tamper(sql)
            #expect(try fixture.services.audit.verify().firstBroken == .init(sequence: sequence, problem: problem))
        }
    }

    @Test func `PACS-4.5.2-3 records cut off with the end of the chain adapted stay visible after logging goes on`()
        throws
    {
        let fixture = try SecurityFixture()
        try fill(fixture, 10)
        try fixture.tamper("DROP TRIGGER audit_record_no_delete")
        try fixture.tamper("DELETE FROM audit_study")
        try fixture.tamper("DELETE FROM audit_record WHERE sequence > 7")
        try fixture.tamper(
            "UPDATE audit_head SET sequence = 7, hash = (SELECT hash FROM audit_record WHERE sequence = 7)")
        try fill(fixture, 2)
        #expect(try fixture.services.audit.verify().firstBroken == .init(sequence: 8, problem: .altered))
    }

    @Test func `two processes write one chain`() async throws {
        let fixture = try SecurityFixture()
        let other = try fixture.reopened()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for services in [fixture.services, other] {
                group.addTask {
                    for _ in 0..<50 {
                        try services.audit.append(AuditEvent(.studySearched, actor: .system, origin: "apus"))
                    }
                }
            }
            try await group.waitForAll()
        }
        let result = try fixture.services.audit.verify()
        #expect(result.isIntact && result.recordsChecked == 100)
    }
}

@Suite struct `PACS-4.5.10 detection of changes made outside` {
    private static let changes: [(sql: String, area: String, problem: IntegrityFinding.Problem)] = [
        ("UPDATE account SET roles = 'administrator' WHERE name = 'li'", "account", .changed),
        (
            "UPDATE account SET password_hash = (SELECT password_hash FROM account WHERE name = 'chief') WHERE name = 'li'",
            "account", .changed
        ),
        ("UPDATE account SET enabled = 0 WHERE name = 'li'", "account", .changed),
        ("UPDATE account SET roles = 'root' WHERE name = 'li'", "account", .unreadable),
        ("DELETE FROM account WHERE name = 'li'", "account", .listChanged),
        ("UPDATE api_token SET roles = 'administrator'", "token", .changed),
        ("UPDATE api_token SET revoked_at = 1", "token", .changed),
        ("DELETE FROM api_token", "token", .listChanged),
        ("UPDATE device SET host = '203.0.113.1'", "device", .changed),
        ("UPDATE device SET port = 11112", "device", .changed),
        (
            "INSERT INTO device SELECT 'EVIL', host, port, address_rules, certificate_fingerprint, modality, details, enabled, services, created_at, seal FROM device",
            "device", .changed
        ),
        ("DELETE FROM device", "device", .listChanged),
        ("UPDATE setting SET value = '20'", "setting", .changed),
        ("DELETE FROM setting", "setting", .listChanged),
        ("UPDATE session SET expires_at = expires_at + 1", "session", .changed),
        ("DELETE FROM manifest", "account", .listChanged),
        ("UPDATE installation SET key_check = zeroblob(16)", "key", .otherKey),
        ("DELETE FROM audit_head", "audit", .auditLog),
    ]

    private func populated() throws -> SecurityFixture {
        let fixture = try SecurityFixture()
        try fixture.addUser("chief", roles: [.administrator])
        try fixture.addUser("li")
        _ = try fixture.grant("li")
        _ = try fixture.services.tokens.create(name: "RIS", roles: [.integration], by: SecurityFixture.administrator)
        try fixture.services.devices.add(
            DeviceDraft(aeTitle: "CT1", host: "192.0.2.3", port: 104), by: SecurityFixture.administrator)
        try fixture.services.settings.set("lockout.maximumFailures", to: "3", by: SecurityFixture.administrator)
        return fixture
    }

    @Test(arguments: changes.indices)
    func `PACS-4.5.10-2 PACS-4.5.10-3 PACS-4.5.12-2 each change behind Apus's back is found and recorded`(
        _ index: Int
    ) throws {
        let change = Self.changes[index]
        let fixture = try populated()
        #expect(try fixture.services.integrity.verify().isIntact)
        try fixture.tamper(change.sql)
        let report = try fixture.services.integrity.verifyAndRecord(by: .system)
        #expect(report.findings.contains { $0.area == change.area && $0.problem == change.problem })
        #expect(try fixture.kinds().contains("integrity.failed"))
        let recorded = try fixture.kinds().count
        _ = try fixture.services.integrity.verifyAndRecord(by: .system)
        #expect(try fixture.kinds().count <= recorded + 1)
    }

    @Test
    func
        `PACS-4.5.10-2 an altered account cannot sign in, an altered token opens nothing, an altered limit has no effect`()
        throws
    {
        let fixture = try populated()
        let token = try fixture.services.tokens.create(
            name: "x", roles: [.integration], by: SecurityFixture.administrator)
        try fixture.tamper("UPDATE account SET roles = 'administrator' WHERE name = 'li'")
        try fixture.tamper("UPDATE api_token SET roles = 'administrator'")
        try fixture.tamper("UPDATE setting SET value = '20'")
        #expect(try fixture.signIn("li").refusal == .tampered)
        #expect(try fixture.services.tokens.authenticate(token.token, origin: "-") == .refused(.tampered))
        #expect(try fixture.services.settings.current().lockoutPolicy.maximumFailures == 5)
    }

    @Test func `a session row that cannot be read is refused, not an error`() throws {
        let fixture = try populated()
        let grant = try fixture.grant("li")
        try fixture.tamper("UPDATE account SET roles = 'root' WHERE name = 'li'")
        #expect(try fixture.check(grant.secret) == .refused(.tampered))
    }

    @Test func `PACS-4.5.10-2 a session forged without the key file opens nothing`() throws {
        let fixture = try populated()
        let secret = "forged-secret"
        try fixture.tamper(
            """
            INSERT INTO session SELECT 'forged', ?, (SELECT id FROM account WHERE name = 'chief'), created_at, expires_at,
                address, client_description, client_binding, last_activity_at, seal FROM session
            """, [Data(secret.utf8)])
        #expect(try fixture.check(secret) == .refused(.unknown))
        let grant = try fixture.grant("li")
        try fixture.tamper("UPDATE session SET account_id = (SELECT id FROM account WHERE name = 'chief')")
        #expect(try fixture.check(grant.secret) == .refused(.tampered))
    }

    @Test func `a later change through Apus does not cover up one made outside`() throws {
        let fixture = try populated()
        try fixture.tamper("DELETE FROM account WHERE name = 'li'")
        try fixture.addUser("wang")
        #expect(
            try fixture.services.integrity.verify().findings.contains {
                $0.area == "account" && $0.problem == .listChanged
            })
    }

    @Test func `a check every minute walks only new records, and still finds the log cut back`() throws {
        let fixture = try populated()
        let integrity = fixture.services.integrity
        let whole = try integrity.verify().audit.recordsChecked
        try fixture.services.audit.append(AuditEvent(.auditRead, actor: .system, origin: "apus"))
        #expect(whole > 1)
        #expect(try integrity.verify(wholeLog: false).audit.recordsChecked == 1)
        #expect(try integrity.verify(wholeLog: false).audit.recordsChecked == 0)
        try fixture.tamper("DROP TRIGGER audit_record_no_delete")
        try fixture.tamper("DELETE FROM audit_record WHERE sequence > 2")
        try fixture.services.audit.append(AuditEvent(.auditRead, actor: .system, origin: "apus"))
        #expect(try integrity.verify().findings.map(\.problem) == [.auditLog])
        #expect(try integrity.verify(wholeLog: false).findings.map(\.problem) == [.auditLog])
    }

    @Test func `changes an administrator accepts are sealed again and recorded`() throws {
        let fixture = try populated()
        try fixture.tamper("UPDATE device SET port = 11112")
        try fixture.tamper("DELETE FROM account WHERE name = 'li'")
        try fixture.services.integrity.acceptChanges(by: SecurityFixture.administrator)
        #expect(try fixture.services.integrity.verify().isIntact)
        #expect(try fixture.services.devices.destination(aeTitle: "CT1")?.port == 11112)
        #expect(try fixture.kinds().last == "integrity.accepted")
    }

    @Test func `a store taken away and made anew beside its old key file is noticed`() throws {
        let fixture = try populated()
        let path = fixture.folder.path + "/second.sqlite"
        let key = try IntegrityKeyFile.loadOrCreate(path: fixture.folder.path + "/" + IntegrityKeyFile.fileName)
        #expect(!key.isNew)
        let services = try SecurityServices(
            store: try SQLiteSecurityStore(path: path), key: key.key, keyIsNew: key.isNew)
        #expect(try services.audit.records(AuditQuery()).map(\.kind) == ["integrity.failed"])
    }
}

@Suite struct `security store on disk` {
    @Test func `every commit is flushed: synchronous is FULL on the writer`() throws {
        let fixture = try SecurityFixture()
        #expect(try fixture.store.writerSynchronous() == 2)
    }

    @Test func `database, log and key file are for their owner only`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        for file in try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path) {
            let attributes = try FileManager.default.attributesOfItem(atPath: fixture.folder.path + "/" + file)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
        }
    }

    @Test func `a key file others may read, or with one digit changed, is refused`() throws {
        let fixture = try SecurityFixture()
        let path = fixture.folder.path + "/" + IntegrityKeyFile.fileName
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        #expect(throws: SecurityError.self) { try IntegrityKeyFile.loadOrCreate(path: path) }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        var text = Array(try String(contentsOfFile: path, encoding: .utf8))
        text[30] = text[30] == "0" ? "1" : "0"
        try Data(String(text).utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: SecurityError.self) { try IntegrityKeyFile.loadOrCreate(path: path) }
    }

    @Test func `of ten processes starting at once all get one key and one made it`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-key-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.path + "/integrity.key"
        let results = try await withThrowingTaskGroup(of: (check: [UInt8], isNew: Bool).self) { group in
            for _ in 0..<10 {
                group.addTask {
                    let file = try IntegrityKeyFile.loadOrCreate(path: path)
                    return (Sealer(key: file.key).keyCheck, file.isNew)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(results.map(\.check)).count == 1 && results.count { $0.isNew } == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["integrity.key"])
    }

    @Test func `processes that start at once on a fresh folder share one sound store`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-start-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let reports = try await withThrowingTaskGroup(of: IntegrityReport.self) { group in
            for index in 0..<8 {
                group.addTask {
                    let file = try IntegrityKeyFile.loadOrCreate(path: folder.path + "/integrity.key")
                    let store = try SQLiteSecurityStore(path: folder.path + "/security.sqlite")
                    let services = try SecurityServices(store: store, key: file.key, keyIsNew: true)
                    try services.devices.add(DeviceDraft(aeTitle: "CT\(index)"), by: .system)
                    return try services.integrity.verify()
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(reports.flatMap(\.findings).isEmpty && reports.allSatisfy { $0.isIntact })
    }

    @Test func `a file that is no database is reported, not used`() throws {
        let path = FileManager.default.temporaryDirectory.path + "/apus-bad-\(UUID().uuidString).sqlite"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(repeating: 0x41, count: 8192).write(to: URL(fileURLWithPath: path))
        #expect(throws: SecurityError.self) { try SQLiteSecurityStore(path: path) }
    }

    @Test func `a failure within a transaction leaves nothing behind`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser("li")
        let before = try fixture.kinds().count
        #expect(throws: SecurityError.accountExists(name: "li")) { try fixture.addUser("li") }
        #expect(try fixture.kinds().count == before && fixture.services.integrity.verify().isIntact)
    }
}
