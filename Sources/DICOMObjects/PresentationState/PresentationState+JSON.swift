public import DICOMCore

extension PresentationState {
    /// For the viewer, as Documentation/presentation.md has it.
    public var json: JSONNode {
        [
            "sopInstanceUID": JSONNode(sopInstanceUID), "sopClassUID": JSONNode(sopClassUID),
            "seriesInstanceUID": JSONNode(seriesInstanceUID), "name": JSONNode(UIDRegistry.name(of: sopClassUID)),
            "label": JSONNode(label), "description": JSONNode(contentDescription),
            "creator": JSONNode(MarkJSON.shownName(creator)), "created": JSONNode(created),
            "references": JSONNode(
                references.map {
                    Self.reference($0.instance, seriesInstanceUID: $0.seriesInstanceUID)
                }),
            "modality": Self.modalityJSON(modality), "windows": JSONNode(windows.map { $0.json }), "presentation": presentationJSON,
            "colors": Self.coloursJSON(colours), "blending": blending.map { $0.json } ?? .null,
            "view": exactView.map { $0.json } ?? .null,
            "areas": JSONNode(areas.map { $0.json }), "rotation": JSONNode(rotation), "flipped": JSONNode(.bool(isFlipped)),
            "shutters": JSONNode(shutters.map { $0.json }),
            "shutterValue": shutterPValue.map { JSONNode($0) } ?? .null,
            "shutterColor": JSONNode(shutterColour.map { JSONNode($0) }),
            "layers": JSONNode(layers.map { $0.json }), "annotations": JSONNode(annotations.map { $0.json }),
            "overlays": JSONNode(overlays.map { $0.json }),
            "notUnderstood": JSONNode(notUnderstood.map { JSONNode($0) }),
        ]
    }

    static func reference(_ instance: InstanceReference, seriesInstanceUID: String? = nil) -> JSONNode {
        var members: [JSONNode.Member] = [
            .init("sopClassUID", JSONNode(instance.sopClassUID)), .init("sopInstanceUID", JSONNode(instance.sopInstanceUID)),
            .init("frameNumbers", JSONNode(instance.frameNumbers.map { JSONNode($0) })),
        ]
        if let seriesInstanceUID { members.append(.init("seriesInstanceUID", JSONNode(seriesInstanceUID))) }
        return JSONNode(members)
    }

    static func images(_ references: [InstanceReference]) -> JSONNode { JSONNode(references.map { reference($0) }) }

    static func point(_ point: ImagePoint) -> JSONNode { [JSONNode(point.column), JSONNode(point.row)] }

    static func coloursJSON(_ colours: [UInt8]) -> JSONNode {
        colours.isEmpty ? .null : JSONNode(colours.map { JSONNode(Int($0)) })
    }

    fileprivate static func modalityJSON(_ modality: ModalityTransform?) -> JSONNode {
        switch modality {
        case nil: .null
        case .linear(let slope, let intercept, let type)?:
            ["slope": JSONNode(slope), "intercept": JSONNode(intercept), "type": JSONNode(type)]
        case .table(let table, let type)?: ["table": table.json, "type": JSONNode(type)]
        }
    }

    private var presentationJSON: JSONNode {
        switch presentationLUT {
        case .identity: ["shape": "IDENTITY"]
        case .inverse: ["shape": "INVERSE"]
        case .table(let table): ["table": table.json]
        }
    }
}

extension PresentationState.Blending {
    fileprivate var json: JSONNode {
        [
            "opacity": JSONNode(opacity), "modality": PresentationState.modalityJSON(modality),
            "windows": JSONNode(windows.map { $0.json }),
            "references": JSONNode(
                references.map { reference -> JSONNode in
                    var members: [JSONNode.Member] = [.init("studyInstanceUID", JSONNode(reference.studyInstanceUID))]
                    members += PresentationState.reference(reference.instance, seriesInstanceUID: reference.seriesInstanceUID).object ?? []
                    return JSONNode(members)
                }),
        ]
    }
}

extension LookupTable {
    public var json: JSONNode {
        [
            "firstMapped": JSONNode(firstMapped), "bits": JSONNode(bits), "entries": JSONNode(entries.map { JSONNode($0) }),
        ]
    }
}

extension PresentationState.Window {
    fileprivate var json: JSONNode {
        let images = PresentationState.images(images)
        switch function {
        case .linear(let center, let width, let function):
            return [
                "images": images, "center": JSONNode(center), "width": JSONNode(width), "function": JSONNode(function),
                "explanation": JSONNode(explanation),
            ]
        case .table(let table): return ["images": images, "table": table.json, "explanation": JSONNode(explanation)]
        }
    }
}

extension PresentationState.DisplayedArea {
    fileprivate var json: JSONNode {
        [
            "images": PresentationState.images(images), "topLeft": PresentationState.point(topLeft),
            "bottomRight": PresentationState.point(bottomRight), "mode": JSONNode(mode),
            "pixelSpacing": pixelSpacing.count == 2 ? JSONNode(pixelSpacing.map { JSONNode($0) }) : .null,
            "aspectRatio": aspectRatio.count == 2 ? JSONNode(aspectRatio.map { JSONNode($0) }) : .null,
            "magnification": magnification.map { JSONNode($0) } ?? .null,
        ]
    }
}

extension PresentationState.Shutter {
    /// As Documentation/presentation.md describes it.
    public var json: JSONNode {
        switch self {
        case .rectangle(let left, let right, let top, let bottom):
            [
                "shape": "rectangle", "left": JSONNode(left), "right": JSONNode(right), "top": JSONNode(top),
                "bottom": JSONNode(bottom),
            ]
        case .circle(let center, let radius):
            ["shape": "circle", "center": PresentationState.point(center), "radius": JSONNode(radius)]
        case .polygon(let points):
            ["shape": "polygon", "points": JSONNode(points.map { PresentationState.point($0) })]
        case .bitmap(let group): ["shape": "bitmap", "overlayGroup": JSONNode(group)]
        }
    }
}

extension PresentationState.Layer {
    fileprivate var json: JSONNode {
        [
            "name": JSONNode(name), "order": JSONNode(order), "description": JSONNode(layerDescription),
            "gray": grey.map { JSONNode($0) } ?? .null, "color": JSONNode(colour.map { JSONNode($0) }),
        ]
    }
}

extension PresentationState.Overlay {
    fileprivate var json: JSONNode {
        var members: [JSONNode.Member] = [
            .init("group", JSONNode(group)), .init("layer", layer.map { JSONNode($0) } ?? .null),
        ]
        if let bits {
            members += [
                .init("rows", JSONNode(bits.rows)), .init("columns", JSONNode(bits.columns)),
                .init("origin", PresentationState.point(bits.origin)), .init("runs", JSONNode(bits.runs.map { JSONNode($0) })),
            ]
        }
        return JSONNode(members)
    }
}

extension PresentationState.Annotation {
    fileprivate var json: JSONNode {
        [
            "images": PresentationState.images(images), "layer": JSONNode(layer), "texts": JSONNode(texts.map { $0.json }),
            "graphics": JSONNode(graphics.map { $0.json }), "isMark": JSONNode(.bool(markJSON != nil)),
            "mark": markUID.map { JSONNode($0) } ?? .null,
        ]
    }
}

extension PresentationState.Text {
    fileprivate var json: JSONNode {
        let box = box.map { box -> JSONNode in
            [
                "topLeft": PresentationState.point(box.topLeft), "bottomRight": PresentationState.point(box.bottomRight),
                "units": JSONNode(box.units.rawValue), "justification": JSONNode(box.justification),
            ]
        }
        let anchor = anchor.map { anchor -> JSONNode in
            [
                "point": PresentationState.point(anchor.point), "units": JSONNode(anchor.units.rawValue),
                "visible": JSONNode(.bool(anchor.isVisible)),
            ]
        }
        return ["text": JSONNode(text), "box": box ?? .null, "anchor": anchor ?? .null, "style": style.json]
    }
}

extension PresentationState.Graphic {
    fileprivate var json: JSONNode {
        [
            "type": JSONNode(type), "units": JSONNode(units.rawValue),
            "points": JSONNode(points.map { PresentationState.point($0) }), "filled": JSONNode(.bool(isFilled)),
            "compound": JSONNode(.bool(isCompound)), "style": style.json,
        ]
    }
}

extension PresentationState.Style {
    fileprivate var json: JSONNode {
        [
            "color": JSONNode(colour.map { JSONNode($0) }), "lineThickness": lineThickness.map { JSONNode($0) } ?? .null,
            "dashed": JSONNode(.bool(isDashed)),
        ]
    }
}
