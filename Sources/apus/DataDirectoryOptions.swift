import Archive
import ArgumentParser
import Foundation
import Logging
import PACSServer
import SecurityProfiles

/// The data directory every administration command works on.
struct DataDirectoryOptions: ParsableArguments {
    @Option(help: "Data directory of the server.")
    var data = "./apus-data"

    @Option(help: ArgumentHelp("Configuration file (JSON).", valueName: "file"))
    var config: String?

    func configuration() throws -> ServerConfiguration {
        var configuration = ServerConfiguration()
        if let config {
            guard let json = FileManager.default.contents(atPath: config) else {
                throw CommandFault("The configuration file \(config) cannot be read.", .noInput)
            }
            try configuration.apply(json: json)
            configuration.file = config
        }
        configuration.dataDirectory = data
        return configuration
    }

    /// Accounts, tokens and devices; works beside a running server.
    func security() throws -> SecurityServices { try ArchiveDirectory.security(path: data) }

    /// - Throws: `CommandFault` when there is no such data directory.
    func requireExisting() throws {
        guard ArchiveDirectory.exists(data) else {
            throw CommandFault(
                "There is no Apus data directory at \(data). Name it with --data, or start a server there with apus serve.",
                .noInput)
        }
    }

    /// The archive for a command that writes; no server may run on it.
    func openExclusively() throws -> ArchiveDirectory {
        do {
            return try ArchiveDirectory(path: data, mode: .exclusive, configuration: configuration())
        } catch let error as StorageError {
            throw CommandFault(
                "\(error.text) If a server runs on \(data), stop it first, or use the server itself (apus store, the web page).",
                .tryAgain)
        }
    }

    /// The archive for a command that only reads; a server may run on it.
    func openForReading() throws -> ArchiveDirectory {
        try requireExisting()
        return try ArchiveDirectory(path: data, mode: .readOnly, configuration: configuration())
    }

    var author: Author { .terminal(user: ProcessInfo.processInfo.userName) }
}

extension StorageError {
    var text: String {
        switch self {
        case .full(let message), .unavailable(let message), .damaged(_, let message): message
        case .notFound: "A stored record is missing."
        }
    }
}
