import SecurityProfiles
import Testing

@Suite struct `PS3.5 §6.2 AE titles` {
    @Test func `PACS-4.5.4-1 sixteen characters are the limit, outer spaces do not count, case does`() {
        #expect(AETitle("ABCDEFGHIJKLMNOP")?.text == "ABCDEFGHIJKLMNOP")
        #expect(AETitle("ABCDEFGHIJKLMNOPQ") == nil)
        #expect(AETitle("  CT 1          ")?.text == "CT 1")
        #expect(AETitle("CT1") != AETitle("ct1"))
        #expect(AETitle("CT1 ") == AETitle(" CT1"))
    }

    @Test(arguments: ["", "                ", "A\\B", "A\u{0}B", "A\tB", "ÄE"]) func `what is no AE title is refused`(
        _ text: String
    ) {
        #expect(AETitle(text) == nil)
    }
}

@Suite struct `PACS-4.5.4-2 address rules` {
    private func matches(_ rule: String, _ address: String, hosts: [String: [String]] = [:]) throws -> Bool {
        let policyRule = try #require(AddressRule(rule))
        let caller = try #require(IPAddress(address))
        return policyRule.matches(caller) { name in (hosts[name] ?? []).compactMap { IPAddress($0) } }
    }

    @Test func `PACS-4.5.4-2 IPv4, IPv6 and mapped addresses compare by value`() throws {
        #expect(try matches("192.0.2.1", "192.0.2.1"))
        #expect(try !matches("192.0.2.1", "192.0.2.2"))
        #expect(try matches("192.0.2.1", "::ffff:192.0.2.1"))
        #expect(try matches("2001:db8::1", "2001:0DB8:0:0::0001"))
        #expect(try matches("fe80::1", "fe80::1%eth0"))
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.0.2.128/25", "192.0.2.127", false),
        ("192.0.2.128/25", "192.0.2.128", true), ("192.0.2.5/31", "192.0.2.4", true),
        ("0.0.0.0/0", "203.0.113.9", true),
        ("0.0.0.0/0", "2001:db8::1", false), ("2001:db8::/33", "2001:db8:7fff::1", true),
        ("2001:db8::/33", "2001:db8:8000::1", false), ("::1/128", "::1", true),
    ]) func `PACS-4.5.4-2 networks match by their prefix`(_ rule: String, _ address: String, _ expected: Bool) throws {
        #expect(try matches(rule, address) == expected)
    }

    @Test func `PACS-4.5.4-2 a host name matches what it resolves to now`() throws {
        #expect(
            try matches("CT1.Hospital.local", "192.0.2.7", hosts: ["ct1.hospital.local": ["192.0.2.6", "192.0.2.7"]]))
        #expect(try !matches("ct1.hospital.local", "192.0.2.7"))
    }

    @Test(arguments: [
        "", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x", "256.1.1.1", "1.2.3", "a b", "-ct", "ct-", "a,b", "::1/129",
    ])
    func `malformed rules are refused`(_ text: String) { #expect(AddressRule(text) == nil) }

    @Test func `rules read back from their text`() {
        for text in ["192.0.2.1", "2001:db8::/33", "ct1.local"] { #expect(AddressRule(text)?.description == text) }
    }
}

@Suite struct `PACS-4.5.4-3 services of a node` {
    @Test(arguments: [
        ("1.2.840.10008.1.1", NodeService.echo), ("1.2.840.10008.5.1.4.1.1.2", .store),
        ("1.2.840.10008.5.1.4.1.2.1.1", .find), ("1.2.840.10008.5.1.4.1.2.2.2", .move),
        ("1.2.840.10008.5.1.4.1.2.2.3", .get), ("1.2.840.10008.5.1.4.31", .worklist),
        ("1.2.840.10008.3.1.2.3.3", .mpps), ("1.2.840.10008.1.20.1", .commit), ("1.2.840.10008.5.1.1.9", .print),
    ]) func `an abstract syntax belongs to one service`(_ uid: String, _ service: NodeService) {
        #expect(NodeService.service(abstractSyntaxUID: uid) == service)
    }

    @Test func `a private class belongs to none and is left to the archive`() {
        #expect(NodeService.service(abstractSyntaxUID: "1.3.12.2.1107.5.9.1") == nil)
    }

    @Test func `service lists read back and unknown names are refused`() {
        #expect(NodeService.set("find, echo") == [.echo, .find])
        #expect(NodeService.set("all") == Set(NodeService.allCases))
        #expect(NodeService.set("") == [])
        #expect(NodeService.set("echo,delete") == nil)
    }
}

@Suite struct `device drafts` {
    private func field(_ draft: DeviceDraft) -> String? {
        do {
            _ = try draft.validated(createdAtMilliseconds: 0)
            return nil
        } catch SecurityError.invalidDevice(let field, _) {
            return field
        } catch {
            return "other"
        }
    }

    @Test func `each field is checked and named`() {
        #expect(field(DeviceDraft(aeTitle: "CT1", host: "ct1.local", port: 104, addresses: ["10.0.0.0/8"])) == nil)
        #expect(field(DeviceDraft(aeTitle: "")) == "AE title")
        #expect(field(DeviceDraft(aeTitle: "CT1", host: "a b")) == "host")
        #expect(field(DeviceDraft(aeTitle: "CT1", port: 0)) == "port")
        #expect(field(DeviceDraft(aeTitle: "CT1", port: 65536)) == "port")
        #expect(field(DeviceDraft(aeTitle: "CT1", addresses: ["x y"])) == "addresses")
        #expect(field(DeviceDraft(aeTitle: "CT1", certificateFingerprint: "12")) == "certificate fingerprint")
        #expect(field(DeviceDraft(aeTitle: "CT1", details: "a\u{1B}[31m")) == "description")
    }

    @Test func `a fingerprint is accepted with and without colons`() {
        let plain = String(repeating: "0a", count: 32)
        let colons = Array(repeating: "0A", count: 32).joined(separator: ":")
        #expect(Device.fingerprint(colons) == plain && Device.fingerprint(plain) == plain)
    }
}

@Suite struct `bytes as text` {
    @Test func `base64url follows RFC 4648 §5 without padding`() {
        #expect(ByteText.base64URL(Array("fo".utf8)) == "Zm8")
        #expect(ByteText.base64URL([0xFB, 0xFF, 0xFE]) == "-__-")
        #expect(ByteText.base64URL([]) == "")
        #expect(ByteText.base64URL([UInt8](repeating: 0xFF, count: 32)).count == 43)
    }

    @Test func `hexadecimal reads what it writes`() {
        #expect(ByteText.bytes(hexadecimal: ByteText.hexadecimal([0, 127, 255])) == [0, 127, 255])
        #expect(ByteText.bytes(hexadecimal: "0") == nil && ByteText.bytes(hexadecimal: "0g") == nil)
    }

    @Test func `fields with moved boundaries do not look alike`() {
        var one = CanonicalFields(), two = CanonicalFields()
        one.append("ab"); one.append("c")
        two.append("a"); two.append("bc")
        #expect(one.bytes != two.bytes)
        var none = CanonicalFields(), empty = CanonicalFields()
        none.append(String?.none)
        empty.append("")
        #expect(none.bytes != empty.bytes)
    }
}
