/// A person's name of value representation PN (PS3.5 §6.2.1): up to three ways of writing it, five components each.
public struct PersonName: Hashable, Sendable {
    /// Family name complex, given name complex, middle name, prefix, suffix.
    public struct Group: Hashable, Sendable {
        public var familyName: String
        public var givenName: String
        public var middleName: String
        public var prefix: String
        public var suffix: String

        public init(
            familyName: String = "", givenName: String = "", middleName: String = "", prefix: String = "", suffix: String = ""
        ) {
            self.familyName = familyName
            self.givenName = givenName
            self.middleName = middleName
            self.prefix = prefix
            self.suffix = suffix
        }

        /// Reads `family^given^middle^prefix^suffix`; carets beyond the fourth stay in the suffix.
        public init(parsing text: some StringProtocol) {
            let parts = text.split(separator: "^", maxSplits: 4, omittingEmptySubsequences: false).map { Self.trim($0) }
            func part(_ index: Int) -> String { index < parts.count ? parts[index] : "" }
            self.init(
                familyName: part(0), givenName: part(1), middleName: part(2), prefix: part(3), suffix: part(4))
        }

        public var components: [String] { [familyName, givenName, middleName, prefix, suffix] }
        public var isEmpty: Bool { components.allSatisfy { $0.isEmpty } }

        /// Joined by carets, trailing empty components left out.
        public var formatted: String { PersonName.join(components, "^") }

        private static func trim(_ text: some StringProtocol) -> String {
            var scalars = String(text).unicodeScalars[...]
            while scalars.first == " " { scalars = scalars.dropFirst() }
            while scalars.last == " " || scalars.last == "\0" { scalars = scalars.dropLast() }
            return String(scalars)
        }
    }

    public var alphabetic: Group
    public var ideographic: Group
    public var phonetic: Group

    public init(alphabetic: Group = Group(), ideographic: Group = Group(), phonetic: Group = Group()) {
        self.alphabetic = alphabetic
        self.ideographic = ideographic
        self.phonetic = phonetic
    }

    /// Reads `alphabetic=ideographic=phonetic`; anything is accepted, a fourth group is dropped.
    public init(parsing text: some StringProtocol) {
        let groups = text.split(separator: "=", omittingEmptySubsequences: false)
        func group(_ index: Int) -> Group { index < groups.count ? Group(parsing: groups[index]) : Group() }
        self.init(alphabetic: group(0), ideographic: group(1), phonetic: group(2))
    }

    public var isEmpty: Bool { alphabetic.isEmpty && ideographic.isEmpty && phonetic.isEmpty }

    /// The value as PN, without trailing empty groups and components.
    public var formatted: String {
        Self.join([alphabetic.formatted, ideographic.formatted, phonetic.formatted], "=")
    }

    fileprivate static func join(_ parts: [String], _ separator: String) -> String {
        let count = (parts.lastIndex { !$0.isEmpty } ?? -1) + 1
        return parts.prefix(count).joined(separator: separator)
    }
}
