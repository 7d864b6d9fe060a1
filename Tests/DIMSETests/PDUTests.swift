import Testing

@testable import DIMSE

/// An A-ASSOCIATE-RQ with every kind of item, byte by byte.
private let associateRQBytes = hex(
    """
    01 00 00 00 01 1e                      | PDU type, reserved, length 286
    00 01 00 00                            | protocol version 1, reserved
    'ARCHIVE         '                     | called AE title
    'MODALITY 1      '                     | calling AE title
    00000000 00000000 00000000 00000000    | reserved
    00000000 00000000 00000000 00000000
    10 00 00 15 '1.2.840.10008.3.1.1.1'    | application context name
    20 00 00 2e 01 00 00 00                | presentation context 1
    30 00 00 11 '1.2.840.10008.1.1'        | abstract syntax: Verification
    40 00 00 11 '1.2.840.10008.1.2'        | transfer syntax: Implicit VR Little Endian
    50 00 00 8b                            | user information
    51 00 00 04 00 00 40 00                | maximum length 16384
    52 00 00 07 '1.2.3.4'                  | implementation class UID
    53 00 00 04 00 05 00 02                | asynchronous operations: 5 invoked, 2 performed
    54 00 00 15 00 11 '1.2.840.10008.1.1' 01 01 | role selection: SCU and SCP
    55 00 00 05 'APUS1'                    | implementation version name
    56 00 00 16 00 11 '1.2.840.10008.1.1' 01 00 01 | extended negotiation
    57 00 00 1b 00 07 '1.2.3.4' 00 05 '1.2.3' 00 09 00 07 '1.2.3.9' | common extended negotiation
    58 00 00 11 02 01 00 05 'alice' 00 06 's3cret' | user identity: name and passcode, answer asked for
    """)

private var associateRQ: AssociateRQ {
    var information = UserInformation(
        maximumPDULength: 16_384, implementationClassUID: "1.2.3.4", implementationVersionName: "APUS1")
    information.asynchronousOperationsWindow = .init(maximumInvoked: 5, maximumPerformed: 2)
    information.roleSelections = [.init(sopClassUID: "1.2.840.10008.1.1", isSCU: true, isSCP: true)]
    information.extendedNegotiations = [
        .init(sopClassUID: "1.2.840.10008.1.1", applicationInformation: [1, 0, 1])
    ]
    information.commonExtendedNegotiations = [
        .init(sopClassUID: "1.2.3.4", serviceClassUID: "1.2.3", relatedGeneralSOPClassUIDs: ["1.2.3.9"])
    ]
    information.userIdentity = UserIdentity(
        kind: .usernameAndPasscode, isPositiveResponseRequested: true, primaryField: Array("alice".utf8),
        secondaryField: Array("s3cret".utf8))
    return AssociateRQ(
        calledAETitle: "ARCHIVE", callingAETitle: "MODALITY 1",
        presentationContexts: [
            .init(id: 1, abstractSyntax: "1.2.840.10008.1.1", transferSyntaxes: ["1.2.840.10008.1.2"])
        ], userInformation: information)
}

/// Lengths in the annotated bytes, corrected from the contents so that the comments above stay readable.
private func withLength(_ bytes: [UInt8]) -> [UInt8] {
    let length = UInt32(bytes.count - 6)
    var bytes = bytes
    for index in 0..<4 { bytes[2 + index] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * index)) }
    return bytes
}

@Suite struct `PS3.8 §9.3 PDU encoding` {
    @Test func `A-ASSOCIATE-RQ is read with all its items`() throws {
        #expect(try events(of: associateRQBytes) == [.pdu(.associateRQ(associateRQ))])
    }

    @Test func `A-ASSOCIATE-RQ is written as it is read`() throws {
        #expect(try PDU.associateRQ(associateRQ).encoded() == associateRQBytes)
    }

    @Test func `A-ASSOCIATE-AC is read and written`() throws {
        let bytes = withLength(
            hex(
                """
                02 00 00 00 00 00
                00 01 00 00 'ARCHIVE         ' 'MODALITY 1      '
                00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
                10 00 00 15 '1.2.840.10008.3.1.1.1'
                21 00 00 19 01 00 00 00 40 00 00 11 '1.2.840.10008.1.2'   | context 1: acceptance
                21 00 00 19 03 00 04 00 40 00 00 11 '1.2.840.10008.1.2'   | context 3: no transfer syntax
                50 00 00 1a
                51 00 00 04 00 02 00 00
                52 00 00 03 '1.2'
                59 00 00 07 00 05 'token'
                """))
        var information = UserInformation(maximumPDULength: 131_072, implementationClassUID: "1.2")
        information.userIdentityResponse = Array("token".utf8)
        var answer = AssociateAC(
            calledAETitle: "ARCHIVE", callingAETitle: "MODALITY 1",
            presentationContexts: [
                .init(id: 1, result: .acceptance, transferSyntax: "1.2.840.10008.1.2"),
                .init(id: 3, result: .transferSyntaxesNotSupported, transferSyntax: "1.2.840.10008.1.2"),
            ], userInformation: information)
        #expect(try PDU.associateAC(answer).encoded() == bytes)
        // What stands in a refused context is not significant and not kept.
        answer.presentationContexts[1].transferSyntax = ""
        #expect(try events(of: bytes) == [.pdu(.associateAC(answer))])
    }

    @Test(arguments: [
        (PDU.associateRJ(.calledAETitleNotRecognized), "03 00 00000004 00 01 01 07"),
        (PDU.associateRJ(.localLimitExceeded), "03 00 00000004 00 02 03 02"),
        (PDU.releaseRQ, "05 00 00000004 00000000"),
        (PDU.releaseRP, "06 00 00000004 00000000"),
        (PDU.abort(AbortPDU(source: .serviceProvider, reason: .unexpectedPDU)), "07 00 00000004 00 00 02 02"),
        (PDU.abort(AbortPDU(source: .serviceUser)), "07 00 00000004 00 00 00 00"),
    ])
    func `short PDUs are read and written`(pdu: PDU, text: String) throws {
        #expect(try pdu.encoded() == hex(text))
        #expect(try events(of: hex(text)) == [.pdu(pdu)])
    }

    @Test(arguments: [1, 2, 3, 5, 7, 64])
    func `a stream reads the same however it is cut`(step: Int) throws {
        let stream = associateRQBytes + hex("05 00 00000004 00000000")
        #expect(try events(of: stream, step: step) == [.pdu(.associateRQ(associateRQ)), .pdu(.releaseRQ)])
    }

    @Test func `PACS-4.5.4-1 spaces around an AE title are not significant, case and inner spaces are`() throws {
        var bytes = associateRQBytes
        bytes.replaceSubrange(10..<26, with: Array("  My  Archive\0\0\0".utf8))
        guard case .pdu(.associateRQ(let request)) = try events(of: bytes).first else {
            Issue.record("no request")
            return
        }
        #expect(request.calledAETitle == "My  Archive")
    }

    @Test func `an AE title of 17 characters cannot be sent`() {
        var request = associateRQ
        request.callingAETitle = "12345678901234567"
        #expect(throws: PDUError.invalidValue(field: .callingAETitle, offset: 26)) {
            try PDU.associateRQ(request).encoded()
        }
    }

    @Test func `user identity never shows in descriptions`() {
        let text = "\(associateRQ) \(String(reflecting: associateRQ))"
        #expect(!text.contains("115, 51, 99"))
        #expect(!text.contains("alice"))
    }
}

@Suite struct `PS3.8 §9.3.5 P-DATA-TF` {
    /// Two PDVs in one PDU: a command's end and a data set's beginning.
    private let pdu = hex(
        """
        04 00 00 00 00 11          | P-DATA-TF, length 17
        00 00 00 05 01 03 aa bb cc | PDV of 5: context 1, command, last
        00 00 00 04 01 00 dd ee    | PDV of 4: context 1, data set, not last
        """)

    @Test func `presentation data values are pointed out in place`() throws {
        #expect(
            try events(of: pdu) == [
                .fragment(1, isCommand: true, isLast: true, endsPDV: true, [0xAA, 0xBB, 0xCC]),
                .fragment(1, isCommand: false, isLast: false, endsPDV: true, [0xDD, 0xEE]),
            ])
    }

    @Test(arguments: [1, 2, 3, 5, 7])
    func `a value cut by the transport ends once`(step: Int) throws {
        let fragments = try events(of: pdu, step: step)
        let ends = fragments.filter { if case .fragment(_, _, _, true, _) = $0 { true } else { false } }
        let bytes: [UInt8] = fragments.flatMap { event -> [UInt8] in
            if case .fragment(_, _, _, _, let bytes) = event { bytes } else { [] }
        }
        #expect(ends.count == 2)
        #expect(bytes == [0xAA, 0xBB, 0xCC, 0xDD, 0xEE])
    }

    @Test func `an empty value is an event of its own`() throws {
        let empty = hex("04 00 00000006 00000002 05 02")
        #expect(try events(of: empty) == [.fragment(5, isCommand: false, isLast: true, endsPDV: true, [])])
    }

    @Test func `a PDU over the negotiated maximum is refused at its header`() {
        let header = hex("04 00 00004001")
        #expect(throws: PDUError.pduTooLong(type: 4, declared: 16_385, limit: 16_384)) { try events(of: header) }
    }

    @Test func `without negotiated maximum a PDU may be large`() throws {
        let header = hex("04 00 00100000 000ffffc 01 00")
        #expect(try events(of: header, maximumDataPDULength: 0) == [])
        #expect(throws: PDUError.self) { try events(of: hex("04 00 ffffffff"), maximumDataPDULength: 0) }
    }

    @Test(arguments: [
        "04 00 0000000a 00000008 01 03",  // reaches beyond the PDU
        "04 00 0000000a ffffffff 01 03",
        "04 00 0000000a 00000001 01 03",  // too short for its own header
        "04 00 0000000a 00000000 01 03",
        "04 00 0000000a 00000003 01 03 aa 00 00 00 05 01",  // three bytes left cannot be a value
    ])
    func `a value's length must fit its PDU`(text: String) {
        #expect(throws: PDUError.self) { try events(of: hex(text)) }
    }

    @Test func `a PDU without any value is refused`() {
        #expect(throws: PDUError.pduTooShort(type: 4, declared: 0)) { try events(of: hex("04 00 00000000")) }
    }

    @Test func `an even presentation context is refused`() {
        #expect(throws: PDUError.invalidValue(field: .presentationContextID, offset: 4)) {
            try events(of: hex("04 00 00000006 00000002 02 03"))
        }
    }
}

@Suite struct `PS3.8 §9.3.1 malformed PDUs` {
    @Test(arguments: [UInt8(0), 8, 0x16, 0x47, 0xFF])
    func `an unknown PDU type is refused at its header`(type: UInt8) {
        #expect(throws: PDUError.unrecognizedPDU(type: type)) { try events(of: [type, 0, 0, 0, 0, 4]) }
    }

    @Test func `a control PDU over the cap is refused at its header`() {
        #expect(throws: PDUError.pduTooLong(type: 1, declared: 0xFFFF_FFFF, limit: 262_144)) {
            try events(of: hex("01 00 ffffffff"))
        }
    }

    @Test func `every truncation of a request waits or is refused, never read`() throws {
        for count in 0..<associateRQBytes.count {
            #expect(try events(of: Array(associateRQBytes.prefix(count))) == [])
            guard count > 10 else { continue }
            // The same bytes with a PDU length that claims to be complete.
            let cut = withLength(Array(associateRQBytes.prefix(count)))
            if let read = try? events(of: cut) {
                // Cut between two items of the user information the outer lengths no longer fit.
                Issue.record("read \(read.count) from \(count) bytes")
            }
        }
    }

    @Test func `an item beyond its PDU is refused`() throws {
        var bytes = associateRQBytes
        bytes[76] = 0xFF
        #expect(throws: PDUError.lengthExceedsContainer(item: 0x10, declared: 0xFF15, remaining: 214, offset: 78)) {
            try events(of: bytes)
        }
    }

    @Test func `the same presentation context twice is refused`() throws {
        var request = associateRQ
        request.presentationContexts += request.presentationContexts
        let bytes = try PDU.associateRQ(request).encoded()
        #expect(throws: PDUError.invalidValue(field: .presentationContextID, offset: 149)) { try events(of: bytes) }
    }

    @Test func `thousands of transfer syntaxes are refused`() throws {
        var request = associateRQ
        request.presentationContexts[0].transferSyntaxes = [String](repeating: "1.2", count: 257)
        let bytes = try PDU.associateRQ(request).encoded()
        #expect(throws: PDUError.self) { try events(of: bytes) }
    }

    @Test func `unknown items are skipped`() throws {
        let item = hex("7f 00 00 03 01 02 03")
        let bytes = withLength(associateRQBytes + item)
        #expect(try events(of: bytes) == [.pdu(.associateRQ(associateRQ))])
    }
}
