import ArgumentParser
import PACSServer

struct ConformanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conformance", abstract: "Print the DICOM conformance statement (Markdown), made from the registries.")

    func run() async throws { print(ConformanceStatement.markdown, terminator: "") }
}
