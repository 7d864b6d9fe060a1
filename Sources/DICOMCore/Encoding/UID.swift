/// Unique identifiers (PS3.5 §9) and, as constants, those of PS3.6 Annex A.
public enum UID {
    /// Digits and dots, at most 64 characters, no empty component, no leading zeros (PS3.5 §9.1).
    public static func isValid(_ text: some StringProtocol) -> Bool {
        guard (1...64).contains(text.utf8.count) else { return false }
        let components = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return components.allSatisfy { component in
            guard let first = component.first else { return false }
            return (first != UInt8(ascii: "0") || component.count == 1)
                && component.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
    }
}

/// The registry of UIDs (PS3.6 Annex A).
public enum UIDRegistry {
    public struct Entry: Hashable, Sendable {
        public let uid: String
        public let name: String
        /// `SOP Class`, `Transfer Syntax`, `Coding Scheme` …, as PS3.6 Table A-1 has it.
        public let kind: String
        public let keyword: String
        public let isRetired: Bool
    }

    public static let all: [Entry] = uidTable.split(separator: "\n").map { line in
        let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        return Entry(uid: fields[0], name: fields[1], kind: fields[2], keyword: fields[3], isRetired: !fields[4].isEmpty)
    }

    private static let byUID = Dictionary(all.map { ($0.uid, $0) }) { first, _ in first }

    public static func entry(for uid: String) -> Entry? { byUID[uid] }

    /// The registered name, or the UID itself.
    public static func name(of uid: String) -> String { byUID[uid]?.name ?? uid }
}

/// Makes UIDs of the form `2.25.` and a random UUID as decimal number (PS3.5 §B.2).
public struct UIDGenerator: Sendable {
    private let random: @Sendable () -> (UInt64, UInt64)

    /// - Parameter random: 128 random bits; the default draws from the system.
    public init(
        random: @escaping @Sendable () -> (UInt64, UInt64) = {
            var generator = SystemRandomNumberGenerator()
            return (generator.next(), generator.next())
        }
    ) {
        self.random = random
    }

    public func next() -> String {
        let (high, low) = random()
        // Version 4, variant 1 (RFC 4122 §4.4).
        let versioned = high & ~0xF000 | 0x4000
        let variant = low & ~(0b11 << 62) | 0b10 << 62
        return "2.25.\(UInt128(versioned) << 64 | UInt128(variant))"
    }
}
