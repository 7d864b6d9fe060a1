import Foundation
import PersistenceSQLite
import SecurityProfiles
import Testing

@Suite struct `PACS-4.5.1 sessions and automatic logout` {
    @Test func `the cookie opens the session of its user, and only its keyed hash is on disk`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        let grant = try fixture.grant()
        #expect(grant.secret.utf8.count == 43)
        #expect(try fixture.check(grant.secret).session?.principal.name == "li")
        let disk = try fixture.bytesOnDisk()
        #expect(disk.range(of: Data(grant.secret.utf8)) == nil)
        #expect(disk.range(of: Data(grant.session.csrfToken.utf8)) == nil)
        #expect(try fixture.check("guess") == .refused(.unknown))
        #expect(try fixture.check(String(repeating: "x", count: 100_000)) == .refused(.unknown))
    }

    @Test(arguments: [60, 900])
    func `PACS-4.5.1-1 SEC-3.2-ALOF logout comes after the idle time, at the smallest and the typical setting`(
        _ idleSeconds: Int
    ) throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        try fixture.services.settings.set(
            "session.idleSeconds", to: String(idleSeconds), by: SecurityFixture.administrator)
        let grant = try fixture.grant()
        fixture.advance(seconds: Double(idleSeconds) - 0.001)
        #expect(try fixture.check(grant.secret, isActivity: false).session != nil)
        fixture.advance(seconds: 0.001)
        #expect(try fixture.check(grant.secret) == .refused(.idle))
        #expect(try fixture.kinds().last == "logout")
        #expect(try fixture.check(grant.secret) == .refused(.unknown))
    }

    @Test func `PACS-4.5.1-1 activity postpones the logout and background refresh does not`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        let (active, background) = (try fixture.grant(), try fixture.grant())
        var last = SessionCheck.refused(.unknown)
        for _ in 0..<9 {
            fixture.advance(seconds: 100)
            _ = try fixture.check(active.secret)
            last = try fixture.check(background.secret, isActivity: false)
        }
        #expect(try fixture.check(active.secret).session != nil)
        #expect(last == .refused(.idle))
    }

    @Test func `even a busy session ends after the absolute time`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        let grant = try fixture.grant()
        for _ in 0..<(43200 / 600 - 1) {
            fixture.advance(seconds: 600)
            #expect(try fixture.check(grant.secret).session != nil)
        }
        fixture.advance(seconds: 600)
        #expect(try fixture.check(grant.secret) == .refused(.expired))
    }

    @Test func `PACS-4.5.1-4 after signing out the old cookie is refused`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        let grant = try fixture.grant()
        try fixture.services.sessions.signOut(secret: grant.secret, origin: "192.0.2.9")
        #expect(try fixture.check(grant.secret) == .refused(.unknown))
    }

    @Test func `PACS-4.5.3-5 a cookie copied to another browser is refused and ends the session`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        let grant = try fixture.grant()
        let thief = ClientContext(address: "203.0.113.5", description: "curl", fingerprint: "curl")
        #expect(try fixture.check(grant.secret, client: thief) == .refused(.otherDevice))
        #expect(try fixture.check(grant.secret) == .refused(.unknown))
        #expect(try fixture.kinds().last == "session.revoked")
    }

    @Test func `an administrator lists and ends sessions`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        let grant = try fixture.grant()
        let listed = try fixture.services.sessions.list()
        #expect(listed.map(\.accountName) == ["li"])
        try fixture.services.sessions.revoke(id: try #require(listed.first?.id), by: SecurityFixture.administrator)
        #expect(try fixture.check(grant.secret) == .refused(.unknown))
        #expect(throws: SecurityError.sessionNotFound(id: "x")) {
            try fixture.services.sessions.revoke(id: "x", by: SecurityFixture.administrator)
        }
    }

    @Test func `the CSRF token belongs to one session`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        let (one, two) = (try fixture.grant(), try fixture.grant())
        let sessions = fixture.services.sessions
        #expect(sessions.isCSRFTokenValid(one.session.csrfToken, secret: one.secret))
        #expect(!sessions.isCSRFTokenValid(two.session.csrfToken, secret: one.secret))
        #expect(!sessions.isCSRFTokenValid("", secret: one.secret))
    }

    @Test func `roles changed by an administrator hold with the next request`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        let grant = try fixture.grant()
        try fixture.services.accounts.setRoles([], name: "li", by: SecurityFixture.administrator)
        let session = try #require(try fixture.check(grant.secret).session)
        #expect(!authorize(session.principal, .studyView).isAllowed)
    }

    @Test func `the fifty-first session of one user ends his oldest`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        let first = try fixture.grant()
        for _ in 0..<50 {
            fixture.advance(seconds: 1)
            _ = try fixture.grant()
        }
        #expect(try fixture.services.sessions.list().count == 50)
        #expect(try fixture.check(first.secret) == .refused(.unknown))
    }

    @Test func `the sweep ends forgotten sessions and the log tells of it`() throws {
        let fixture = try SecurityFixture()
        try fixture.addUser()
        _ = try fixture.grant()
        #expect(try fixture.services.sessions.endExpired() == 0)
        fixture.advance(seconds: 900)
        #expect(try fixture.services.sessions.endExpired() == 1)
        let record = try #require(try fixture.services.audit.records(AuditQuery(limit: 1)).first)
        #expect(record.kind == "logout" && record.actorName == "li" && record.details == "reason=idle")
    }
}

@Suite struct `API tokens` {
    private func create(_ fixture: SecurityFixture, seconds: Int? = nil) throws -> (
        token: String, summary: TokenSummary
    ) {
        try fixture.services.tokens.create(
            name: "RIS", roles: [.integration], validSeconds: seconds, by: SecurityFixture.administrator)
    }

    @Test func `a token is recognised by its start, shown once, and only its keyed hash is on disk`() throws {
        let fixture = try SecurityFixture()
        let made = try create(fixture)
        #expect(made.token.hasPrefix(made.summary.prefix + "_") && made.token.utf8.count == 57)
        let check = try fixture.services.tokens.authenticate(made.token, origin: "192.0.2.7")
        guard case .valid(let principal) = check else { return #expect(Bool(false), "refused") }
        #expect(authorize(principal, .dicomwebWrite).isAllowed && !authorize(principal, .userManage).isAllowed)
        let disk = try fixture.bytesOnDisk()
        #expect(disk.range(of: Data(made.token.utf8)) == nil)
        #expect(disk.range(of: Data(made.token.utf8.suffix(43))) == nil)
    }

    @Test func `a token with one character changed, revoked or expired is refused`() throws {
        let fixture = try SecurityFixture()
        let tokens = fixture.services.tokens
        let made = try create(fixture, seconds: 60)
        let altered = String(made.token.dropLast()) + (made.token.last == "A" ? "B" : "A")
        #expect(try tokens.authenticate(altered, origin: "-") == .refused(.unknown))
        #expect(try tokens.authenticate("apus_", origin: "-") == .refused(.unknown))
        #expect(try tokens.authenticate("", origin: "-") == .refused(.unknown))
        fixture.advance(seconds: 59.999)
        #expect(try tokens.authenticate(made.token, origin: "-") != .refused(.expired))
        fixture.advance(seconds: 0.001)
        #expect(try tokens.authenticate(made.token, origin: "-") == .refused(.expired))
        let second = try create(fixture)
        try tokens.revoke(second.summary.prefix, by: SecurityFixture.administrator)
        #expect(try tokens.authenticate(second.token, origin: "-") == .refused(.revoked))
        #expect(try tokens.list().first { $0.id == second.summary.id }?.revokedAtMilliseconds == fixture.now)
    }

    @Test func `last use is noted to the minute and is no change of the token`() throws {
        let fixture = try SecurityFixture()
        let tokens = fixture.services.tokens
        let made = try create(fixture)
        let revision = try fixture.services.revision()
        _ = try tokens.authenticate(made.token, origin: "-")
        let first = fixture.now
        fixture.advance(seconds: 59)
        _ = try tokens.authenticate(made.token, origin: "-")
        #expect(try tokens.list().first?.lastUsedAtMilliseconds == first)
        fixture.advance(seconds: 1)
        _ = try tokens.authenticate(made.token, origin: "-")
        #expect(try tokens.list().first?.lastUsedAtMilliseconds == first + 60_000)
        #expect(try fixture.services.revision() == revision)
        #expect(try fixture.services.integrity.verify().isIntact)
    }

    @Test func `a token needs a name and a role`() throws {
        let fixture = try SecurityFixture()
        for (name, roles) in [("", Set([Role.integration])), ("x", []), ("a\nb", [.integration])] {
            #expect(throws: SecurityError.self) {
                try fixture.services.tokens.create(name: name, roles: roles, by: SecurityFixture.administrator)
            }
        }
    }
}
