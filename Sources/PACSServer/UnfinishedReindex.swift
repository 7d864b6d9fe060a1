import Foundation

/// Marks a data directory whose index is being rebuilt: a server on it would seem to have lost what is not yet indexed.
package enum UnfinishedReindex {
    private static func path(_ directory: String) -> String { directory + "/reindex.unfinished" }

    package static func mark(_ directory: String) throws {
        try Data().write(to: URL(fileURLWithPath: path(directory)))
    }

    package static func clear(_ directory: String) throws {
        try FileManager.default.removeItem(atPath: path(directory))
    }

    /// - Throws: `ConfigurationError` with the remedy.
    static func refuse(_ directory: String) throws {
        guard FileManager.default.fileExists(atPath: path(directory)) else { return }
        throw ConfigurationError(
            description: "The index of \(directory) was being rebuilt and is not complete. Run apus reindex --data \(directory) to its end.")
    }
}
