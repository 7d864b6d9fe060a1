import DICOMCore
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// Long JSON answers go out compressed to clients that take it (RFC 9110 §8.4.1.3): manifests and lists shrink to a tenth, which a line
/// over the Internet feels and the processor does not. Pictures and frames are compressed already and are left alone.
struct CompressedAnswers: RouterMiddleware {
    typealias Context = WebContext

    /// Shorter ones fit into one or two packets either way. What holds a session's secret is shorter: compression must not tell of it.
    static let smallestBytes = 4 << 10

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        guard Self.isCompressible(response) else { return response }
        response.headers[.vary] = "Accept-Encoding"
        guard request.takesGzip else { return response }
        let plain = CollectedBody()
        try await response.body.write(plain)
        if let gzipped = try? Deflate.gzipped(ArraySlice(plain.bytes.readableBytesView)) {
            response.headers[.contentEncoding] = "gzip"
            response.headers[.contentLength] = nil
            response.body = .init(byteBuffer: ByteBuffer(bytes: gzipped))
        } else {
            response.body = .init(byteBuffer: plain.bytes)
        }
        return response
    }

    private static func isCompressible(_ response: Response) -> Bool {
        response.headers[.contentType]?.hasPrefix("application/json") ?? false
            && response.headers[.contentEncoding] == nil && response.headers[.eTag] == nil
            && (response.body.contentLength ?? 0) > smallestBytes
    }
}

/// A body on its way into memory instead of out.
private final class CollectedBody: ResponseBodyWriter {
    private(set) var bytes = ByteBuffer()

    func write(_ buffer: ByteBuffer) { bytes.writeImmutableBuffer(buffer) }
    func finish(_ trailingHeaders: HTTPFields?) {}
}

extension Request {
    /// RFC 9110 §12.5.3: named, and not with a weight of nought.
    var takesGzip: Bool {
        headers[values: .acceptEncoding].flatMap { $0.split(separator: ",") }.contains { each in
            let parts = each.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
            return parts.first == "gzip" && !parts.dropFirst().contains { $0.wholeMatch(of: /q=0(\.0*)?/) != nil }
        }
    }
}
