import DICOMCore
import Foundation

/// Where the shared sample files are; tests that need them are disabled when there are none.
enum TextFixtures {
    static let sharedData: URL? = {
        let manager = FileManager.default
        if let path = ProcessInfo.processInfo.environment["APUS_SHARED"] {
            return URL(fileURLWithPath: path).appendingPathComponent("data")
        }
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent("shared/data")
            if manager.fileExists(atPath: candidate.path) { return candidate }
        }
        return nil
    }()

    static var isAvailable: Bool { sharedData != nil }

    static func bytes(_ path: String) throws -> [UInt8] {
        guard let sharedData else { throw CocoaError(.fileNoSuchFile) }
        return [UInt8](try Data(contentsOf: sharedData.appendingPathComponent(path)))
    }

    /// The value of the first explicit little endian element with a short VR that begins with `tag`.
    static func shortValue(_ group: UInt16, _ element: UInt16, _ vr: String, in file: [UInt8]) -> ArraySlice<UInt8>? {
        let halves = [group, element].flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        let header = halves + Array(vr.utf8)
        guard file.count > 140 else { return nil }
        for start in 132..<(file.count - 8) where file[start..<(start + 6)].elementsEqual(header) {
            let length = Int(file[start + 6]) | Int(file[start + 7]) << 8
            guard start + 8 + length <= file.count else { return nil }
            return file[(start + 8)..<(start + 8 + length)]
        }
        return nil
    }

    static func hex(_ text: String) -> [UInt8] {
        text.split(whereSeparator: { $0 == " " || $0 == "\n" }).compactMap { UInt8($0, radix: 16) }
    }
}
