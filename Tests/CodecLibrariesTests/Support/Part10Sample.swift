import Foundation
import PixelCodecs

/// The least of a Part 10 file that pixel tests need: explicit or implicit little endian, pixel attributes and frames.
struct Part10Sample {
    var transferSyntaxUID = ""
    var photometricInterpretation = "MONOCHROME2"
    var description = FrameDescription(columns: 1, rows: 1, bitsAllocated: 8)
    var frameCount = 1
    /// Encapsulated fragments without the offset table, or the native value.
    var fragments: [[UInt8]] = []
    var native: [UInt8] = []
    private var offsets: [Int] = []

    init?(_ bytes: [UInt8]) {
        let hasPreamble = bytes.count > 132 && Array(bytes[128..<132]) == Array("DICM".utf8)
        guard hasPreamble || bytes.starts(with: [2, 0]) else { return nil }
        var reader = Reader(bytes: bytes, at: hasPreamble ? 132 : 0)
        var attributes: [UInt32: [UInt8]] = [:]
        while let element = reader.next(isExplicit: reader.isExplicit) {
            if element.tag == 0x7FE0_0010 {
                if let value = element.value { native = value } else { readFragments(&reader) }
                break
            }
            if let value = element.value { attributes[element.tag] = value }
            if element.tag == 0x0002_0010, let value = element.value {
                transferSyntaxUID = Self.text(value)
                reader.datasetIsExplicit = transferSyntaxUID != "1.2.840.10008.1.2"
            }
        }
        func number(_ tag: UInt32) -> Int? { attributes[tag].flatMap { $0.count >= 2 ? Int($0[0]) | Int($0[1]) << 8 : nil } }
        guard let rows = number(0x0028_0010), let columns = number(0x0028_0011), let allocated = number(0x0028_0100)
        else { return nil }
        description = FrameDescription(
            columns: columns, rows: rows, samplesPerPixel: number(0x0028_0002) ?? 1, bitsAllocated: allocated,
            bitsStored: number(0x0028_0101) ?? allocated, isSigned: number(0x0028_0103) == 1,
            isPlanar: number(0x0028_0006) == 1)
        frameCount = attributes[0x0028_0008].flatMap { Int(Self.text($0)) } ?? 1
        photometricInterpretation = attributes[0x0028_0004].map(Self.text) ?? "MONOCHROME2"
    }

    private static func text(_ value: [UInt8]) -> String {
        String(decoding: value, as: UTF8.self).trimmingCharacters(in: CharacterSet(charactersIn: " \0"))
    }

    private mutating func readFragments(_ reader: inout Reader) {
        guard let table = reader.item() else { return }
        var index = 0
        while index + 4 <= table.count {
            offsets.append(table[index..<(index + 4)].reversed().reduce(0) { $0 << 8 | Int($1) })
            index += 4
        }
        while let fragment = reader.item() { fragments.append(fragment) }
    }

    /// The codestreams, fragments joined: by the offset table, one each, or by start markers.
    var frames: [[UInt8]] {
        if fragments.count == frameCount { return fragments }
        if frameCount == 1 { return [fragments.flatMap { $0 }] }
        var starts: Set<Int> = []
        var position = 0
        for (index, fragment) in fragments.enumerated() {
            let begins = offsets.isEmpty
                ? fragment.starts(with: [0xFF, 0xD8]) || fragment.starts(with: [0xFF, 0x4F]) : offsets.contains(position)
            if begins || index == 0 { starts.insert(index) }
            position += fragment.count + 8
        }
        var result: [[UInt8]] = []
        for (index, fragment) in fragments.enumerated() {
            if starts.contains(index) { result.append(fragment) } else { result[result.count - 1] += fragment }
        }
        return result
    }

    private struct Reader {
        let bytes: [UInt8]
        var at: Int
        var datasetIsExplicit = true
        var isExplicit: Bool { at + 1 < bytes.count && bytes[at] == 2 && bytes[at + 1] == 0 || datasetIsExplicit }

        init(bytes: [UInt8], at: Int) {
            self.bytes = bytes
            self.at = at
        }

        func number(_ offset: Int, _ size: Int) -> Int {
            (0..<size).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
        }

        /// The next element; no value for undefined length. Sequences are skipped, encapsulated Pixel Data is not.
        mutating func next(isExplicit: Bool) -> (tag: UInt32, value: [UInt8]?)? {
            guard at + 8 <= bytes.count else { return nil }
            let tag = UInt32(number(at, 2)) << 16 | UInt32(number(at + 2, 2))
            var length = number(at + 4, 4)
            var start = at + 8
            if isExplicit {
                let vr = String(decoding: bytes[(at + 4)..<(at + 6)], as: UTF8.self)
                if ["OB", "OW", "OF", "OD", "OL", "OV", "SQ", "UN", "UC", "UR", "UT", "SV", "UV"].contains(vr) {
                    guard at + 12 <= bytes.count else { return nil }
                    length = number(at + 8, 4)
                    start = at + 12
                } else {
                    length = number(at + 6, 2)
                }
            }
            at = start
            if length == 0xFFFF_FFFF {
                if tag != 0x7FE0_0010 { skipSequence(isExplicit) }
                return (tag, nil)
            }
            guard length <= bytes.count - start else { return nil }
            at = start + length
            return (tag, Array(bytes[start..<at]))
        }

        private mutating func skipSequence(_ isExplicit: Bool) {
            while at + 8 <= bytes.count {
                let tag = UInt32(number(at, 2)) << 16 | UInt32(number(at + 2, 2))
                let length = number(at + 4, 4)
                if tag == 0xFFFE_E0DD || tag == 0xFFFE_E00D {
                    at += 8
                    return
                }
                if tag == 0xFFFE_E000 {
                    at += 8
                    if length == 0xFFFF_FFFF { skipSequence(isExplicit) } else { at += length }
                } else {
                    guard next(isExplicit: isExplicit) != nil else { return }
                }
            }
        }

        mutating func item() -> [UInt8]? {
            guard at + 8 <= bytes.count, number(at, 2) == 0xFFFE, number(at + 2, 2) == 0xE000 else { return nil }
            let length = number(at + 4, 4)
            guard length <= bytes.count - at - 8 else { return nil }
            defer { at += 8 + length }
            return Array(bytes[(at + 8)..<(at + 8 + length)])
        }
    }
}
