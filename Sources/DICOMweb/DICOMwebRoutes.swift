/// The operations of PS3.18 that the service has; names of `Route.operation`.
public enum DICOMwebOperation: String, CaseIterable, Hashable, Sendable {
    case describe
    case searchStudies, searchStudySeries, searchSeries, searchStudyInstances, searchSeriesInstances, searchInstances
    case retrieveStudy, retrieveSeries, retrieveInstance
    case retrieveStudyMetadata, retrieveSeriesMetadata, retrieveInstanceMetadata
    case retrieveFrames, retrieveBulkData, retrieveInstancePixelData
    case renderStudy, renderSeries, renderInstance, renderFrames
    case studyThumbnail, seriesThumbnail, instanceThumbnail, framesThumbnail
    case storeInstances, storeStudyInstances
    case retrieveURI
}

extension RouteTable {
    /// Studies Service (PS3.18 §10), WADO-URI (§9) and the description of both.
    public static let dicomWeb = RouteTable(
        [describe] + searches + retrievals + metadata + pixels + renderings + stores + [wadoURI])

    private static let describe = Route(
        DICOMwebOperation.describe.rawValue, .options, "/", group: "Capabilities", "Describes the service",
        responses: [Route.Response(200, "This description", [.json])])

    private static let problems: [Route.Response] = [
        Route.Response(400, "The request is wrong; the body says where", [Problem.mediaType]),
        Route.Response(401, "No valid credentials", [Problem.mediaType]),
        Route.Response(403, "Not allowed for this user", [Problem.mediaType]),
    ]
    private static let notFound = Route.Response(404, "There is no such object, or none for this user", [Problem.mediaType])
    private static let notAcceptable = Route.Response(406, "None of the accepted media types can be made", [Problem.mediaType])
    private static let accept = Route.Parameter("accept", in: .query, "Media types; goes before the Accept header")

    private static let searchParameters = [
        Route.Parameter("{attribute}", in: .query, "Value to match, by keyword, tag, or path with dots; * and ? are wildcards"),
        Route.Parameter("includefield", in: .query, "Attributes to return as well, with commas between, or all"),
        Route.Parameter("fuzzymatching", in: .query, "Match names by sound and spelling", .boolean),
        Route.Parameter("emptyvaluematching", in: .query, "Empty values match entities without value", .boolean),
        Route.Parameter("limit", in: .query, "Most results to return", .integer),
        Route.Parameter("offset", in: .query, "Results to pass over", .integer),
        accept,
    ]

    private static func search(_ operation: DICOMwebOperation, _ template: String, _ summary: String) -> Route {
        Route(
            operation.rawValue, .get, template, group: "Search", summary, parameters: searchParameters,
            responses: [
                Route.Response(200, "Matches, in a stable order", metadataTypes), Route.Response(204, "No matches"),
            ] + problems + [notAcceptable])
    }

    private static let searches = [
        search(.searchStudies, "/studies", "Finds studies"),
        search(.searchStudySeries, "/studies/{study}/series", "Finds series of a study"),
        search(.searchSeries, "/series", "Finds series"),
        search(.searchStudyInstances, "/studies/{study}/instances", "Finds instances of a study"),
        search(.searchSeriesInstances, "/studies/{study}/series/{series}/instances", "Finds instances of a series"),
        search(.searchInstances, "/instances", "Finds instances"),
    ]

    private static func retrieve(
        _ operation: DICOMwebOperation, _ template: String, _ summary: String, _ mediaTypes: [MediaType],
        group: String = "Retrieve", parameters: [Route.Parameter] = [accept]
    ) -> Route {
        Route(
            operation.rawValue, .get, template, group: group, summary, parameters: parameters,
            responses: [Route.Response(200, "The content", mediaTypes)] + problems + [notFound, notAcceptable])
    }

    private static let study = "/studies/{study}"
    private static let series = study + "/series/{series}"
    private static let instance = series + "/instances/{instance}"

    private static func parts(of mediaType: MediaType) -> MediaType {
        MediaType("multipart", "related", [("type", mediaType.essence)])
    }

    private static let retrievals = [
        retrieve(.retrieveStudy, study, "Instances of a study", [parts(of: .dicom)]),
        retrieve(.retrieveSeries, series, "Instances of a series", [parts(of: .dicom)]),
        retrieve(.retrieveInstance, instance, "An instance", [parts(of: .dicom), .dicom]),
    ]

    private static let metadataTypes = [MediaType.dicomJSON, parts(of: .dicomXML)]

    private static let metadata = [
        retrieve(.retrieveStudyMetadata, study + "/metadata", "Attributes of a study's instances", metadataTypes),
        retrieve(.retrieveSeriesMetadata, series + "/metadata", "Attributes of a series' instances", metadataTypes),
        retrieve(.retrieveInstanceMetadata, instance + "/metadata", "Attributes of an instance", metadataTypes),
    ]

    private static let framesTypes = [
        parts(of: .octetStream), parts(of: .jpeg), parts(of: MediaType("image", "jls")), parts(of: MediaType("image", "jp2")),
        parts(of: MediaType("image", "jphc")), parts(of: MediaType("image", "dicom-rle")), .octetStream,
    ]

    private static let pixels = [
        retrieve(.retrieveFrames, instance + "/frames/{frames}", "Frames of an instance", framesTypes),
        retrieve(
            .retrieveBulkData, instance + "/bulkdata/{path...}", "The value of one attribute",
            [parts(of: .octetStream), .octetStream]),
        retrieve(.retrieveInstancePixelData, instance + "/pixeldata", "All pixel data of an instance", framesTypes),
    ]

    private static let renderingParameters = [
        Route.Parameter("window", in: .query, "center,width,function, such as 40,400,linear"),
        Route.Parameter("viewport", in: .query, "width,height, and optionally x,y,width,height of the source"),
        Route.Parameter("quality", in: .query, "1 to 100 for lossy image types", .integer),
        Route.Parameter("annotation", in: .query, "patient, technique"),
        Route.Parameter("iccprofile", in: .query, "no, yes, srgb, adobergb, rommrgb or displayp3"),
        accept,
    ]

    private static func render(_ operation: DICOMwebOperation, _ template: String, _ summary: String) -> Route {
        retrieve(operation, template, summary, [.jpeg, .png], group: "Render", parameters: renderingParameters)
    }

    private static func thumbnail(_ operation: DICOMwebOperation, _ template: String, _ summary: String) -> Route {
        retrieve(
            operation, template, summary, [.jpeg, .png], group: "Render",
            parameters: [Route.Parameter("viewport", in: .query, "width,height"), accept])
    }

    private static let renderings = [
        render(.renderStudy, study + "/rendered", "A study's instances as images"),
        render(.renderSeries, series + "/rendered", "A series' instances as images"),
        render(.renderInstance, instance + "/rendered", "An instance as an image"),
        render(.renderFrames, instance + "/frames/{frames}/rendered", "Frames as images"),
        thumbnail(.studyThumbnail, study + "/thumbnail", "A small image that stands for a study"),
        thumbnail(.seriesThumbnail, series + "/thumbnail", "A small image that stands for a series"),
        thumbnail(.instanceThumbnail, instance + "/thumbnail", "A small image of an instance"),
        thumbnail(.framesThumbnail, instance + "/frames/{frames}/thumbnail", "Small images of frames"),
    ]

    private static func store(_ operation: DICOMwebOperation, _ template: String, _ summary: String) -> Route {
        Route(
            operation.rawValue, .post, template, group: "Store", summary,
            accepts: [parts(of: .dicom), parts(of: .dicomJSON), .dicom, .dicomJSON],
            responses: [
                Route.Response(200, "All instances are stored", [.dicomJSON]),
                Route.Response(202, "Some are not stored, or with warnings; the body says which", [.dicomJSON]),
                Route.Response(409, "None is stored; the body says why", [.dicomJSON]),
                Route.Response(413, "The request is too large", [Problem.mediaType]),
                Route.Response(415, "Instances do not come in this media type", [Problem.mediaType]),
            ] + problems)
    }

    private static let stores = [
        store(.storeInstances, "/studies", "Stores instances"),
        store(.storeStudyInstances, study, "Stores instances of one study"),
    ]

    private static let wadoURI = Route(
        DICOMwebOperation.retrieveURI.rawValue, .get, "/wado", group: "WADO-URI", "An object or an image of it",
        parameters: [
            Route.Parameter("requestType", in: .query, "WADO", isRequired: true),
            Route.Parameter("studyUID", in: .query, "Study Instance UID", isRequired: true),
            Route.Parameter("seriesUID", in: .query, "Series Instance UID", isRequired: true),
            Route.Parameter("objectUID", in: .query, "SOP Instance UID", isRequired: true),
            Route.Parameter("contentType", in: .query, "Media types, best first"),
            Route.Parameter("frameNumber", in: .query, "From 1", .integer),
            Route.Parameter("windowCenter", in: .query, "With windowWidth", .number),
            Route.Parameter("windowWidth", in: .query, "With windowCenter", .number),
            Route.Parameter("rows", in: .query, "Height of the image at most", .integer),
            Route.Parameter("columns", in: .query, "Width of the image at most", .integer),
            Route.Parameter("region", in: .query, "left,top,right,bottom as fractions"),
            Route.Parameter("imageQuality", in: .query, "1 to 100", .integer),
            Route.Parameter("annotation", in: .query, "patient, technique"),
            Route.Parameter("transferSyntax", in: .query, "UID, for application/dicom"),
            Route.Parameter("charset", in: .query, "Character set of textual answers"),
            Route.Parameter("presentationUID", in: .query, "SOP Instance UID of a presentation state"),
            Route.Parameter("presentationSeriesUID", in: .query, "Series Instance UID of that presentation state"),
        ],
        responses: [Route.Response(200, "The object or image", [.jpeg, .dicom])] + problems + [
            notFound, notAcceptable, Route.Response(501, "De-identification is not offered here", [Problem.mediaType]),
        ])
}
