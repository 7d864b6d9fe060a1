import DICOMCore
import Dispatch
import Foundation
import Synchronization

/// The verdict on one file offered for import (PACS-4.2.4-b, PACS-4.2.4-c).
package struct ImportResult: Hashable, Sendable, Codable {
    package enum Verdict: String, Hashable, Sendable, CaseIterable, Codable {
        case stored, duplicate, conflict, quarantined, refused
        /// No DICOM object: pictures, texts, viewer programs on a patient's disc.
        case skipped
    }

    package var path: String
    package var verdict: Verdict
    package var reason: String?
    /// `IngestRefusal.Kind` of a refusal.
    package var code: String?
    package var studyInstanceUID: String?
    package var sopInstanceUID: String?

    init(path: String, _ verdict: Verdict, reason: String? = nil, code: String? = nil) {
        self.path = path
        self.verdict = verdict
        self.reason = reason
        self.code = code
    }

    init(path: String, _ verdict: IngestVerdict) {
        switch verdict {
        case .stored: self.init(path: path, .stored)
        case .duplicate: self.init(path: path, .duplicate, reason: "already stored, bit for bit")
        case .conflict:
            self.init(path: path, .conflict, reason: "other content is stored under the same SOP Instance UID; both are kept")
        case .quarantined(_, let reasons): self.init(path: path, .quarantined, reason: reasons.joined(separator: "; "))
        case .refused(let refusal): self.init(path: path, .refused, reason: refusal.reason, code: refusal.kind.rawValue)
        }
        studyInstanceUID = verdict.filed?.studyInstanceUID
        sopInstanceUID = verdict.filed?.sopInstanceUID
    }
}

/// Imports files, folders, ZIP archives and DICOMDIR media. Blocking.
package struct Importer: Sendable {
    private let ingest: IngestPipeline
    private let origin: Origin

    /// Objects under way at a time: enough that one flush serves many.
    private static let window = 16
    private static let maximumZipEntries = 1_000_000

    package init(ingest: IngestPipeline, origin: Origin) {
        self.ingest = ingest
        self.origin = origin
    }

    /// Imports a folder with everything below it.
    ///
    /// - Parameters:
    ///   - report: called for each result as it becomes known, from any thread, one at a time.
    ///   - shouldStop: asked before each file.
    package func importFolder(
        at path: String, shouldStop: @Sendable () -> Bool = { false }, report: @escaping @Sendable (ImportResult) -> Void
    ) {
        let run = ImportRun(window: Self.window, report: report)
        var referenced: Set<String> = []
        var present: Set<String> = []
        for file in Self.files(below: path) {
            if shouldStop() { break }
            let relative = String(file.dropFirst(path.count).drop { $0 == "/" })
            present.insert(relative.uppercased())
            if Self.isDirectoryFile(relative) { referenced.formUnion(Self.referencedFiles(file, below: relative)) }
            importFile(at: file, named: relative, run)
        }
        run.waitForAll()
        for missing in referenced.subtracting(present).sorted() {
            report(ImportResult(path: missing, .refused, reason: "named by the DICOMDIR, but not on the medium", code: "missing"))
        }
    }

    /// Imports one file.
    package func importFile(at path: String, named name: String) -> [ImportResult] {
        let results = Mutex<[ImportResult]>([])
        let run = ImportRun(window: Self.window) { result in results.withLock { $0.append(result) } }
        importFile(at: path, named: name, run)
        run.waitForAll()
        return results.withLock { $0 }
    }

    private func importFile(at path: String, named name: String, _ run: ImportRun) {
        guard let file = FileHandle(forReadingAtPath: path) else {
            return run.report(ImportResult(path: name, .refused, reason: "the file cannot be opened", code: "unreadable"))
        }
        defer { try? file.close() }
        do {
            let start = try file.read(upToCount: 4096) ?? Data()
            // A preamble may look like an archive; `DICM` in its place decides.
            if start.starts(with: [0x50, 0x4B, 0x03, 0x04]), !Self.hasPrefix(start) { return importZip(at: path, named: name, run) }
            guard Self.looksLikeDICOM(start) else {
                return run.report(ImportResult(path: name, .skipped, reason: "not a DICOM file"))
            }
            if Self.isDirectoryFile(name) {
                return run.report(ImportResult(path: name, .skipped, reason: "media directory; its files are imported themselves"))
            }
            let size = try file.seekToEnd()
            try file.seek(toOffset: 0)
            let intake = Part10Intake(ingest: ingest, origin: origin, expectedBytes: Int(clamping: size))
            while let data = try file.read(upToCount: 1 << 20), !data.isEmpty {
                data.withUnsafeBytes { intake.append($0) }
            }
            run.finish(intake, path: name)
        } catch {
            run.report(ImportResult(path: name, .refused, reason: "the file cannot be read to its end", code: "unreadable"))
        }
    }

    private func importZip(at path: String, named name: String, _ run: ImportRun) {
        guard let archive = ZipArchive(path: path) else {
            return run.report(ImportResult(path: name, .refused, reason: "the ZIP archive cannot be read", code: "unreadable"))
        }
        for entry in archive.entries(limit: Self.maximumZipEntries) {
            let entryName = name + "/" + entry.name
            let intake = Part10Intake(ingest: ingest, origin: origin, expectedBytes: Int(clamping: entry.declaredBytes))
            var start = Data()
            let problem = archive.read(entry) { bytes in
                if start.count < 4096 { start.append(contentsOf: bytes.prefix(4096)) }
                intake.append(bytes)
            }
            if let problem {
                intake.abandon()
                run.report(ImportResult(path: entryName, .refused, reason: problem, code: "unreadable"))
            } else if !Self.looksLikeDICOM(start) || Self.isDirectoryFile(entry.name) {
                intake.abandon()
                run.report(ImportResult(path: entryName, .skipped, reason: "not a DICOM object"))
            } else {
                run.finish(intake, path: entryName)
            }
        }
    }

    // MARK: What files are

    private static func hasPrefix(_ start: Data) -> Bool { start.dropFirst(128).starts(with: Data("DICM".utf8)) }

    /// `DICM` in its place, or at least where broken writers put it, so that those get a reason instead of silence.
    private static func looksLikeDICOM(_ start: Data) -> Bool {
        if start.prefix(264).range(of: Data("DICM".utf8)) != nil { return true }
        // Without a preamble the first element is of group 0002 or 0008, its number below 0100.
        let first = Array(start.prefix(8))
        guard first.count == 8 else { return false }
        return ([0x02, 0x08].contains(first[0]) && first[1] == 0 && first[3] == 0)
            || (first[0] == 0 && first[1] == 0x08 && first[2] == 0)
    }

    private static func isDirectoryFile(_ name: String) -> Bool {
        name.split(separator: "/").last?.uppercased() == "DICOMDIR"
    }

    private static func files(below path: String) -> [String] {
        guard let walker = FileManager.default.enumerator(atPath: path) else { return [] }
        var files: [String] = []
        while let item = walker.nextObject() as? String {
            guard (walker.fileAttributes?[.type] as? FileAttributeType) == .typeRegular else { continue }
            files.append(path + "/" + item)
        }
        return files.sorted()
    }

    private static func referencedFiles(_ path: String, below relative: String) -> Set<String> {
        guard let data = FileManager.default.contents(atPath: path),
            let file = try? Part10File(reading: Array(data)[...])
        else { return [] }
        let folder = relative.split(separator: "/").dropLast().joined(separator: "/")
        let names = file.dataSet.items(.directoryRecordSequence).compactMap { record -> String? in
            let components = record.strings(.referencedFileID).filter { !$0.isEmpty }
            return components.isEmpty ? nil : components.joined(separator: "/")
        }
        return Set(names.map { (folder.isEmpty ? $0 : folder + "/" + $0).uppercased() })
    }
}

/// Keeps a bounded number of objects under way and hands their verdicts on one at a time.
private final class ImportRun: Sendable {
    private let slots: DispatchSemaphore
    private let window: Int
    private let reportLock = Mutex(())
    private let onResult: @Sendable (ImportResult) -> Void

    init(window: Int, report: @escaping @Sendable (ImportResult) -> Void) {
        self.window = window
        slots = DispatchSemaphore(value: window)
        onResult = report
    }

    func report(_ result: ImportResult) { reportLock.withLock { _ in onResult(result) } }

    func finish(_ intake: Part10Intake, path: String) {
        slots.wait()
        intake.finish { verdict in
            self.report(ImportResult(path: path, verdict))
            self.slots.signal()
        }
    }

    func waitForAll() {
        for _ in 0..<window { slots.wait() }
        for _ in 0..<window { slots.signal() }
    }
}
