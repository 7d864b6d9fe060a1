import ArgumentParser
import DICOMCore
import Foundation

/// Reads a DICOM file whole.
func readFile(_ path: String) throws -> (bytes: [UInt8], file: Part10File) {
    guard let data = FileManager.default.contents(atPath: path) else { throw CommandFault("\(path) cannot be read.", .noInput) }
    let bytes = Array(data)
    do { return (bytes, try Part10File(reading: bytes[...])) } catch {
        throw CommandFault("\(path): not a readable DICOM file: \(error).", .badData)
    }
}

struct Dump: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print a DICOM file's elements.")
    @Argument(help: "DICOM files.") var files: [String]
    @Option(help: "Characters of each value shown.") var width = 64

    func run() async throws {
        try await reporting {
            for path in files {
                let file = try readFile(path).file
                if files.count > 1 { print("# \(path)") }
                if let meta = file.meta { dump(meta.dataSet, depth: 0) }
                print("# \(file.syntax.name)")
                dump(file.dataSet, depth: 0)
                for note in file.notes { printError("\(path): \(note.kind.rawValue) \(note.tag) at byte \(note.offset)") }
            }
        }
    }

    private func dump(_ dataSet: DataSet, depth: Int) {
        let indent = String(repeating: "  ", count: depth)
        for element in dataSet.elements {
            let name = DataDictionary.entry(for: element.tag)?.keyword ?? (element.tag.isPrivate ? "private" : "unknown")
            switch element.value {
            case .bytes(let bytes):
                print("\(indent)\(element.tag) \(element.vr) [\(text(dataSet, element, bytes))] # \(bytes.count) \(name)")
            case .sequence(let sequence):
                print("\(indent)\(element.tag) \(element.vr) # \(sequence.items.count) items \(name)")
                for item in sequence.items {
                    print("\(indent)  item")
                    dump(item.dataSet, depth: depth + 2)
                }
            case .fragments(let pixels):
                let total = pixels.fragments.reduce(0) { $0 + $1.count }
                print("\(indent)\(element.tag) \(element.vr) # \(pixels.fragments.count) fragments, \(total) bytes \(name)")
            }
        }
    }

    private func text(_ dataSet: DataSet, _ element: DataElement, _ bytes: ArraySlice<UInt8>) -> String {
        let isBulk = [.ob, .ow, .od, .of, .ol, .ov, .un].contains(element.vr)
        let values = isBulk ? bytes.prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
            : dataSet.strings(element.tag).joined(separator: "\\")
        let line = values.map { $0.isNewline ? " " : $0 }
        return line.count > width ? String(line.prefix(width)) + "…" : String(line)
    }
}

struct JSON: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "json", abstract: "Print a DICOM file as DICOM JSON (PS3.18 Annex F).")
    @Argument(help: "DICOM file.") var file: String
    @Flag(help: "Leave out binary values instead of writing them inline.") var noBulk = false

    func run() async throws {
        try await reporting {
            let dataSet = try readFile(file).file.dataSet
            let bytes = DICOMJSON.encode(dataSet) { _, _ in noBulk ? .omit : .inline }
            FileHandle.standardOutput.write(Data(bytes + [0x0A]))
        }
    }
}

struct Validate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what in a DICOM file deviates from the standard.",
        discussion: "Exit code 0: nothing found; 1: readable, with findings; 65: not readable.")
    @Argument(help: "DICOM files.") var files: [String]

    func run() async throws {
        try await reporting {
            var worst: ExitCode?
            for path in files {
                do {
                    let file = try readFile(path).file
                    let lines = findings(file)
                    for line in lines { print("\(path): \(line)") }
                    if !lines.isEmpty, worst == nil { worst = .partly }
                    if lines.isEmpty { print("\(path): conforms") }
                } catch let fault as CommandFault {
                    print(fault.message)
                    worst = fault.code
                }
            }
            if let worst { throw worst }
        }
    }

    private func findings(_ file: Part10File) -> [String] {
        var lines = file.notes.map { "\($0.kind.rawValue) \($0.tag) at byte \($0.offset)" }
        for finding in ValueCheck.identifierFindings(file.dataSet) + ValueCheck.findings(file.dataSet) {
            let path = finding.path.map { "\($0.sequence)[\($0.item + 1)]." }.joined()
            lines.append("\(finding.kind.rawValue) \(path)\(finding.tag) \(DataDictionary.entry(for: finding.tag)?.keyword ?? "")")
        }
        if let preamble = file.preamble, case .executable(let kind) = Preamble.inspect(preamble) {
            lines.append("the preamble holds executable content (\(kind)); importing zeroes it")
        }
        return lines
    }
}
