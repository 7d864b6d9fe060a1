import DICOMCore

// Compiled together with Sources/DIMSE/UpperLayer and Sources/DIMSE/Message.

/// Reads arbitrary bytes as the stream of a connection: the PDU reader, message assembly and command sets.
///
/// The first byte says how the stream is cut into pieces. Beyond not crashing, it is asserted that the cut makes no
/// difference, that what is decoded can be encoded and decodes to the same, and that memory is not claimed by
/// declared lengths.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPDU(_ pointer: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let pointer, count > 1 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: pointer, count: count))
    let step = Int(bytes[0] & 0x3F) + 1
    let stream = Array(bytes.dropFirst())
    let whole = Session(stream, step: stream.count)
    let cut = Session(stream, step: step)
    precondition(whole.pdus == cut.pdus && whole.payload == cut.payload && whole.commands == cut.commands)
    precondition(whole.error == cut.error)
    for pdu in whole.pdus { checkRoundTrip(pdu) }
    for command in whole.commands { checkRoundTrip(command) }
    if let set = try? CommandSet(decoding: stream), let command = try? Command(set) { checkRoundTrip(command) }
    return 0
}

/// Everything read from one stream.
private struct Session {
    var pdus: [PDU] = []
    var commands: [Command] = []
    /// Of data sets.
    var payload: [UInt8] = []
    var error: String?

    init(_ stream: [UInt8], step: Int) {
        var reader = PDUStreamReader(maximumDataPDULength: 4096, maximumControlPDULength: 65_536)
        var assembler = MessageAssembler(maximumCommandBytes: 2048)
        var start = 0
        do {
            while start < stream.count {
                let piece = Array(stream[start..<min(stream.count, start + step)])
                start += piece.count
                try read(piece, &reader, &assembler)
            }
        } catch { self.error = "\(error)" }
    }

    private mutating func read(
        _ piece: [UInt8], _ reader: inout PDUStreamReader, _ assembler: inout MessageAssembler
    ) throws {
        var offset = 0
        while true {
            switch try reader.next(in: piece.span, at: &offset) {
            case .needsMoreBytes:
                precondition(offset == piece.count)
                return
            case .pdu(let pdu): pdus.append(pdu)
            case .fragment(let fragment):
                switch try assembler.add(fragment, bytes: piece.span) {
                case .none: break
                case .command(let command, _): commands.append(command)
                case .dataSetFragment: payload += piece[fragment.range]
                }
            }
        }
    }
}

private func checkRoundTrip(_ pdu: PDU) {
    // A missing second field of a user identity is written as an empty one, for which the item may have no room.
    guard let bytes = try? pdu.encoded() else { return }
    var reader = PDUStreamReader(maximumDataPDULength: 4096, maximumControlPDULength: .max)
    var offset = 0
    guard let event = try? reader.next(in: bytes.span, at: &offset) else {
        preconditionFailure("an encoded PDU cannot be read")
    }
    precondition(event == .pdu(pdu))
}

/// Values longer than the attribute allows are shortened when written, so the second generation is compared.
private func checkRoundTrip(_ command: Command) {
    func again(_ command: Command) -> Command? {
        (try? CommandSet(decoding: command.commandSet.encoded())).flatMap { try? Command($0) }
    }
    guard let second = again(command), let third = again(second) else {
        preconditionFailure("an encoded command cannot be read")
    }
    precondition(second == third)
}
