/// Several values in one column: a JSON array of strings, so that SQL can take it apart.
enum TextList {
    static func encode(_ values: [String]) -> String {
        "[" + values.map { quoted($0) }.joined(separator: ",") + "]"
    }

    /// Keys as one parameter of `json_each`.
    static func encode(_ keys: [Int64]) -> String {
        "[" + keys.map { String($0) }.joined(separator: ",") + "]"
    }

    /// Reads what `encode` wrote; the values so far where the text is not such an array.
    static func decode(_ text: String) -> [String] {
        var values: [String] = []
        var current: String.UnicodeScalarView?
        var scalars = text.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch (scalar, current) {
            case ("\"", nil): current = String.UnicodeScalarView()
            case ("\"", let value?):
                values.append(String(value))
                current = nil
            case ("\\", .some):
                guard let escaped = scalars.next() else { return values }
                current?.append(escaped == "u" ? hexadecimal(&scalars) : escaped)
            case (_, .some): current?.append(scalar)
            default: break
            }
        }
        return values
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                result.unicodeScalars.append("\\")
                result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func hexadecimal(_ scalars: inout String.UnicodeScalarView.Iterator) -> Unicode.Scalar {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = scalars.next().flatMap({ Character($0).hexDigitValue }) else { break }
            value = value << 4 | UInt32(digit)
        }
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }
}
