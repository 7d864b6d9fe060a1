package import DICOMCore

/// One attribute the archive keeps in its index.
///
/// A single declaration drives the columns of the index, what is extracted from arriving objects, what C-FIND and
/// QIDO-RS match and return, and the tables of the conformance statement.
package struct IndexedAttribute: Hashable, Sendable {
    /// How values are normalised, stored and matched.
    package enum Kind: Hashable, Sendable {
        /// Case-sensitive text with wild cards: AE, LO, LT, SH, ST, UT and also AS, which has none.
        case text
        case personName
        case uid
        /// CS: wild cards and case as `text`.
        case code
        case date, time, dateTime
        /// IS and binary integers, compared as numbers.
        case integer
        /// DS, compared as numbers, kept as written.
        case decimal
        case sequence
    }

    /// Support required by PS3.4 Tables C.6-1 to C.6-5.
    package enum KeyType: String, Hashable, Sendable {
        case unique = "U"
        case required = "R"
        case optional = "O"
    }

    /// Where the value comes from.
    package enum Source: Hashable, Sendable {
        /// The data set of the first instance of the entity.
        case header
        /// Kept by the index while instances are registered: counts and sets over the lower levels.
        case derived
        /// Follows from what the index keeps about the object beside its attributes; no column of its own is written.
        case computed
    }

    package let tag: Tag
    package let keyword: String
    package let vr: VR
    package let level: QueryLevel
    package let kind: Kind
    package let keyType: KeyType
    package let source: Source
    /// More than one value is usual (value multiplicity 1-n); a query matches any of them.
    package let isMultiValued: Bool
    /// Few distinct values over many rows; worth a dictionary.
    package let isRepetitive: Bool
    /// Keyed queries without other keys must be fast.
    package let isSearchKey: Bool
    /// Attributes of the items, for sequences.
    package let items: [IndexedAttribute]
    /// The index schema in which the attribute appeared.
    package let schemaVersion: Int

    init(
        _ group: UInt16, _ element: UInt16, _ keyword: String, _ vr: VR, _ level: QueryLevel,
        _ keyType: KeyType = .optional, source: Source = .header, many: Bool = false, repetitive: Bool = false,
        searchKey: Bool = false, items: [IndexedAttribute] = [], schemaVersion: Int = 1
    ) {
        tag = Tag(group, element)
        self.keyword = keyword
        self.vr = vr
        self.level = level
        kind = Self.kind(of: vr)
        self.keyType = keyType
        self.source = source
        isMultiValued = many
        isRepetitive = repetitive
        isSearchKey = searchKey
        self.items = items
        self.schemaVersion = schemaVersion
    }

    package static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.tag == rhs.tag && lhs.level == rhs.level && lhs.keyword == rhs.keyword
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(tag)
        hasher.combine(level)
    }

    private static func kind(of vr: VR) -> Kind {
        switch vr {
        case .pn: .personName
        case .ui: .uid
        case .cs: .code
        case .da: .date
        case .tm: .time
        case .dt: .dateTime
        case .is, .us, .ss, .ul, .sl, .uv, .sv: .integer
        case .ds, .fl, .fd: .decimal
        case .sq: .sequence
        default: .text
        }
    }
}

extension IndexedAttribute {
    /// Owner of our private attributes (PS3.5 §7.8.1), in their block 10 of group 0009.
    package static let privateCreator = "APUS ARCHIVE"
    package static let privateCreatorTag = Tag(0x0009, 0x0010)
    /// YES for an instance that is readable, but defective.
    package static let quarantinedTag = Tag(0x0009, 0x1001)

    private static let byTag = Dictionary(uniqueKeysWithValues: all.map { ($0.tag, $0) })

    /// The attribute indexed under `tag` outside any sequence.
    package static func named(_ tag: Tag) -> IndexedAttribute? { byTag[tag] }

    package static func attributes(of level: QueryLevel) -> [IndexedAttribute] { all.filter { $0.level == level } }

    /// The attribute of the sequence's items under `tag`.
    package func item(_ tag: Tag) -> IndexedAttribute? { items.first { $0.tag == tag } }

    /// The time that goes with a date of the same event, for combined date-time matching (PS3.4 §C.2.2.2.5.4).
    package var companionTime: IndexedAttribute? {
        guard kind == .date, keyword.hasSuffix("Date") else { return nil }
        let name = keyword.dropLast(4) + "Time"
        return Self.all.first { $0.keyword == name && $0.level == level }
    }

    /// The types of matching done on the attribute, in the words of PS3.4 §C.2.2.2, for the conformance statement.
    package var matchingTypes: [String] {
        switch kind {
        case .text, .code: vr == .as ? ["single value", "universal"] : ["single value", "wild card", "universal"]
        case .personName: ["single value", "wild card", "fuzzy", "universal"]
        case .uid: ["single value", "list of UID", "universal"]
        case .date, .time, .dateTime: ["single value", "range", "universal"]
        case .integer, .decimal: ["single value", "universal"]
        case .sequence: ["sequence", "universal"]
        }
    }
}
