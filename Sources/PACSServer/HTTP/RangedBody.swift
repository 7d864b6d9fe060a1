import Archive
import DICOMCore
import DICOMObjects
import DICOMweb
import HTTPTypes
import Hummingbird
import NIOCore

/// Answers with a whole file or the byte range asked for (RFC 9110 §14).
struct RangedBody: Sendable {
    let stream: OutgoingBytes
    let pool: BlockingPool

    func response(_ request: Request, contentType: MediaType) -> Response {
        var headers: HTTPFields = [.contentType: contentType.formatted]
        guard let total = stream.byteCount else { return Response(status: .ok, headers: headers, body: body(0..<Int.max)) }
        headers[.acceptRanges] = "bytes"
        guard let asked = request.headers[.range], let range = Self.range(asked, total) else {
            return Response(status: .ok, headers: headers, body: body(0..<total, length: total))
        }
        guard !range.isEmpty else {
            headers[.contentRange] = "bytes */\(total)"
            return Response(status: .rangeNotSatisfiable, headers: headers)
        }
        headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(total)"
        return Response(status: .partialContent, headers: headers, body: body(range, length: range.count))
    }

    private func body(_ range: Range<Int>, length: Int? = nil) -> ResponseBody {
        let (stream, pool) = (stream, pool)
        return ResponseBody(contentLength: length) { output in
            var position = 0
            while position < range.upperBound, let bytes = try await pool.run({ try stream.next() }) {
                let start = max(range.lowerBound - position, 0)
                let end = min(range.upperBound - position, bytes.readableBytes)
                if start < end, let part = bytes.getSlice(at: bytes.readerIndex + start, length: end - start) {
                    try await output.write(part)
                }
                position += bytes.readableBytes
            }
            try await output.finish(nil)
        }
    }

    /// One range; `nil` for forms we answer with the whole, empty when it lies outside.
    static func range(_ text: String, _ total: Int) -> Range<Int>? {
        guard text.hasPrefix("bytes="), !text.contains(",") else { return nil }
        let parts = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        if parts[0].isEmpty {
            guard let suffix = Int(parts[1]) else { return nil }
            return max(0, total - suffix)..<total
        }
        guard let first = Int(parts[0]), first >= 0 else { return nil }
        guard first < total else { return 0..<0 }
        let last = parts[1].isEmpty ? total - 1 : Int(parts[1])
        guard let last, last >= first else { return nil }
        return first..<min(last, total - 1) + 1
    }
}

extension StoredInstance {
    /// What it can be turned into without loss.
    var transcodableSyntaxes: [TransferSyntax] { OpenedObject.availableSyntaxes(of: self) }
}

extension OpenedObject {
    /// One frame in a transfer syntax.
    func frame(_ number: Int, in syntax: TransferSyntax) throws -> ArraySlice<UInt8> {
        if syntax == storedSyntax { return try storedFrame(number) }
        let native = try nativeFrame(number)
        return syntax.isEncapsulated ? try encoded(native, in: syntax)[...] : native.bytes
    }
}
