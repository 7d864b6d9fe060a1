import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The built web page, read once at start: a few hundred kilobytes with content-hashed names, each beside its gzip form.
struct StaticFiles: Sendable {
    private struct File: Sendable {
        var bytes: ByteBuffer
        /// For clients that take it; the build makes it.
        var gzipped: ByteBuffer?
        var contentType: String
        var entityTag: String
    }

    private static let page = "/index.html"
    private static let gzipSuffix = ".gz"

    private let files: [String: File]
    /// The page's own script stands in it; the policy names it by its hash.
    private let pagePolicy: String

    /// - Parameter directory: of the built page; `nil` or a missing one serves a page that says how to build it.
    init(directory: String?) {
        var contents: [String: Data] = [:]
        if let directory, let walker = FileManager.default.enumerator(atPath: directory) {
            while let name = walker.nextObject() as? String {
                guard let data = FileManager.default.contents(atPath: directory + "/" + name), !name.hasSuffix(".map") else { continue }
                contents["/" + name] = data
            }
        }
        if contents[Self.page] == nil {
            let text = "<!doctype html><meta charset=utf-8><title>Apus</title><p>网页尚未构建。The web page is not built: run make build."
            contents[Self.page] = Data(text.utf8)
        }
        files = Dictionary(
            uniqueKeysWithValues: contents.filter { !$0.key.hasSuffix(Self.gzipSuffix) }.map { name, data in
                (
                    name,
                    File(
                        bytes: ByteBuffer(bytes: data), gzipped: contents[name + Self.gzipSuffix].map { ByteBuffer(bytes: $0) },
                        contentType: Self.contentType(name), entityTag: "\"\(Self.digest(data).prefix(22))\"")
                )
            })
        pagePolicy = SecurityHeaders.policy(scripts: Self.inlineScripts(contents[Self.page] ?? Data()).map(Self.digest))
    }

    /// What stands between `<script>` and `</script>`, to the letter.
    private static func inlineScripts(_ page: Data) -> [Data] {
        String(decoding: page, as: UTF8.self).components(separatedBy: "<script>").dropFirst()
            .compactMap { $0.components(separatedBy: "</script>").first }.map { Data($0.utf8) }
    }

    private static func digest(_ data: Data) -> String {
        Data(SHA256.hash(data: data)).base64EncodedString()
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
        // Names under /assets/ carry a hash of their content.
        let isHashed = path.hasPrefix("/assets/")
        var headers: HTTPFields = [
            .contentType: file.contentType,
            .cacheControl: isHashed ? "public, max-age=31536000, immutable" : "no-cache",
            .eTag: file.entityTag,
            .vary: "Accept-Encoding",
        ]
        if path == Self.page { headers[.contentSecurityPolicy] = pagePolicy }
        if request.headers[values: .ifNoneMatch].contains(file.entityTag) { return Response(status: .notModified, headers: headers) }
        guard let gzipped = file.gzipped, request.takesGzip else {
            return Response(status: .ok, headers: headers, body: .init(byteBuffer: file.bytes))
        }
        headers[.contentEncoding] = "gzip"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: gzipped))
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
