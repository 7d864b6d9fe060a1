import Foundation
import PixelCodecs

/// Command-line tools of other projects; tests that need one are skipped where it is not installed.
enum PeerTool {
    /// Found at its usual place rather than by PATH, because other packages install tools of the same names.
    static func path(_ name: String) -> String? {
        let path = "/usr/bin/\(name)"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }

    static func areInstalled(_ names: String...) -> Bool { names.allSatisfy { path($0) != nil } }

    /// - Returns: whether the tool ended with status 0.
    static func run(_ name: String, _ arguments: [String]) throws -> Bool {
        guard let path = path(name) else { throw CocoaError(.fileNoSuchFile) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    static func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("codecs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }
}

/// Writes the least Part 10 file that peers accept, with one frame.
enum Part10Writer {
    static func file(
        _ description: FrameDescription, photometricInterpretation: String, transferSyntaxUID: String, frame: [UInt8],
        isEncapsulated: Bool
    ) -> Data {
        let imageClass = "1.2.840.10008.5.1.4.1.1.7"
        let instance = "2.25.123456789"
        var meta = element(2, 1, "OB", [0, 1]) + element(2, 2, "UI", imageClass) + element(2, 3, "UI", instance)
        meta += element(2, 0x10, "UI", transferSyntaxUID) + element(2, 0x12, "UI", "2.25.1")
        var data = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
        data += element(2, 0, "UL", [UInt8(meta.count & 255), UInt8(meta.count >> 8), 0, 0]) + meta
        data += element(8, 0x16, "UI", imageClass) + element(8, 0x18, "UI", instance) + element(8, 0x60, "CS", "OT")
        data += element(0x20, 0xD, "UI", "2.25.2") + element(0x20, 0xE, "UI", "2.25.3")
        data += word(0x28, 2, description.samplesPerPixel) + element(0x28, 4, "CS", photometricInterpretation)
        if description.samplesPerPixel > 1 { data += word(0x28, 6, description.isPlanar ? 1 : 0) }
        data += word(0x28, 0x10, description.rows) + word(0x28, 0x11, description.columns)
        data += word(0x28, 0x100, description.bitsAllocated) + word(0x28, 0x101, description.bitsStored)
        data += word(0x28, 0x102, description.bitsStored - 1) + word(0x28, 0x103, description.isSigned ? 1 : 0)
        let padded = frame + (frame.count % 2 == 1 ? [0] : [])
        if isEncapsulated {
            data += [0xE0, 0x7F, 0x10, 0, 0x4F, 0x42, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF] + [0xFE, 0xFF, 0, 0xE0, 0, 0, 0, 0]
            data += [0xFE, 0xFF, 0, 0xE0] + long(padded.count) + padded + [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
        } else {
            data += element(0x7FE0, 0x10, "OW", padded)
        }
        return Data(data)
    }

    private static func long(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    private static func word(_ group: Int, _ number: Int, _ value: Int) -> [UInt8] {
        element(group, number, "US", [UInt8(value & 255), UInt8(value >> 8)])
    }

    private static func element(_ group: Int, _ number: Int, _ vr: String, _ text: String) -> [UInt8] {
        element(group, number, vr, Array(text.utf8) + (text.utf8.count % 2 == 1 ? [vr == "UI" ? 0 : 32] : []))
    }

    private static func element(_ group: Int, _ number: Int, _ vr: String, _ value: [UInt8]) -> [UInt8] {
        let tag = Array(long(group)[..<2] + long(number)[..<2]) + Array(vr.utf8)
        if vr == "OB" || vr == "OW" { return tag + [0, 0] + long(value.count) + value }
        return tag + long(value.count)[..<2] + value
    }
}
