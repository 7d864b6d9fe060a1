public import DICOMCore

extension PresentationState {
    /// Annotations, graphics and texts of one state, together.
    static let maximumObjects = 20_000
    static let maximumCoordinates = 1_000_000

    /// Reads any presentation state: what its class shares with the greyscale one is understood, the rest named.
    ///
    /// - Throws: when it has no SOP Instance UID or counts beyond all use.
    public init(_ dataSet: DataSet) throws(DocumentError) {
        guard let uid = dataSet.uid(.sopInstanceUID) else { throw .attributeMissing(.sopInstanceUID) }
        self.init(sopClassUID: dataSet.uid(.sopClassUID) ?? "")
        sopInstanceUID = uid
        studyInstanceUID = dataSet.uid(.studyInstanceUID) ?? ""
        seriesInstanceUID = dataSet.uid(.seriesInstanceUID) ?? ""
        label = dataSet.string(.contentLabel) ?? ""
        contentDescription = dataSet.string(.contentDescription) ?? ""
        creator = dataSet.string(.contentCreatorName) ?? ""
        created = MarkJSON.timestamp(
            (dataSet.string(.presentationCreationDate) ?? "") + (dataSet.string(.presentationCreationTime) ?? ""),
            offset: dataSet.string(.timezoneOffsetFromUTC) ?? "")
        references = Self.references(dataSet, study: studyInstanceUID)
        readGreyscale(dataSet)
        readColours(dataSet)
        exactView = ExactView(dataSet)
        areas = dataSet.items(.displayedAreaSelectionSequence).prefix(10_000).compactMap { Self.area($0) }
        rotation = ((dataSet.int(.imageRotation) ?? 0) % 360 + 360) % 360
        isFlipped = dataSet.string(.imageHorizontalFlip) == "Y"
        readShutters(dataSet)
        layers = dataSet.items(.graphicLayerSequence).prefix(1000).map { Self.layer($0) }.sorted { $0.order < $1.order }
        try readAnnotations(dataSet)
        overlays = Self.overlays(dataSet)
        noteUnknown(dataSet)
    }

    static func references(_ dataSet: DataSet, study: String) -> [EvidenceReference] {
        var references: [EvidenceReference] = []
        for series in dataSet.items(.referencedSeriesSequence) {
            for item in series.items(.referencedImageSequence) {
                guard references.count < 100_000, let instance = InstanceReference(item) else { continue }
                references.append(
                    EvidenceReference(
                        studyInstanceUID: study, seriesInstanceUID: series.uid(.seriesInstanceUID) ?? "", instance: instance))
            }
        }
        return references
    }

    static func images(_ item: DataSet) -> [InstanceReference] {
        item.items(.referencedImageSequence).prefix(100_000).compactMap { InstanceReference($0) }
    }

    // MARK: Grey values

    mutating func readGreyscale(_ dataSet: DataSet) {
        if let table = dataSet.items(.modalityLUTSequence).first {
            if let lut = LookupTable(table) {
                modality = .table(lut, type: table.string(.modalityLUTType) ?? "")
            } else {
                notUnderstood.append("Modality LUT Sequence \(Tag.modalityLUTSequence)")
            }
        } else if let slope = dataSet.double(.rescaleSlope) {
            modality = .linear(
                slope: slope, intercept: dataSet.double(.rescaleIntercept) ?? 0, type: dataSet.string(.rescaleType) ?? "")
        }
        for item in dataSet.items(.softcopyVOILUTSequence).prefix(10_000) { readWindows(item) }
        if let table = dataSet.items(.presentationLUTSequence).first {
            if let lut = LookupTable(table) {
                presentationLUT = .table(lut)
            } else {
                notUnderstood.append("Presentation LUT Sequence \(Tag.presentationLUTSequence)")
            }
        } else if dataSet.string(.presentationLUTShape) == "INVERSE" {
            presentationLUT = .inverse
        }
    }

    private mutating func readWindows(_ item: DataSet) {
        let images = Self.images(item)
        for table in item.items(.voilutSequence).prefix(16) {
            if let lut = LookupTable(table) {
                windows.append(Window(images: images, function: .table(lut), explanation: table.string(.lutExplanation) ?? ""))
            } else {
                notUnderstood.append("VOI LUT Sequence \(Tag.voilutSequence)")
            }
        }
        let explanations = item.strings(.windowCenterWidthExplanation)
        let function = item.string(.voilutFunction) ?? "LINEAR"
        for (index, pair) in zip(item.doubles(.windowCenter), item.doubles(.windowWidth)).prefix(64).enumerated() {
            guard pair.0.isFinite, pair.1.isFinite, pair.1 > 0 else { continue }
            windows.append(
                Window(
                    images: images, function: .linear(center: pair.0, width: pair.1, function: function),
                    explanation: index < explanations.count ? explanations[index] : ""))
        }
    }

    // MARK: Geometry

    private static func area(_ item: DataSet) -> DisplayedArea? {
        let first = item.ints(.displayedAreaTopLeftHandCorner)
        let last = item.ints(.displayedAreaBottomRightHandCorner)
        guard first.count == 2, last.count == 2 else { return nil }
        // The corners are those of the turned and mirrored picture; here they are the image's own.
        return DisplayedArea(
            images: images(item), topLeft: ImagePoint(column: Double(min(first[0], last[0])) - 1, row: Double(min(first[1], last[1])) - 1),
            bottomRight: ImagePoint(column: Double(max(first[0], last[0])) - 1, row: Double(max(first[1], last[1])) - 1),
            mode: item.string(.presentationSizeMode) ?? "SCALE TO FIT",
            pixelSpacing: item.doubles(.presentationPixelSpacing).filter { $0.isFinite && $0 > 0 },
            aspectRatio: item.ints(.presentationPixelAspectRatio).filter { $0 > 0 },
            magnification: item.double(.presentationPixelMagnificationRatio).flatMap { $0.isFinite && $0 > 0 ? $0 : nil })
    }

    private mutating func readShutters(_ dataSet: DataSet) {
        let found = Shutter.all(of: dataSet)
        shutters = found.shutters
        if found.isIncomplete { notUnderstood.append("Shutter Shape \(Tag.shutterShape)") }
        shutterPValue = dataSet.int(.shutterPresentationValue)
        shutterColour = dataSet.ints(.shutterPresentationColorCIELabValue)
    }

    // MARK: Overlays

    private static func overlays(_ dataSet: DataSet) -> [Overlay] {
        (0..<16).compactMap { index in
            let group = UInt16(0x6000 + 2 * index)
            let layer = dataSet.string(Tag(group, 0x1001))
            let bits = overlayBits(dataSet, group)
            guard layer != nil || bits != nil else { return nil }
            return Overlay(group: Int(group), layer: layer, bits: bits)
        }
    }

    private static func overlayBits(_ dataSet: DataSet, _ group: UInt16) -> Overlay.Bits? {
        guard let rows = dataSet.int(Tag(group, 0x0010)), let columns = dataSet.int(Tag(group, 0x0011)),
            (1...65535).contains(rows), (1...65535).contains(columns), let data = dataSet.bytes(Tag(group, 0x3000)),
            rows * columns <= data.count * 8
        else { return nil }
        let origin = dataSet.ints(Tag(group, 0x0050))
        return Overlay.Bits(
            rows: rows, columns: columns,
            origin: ImagePoint(
                column: Double(origin.count > 1 ? origin[1] : 1) - 1, row: Double(origin.first ?? 1) - 1),
            runs: RunLengths.ofBits(data, count: rows * columns))
    }

    private mutating func noteUnknown(_ dataSet: DataSet) {
        let known: Set<String> = [
            UID.grayscaleSoftcopyPresentationStateStorage, UID.colorSoftcopyPresentationStateStorage,
            UID.xaxrfGrayscaleSoftcopyPresentationStateStorage, UID.pseudoColorSoftcopyPresentationStateStorage,
            UID.blendingSoftcopyPresentationStateStorage,
        ]
        if !known.contains(sopClassUID) { notUnderstood.append(UIDRegistry.name(of: sopClassUID)) }
        let sequences: [(Tag, String, Bool)] = [
            (.blendingSequence, "Blending Sequence", blending != nil),
            (.maskSubtractionSequence, "Mask Subtraction Sequence", false),
            (.redPaletteColorLookupTableDescriptor, "Palette Color Lookup Table", !colours.isEmpty),
        ]
        for (tag, name, isRead) in sequences where !isRead && dataSet.contains(tag) { notUnderstood.append("\(name) \(tag)") }
    }
}

extension PresentationState.Shutter {
    private static let maximumShapes = 8
    private static let maximumCoordinates = 20_000

    /// The shutters of a presentation state, or of an image's own Display Shutter module (PS3.3 C.7.6.11, C.7.6.15).
    ///
    /// - Returns: also whether there is a shape that is not known; one whose numbers are missing is left out.
    public static func all(of dataSet: DataSet) -> (shutters: [Self], isIncomplete: Bool) {
        var shutters: [Self] = []
        var isIncomplete = false
        for shape in dataSet.strings(.shutterShape).prefix(maximumShapes) {
            switch shape {
            case "RECTANGULAR": if let found = rectangle(dataSet) { shutters.append(found) }
            case "CIRCULAR": if let found = circle(dataSet) { shutters.append(found) }
            case "POLYGONAL": shutters.append(polygon(dataSet))
            case "BITMAP": if let group = dataSet.int(.shutterOverlayGroup) { shutters.append(.bitmap(group: group)) }
            default: isIncomplete = true
            }
        }
        return (shutters, isIncomplete)
    }

    private static func rectangle(_ dataSet: DataSet) -> Self? {
        func value(_ tag: Tag) -> Double? { dataSet.int(tag).map { Double($0) - 1 } }
        guard let left = value(.shutterLeftVerticalEdge), let right = value(.shutterRightVerticalEdge),
            let top = value(.shutterUpperHorizontalEdge), let bottom = value(.shutterLowerHorizontalEdge)
        else { return nil }
        return .rectangle(left: left, right: right, top: top, bottom: bottom)
    }

    private static func circle(_ dataSet: DataSet) -> Self? {
        let centre = dataSet.ints(.centerOfCircularShutter)
        guard centre.count == 2, let radius = dataSet.int(.radiusOfCircularShutter) else { return nil }
        return .circle(center: ImagePoint(column: Double(centre[1]) - 1, row: Double(centre[0]) - 1), radius: Double(radius))
    }

    private static func polygon(_ dataSet: DataSet) -> Self {
        let numbers = dataSet.ints(.verticesOfThePolygonalShutter).prefix(maximumCoordinates)
        return .polygon(
            stride(from: 0, to: numbers.count - 1, by: 2).map {
                ImagePoint(column: Double(numbers[$0 + 1]) - 1, row: Double(numbers[$0]) - 1)
            })
    }
}
