import Glibc
import Synchronization

/// A stream socket in the file system, for commands on the server's own computer. Blocking.
///
/// Unsafe because the socket interface of the system takes addresses and buffers as pointers.
final class LocalSocket: Sendable {
    private let descriptor: Int32
    private let input = Mutex<[UInt8]>([])

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { Glibc.close(descriptor) }

    // MARK: Making

    /// - Returns: `nil` when the path is too long for a socket or the directory cannot be written.
    static func listening(at path: String) -> LocalSocket? {
        guard let socket = make() else { return nil }
        // What a killed server left; only who holds the storage volumes gets here.
        unlink(path)
        let isBound = withAddress(path) { address, length in Glibc.bind(socket.descriptor, address, length) == 0 } ?? false
        guard isBound, chmod(path, 0o600) == 0, listen(socket.descriptor, 8) == 0 else { return nil }
        return socket
    }

    /// - Returns: `nil` when nobody listens there.
    static func connected(to path: String) -> LocalSocket? {
        guard let socket = make() else { return nil }
        let isConnected = withAddress(path) { address, length in Glibc.connect(socket.descriptor, address, length) == 0 }
        return isConnected ?? false ? socket : nil
    }

    private static func make() -> LocalSocket? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        return descriptor < 0 ? nil : LocalSocket(descriptor)
    }

    private static func withAddress<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// Waits for a caller; only our own user and root are let in.
    ///
    /// - Returns: `nil` after `shutDown()`.
    func accept() -> LocalSocket? {
        while true {
            let peer = Glibc.accept(descriptor, nil, nil)
            guard peer >= 0 else {
                if errno == EINTR || errno == ECONNABORTED { continue }
                return nil
            }
            let socket = LocalSocket(peer)
            if socket.isOfOurUser { return socket }
        }
    }

    private var isOfOurUser: Bool {
        // `struct ucred` of unix(7), which Glibc shows only as an extension: process, user, group.
        var credentials: (process: pid_t, user: uid_t, group: gid_t) = (0, uid_t.max, 0)
        var length = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return false }
        return credentials.user == geteuid() || credentials.user == 0
    }

    /// Ends waiting and reading on every thread.
    func shutDown() { Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) }

    // MARK: Lines

    /// - Returns: `false` when the other side is gone.
    func writeLine(_ line: [UInt8]) -> Bool {
        let bytes = line + [0x0A]
        var start = 0
        while start < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                send(descriptor, buffer.baseAddress?.advanced(by: start), buffer.count - start, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            start += count
        }
        return true
    }

    /// The next line without its end.
    ///
    /// - Returns: `nil` at the end, and for a line longer than `limit`.
    func readLine(limit: Int) -> [UInt8]? {
        input.withLock { input in
            var searched = 0
            while true {
                if let end = input[searched...].firstIndex(of: 0x0A) {
                    let line = Array(input[..<end])
                    input.removeSubrange(...end)
                    return line
                }
                searched = input.count
                guard input.count <= limit else { return nil }
                var buffer = [UInt8](repeating: 0, count: 65_536)
                let count = recv(descriptor, &buffer, buffer.count, 0)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return nil }
                input += buffer[..<count]
            }
        }
    }
}
