import ArgumentParser
import Foundation
import PACSServer

struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop the server that runs on a data directory.",
        discussion: """
            Transfers that run are listed, and nothing is done without --force or a yes at the terminal. They then have as long as
            dicom.stopSeconds says to finish; what is broken off is recorded.
            """)
    @OptionGroup var directory: DataDirectoryOptions
    @Flag(help: "Stop although transfers run.") var force = false
    @Option(help: ArgumentHelp("Wait this long for the end.", valueName: "seconds")) var wait = 60

    func run() async throws {
        try await reporting {
            try directory.requireExisting()
            let user = ProcessInfo.processInfo.userName
            guard let running = LocalControl.transfers(user: user, data: directory.data) else {
                throw CommandFault("No server answers on \(directory.data).", .noInput)
            }
            try confirm(running, question: "Stop the server all the same?", force: force)
            guard LocalControl.stop(user: user, data: directory.data) else {
                throw CommandFault("No server answers on \(directory.data).", .noInput)
            }
            for _ in 0..<max(1, wait * 10) {
                if !LocalControl.isRunning(data: directory.data) { return print("Stopped.") }
                try await Task.sleep(for: .milliseconds(100))
            }
            throw CommandFault("The server still lets transfers finish after \(wait) s.", .tryAgain)
        }
    }
}
