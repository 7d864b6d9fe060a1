import ArgumentParser
import Foundation
import PACSServer
import SecurityProfiles

// MARK: Users

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Manage accounts; works beside a running server.",
        subcommands: [Add.self, Passwd.self, List.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create an account.",
            discussion: "The password is asked for on a terminal, else read from the first line of standard input.")
        @OptionGroup var directory: DataDirectoryOptions
        @Argument(help: "Name to sign in with.") var name: String
        @Option(help: ArgumentHelp("Roles, comma-separated: " + roleNames + ".", valueName: "roles")) var role: String
        @Option(help: "Name to show.") var display = ""
        @Flag(help: "The password must be changed at the first sign-in.") var mustChange = false
        @Flag(help: "Read the password from standard input even on a terminal.") var passwordStdin = false

        func run() async throws {
            try await reporting {
                let roles = try parseRoles(role)
                let password = try readPassword(confirm: true, fromStandardInput: passwordStdin)
                let account = try directory.security().accounts.create(
                    name: name, displayName: display, password: password, roles: roles, mustChangePassword: mustChange,
                    by: directory.author)
                print("Account \(account.name) created (\(Role.text(account.roles))).")
            }
        }
    }

    struct Passwd: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Set an account's password and end its lock.")
        @OptionGroup var directory: DataDirectoryOptions
        @Argument(help: "Account name.") var name: String
        @Flag(help: "The password must be changed at the next sign-in.") var mustChange = false
        @Flag(help: "Read the password from standard input even on a terminal.") var passwordStdin = false
        @Flag(help: "Do it without asking.") var yes = false

        func run() async throws {
            try await reporting {
                try directory.requireExisting()
                let accounts = try directory.security().accounts
                guard try accounts.list().contains(where: { $0.name == name }) else { throw SecurityError.accountNotFound(name: name) }
                try confirm(.passwordReset, of: name, Affected([.accounts: 1]), yes: yes)
                let password = try readPassword(confirm: true, fromStandardInput: passwordStdin)
                try accounts.resetPassword(
                    name: name, to: password, mustChangePassword: mustChange, by: directory.author)
                print("Password of \(name) set.")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List accounts.")
        @OptionGroup var directory: DataDirectoryOptions

        func run() async throws {
            try await reporting {
                try directory.requireExisting()
                print("NAME\tROLES\tSTATE\tDISPLAY NAME")
                for account in try directory.security().accounts.list() {
                    let state = !account.isIntact ? "tampered" : !account.isEnabled ? "disabled"
                        : account.lockedUntilMilliseconds != nil ? "locked" : "active"
                    print("\(account.name)\t\(Role.text(account.roles))\t\(state)\t\(account.displayName)")
                }
            }
        }
    }
}

private let roleNames = Role.allCases.map(\.rawValue).joined(separator: ", ")

private func parseRoles(_ text: String) throws -> Set<Role> {
    guard let roles = Role.set(text), !roles.isEmpty else {
        throw CommandFault("--role \(text): expected some of \(roleNames).", ExitCode(64))
    }
    return roles
}

/// From the terminal without echo, else from standard input.
private func readPassword(confirm: Bool, fromStandardInput: Bool) throws -> String {
    guard isatty(STDIN_FILENO) == 1, !fromStandardInput else {
        guard let line = readLine(strippingNewline: true), !line.isEmpty else {
            throw CommandFault("No password on standard input.", ExitCode(64))
        }
        return line
    }
    guard let first = getpass("Password: ").map({ String(cString: $0) }) else { throw CommandFault("No password given.", ExitCode(64)) }
    if confirm, let second = getpass("Again: ").map({ String(cString: $0) }), first != second {
        throw CommandFault("The two passwords differ.", ExitCode(64))
    }
    return first
}

// MARK: Tokens

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Manage API bearer tokens; works beside a running server.",
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a token and print it, once.", discussion: "Use it as: Authorization: Bearer TOKEN")
        @OptionGroup var directory: DataDirectoryOptions
        @Option(help: ArgumentHelp("Roles, comma-separated: " + roleNames + ".", valueName: "roles")) var role: String
        @Option(help: "What it is for.") var name = "command line"
        @Option(help: ArgumentHelp("Valid for this many days; for ever when left out.", valueName: "days")) var expires: Int?

        func run() async throws {
            try await reporting {
                if let expires, !(1...36_500).contains(expires) {
                    throw CommandFault("--expires \(expires): 1 to 36500 days.", ExitCode(64))
                }
                let created = try directory.security().tokens.create(
                    name: name, roles: try parseRoles(role), validSeconds: expires.map { $0 * 86_400 }, by: directory.author)
                print(created.token)
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List tokens by their beginning.")
        @OptionGroup var directory: DataDirectoryOptions

        func run() async throws {
            try await reporting {
                try directory.requireExisting()
                print("TOKEN\tROLES\tSTATE\tNAME")
                for token in try directory.security().tokens.list() {
                    let isExpired = token.expiresAtMilliseconds.map { $0 < PACS.now() } ?? false
                    let state = !token.isIntact ? "tampered" : token.revokedAtMilliseconds != nil ? "revoked"
                        : isExpired ? "expired" : "active"
                    print("\(token.prefix)\t\(Role.text(token.roles))\t\(state)\t\(token.name)")
                }
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revoke a token.")
        @OptionGroup var directory: DataDirectoryOptions
        @Argument(help: "The token's beginning, as listed.") var token: String
        @Flag(help: "Do it without asking.") var yes = false

        func run() async throws {
            try await reporting {
                try directory.requireExisting()
                try confirm(.tokenRevoke, of: token, Affected([.tokens: 1]), yes: yes)
                try directory.security().tokens.revoke(token, by: directory.author)
                print("Revoked.")
            }
        }
    }
}

// MARK: Devices

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device", abstract: "Manage DICOM nodes and their rights; works beside a running server.",
        subcommands: [Add.self, List.self, Remove.self, Inbox.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register a device, or change the one with this AE title.",
            discussion: "Example: apus device add --ae CT1 --host 10.0.0.7 --port 104 --allow echo,store,commit")
        @OptionGroup var directory: DataDirectoryOptions
        @Option(help: "Its AE title.") var ae: String
        @Option(help: "Where we reach it; needed as a destination.") var host: String?
        @Option(help: "Its DICOM port.") var port: Int?
        @Option(help: ArgumentHelp("What it may ask for: " + NodeService.allNames + " or all.", valueName: "services"))
        var allow = "echo,store"
        @Option(help: ArgumentHelp("Where it may call from: address, network/bits or name; repeatable.", valueName: "address"))
        var from: [String] = []
        @Option(help: ArgumentHelp("SHA-256 of its TLS certificate; it must then use TLS.", valueName: "hex")) var fingerprint: String?
        @Option(help: "Modality or kind.") var modality = ""
        @Option(help: "Description.") var description = ""
        @Flag(help: "Register it, but refuse it for now.") var disabled = false
        @Flag(help: "Disable it although transfers with it run.") var force = false

        func run() async throws {
            try await reporting {
                guard let services = NodeService.set(allow) else {
                    throw CommandFault("--allow \(allow): expected some of \(NodeService.allNames), or all.", ExitCode(64))
                }
                let draft = DeviceDraft(
                    aeTitle: ae, host: host, port: port, addresses: from, certificateFingerprint: fingerprint,
                    modality: modality, details: description, isEnabled: !disabled, services: services)
                if disabled { try confirmInterruption(of: ae, directory, force: force) }
                let devices = try directory.security().devices
                do {
                    try devices.add(draft, by: directory.author)
                    print("Device \(ae) registered (\(NodeService.text(services))).")
                } catch SecurityError.deviceExists {
                    let before = try devices.list().first { "\($0.device.aeTitle)" == ae }?.device
                    try devices.update(draft, by: directory.author)
                    print("Device \(ae) changed (\(NodeService.text(services))).")
                    if let before { printUndo(["device"] + before.addArguments, directory) }
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List devices.")
        @OptionGroup var directory: DataDirectoryOptions

        func run() async throws {
            try await reporting {
                try directory.requireExisting()
                print("AE TITLE\tADDRESS\tSERVICES\tFROM\tSTATE\tDESCRIPTION")
                for summary in try directory.security().devices.list() {
                    let device = summary.device
                    let address = device.host.map { "\($0):\(device.port ?? 0)" } ?? "-"
                    let state = !summary.isIntact ? "tampered" : device.isEnabled ? "enabled" : "disabled"
                    let from = device.addressRulesText.isEmpty ? "any" : device.addressRulesText
                    print("\(device.aeTitle)\t\(address)\t\(NodeService.text(device.services))\t\(from)\t\(state)\t\(device.details)")
                }
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a device.")
        @OptionGroup var directory: DataDirectoryOptions
        @Option(help: "Its AE title.") var ae: String
        @Flag(help: "Remove it without asking, even if transfers with it run.") var force = false

        func run() async throws {
            try await reporting {
                try directory.requireExisting()
                let devices = try directory.security().devices
                guard let before = try devices.list().first(where: { "\($0.device.aeTitle)" == ae })?.device else {
                    throw SecurityError.deviceNotFound(aeTitle: ae)
                }
                let running = LocalControl.transfers(with: ae, user: ProcessInfo.processInfo.userName, data: directory.data) ?? []
                if !force { for line in running { printError(line) } }
                let question = Affected([.devices: 1, .transfers: running.count])
                try confirm(.deviceRemove, of: ae, question, yes: force, option: "--force")
                try devices.remove(aeTitle: ae, by: directory.author)
                print("Device \(ae) removed.")
                printUndo(["device"] + before.addArguments, directory)
            }
        }
    }

    struct Inbox: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List callers that are no registered device, or approve one.",
            discussion: "Approve with: apus device inbox --approve CT1 --allow echo,store")
        @OptionGroup var directory: DataDirectoryOptions
        @Option(help: ArgumentHelp("Register this caller.", valueName: "title")) var approve: String?
        @Option(help: "Its rights.") var allow = "echo,store"

        func run() async throws {
            try await reporting {
                try directory.requireExisting()
                let devices = try directory.security().devices
                if let approve {
                    guard let services = NodeService.set(allow) else {
                        throw CommandFault("--allow \(allow): expected some of \(NodeService.allNames), or all.", ExitCode(64))
                    }
                    try devices.approve(DeviceDraft(aeTitle: approve, services: services), by: directory.author)
                    print("Device \(approve) registered (\(NodeService.text(services))).")
                    return
                }
                print("AE TITLE\tADDRESS\tCALLED\tCALLS\tLAST")
                for caller in try devices.unknownCallers() {
                    let last = Date(timeIntervalSince1970: Double(caller.lastSeenMilliseconds) / 1000)
                    print("\(caller.aeTitle)\t\(caller.address)\t\(caller.calledAETitle)\t\(caller.count)\t\(last.ISO8601Format())")
                }
            }
        }
    }
}

extension Device {
    /// The arguments of `apus device` that register it as it is.
    fileprivate var addArguments: [String] {
        var arguments = ["add", "--ae", "\(aeTitle)", "--allow", NodeService.text(services)]
        if let host, let port { arguments += ["--host", host, "--port", String(port)] }
        for rule in addressRulesText.split(separator: ",") { arguments += ["--from", rule.filter { $0 != " " }] }
        if let certificateFingerprint { arguments += ["--fingerprint", certificateFingerprint] }
        if !modality.isEmpty { arguments += ["--modality", modality] }
        if !details.isEmpty { arguments += ["--description", details] }
        return isEnabled ? arguments : arguments + ["--disabled"]
    }
}

/// A device that is refused from now on can neither go on sending with new associations nor be sent to.
private func confirmInterruption(of aeTitle: String, _ directory: DataDirectoryOptions, force: Bool) throws {
    let user = ProcessInfo.processInfo.userName
    let running = LocalControl.transfers(with: aeTitle, user: user, data: directory.data) ?? []
    try confirm(running, question: "Refuse \(aeTitle) from now on all the same?", force: force)
}

// MARK: Settings

struct SettingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setting", abstract: "Show or change security settings of a data directory.",
        discussion: "Without arguments all are listed. Example: apus setting device.unknownCallers refuse")
    @OptionGroup var directory: DataDirectoryOptions
    @Argument(help: "Setting to change.") var key: String?
    @Argument(help: "New value.") var value: String?

    func run() async throws {
        try await reporting {
            let settings = try directory.security().settings
            if let key, let value {
                let before = try SecuritySetting(rawValue: key).map { try settings.current().value(of: $0) }
                try settings.set(key, to: value, by: directory.author)
                print("\(key) = \(value)")
                if let before, "\(before)" != value { printUndo(["setting", key, "\(before)"], directory) }
                return
            }
            let current = try settings.current()
            for setting in SecuritySetting.allCases where key == nil || setting.rawValue == key {
                print("\(setting.rawValue) = \(current.value(of: setting))\t# \(setting.declaration.nameZH) / \(setting.declaration.nameEN)")
            }
        }
    }
}
