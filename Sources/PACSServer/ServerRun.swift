import Archive
import DIMSE
import Dispatch
import Foundation
import SecurityProfiles
import Synchronization

/// A server from start to orderly stop.
package struct ServerRun: Sendable {
    private let pacs: PACS

    package init(pacs: PACS) { self.pacs = pacs }

    package func run() async throws {
        let stop = StopSignals { pacs.monitor.descriptions() }
        let web = WebServer(pacs)
        let dicom = Mutex<[AssociationServer]>([])
        let local = LocalImportService(pacs) { user in stop.request(by: user) }
        let failure = await withTaskGroup(of: (any Error)?.self, returning: (any Error)?.self) { group in
            let pacs = pacs
            let (ports, port) = AsyncStream<Int>.makeStream()
            group.addTask {
                do { try await web.run { port.yield($0) } } catch {
                    port.finish()
                    // A cancelled run is an ordinary stop.
                    return Task.isCancelled ? nil : error
                }
                port.finish()
                return nil
            }
            // The ports open together: the page's first, which takes longer to begin.
            for await webPort in ports {
                do {
                    let servers = try await pacs.startDICOM()
                    dicom.withLock { $0 = servers }
                    try pacs.security.audit.append(AuditEvent(.serverStarted, actor: .system, origin: "apus"))
                    await Self.announce(pacs, servers, webPort: webPort)
                } catch {
                    web.willStop()
                    group.cancelAll()
                    return error
                }
                break
            }
            group.addTask {
                await pacs.runJobs()
                return nil
            }
            group.addTask {
                await pacs.waitUntilWritable()
                if !Task.isCancelled { local.start() }
                await stop.waitForEnd()
                return nil
            }
            group.addTask {
                await stop.wait()
                FileHandle.standardError.write(Data("apus: finishing running transfers …\n".utf8))
                return nil
            }
            let first = await group.next() ?? nil
            for server in dicom.withLock({ $0 }) { await server.shutdown(grace: .seconds(pacs.configuration.stopSeconds), quiet: .seconds(1)) }
            web.willStop()
            group.cancelAll()
            return first
        }
        local.stop()
        let actor = stop.user.map { Principal.terminal(user: $0) } ?? .system
        try? pacs.security.audit.append(AuditEvent(.serverStopped, actor: actor, origin: stop.user == nil ? "apus" : "terminal"))
        await pacs.close()
        if let failure { throw failure }
    }

    private static func announce(_ pacs: PACS, _ dicom: [AssociationServer], webPort: Int) async {
        let scheme = pacs.configuration.httpTLS == nil ? "http" : "https"
        var web = pacs.configuration.http
        web.port = webPort
        if web.host == "0.0.0.0" || web.host == "::" { web.host = "localhost" }
        let base = "\(scheme)://\(web.text)"
        var lines = ["Apus \(ApusVersion.text)", "  Web    \(base)/"]
        for server in dicom {
            let tls = server.configuration.tls == nil ? "" : " (TLS)"
            lines.append("  DICOM  \(pacs.configuration.aeTitle)@\(server.configuration.host):\(server.localPort)\(tls)")
        }
        lines.append("  Data   \(pacs.configuration.dataDirectory)")
        if let token = try? pacs.security.setup.issueToken(by: .system) {
            lines.append("  Create the first administrator (one-time link / 一次性链接):")
            lines.append("  \(base)/setup/\(token)")
        }
        print(lines.joined(separator: "\n"))
        fflush(nil)
    }
}

/// Waits for SIGINT, SIGTERM or the word of a command. A second signal ends the process at once.
///
/// Somebody at a terminal is asked first when transfers run (PACS-4.2.2-e): the first Ctrl-C tells what would be interrupted, a
/// second one within ten seconds stops. SIGTERM comes from service managers, which cannot answer.
private final class StopSignals: Sendable {
    private struct State {
        var stops = 0
        var askedAt: ContinuousClock.Instant?
        var user: String?
    }

    /// Kept alive only; never touched after set-up.
    nonisolated(unsafe) private var sources: [any DispatchSourceSignal] = []
    private let state = Mutex(State())
    private let asked = ArchiveSignal()
    private static let questionStands: Duration = .seconds(10)

    /// - Parameter running: what a stop would interrupt.
    init(running: @escaping @Sendable () -> [String]) {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { self.received(number, running) }
            source.resume()
            return source
        }
    }

    private func received(_ number: Int32, _ running: () -> [String]) {
        let transfers = number == SIGINT && isatty(STDIN_FILENO) == 1 ? running() : []
        let stops = state.withLock { state in
            let isConfirmed = state.askedAt.map { ContinuousClock.now - $0 < Self.questionStands } ?? false
            if state.stops == 0, !transfers.isEmpty, !isConfirmed {
                state.askedAt = ContinuousClock.now
                return 0
            }
            state.stops += 1
            return state.stops
        }
        if stops > 1 { exit(75) }
        if stops == 1 { return asked.signal() }
        let text = "apus: \(transfers.count) transfers are running:\n  " + transfers.joined(separator: "\n  ")
            + "\nPress Ctrl-C again within 10 seconds to stop all the same.\n"
        FileHandle.standardError.write(Data(text.utf8))
    }

    /// Who asked for the stop by a command.
    var user: String? { state.withLock { $0.user } }

    func request(by user: String) {
        state.withLock { state in
            state.stops += 1
            state.user = user
        }
        asked.signal()
    }

    func wait() async { await asked.wait(after: 0) }

    /// Until the task is cancelled.
    func waitForEnd() async {
        while !Task.isCancelled { await asked.wait(after: asked.generation) }
    }
}
