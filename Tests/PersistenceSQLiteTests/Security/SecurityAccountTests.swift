import Foundation
import PersistenceSQLite
import SecurityProfiles
import Testing

@Suite struct `PACS-4.5.5 user authentication` {
    @Test func `PACS-4.5.5-1 SEC-3.2-PAUT two users sign in with their own passwords only`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser("li")
        _ = try fixture.services.accounts.create(
            name: "wang", password: "Another-zebra-9", roles: [.clinician], mustChangePassword: false,
            by: SecurityFixture.administrator)
        #expect(try fixture.signIn("li").refusal == nil)
        #expect(try fixture.signIn("LI").refusal == nil)
        #expect(try fixture.signIn("wang").refusal == .invalidCredentials)
        #expect(try fixture.signIn("nobody").refusal == .invalidCredentials)
    }

    @Test func `PACS-4.5.5-1 the password stands nowhere on disk`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        _ = try fixture.signIn("li", "a-Wrong-passw0rd")
        _ = try fixture.signIn("Typed-into-the-name-field-1", "x")
        let disk = try fixture.bytesOnDisk()
        for secret in [
            SecurityFixture.password, "a-Wrong-passw0rd", "Typed-into-the-name-field-1", "typed-into-the-name",
        ] {
            #expect(disk.range(of: Data(secret.utf8)) == nil)
        }
    }

    @Test
    func `PACS-4.5.5-1 the fifth failure locks, the lock ends to the millisecond, and the next failure doubles it`()
        throws
    {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        for _ in 1...4 { #expect(try fixture.signIn("li", "wrong").refusal == .invalidCredentials) }
        #expect(try fixture.signIn("li", "wrong").refusal == .invalidCredentials)
        let until = fixture.now + 60_000
        #expect(try fixture.signIn("li").refusal == .locked(untilMilliseconds: until))
        #expect(try fixture.services.accounts.list().first?.lockedUntilMilliseconds == until)
        fixture.advance(seconds: 59.999)
        #expect(try fixture.signIn("li").refusal == .locked(untilMilliseconds: until))
        fixture.advance(seconds: 0.001)
        #expect(try fixture.signIn("li", "wrong").refusal == .invalidCredentials)
        #expect(try fixture.signIn("li").refusal == .locked(untilMilliseconds: fixture.now + 120_000))
        fixture.advance(seconds: 120)
        #expect(try fixture.signIn("li").refusal == nil)
        #expect(try fixture.kinds().filter { $0 == "account.locked" }.count == 2)
    }

    @Test func `four failures and a success start the count anew`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        for _ in 1...3 {
            for _ in 1...4 { _ = try fixture.signIn("li", "wrong") }
            #expect(try fixture.signIn("li").refusal == nil)
        }
    }

    @Test func `an unknown name is locked just like a known one`() throws {
        let fixture = try SecurityFixture()
        for _ in 1...5 { #expect(try fixture.signIn("nobody", "x").refusal == .invalidCredentials) }
        #expect(try fixture.signIn("nobody", "x").refusal == .locked(untilMilliseconds: fixture.now + 60_000))
    }

    @Test func `guessing in parallel gains no attempts`() async throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        let evaluated = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 { group.addTask { try fixture.signIn("li", "wrong").refusal == .invalidCredentials } }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(evaluated == 5)
    }

    @Test func `an administrator unlocks, and a changed limit holds at once`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        try fixture.services.settings.set("lockout.maximumFailures", to: "3", by: SecurityFixture.administrator)
        for _ in 1...3 { _ = try fixture.signIn("li", "wrong") }
        #expect(try fixture.signIn("li").refusal == .locked(untilMilliseconds: fixture.now + 60_000))
        try fixture.services.accounts.unlock(name: "li", by: SecurityFixture.administrator)
        #expect(try fixture.signIn("li").refusal == nil)
    }

    @Test func `a disabled user is told so only with the right password, and his sessions end`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        let grant = try fixture.grant()
        try fixture.services.accounts.setEnabled(false, name: "li", by: SecurityFixture.administrator)
        #expect(try fixture.signIn("li").refusal == .disabled)
        #expect(try fixture.signIn("li", "wrong").refusal == .invalidCredentials)
        #expect(try fixture.check(grant.secret) == .refused(.unknown))
        try fixture.services.accounts.setEnabled(true, name: "li", by: SecurityFixture.administrator)
        #expect(try fixture.signIn("li").refusal == nil)
    }

    @Test func `SEC-3.2-1 a weak password is refused on creation, reset and change`() throws {
        let fixture = try SecurityFixture()
        let accounts = fixture.services.accounts
        try fixture.addUser()
        let grant = try fixture.grant()
        let author = Author(grant.session.principal, origin: "192.0.2.9")
        #expect(throws: SecurityError.weakPassword([.tooShort(minimum: 10)])) {
            try accounts.create(name: "wu", password: "Kx7!abcde", roles: [], by: SecurityFixture.administrator)
        }
        #expect(throws: SecurityError.weakPassword([.tooShort(minimum: 10)])) {
            try accounts.resetPassword(name: "li", to: "Kx7!abcde", by: SecurityFixture.administrator)
        }
        #expect(throws: SecurityError.weakPassword([.tooShort(minimum: 10)])) {
            try accounts.changeOwnPassword(current: SecurityFixture.password, to: "Kx7!abcde", by: author)
        }
        #expect(throws: SecurityError.weakPassword([.unchanged])) {
            try accounts.changeOwnPassword(
                current: SecurityFixture.password, to: SecurityFixture.password, by: author)
        }
        #expect(try fixture.signIn("li").refusal == nil)
    }

    @Test func `a megabyte of password is a wrong password`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        #expect(try fixture.signIn("li", String(repeating: "x", count: 1 << 20)).refusal == .invalidCredentials)
    }

    @Test func `PACS-4.5.3-4 a password set by another must be changed, which ends the other sessions`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        try fixture.services.accounts.resetPassword(
            name: "li", to: "Given-by-chief-1", by: SecurityFixture.administrator)
        guard case .success(let first) = try fixture.signIn("li", "Given-by-chief-1"),
            case .success(let other) = try fixture.signIn("li", "Given-by-chief-1")
        else { return #expect(Bool(false), "sign-in refused") }
        #expect(authorize(first.session.principal, .studyView) == .refused(.passwordChangeRequired))
        let author = Author(first.session.principal, origin: "192.0.2.9")
        #expect(throws: SecurityError.wrongPassword) {
            try fixture.services.accounts.changeOwnPassword(current: "nope", to: "My-own-zebra-77", by: author)
        }
        try fixture.services.accounts.changeOwnPassword(current: "Given-by-chief-1", to: "My-own-zebra-77", by: author)
        let session = try #require(try fixture.check(first.secret).session)
        #expect(authorize(session.principal, .studyView).isAllowed)
        #expect(try fixture.check(other.secret) == .refused(.unknown))
        #expect(try fixture.signIn("li", "Given-by-chief-1").refusal == .invalidCredentials)
    }

    @Test func `the last enabled administrator can be neither disabled nor demoted`() throws {
        let fixture = try SecurityFixture()
        let accounts = fixture.services.accounts
        try fixture.addUser("one", roles: [.administrator])
        #expect(throws: SecurityError.lastAdministrator) {
            try accounts.setEnabled(false, name: "one", by: SecurityFixture.administrator)
        }
        #expect(throws: SecurityError.lastAdministrator) {
            try accounts.setRoles([.clinician], name: "one", by: SecurityFixture.administrator)
        }
        try fixture.addUser("two", roles: [.administrator])
        try accounts.setEnabled(false, name: "one", by: SecurityFixture.administrator)
        #expect(throws: SecurityError.lastAdministrator) {
            try accounts.setRoles([], name: "two", by: SecurityFixture.administrator)
        }
    }

    @Test func `names differing in case are one account`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser("Li")
        #expect(throws: SecurityError.accountExists(name: "lI")) { try fixture.addUser("lI") }
    }

    @Test func `costs raised later reach old hashes at the next sign-in`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        let key = try IntegrityKeyFile.loadOrCreate(path: fixture.folder.path + "/" + IntegrityKeyFile.fileName)
        let costlier = try SecurityServices(
            store: fixture.store, key: key.key, keyIsNew: false,
            scrypt: ScryptParameters(logRounds: 5, blockSize: 8, parallelism: 1))
        let outcome = try costlier.sessions.signIn(
            name: "li", password: SecurityFixture.password, client: SecurityFixture.client)
        #expect(outcome.refusal == nil)
        let stored = try fixture.store.read { rows in try rows.account(foldedName: "li")?.record.passwordHash }
        #expect(stored?.hasPrefix("$scrypt$ln=5,") == true)
        #expect(try fixture.signIn("li").refusal == nil)
        #expect(try fixture.services.integrity.verify().isIntact)
    }
}

@Suite struct `one-time set-up` {
    private func redeem(_ fixture: SecurityFixture, _ token: String, _ name: String = "chief") throws {
        _ = try fixture.services.setup.redeem(
            token: token, name: name, password: SecurityFixture.password, origin: "192.0.2.9")
    }

    @Test func `the link makes the first administrator once and is stored as a hash only`() throws {
        let fixture = try SecurityFixture()
        let token = try #require(try fixture.services.setup.issueToken(by: .system))
        #expect(token.utf8.count == 43)
        #expect(try fixture.bytesOnDisk().range(of: Data(token.utf8)) == nil)
        #expect(throws: SecurityError.setupRefused(.invalid)) { try redeem(fixture, "guess") }
        try redeem(fixture, token)
        #expect(throws: SecurityError.setupRefused(.administratorExists)) { try redeem(fixture, token, "second") }
        #expect(try fixture.services.setup.issueToken(by: .system) == nil)
        #expect(try fixture.grant("chief").session.principal.roles == [.administrator])
        #expect(
            try fixture.kinds().filter { $0.hasPrefix("setup.") } == [
                "setup.linkIssued", "setup.failed", "setup.completed",
            ])
    }

    @Test func `a newer link replaces the older, and a link expires to the millisecond`() throws {
        let fixture = try SecurityFixture()
        let old = try #require(try fixture.services.setup.issueToken(by: .system))
        let new = try #require(try fixture.services.setup.issueToken(by: .system))
        #expect(throws: SecurityError.setupRefused(.invalid)) { try redeem(fixture, old) }
        fixture.advance(seconds: 86399.999)
        #expect(try fixture.services.setup.refusal(of: new) == nil)
        fixture.advance(seconds: 0.001)
        #expect(throws: SecurityError.setupRefused(.expired)) { try redeem(fixture, new) }
    }

    @Test func `a weak password leaves the link valid`() throws {
        let fixture = try SecurityFixture()
        let token = try #require(try fixture.services.setup.issueToken(by: .system))
        #expect(throws: SecurityError.self) {
            try fixture.services.setup.redeem(token: token, name: "chief", password: "short", origin: "192.0.2.9")
        }
        try redeem(fixture, token)
    }

    @Test func `an administrator made at the command line closes the link`() throws {
        let fixture = try SecurityFixture()
        let token = try #require(try fixture.services.setup.issueToken(by: .system))
        try fixture.addUser("chief", roles: [.administrator])
        #expect(throws: SecurityError.setupRefused(.administratorExists)) { try redeem(fixture, token, "second") }
    }

    @Test func `of two set-ups at the same time in two processes exactly one succeeds`() async throws {
        for round in 0..<5 {
            let fixture = try SecurityFixture(seed: UInt64(round))
            let token = try #require(try fixture.services.setup.issueToken(by: .system))
            let both = [fixture.services, try fixture.reopened()]
            let successes = try await withThrowingTaskGroup(of: Int.self) { group in
                for (index, services) in both.enumerated() {
                    group.addTask {
                        do {
                            _ = try services.setup.redeem(
                                token: token, name: "chief\(index)", password: SecurityFixture.password,
                                origin: "192.0.2.9")
                            return 1
                        } catch SecurityError.setupRefused(.administratorExists) {
                            return 0
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(successes == 1)
            #expect(try fixture.services.accounts.list().count == 1)
        }
    }

    @Test func `PACS-4.5.10-2 removing the administrators behind Apus's back does not open set-up again`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser("chief", roles: [.administrator])
        try fixture.tamper("DELETE FROM account")
        #expect(throws: SecurityError.tampered(.account, key: "*")) {
            try fixture.services.setup.issueToken(by: .system)
        }
    }
}
