/// One operation of a web service: what the router dispatches and what the description says.
public struct Route: Hashable, Sendable {
    public enum Method: String, Hashable, Sendable {
        case get = "GET", head = "HEAD", post = "POST", put = "PUT", patch = "PATCH", delete = "DELETE", options = "OPTIONS"
    }

    public enum Schema: String, Hashable, Sendable { case string, integer, number, boolean }

    public struct Parameter: Hashable, Sendable {
        public enum Location: String, Hashable, Sendable { case path, query, header }

        public let name: String
        public let location: Location
        public let schema: Schema
        public let isRequired: Bool
        public let summary: String

        public init(
            _ name: String, in location: Location, _ summary: String, _ schema: Schema = .string, isRequired: Bool = false
        ) {
            self.name = name
            self.location = location
            self.schema = schema
            self.isRequired = isRequired || location == .path
            self.summary = summary
        }
    }

    public struct Response: Hashable, Sendable {
        public let status: Int
        public let summary: String
        public let mediaTypes: [MediaType]

        public init(_ status: Int, _ summary: String, _ mediaTypes: [MediaType] = []) {
            self.status = status
            self.summary = summary
            self.mediaTypes = mediaTypes
        }
    }

    /// Unique in its table.
    public let operation: String
    public let method: Method
    /// `/studies/{study}/metadata`, below the base path of the service.
    public let template: String
    /// The heading under which the description lists it.
    public let group: String
    public let summary: String
    public let parameters: [Parameter]
    /// Media types of the request's body; empty for none.
    public let accepts: [MediaType]
    public let responses: [Response]

    public init(
        _ operation: String, _ method: Method, _ template: String, group: String, _ summary: String,
        parameters: [Parameter] = [], accepts: [MediaType] = [], responses: [Response]
    ) {
        self.operation = operation
        self.method = method
        self.template = template
        self.group = group
        self.summary = summary
        self.parameters = parameters
        self.accepts = accepts
        self.responses = responses
    }

    /// The names in braces, in order.
    public var pathParameters: [String] {
        template.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }.map { String($0.dropFirst().dropLast()) }
    }
}

/// The operations of a service, each once.
public struct RouteTable: Hashable, Sendable {
    public let routes: [Route]

    public init(_ routes: [Route]) { self.routes = routes }

    public static func + (lhs: RouteTable, rhs: RouteTable) -> RouteTable { RouteTable(lhs.routes + rhs.routes) }

    /// The route of a path and what stands for its parameters, still percent-encoded; `{name...}` takes all that is left.
    public func match(_ method: Route.Method, _ path: some StringProtocol) -> (route: Route, values: [String: String])? {
        let parts = String(path).split(separator: "/").map(String.init)
        for route in routes where route.method == method {
            if let values = Self.values(route.template.split(separator: "/").map(String.init), parts) { return (route, values) }
        }
        return nil
    }

    private static func values(_ template: [String], _ parts: [String]) -> [String: String]? {
        var values: [String: String] = [:]
        for (index, name) in template.enumerated() {
            guard index < parts.count else { return nil }
            guard name.hasPrefix("{") else {
                guard parts[index] == name else { return nil }
                continue
            }
            let key = String(name.dropFirst().dropLast())
            if key.hasSuffix("...") {
                values[String(key.dropLast(3))] = parts[index...].joined(separator: "/")
                return values
            }
            values[key] = parts[index]
        }
        return template.count == parts.count ? values : nil
    }
}
