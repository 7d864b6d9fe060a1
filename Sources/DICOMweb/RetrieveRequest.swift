public import DICOMCore

/// What a retrieve path names (PS3.18 §10.1, §10.4).
public struct RetrieveRequest: Hashable, Sendable {
    public enum Scope: Hashable, Sendable {
        case study(String)
        case series(study: String, series: String)
        case instance(study: String, series: String, instance: String)
    }

    public enum Content: Hashable, Sendable {
        case instances
        case metadata
        case rendered
        case thumbnail
        /// 1-based, in the order asked for; they may repeat.
        case frames([Int])
        case renderedFrames([Int])
        case thumbnailFrames([Int])
        case bulkData(ElementPath)
        /// All bulk data of the scope.
        case allBulkData
        case pixelData
    }

    public let scope: Scope
    public let content: Content

    public init(scope: Scope, content: Content) {
        self.scope = scope
        self.content = content
    }

    /// More frames than any one request needs.
    public static let maximumFrames = 100_000

    /// - Parameter path: from `studies` on, percent-encoded, without query: `studies/1.2/series/3.4/instances/5.6/frames/1,2`.
    public init(path: some StringProtocol) throws(Problem) {
        var parts: [String] = []
        for part in path.utf8.split(separator: UInt8(ascii: "/")) {
            guard parts.count < 300, let text = QueryString.decoded(part, plusIsSpace: false) else { throw Self.unknown }
            parts.append(text)
        }
        var rest = parts[...]
        guard let study = try Self.take("studies", from: &rest) else { throw Self.unknown }
        var scope = Scope.study(study)
        if let series = try Self.take("series", from: &rest) {
            scope = .series(study: study, series: series)
            if let instance = try Self.take("instances", from: &rest) {
                scope = .instance(study: study, series: series, instance: instance)
            }
        }
        self.scope = scope
        content = try Self.content(Array(rest), scope)
    }

    private static let unknown = Problem(
        status: 404, "There is no such resource", at: "path",
        remedy: "See the description of the service for the paths that exist")

    private static func take(_ name: String, from parts: inout ArraySlice<String>) throws(Problem) -> String? {
        guard parts.first == name else { return nil }
        guard let uid = parts.dropFirst().first else { throw unknown }
        parts = parts.dropFirst(2)
        return try ParameterValue.uid(uid, name)
    }

    private static func content(_ parts: [String], _ scope: Scope) throws(Problem) -> Content {
        switch parts.first {
        case nil: return .instances
        case "metadata"? where parts.count == 1: return .metadata
        case "rendered"? where parts.count == 1: return .rendered
        case "thumbnail"? where parts.count == 1: return .thumbnail
        case "pixeldata"? where parts.count == 1: return .pixelData
        case "bulkdata"? where parts.count == 1: return .allBulkData
        default: break
        }
        guard case .instance = scope, parts.count >= 2 else { throw unknown }
        if parts[0] == "bulkdata" {
            guard let path = ElementPath(parsing: parts.dropFirst().joined(separator: "/")) else { throw unknown }
            return .bulkData(path)
        }
        guard parts[0] == "frames", parts.count <= 3 else { throw unknown }
        let frames = try frames(parts[1])
        switch parts.count == 3 ? parts[2] : nil {
        case nil: return .frames(frames)
        case "rendered"?: return .renderedFrames(frames)
        case "thumbnail"?: return .thumbnailFrames(frames)
        default: throw unknown
        }
    }

    /// A list such as `1,2,5`.
    static func frames(_ text: String) throws(Problem) -> [Int] {
        var numbers: [Int] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            numbers.append(try ParameterValue.integer(String(part), "frames", in: 1...Int(Int32.max)))
            guard numbers.count <= maximumFrames else {
                throw Problem(
                    status: 400, "More than \(maximumFrames) frames are asked for", at: "frames", remedy: "Ask for fewer at once")
            }
        }
        return numbers
    }
}

/// The path back from a request, for `RetrieveURL`, `BulkDataURI` and `Content-Location`.
extension RetrieveRequest {
    /// From `studies` on.
    public var path: String {
        let base = switch scope {
        case .study(let study): "studies/\(study)"
        case .series(let study, let series): "studies/\(study)/series/\(series)"
        case .instance(let study, let series, let instance): "studies/\(study)/series/\(series)/instances/\(instance)"
        }
        func list(_ frames: [Int]) -> String { frames.map { String($0) }.joined(separator: ",") }
        return switch content {
        case .instances: base
        case .metadata: base + "/metadata"
        case .rendered: base + "/rendered"
        case .thumbnail: base + "/thumbnail"
        case .frames(let frames): base + "/frames/" + list(frames)
        case .renderedFrames(let frames): base + "/frames/" + list(frames) + "/rendered"
        case .thumbnailFrames(let frames): base + "/frames/" + list(frames) + "/thumbnail"
        case .bulkData(let path): base + "/bulkdata/\(path)"
        case .allBulkData: base + "/bulkdata"
        case .pixelData: base + "/pixeldata"
        }
    }
}
