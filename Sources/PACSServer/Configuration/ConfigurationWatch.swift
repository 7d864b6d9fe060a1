package import Foundation
import Logging
package import SecurityProfiles
import Synchronization

/// Compares the configuration that stands in the files with the one that was accepted: at the start and while the server runs.
package final class ConfigurationWatch: Sendable {
    private let seal: ConfigurationSeal
    private let file: String?
    private let directory: String
    private let told = Mutex<[ConfigurationSeal.Difference]>([])

    package init(_ configuration: ServerConfiguration, seal: ConfigurationSeal) {
        self.seal = seal
        file = configuration.file
        directory = configuration.dataDirectory
    }

    /// What nobody has accepted, as last looked at.
    package var differences: [ConfigurationSeal.Difference] { told.withLock { $0 } }

    /// The values in force after the next start: those of the configuration file, and the storage locations where it names none.
    package func present() -> [String: String] {
        var values: [String: String] = [:]
        if let file {
            var read = ServerConfiguration()
            do {
                guard let json = FileManager.default.contents(atPath: file) else { throw CocoaError(.fileReadUnknown) }
                try read.apply(json: json)
                values = read.fileValues
            } catch {
                return ["*": "the configuration file cannot be used"]
            }
        }
        if values["storage.volumes"] == nil, let locations = FileManager.default.contents(atPath: directory + "/volumes.json") {
            values["volumes.json"] = String(decoding: locations, as: UTF8.self)
        }
        return values
    }

    /// - Returns: differences that were not there when last looked at; they are in the audit log.
    func look() throws -> [ConfigurationSeal.Difference] {
        let found = try seal.differences(present()) ?? []
        let fresh = told.withLock { told in
            defer { told = found }
            return found.filter { !told.contains($0) }
        }
        if !fresh.isEmpty { try seal.record(fresh) }
        return fresh
    }

    package func accept(by author: Author) throws {
        try seal.accept(present(), by: author)
        told.withLock { $0 = [] }
    }

    /// At the start, after the storage locations were written down: the first configuration ever is accepted as it is, and so is
    /// a list of locations that follows from an accepted configuration.
    func started(wasAccepted: Bool, _ logger: Logger) {
        do {
            if try seal.differences([:]) == nil {
                try seal.accept(present(), by: .system)
            } else if wasAccepted {
                try seal.accept(present(), by: .system, isTold: false)
            }
        } catch {
            logger.error("The accepted configuration cannot be kept: \(error)")
        }
    }

    /// Looks, and says what is found.
    func tell(_ logger: Logger) {
        do {
            for difference in try look() {
                logger.error(
                    "Configuration changed and not accepted: \(difference.key) was \(difference.accepted ?? "not set"), is \(difference.present ?? "not set"). If this is right, accept it with apus configuration --accept.")
            }
        } catch {
            logger.error("The configuration cannot be compared with the accepted one: \(error)")
        }
    }
}
