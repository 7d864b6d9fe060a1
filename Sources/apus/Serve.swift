import ArgumentParser
import DIMSE
import Foundation
import Logging
import PACSServer
import SecurityProfiles

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start the server: DICOM, DICOMweb and the web page.",
        discussion: """
            Without options it keeps everything under ./apus-data and listens for DICOM on port 11112 and for browsers on
            port 8080 of this computer. At the first start it prints a one-time link to create the administrator.
            End it with Ctrl-C: running transfers are finished first.
            """)

    @OptionGroup var directory: DataDirectoryOptions

    @Option(help: ArgumentHelp("Web address (default 127.0.0.1:8080).", valueName: "host:port"))
    var http: String?

    @Option(help: ArgumentHelp("DICOM address (default 0.0.0.0:11112).", valueName: "host:port"))
    var dicom: String?

    @Option(help: ArgumentHelp("Our AE title (default APUS).", valueName: "title"))
    var ae: String?

    @Flag(help: "Log more.")
    var verbose = false

    func run() async throws {
        try await reporting {
            var logger = Logger(label: "apus") { StreamLogHandler.standardError(label: $0) }
            logger.logLevel = verbose ? .debug : .notice
            let pacs = try PACS(try effectiveConfiguration(), logger: logger)
            try await ServerRun(pacs: pacs).run()
        }
    }

    private func effectiveConfiguration() throws -> ServerConfiguration {
        var configuration = try directory.configuration()
        if let http { configuration.http = try address(http, "--http") }
        if let dicom { configuration.dicom = try address(dicom, "--dicom") }
        if let ae { configuration.aeTitle = ae }
        return configuration
    }

    private func address(_ text: String, _ option: String) throws -> ServerConfiguration.Address {
        guard let address = ServerConfiguration.Address(text) else {
            throw CommandFault("\(option): expected HOST:PORT, e.g. 0.0.0.0:8080.", .badConfiguration)
        }
        return address
    }
}
