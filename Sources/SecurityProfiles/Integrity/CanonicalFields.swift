/// An unambiguous byte form of a record's fields: the input of seals and of the audit chain.
///
/// Each field is a type letter, its length as eight bytes (most significant first) and its bytes, so that no two
/// different lists of fields share a form.
package struct CanonicalFields: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func append(_ text: String) { append(letter: "t", Array(text.utf8)) }

    package mutating func append(_ value: Int64) { append(letter: "i", Self.bigEndian(UInt64(bitPattern: value))) }

    package mutating func append(_ value: Bool) { append(Int64(value ? 1 : 0)) }

    package mutating func append(_ value: [UInt8]) { append(letter: "b", value) }

    /// A missing value differs from an empty one.
    package mutating func append(_ text: String?) {
        if let text { append(text) } else { append(letter: "n", []) }
    }

    package mutating func append(_ value: Int64?) {
        if let value { append(value) } else { append(letter: "n", []) }
    }

    private mutating func append(letter: Unicode.Scalar, _ value: [UInt8]) {
        bytes.append(UInt8(truncatingIfNeeded: letter.value))
        bytes.append(contentsOf: Self.bigEndian(UInt64(value.count)))
        bytes.append(contentsOf: value)
    }

    private static func bigEndian(_ value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) }
    }
}
