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
        commandName: "quarantine", abstract: "Instances that are readable but defective: list them, or let them out.",
        discussion: "They are stored, found and given like others, but marked and not forwarded. Works beside a running server.",
        subcommands: [List.self, Release.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List them with the reasons.")
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

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let instances out after they were looked at.",
            discussion: "The object stays as it came; it is no longer marked, and forwarding takes it up.")
        @OptionGroup var directory: DataDirectoryOptions
        @Argument(help: "SOP Instance UIDs, as listed.") var instances: [String]
        @Option(help: "Which of several objects under one UID (column VERSION).") var version = 0
        @Option(help: "Why it may be used; kept in the audit log.") var reason: String
        @Flag(help: "Do it without asking.") var yes = false

        func run() async throws {
            try await reporting {
                try directory.requireExisting()
                let index = try SQLiteIndex(path: directory.data + "/index.sqlite")
                defer { try? index.close() }
                let affected = try QuarantineRelease.affected(instances.map { ($0, version) }, index)
                if affected.counts[.objects] ?? 0 > 0 {
                    try confirm(.quarantineRelease, of: instances.joined(separator: " "), affected, yes: yes)
                }
                let release = QuarantineRelease(index: index, security: try directory.security())
                var missing = 0
                for uid in instances {
                    if try release.run(uid, version: version, reason: reason, by: directory.author) {
                        print("\(uid) released.")
                    } else {
                        missing += 1
                        printError("\(uid): no such instance is in quarantine.")
                    }
                }
                if missing > 0 { throw missing == instances.count ? ExitCode.noInput : ExitCode.partly }
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
