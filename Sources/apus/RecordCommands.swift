import Archive
import ArgumentParser
import Foundation
import PACSServer
import PersistenceSQLite
import SecurityProfiles

func time(_ milliseconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(milliseconds) / 1000).ISO8601Format()
}

struct RefusalsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refusals", abstract: "List what was refused, by us or by peers: object, party, reason, time.",
        discussion: "Newest first. YY/T 1861 4.2.2 b and c.")
    @OptionGroup var directory: DataDirectoryOptions
    @Option(help: "Lines at most.") var limit = 100

    func run() async throws {
        try await reporting {
            let archive = try directory.openForReading()
            defer { archive.close() }
            print("TIME\tREFUSED BY\tPARTY\tOPERATION\tSOP INSTANCE UID\tCODE\tREASON")
            for (_, refusal) in try archive.index.refusals(limit: limit, before: nil) {
                let by = refusal.direction == .refusedByUs ? "us" : "peer"
                print(
                    "\(time(refusal.atMilliseconds))\t\(by)\t\(refusal.party)\t\(refusal.operation)\t"
                        + "\(refusal.sopInstanceUID ?? "-")\t\(refusal.code)\t\(refusal.reason)")
            }
        }
    }
}

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "List background jobs: forwarding and storage commitment results.")
    @OptionGroup var directory: DataDirectoryOptions
    @Option(help: "waiting, running, done or failed.") var state: String?
    @Option(help: "Lines at most.") var limit = 100

    func run() async throws {
        try await reporting {
            let chosen = state.flatMap { Job.State(rawValue: $0) }
            if let state, chosen == nil { throw CommandFault("--state \(state): expected waiting, running, done or failed.", ExitCode(64)) }
            let archive = try directory.openForReading()
            defer { archive.close() }
            print("ID\tKIND\tSTATE\tATTEMPTS\tDUE\tWHAT\tLAST ERROR")
            for job in try archive.index.jobs(kind: nil, state: chosen, limit: limit) {
                print(
                    "\(job.id)\t\(job.kind)\t\(job.state.rawValue)\t\(job.attempts)\t\(time(job.dueAtMilliseconds))\t\(job.key)\t"
                        + (job.lastError ?? ""))
            }
        }
    }
}

/// Values from outside, and lists of one a line, must not break a table.
func oneLine(_ value: String) -> String { String(value.map { $0.isNewline || $0 == "\t" ? " " : $0 }) }

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Show the audit log, newest first, or verify its chain.")
    @OptionGroup var directory: DataDirectoryOptions
    @Option(help: "Lines at most.") var limit = 100
    @Flag(help: "Recompute the chain and the seals.") var verify = false

    func run() async throws {
        try await reporting {
            try directory.requireExisting()
            let security = try directory.security()
            if verify {
                let report = try security.integrity.verify()
                for finding in report.findings { printError(finding.message) }
                guard report.isIntact else { throw ExitCode.badData }
                return print("Audit log, accounts, devices and settings are intact.")
            }
            print("NUMBER\tTIME\tEVENT\tOUTCOME\tWHO\tFROM\tOBJECTS\tDETAILS")
            for record in try security.audit.records(AuditQuery(limit: min(max(limit, 1), 1000))) {
                print(
                    "\(record.sequence)\t\(time(record.atMilliseconds))\t\(record.kind)\t\(record.outcome)\t\(record.actorName)\t"
                        + "\(record.origin)\t\(oneLine(record.objects))\t\(oneLine(record.details))")
            }
        }
    }
}
