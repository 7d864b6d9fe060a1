/// What happens to the 128 bytes that any program may write before `DICM` (PS3.10 §7.1).
public enum PreamblePolicy: String, Hashable, Sendable, CaseIterable {
    /// All zeros, whatever was there.
    case zero
    /// A TIFF header stays, so that dual-personality slides remain readable as TIFF; all else becomes zero.
    case whitelist
    /// The preamble stays unless it is recognised as executable or active content; then it becomes zero.
    case detectExecutable
}

/// What a preamble was found to be.
public enum PreambleFinding: Hashable, Sendable {
    case empty
    /// TIFF or BigTIFF: the dual personality that PS3.10 foresees.
    case tiff
    /// Executable or active content; the name of its format.
    case executable(String)
    case unknown

    public var isExecutable: Bool { if case .executable = self { true } else { false } }
}

public enum Preamble {
    /// - Returns: 128 bytes to store instead of `preamble`, and what it was.
    public static func sanitised(
        _ preamble: ArraySlice<UInt8>, policy: PreamblePolicy
    ) -> (bytes: [UInt8], finding: PreambleFinding) {
        let zeros = [UInt8](repeating: 0, count: Part10.preambleLength)
        let finding = inspect(preamble)
        guard preamble.count == Part10.preambleLength else { return (zeros, finding) }
        switch (policy, finding) {
        case (.zero, _), (_, .executable), (_, .empty), (.whitelist, .unknown): return (zeros, finding)
        case (.whitelist, .tiff):
            let kept = whitelistedCount(preamble)
            return (Array(preamble.prefix(kept)) + zeros.dropFirst(kept), finding)
        case (.detectExecutable, _): return (Array(preamble), finding)
        }
    }

    public static func inspect(_ preamble: ArraySlice<UInt8>) -> PreambleFinding {
        if preamble.allSatisfy({ $0 == 0 }) { return .empty }
        if let name = executable(preamble) { return .executable(name) }
        return isTIFF(preamble) ? .tiff : .unknown
    }

    // MARK: TIFF

    private static func isTIFF(_ bytes: ArraySlice<UInt8>) -> Bool {
        let magics: [[UInt8]] = [[0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43]]
        return magics.contains { bytes.starts(with: $0) }
    }

    /// The header alone; all of it when its first directory lies within the preamble.
    private static func whitelistedCount(_ preamble: ArraySlice<UInt8>) -> Int {
        let bytes = Array(preamble)
        let isLittle = bytes[0] == 0x49
        let isBig = bytes[2] == 43 || bytes[3] == 43
        let field = isBig ? bytes[8..<16] : bytes[4..<8]
        let offset = (isLittle ? Array(field.reversed()) : Array(field)).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return offset < UInt64(Part10.preambleLength) ? bytes.count : isBig ? 16 : 8
    }

    // MARK: Executable and active content

    private static let signatures: [(name: String, bytes: [UInt8])] = [
        ("PE or DOS program", Array("MZ".utf8)), ("PE or DOS program", Array("ZM".utf8)),
        ("ELF", [0x7F, 0x45, 0x4C, 0x46]),
        ("Mach-O", [0xFE, 0xED, 0xFA, 0xCE]), ("Mach-O", [0xFE, 0xED, 0xFA, 0xCF]),
        ("Mach-O", [0xCE, 0xFA, 0xED, 0xFE]), ("Mach-O", [0xCF, 0xFA, 0xED, 0xFE]),
        ("Mach-O fat binary or Java class", [0xCA, 0xFE, 0xBA, 0xBE]), ("Mach-O fat binary", [0xBE, 0xBA, 0xFE, 0xCA]),
        ("Mach-O fat binary", [0xCA, 0xFE, 0xBA, 0xBF]), ("packed Java", [0xCA, 0xFE, 0xD0, 0x0D]),
        ("script", Array("#!".utf8)), ("encoded script", Array("#@~^".utf8)), ("batch file", Array("@echo".utf8)),
        ("ZIP, JAR or Office document", [0x50, 0x4B, 0x03, 0x04]), ("ZIP", [0x50, 0x4B, 0x05, 0x06]),
        ("ZIP", [0x50, 0x4B, 0x07, 0x08]), ("RTF", Array("{\\rt".utf8)),
        ("OLE document", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]),
        ("Windows shortcut", [0x4C, 0, 0, 0, 0x01, 0x14, 0x02, 0]), ("WebAssembly", [0, 0x61, 0x73, 0x6D]),
        ("Dalvik", Array("dex\n".utf8)), ("LLVM bitcode", Array("BC".utf8) + [0xC0, 0xDE]),
        ("object archive", Array("!<arch>".utf8)), ("RAR", Array("Rar!".utf8)),
        ("7-Zip", [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]), ("gzip", [0x1F, 0x8B]), ("cabinet", Array("MSCF".utf8)),
    ]

    /// Read by their programs wherever they stand in the first bytes.
    private static let anywhere: [(name: String, bytes: [UInt8])] = [
        ("PDF", Array("%pdf".utf8)), ("HTML", Array("<html".utf8)), ("HTML", Array("<!doctype".utf8)),
        ("HTML script", Array("<script".utf8)), ("HTML", Array("<body".utf8)), ("HTML", Array("<iframe".utf8)),
        ("SVG", Array("<svg".utf8)), ("XML", Array("<?xml".utf8)), ("PHP", Array("<?php".utf8)),
        ("HTML application", Array("<hta:".utf8)), ("PowerShell", Array("powershell".utf8)),
        ("JavaScript", Array("javascript:".utf8)),
    ]

    private static func executable(_ preamble: ArraySlice<UInt8>) -> String? {
        let lower = preamble.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
        if let hit = signatures.first(where: { preamble.starts(with: $0.bytes) }) { return hit.name }
        if lower.starts(with: Array("@echo".utf8)) { return "batch file" }
        if let hit = anywhere.first(where: { contains(lower, $0.bytes) }) { return hit.name }
        return isJSON(lower) ? "JSON" : nil
    }

    /// Configuration files of other servers have been overwritten by way of preambles that read as JSON.
    private static func isJSON(_ bytes: [UInt8]) -> Bool {
        let text = bytes.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        guard let first = text.first, first == 0x7B || first == 0x5B else { return false }
        return text.contains(0x22)
    }

    private static func contains(_ bytes: [UInt8], _ pattern: [UInt8]) -> Bool {
        guard let first = pattern.first else { return false }
        return bytes.indices.contains { bytes[$0] == first && bytes[$0...].starts(with: pattern) }
    }
}
