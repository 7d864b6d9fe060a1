import Foundation
import PersistenceSQLite
import SecurityProfiles
import Testing

@Suite struct `PACS-4.5.4 node authentication` {
    private func policy(_ services: SecurityServices, hosts: [String: [String]] = [:]) throws -> NodePolicy {
        services.nodePolicy(ownAETitles: [try #require(AETitle("APUS"))]) { name in
            (hosts[name] ?? []).compactMap { IPAddress($0) }
        }
    }

    private func cause(
        _ policy: NodePolicy, _ calling: String = "CT1", called: String = "APUS", from address: String = "192.0.2.50",
        certificate: String? = nil
    ) -> NodeRefusal? {
        let decision = policy.decide(
            callingAE: calling, calledAE: called, address: address, certificateFingerprint: certificate)
        if case .refuse(let refusal) = decision { return refusal }
        return nil
    }

    @Test func `PACS-4.5.4-1 a registered caller is accepted, also with padding, and case counts`() throws {
        let fixture = try SecurityFixture()
        try fixture.services.devices.add(DeviceDraft(aeTitle: "CT1"), by: SecurityFixture.administrator)
        let policy = try policy(fixture.services)
        #expect(cause(policy) == nil)
        #expect(cause(policy, "CT1             ", called: "APUS            ") == nil)
        #expect(cause(policy, "ct1")?.cause == .unknownCaller)
    }

    @Test func `PACS-4.5.4-1 each refusal carries the reason of PS3.8 and says what to do`() throws {
        let fixture = try SecurityFixture()
        try fixture.services.devices.add(
            DeviceDraft(aeTitle: "CT1", isEnabled: false), by: SecurityFixture.administrator)
        let policy = try policy(fixture.services)
        let unknown = try #require(cause(policy, "MR2"))
        #expect(unknown.rejection == .callingAETitleNotRecognized)
        #expect(
            unknown.message == "Association from MR2 refused: the calling AE title is not registered. "
                + "Approve it with apus device inbox.")
        #expect(cause(policy, called: "OTHER")?.rejection == .calledAETitleNotRecognized)
        #expect(cause(policy)?.cause == .disabled)
        #expect(cause(policy, "A\\B")?.cause == .malformedAETitle)
        #expect(cause(policy, "")?.rejection == .callingAETitleNotRecognized)
        try fixture.services.settings.set("device.checkCalledAE", to: "no", by: SecurityFixture.administrator)
        #expect(cause(policy, called: "OTHER")?.cause == .disabled)
    }

    @Test func `PACS-4.5.4-2 the right AE title from a wrong address is refused when the check is on`() throws {
        let fixture = try SecurityFixture()
        let policy = try policy(fixture.services, hosts: ["ct.local": ["192.0.2.77"]])
        var draft = DeviceDraft(aeTitle: "CT1")
        try fixture.services.devices.add(draft, by: SecurityFixture.administrator)
        #expect(cause(policy, from: "203.0.113.1") == nil)
        draft.addresses = ["192.0.2.50", "2001:db8::/32", "ct.local"]
        try fixture.services.devices.update(draft, by: SecurityFixture.administrator)
        for address in ["192.0.2.50", "::ffff:192.0.2.50", "2001:db8::9", "192.0.2.77"] {
            #expect(cause(policy, from: address) == nil)
        }
        for address in ["192.0.2.51", "2001:db9::9", "", "not an address"] {
            #expect(cause(policy, from: address)?.cause == .address)
        }
    }

    @Test func `PACS-4.5.4-2 a device bound to a certificate is refused without it`() throws {
        let fixture = try SecurityFixture()
        let fingerprint = String(repeating: "AB:", count: 31) + "AB"
        try fixture.services.devices.add(
            DeviceDraft(aeTitle: "CT1", certificateFingerprint: fingerprint), by: SecurityFixture.administrator)
        let policy = try policy(fixture.services)
        #expect(cause(policy)?.cause == .certificate)
        #expect(cause(policy, certificate: String(repeating: "cd", count: 32))?.cause == .certificate)
        #expect(cause(policy, certificate: String(repeating: "ab", count: 32)) == nil)
    }

    @Test(arguments: NodeService.allCases) func `PACS-4.5.4-3 a device may do what it was granted and nothing else`(
        _ granted: NodeService
    ) throws {
        let fixture = try SecurityFixture()
        try fixture.services.devices.add(
            DeviceDraft(aeTitle: "CT1", services: [granted]), by: SecurityFixture.administrator)
        let decision = try policy(fixture.services).decide(
            callingAE: "CT1", calledAE: "APUS", address: "192.0.2.50", certificateFingerprint: nil)
        guard case .accept(let grant) = decision else { return #expect(Bool(false), "refused") }
        for service in NodeService.allCases { #expect(grant.allows(service) == (service == granted)) }
        #expect(grant.allows(abstractSyntaxUID: "1.2.840.10008.5.1.4.1.2.2.1") == (granted == .find))
        #expect(grant.allows(abstractSyntaxUID: "1.3.12.2.1107.5.9.1") == (granted == .store))
    }

    @Test func `PACS-4.5.4-3 only registered, enabled devices with host and port are move destinations`() throws {
        let fixture = try SecurityFixture()
        let devices = fixture.services.devices
        try devices.add(DeviceDraft(aeTitle: "WS1", host: "192.0.2.3", port: 104), by: SecurityFixture.administrator)
        try devices.add(DeviceDraft(aeTitle: "CT1"), by: SecurityFixture.administrator)
        try devices.add(
            DeviceDraft(aeTitle: "WS2", host: "192.0.2.4", port: 104, isEnabled: false),
            by: SecurityFixture.administrator)
        #expect(try devices.destination(aeTitle: "WS1 ")?.port == 104)
        for title in ["CT1", "WS2", "NONE", "ws1", ""] { #expect(try devices.destination(aeTitle: title) == nil) }
    }

    @Test func `PACS-4.5.4-1 unknown callers are listed, counted and approved`() throws {
        let fixture = try SecurityFixture()
        let policy = try policy(fixture.services)
        for _ in 0..<3 { #expect(cause(policy, "MR2")?.cause == .unknownCaller) }
        fixture.advance(seconds: 1)
        #expect(cause(policy, "MR2") != nil)
        let listed = try fixture.services.devices.unknownCallers()
        #expect(
            listed.map(\.aeTitle.text) == ["MR2"] && listed.map(\.count) == [4] && listed[0].address == "192.0.2.50")
        #expect(listed[0].lastSeenMilliseconds - listed[0].firstSeenMilliseconds == 1000)
        #expect(throws: SecurityError.callerNotFound(aeTitle: "US9")) {
            try fixture.services.devices.approve(DeviceDraft(aeTitle: "US9"), by: SecurityFixture.administrator)
        }
        try fixture.services.devices.approve(
            DeviceDraft(aeTitle: "MR2", addresses: ["192.0.2.50"]), by: SecurityFixture.administrator)
        #expect(cause(policy, "MR2") == nil)
        #expect(try fixture.services.devices.unknownCallers().isEmpty)
    }

    @Test func `the setting refuse lists nobody and accept lets everybody in for its services only`() throws {
        let fixture = try SecurityFixture()
        let policy = try policy(fixture.services)
        try fixture.services.settings.set("device.unknownCallers", to: "refuse", by: SecurityFixture.administrator)
        #expect(cause(policy, "MR2") != nil)
        #expect(try fixture.services.devices.unknownCallers().isEmpty)
        try fixture.services.settings.set("device.unknownCallers", to: "accept", by: SecurityFixture.administrator)
        let decision = policy.decide(
            callingAE: "MR2", calledAE: "APUS", address: "192.0.2.50", certificateFingerprint: nil)
        guard case .accept(let grant) = decision else { return #expect(Bool(false), "refused") }
        #expect(grant.device == nil && grant.services == [.echo, .store])
        #expect(try fixture.services.devices.unknownCallers().count == 1)
    }

    @Test func `a flood of invented callers fills neither the list nor the log`() throws {
        let fixture = try SecurityFixture()
        let policy = try policy(fixture.services)
        for index in 0..<700 { _ = cause(policy, "FLOOD\(index)") }
        #expect(try fixture.services.devices.unknownCallers().count == 500)
        #expect(try fixture.kinds().filter { $0 == "association.refused" }.count == 120)
        fixture.advance(seconds: 60)
        _ = cause(policy, "LAST")
        #expect(
            try fixture.services.audit.records(AuditQuery(limit: 1)).first?.details.contains("suppressed=580") == true)
    }

    @Test func `PACS-4.5.10-3 a device changed behind Apus's back is refused and reported`() throws {
        let fixture = try SecurityFixture()
        try fixture.services.devices.add(DeviceDraft(aeTitle: "CT1"), by: SecurityFixture.administrator)
        let policy = try policy(fixture.services)
        for sql in ["UPDATE device SET services = 'echo,store,find'", "UPDATE device SET services = 'root'"] {
            try fixture.tamper(sql)
            #expect(cause(policy)?.cause == .tampered)
            let report = try fixture.services.integrity.verify()
            #expect(report.findings.contains { $0.area == "device" && $0.key == "CT1" })
        }
    }

    @Test func `a change made by another process holds at once`() throws {
        let fixture = try SecurityFixture()
        let policy = try policy(fixture.services)
        let other = try fixture.reopened()
        let before = try fixture.services.revision()
        #expect(cause(policy) != nil)
        try other.devices.add(DeviceDraft(aeTitle: "CT1"), by: .terminal(user: "root"))
        #expect(cause(policy) == nil)
        #expect(try fixture.services.revision() > before)
        try other.devices.remove(aeTitle: "CT1", by: .terminal(user: "root"))
        #expect(cause(policy) != nil)
    }
}
