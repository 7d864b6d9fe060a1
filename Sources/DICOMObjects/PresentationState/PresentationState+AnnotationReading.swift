import DICOMCore

extension PresentationState {
    /// Our private block in an item of the Graphic Annotation Sequence (PS3.5 §7.8).
    static let privateCreator = "APUS"
    static let privateCreatorTag = Tag(0x0071, 0x0010)
    static let markJSONTag = Tag(0x0071, 0x1001)
    static let markUIDTag = Tag(0x0071, 0x1002)

    static func layer(_ item: DataSet) -> Layer {
        Layer(
            name: item.string(.graphicLayer) ?? "", order: item.int(.graphicLayerOrder) ?? 0,
            layerDescription: item.string(.graphicLayerDescription) ?? "",
            grey: item.int(.graphicLayerRecommendedDisplayGrayscaleValue),
            colour: item.ints(.graphicLayerRecommendedDisplayCIELabValue))
    }

    mutating func readAnnotations(_ dataSet: DataSet) throws(DocumentError) {
        var objects = 0
        var coordinates = 0
        for item in dataSet.items(.graphicAnnotationSequence) {
            let texts = item.items(.textObjectSequence)
            let graphics = item.items(.graphicObjectSequence)
            let compounds = item.items(.compoundGraphicSequence)
            objects += 1 + texts.count + graphics.count + compounds.count
            guard objects <= Self.maximumObjects else {
                throw .tooManyValues(.graphicAnnotationSequence, limit: Self.maximumObjects)
            }
            for graphic in graphics + compounds { coordinates += (graphic.bytes(.graphicData)?.count ?? 0) / 4 }
            guard coordinates <= Self.maximumCoordinates else {
                throw .tooManyValues(.graphicData, limit: Self.maximumCoordinates)
            }
            let isOurs = item.string(Self.privateCreatorTag) == Self.privateCreator
            var annotation = Annotation(
                images: Self.images(item), layer: item.string(.graphicLayer) ?? "", texts: texts.map { Self.text($0) },
                graphics: graphics.compactMap { Self.graphic($0) } + compounds.compactMap { Self.compound($0) },
                markJSON: isOurs ? item.string(Self.markJSONTag) : nil)
            annotation.markUID = isOurs ? item.uid(Self.markUIDTag) : nil
            annotations.append(annotation)
        }
    }

    private static func point(_ item: DataSet, _ tag: Tag, _ units: Units) -> ImagePoint? {
        let numbers = item.doubles(tag)
        guard numbers.count == 2, numbers.allSatisfy(\.isFinite) else { return nil }
        return converted(numbers[0], numbers[1], units)
    }

    /// DICOM's pixel positions count from the corner of the first pixel (PS3.3 C.10.5.1.2); fractions stay.
    private static func converted(_ x: Double, _ y: Double, _ units: Units) -> ImagePoint {
        let shift = units == .display ? 0 : 0.5
        return ImagePoint(column: x - shift, row: y - shift)
    }

    private static func units(_ item: DataSet, _ tag: Tag) -> Units { item.string(tag).flatMap { Units(rawValue: $0) } ?? .pixel }

    private static func text(_ item: DataSet) -> Text {
        var text = Text(text: item.string(.unformattedTextValue) ?? "")
        let boxUnits = units(item, .boundingBoxAnnotationUnits)
        if let topLeft = point(item, .boundingBoxTopLeftHandCorner, boxUnits),
            let bottomRight = point(item, .boundingBoxBottomRightHandCorner, boxUnits)
        {
            text.box = Box(
                topLeft: topLeft, bottomRight: bottomRight, units: boxUnits,
                justification: item.string(.boundingBoxTextHorizontalJustification) ?? "LEFT")
        }
        let anchorUnits = units(item, .anchorPointAnnotationUnits)
        if let anchor = point(item, .anchorPoint, anchorUnits) {
            text.anchor = Anchor(point: anchor, units: anchorUnits, isVisible: item.string(.anchorPointVisibility) == "Y")
        }
        if let style = item.items(.textStyleSequence).first { text.style.colour = style.ints(.textColorCIELabValue) }
        return text
    }

    private static func points(_ item: DataSet, _ units: Units) -> [ImagePoint]? {
        let numbers = item.doubles(.graphicData)
        guard numbers.count >= 2, numbers.allSatisfy(\.isFinite) else { return nil }
        return stride(from: 0, to: numbers.count - 1, by: 2).map { converted(numbers[$0], numbers[$0 + 1], units) }
    }

    private static func graphic(_ item: DataSet) -> Graphic? {
        let units = units(item, .graphicAnnotationUnits)
        guard let points = points(item, units) else { return nil }
        return Graphic(
            type: item.string(.graphicType) ?? "", units: units, points: points, isFilled: item.string(.graphicFilled) == "Y",
            style: style(item))
    }

    private static func compound(_ item: DataSet) -> Graphic? {
        let units = units(item, .compoundGraphicUnits)
        guard let points = points(item, units) else { return nil }
        return Graphic(
            type: item.string(.compoundGraphicType) ?? "", units: units, points: points,
            isFilled: item.string(.graphicFilled) == "Y", isCompound: true, style: style(item))
    }

    private static func style(_ item: DataSet) -> Style {
        var style = Style()
        guard let line = item.items(.lineStyleSequence).first else { return style }
        style.colour = line.ints(.patternOnColorCIELabValue)
        style.lineThickness = line.double(.lineThickness)
        style.isDashed = line.string(.lineDashingStyle) == "DASHED"
        return style
    }
}
