import DICOMCore

extension PresentationState {
    /// Marks that are words and pointers, as annotations with the mark itself beside each (Documentation/marks.md).
    ///
    /// - Throws: the mark's member that cannot be written.
    public static func annotations(for marks: [Mark]) throws(MarkError) -> [Annotation] {
        var annotations: [Annotation] = []
        for mark in marks {
            let shape = try mark.graphics()
            guard mark.isAnnotation, let points = shape.first?.imagePoints, let first = points.first else {
                throw MarkError("kind", "must be text or arrow")
            }
            let layer = mark.kind == "text" ? "TEXT" : "ARROWS"
            var annotation = Annotation(images: [mark.reference], layer: layer, markJSON: MeasurementReport.storedJSON(mark))
            if mark.kind == "arrow" {
                annotation.graphics = [Graphic(type: "POLYLINE", units: .pixel, points: mark.points)]
            }
            if !mark.text.isEmpty {
                annotation.texts = [
                    Text(text: mark.text, anchor: Anchor(point: first, units: .pixel, isVisible: mark.kind == "text"))
                ]
            } else if mark.kind == "text" {
                throw MarkError("text", "must not be empty")
            }
            annotations.append(annotation)
        }
        return annotations
    }

    /// The annotations as marks: our own exactly, others' as text or `graphic`. What is placed on the screen instead of an
    /// image is no mark.
    public var marks: [Mark] {
        var marks: [Mark] = []
        for (index, annotation) in annotations.enumerated() where annotation.markUID == nil {
            if let mark = exactMark(annotation) { marks.append(mark) } else { marks += codedMarks(annotation, index) }
            guard marks.count < MeasurementReportReader.maximumMarks else { break }
        }
        let origin = MarkJSON.origin(
            sopInstanceUID: sopInstanceUID, seriesInstanceUID: seriesInstanceUID, kind: "GSPS", created: created)
        return marks.map { $0.with("origin", origin) }
    }

    /// The mark as published, if writing it again gives this annotation; else somebody changed it.
    private func exactMark(_ annotation: Annotation) -> Mark? {
        guard let json = annotation.markJSON, let node = try? JSONParser.parse(Array(json.utf8)[...], limits: MeasurementReportReader.jsonLimits),
            let mark = try? Mark(node), let again = try? Self.annotations(for: [mark]).first,
            again.images.map(\.sopInstanceUID) == annotation.images.map(\.sopInstanceUID),
            again.graphics == annotation.graphics, again.texts == annotation.texts
        else { return nil }
        return mark
    }

    private func codedMarks(_ annotation: Annotation, _ index: Int) -> [Mark] {
        let images = annotation.images.isEmpty ? references.map(\.instance) : annotation.images
        guard let image = images.first else { return [] }
        let series = references.first { $0.instance.sopInstanceUID == image.sopInstanceUID }?.seriesInstanceUID ?? ""
        var marks: [Mark] = []
        func add(_ kind: String, _ points: [ImagePoint], _ type: String?, _ text: String) {
            let uid = UIDGenerator.derived(from: "\(sopInstanceUID)/\(index)/\(marks.count)")
            if let mark = mark(uid, kind, points, type, text, image, series) { marks.append(mark) }
        }
        for text in annotation.texts {
            guard let place = text.anchor.map({ ($0.point, $0.units) }) ?? text.box.map({ ($0.topLeft, $0.units) }),
                place.1 == .pixel
            else { continue }
            add("text", [place.0], nil, text.text)
        }
        for graphic in annotation.graphics where graphic.units == .pixel {
            add("graphic", graphic.points, graphic.type, "")
        }
        return marks
    }

    private func mark(
        _ uid: String, _ kind: String, _ points: [ImagePoint], _ type: String?, _ text: String, _ image: InstanceReference,
        _ series: String
    ) -> Mark? {
        var members: [JSONNode.Member] = [
            .init("uid", JSONNode(uid)), .init("kind", JSONNode(kind)), .init("seriesInstanceUID", JSONNode(series)),
            .init("sopClassUID", JSONNode(image.sopClassUID)), .init("sopInstanceUID", JSONNode(image.sopInstanceUID)),
            .init("frameNumber", JSONNode(image.frameNumbers.first ?? 1)), .init("frameOfReferenceUID", .null),
            .init("points", JSONNode(points.map { Self.point($0) })), .init("patientPoints", .null), .init("label", .null),
            .init("text", JSONNode(text)), .init("values", []), .init("calibration", .null), .init("anchorUncertainty", .null),
            .init("members", []), .init("hidden", false),
            .init("author", MarkJSON.author(name: nil, displayName: creator)), .init("created", JSONNode(created)),
            .init("modified", JSONNode(created)), .init("tool", .null),
        ]
        if let type { members.append(.init("graphicType", JSONNode(type))) }
        return try? Mark(JSONNode(members))
    }
}
