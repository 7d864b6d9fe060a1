import Archive
import ArgumentParser
import DICOMCore
import Foundation
import ObjectStorage
import PACSServer
import PersistenceSQLite
import SecurityProfiles
import Synchronization

struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Import files, folders, ZIP archives and DICOMDIR media into a data directory.",
        discussion: """
            A server that runs on the data directory does it; it must be able to read the files. Every file gets a verdict:
            stored, duplicate, conflict, quarantined, refused or skipped. Exit code 1 when any file was refused.
            """)
    @OptionGroup var directory: DataDirectoryOptions
    @Argument(help: "Files and folders.") var paths: [String]
    @Flag(help: "List every file, not only those with a problem.") var list = false

    func run() async throws {
        try await reporting {
            for path in paths where !FileManager.default.fileExists(atPath: path) {
                throw CommandFault("\(path) does not exist.", .noInput)
            }
            let user = ProcessInfo.processInfo.userName
            let tally = ImportTally(listsAll: list)
            switch try LocalImport.run(paths, user: user, data: directory.data, report: { tally.add($0) }) {
            case .noServer: try importOurselves(tally, user)
            case .done: break
            case .interrupted:
                throw CommandFault(
                    "The server ended before everything was imported. Start it and import again; what is stored counts as duplicate.",
                    .unavailable)
            }
            try tally.finish()
        }
    }

    private func importOurselves(_ tally: ImportTally, _ user: String) throws {
        let configuration = try directory.configuration()
        let security = try directory.security()
        let archive = try directory.openExclusively()
        defer { archive.close() }
        let ingest = IngestPipeline(
            settings: configuration.ingest, store: archive.store, index: archive.index, refusals: archive.index,
            now: PACS.now, onRegistered: {})
        let importer = Importer(ingest: ingest, origin: .importing(user))
        for path in paths {
            var isFolder: ObjCBool = false
            FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            if isFolder.boolValue {
                importer.importFolder(at: path) { tally.add($0) }
            } else {
                for result in importer.importFile(at: path, named: path) { tally.add(result) }
            }
        }
        ingest.waitUntilIdle()
        try archive.index.flush()
        let studies = tally.studies.sorted().prefix(AuditRecord.maximumObjects)
        guard !studies.isEmpty else { return }
        try security.audit.append(
            AuditEvent(
                .studyImported, actor: directory.author.principal, origin: directory.author.origin,
                objects: studies.map { .study(uid: $0) }))
    }
}

/// Counts and prints verdicts.
private final class ImportTally: Sendable {
    private let counts = Mutex<[ImportResult.Verdict: Int]>([:])
    private let seen = Mutex<Set<String>>([])
    private let listsAll: Bool
    private let progress = ProgressLine("Importing", total: nil)

    init(listsAll: Bool) { self.listsAll = listsAll }

    /// Those of the instances that are in the archive now.
    var studies: Set<String> { seen.withLock { $0 } }

    func add(_ result: ImportResult) {
        if let study = result.studyInstanceUID { seen.withLock { _ = $0.insert(study) } }
        let done = counts.withLock { counts in
            counts[result.verdict, default: 0] += 1
            return counts.values.reduce(0, +)
        }
        if listsAll || ![.stored, .duplicate, .skipped].contains(result.verdict) {
            progress.end()
            print("\(result.verdict.rawValue)\t\(result.path)" + Self.explanation(result))
        }
        progress.show(done)
    }

    /// A code leads to text and remedy in the manual.
    private static func explanation(_ result: ImportResult) -> String {
        let parts = [result.code, result.reason].compactMap { $0 }
        return parts.isEmpty ? "" : "\t" + parts.joined(separator: ": ")
    }

    func finish() throws {
        progress.end()
        let counts = counts.withLock { $0 }
        print(ImportResult.Verdict.allCases.map { "\(counts[$0] ?? 0) \($0.rawValue)" }.joined(separator: ", ") + ".")
        if counts[.refused] ?? 0 > 0 { throw ExitCode.partly }
    }
}

struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write stored objects as DICOM files, byte for byte as received.",
        discussion: """
            Without keys everything is written: study/series/instance folders of Part 10 files. Works beside a running
            server and without the index's help where --from-packs is given.
            """)
    @OptionGroup var directory: DataDirectoryOptions
    @Option(help: "Folder to write to.") var output: String
    @Option(help: ArgumentHelp("Only this study.", valueName: "uid")) var study: [String] = []
    @Option(help: ArgumentHelp("Only this series.", valueName: "uid")) var series: [String] = []
    @Option(help: ArgumentHelp("Only this patient.", valueName: "id")) var patient: [String] = []
    @Flag(help: "Write a DICOMDIR medium with 8.3 file names.") var dicomdir = false
    @Flag(help: "Read the packs alone; the index may be missing or damaged.") var fromPacks = false
    @Flag(help: "Write into a folder that holds files without asking.") var yes = false

    func run() async throws {
        try await reporting {
            try directory.requireExisting()
            let present = (try? FileManager.default.contentsOfDirectory(atPath: output))?.count ?? 0
            if present > 0 { try confirm(.exportOver, of: output, Affected([.files: present]), yes: yes) }
            let exporter = try ArchiveExporter(directory: directory, output: output, asMedium: dicomdir)
            let report = fromPacks ? try exporter.exportPacks() : try exporter.export(scopes)
            try audit(report.studies)
            print("\(report.written) written, \(report.failed) failed.")
            if report.failed > 0 { throw ExitCode.partly }
            if report.written == 0 { throw CommandFault("Nothing stored matches.", .noInput) }
        }
    }

    private func audit(_ studies: Set<String>) throws {
        guard !studies.isEmpty else { return }
        let security = try directory.security()
        for start in stride(from: 0, to: studies.count, by: AuditRecord.maximumObjects) {
            let part = studies.sorted()[start...].prefix(AuditRecord.maximumObjects)
            try security.audit.append(
                AuditEvent(
                    .studyExported, actor: directory.author.principal, origin: directory.author.origin,
                    objects: part.map { .study(uid: $0) }, details: [.path: output]))
        }
    }

    private var scopes: [InstanceScope] {
        var scopes: [InstanceScope] = []
        if !patient.isEmpty { scopes.append(.patients(patient)) }
        if !study.isEmpty { scopes.append(.studies(study)) }
        if !series.isEmpty { scopes.append(.series(study: nil, series)) }
        return scopes
    }
}

struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Verify every stored object against its checksum and its index row.",
        discussion: "Reads everything; works beside a running server. Exit code 0: all sound; 65: damage, see the messages.")
    @OptionGroup var directory: DataDirectoryOptions

    func run() async throws {
        try await reporting {
            let archive = try directory.openForReading()
            defer { archive.close() }
            let total = try archive.index.statistics().instances
            let progress = ProgressLine("Checking", total: total)
            let report = try IntegrityScrub(store: archive.store, index: archive.index).run { report in
                progress.show(report.checked)
                return false
            }
            progress.end()
            for finding in report.findings { printError("\(finding.sopInstanceUID): \(finding.problem)") }
            print(
                "\(report.checked) objects checked, \(report.bytes) bytes read, \(report.findings.count) damaged, "
                    + "\(report.unindexed) records without an index row.")
            let security = try directory.security().integrity.verify()
            if !security.isIntact { printError("Accounts, devices, settings or the audit log were changed outside Apus.") }
            if !report.findings.isEmpty || !security.isIntact { throw ExitCode.badData }
        }
    }
}

struct Reindex: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Rebuild the index from the stored files alone.",
        discussion: """
            No server may run. Refusal records and open jobs are kept where the old index is readable; an unreadable one is
            moved aside as index.sqlite.old.
            """)
    @OptionGroup var directory: DataDirectoryOptions
    @Flag(help: "Do it without asking.") var yes = false

    func run() async throws {
        try await reporting {
            try directory.requireExisting()
            let configuration = try directory.configuration()
            try confirm(.reindex, of: directory.data, affected, yes: yes)
            let archive = try openEmptied()
            defer { archive.close() }
            let progress = ProgressLine("Indexing", total: nil)
            let recovery = ArchiveRecovery(store: archive.store, index: archive.index, limits: configuration.ingest.parsingLimits)
            let report = try recovery.adopt(in: nil) { progress.show($0.scanned) }
            // What was there before is no news to those who follow the changes.
            try archive.index.setPosition(archive.index.lastSequence(), of: Forwarder.consumer)
            try archive.index.flush()
            try UnfinishedReindex.clear(directory.data)
            progress.end()
            for problem in report.unreadable { printError("not indexed: \(problem)") }
            print(
                "\(report.scanned) records: \(report.added) indexed, \(report.conflicts) conflicting versions, "
                    + "\(report.duplicates) duplicates, \(report.unreadable.count) unreadable.")
            if !report.unreadable.isEmpty { throw ExitCode.partly }
        }
    }

    /// What the index holds; an index that cannot be read counts nothing.
    private var affected: Affected {
        guard let archive = try? directory.openForReading() else { return Affected([.objects: 0]) }
        defer { archive.close() }
        guard let counts = try? archive.index.statistics() else { return Affected([.objects: 0]) }
        return Affected([.patients: counts.patients, .studies: counts.studies, .objects: counts.instances])
    }

    /// The archive with an empty index; until the new one is complete no server starts on it.
    private func openEmptied() throws -> ArchiveDirectory {
        do {
            let archive = try directory.openExclusively()
            try UnfinishedReindex.mark(directory.data)
            try archive.index.removeAll()
            return archive
        } catch is IndexError {
            try UnfinishedReindex.mark(directory.data)
            try moveIndexAside()
            return try directory.openExclusively()
        }
    }

    private func moveIndexAside() throws {
        for suffix in ["", "-wal", "-shm"] {
            let path = directory.data + "/index.sqlite" + suffix
            guard FileManager.default.fileExists(atPath: path) else { continue }
            let old = directory.data + "/index.sqlite.old" + suffix
            if FileManager.default.fileExists(atPath: old) { try FileManager.default.removeItem(atPath: old) }
            try FileManager.default.moveItem(atPath: path, toPath: old)
        }
    }
}
