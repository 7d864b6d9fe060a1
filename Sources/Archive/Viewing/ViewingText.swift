/// JSON text built front to back (RFC 8259).
struct ViewingText {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    private mutating func separate() {
        if needsComma { bytes.append(0x2C) }
        needsComma = true
    }

    mutating func raw(_ text: String) {
        separate()
        bytes += Array(text.utf8)
    }

    mutating func string(_ text: String) {
        separate()
        bytes.append(0x22)
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: bytes += [0x5C, byte]
            case 0..<0x20: bytes += Array("\\u00".utf8) + [byte < 16 ? 0x30 : 0x31, Self.digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }

    private static let digits = Array("0123456789abcdef".utf8)

    mutating func number(_ value: Double?) {
        guard let value, value.isFinite else { return raw("null") }
        // Whole numbers without a point save a fifth of the text.
        if value == value.rounded(), abs(value) < 1e15 { return raw("\(Int(value))") }
        raw("\(value)")
    }

    mutating func integer(_ value: Int?) { raw(value.map { "\($0)" } ?? "null") }

    mutating func key(_ name: String) {
        string(name)
        bytes.append(0x3A)
        needsComma = false
    }

    mutating func array(_ body: (inout Self) -> Void) { nested(0x5B, 0x5D, body) }
    mutating func object(_ body: (inout Self) -> Void) { nested(0x7B, 0x7D, body) }

    private mutating func nested(_ open: UInt8, _ close: UInt8, _ body: (inout Self) -> Void) {
        separate()
        bytes.append(open)
        needsComma = false
        body(&self)
        bytes.append(close)
        needsComma = true
    }

    mutating func field(_ name: String, _ text: String) {
        key(name)
        string(text)
    }

    mutating func field(_ name: String, _ value: Double?) {
        key(name)
        number(value)
    }

    mutating func field(_ name: String, _ value: Int?) {
        key(name)
        integer(value)
    }

    mutating func field(_ name: String, _ value: Bool?) {
        key(name)
        raw(value.map { $0 ? "true" : "false" } ?? "null")
    }

    mutating func field(_ name: String, strings: [String]) {
        key(name)
        array { text in for value in strings { text.string(value) } }
    }

    mutating func field(_ name: String, numbers: [Double]?) {
        key(name)
        guard let numbers else { return raw("null") }
        array { text in for value in numbers { text.number(value) } }
    }

    mutating func field(_ name: String, integers: [Int]?) { field(name, numbers: integers?.map { Double($0) }) }

    /// One value when all are equal, else an array.
    mutating func column<Value: Equatable>(_ name: String, _ values: [Value], _ write: (inout Self, Value) -> Void) {
        key(name)
        if let first = values.first, values.allSatisfy({ $0 == first }) { return write(&self, first) }
        array { text in for value in values { write(&text, value) } }
    }
}
