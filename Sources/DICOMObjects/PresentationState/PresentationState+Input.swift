public import DICOMCore

extension PresentationState {
    /// What the viewer wants kept: the parts of the JSON of Documentation/presentation.md that a reader can set.
    ///
    /// References, modality transform, label and maker are the server's to add.
    ///
    /// - Throws: the member that is not what the page says.
    public init(viewer json: JSONNode) throws(MarkError) {
        guard json.object != nil else { throw MarkError("state", "must be an object") }
        self.init()
        label = Self.label(json["label"]?.string ?? "")
        contentDescription = String((json["description"]?.string ?? "").prefix(64))
        rotation = json["rotation"]?.int ?? 0
        guard [0, 90, 180, 270].contains(rotation) else { throw MarkError("rotation", "must be 0, 90, 180 or 270") }
        isFlipped = json["flipped"]?.bool ?? false
        if json["presentation"]?["shape"]?.string == "INVERSE" { presentationLUT = .inverse }
        if let table = json["presentation"]?["table"] { presentationLUT = .table(try Self.table(table)) }
        modality = try Self.modality(json["modality"])
        colours = try Self.colours(json)
        exactView = try Self.exactView(json["view"])
        for node in try Self.list(json, "windows", limit: 64) { windows.append(try Self.window(node)) }
        for node in try Self.list(json, "areas", limit: 10_000) { areas.append(try Self.area(node)) }
        for node in try Self.list(json, "shutters", limit: 3) { shutters.append(try Self.shutter(node)) }
        shutterPValue = shutters.isEmpty ? nil : min(max(json["shutterValue"]?.int ?? 0, 0), 65535)
        var coordinates = 0
        for node in try Self.list(json, "annotations", limit: Self.maximumObjects) {
            let annotation = try Self.annotation(node)
            coordinates += annotation.graphics.reduce(0) { $0 + $1.points.count }
            guard coordinates <= 100_000 else { throw MarkError("annotations", "must have 100,000 points at most") }
            annotations.append(annotation)
        }
        for node in try Self.list(json, "overlays", limit: 16) {
            guard let group = node["group"]?.int, Overlay.groups.contains(group) else {
                throw MarkError("overlays", "must have groups from 6000 to 601E")
            }
            overlays.append(Overlay(group: group, layer: Self.label(node["layer"]?.string ?? "OVERLAYS"), bits: nil))
        }
    }

    private static func colours(_ json: JSONNode) throws(MarkError) -> [UInt8] {
        let nodes = try list(json, "colors", limit: 768)
        let colours = nodes.compactMap { $0.int.flatMap { UInt8(exactly: $0) } }
        guard nodes.isEmpty || colours.count == 768 else { throw MarkError("colors", "must be 768 numbers from 0 to 255") }
        return colours
    }

    private static func exactView(_ json: JSONNode?) throws(MarkError) -> ExactView? {
        guard let json, !json.isNull else { return nil }
        let center = try point(json["center"], "center")
        let span = try list(json, "span", limit: 2).compactMap(\.double)
        let numbers = [center.column, center.row] + span + [try number(json, "zoom"), try number(json, "rotation")]
        let flips = (json["flipHorizontal"]?.bool ?? false, json["flipVertical"]?.bool ?? false)
        guard let view = ExactView(mode: json["mode"]?.string ?? "", numbers: numbers, flips: flips) else {
            throw MarkError("view", "must have mode, center, span, zoom and rotation")
        }
        return view
    }

    private static func modality(_ json: JSONNode?) throws(MarkError) -> ModalityTransform? {
        guard let json, !json.isNull else { return nil }
        let type = String((json["type"]?.string ?? "").filter { $0 != "\\" }.prefix(64))
        if let table = json["table"] { return .table(try Self.table(table), type: type) }
        let slope = try number(json, "slope")
        guard slope != 0 else { throw MarkError("slope", "must not be 0") }
        return .linear(slope: slope, intercept: try number(json, "intercept"), type: type)
    }

    private static func table(_ json: JSONNode) throws(MarkError) -> LookupTable {
        guard let first = json["firstMapped"]?.int, (-32768...65535).contains(first), let bits = json["bits"]?.int, (8...16).contains(bits) else {
            throw MarkError("table", "must have firstMapped and bits of 8 to 16")
        }
        let entries = try list(json, "entries", limit: 65536).compactMap(\.int)
        guard !entries.isEmpty, entries.count == json["entries"]?.array?.count, entries.allSatisfy({ (0...65535).contains($0) }) else {
            throw MarkError("entries", "must be numbers from 0 to 65,535")
        }
        return LookupTable(firstMapped: first, bits: bits, entries: entries)
    }

    /// Content Label is a code string (PS3.5 §6.2).
    static func label(_ text: String) -> String {
        let allowed = text.uppercased().unicodeScalars.map { scalar -> Character in
            let isAllowed = ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == " " || scalar == "_"
            return isAllowed ? Character(scalar) : "_"
        }
        return allowed.isEmpty ? "APUS" : String(String(allowed).prefix(16))
    }

    private static func list(_ json: JSONNode, _ name: String, limit: Int) throws(MarkError) -> [JSONNode] {
        guard let node = json[name], !node.isNull else { return [] }
        guard let nodes = node.array else { throw MarkError(name, "must be a list") }
        guard nodes.count <= limit else { throw MarkError(name, "must be \(limit) at most") }
        return nodes
    }

    private static func images(_ json: JSONNode) throws(MarkError) -> [InstanceReference] {
        var images: [InstanceReference] = []
        for node in try list(json, "images", limit: 10_000) {
            guard let uid = node["sopInstanceUID"]?.string, UID.isValid(uid) else {
                throw MarkError("images", "must have SOP Instance UIDs")
            }
            images.append(
                InstanceReference(
                    sopClassUID: "", sopInstanceUID: uid,
                    frameNumbers: (node["frameNumbers"]?.array ?? []).prefix(100_000).compactMap(\.int).filter { $0 > 0 }))
        }
        return images
    }

    private static func number(_ json: JSONNode, _ name: String) throws(MarkError) -> Double {
        guard let number = json[name]?.double, abs(number) <= 1e9 else { throw MarkError(name, "must be a number") }
        return number
    }

    private static func point(_ json: JSONNode?, _ name: String) throws(MarkError) -> ImagePoint {
        guard let pair = json?.array, pair.count == 2, let column = pair[0].double, let row = pair[1].double,
            abs(column) <= 1e6, abs(row) <= 1e6
        else { throw MarkError(name, "must be two numbers") }
        return ImagePoint(column: column, row: row)
    }

    private static func points(_ json: JSONNode) throws(MarkError) -> [ImagePoint] {
        var points: [ImagePoint] = []
        for node in try list(json, "points", limit: 100_000) { points.append(try point(node, "points")) }
        return points
    }

    private static func window(_ json: JSONNode) throws(MarkError) -> Window {
        let explanation = String((json["explanation"]?.string ?? "").filter { $0 != "\\" }.prefix(64))
        if let table = json["table"] {
            return Window(images: try images(json), function: .table(try Self.table(table)), explanation: explanation)
        }
        let function = json["function"]?.string ?? "LINEAR"
        guard ["LINEAR", "LINEAR_EXACT", "SIGMOID"].contains(function) else { throw MarkError("function", "must be LINEAR, LINEAR_EXACT or SIGMOID") }
        let width = try number(json, "width")
        // PS3.3 C.11.2.1.2.1: LINEAR needs a width of 1 or more, the others more than 0.
        guard width > 0, function != "LINEAR" || width >= 1 else { throw MarkError("width", "is too small") }
        return Window(
            images: try images(json), function: .linear(center: try number(json, "center"), width: width, function: function),
            explanation: explanation)
    }

    private static func area(_ json: JSONNode) throws(MarkError) -> DisplayedArea {
        let mode = json["mode"]?.string ?? "SCALE TO FIT"
        guard ["SCALE TO FIT", "TRUE SIZE", "MAGNIFY"].contains(mode) else { throw MarkError("mode", "must be SCALE TO FIT, TRUE SIZE or MAGNIFY") }
        let magnification = json["magnification"]?.double
        guard mode != "MAGNIFY" || magnification.map({ $0 > 0 && $0 < 1000 }) ?? false else {
            throw MarkError("magnification", "must be more than 0 for MAGNIFY")
        }
        return DisplayedArea(
            images: try images(json), topLeft: try point(json["topLeft"], "topLeft"),
            bottomRight: try point(json["bottomRight"], "bottomRight"), mode: mode, pixelSpacing: [], aspectRatio: [],
            magnification: mode == "MAGNIFY" ? magnification : nil)
    }

    private static func shutter(_ json: JSONNode) throws(MarkError) -> Shutter {
        switch json["shape"]?.string {
        case "rectangle":
            return .rectangle(
                left: try number(json, "left"), right: try number(json, "right"), top: try number(json, "top"),
                bottom: try number(json, "bottom"))
        case "circle": return .circle(center: try point(json["center"], "center"), radius: try number(json, "radius"))
        case "polygon":
            let points = try points(json)
            guard (3...1000).contains(points.count) else { throw MarkError("points", "must be 3 to 1,000") }
            return .polygon(points)
        default: throw MarkError("shape", "must be rectangle, circle or polygon")
        }
    }

    private static func annotation(_ json: JSONNode) throws(MarkError) -> Annotation {
        var annotation = Annotation(images: try images(json), layer: label(json["layer"]?.string ?? "ANNOTATIONS"))
        if let mark = json["mark"]?.string {
            guard UID.isValid(mark) else { throw MarkError("mark", "must be a UID") }
            annotation.markUID = mark
        }
        for node in try list(json, "texts", limit: 1000) {
            guard let text = node["text"]?.string, !text.isEmpty, text.unicodeScalars.count <= 1024 else {
                throw MarkError("text", "must be 1 to 1,024 characters")
            }
            var made = Text(text: text)
            if let box = node["box"], !box.isNull {
                made.box = Box(
                    topLeft: try point(box["topLeft"], "topLeft"), bottomRight: try point(box["bottomRight"], "bottomRight"),
                    units: box["units"]?.string.flatMap { Units(rawValue: $0) } ?? .pixel)
            }
            if let anchor = node["anchor"], !anchor.isNull {
                made.anchor = Anchor(
                    point: try point(anchor["point"], "point"), units: anchor["units"]?.string.flatMap { Units(rawValue: $0) } ?? .pixel,
                    isVisible: anchor["visible"]?.bool ?? true)
            }
            guard made.box != nil || made.anchor != nil else { throw MarkError("texts", "must have a box or an anchor") }
            annotation.texts.append(made)
        }
        for node in try list(json, "graphics", limit: 1000) { annotation.graphics.append(try graphic(node)) }
        return annotation
    }

    private static func graphic(_ json: JSONNode) throws(MarkError) -> Graphic {
        let type = json["type"]?.string ?? ""
        let points = try points(json)
        let isRight = switch type {
        case "POINT": points.count == 1
        case "CIRCLE": points.count == 2
        case "ELLIPSE": points.count == 4
        case "POLYLINE", "INTERPOLATED": points.count >= 2
        default: false
        }
        guard isRight else { throw MarkError("graphics", "type and number of points do not fit (PS3.3 C.10.5.1.2)") }
        return Graphic(
            type: type, units: json["units"]?.string.flatMap { Units(rawValue: $0) } ?? .pixel, points: points,
            isFilled: json["filled"]?.bool ?? false)
    }
}
