public import DICOMCore

extension PresentationState {
    public var isColour: Bool { sopClassUID == UID.colorSoftcopyPresentationStateStorage }
    public var isPseudoColour: Bool { sopClassUID == UID.pseudoColorSoftcopyPresentationStateStorage }

    /// The object.
    ///
    /// `areas` must cover every image, as PS3.3 C.10.4 asks; layers that annotations name are made when missing.
    ///
    /// - Parameter source: an object of the same study.
    public func dataSet(authoring: ObjectAuthoring, source: DataSet) -> DataSet {
        var dataSet = authoring.dataSet(sopClassUID: sopClassUID, modality: "PR", of: source)
        // Which side is not known here, nor whether there are two (PS3.3 C.7.3.1).
        dataSet.setEmpty(.laterality, .cs)
        dataSet.set(.contentLabel, .cs, Self.label(label))
        dataSet.set(.contentDescription, .lo, contentDescription.filter { $0 != "\\" })
        dataSet.set(.presentationCreationDate, .da, authoring.date)
        dataSet.set(.presentationCreationTime, .tm, authoring.time)
        dataSet.set(.contentCreatorName, .pn, authoring.personName)
        dataSet.set(.referencedSeriesSequence, items: seriesItems())
        if isColour || isPseudoColour {
            dataSet[.iccProfile] = DataElement(.iccProfile, .ob, bytes: StandardRGBProfile.bytes[...])
        }
        if !isColour { setGreyscale(&dataSet) }
        if isPseudoColour { setPalette(&dataSet) }
        dataSet.set(.displayedAreaSelectionSequence, items: areas.map { item($0) })
        dataSet.set(.imageRotation, .us, ints: [rotation])
        dataSet.set(.imageHorizontalFlip, .cs, isFlipped ? "Y" : "N")
        setShutters(&dataSet)
        setAnnotations(&dataSet)
        if let exactView {
            dataSet.set(Self.privateCreatorTag, .lo, Self.privateCreator)
            dataSet.set(Self.exactViewTag, .ut, exactView.text)
        }
        return dataSet
    }

    /// References keep their frames here, unlike in evidence.
    private func seriesItems() -> [DataSet] {
        var order: [String] = []
        var bySeries: [String: [InstanceReference]] = [:]
        for reference in references {
            if bySeries[reference.seriesInstanceUID] == nil { order.append(reference.seriesInstanceUID) }
            if !bySeries[reference.seriesInstanceUID, default: []].contains(reference.instance) {
                bySeries[reference.seriesInstanceUID, default: []].append(reference.instance)
            }
        }
        return order.map { series in
            var item = DataSet(inheritedCharacterSet: .utf8)
            item.set(.referencedImageSequence, items: (bySeries[series] ?? []).map(\.item))
            item.set(.seriesInstanceUID, .ui, series)
            return item
        }
    }

    private static func setImages(_ item: inout DataSet, _ images: [InstanceReference]) {
        if !images.isEmpty { item.set(.referencedImageSequence, items: images.map(\.item)) }
    }

    private func setGreyscale(_ dataSet: inout DataSet) {
        switch modality {
        case .linear(let slope, let intercept, let type)?:
            dataSet.set(.rescaleIntercept, .ds, doubles: [intercept])
            dataSet.set(.rescaleSlope, .ds, doubles: [slope])
            dataSet.set(.rescaleType, .lo, type.isEmpty ? "US" : type)
        case .table(let table, let type)?:
            var item = table.item
            item.set(.modalityLUTType, .lo, type.isEmpty ? "US" : type)
            dataSet.set(.modalityLUTSequence, items: [item])
        case nil: break
        }
        if !windows.isEmpty { dataSet.set(.softcopyVOILUTSequence, items: windows.map { Self.item($0) }) }
        // The palette stands in the place of a presentation table (PS3.3 A.33.2).
        guard !isPseudoColour else { return }
        switch presentationLUT {
        case .identity: dataSet.set(.presentationLUTShape, .cs, "IDENTITY")
        case .inverse: dataSet.set(.presentationLUTShape, .cs, "INVERSE")
        case .table(let table): dataSet.set(.presentationLUTSequence, items: [table.item])
        }
    }

    private static func item(_ window: Window) -> DataSet {
        var item = DataSet(inheritedCharacterSet: .utf8)
        setImages(&item, window.images)
        switch window.function {
        case .linear(let center, let width, let function):
            item.set(.windowCenter, .ds, doubles: [center])
            item.set(.windowWidth, .ds, doubles: [width])
            if !window.explanation.isEmpty { item.set(.windowCenterWidthExplanation, .lo, window.explanation) }
            if function != "LINEAR" { item.set(.voilutFunction, .cs, function) }
        case .table(let table): item.set(.voilutSequence, items: [table.item])
        }
        return item
    }

    private func item(_ area: DisplayedArea) -> DataSet {
        var item = DataSet(inheritedCharacterSet: .utf8)
        Self.setImages(&item, area.images)
        let corners = displayedCorners(area)
        item.set(.displayedAreaTopLeftHandCorner, .sl, ints: corners[0])
        item.set(.displayedAreaBottomRightHandCorner, .sl, ints: corners[1])
        item.set(.presentationSizeMode, .cs, area.mode)
        if area.pixelSpacing.count == 2 {
            item.set(.presentationPixelSpacing, .ds, doubles: area.pixelSpacing)
        } else {
            item.set(.presentationPixelAspectRatio, .is, ints: area.aspectRatio.count == 2 ? area.aspectRatio : [1, 1])
        }
        if let magnification = area.magnification { item.set(.presentationPixelMagnificationRatio, .fl, doubles: [magnification]) }
        return item
    }

    /// The image's pixels that lie at the left top and the right bottom once it is turned and mirrored (PS3.3 C.10.4).
    private func displayedCorners(_ area: DisplayedArea) -> [[Int]] {
        let (left, right) = (Self.number(area.topLeft.column), Self.number(area.bottomRight.column))
        let (top, bottom) = (Self.number(area.topLeft.row), Self.number(area.bottomRight.row))
        let isRight = (rotation == 180 || rotation == 270) != (isFlipped && rotation % 180 == 0)
        let isBottom = (rotation == 90 || rotation == 180) != (isFlipped && rotation % 180 == 90)
        return [
            [isRight ? right : left, isBottom ? bottom : top], [isRight ? left : right, isBottom ? top : bottom],
        ]
    }

    /// A 0-based position as DICOM's number of a pixel, from 1.
    private static func number(_ position: Double) -> Int { Int(min(max(position.rounded(), -1e6), 1e6)) + 1 }

    private func setShutters(_ dataSet: inout DataSet) {
        guard !shutters.isEmpty else { return }
        var shapes: [String] = []
        for shutter in shutters {
            switch shutter {
            case .rectangle(let left, let right, let top, let bottom):
                shapes.append("RECTANGULAR")
                dataSet.set(.shutterLeftVerticalEdge, .is, ints: [Self.number(left)])
                dataSet.set(.shutterRightVerticalEdge, .is, ints: [Self.number(right)])
                dataSet.set(.shutterUpperHorizontalEdge, .is, ints: [Self.number(top)])
                dataSet.set(.shutterLowerHorizontalEdge, .is, ints: [Self.number(bottom)])
            case .circle(let center, let radius):
                shapes.append("CIRCULAR")
                dataSet.set(.centerOfCircularShutter, .is, ints: [Self.number(center.row), Self.number(center.column)])
                dataSet.set(.radiusOfCircularShutter, .is, ints: [Int(min(max(radius.rounded(), 1), 1e6))])
            case .polygon(let points):
                shapes.append("POLYGONAL")
                dataSet.set(
                    .verticesOfThePolygonalShutter, .is, ints: points.flatMap { [Self.number($0.row), Self.number($0.column)] })
            case .bitmap: continue
            }
        }
        dataSet.set(.shutterShape, .cs, shapes)
        dataSet.set(.shutterPresentationValue, .us, ints: [shutterPValue ?? 0])
        if isColour || isPseudoColour { dataSet.set(.shutterPresentationColorCIELabValue, .us, ints: [0, 0x8080, 0x8080]) }
    }

    // MARK: Annotations

    private func setAnnotations(_ dataSet: inout DataSet) {
        if !annotations.isEmpty { dataSet.set(.graphicAnnotationSequence, items: annotations.map { Self.item($0) }) }
        var names = layers.map(\.name)
        // The images' own overlays are shown only in a layer the state names (PS3.3 C.11.7).
        for overlay in overlays {
            guard let layer = overlay.layer, overlay.bits == nil else { continue }
            dataSet.set(Tag(UInt16(truncatingIfNeeded: overlay.group), 0x1001), .cs, layer)
            if !names.contains(layer) { names.append(layer) }
        }
        for annotation in annotations where !names.contains(annotation.layer) { names.append(annotation.layer) }
        guard !names.isEmpty else { return }
        dataSet.set(
            .graphicLayerSequence,
            items: names.enumerated().map { index, name in
                var item = DataSet(inheritedCharacterSet: .utf8)
                item.set(.graphicLayer, .cs, name)
                item.set(.graphicLayerOrder, .is, ints: [index + 1])
                return item
            })
    }

    private static func item(_ annotation: Annotation) -> DataSet {
        var item = DataSet(inheritedCharacterSet: .utf8)
        setImages(&item, annotation.images)
        item.set(.graphicLayer, .cs, annotation.layer)
        if !annotation.texts.isEmpty { item.set(.textObjectSequence, items: annotation.texts.map { Self.item($0) }) }
        if !annotation.graphics.isEmpty { item.set(.graphicObjectSequence, items: annotation.graphics.map { Self.item($0) }) }
        if annotation.markJSON != nil || annotation.markUID != nil { item.set(privateCreatorTag, .lo, privateCreator) }
        if let json = annotation.markJSON { item.set(markJSONTag, .ut, json) }
        if let uid = annotation.markUID { item.set(markUIDTag, .ui, uid) }
        return item
    }

    private static func floats(_ points: [ImagePoint], _ units: Units) -> [Double] {
        let shift = units == .display ? 0 : 0.5
        return points.flatMap { [$0.column + shift, $0.row + shift] }
    }

    private static func item(_ text: Text) -> DataSet {
        var item = DataSet(inheritedCharacterSet: .utf8)
        if let box = text.box {
            item.set(.boundingBoxAnnotationUnits, .cs, box.units.rawValue)
            item.set(.boundingBoxTopLeftHandCorner, .fl, doubles: floats([box.topLeft], box.units))
            item.set(.boundingBoxBottomRightHandCorner, .fl, doubles: floats([box.bottomRight], box.units))
            item.set(.boundingBoxTextHorizontalJustification, .cs, box.justification)
        }
        if let anchor = text.anchor {
            item.set(.anchorPointAnnotationUnits, .cs, anchor.units.rawValue)
            item.set(.anchorPoint, .fl, doubles: floats([anchor.point], anchor.units))
            item.set(.anchorPointVisibility, .cs, anchor.isVisible ? "Y" : "N")
        }
        item.set(.unformattedTextValue, .st, String(text.text.prefix(1024)))
        return item
    }

    private static func item(_ graphic: Graphic) -> DataSet {
        var item = DataSet(inheritedCharacterSet: .utf8)
        item.set(.graphicAnnotationUnits, .cs, graphic.units.rawValue)
        item.set(.graphicDimensions, .us, ints: [2])
        item.set(.numberOfGraphicPoints, .us, ints: [min(graphic.points.count, 65535)])
        item.set(.graphicData, .fl, doubles: floats(Array(graphic.points.prefix(65535)), graphic.units))
        item.set(.graphicType, .cs, graphic.type)
        let isClosed = ["CIRCLE", "ELLIPSE"].contains(graphic.type) || graphic.points.first == graphic.points.last
        if isClosed, graphic.type != "POINT" { item.set(.graphicFilled, .cs, graphic.isFilled ? "Y" : "N") }
        return item
    }
}
