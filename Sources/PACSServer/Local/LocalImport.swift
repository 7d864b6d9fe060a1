package import Archive
import Dispatch
import Foundation
import Logging
import SecurityProfiles
import Synchronization

/// What a command asks of the server that runs on its data directory: one line of JSON over a socket there. For an import the
/// server reads the files itself and answers a line for each verdict, then an empty one; for the other questions a line for
/// each transfer, then an empty one.
struct LocalImportRequest: Codable {
    enum Question: String, Codable {
        /// What runs.
        case transfers
        /// Stop the server.
        case stop
    }

    struct Item: Codable {
        /// Absolute.
        var path: String
        /// As the person at the terminal wrote it.
        var name: String
    }

    var user: String
    var items: [Item]
    /// `nil` for an import.
    var question: Question?
    /// Only what concerns this device.
    var aeTitle: String?

    static let maximumBytes = 16 << 20

    static func socketPath(_ directory: String) -> String { directory + "/server.sock" }
}

/// The command's side.
package enum LocalImport {
    package enum Outcome: Sendable { case noServer, done, interrupted }

    /// - Parameters:
    ///   - paths: files and folders as given; relative ones are of the current folder.
    ///   - report: called for each verdict.
    package static func run(
        _ paths: [String], user: String, data: String, report: (ImportResult) -> Void
    ) throws -> Outcome {
        guard let socket = LocalSocket.connected(to: LocalImportRequest.socketPath(data)) else { return .noServer }
        let items = paths.map { LocalImportRequest.Item(path: URL(fileURLWithPath: $0).standardizedFileURL.path, name: $0) }
        guard socket.writeLine(Array(try JSONEncoder().encode(LocalImportRequest(user: user, items: items)))) else {
            return .interrupted
        }
        let decoder = JSONDecoder()
        while let line = socket.readLine(limit: LocalImportRequest.maximumBytes) {
            if line.isEmpty { return .done }
            report(try decoder.decode(ImportResult.self, from: Data(line)))
        }
        return .interrupted
    }
}

/// Questions to the server that runs on a data directory.
package enum LocalControl {
    /// What a stop, or a change of a device, would interrupt.
    ///
    /// - Returns: `nil` when no server runs there.
    package static func transfers(with aeTitle: String? = nil, user: String, data: String) -> [String]? {
        ask(LocalImportRequest(user: user, items: [], question: .transfers, aeTitle: aeTitle), data)
    }

    /// Tells the server to stop, letting transfers finish as long as `dicom.stopSeconds` says.
    ///
    /// - Returns: `false` when no server runs there.
    package static func stop(user: String, data: String) -> Bool {
        ask(LocalImportRequest(user: user, items: [], question: .stop), data) != nil
    }

    /// Whether a server can be asked.
    package static func isRunning(data: String) -> Bool {
        LocalSocket.connected(to: LocalImportRequest.socketPath(data)) != nil
    }

    private static func ask(_ request: LocalImportRequest, _ data: String) -> [String]? {
        guard let socket = LocalSocket.connected(to: LocalImportRequest.socketPath(data)),
            let json = try? JSONEncoder().encode(request), socket.writeLine(Array(json))
        else { return nil }
        var lines: [String] = []
        while let line = socket.readLine(limit: LocalImportRequest.maximumBytes) {
            if line.isEmpty { return lines }
            lines.append(String(decoding: line, as: UTF8.self))
        }
        return nil
    }
}

/// The server's side: a thread that waits for callers and one for each import.
final class LocalImportService: Sendable {
    private let pacs: PACS
    private let socket = Mutex<LocalSocket?>(nil)
    private let stopping = StopFlag()
    private let running = DispatchGroup()
    private let slots = DispatchSemaphore(value: 4)

    /// - Parameter onStop: called with the user who asks for it.
    init(_ pacs: PACS, onStop: @escaping @Sendable (String) -> Void) {
        self.pacs = pacs
        self.onStop = onStop
    }

    private let onStop: @Sendable (String) -> Void

    private var path: String { LocalImportRequest.socketPath(pacs.configuration.dataDirectory) }

    func start() {
        guard let listener = LocalSocket.listening(at: path) else {
            return pacs.logger.notice("apus import cannot be used beside this server: \(path) cannot be made. A shorter --data path may help.")
        }
        socket.withLock { $0 = listener }
        Thread.detachNewThread { [self] in
            while let caller = listener.accept() {
                slots.wait()
                running.enter()
                Thread.detachNewThread { [self] in
                    serve(caller)
                    slots.signal()
                    running.leave()
                }
            }
        }
    }

    /// Ends running imports after the file they are at.
    func stop() {
        stopping.set()
        guard let listener = socket.withLock({ $0 }) else { return }
        listener.shutDown()
        running.wait()
        try? FileManager.default.removeItem(atPath: path)
    }

    private func serve(_ caller: LocalSocket) {
        guard let line = caller.readLine(limit: LocalImportRequest.maximumBytes),
            let request = try? JSONDecoder().decode(LocalImportRequest.self, from: Data(line))
        else { return }
        let user = String(request.user.prefix(64))
        if let question = request.question { return answer(question, request.aeTitle, user, caller) }
        imports.add(1, ordering: .relaxed)
        defer { imports.subtract(1, ordering: .relaxed) }
        let importer = Importer(ingest: pacs.ingest, origin: .importing(user))
        let studies = Mutex<Set<String>>([])
        let isGone = StopFlag()
        let report: @Sendable (ImportResult) -> Void = { result in
            if let study = result.studyInstanceUID { studies.withLock { _ = $0.insert(study) } }
            guard let json = try? JSONEncoder().encode(result), caller.writeLine(Array(json)) else {
                return isGone.set()
            }
        }
        let shouldStop: @Sendable () -> Bool = { [stopping] in stopping.isSet || isGone.isSet }
        for item in request.items where !shouldStop() {
            var isFolder: ObjCBool = false
            FileManager.default.fileExists(atPath: item.path, isDirectory: &isFolder)
            if isFolder.boolValue {
                importer.importFolder(at: item.path, shouldStop: shouldStop, report: report)
            } else {
                importer.importFile(at: item.path, named: item.name).forEach(report)
            }
        }
        audit(studies.withLock { $0 }, user)
        if !shouldStop() { _ = caller.writeLine([]) }
    }

    private let imports = Atomic<Int>(0)

    /// What a stop would interrupt.
    func running(with aeTitle: String? = nil) -> [String] {
        let count = imports.load(ordering: .relaxed)
        let lines = pacs.monitor.descriptions(of: aeTitle)
        guard aeTitle == nil else { return lines + pacs.waitingForwards(to: aeTitle) }
        return lines + (count > 0 ? ["\(count) imports by apus import"] : [])
    }

    private func answer(_ question: LocalImportRequest.Question, _ aeTitle: String?, _ user: String, _ caller: LocalSocket) {
        for line in running(with: aeTitle) where !caller.writeLine(Array(line.utf8)) { return }
        _ = caller.writeLine([])
        if question == .stop { onStop(user) }
    }

    private func audit(_ studies: Set<String>, _ user: String) {
        guard !studies.isEmpty else { return }
        let event = AuditEvent(
            .studyImported, actor: .terminal(user: user), origin: "terminal",
            objects: studies.sorted().prefix(AuditRecord.maximumObjects).map { .study(uid: $0) })
        do { try pacs.security.audit.append(event) } catch { pacs.logger.error("The audit log cannot be written: \(error)") }
    }
}
