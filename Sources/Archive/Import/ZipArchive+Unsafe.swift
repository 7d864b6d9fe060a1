import CZip
import Foundation

/// Reads the entries of a ZIP file through libzip, each as a stream.
///
/// Pointers from libzip live until `close`, which `deinit` calls; buffers are ours.
final class ZipArchive {
    struct Entry {
        var index: UInt64
        var name: String
        /// Uncompressed size in bytes as the archive says; a claim, not a promise.
        var declaredBytes: UInt64
    }

    private let archive: OpaquePointer

    /// - Returns: `nil` when the file is no readable ZIP archive.
    init?(path: String) {
        var code: Int32 = 0
        guard let archive = zip_open(path, ZIP_RDONLY, &code) else { return nil }
        self.archive = archive
    }

    deinit { zip_discard(archive) }

    /// Files, not folders, in the archive's order.
    func entries(limit: Int) -> [Entry] {
        let count = min(Int(zip_get_num_entries(archive, 0)), limit)
        return (0..<max(0, count)).compactMap { index in
            var status = zip_stat_t()
            guard zip_stat_index(archive, UInt64(index), 0, &status) == 0, let name = status.name else { return nil }
            let text = String(cString: name)
            return text.hasSuffix("/") ? nil : Entry(index: UInt64(index), name: text, declaredBytes: status.size)
        }
    }

    /// Feeds an entry to `body` piece by piece.
    ///
    /// - Returns: `nil` on success, else what went wrong.
    func read(_ entry: Entry, _ body: (UnsafeRawBufferPointer) -> Void) -> String? {
        guard let file = zip_fopen_index(archive, entry.index, 0) else {
            return String(cString: zip_strerror(archive))
        }
        defer { zip_fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = buffer.withUnsafeMutableBytes { zip_fread(file, $0.baseAddress, UInt64($0.count)) }
            if count == 0 { return nil }
            guard count > 0 else { return "the compressed entry is damaged" }
            buffer.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[0..<Int(count)])) }
        }
    }
}
