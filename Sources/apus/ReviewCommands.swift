import Archive
import ArgumentParser
import Foundation
import PACSServer
import PersistenceSQLite

/// Tab-separated lists, newest first, of what is kept but should be looked at; `--before` goes on where a list ended.
struct ReviewOptions: ParsableArguments {
    @OptionGroup var directory: DataDirectoryOptions
    @Option(help: "Lines at most.") var limit = 100
    @Option(help: ArgumentHelp("Go on below this number (first column).", valueName: "number")) var before: Int64?
}

struct QuarantineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine", abstract: "List instances that are readable but defective, with the reasons.",
        discussion: "They are stored, found and given like others. Works beside a running server.")
    @OptionGroup var options: ReviewOptions

    func run() async throws {
        try await reporting {
            let archive = try options.directory.openForReading()
            defer { archive.close() }
            print("NUMBER\tRECEIVED\tSOURCE\tSTUDY INSTANCE UID\tSOP INSTANCE UID\tVERSION\tREASONS")
            for instance in try archive.index.quarantined(limit: options.limit, before: options.before) {
                let reasons = QuarantineReasons.read(instance, from: archive.store).joined(separator: "; ")
                print(
                    "\(instance.instanceKey)\t\(time(instance.receivedAtMilliseconds))\t\(instance.source)\t"
                        + "\(instance.studyInstanceUID)\t\(instance.sopInstanceUID)\t\(instance.conflictVersion)\t\(reasons)")
            }
        }
    }
}

struct ConflictsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conflicts", abstract: "List objects that came under a UID that another object has.",
        discussion: """
            Both are kept; queries find the first (version 0). apus export gives every version. Works beside a running server.
            """)
    @OptionGroup var options: ReviewOptions

    func run() async throws {
        try await reporting {
            let archive = try options.directory.openForReading()
            defer { archive.close() }
            print("NUMBER\tTIME\tSOURCE\tSTUDY INSTANCE UID\tSOP INSTANCE UID\tVERSION\tWHERE")
            for row in try archive.index.conflicts(limit: options.limit, before: options.before) {
                print(
                    "\(row.sequence)\t\(time(row.atMilliseconds))\t\(row.source)\t\(row.studyInstanceUID)\t"
                        + "\(row.sopInstanceUID)\t\(row.version)\t"
                        + (row.isElsewhere ? "another study or series" : "same series"))
            }
        }
    }
}

struct InconsistenciesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inconsistencies",
        abstract: "List attributes of patients, studies and series that instances state differently.",
        discussion: """
            The values first received are kept for queries; every instance stays as it came. The list holds patient data.
            Works beside a running server.
            """)
    @OptionGroup var options: ReviewOptions

    func run() async throws {
        try await reporting {
            let archive = try options.directory.openForReading()
            defer { archive.close() }
            print("NUMBER\tTIME\tSOURCE\tLEVEL\tTAG\tKEPT\tFOUND\tSTUDY INSTANCE UID\tSOP INSTANCE UID")
            for row in try archive.index.inconsistencies(limit: options.limit, before: options.before) {
                print(
                    "\(row.sequence)\t\(time(row.atMilliseconds))\t\(row.source)\t\(row.level.definedTerm)\t\(row.tag)\t"
                        + "\(oneLine(row.keptValue))\t\(oneLine(row.foundValue))\t\(row.studyInstanceUID)\t\(row.sopInstanceUID)")
            }
        }
    }
}
