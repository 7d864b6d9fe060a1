import DICOMCore
import Foundation

/// Headers read per CPU second, from memory and from files, compared with other toolkits on the same files.
///
/// `HeaderParse FOLDER [ROUNDS]`: a folder of DICOM files, replicated ROUNDS times. Peers that are not installed
/// are left out.
struct Measurement {
    let name: String
    let headers: Int
    let seconds: Double
    var perSecond: Double { Double(headers) / seconds }
}

func cpuSeconds(_ who: __rusage_who) -> Double {
    var usage = rusage()
    getrusage(who.rawValue, &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}

func measure(_ name: String, headers: Int, who: __rusage_who = RUSAGE_SELF, _ body: () throws -> Void) rethrows -> Measurement {
    let start = cpuSeconds(who)
    try body()
    return Measurement(name: name, headers: headers, seconds: max(1e-9, cpuSeconds(who) - start))
}

/// A peer as a child process; `nil` when it is not installed or fails.
func peer(_ name: String, headers: Int, _ arguments: [String]) -> Measurement? {
    var succeeded = false
    let measurement = measure(name, headers: headers, who: RUSAGE_CHILDREN) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return }
        process.waitUntilExit()
        succeeded = process.terminationStatus == 0
    }
    return succeeded ? measurement : nil
}

let pydicomProgram = """
import sys, pydicom
for f in sys.argv[2:] * int(sys.argv[1]):
    d = pydicom.dcmread(f, stop_before_pixels=True)
    [e for e in d]
"""

func run() throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 1 else { return print("usage: HeaderParse FOLDER [ROUNDS]") }
    let rounds = arguments.count > 2 ? Int(arguments[2]) ?? 100 : 100
    let files = try FileManager.default.subpathsOfDirectory(atPath: arguments[1]).sorted()
        .map { arguments[1] + "/" + $0 }.filter { $0.hasSuffix(".dcm") || !$0.contains(".") }
    let sources = try files.compactMap { path in
        let bytes = try FileByteSource(path: path)
        let head = try? Part10.readHead(bytes)
        return try head.map { ($0, MemoryByteSource(try bytes.read(at: 0, count: bytes.count))) }
    }
    let count = sources.count * rounds
    var elements = 0
    let memory = try measure("Apus scan, in memory", headers: count) {
        for _ in 0..<rounds {
            for (head, source) in sources {
                let scanned = try DataSetScanner(syntax: head.syntax).scan(source, from: head.dataSetOffset)
                elements += scanned.dataSet.elements.count
            }
        }
    }
    let fileRounds = max(1, rounds / 10)
    let opened = try measure("Apus open, meta and scan, files", headers: sources.count * fileRounds) {
        for _ in 0..<fileRounds {
            for path in files {
                let source = try FileByteSource(path: path, readAhead: FileByteSource.headerReadAhead)
                let head = try Part10.readHead(source)
                elements += try DataSetScanner(syntax: head.syntax).scan(source, from: head.dataSetOffset).notes.count
            }
        }
    }
    print("\(sources.count) files, \(elements / max(1, count)) top-level elements each")
    var results = [memory, opened]
    let repeated = Array(repeating: files, count: max(1, 2000 / files.count)).flatMap { $0 }
    results += [
        peer("DCMTK dcmdump +P PatientName (reads all)", headers: repeated.count, ["dcmdump", "-q", "+P", "PatientName"] + repeated),
        peer("DCMTK dcmdump -M (prints all)", headers: repeated.count, ["dcmdump", "-q", "-M"] + repeated),
        peer("pydicom, stop before pixels, all values", headers: files.count * 20, ["python3", "-c", pydicomProgram, "20"] + files),
    ].compactMap { $0 }
    for result in results {
        let ratio = opened.perSecond / result.perSecond
        print("\(result.name): \(Int(result.perSecond)) headers per CPU second; Apus from files is \(Double(Int(ratio * 100)) / 100) times that")
    }
}

try run()
