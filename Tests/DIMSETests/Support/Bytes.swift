@testable import DIMSE

/// Bytes from annotated hexadecimal: what follows `|` on a line is a comment, text stands in single quotes.
func hex(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for line in text.split(separator: "\n") {
        let code = line.prefix { $0 != "|" }
        var isQuoted = false
        var digits = ""
        for character in code {
            if character == "'" {
                isQuoted.toggle()
            } else if isQuoted {
                bytes += Array(String(character).utf8)
            } else if character.isHexDigit {
                digits.append(character)
                if digits.count == 2 {
                    bytes += UInt8(digits, radix: 16).map { [$0] } ?? []
                    digits = ""
                }
            }
        }
    }
    return bytes
}

/// Everything a reader says of `bytes`, given in pieces of `step` bytes; fragments as their bytes.
func events(
    of bytes: [UInt8], step: Int = .max, maximumDataPDULength: Int = 16_384, maximumControlPDULength: Int = 262_144
) throws(PDUError) -> [StreamEvent] {
    var reader = PDUStreamReader(
        maximumDataPDULength: maximumDataPDULength, maximumControlPDULength: maximumControlPDULength)
    var events: [StreamEvent] = []
    var start = 0
    while start < bytes.count {
        let piece = Array(bytes[start..<min(bytes.count, step == .max ? bytes.count : start + step)])
        start += piece.count
        var offset = 0
        reading: while true {
            switch try reader.next(in: piece.span, at: &offset) {
            case .needsMoreBytes: break reading
            case .pdu(let pdu): events.append(.pdu(pdu))
            case .fragment(let fragment):
                events.append(
                    .fragment(
                        fragment.contextID, isCommand: fragment.isCommand, isLast: fragment.isLast,
                        endsPDV: fragment.endsPDV, Array(piece[fragment.range])))
            }
        }
    }
    return events
}

enum StreamEvent: Equatable {
    case pdu(PDU)
    case fragment(UInt8, isCommand: Bool, isLast: Bool, endsPDV: Bool, [UInt8])
}
