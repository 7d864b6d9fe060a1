import Archive
import DICOMCore
import Foundation
import ObjectStorage
import PACSServer
import PersistenceSQLite

/// Writes stored objects out as files.
struct ArchiveExporter {
    struct Report {
        var written = 0
        var failed = 0
        var studies: Set<String> = []
    }

    private let directory: DataDirectoryOptions
    private let archive: ArchiveDirectory
    private let output: String
    private let asMedium: Bool

    init(directory: DataDirectoryOptions, output: String, asMedium: Bool) throws {
        self.directory = directory
        archive = try directory.openForReading()
        self.output = output
        self.asMedium = asMedium
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    }

    /// - Parameter scopes: empty for everything.
    func export(_ scopes: [InstanceScope]) throws -> Report {
        var report = Report()
        var medium = asMedium ? MediumWriter(output: output) : nil
        let progress = ProgressLine("Exporting", total: nil)
        for instance in try instances(scopes) {
            do {
                try write(instance, medium: &medium)
                report.written += 1
                report.studies.insert(instance.studyInstanceUID)
            } catch {
                report.failed += 1
                progress.end()
                printError("\(instance.sopInstanceUID): \(error)")
            }
            progress.show(report.written)
        }
        progress.end()
        try medium?.finish()
        return report
    }

    /// Everything the packs hold, for the day when there is no index.
    func exportPacks() throws -> Report {
        var report = Report()
        let recovery = ArchiveRecovery(store: archive.store, index: archive.index, limits: .default)
        var medium: MediumWriter?
        var names: [String: Int] = [:]
        try archive.store.scan(from: nil) { location, note in
            do {
                let entry = try recovery.entry(location, note)
                let version = names[entry.sopInstanceUID, default: 0]
                names[entry.sopInstanceUID] = version + 1
                try write(StoredInstance(entry, conflictVersion: version), medium: &medium)
                report.written += 1
                report.studies.insert(entry.studyInstanceUID)
            } catch {
                report.failed += 1
                printError("\(note.sopInstanceUID): \(error)")
            }
            return true
        }
        return report
    }

    private func instances(_ scopes: [InstanceScope]) throws -> [StoredInstance] {
        guard scopes.isEmpty else {
            return try scopes.flatMap { try archive.index.instances($0, includingConflicts: true) }
        }
        return try archive.store.containers().flatMap { try archive.index.instances(in: $0.id) }
    }

    private func write(_ instance: StoredInstance, medium: inout MediumWriter?) throws {
        let object = try ObjectReader(store: archive.store).open(instance)
        let stream = try object.stream(in: object.receivedSyntax)
        let meta = FileMeta(
            mediaStorageSOPClassUID: instance.sopClassUID, mediaStorageSOPInstanceUID: instance.sopInstanceUID,
            transferSyntaxUID: stream.transferSyntaxUID)
        let path = try medium?.path(for: object.header, instance, syntax: object.receivedSyntax) ?? treePath(instance)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        guard FileManager.default.createFile(atPath: path, contents: Data(Part10.header(meta: meta))),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw CommandFault("\(path) cannot be written. Check space and rights.", .inputOutput) }
        defer { try? handle.close() }
        try handle.seekToEnd()
        while let bytes = try stream.next(maximumBytes: 1 << 20) { try handle.write(contentsOf: Data(bytes)) }
    }

    private func treePath(_ instance: StoredInstance) -> String {
        let version = instance.conflictVersion > 0 ? ".conflict\(instance.conflictVersion)" : ""
        return [output, instance.studyInstanceUID, instance.seriesInstanceUID, instance.sopInstanceUID + version + ".dcm"]
            .map { $0.replacingOccurrences(of: "..", with: "_") }.joined(separator: "/")
    }
}

/// A DICOMDIR medium (PS3.10 §8): 8.3 names and the directory of what was written.
struct MediumWriter {
    private let output: String
    private var builder = MediaDirectoryBuilder(fileSetID: "APUS")
    private var patients: [String: Int] = [:]
    private var studies: [String: Int] = [:]
    private var series: [String: Int] = [:]
    private var instances: [String: Int] = [:]

    init(output: String) { self.output = output }

    mutating func path(for header: DataSet, _ instance: StoredInstance, syntax: TransferSyntax) throws -> String {
        let patient = Self.number(header.string(.patientID) ?? "", in: &patients)
        let study = Self.number(instance.studyInstanceUID, in: &studies)
        let seriesNumber = Self.number(instance.seriesInstanceUID, in: &series)
        let key = "\(instance.sopInstanceUID)#\(instance.conflictVersion)"
        let number = Self.number(key, in: &instances)
        let fileID = MediaDirectoryBuilder.fileID(patient: patient, study: study, series: seriesNumber, instance: number)
        try builder.add(header, fileID: fileID, transferSyntaxUID: syntax.uid)
        return output + "/" + fileID.joined(separator: "/")
    }

    func finish() throws {
        let bytes = try builder.encoded()
        try Data(bytes).write(to: URL(fileURLWithPath: output + "/DICOMDIR"), options: .atomic)
    }

    private static func number(_ key: String, in numbers: inout [String: Int]) -> Int {
        if let number = numbers[key] { return number }
        numbers[key] = numbers.count + 1
        return numbers.count
    }
}
