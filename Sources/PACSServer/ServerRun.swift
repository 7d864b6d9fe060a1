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
        let stop = StopSignals()
        let web = WebServer(pacs)
        let dicom = Mutex<[AssociationServer]>([])
        let local = LocalImportService(pacs)
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
                    local.start()
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
        try? pacs.security.audit.append(AuditEvent(.serverStopped, actor: .system, origin: "apus"))
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

/// Waits for SIGINT or SIGTERM; a second one ends the process at once.
private final class StopSignals: Sendable {
    /// Kept alive only; never touched after set-up.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]
    private let stream: AsyncStream<Void>

    init() {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        self.stream = stream
        let count = Mutex(0)
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if count.withLock({ $0 += 1; return $0 }) > 1 { exit(75) }
                continuation.yield()
            }
            source.resume()
            return source
        }
    }

    func wait() async { for await _ in stream { return } }
}
