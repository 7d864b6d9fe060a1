import DICOMCore

/// The keys a person's name is found by.
package enum NameKeys {
    /// One way of writing a name, folded, without empty trailing components.
    package struct Key: Hashable, Sendable {
        /// 0 alphabetic, 1 ideographic, 2 phonetic (PS3.5 §6.2.1).
        package let group: Int
        package let text: String
    }

    /// Keys of every component group of every value in `name` (values separated by backslashes).
    ///
    /// A group in Chinese, Japanese or Korean writing gives a second key without delimiters and spaces, because the same
    /// name is written `王^小明`, `王 小明` and `王小明`.
    package static func keys(of name: String) -> [Key] {
        var keys: [Key] = []
        for value in name.split(separator: "\\") {
            let parsed = PersonName(parsing: value)
            for (index, group) in [parsed.alphabetic, parsed.ideographic, parsed.phonetic].enumerated() {
                for text in variants(of: group.formatted) where !keys.contains(Key(group: index, text: text)) {
                    keys.append(Key(group: index, text: text))
                }
            }
        }
        return keys
    }

    /// Words for fuzzy matching: components and parts of components, accents removed.
    package static func words(of name: String) -> Set<String> {
        let folded = TextFolding.foldDiacritics(name)
        var words = Set(folded.split { separators.contains($0) }.map { String($0) })
        for group in folded.split(whereSeparator: { $0 == "=" || $0 == "\\" }) where isEastAsian(group) {
            words.insert(squeezed(group))
        }
        return words
    }

    /// The words of a fuzzy key; each must begin a word of the name, in any order.
    package static func queryWords(_ key: String) -> [String] {
        let plain = String(key.map { $0 == "*" || $0 == "?" ? " " : $0 })
        return TextFolding.foldDiacritics(plain).split { separators.contains($0) }.map { String($0) }
    }

    static func variants(of group: String) -> [String] {
        let text = TextFolding.fold(group)
        guard !text.isEmpty else { return [] }
        guard isEastAsian(text) else { return [text] }
        let plain = squeezed(text)
        return plain == text ? [text] : [text, plain]
    }

    private static let separators: Set<Character> = ["^", "=", "\\", " ", ",", ".", "-", ";"]

    private static func squeezed(_ text: some StringProtocol) -> String { String(text.filter { $0 != "^" && $0 != " " }) }

    static func isEastAsian(_ text: some StringProtocol) -> Bool {
        text.unicodeScalars.contains { scalar in
            scalar.properties.isIdeographic || (0x3041...0x30FF).contains(scalar.value)
                || (0xAC00...0xD7A3).contains(scalar.value)
        }
    }
}

/// A key for a person's name (PS3.4 §C.2.2.2.1 and §C.2.2.2.4, whose details are left to the implementation).
///
/// Case, width and trailing empty components do not matter. A key without `=` matches any of the component groups; one
/// with `=` matches group by group, empty groups in the key matching everything.
package struct NamePattern: Hashable, Sendable {
    package enum Alternative: Hashable, Sendable {
        case exact(String)
        case wildcard(WildcardPattern)
    }

    package struct Condition: Hashable, Sendable {
        /// `nil`: any component group.
        package let group: Int?
        /// One of these must match a key of the name.
        package let alternatives: [Alternative]
    }

    /// All must hold; none for a universal key.
    package let conditions: [Condition]

    package init(_ key: String) {
        let groups = key.split(separator: "=", omittingEmptySubsequences: false).prefix(3).map { String($0) }
        var conditions: [Condition] = []
        for (index, group) in groups.enumerated() {
            let alternatives = Self.alternatives(group)
            if !alternatives.isEmpty {
                conditions.append(Condition(group: groups.count > 1 ? index : nil, alternatives: alternatives))
            }
        }
        self.conditions = conditions
    }

    private static func alternatives(_ group: String) -> [Alternative] {
        let text = PersonName.Group(parsing: group).formatted
        guard let pattern = WildcardPattern(text) else { return NameKeys.variants(of: text).map { .exact($0) } }
        if pattern.isUniversal { return [] }
        // `SMITH^*` asks for every SMITH, one without given name included: SMITH and SMITH^^^^ are the same name.
        var stem = text
        while stem.hasSuffix("^*") || stem.hasSuffix("^") { stem.removeLast(stem.hasSuffix("^*") ? 2 : 1) }
        guard stem != text else { return [.wildcard(pattern.folded())] }
        guard let stemPattern = WildcardPattern(stem) else {
            return NameKeys.variants(of: stem).prefix(1).map { .exact($0) } + [.wildcard(pattern.folded())]
        }
        return stemPattern.isUniversal ? [] : [.wildcard(stemPattern.folded()), .wildcard(pattern.folded())]
    }
}
