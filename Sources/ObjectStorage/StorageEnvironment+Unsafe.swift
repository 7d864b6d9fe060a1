import CStorageKernels
import Glibc

/// A system call that failed; `code` is an errno value.
struct SystemFailure: Error, Hashable {
    let operation: String
    let code: Int32

    var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }

    var text: String {
        var buffer = [UInt8](repeating: 0, count: 128)
        let message = buffer.withUnsafeMutableBytes { bytes -> String in
            guard apus_error_text(code, bytes.baseAddress, bytes.count) == 0 else { return "error \(code)" }
            return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return "\(operation): \(message)"
    }
}

/// What a file system says about its room.
struct FileSystemSpace: Hashable, Sendable {
    /// Free for us: what unprivileged writers may use (f_bavail).
    var freeBytes: Int64
    var totalBytes: Int64
    var isReadOnly: Bool
}

/// Identity, length and occupied bytes of a file.
struct FileFacts: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
    var bytes: Int64
    var allocatedBytes: Int64
}

/// Everything the store asks of the system, so that tests can make any single step fail, fall short or be the last.
///
/// Integer answers below zero are `-errno`.
struct StorageEnvironment: Sendable {
    var open: @Sendable (_ path: String, _ flags: Int32) -> Int32
    var close: @Sendable (_ descriptor: Int32) -> Void
    var write: @Sendable (_ descriptor: Int32, _ pieces: UnsafeBufferPointer<iovec>, _ offset: Int64) -> Int
    var read: @Sendable (_ descriptor: Int32, _ bytes: UnsafeMutableRawBufferPointer, _ offset: Int64) -> Int
    var dataSync: @Sendable (_ descriptor: Int32) -> Int32
    var fullSync: @Sendable (_ descriptor: Int32) -> Int32
    var truncate: @Sendable (_ descriptor: Int32, _ bytes: Int64) -> Int32
    var allocate: @Sendable (_ descriptor: Int32, _ offset: Int64, _ bytes: Int64) -> Int32
    var punchHole: @Sendable (_ descriptor: Int32, _ offset: Int64, _ bytes: Int64) -> Int32
    var rename: @Sendable (_ from: String, _ to: String) -> Int32
    var unlink: @Sendable (_ path: String) -> Int32
    var space: @Sendable (_ path: String) -> FileSystemSpace?
    /// Wall clock, milliseconds since 1970.
    var wallClock: @Sendable () -> Int64
    /// Monotonic clock, milliseconds.
    var clock: @Sendable () -> Int64
    var random: @Sendable () -> UInt64

    static let live = StorageEnvironment(
        open: { apus_open($0, $1, 0o640) },
        close: { _ = Glibc.close($0) },
        write: { apus_write_vector($0, $1.baseAddress, Int32(clamping: $1.count), $2) },
        read: { apus_read($0, $1.baseAddress, $1.count, $2) },
        dataSync: { apus_data_sync($0) },
        fullSync: { apus_full_sync($0) },
        truncate: { apus_truncate($0, $1) },
        allocate: { apus_allocate($0, $1, $2) },
        punchHole: { apus_punch_hole($0, $1, $2) },
        rename: { Glibc.rename($0, $1) == 0 ? 0 : -errno },
        unlink: { Glibc.unlink($0) == 0 ? 0 : -errno },
        space: { systemSpace(path: $0) },
        wallClock: { milliseconds(of: CLOCK_REALTIME) },
        clock: { milliseconds(of: CLOCK_MONOTONIC) },
        random: { UInt64.random(in: 1...UInt64.max) }
    )
}

private func systemSpace(path: String) -> FileSystemSpace? {
    var answer = statvfs()
    guard statvfs(path, &answer) == 0 else { return nil }
    let unit = UInt64(answer.f_frsize)
    return FileSystemSpace(
        freeBytes: Int64(clamping: UInt64(answer.f_bavail).multipliedClamping(unit)),
        totalBytes: Int64(clamping: UInt64(answer.f_blocks).multipliedClamping(unit)),
        isReadOnly: answer.f_flag & UInt(ST_RDONLY) != 0)
}

private func milliseconds(of clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}

extension UInt64 {
    fileprivate func multipliedClamping(_ other: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}

extension StorageEnvironment {
    func facts(path: String) -> FileFacts? {
        var answer = stat()
        guard stat(path, &answer) == 0 else { return nil }
        return FileFacts(
            device: UInt64(answer.st_dev), inode: UInt64(answer.st_ino), bytes: Int64(answer.st_size),
            allocatedBytes: Int64(answer.st_blocks) &* 512)
    }

    func makeDirectory(_ path: String) throws(SystemFailure) {
        if mkdir(path, 0o750) != 0, errno != EEXIST { throw SystemFailure(operation: "mkdir", code: errno) }
    }

    /// Names in a directory, `.` and `..` left out; `nil` when it cannot be read.
    func names(in path: String) -> [String]? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Makes names created, changed or removed in a directory durable.
    func syncDirectory(_ path: String) throws(SystemFailure) {
        let handle = try FileHandle(path: path, flags: O_RDONLY | O_DIRECTORY, environment: self)
        let answer = fullSync(handle.descriptor)
        if answer < 0 { throw SystemFailure(operation: "fsync of directory", code: -answer) }
    }

    func renameDurably(_ from: String, _ to: String, in directory: String) throws(SystemFailure) {
        let answer = rename("\(directory)/\(from)", "\(directory)/\(to)")
        if answer < 0 { throw SystemFailure(operation: "rename", code: -answer) }
        try syncDirectory(directory)
    }
}
