package import Archive
import Dispatch
import Foundation
import Logging
import SecurityProfiles
import Synchronization

/// What `apus import` asks of the server that runs on its data directory: one line of JSON over a socket there. The
/// server reads the files itself and answers a line for each verdict, then an empty one.
struct LocalImportRequest: Codable {
    struct Item: Codable {
        /// Absolute.
        var path: String
        /// As the person at the terminal wrote it.
        var name: String
    }

    var user: String
    var items: [Item]

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

/// The server's side: a thread that waits for callers and one for each import.
final class LocalImportService: Sendable {
    private let pacs: PACS
    private let socket = Mutex<LocalSocket?>(nil)
    private let stopping = StopFlag()
    private let running = DispatchGroup()
    private let slots = DispatchSemaphore(value: 4)

    init(_ pacs: PACS) { self.pacs = pacs }

    private var path: String { LocalImportRequest.socketPath(pacs.configuration.dataDirectory) }

    func start() {
        guard !pacs.isReadOnly else { return }
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

    private func audit(_ studies: Set<String>, _ user: String) {
        guard !studies.isEmpty else { return }
        let event = AuditEvent(
            .studyImported, actor: .terminal(user: user), origin: "terminal",
            objects: studies.sorted().prefix(AuditRecord.maximumObjects).map { .study(uid: $0) })
        do { try pacs.security.audit.append(event) } catch { pacs.logger.error("The audit log cannot be written: \(error)") }
    }
}
