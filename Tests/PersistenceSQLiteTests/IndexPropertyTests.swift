import Archive
import DICOMCore
import Foundation
import PersistenceSQLite
import Testing

private typealias Tag = DICOMCore.Tag

/// A matcher written from the words of PS3.4 §C.2.2.2 alone, value by value, sharing nothing with the index.
private enum Reference {
    static func matches(_ values: [String], _ vr: VR, _ key: String) -> Bool {
        if key.isEmpty || key == "*" { return true }
        let present = values.filter { !$0.isEmpty }
        if key == "\"\"" { return present.isEmpty }
        switch vr {
        case .pn: return present.contains { name($0, key) } || key.allSatisfy { "*=^".contains($0) }
        case .da: return present.contains { within($0, key) { ($0, $0) } }
        case .tm: return present.contains { within(padded($0, "0000000000000"), key, bounds: timeBounds) }
        case .ui: return key.split(separator: "\\").contains { present.contains(String($0)) }
        case .is: return present.contains { Int($0) == Int(key) }
        default: return key.allSatisfy { $0 == "*" } || present.contains { wildcard(Array($0), Array(key)) }
        }
    }

    static func wildcard(_ text: [Character], _ pattern: [Character]) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = Array(pattern.dropFirst())
        if first == "*" { return (0...text.count).contains { wildcard(Array(text[$0...]), rest) } }
        guard let character = text.first else { return false }
        return (first == "?" || first == character) && wildcard(Array(text.dropFirst()), rest)
    }

    private static func name(_ value: String, _ key: String) -> Bool {
        let groups = value.split(separator: "=", omittingEmptySubsequences: false).map { forms(String($0)) }
        let keys = key.split(separator: "=", omittingEmptySubsequences: false).map { String($0) }
        if keys.count == 1 { return groups.contains { group($0, keys[0]) } }
        return keys.enumerated().allSatisfy { index, key in
            key.allSatisfy { $0 == "*" || $0 == "^" } || (index < groups.count && group(groups[index], key))
        }
    }

    private static func forms(_ group: String) -> [String] {
        let folded = stripped(TextFolding.fold(group))
        let isHan = folded.unicodeScalars.contains { $0.properties.isIdeographic }
        return isHan ? [folded, folded.filter { $0 != "^" && $0 != " " }] : [folded]
    }

    private static func group(_ forms: [String], _ key: String) -> Bool {
        let folded = stripped(key.lowercased())
        guard folded.contains(where: { $0 == "*" || $0 == "?" }) else {
            let keys = Self.forms(key)
            return forms.contains { !$0.isEmpty && keys.contains($0) }
        }
        // SMITH^* is SMITH^^^^ and everything that goes on.
        return forms.contains { form in
            !form.isEmpty && (wildcard(Array(form), Array(folded)) || wildcard(Array(form + "^^^^"), Array(folded)))
        }
    }

    private static func stripped(_ text: String) -> String {
        var text = text
        while text.hasSuffix("^") { text.removeLast() }
        return text
    }

    private static func within(_ value: String, _ key: String, bounds: (String) -> (String, String)) -> Bool {
        let ends = key.split(separator: "-", omittingEmptySubsequences: false).map { String($0) }
        let from = ends[0].isEmpty ? nil : bounds(ends[0]).0
        let through = ends[ends.count - 1].isEmpty ? nil : bounds(ends[ends.count - 1]).1
        return (from.map { value >= $0 } ?? true) && (through.map { value <= $0 } ?? true)
    }

    private static func timeBounds(_ time: String) -> (String, String) { (padded(time, "0000000000000"), padded(time, "9999999999999")) }

    private static func padded(_ time: String, _ filler: String) -> String {
        let digits = time.filter { $0 != "." }
        return digits + filler.dropFirst(digits.count)
    }
}

/// Small vocabularies, so that keys hit.
private struct Chance {
    var state: UInt64

    mutating func number(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }

    mutating func one<Element>(_ elements: [Element]) -> Element { elements[number(elements.count)] }

    static let names = [
        "SMITH^JOHN", "smith^john^^^", "SMITH", "Smithers^A", "GOLDSMITH^J", "张^三", "张三", "张三丰", "Zhang^San=张^三", "Li^Si=李^四=リ^シ",
        "ZHANG^SAN=張^三", "王^小明", "WANG^XIAOMING=王^小明", "Müller^Jérôme", "𠮷^㐀", "=王^五", "A", "",
    ]
    static let texts = ["A", "a", "AB", "ABC", "A B", "A[B]", "100%", "x_y", "张三", "*", "", "A-1", "a-1"]
    static let dates = ["20240101", "20240102", "20240131", "20240201", "20231231", ""]
    static let times = ["08", "0800", "080000", "0830", "083059.5", "235959", "120000.000001", ""]
    static let modalities = ["CT", "MR", "C", "CTX", ""]

    mutating func value(_ vr: VR) -> String {
        switch vr {
        case .pn: one(Self.names)
        case .da: one(Self.dates)
        case .tm: one(Self.times)
        case .cs: one(Self.modalities)
        case .is: one(["1", "2", "10", ""])
        default: one(Self.texts)
        }
    }

    mutating func key(_ vr: VR) -> String {
        if number(12) == 0 { return "\"\"" }
        switch vr {
        case .da, .tm:
            let ends = [value(vr), value(vr)].map { $0.isEmpty ? (vr == .da ? "20240115" : "10") : $0 }
            return one([ends[0], ends[0] + "-" + ends[1], ends[0] + "-", "-" + ends[0]])
        case .is: return one(["1", "01", "2", "10"])
        default: return wild(value(vr))
        }
    }

    private mutating func wild(_ text: String) -> String {
        var characters = Array(text)
        for _ in 0..<number(3) {
            let position = number(characters.count + 1)
            switch number(3) {
            case 0: characters.insert("*", at: position)
            case 1 where position < characters.count && characters[position] != "=" && characters[position] != "^":
                characters[position] = "?"
            default: if position < characters.count { characters.replaceSubrange(position..., with: "*") }
            }
        }
        let text = String(characters)
        return number(4) == 0 ? text.lowercased() : text
    }
}

@Suite struct `Index against a plain reading of PS3.4 §C.2.2.2` {
    private static let tags: [Tag] = [
        .patientName, .studyDate, .studyTime, .accessionNumber, .studyDescription, .referringPhysicianName, .modality,
        .seriesNumber, .bodyPartExamined, .instanceNumber,
    ]

    @Test(arguments: [(UInt64(1), 5000), (2, 0), (3, 40)])
    func `random keys at every level find exactly what the reference finds`(seed: UInt64, manyStudies: Int) throws {
        let fixture = try TemporaryIndex(manyStudies: manyStudies)
        var chance = Chance(state: seed)
        var maker = ObjectMaker()
        // One instance a series and one series a study: every level has the same values.
        var lines: [[Tag: String]] = []
        var entries: [InstanceEntry] = []
        for number in 0..<300 {
            var line: [Tag: String] = [:]
            for tag in Self.tags { line[tag] = chance.value(try #require(IndexedAttribute.named(tag)).vr) }
            entries.append(
                maker.entry(
                    line.map { ($0.key, $0.value) } + [(.patientID, "P\(number)")], study: "1.2.\(number)",
                    series: "1.2.\(number).1", instance: "1.2.\(number).1.1",
                    characterSet: chance.one(["GB18030", "ISO_IR 192"])))
            lines.append(line)
        }
        for start in stride(from: 0, to: entries.count, by: 37) {
            _ = try fixture.index.register(Array(entries[start..<min(start + 37, entries.count)]))
        }
        var telling = 0
        for round in 0..<400 {
            var keys: Attributes = []
            for _ in 0...chance.number(2) {
                let tag = chance.one(Self.tags)
                keys.append((tag, chance.key(try #require(IndexedAttribute.named(tag)).vr)))
            }
            let expected = lines.indices.filter { number in
                keys.allSatisfy { tag, key in
                    let vr = IndexedAttribute.named(tag)?.vr ?? .lo
                    return Reference.matches([lines[number][tag] ?? ""], vr, key)
                }
            }.map { "P\($0)" }
            if !expected.isEmpty, expected.count < 300 { telling += 1 }
            let level = QueryLevel.allCases[round % 4]
            let found = try fixture.index.all(level, keys, pageSize: 7).compactMap { $0.string(.patientID) }
            #expect(found.sorted() == expected.sorted(), "seed \(seed) round \(round) level \(level) keys \(keys)")
            #expect(try fixture.index.count(ArchiveQuery.make(level, keys)) == expected.count)
        }
        #expect(telling > 150)
    }
}
