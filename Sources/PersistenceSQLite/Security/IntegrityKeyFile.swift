import Foundation
import Glibc
package import SecurityProfiles

/// The key file of this installation: one line of text, readable by its owner only, made at first start.
package enum IntegrityKeyFile {
    package static let fileName = "integrity.key"
    private static let header = "apus-integrity-key-1"
    private static let maximumBytes = 256

    /// Reads the key, making the file when it is not there. When several processes start at once they get the same key.
    ///
    /// - Returns: the key and whether the file was made now.
    /// - Throws: `SecurityError.keyFile` when others may read it, or its content is damaged.
    package static func loadOrCreate(
        path: String, randomBytes: (Int) -> [UInt8] = SecurityEnvironment.system.randomBytes
    ) throws(SecurityError) -> (key: IntegrityKey, isNew: Bool) {
        if let key = try load(path) { return (key, false) }
        let isOurs = try create(path, bytes: randomBytes(IntegrityKey.byteCount))
        guard let key = try load(path) else { throw .keyFile(message: "\(path) vanished while starting") }
        return (key, isOurs)
    }

    /// - Returns: `nil` when there is no such file.
    private static func load(_ path: String) throws(SecurityError) -> IntegrityKey? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure(path, "cannot be opened")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw failure(path, "is no plain file")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw .keyFile(message: "\(path) may be read by others. Set its permissions to 0600")
        }
        var buffer = [UInt8](repeating: 0, count: maximumBytes)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        guard count > 0 else { throw failure(path, "cannot be read") }
        let parts = String(decoding: buffer.prefix(count), as: UTF8.self).split(whereSeparator: {
            $0 == " " || $0 == "\n"
        })
        guard parts.count == 3, parts[0] == header, let bytes = ByteText.bytes(hexadecimal: parts[1]),
            checksum(bytes) == parts[2], let key = IntegrityKey(bytes: bytes)
        else { throw .keyFile(message: "\(path) is damaged. Restore it from the backup") }
        return key
    }

    /// Writes beside and links into place, so that a half-written file never stands under the name.
    private static func create(_ path: String, bytes: [UInt8]) throws(SecurityError) -> Bool {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: .min ... .max))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(temporary, "cannot be created") }
        defer { unlink(temporary) }
        let line = Array("\(header) \(ByteText.hexadecimal(bytes)) \(checksum(bytes))\n".utf8)
        let written = Glibc.write(descriptor, line, line.count)
        let isFlushed = fsync(descriptor) == 0
        close(descriptor)
        guard written == line.count, isFlushed else { throw failure(temporary, "cannot be written") }
        let isOurs = link(temporary, path) == 0
        guard isOurs || errno == EEXIST else { throw failure(path, "cannot be created") }
        flushDirectory(of: path)
        return isOurs
    }

    private static func flushDirectory(of path: String) {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(directory.isEmpty ? "/" : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// CRC-32 (IEEE 802.3): tells a damaged file from a replaced one.
    private static func checksum(_ bytes: [UInt8]) -> String {
        var value: UInt32 = .max
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
        return ByteText.hexadecimal((0..<4).map { UInt8(truncatingIfNeeded: ~value >> UInt32(24 - 8 * $0)) })
    }

    private static func failure(_ path: String, _ what: String) -> SecurityError {
        .keyFile(message: "\(path) \(what): \(String(cString: strerror(errno)))")
    }
}
