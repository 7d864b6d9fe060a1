import Foundation
import HTTPTypes
import NIOCore

/// Where an upload waits until it is complete: memory stays bounded however large it is.
final class SpoolFile: Sendable {
    let path: String
    private let handle: FileHandle

    init(directory: String) throws {
        let folder = directory + "/spool"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        path = folder + "/upload-" + UUID().uuidString
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw WebFault(.serviceUnavailable, "spool", "The upload cannot be kept.", remedy: "Check space and rights of the data directory.")
        }
        handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    /// - Throws: `WebFault` 507 when the disk is full.
    func append(_ buffer: ByteBuffer) throws {
        do { try handle.write(contentsOf: Data(buffer.readableBytesView)) } catch {
            throw WebFault(
                .init(code: 507, reasonPhrase: "Insufficient Storage"), "full", "The upload does not fit on the disk.",
                remedy: "Free space, then send it again.")
        }
    }

    func remove() {
        try? handle.close()
        try? FileManager.default.removeItem(atPath: path)
    }
}
