import Foundation
import GRDB

/// Opens a database on a disk that cannot be written: full, mounted read-only, or failed.
enum ReadOnlyFile {
    /// A file without a log beside it changes no more, so that it needs neither log nor shared memory, which could not be
    /// made. With a log the two files that a killed server left are used as they are.
    static func open(_ path: String, label: String, prepare: @escaping @Sendable (Database) throws -> Void = { _ in }) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 6
        configuration.label = label
        configuration.prepareDatabase(prepare)
        return try DatabasePool(path: hasLog(path) ? path : immutable(path), configuration: configuration)
    }

    private static func hasLog(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path + "-wal")
        return (attributes?[.size] as? NSNumber).map { $0.int64Value > 0 } ?? false
    }

    /// SQLite's URI form, with `?`, `#` and `%` of the path escaped.
    private static func immutable(_ path: String) -> String {
        var escaped = ""
        for character in path {
            switch character {
            case "%": escaped += "%25"
            case "?": escaped += "%3f"
            case "#": escaped += "%23"
            default: escaped.append(character)
            }
        }
        return "file:\(escaped)?immutable=1"
    }
}
