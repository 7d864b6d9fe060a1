/// The retrieval of one object by query parameters (WADO-URI, PS3.18 §9).
public struct WADOURIRequest: Hashable, Sendable {
    /// Fractions of the image from its top left corner, 0 to 1 (PS3.18 §9.1.2.2.9 Region).
    public struct Region: Hashable, Sendable {
        public let left: Double
        public let top: Double
        public let right: Double
        public let bottom: Double
    }

    public let studyUID: String
    public let seriesUID: String
    public let objectUID: String
    /// In falling order of preference; empty where the client leaves it to the server.
    public let contentTypes: [MediaType]
    /// 1-based.
    public let frameNumber: Int?
    /// Center and width.
    public let window: RenderingParameters.Window?
    public let rows: Int?
    public let columns: Int?
    public let region: Region?
    /// 1 to 100.
    public let imageQuality: Int?
    public let annotations: [RenderingParameters.Annotation]
    /// A UID, for `application/dicom`.
    public let transferSyntax: String?
    /// The character set asked for, for textual answers.
    public let charset: String?
    public let presentationUID: String?
    public let presentationSeriesUID: String?

    /// Whether the object itself is asked for rather than an image of it.
    public var wantsDICOM: Bool { contentTypes.first?.essence == MediaType.dicom.essence }

    /// - Parameter query: what follows the question mark, percent-encoded.
    public init(query: String?) throws(Problem) {
        let query = try QueryString(query)
        guard try query.single("requestType") == "WADO" else {
            throw Problem(status: 400, "This is no WADO request", at: "requestType", remedy: "Send requestType=WADO")
        }
        try Self.refuseAnonymization(query)
        studyUID = try Self.requiredUID("studyUID", query)
        seriesUID = try Self.requiredUID("seriesUID", query)
        objectUID = try Self.requiredUID("objectUID", query)
        contentTypes = try Self.contentTypes(query)
        frameNumber = try Self.integer("frameNumber", query, in: 1...Int(Int32.max))
        rows = try Self.integer("rows", query, in: 1...RenderingParameters.maximumSide)
        columns = try Self.integer("columns", query, in: 1...RenderingParameters.maximumSide)
        imageQuality = try Self.integer("imageQuality", query, in: 1...100)
        window = try Self.window(query)
        region = try Self.region(query)
        annotations = try Self.annotations(query)
        transferSyntax = try Self.uid("transferSyntax", query)
        presentationUID = try Self.uid("presentationUID", query)
        presentationSeriesUID = try Self.uid("presentationSeriesUID", query)
        charset = try query.single("charset")
        guard (presentationUID == nil) == (presentationSeriesUID == nil) else {
            throw Problem(
                status: 400, "A presentation state is named by both of its UIDs or not at all", at: "presentationUID",
                remedy: "Send presentationUID and presentationSeriesUID together")
        }
        try refuseRenderingOfObjects(query)
    }

    private static func refuseAnonymization(_ query: QueryString) throws(Problem) {
        guard let anonymize = try query.single("anonymize"), anonymize != "no" else { return }
        throw Problem(
            status: 501, "Objects are not de-identified on the way out of WADO-URI", at: "anonymize",
            remedy: "Leave the parameter out, and use the de-identified export instead")
    }

    /// Parameters of images together with `application/dicom` (PS3.18 §9.1.2.2.1) would silently do nothing.
    private func refuseRenderingOfObjects(_ query: QueryString) throws(Problem) {
        guard wantsDICOM else { return }
        let images = ["windowCenter", "windowWidth", "rows", "columns", "region", "imageQuality", "frameNumber", "annotation"]
        if let name = images.first(where: { name in query.parameters.contains { $0.name == name } }) {
            throw Problem(
                status: 400, "The parameter applies to images, not to application/dicom", at: name,
                remedy: "Leave it out, or ask for image/jpeg")
        }
    }

    private static func requiredUID(_ name: String, _ query: QueryString) throws(Problem) -> String {
        guard let uid = try uid(name, query) else {
            throw Problem(
                status: 400, "A required parameter is missing", at: name,
                remedy: "Send studyUID, seriesUID and objectUID")
        }
        return uid
    }

    private static func uid(_ name: String, _ query: QueryString) throws(Problem) -> String? {
        guard let text = try query.single(name) else { return nil }
        return try ParameterValue.uid(text, name)
    }

    private static func integer(_ name: String, _ query: QueryString, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = try query.single(name) else { return nil }
        return try ParameterValue.integer(text, name, in: range)
    }

    private static func contentTypes(_ query: QueryString) throws(Problem) -> [MediaType] {
        guard let text = try query.single("contentType"), !text.isEmpty else { return [] }
        var mediaTypes: [MediaType] = []
        for part in text.split(separator: ",").prefix(AcceptList.maximumRanges) {
            guard let mediaType = MediaType(parsing: part) else {
                throw Problem(
                    status: 400, "The media type cannot be read", at: "contentType",
                    remedy: "Send a media type such as image/jpeg or application/dicom")
            }
            mediaTypes.append(mediaType)
        }
        return mediaTypes
    }

    private static func window(_ query: QueryString) throws(Problem) -> RenderingParameters.Window? {
        let center = try query.single("windowCenter")
        let width = try query.single("windowWidth")
        guard let center, let width else {
            guard center == nil, width == nil else {
                throw Problem(
                    status: 400, "Half of the window is missing", at: center == nil ? "windowCenter" : "windowWidth",
                    remedy: "Send windowCenter and windowWidth together")
            }
            return nil
        }
        let widthValue = try ParameterValue.decimal(width, "windowWidth")
        try RenderingParameters.checkWidth(widthValue, .linear, "windowWidth")
        return RenderingParameters.Window(
            center: try ParameterValue.decimal(center, "windowCenter"), width: widthValue, function: .linear)
    }

    private static func region(_ query: QueryString) throws(Problem) -> Region? {
        guard let text = try query.single("region") else { return nil }
        let values = try ParameterValue.decimals(text, "region")
        guard values.count == 4, values.allSatisfy({ (0...1).contains($0) }), values[0] < values[2], values[1] < values[3] else {
            throw Problem(
                status: 400, "The region is not four fractions of an area", at: "region",
                remedy: "Send left,top,right,bottom from 0 to 1, such as 0.25,0.25,0.75,0.75")
        }
        return Region(left: values[0], top: values[1], right: values[2], bottom: values[3])
    }

    private static func annotations(_ query: QueryString) throws(Problem) -> [RenderingParameters.Annotation] {
        guard let text = try query.single("annotation") else { return [] }
        var annotations: [RenderingParameters.Annotation] = []
        for part in text.split(separator: ",") {
            guard let annotation = RenderingParameters.Annotation(rawValue: String(part)) else {
                throw Problem(status: 400, "The annotation is unknown", at: "annotation", remedy: "Send patient or technique")
            }
            annotations.append(annotation)
        }
        return annotations
    }
}
