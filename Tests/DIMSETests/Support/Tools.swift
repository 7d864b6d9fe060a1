import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Programs of DCMTK and OpenSSL, by full path: other packages install scripts of the same names.
enum Tools {
    static func isInstalled(_ names: String...) -> Bool {
        names.allSatisfy { FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)") }
    }

    struct Output: Sendable {
        let status: Int32
        let text: String
    }

    /// Runs a program to its end, at most `limit`.
    static func run(
        _ name: String, _ arguments: [String], environment: [String: String] = [:], limit: Duration = .seconds(60)
    ) async throws -> Output {
        let running = try RunningTool(name, arguments, environment: environment)
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while running.isRunning, clock.now < deadline { try await clock.sleep(for: .milliseconds(10)) }
        if running.isRunning { running.stop() }
        return Output(status: await running.exitStatus(), text: running.text)
    }
}

/// A program in the background; it is stopped when this is dropped.
final class RunningTool: Sendable {
    private let process: Mutex<Process>
    private let log: URL

    init(_ name: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        log = FileManager.default.temporaryDirectory.appendingPathComponent("apus-tool-\(UUID().uuidString).log")
        FileManager.default.createFile(atPath: log.path, contents: nil)
        let output = try FileHandle(forWritingTo: log)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/\(name)")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = Mutex(process)
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: log)
    }

    var isRunning: Bool { process.withLock { $0.isRunning } }
    var text: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    func stop() {
        process.withLock { process in
            // Not SIGTERM: a child inherits the signal mask of the thread that started it, and may never see that one.
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        }
    }

    func exitStatus() async -> Int32 {
        while isRunning { try? await Task.sleep(for: .milliseconds(5)) }
        return process.withLock { $0.terminationStatus }
    }
}

extension Tools {
    /// A TCP port that was free a moment ago, for programs that cannot choose one themselves.
    static func freePort() -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(descriptor, generic, length) == 0, getsockname(descriptor, generic, &length) == 0 else {
                    return 0
                }
                return Int(UInt16(bigEndian: pointer.pointee.sin_port))
            }
        }
    }

    /// Waits until something listens on `port`.
    static func waitForListener(_ port: Int) async -> Bool {
        await eventually {
            guard let peer = try? await RawPeer(port: port) else { return false }
            peer.close()
            return true
        }
    }
}
