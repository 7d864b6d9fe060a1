import DICOMCore
import Testing

@testable import DIMSE

/// C-STORE-RQ as DCMTK's storescu writes it for a C-MOVE sub-operation, byte by byte.
private let storeBytes = hex(
    """
    0000 0000 04000000 74000000                           | group length 116
    0000 0200 1a000000 '1.2.840.10008.5.1.4.1.1.2' 00      | affected SOP class: CT Image Storage
    0000 0001 02000000 0100                               | command field: C-STORE-RQ
    0000 1001 02000000 0700                               | message ID 7
    0000 0007 02000000 0000                               | priority: medium
    0000 0008 02000000 0100                               | a data set follows
    0000 0010 08000000 '1.2.3.45'                         | affected SOP instance
    0000 3010 08000000 'WORKST 1'                         | move originator AE title
    0000 3110 02000000 0300                               | move originator message ID 3
    """)

private func assemble(_ command: Command, contextID: UInt8 = 1) throws -> Command? {
    let bytes = command.commandSet.encoded()
    var assembler = MessageAssembler(maximumCommandBytes: 65_536)
    let fragment = PDUStreamReader.PDVFragment(
        contextID: contextID, isCommand: true, isLast: true, range: 0..<bytes.count, endsPDV: true)
    guard case .command(let read, let id) = try assembler.add(fragment, bytes: bytes.span), id == contextID else {
        return nil
    }
    return read
}

private let uid = "1.2.840.10008.5.1.4.1.1.2"

private let requests: [Command] = [
    .store(StoreCommand(messageID: 1, affectedSOPClassUID: uid, affectedSOPInstanceUID: "1.2.3")),
    .store(
        StoreCommand(
            messageID: 0xFFFF, affectedSOPClassUID: uid, affectedSOPInstanceUID: "1.2.3", priority: .low,
            moveOriginatorAETitle: "MOVER", moveOriginatorMessageID: 9)),
    .query(QueryCommand(kind: .find, messageID: 2, affectedSOPClassUID: uid, priority: .high)),
    .query(QueryCommand(kind: .get, messageID: 3, affectedSOPClassUID: uid)),
    .query(QueryCommand(kind: .move(destination: "WS 2"), messageID: 4, affectedSOPClassUID: uid)),
    .echo(EchoCommand(messageID: 5, affectedSOPClassUID: uid)),
    .cancel(CancelCommand(messageIDBeingRespondedTo: 4)),
    .normalized(
        NormalizedCommand(
            kind: .eventReport(eventTypeID: 2), messageID: 6, sopClassUID: uid, sopInstanceUID: "1.2", hasDataSet: true)
    ),
    .normalized(
        NormalizedCommand(
            kind: .get(attributes: [0x0008_0050, 0x0010_0010]), messageID: 7, sopClassUID: uid, sopInstanceUID: "1.2",
            hasDataSet: false)),
    .normalized(
        NormalizedCommand(kind: .set, messageID: 8, sopClassUID: uid, sopInstanceUID: "1.2", hasDataSet: true)),
    .normalized(
        NormalizedCommand(
            kind: .action(actionTypeID: 1), messageID: 9, sopClassUID: uid, sopInstanceUID: "1.2", hasDataSet: true)),
    .normalized(
        NormalizedCommand(kind: .create, messageID: 10, sopClassUID: uid, sopInstanceUID: nil, hasDataSet: true)),
    .normalized(
        NormalizedCommand(kind: .delete, messageID: 11, sopClassUID: uid, sopInstanceUID: "1.2", hasDataSet: false)),
]

@Suite struct `PS3.7 §6.3 command sets` {
    @Test func `C-STORE-RQ is read byte by byte`() throws {
        let command = try Command(CommandSet(decoding: storeBytes))
        #expect(
            command
                == .store(
                    StoreCommand(
                        messageID: 7, affectedSOPClassUID: uid, affectedSOPInstanceUID: "1.2.3.45",
                        moveOriginatorAETitle: "WORKST 1", moveOriginatorMessageID: 3)))
        #expect(command.commandSet.encoded() == storeBytes)
    }

    @Test(arguments: requests)
    func `every request reads as it was written`(command: Command) throws {
        #expect(try assemble(command) == command)
    }

    @Test(arguments: [
        CommandField.cStoreRQ, .cFindRQ, .cGetRQ, .cMoveRQ, .cEchoRQ, .nEventReportRQ, .nGetRQ, .nSetRQ, .nActionRQ,
        .nCreateRQ, .nDeleteRQ,
    ])
    func `every response reads as it was written`(field: CommandField) throws {
        var response = ResponseCommand(
            requestField: field, messageIDBeingRespondedTo: 12, status: .processingFailure)
        response.affectedSOPClassUID = uid
        response.affectedSOPInstanceUID = "1.2.3"
        response.hasDataSet = true
        response.errorComment = "out of space"
        response.offendingElements = [0x0008_0018]
        response.errorID = 4
        response.eventTypeID = 1
        response.actionTypeID = 2
        response.suboperations = SuboperationCounts(completed: 3, failed: 1, warning: 2)
        #expect(try assemble(.response(response)) == .response(response))
        #expect(
            try Command.response(response).commandSet.requiredUInt16(CommandTag.commandField) == field.rawValue | 0x8000
        )
    }

    @Test func `the number of remaining sub-operations stands in pending responses only`() {
        var response = ResponseCommand(requestField: .cMoveRQ, messageIDBeingRespondedTo: 1, status: .pending)
        response.suboperations = SuboperationCounts(remaining: 5)
        #expect(Command.response(response).commandSet.uint16(CommandTag.remainingSuboperations) == 5)
        response.status = .success
        #expect(Command.response(response).commandSet.uint16(CommandTag.remainingSuboperations) == nil)
        response.suboperations?.completed = 100_000
        #expect(Command.response(response).commandSet.uint16(CommandTag.completedSuboperations) == 65_535)
    }

    @Test func `a length beyond the command is refused`() {
        var bytes = storeBytes
        bytes[18] = 0x7F
        #expect(throws: MessageError.self) { try CommandSet(decoding: bytes) }
    }

    @Test(arguments: 1..<storeBytes.count)
    func `every truncation is refused or lacks something`(count: Int) {
        let cut = Array(storeBytes.prefix(count))
        if let set = try? CommandSet(decoding: cut), let command = try? Command(set) {
            // Nothing can be answered without the Message ID; an instance UID that is missing is answered with a status.
            #expect(count >= 12 + 34 + 10 * 2)
            #expect(command.requestMessageID == 7)
        }
    }

    @Test func `elements outside group 0000 or out of order are refused`() {
        #expect(throws: MessageError.invalidCommandElement(tag: Tag(8, 5), offset: 0)) {
            try CommandSet(decoding: hex("0800 0500 00000000"))
        }
        #expect(throws: MessageError.invalidCommandElement(tag: Tag(0, 2), offset: 10)) {
            try CommandSet(decoding: hex("0000 0001 02000000 0100 0000 0200 00000000"))
        }
    }

    /// Found by fuzzing: such a title grew each time it was passed on.
    @Test func `text outside the default repertoire becomes question marks`() throws {
        var bytes = storeBytes
        bytes.replaceSubrange(110..<114, with: [0xAE, 0xDF, 0xDF, 0xE2])
        guard case .store(let command) = try Command(CommandSet(decoding: bytes)) else {
            Issue.record("not a store")
            return
        }
        #expect(command.moveOriginatorAETitle?.contains("????") == true)
        #expect(try assemble(.store(command)) == .store(command))
    }

    @Test func `a UID with control characters is refused`() {
        let bytes = hex(
            "0000 0200 04000000 '1.' 0a '2' 0000 0001 02000000 3000 0000 1001 02000000 0100 0000 0008 02000000 0101")
        #expect(throws: MessageError.invalidElement(tag: CommandTag.affectedSOPClassUID)) {
            try Command(CommandSet(decoding: bytes))
        }
    }
}

@Suite struct `PS3.8 Annex E message fragments` {
    private func fragment(
        _ count: Int, isCommand: Bool, isLast: Bool = true, contextID: UInt8 = 1
    ) -> PDUStreamReader.PDVFragment {
        .init(contextID: contextID, isCommand: isCommand, isLast: isLast, range: 0..<count, endsPDV: true)
    }

    @Test func `a command in pieces is one command, then its data set passes`() throws {
        var assembler = MessageAssembler(maximumCommandBytes: 1000)
        let (head, tail) = (Array(storeBytes.prefix(50)), Array(storeBytes.dropFirst(50)))
        #expect(try assembler.add(fragment(50, isCommand: true, isLast: false), bytes: head.span) == .none)
        guard case .command(.store, 1) = try assembler.add(fragment(tail.count, isCommand: true), bytes: tail.span)
        else {
            Issue.record("no command")
            return
        }
        let data: [UInt8] = [1, 2]
        #expect(
            try assembler.add(fragment(2, isCommand: false, isLast: false), bytes: data.span)
                == .dataSetFragment(isEnd: false))
        #expect(try assembler.add(fragment(2, isCommand: false), bytes: data.span) == .dataSetFragment(isEnd: true))
        #expect(assembler.isIdle)
    }

    @Test func `a command over the cap is refused`() {
        var assembler = MessageAssembler(maximumCommandBytes: 100)
        #expect(throws: MessageError.commandTooLong(limit: 100)) {
            try assembler.add(fragment(storeBytes.count, isCommand: true), bytes: storeBytes.span)
        }
    }

    @Test func `a data set without command is refused`() {
        var assembler = MessageAssembler(maximumCommandBytes: 100)
        let data: [UInt8] = [1, 2]
        #expect(throws: MessageError.unexpectedFragment(isCommand: false, contextID: 3)) {
            try assembler.add(fragment(2, isCommand: false, contextID: 3), bytes: data.span)
        }
    }

    @Test func `a command within a data set, or another context, is refused`() throws {
        var assembler = MessageAssembler(maximumCommandBytes: 1000)
        _ = try assembler.add(fragment(storeBytes.count, isCommand: true), bytes: storeBytes.span)
        var other = assembler
        #expect(throws: MessageError.unexpectedFragment(isCommand: true, contextID: 1)) {
            try assembler.add(fragment(storeBytes.count, isCommand: true), bytes: storeBytes.span)
        }
        let data: [UInt8] = [1, 2]
        #expect(throws: MessageError.contextChanged(from: 1, to: 3)) {
            try other.add(fragment(2, isCommand: false, contextID: 3), bytes: data.span)
        }
    }

    @Test(arguments: [(UInt32(0), 262_138), (16_384, 16_378), (16_383, 16_376), (7, 2), (1, 2)])
    func `fragments fit the peer's maximum and are even`(peer: UInt32, expected: Int) {
        let fragmenter = PDVFragmenter(peerMaximumPDULength: peer, localMaximum: 262_144)
        #expect(fragmenter.maximumFragmentBytes == expected)
        let lengths = fragmenter.fragmentLengths(of: 1_000_001)
        #expect(lengths.reduce(0, +) == 1_000_001)
        #expect(lengths.dropLast().allSatisfy { $0 == expected })
        #expect(fragmenter.fragmentLengths(of: 0) == [0])
    }

    @Test func `the header of a fragment is twelve bytes`() {
        #expect(
            PDVFragmenter.header(contextID: 3, isCommand: true, isLast: true, length: 0x1234)
                == hex("04 00 0000123a 00001236 03 03"))
    }
}

@Suite struct `PS3.7 Annex C status` {
    @Test(arguments: [
        (UInt16(0x0000), DIMSEStatus.Category.success), (0xFF00, .pending), (0xFF01, .pending), (0xFE00, .cancel),
        (0xB000, .warning), (0x0001, .warning), (0x0107, .warning), (0x0116, .warning), (0xA700, .failure),
        (0xC123, .failure), (0x0110, .failure), (0x0122, .failure), (0xFF02, .failure),
    ])
    func `a code has its class`(code: UInt16, category: DIMSEStatus.Category) {
        #expect(DIMSEStatus(rawValue: code).category == category)
    }
}
