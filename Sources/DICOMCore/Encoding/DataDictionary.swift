/// The registry of data elements (PS3.6), repeating groups included.
public enum DataDictionary {
    public struct Entry: Hashable, Sendable {
        /// The tag asked for; for keywords of repeating groups the first group's.
        public let tag: Tag
        /// Allowed VRs; empty for the delimiters, which have none.
        public let vrs: [VR]
        /// Value multiplicity as PS3.6 writes it: `1`, `1-n`, `2-2n`.
        public let vm: String
        /// Empty for some retired elements.
        public let keyword: String
        public let name: String
        public let isRetired: Bool
    }

    /// `nil` for private and unknown elements, and for group lengths outside groups 0000 and 0002.
    public static func entry(for tag: Tag) -> Entry? {
        let index = DictionaryIndex.shared
        return index.row(for: tag).map { index.entry(row: $0, tag: tag) }
    }

    /// Case-sensitive, as PS3.6 writes keywords (`PatientName`).
    public static func entry(keyword: String) -> Entry? {
        let index = DictionaryIndex.shared
        guard let row = index.rowsByKeyword[keyword] else { return nil }
        return index.entry(row: row, tag: index.baseTag(row: row))
    }

    /// A keyword, or a tag as `GGGGEEEE` or `(GGGG,EEEE)`.
    public static func tag(named text: String) -> Tag? { entry(keyword: text)?.tag ?? Tag(hexadecimal: text) }

    /// The VR that PS3.6 gives, the first where it allows several.
    public static func vr(for tag: Tag) -> VR? { entry(for: tag)?.vrs.first }

    /// Whether an element of `tag` may carry `vr`; `true` for elements that the dictionary does not know.
    public static func allows(_ vr: VR, for tag: Tag) -> Bool { DictionaryIndex.shared.allows(vr, for: tag) }
}

/// The table as flat arrays, built once; lookup is one probe of a hash table in most cases.
final class DictionaryIndex: Sendable {
    static let shared = DictionaryIndex()

    /// Element VRs as one number: the VR's raw value, or one of these where PS3.6 allows several.
    enum Code {
        static let none: UInt16 = 0
        static let usOrSS: UInt16 = 1
        static let obOrOW: UInt16 = 2
        static let usOrSSOrOW: UInt16 = 3
        static let usOrOW: UInt16 = 4
    }

    private struct Pattern {
        let mask: UInt32
        let value: UInt32
        let row: Int
    }

    private static let slotBits: UInt32 = 14
    private static let emptySlot = UInt32.max

    private let text: [UInt8]
    private let rowStarts: [Int]
    private let codes: [UInt16]
    private let slotTags: [UInt32]
    private let slotRows: [UInt16]
    private let patterns: [Pattern]
    let rowsByKeyword: [String: Int]

    private init() {
        let text = Array(dictionaryTable.utf8)
        var starts: [Int] = []
        var codes: [UInt16] = []
        var slotTags = [UInt32](repeating: Self.emptySlot, count: 1 << Int(Self.slotBits))
        var slotRows = [UInt16](repeating: 0, count: 1 << Int(Self.slotBits))
        var patterns: [Pattern] = []
        var keywords: [String: Int] = [:]
        for line in text.split(separator: 0x0A) {
            let row = starts.count
            starts.append(line.startIndex)
            let fields = line.split(separator: 0x7C, omittingEmptySubsequences: false)
            codes.append(Self.code(fields[1]))
            if !fields[3].isEmpty { keywords[String(decoding: fields[3], as: UTF8.self)] = row }
            let (mask, value) = Self.pattern(fields[0])
            guard mask == .max else {
                patterns.append(Pattern(mask: mask, value: value, row: row))
                continue
            }
            var slot = Self.slot(value)
            while slotTags[slot] != Self.emptySlot { slot = (slot + 1) & (slotTags.count - 1) }
            slotTags[slot] = value
            slotRows[slot] = UInt16(truncatingIfNeeded: row)
        }
        self.text = text
        rowStarts = starts
        self.codes = codes
        self.slotTags = slotTags
        self.slotRows = slotRows
        self.patterns = patterns
        rowsByKeyword = keywords
    }

    @inline(__always)
    private static func slot(_ tag: UInt32) -> Int { Int((tag &* 0x9E37_79B1) >> (32 - slotBits)) }

    /// Digits of a pattern with `x` for any digit.
    private static func pattern(_ digits: ArraySlice<UInt8>) -> (mask: UInt32, value: UInt32) {
        var mask: UInt32 = 0
        var value: UInt32 = 0
        for digit in digits {
            let isAny = digit == 0x78
            let number: UInt32 = isAny ? 0 : UInt32(digit < 0x41 ? digit &- 0x30 : digit &- 0x41 &+ 10)
            mask = mask << 4 | (isAny ? 0 : 0xF)
            value = value << 4 | number
        }
        return (mask, value)
    }

    private static func code(_ field: ArraySlice<UInt8>) -> UInt16 {
        switch String(decoding: field, as: UTF8.self) {
        case "": Code.none
        case "US/SS": Code.usOrSS
        case "OB/OW": Code.obOrOW
        case "US/SS/OW": Code.usOrSSOrOW
        case "US/OW": Code.usOrOW
        default: field.prefix(2).reduce(0) { $0 << 8 | UInt16($1) }
        }
    }

    func row(for tag: Tag) -> Int? {
        var slot = Self.slot(tag.rawValue)
        while true {
            let found = slotTags[slot]
            // Before the comparison: no row has the tag that marks empty slots.
            if found == Self.emptySlot { break }
            if found == tag.rawValue { return Int(slotRows[slot]) }
            slot = (slot + 1) & (slotTags.count - 1)
        }
        guard !tag.isPrivate else { return nil }
        switch tag.group >> 8 {
        case 0x00, 0x10, 0x50, 0x60, 0x7F: return patterns.first { tag.rawValue & $0.mask == $0.value }?.row
        default: return nil
        }
    }

    /// `Code.none` for unknown elements.
    @inline(__always)
    func code(for tag: Tag) -> UInt16 {
        guard let row = row(for: tag) else { return Code.none }
        return codes[row]
    }

    func allows(_ vr: VR, for tag: Tag) -> Bool {
        let code = code(for: tag)
        if code == vr.rawValue || code == Code.none || vr == .un { return true }
        return switch code {
        case Code.usOrSS: vr == .us || vr == .ss
        case Code.obOrOW: vr == .ob || vr == .ow
        case Code.usOrSSOrOW: vr == .us || vr == .ss || vr == .ow
        case Code.usOrOW: vr == .us || vr == .ow
        default: false
        }
    }

    func baseTag(row: Int) -> Tag { Tag(rawValue: Self.pattern(fields(row: row)[0]).value) }

    func entry(row: Int, tag: Tag) -> DataDictionary.Entry {
        let fields = fields(row: row)
        let vrs = fields[1].split(separator: 0x2F).map { VR(rawValue: $0.reduce(0) { $0 << 8 | UInt16($1) }) }
        return DataDictionary.Entry(
            tag: tag, vrs: vrs, vm: String(decoding: fields[2], as: UTF8.self),
            keyword: String(decoding: fields[3], as: UTF8.self), name: String(decoding: fields[4], as: UTF8.self),
            isRetired: !fields[5].isEmpty)
    }

    private func fields(row: Int) -> [ArraySlice<UInt8>] {
        let start = rowStarts[row]
        let end = text[start...].firstIndex(of: 0x0A) ?? text.endIndex
        return text[start..<end].split(separator: 0x7C, omittingEmptySubsequences: false)
    }
}
