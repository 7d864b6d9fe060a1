import Archive
import Foundation
import Testing

@testable import ObjectStorage

/// Real objects and tools of others; absent ones make the suite skip visibly.
private enum Peers {
    static let sharedData: String? = {
        if let path = ProcessInfo.processInfo.environment["APUS_SHARED"] { return path + "/data" }
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent("shared/data").path
            if FileManager.default.fileExists(atPath: candidate + "/manifest.csv") { return candidate }
        }
        return nil
    }()

    static let script: String = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Scripts/unpack-apus.py").path

    static func find(_ tool: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
        return folders.map { "\($0)/\(tool)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    static var arePresent: Bool { sharedData != nil && find("python3") != nil && find("dcmdump") != nil }

    static func run(_ tool: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: try #require(find(tool)))
        process.arguments = arguments
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

private typealias FileHandle = Foundation.FileHandle

@Suite(.enabled(if: Peers.arePresent, "needs the shared DICOM test data, python3 and dcmdump"))
struct `packs without Apus` {
    /// Files with file meta information, small to large, of several kinds.
    private func samples() throws -> [[UInt8]] {
        let root = try #require(Peers.sharedData)
        var files: [[UInt8]] = []
        for folder in ["charsets", "transfer-syntaxes", "enhanced", "rt", "ecg-pdf-other"] {
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)").sorted()
            let parts = names.filter { $0.hasSuffix(".dcm") }.compactMap { name in
                FileManager.default.contents(atPath: "\(root)/\(folder)/\(name)").map { [UInt8]($0) }
            }
            let start = Array("DICM\u{2}\0\0\0UL".utf8)
            files += parts.filter { Array($0.dropFirst(128).prefix(10)) == start }.prefix(8)
        }
        return files
    }

    private func digest(_ file: [UInt8], _ folder: TemporaryFolder) throws -> [UInt8] {
        let start = 144 + Int(file.number(at: 140, UInt32.self))
        let path = folder.path + "/digest"
        #expect(FileManager.default.createFile(atPath: path, contents: Data(file[start...])))
        let text = try Peers.run("sha256sum", [path]).output.prefix(64)
        return stride(from: 0, to: 64, by: 2).compactMap { index in
            UInt8(text[text.index(text.startIndex, offsetBy: index)...].prefix(2), radix: 16)
        }
    }

    @Test func `the script gives back every DICOM file byte for byte, and other software reads them`() throws {
        let folder = TemporaryFolder()
        let store = try openStore(folder)
        let files = try samples()
        #expect(files.count >= 20)
        for (index, file) in files.enumerated() {
            var about = sampleNote("1.2.\(index)")
            about.dataSetDigest = try digest(file, folder)
            let results = store.commit(
                [CommitRequest(draft: try store.draft(file), note: about)], purpose: index % 2 == 0 ? .ingest : .archive)
            _ = try results[0].get()
        }
        store.waitForUpkeep()
        store.close()
        let target = TemporaryFolder()
        #expect(try Peers.run("python3", [Peers.script, folder.path, target.path]).status == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: target.path)
        #expect(names.count == files.count)
        #expect(!names.contains { $0.contains("DAMAGED") })
        for (index, file) in files.enumerated() {
            let name = try #require(names.first { $0.hasPrefix("1.2.\(index)-") })
            #expect(FileManager.default.contents(atPath: "\(target.path)/\(name)").map { [UInt8]($0) } == file)
            #expect(try Peers.run("dcmdump", ["-q", "+P", "SOPInstanceUID", "\(target.path)/\(name)"]).status == 0)
        }
    }

    @Test func `the script names damaged objects, passes over damaged headers and takes erased ones for gone`() throws {
        let folder = TemporaryFolder()
        let store = try openStore(folder)
        let locations = try (0..<5).map { index in
            // With restoration bytes the block checksums decide, without them the digest, which is wrong here.
            let about = sampleNote("1.\(index)", restoration: index == 4 ? [] : [1])
            let request = CommitRequest(draft: try store.draft(payload(index, 20_000)), note: about)
            return try store.commit([request], purpose: .ingest)[0].get()
        }
        try store.seal(ContainerID(volumeID: 1, containerID: locations[0].containerID))
        try store.erase([locations[3]])
        store.close()
        let path = try packPath(folder, locations[0])
        try flipBit(path, at: locations[0].payloadOffset + 5)
        try overwrite(path, at: locations[1].offset, with: payload(9, 300))
        let target = TemporaryFolder()
        #expect(try Peers.run("python3", [Peers.script, path, target.path]).status == 0)
        let id = String(locations[0].containerID, radix: 16)
        let names = try FileManager.default.contentsOfDirectory(atPath: target.path).sorted()
        #expect(names == ["1.0-\(id)-0.DAMAGED.dcm", "1.2-\(id)-2.dcm", "1.4-\(id)-4.DAMAGED.dcm"])
        #expect(FileManager.default.contents(atPath: "\(target.path)/\(names[1])").map { [UInt8]($0) } == payload(2, 20_000))
    }
}
