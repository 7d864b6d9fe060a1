import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// A JSON value on its way out. Keys are sorted, so that answers are the same for the same data.
enum JSONValue: Sendable {
    case string(String)
    case integer(Int)
    case number(Double)
    case flag(Bool)
    case array([JSONValue])
    case object([String: JSONValue])
    case null

    init(_ text: String?) { self = text.map { .string($0) } ?? .null }

    func response(status: HTTPResponse.Status = .ok) -> Response {
        var text = ""
        write(to: &text)
        return Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    /// Appends the JSON text (RFC 8259).
    func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .flag(let flag): text += flag ? "true" : "false"
        case .integer(let number): text += String(number)
        case .number(let number): text += number.isFinite ? "\(number)" : "null"
        case .string(let string): Self.write(string, to: &text)
        case .array(let values):
            text += "["
            for (position, value) in values.enumerated() {
                if position > 0 { text += "," }
                value.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (position, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if position > 0 { text += "," }
                Self.write(member.key, to: &text)
                text += ":"
                member.value.write(to: &text)
            }
            text += "}"
        }
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

/// Small request bodies.
enum JSONBody {
    private static let limit = 64 << 10

    /// - Throws: `WebFault` 400 unless the body is an object whose wanted fields are texts.
    static func fields(_ request: Request, _ names: [String]) async throws -> [String: String] {
        let buffer = try await request.body.collect(upTo: limit)
        guard let object = try? JSONSerialization.jsonObject(with: Data(buffer.readableBytesView)) as? [String: Any] else {
            throw WebFault(.badRequest, "json", "A JSON object is needed.")
        }
        var fields: [String: String] = [:]
        for name in names {
            guard let value = object[name] as? String else {
                throw WebFault(.badRequest, "json", "The field \(name) is missing or no text.")
            }
            fields[name] = value
        }
        return fields
    }
}
