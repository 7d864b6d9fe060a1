public import DICOMCore

/// Why a request is answered with an error: what is wrong, where in the request, and what to do (RFC 9457).
///
/// Names of parameters and identifiers may appear, values never.
public struct Problem: Error, Hashable, Sendable {
    /// The HTTP status code.
    public let status: Int
    public let what: String
    /// The parameter, header field or part; `nil` when the request as a whole is meant.
    public let location: String?
    public let remedy: String

    public init(status: Int, _ what: String, at location: String? = nil, remedy: String) {
        self.status = status
        self.what = what
        self.location = location
        self.remedy = remedy
    }

    public static let mediaType = MediaType("application", "problem+json")

    public var json: JSONNode {
        var members = [JSONNode.Member("status", JSONNode(status)), JSONNode.Member("title", JSONNode(what))]
        if let location { members.append(JSONNode.Member("where", JSONNode(location))) }
        members.append(JSONNode.Member("remedy", JSONNode(remedy)))
        return JSONNode(members)
    }

    /// The body of the answer.
    public func encoded() -> [UInt8] { json.encoded() }
}
