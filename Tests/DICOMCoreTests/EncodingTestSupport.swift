import DICOMCore
import TestSupport

/// Bytes of data elements, written out by hand so that tests do not depend on the writer.
enum Wire {
    static func uint16(_ value: Int, bigEndian: Bool = false) -> [UInt8] {
        let bytes = [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
        return bigEndian ? bytes.reversed() : bytes
    }

    static func uint32(_ value: Int, bigEndian: Bool = false) -> [UInt8] {
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        return bigEndian ? bytes.reversed() : bytes
    }

    static func tag(_ tag: Tag, bigEndian: Bool = false) -> [UInt8] {
        uint16(Int(tag.group), bigEndian: bigEndian) + uint16(Int(tag.element), bigEndian: bigEndian)
    }

    /// An element with explicit VR; `length` where it is to differ from the value's.
    static func explicit(_ tag: Tag, _ vr: String, _ value: [UInt8], length: Int? = nil, bigEndian: Bool = false) -> [UInt8] {
        let length = length ?? value.count
        let isLong = ["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"].contains(vr)
        return Self.tag(tag, bigEndian: bigEndian) + Array(vr.utf8)
            + (isLong ? [0, 0] + uint32(length, bigEndian: bigEndian) : uint16(length, bigEndian: bigEndian)) + value
    }

    static func explicit(_ tag: Tag, _ vr: String, _ value: String) -> [UInt8] { explicit(tag, vr, Array(value.utf8)) }

    static func implicit(_ tag: Tag, _ value: [UInt8], length: Int? = nil) -> [UInt8] {
        Self.tag(tag) + uint32(length ?? value.count) + value
    }

    static func item(_ content: [UInt8], undefined: Bool = false) -> [UInt8] {
        tag(.item) + uint32(undefined ? -1 : content.count) + content + (undefined ? tag(.itemDelimitation) + uint32(0) : [])
    }

    static let sequenceEnd = tag(.sequenceDelimitation) + uint32(0)

    /// Preamble, prefix and meta information with the given elements after a right group length.
    static func file(meta: [UInt8], dataSet: [UInt8], preamble: [UInt8] = [UInt8](repeating: 0, count: 128)) -> [UInt8] {
        preamble + Array("DICM".utf8) + explicit(Tag(2, 0), "UL", uint32(meta.count)) + meta + dataSet
    }

    static func meta(syntax: String = "1.2.840.10008.1.2.1") -> [UInt8] {
        explicit(Tag(2, 1), "OB", [0, 1]) + explicit(Tag(2, 2), "UI", "1.2.840.10008.5.1.4.1.1.7\0")
            + explicit(Tag(2, 3), "UI", "1.2.3.4\0") + explicit(Tag(2, 0x10), "UI", syntax + (syntax.utf8.count % 2 == 1 ? "\0" : ""))
            + explicit(Tag(2, 0x12), "UI", "1.2.3\0")
    }
}

/// DICOM files of the shared test data. Tests that need them are skipped where they are absent.
enum SharedFiles {
    struct Entry: Sendable {
        let path: String
        let transferSyntax: String
        let expected: String
    }

    static var areAvailable: Bool { SharedData.isAvailable }

    static func bytes(_ path: String) throws -> [UInt8] { try SharedData.bytes(path) }

    /// The rows of the manifest that are DICOM files or claim to be.
    static let entries: [Entry] = {
        guard areAvailable, let rows = try? SharedData.table("manifest.csv") else { return [] }
        return rows.compactMap { row in
            guard let path = row["path"], let syntax = row["transfer_syntax"], let expected = row["expected"] else { return nil }
            let isFile = path.hasSuffix(".dcm") || (path.hasPrefix("dicomdir/") && !path.contains("README"))
            return isFile ? Entry(path: path, transferSyntax: syntax, expected: expected) : nil
        }
    }()
}
