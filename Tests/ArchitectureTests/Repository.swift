import Foundation

/// The source tree these tests read: three folders above this file, wherever the tests are built.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    static func lines(_ path: String) throws -> [Substring] {
        try text(path).split(separator: "\n", omittingEmptySubsequences: false)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    /// Files below a folder as paths from the root, sorted; build products left out.
    static func files(below folder: String, endingIn suffixes: String...) -> [String] {
        guard let walker = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path) else { return [] }
        return walker.compactMap { $0 as? String }
            .filter { name in suffixes.contains { name.hasSuffix($0) } && !name.contains("__pycache__") && !name.contains("/.build") }
            .map { "\(folder)/\($0)" }.sorted()
    }

    /// Folders directly below `folder`.
    static func folders(in folder: String) throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)
        return names.filter { name in
            var isFolder: ObjCBool = false
            let path = root.appendingPathComponent("\(folder)/\(name)").path
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
        }.sorted()
    }
}
