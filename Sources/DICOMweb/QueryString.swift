/// The query part of a URI, decoded (RFC 3986 §3.4, and `+` for a space as forms have it).
public struct QueryString: Hashable, Sendable {
    public struct Parameter: Hashable, Sendable {
        public let name: String
        public let value: String
    }

    /// In the order of the URI; names may repeat.
    public let parameters: [Parameter]

    public static let maximumBytes = 65_536
    public static let maximumParameters = 512

    /// - Parameter text: what follows the question mark, still percent-encoded; `nil` without one.
    public init(_ text: String?) throws(Problem) {
        let text = text ?? ""
        guard text.utf8.count <= Self.maximumBytes else {
            throw Problem(
                status: 414, "The query is longer than \(Self.maximumBytes) bytes",
                remedy: "Ask for less at once, for instance with fewer includefield parameters")
        }
        var parameters: [Parameter] = []
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) {
            guard parameters.count < Self.maximumParameters else {
                throw Problem(
                    status: 400, "The query has more than \(Self.maximumParameters) parameters",
                    remedy: "Join values with commas where the parameter allows it")
            }
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(halves[0]) else { throw Self.undecodable("query") }
            guard let value = halves.count > 1 ? Self.decoded(halves[1]) : "" else { throw Self.undecodable(name) }
            parameters.append(Parameter(name: name, value: value))
        }
        self.parameters = parameters
    }

    /// The one value of a parameter that may stand once.
    public func single(_ name: String) throws(Problem) -> String? {
        let values = parameters.filter { $0.name == name }
        guard values.count <= 1 else {
            throw Problem(status: 400, "The parameter stands more than once", at: name, remedy: "Send it once")
        }
        return values.first?.value
    }

    private static func undecodable(_ name: String) -> Problem {
        Problem(
            status: 400, "The percent-encoding is wrong or the text is not UTF-8", at: printable(name),
            remedy: "Percent-encode the UTF-8 bytes of the value")
    }

    /// A name that came from the client, short and plain enough for an answer.
    static func printable(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.filter { (0x21...0x7E).contains($0.value) }.prefix(64)))
    }

    /// `nil` for broken escapes, bytes that are not UTF-8, and NUL.
    static func decoded(_ text: some Collection<UInt8>, plusIsSpace: Bool = true) -> String? {
        var bytes: [UInt8] = []
        var escape: [UInt8] = []
        var inEscape = false
        for byte in text {
            if inEscape {
                guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
                escape.append(UInt8(truncatingIfNeeded: digit))
                guard escape.count == 2 else { continue }
                bytes.append(escape[0] << 4 | escape[1])
                escape = []
                inEscape = false
            } else if byte == UInt8(ascii: "%") {
                inEscape = true
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        guard !inEscape, !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// Values that several parameters have in common.
enum ParameterValue {
    static func uid(_ text: String, _ name: String) throws(Problem) -> String {
        // Leading zeros in components are wrong (PS3.5 §9.1) but occur, so only the characters are checked.
        let isValid = (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
        guard isValid else {
            throw Problem(
                status: 400, "The value is not a UID", at: name, remedy: "Send digits and dots only, at most 64 characters")
        }
        return text
    }

    static func integer(_ text: String, _ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text), range.contains(value) else {
            let upper = range.upperBound == .max ? "" : " to \(range.upperBound)"
            throw Problem(
                status: 400, "The value is not a whole number in range", at: name,
                remedy: "Send a number from \(range.lowerBound)\(upper)")
        }
        return value
    }

    static func decimal(_ text: some StringProtocol, _ name: String) throws(Problem) -> Double {
        let isPlain = text.utf8.count <= 32 && text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
        }
        guard isPlain, let value = Double(String(text)), value.isFinite else {
            throw Problem(
                status: 400, "The value is not a decimal number", at: name, remedy: "Send a number such as -600 or 0.5")
        }
        return value
    }

    static func decimals(_ text: String, _ name: String) throws(Problem) -> [Double] {
        var values: [Double] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) { values.append(try decimal(part, name)) }
        return values
    }

    static func flag(_ text: String, _ name: String) throws(Problem) -> Bool {
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default: throw Problem(status: 400, "The value is neither true nor false", at: name, remedy: "Send true or false")
        }
    }
}
