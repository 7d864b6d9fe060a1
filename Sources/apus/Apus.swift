import ArgumentParser
import Foundation
import PACSServer

/// One program: the server, DICOM tools for any PACS, file tools, and administration of a data directory.
@main
struct Apus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "Apus, an open-source PACS: 开源影像归档与通信系统.",
        discussion: """
            Start the server with `apus serve`, then register a device with `apus device add` and send it images.
            Exit codes: 0 done; 1 done in part, see the messages; 64 wrong usage; 65 bad data; 66 no such input;
            69 peer or service unavailable; 74 read or write error; 75 busy, try again; 77 not permitted; 78 bad configuration.
            """,
        version: ApusVersion.text,
        subcommands: [
            Serve.self, Stop.self,
            Echo.self, Store.self, Find.self, Move.self, Get.self, Commit.self,
            Dump.self, JSON.self, Transcode.self, Validate.self,
            Import.self, Export.self, Check.self, Reindex.self, Compression.self, PhantomCommand.self,
            UserCommand.self, TokenCommand.self, DeviceCommand.self, SettingCommand.self, ConfigurationCommand.self, VolumesCommand.self,
            JobsCommand.self, RefusalsCommand.self, QuarantineCommand.self, ConflictsCommand.self, InconsistenciesCommand.self,
            AuditCommand.self, ConformanceCommand.self, ErrorsCommand.self,
        ])
}

/// How a command ended, for scripts.
extension ExitCode {
    static let partly = ExitCode(1)
    static let badData = ExitCode(65)
    static let noInput = ExitCode(66)
    static let unavailable = ExitCode(69)
    static let inputOutput = ExitCode(74)
    static let tryAgain = ExitCode(75)
    static let notPermitted = ExitCode(77)
    static let badConfiguration = ExitCode(78)
}

/// An error for people: printed to standard error, with the exit code that fits.
struct CommandFault: Error {
    var message: String
    var code: ExitCode
    /// In the catalogue; the exit code's own when left out.
    var entry: ErrorCode?

    init(_ message: String, _ code: ExitCode, _ entry: ErrorCode? = nil) {
        self.message = message
        self.code = code
        self.entry = entry
    }
}

/// Runs a command's body and turns errors into a line on standard error and an exit code.
func reporting<Value>(_ body: () async throws -> Value) async throws -> Value {
    do { return try await body() } catch let fault as CommandFault {
        tell(fault.message, fault.entry ?? catalogueCode(for: fault.code))
        throw fault.code
    } catch let code as ExitCode {
        throw code
    } catch let error as ValidationError {
        throw error
    } catch {
        let code = exitCode(for: error)
        tell(isOurs(error) ? describe(error) : nil, catalogueCode(for: code), raw: libraryWords(error))
        throw code
    }
}

/// What is wrong, then what to do and under which code the manual explains it. What another component said is no message for
/// people: it goes to the system's log under an identifier.
private func tell(_ message: String?, _ code: ErrorCode, raw: String? = nil) {
    let entry = ErrorCatalogue.entry(code)
    let wording = entry.wording(terminalLanguage)
    printError(message ?? wording.text)
    var reference = code.rawValue
    if let raw {
        let id = ErrorIdentifier.make()
        logToSystem("Error \(id) \(code.rawValue): \(raw)")
        reference += " \(id)"
    }
    printError("\(wording.remedy) [\(reference)]")
}

func printError(_ text: String) { FileHandle.standardError.write(Data(("apus: " + text + "\n").utf8)) }

/// One line of progress on a terminal, nothing in pipes and logs.
struct ProgressLine {
    let total: Int?
    let label: String
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let started = Date()

    init(_ label: String, total: Int?) {
        self.label = label
        self.total = total
    }

    func show(_ done: Int, note: String = "") {
        guard isTerminal else { return }
        var text = "\r\u{1B}[K\(label) "
        if let total, total > 0 {
            let filled = min(30, 30 * done / total)
            text += "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled) + "] \(done)/\(total)"
        } else {
            text += "\(done)"
        }
        let seconds = Date().timeIntervalSince(started)
        if seconds > 0.5 { text += String(format: "  %.0f/s", Double(done) / seconds) }
        FileHandle.standardError.write(Data((text + "  " + note).utf8))
    }

    func end() {
        guard isTerminal else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    }
}
