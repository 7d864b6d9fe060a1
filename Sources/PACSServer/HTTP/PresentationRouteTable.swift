import DICOMCore
import DICOMweb
import Hummingbird
import SecurityProfiles

/// Description of the routes for marks, states, key images, overlays, objects and hanging protocols, at `/api/openapi.json`.
enum PresentationRouteTable {
    static let table = RouteTable(marks + overlays + objects + hanging)

    static func add(to router: Router<WebContext>) {
        router.get("api/openapi.json") { _, context in
            try context.require(.studySearch)
            let text = table.openAPI(title: "Apus viewer interface", version: ApusVersion.text, baseURL: "/api").encoded()
            return MarksRoutes.response(.ok, text)
        }
    }

    private static let json: [MediaType] = [.json]

    private static func responses(_ status: Int, _ summary: String, _ others: [(Int, String)] = []) -> [Route.Response] {
        [Route.Response(status, summary, json)] + ([(401, "Sign in first"), (403, "The role lacks the right"), (404, "No such study or object")] + others)
            .map { Route.Response($0.0, $0.1, json) }
    }

    private static func route(
        _ operation: String, _ method: Route.Method, _ template: String, _ group: String, _ summary: String, _ success: Int = 200,
        takesBody: Bool = false, parameters: [Route.Parameter] = [], others: [(Int, String)] = []
    ) -> Route {
        let refusals = takesBody ? [(400, "The body is not what the documents say"), (413, "The body is too large")] : []
        return Route(
            operation, method, template, group: group, summary, parameters: parameters, accepts: takesBody ? json : [],
            responses: responses(success, summary, refusals + others))
    }

    private static let marks = [
        route("marks", .get, "/studies/{study}/marks", "Marks", "Everybody's published marks"),
        route("publishMarks", .post, "/studies/{study}/marks", "Marks", "Publishes marks as DICOM objects", 201, takesBody: true),
        route(
            "withdrawMarks", .post, "/studies/{study}/marks/withdraw", "Marks", "Takes back the author's published marks", 201,
            takesBody: true),
        route("draft", .get, "/studies/{study}/marks/draft", "Marks", "The author's working copy"),
        route(
            "saveDraft", .put, "/studies/{study}/marks/draft", "Marks", "Stores the working copy", takesBody: true,
            others: [(409, "Another window stored since; its copy")]),
    ]

    private static let overlays = [
        route("presentationStates", .get, "/studies/{study}/presentation-states", "Overlays", "Presentation states of the study"),
        route(
            "savePresentationState", .post, "/studies/{study}/presentation-states", "Overlays", "Writes a presentation state", 201,
            takesBody: true),
        route(
            "withdrawPresentationState", .post, "/studies/{study}/presentation-states/withdraw", "Overlays",
            "Takes back the author's presentation state", 201, takesBody: true, others: [(409, "The object holds marks")]),
        route("keyImages", .get, "/studies/{study}/key-images", "Overlays", "Key object selections of the study"),
        route("saveKeyImages", .post, "/studies/{study}/key-images", "Overlays", "Writes a key object selection", 201, takesBody: true),
        route(
            "segmentation", .get, "/studies/{study}/segmentations/{instance}", "Overlays", "Segments and masks of a segmentation",
            parameters: [
                .init("segment", in: .query, "Only the masks of this segment", .integer),
                .init("masks", in: .query, "none: the segments without their masks"),
            ],
            others: [(406, "No readable segmentation"), (413, "The masks are too large for one answer")]),
        route(
            "contours", .get, "/studies/{study}/contours/{instance}", "Overlays", "Contours of a structure set",
            parameters: [
                .init("region", in: .query, "Only the contours of this region", .integer),
                .init("points", in: .query, "none: the regions without their contours"),
            ],
            others: [(406, "No readable structure set"), (413, "The contours are too large for one answer")]),
        route(
            "overlays", .get, "/studies/{study}/overlays/{instance}", "Overlays", "Overlay planes of an image",
            parameters: [.init("frames", in: .query, "Image frames first-last, by default 1-32")],
            others: [(400, "frames is not a range"), (413, "The overlays are too large for one answer")]),
    ]

    private static let objects = [
        route("object", .get, "/studies/{study}/objects/{instance}", "Objects", "An object's class, attributes and what it carries"),
        route(
            "content", .get, "/studies/{study}/objects/{instance}/content", "Objects", "The document or video in an object, in byte ranges",
            parameters: [.init("download", in: .query, "1 to keep it as a file", .integer)], others: [(416, "Beyond its end")]),
        route(
            "waveform", .get, "/studies/{study}/objects/{instance}/waveforms/{group}", "Objects", "Samples of a group, in byte ranges",
            parameters: [.init("as", in: .query, "wav for sound")], others: [(406, "No sound"), (416, "Beyond its end")]),
    ]

    private static let scope = Route.Parameter("scope", in: .query, "user (default) or site")

    private static let hanging = [
        route(
            "hanging", .get, "/studies/{study}/hanging", "Hanging", "The protocol for a study and what stands in its views",
            parameters: [.init("protocol", in: .query, "This protocol instead of the best one")]),
        route("protocols", .get, "/hanging-protocols", "Hanging", "Own, the site's and shipped protocols"),
        route(
            "saveProtocol", .post, "/hanging-protocols", "Hanging", "Keeps a protocol", takesBody: true, parameters: [scope],
            others: [(409, "Too many protocols")]),
        route("removeProtocol", .delete, "/hanging-protocols/{id}", "Hanging", "Deletes a protocol", 204, parameters: [scope]),
        route(
            "testProtocol", .post, "/hanging-protocols/test", "Hanging", "Tries a protocol on the newest studies", takesBody: true,
            parameters: [.init("limit", in: .query, "Studies, at most 200", .integer)]),
    ]
}
