package import Foundation

/// Test images kept outside the repository: folder `shared/data` beside it, or the folder named by APUS_SHARED.
package enum SharedData {
    package static let root: URL? = {
        if let path = ProcessInfo.processInfo.environment["APUS_SHARED"] {
            let named = URL(fileURLWithPath: path)
            return existing(named) ?? existing(named.deletingLastPathComponent())
        }
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            if let found = existing(folder.appendingPathComponent("shared")) { return found }
        }
        return nil
    }()

    package static var isAvailable: Bool { root != nil }

    private static func existing(_ folder: URL) -> URL? {
        let data = folder.appendingPathComponent("data")
        return FileManager.default.fileExists(atPath: data.appendingPathComponent("manifest.csv").path) ? data : nil
    }

    package static func bytes(_ path: String) throws -> [UInt8] {
        guard let root else { throw CocoaError(.fileNoSuchFile) }
        return [UInt8](try Data(contentsOf: root.appendingPathComponent(path)))
    }

    /// Rows of a CSV file by column name.
    package static func table(_ path: String) throws -> [[String: String]] {
        var rows = parse(String(decoding: try bytes(path), as: UTF8.self))
        let names = rows.removeFirst()
        return rows.filter { $0.count == names.count }.map { Dictionary(uniqueKeysWithValues: zip(names, $0)) }
    }

    private static func parse(_ text: String) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var field = ""
        var isQuoted = false
        for character in text {
            switch character {
            case "\"": isQuoted.toggle()
            case "," where !isQuoted:
                row.append(field)
                field = ""
            case "\n" where !isQuoted, "\r\n" where !isQuoted:
                rows.append(row + [field])
                row = []
                field = ""
            default: field.append(character)
            }
        }
        return rows
    }
}
