/// How a rendered image is to look (PS3.18 §8.3.5).
public struct RenderingParameters: Hashable, Sendable {
    /// VOI LUT Function (PS3.3 C.11.2.1.3).
    public enum Function: String, Hashable, Sendable {
        case linear = "LINEAR"
        case linearExact = "LINEAR_EXACT"
        case sigmoid = "SIGMOID"
    }

    public struct Window: Hashable, Sendable {
        public let center: Double
        public let width: Double
        public let function: Function
    }

    /// The size of the answer, and which part of the image it shows.
    public struct Viewport: Hashable, Sendable {
        public let width: Int
        public let height: Int
        /// Pixels of the source; `nil` shows all of it.
        public let source: Source?
    }

    public struct Source: Hashable, Sendable {
        /// Top left corner, 0 at the outer edge of the first pixel.
        public let x: Double
        public let y: Double
        /// To the far edge when `nil`.
        public let width: Double?
        public let height: Double?
        public let isFlippedHorizontally: Bool
        public let isFlippedVertically: Bool
    }

    public enum Annotation: String, Hashable, Sendable { case patient, technique }
    public enum ICCProfile: String, Hashable, Sendable { case no, yes, srgb, adobergb, rommrgb, displayp3 }

    public let window: Window?
    public let viewport: Viewport?
    /// 1 to 100 for lossy image types.
    public let quality: Int?
    public let annotations: [Annotation]
    public let iccProfile: ICCProfile?
    /// The decoded `accept` parameter.
    public let accept: String?

    /// Pixels a side.
    public static let maximumSide = 16_384

    public init(query: String?, isThumbnail: Bool = false) throws(Problem) {
        let query = try QueryString(query)
        accept = try query.single("accept")
        viewport = try query.single("viewport").map { text throws(Problem) in try Self.viewport(text, isThumbnail: isThumbnail) }
        quality = try query.single("quality").map { text throws(Problem) in
            try ParameterValue.integer(text, "quality", in: 1...100)
        }
        window = try query.single("window").map { text throws(Problem) in try Self.window(text) }
        annotations = try query.single("annotation").map { text throws(Problem) in try Self.annotations(text) } ?? []
        iccProfile = try query.single("iccprofile").map { text throws(Problem) in
            guard let profile = ICCProfile(rawValue: text.lowercased()) else {
                throw Problem(
                    status: 400, "The colour profile is unknown", at: "iccprofile",
                    remedy: "Send no, yes, srgb, adobergb, rommrgb or displayp3")
            }
            return profile
        }
    }

    /// `center,width,function`; the function may be missing.
    private static func window(_ text: String) throws(Problem) -> Window {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let remedy = "Send center,width,function, such as 40,400,linear"
        guard parts.count == 2 || parts.count == 3 else {
            throw Problem(status: 400, "The window has not two or three parts", at: "window", remedy: remedy)
        }
        let name = parts.count == 3 ? parts[2].uppercased().replacing("-", with: "_") : "LINEAR"
        guard let function = Function(rawValue: name) else {
            throw Problem(
                status: 400, "The window function is unknown", at: "window", remedy: "Send linear, linear-exact or sigmoid")
        }
        let center = try ParameterValue.decimal(parts[0], "window")
        let width = try ParameterValue.decimal(parts[1], "window")
        try checkWidth(width, function, "window")
        return Window(center: center, width: width, function: function)
    }

    /// Not below 1 for LINEAR, above 0 for the others (PS3.3 C.11.2.1.2.1, C.11.2.1.3).
    static func checkWidth(_ width: Double, _ function: Function, _ name: String) throws(Problem) {
        guard function == .linear ? width >= 1 : width > 0 else {
            throw Problem(
                status: 400, "The window width is too small", at: name,
                remedy: function == .linear ? "Send a width of 1 or more" : "Send a width above 0")
        }
    }

    /// `vw,vh` or `vw,vh,sx,sy,sw,sh`, where parts of the source may be left empty and negative sizes flip.
    private static func viewport(_ text: String, isThumbnail: Bool) throws(Problem) -> Viewport {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || (parts.count == 6 && !isThumbnail) else {
            throw Problem(
                status: 400, "The viewport has the wrong number of parts", at: "viewport",
                remedy: isThumbnail ? "Send width,height" : "Send width,height or width,height,x,y,width,height")
        }
        let width = try ParameterValue.integer(parts[0], "viewport", in: 1...maximumSide)
        let height = try ParameterValue.integer(parts[1], "viewport", in: 1...maximumSide)
        guard parts.count == 6 else { return Viewport(width: width, height: height, source: nil) }
        func value(_ index: Int) throws(Problem) -> Double? {
            parts[index].isEmpty ? nil : try ParameterValue.decimal(parts[index], "viewport")
        }
        let (sourceWidth, sourceHeight) = (try value(4), try value(5))
        let source = Source(
            x: try value(2) ?? 0, y: try value(3) ?? 0, width: sourceWidth?.magnitude, height: sourceHeight?.magnitude,
            isFlippedHorizontally: (sourceWidth ?? 1) < 0, isFlippedVertically: (sourceHeight ?? 1) < 0)
        guard source.x >= 0, source.y >= 0, source.width != 0, source.height != 0 else {
            throw Problem(
                status: 400, "The part of the source is empty or begins outside of it", at: "viewport",
                remedy: "Send a corner of 0 or more and sizes other than 0")
        }
        return Viewport(width: width, height: height, source: source)
    }

    private static func annotations(_ text: String) throws(Problem) -> [Annotation] {
        var annotations: [Annotation] = []
        for part in text.split(separator: ",") {
            guard let annotation = Annotation(rawValue: String(part)) else {
                throw Problem(status: 400, "The annotation is unknown", at: "annotation", remedy: "Send patient or technique")
            }
            if !annotations.contains(annotation) { annotations.append(annotation) }
        }
        return annotations
    }
}
