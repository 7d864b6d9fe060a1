/// Numbers as Decimal String values (DS, PS3.5 §6.2).
public enum DecimalString {
    /// Bytes that a DS value may have.
    public static let maximumLength = 16

    /// The text of at most 16 characters that comes nearest to `value`; `0.1` stays `0.1`.
    ///
    /// - Returns: an empty string for infinities and NaN, which DS cannot express.
    public static func format(_ value: Double) -> String {
        guard value.isFinite else { return "" }
        guard value != 0 else { return "0" }
        let (digits, exponent) = decimal(value.magnitude)
        let sign = value < 0 ? "-" : ""
        for count in stride(from: digits.count, through: 1, by: -1) {
            let (rounded, carried) = round(digits, to: count)
            let candidates = [
                sign + fixed(rounded, exponent + carried), sign + scientific(rounded, exponent + carried),
            ]
            if let text = candidates.first(where: { $0.utf8.count <= maximumLength }) { return text }
        }
        return ""
    }

    /// The shortest digits that read back as `magnitude` = 0.d₁d₂d₃… · 10^exponent.
    private static func decimal(_ magnitude: Double) -> (digits: [UInt8], exponent: Int) {
        let parts = "\(magnitude)".split(separator: "e")
        let mantissa = (parts.first ?? "0").split(separator: ".", omittingEmptySubsequences: false)
        let whole = Array((mantissa.first ?? "").utf8)
        let fraction = mantissa.count > 1 ? Array(mantissa[1].utf8) : []
        var digits = (whole + fraction).map { $0 &- UInt8(ascii: "0") }
        var exponent = whole.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        while digits.first == 0 {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.last == 0 { digits.removeLast() }
        return (digits, exponent)
    }

    private static func round(_ digits: [UInt8], to count: Int) -> (digits: [UInt8], carried: Int) {
        guard count < digits.count else { return (digits, 0) }
        var result = Array(digits.prefix(count))
        var carry = digits[count] >= 5
        var index = count - 1
        while carry && index >= 0 {
            carry = result[index] == 9
            result[index] = carry ? 0 : result[index] + 1
            index -= 1
        }
        if carry { result.insert(1, at: 0) }
        while result.count > 1 && result.last == 0 { result.removeLast() }
        return (result, carry ? 1 : 0)
    }

    private static func text(_ digits: some Sequence<UInt8>) -> String {
        String(decoding: digits.map { $0 + UInt8(ascii: "0") }, as: UTF8.self)
    }

    private static func fixed(_ digits: [UInt8], _ exponent: Int) -> String {
        // Beyond what fits anyway, so that no long string of zeros is made.
        guard (-maximumLength...maximumLength).contains(exponent) else { return scientific(digits, exponent) }
        if exponent <= 0 { return "0." + String(repeating: "0", count: -exponent) + text(digits) }
        if exponent >= digits.count { return text(digits) + String(repeating: "0", count: exponent - digits.count) }
        return text(digits[..<exponent]) + "." + text(digits[exponent...])
    }

    private static func scientific(_ digits: [UInt8], _ exponent: Int) -> String {
        let fraction = digits.count > 1 ? "." + text(digits.dropFirst()) : ""
        return text(digits.prefix(1)) + fraction + "E\(exponent - 1)"
    }
}
