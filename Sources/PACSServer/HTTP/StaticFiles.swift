import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The built web page, read once at start: a few hundred kilobytes with content-hashed names.
struct StaticFiles: Sendable {
    private struct File: Sendable {
        var bytes: ByteBuffer
        var contentType: String
    }

    private let files: [String: File]

    /// - Parameter directory: of the built page; `nil` or a missing one serves a page that says how to build it.
    init(directory: String?) {
        var files: [String: File] = [:]
        if let directory, let walker = FileManager.default.enumerator(atPath: directory) {
            while let name = walker.nextObject() as? String {
                guard let data = FileManager.default.contents(atPath: directory + "/" + name), !name.hasSuffix(".map") else { continue }
                files["/" + name] = File(bytes: ByteBuffer(bytes: data), contentType: Self.contentType(name))
            }
        }
        if files["/index.html"] == nil {
            let text = "<!doctype html><meta charset=utf-8><title>Apus</title><p>网页尚未构建。The web page is not built: run make build."
            files["/index.html"] = File(bytes: ByteBuffer(string: text), contentType: "text/html; charset=utf-8")
        }
        self.files = files
    }

    /// Where the page lies: as set, beside the binary, or in the source tree.
    static func directory(_ configured: String?) -> String? {
        let beside = (CommandLine.arguments.first.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath() } ?? URL(fileURLWithPath: "."))
            .deletingLastPathComponent().appendingPathComponent("apus-web").path
        let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map {
            URL(fileURLWithPath: $0).deletingLastPathComponent().appendingPathComponent("apus-web").path
        }
        let candidates = [configured, executable, beside, "Web/dist", "/usr/share/apus/web"].compactMap { $0 }
        return candidates.first { FileManager.default.fileExists(atPath: $0 + "/index.html") }
    }

    func add(to router: Router<WebContext>) {
        router.get("/") { request, _ in try answer("/index.html", request) }
        router.get("**") { request, context in
            let path = request.uri.path
            if path.hasPrefix("/api/") || path.hasPrefix("/dicom-web/") {
                throw WebFault(.notFound, "route", "There is no such resource.")
            }
            // Addresses of screens are the page's own business.
            return try answer(files[path] == nil && !path.contains(".") ? "/index.html" : path, request)
        }
    }

    private func answer(_ path: String, _ request: Request) throws -> Response {
        guard let file = files[path] else { throw WebFault(.notFound, "file", "There is no such file.") }
        let isHashed = path != "/index.html" && path.contains("-")
        return Response(
            status: .ok,
            headers: [
                .contentType: file.contentType,
                .cacheControl: isHashed ? "public, max-age=31536000, immutable" : "no-cache",
            ], body: .init(byteBuffer: file.bytes))
    }

    private static func contentType(_ name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "json": "application/json"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "wasm": "application/wasm"
        default: "application/octet-stream"
        }
    }
}
