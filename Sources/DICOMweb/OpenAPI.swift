public import DICOMCore

/// The description of a service as an OpenAPI 3.0 document, which is also its capabilities description (PS3.18 §8.9).
extension RouteTable {
    /// - Parameter baseURL: what stands before the templates.
    public func openAPI(title: String, version: String, baseURL: String) -> JSONNode {
        var templates: [String] = []
        for route in routes where !templates.contains(route.template) { templates.append(route.template) }
        let paths = templates.map { template in
            JSONNode.Member(
                template.replacing("...}", with: "}"),
                JSONNode(routes.filter { $0.template == template }.map {
                    JSONNode.Member($0.method.rawValue.lowercased(), Self.operation($0))
                }))
        }
        return [
            "openapi": "3.0.3",
            "info": ["title": JSONNode(title), "version": JSONNode(version)],
            "servers": [["url": JSONNode(baseURL)]],
            "paths": JSONNode(paths),
            "components": ["schemas": ["Problem": Self.problemSchema]],
        ]
    }

    private static func operation(_ route: Route) -> JSONNode {
        var members = [
            JSONNode.Member("operationId", JSONNode(route.operation)), JSONNode.Member("tags", [JSONNode(route.group)]),
            JSONNode.Member("summary", JSONNode(route.summary)),
            JSONNode.Member("parameters", JSONNode(parameters(route).map { parameter($0) })),
        ]
        if !route.accepts.isEmpty {
            members.append(JSONNode.Member("requestBody", ["required": true, "content": content(route.accepts)]))
        }
        members.append(JSONNode.Member("responses", JSONNode(route.responses.map { response in
            JSONNode.Member(String(response.status), Self.response(response))
        })))
        return JSONNode(members)
    }

    /// Those of the path first, described or not.
    private static func parameters(_ route: Route) -> [Route.Parameter] {
        let path = route.pathParameters.map { name in
            let plain = name.hasSuffix("...") ? String(name.dropLast(3)) : name
            return route.parameters.first { $0.location == .path && $0.name == plain }
                ?? Route.Parameter(plain, in: .path, pathSummaries[plain] ?? "")
        }
        return path + route.parameters.filter { $0.location != .path }
    }

    private static let pathSummaries = [
        "study": "Study Instance UID", "series": "Series Instance UID", "instance": "SOP Instance UID",
        "frames": "Frame numbers from 1, with commas between", "path": "Tags and item indices with slashes between",
    ]

    private static func parameter(_ parameter: Route.Parameter) -> JSONNode {
        [
            "name": JSONNode(parameter.name), "in": JSONNode(parameter.location.rawValue),
            "required": JSONNode(.bool(parameter.isRequired)), "description": JSONNode(parameter.summary),
            "schema": ["type": JSONNode(parameter.schema.rawValue)],
        ]
    }

    private static func response(_ response: Route.Response) -> JSONNode {
        var members = [JSONNode.Member("description", JSONNode(response.summary))]
        if !response.mediaTypes.isEmpty { members.append(JSONNode.Member("content", content(response.mediaTypes))) }
        return JSONNode(members)
    }

    private static func content(_ mediaTypes: [MediaType]) -> JSONNode {
        JSONNode(mediaTypes.map { mediaType in
            let isProblem = mediaType == Problem.mediaType
            let schema: JSONNode = isProblem ? ["$ref": "#/components/schemas/Problem"] : [:]
            return JSONNode.Member(mediaType.formatted, ["schema": schema])
        })
    }

    private static let problemSchema: JSONNode = [
        "type": "object", "required": ["status", "title", "remedy"],
        "properties": [
            "status": ["type": "integer"], "title": ["type": "string", "description": "What is wrong"],
            "where": ["type": "string", "description": "The parameter, header field or part"],
            "remedy": ["type": "string", "description": "What to do"],
        ],
    ]
}
