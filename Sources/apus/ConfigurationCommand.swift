import ArgumentParser
import PACSServer
import SecurityProfiles

struct ConfigurationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "configuration",
        abstract: "List what differs from the configuration last accepted, or accept it.",
        discussion: """
            Name the configuration file of the server with --config. Ends with 1 when something is not accepted. Works beside a
            running server, which looks again within half a minute.
            """)
    @OptionGroup var directory: DataDirectoryOptions
    @Flag(help: "Accept the configuration as it stands.") var accept = false
    @Flag(help: "Do it without asking.") var yes = false

    func run() async throws {
        try await reporting {
            try directory.requireExisting()
            let configuration = try directory.configuration()
            let security = try directory.security()
            let watch = ConfigurationWatch(configuration, seal: security.configuration)
            let differences = try security.configuration.differences(watch.present()) ?? []
            print("SETTING\tACCEPTED\tNOW")
            for difference in differences {
                print("\(difference.key)\t\(oneLine(difference.accepted ?? "-"))\t\(oneLine(difference.present ?? "-"))")
            }
            if accept {
                if !differences.isEmpty {
                    try confirm(.configurationAccept, of: "configuration", Affected([.settings: differences.count]), yes: yes)
                }
                try watch.accept(by: directory.author)
                print("Accepted.")
            } else if !differences.isEmpty {
                throw ExitCode.partly
            }
        }
    }
}
