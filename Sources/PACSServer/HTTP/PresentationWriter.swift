import Archive
import DICOMCore
import DICOMObjects
import HTTPTypes

/// Completes a state with what its images say and stores it.
///
/// A greyscale state replaces the whole grey-value chain of its images (PS3.4 N.2.1), so images of different modality
/// transforms, polarity or spacing cannot share one; colour images need a colour state.
struct PresentationWriter: Sendable {
    let maker: ObjectMaker

    static let maximumImages = 2000

    struct Image: Sendable {
        var instance: StoredInstance
        var rows: Int
        var columns: Int
    }

    struct Group: Sendable {
        var isColour: Bool
        var isInverse: Bool
        var modality: PresentationState.ModalityTransform?
        /// Row and column spacing, mm; empty when the image has none.
        var spacing: [Double]
        var images: [Image]
        /// Header of the first.
        var source: DataSet
    }

    /// The images sorted into those that may share a state.
    ///
    /// - Throws: `WebFault` 400 for what is no image of the study.
    func groups(_ sopInstanceUIDs: [String]) async throws -> [Group] {
        guard sopInstanceUIDs.count <= Self.maximumImages else {
            throw WebFault(.contentTooLarge, "tooMuch", "More than \(Self.maximumImages) images cannot be in one request.")
        }
        var groups: [Group] = []
        for uid in sopInstanceUIDs {
            guard let instance = maker.study[uid], instance.frames.numberOfFrames > 0 else {
                throw WebFault(.badRequest, "parameter", "An image referred to is not in this study.")
            }
            let header = try await maker.header(instance)
            let facts = Self.facts(header)
            let image = Image(
                instance: instance, rows: header.int(.rows) ?? 1, columns: header.int(.columns) ?? 1)
            let place = groups.firstIndex {
                $0.isColour == facts.isColour && $0.isInverse == facts.isInverse && $0.modality == facts.modality
                    && $0.spacing == facts.spacing
            }
            if let place {
                groups[place].images.append(image)
            } else {
                groups.append(
                    Group(
                        isColour: facts.isColour, isInverse: facts.isInverse, modality: facts.modality, spacing: facts.spacing,
                        images: [image], source: header))
            }
        }
        return groups
    }

    private static func facts(
        _ header: DataSet
    ) -> (isColour: Bool, isInverse: Bool, modality: PresentationState.ModalityTransform?, spacing: [Double]) {
        let photometric = header.string(.photometricInterpretation) ?? ""
        let shared = header.items(.sharedFunctionalGroupsSequence).first ?? DataSet()
        let perFrame = header.items(.perFrameFunctionalGroupsSequence).first ?? DataSet()
        func group(_ tag: Tag) -> DataSet { shared.items(tag).first ?? perFrame.items(tag).first ?? header }
        let values = group(.pixelValueTransformationSequence)
        var modality: PresentationState.ModalityTransform?
        if let item = header.items(.modalityLUTSequence).first, let table = LookupTable(item) {
            modality = .table(table, type: item.string(.modalityLUTType) ?? "")
        } else if let slope = values.double(.rescaleSlope), slope.isFinite, slope != 0 {
            modality = .linear(slope: slope, intercept: values.double(.rescaleIntercept) ?? 0, type: values.string(.rescaleType) ?? "")
        }
        let isColour = !photometric.hasPrefix("MONOCHROME")
        let spacing = group(.pixelMeasuresSequence).doubles(.pixelSpacing)
        return (
            isColour, !isColour && (photometric == "MONOCHROME1" || header.string(.presentationLUTShape) == "INVERSE"),
            isColour ? nil : modality,
            spacing.count == 2 && spacing.allSatisfy { $0.isFinite && $0 > 0 } ? spacing : []
        )
    }

    /// - Parameters:
    ///   - state: what the reader set; its greyscale parts are left out on colour images.
    ///   - frames: by SOP Instance UID; all where missing or empty.
    ///   - offset: of this one among several made at once.
    ///   - keepsModality: the state says its modality transform itself, and its polarity whole.
    func store(
        _ state: PresentationState, _ group: Group, frames: [String: [Int]], offset: Int, keepsModality: Bool = false
    ) async throws -> FiledIdentity {
        var state = state
        if group.isColour { state.colours = [] }
        state.sopClassUID =
            group.isColour
            ? UID.colorSoftcopyPresentationStateStorage
            : state.colours.isEmpty ? UID.grayscaleSoftcopyPresentationStateStorage : UID.pseudoColorSoftcopyPresentationStateStorage
        if group.isColour { state.modality = nil } else if !keepsModality { state.modality = group.modality }
        // The viewer's inversion is of what it showed; the state says it of P-values.
        if group.isInverse, !keepsModality {
            switch state.presentationLUT {
            case .identity: state.presentationLUT = .inverse
            case .inverse: state.presentationLUT = .identity
            case .table: break
            }
        }
        state.foldPresentationIntoPalette()
        let own = Dictionary(group.images.map { ($0.instance.sopInstanceUID, $0.instance) }) { first, _ in first }
        func resolved(_ images: [InstanceReference]) -> [InstanceReference] {
            images.compactMap { image in
                own[image.sopInstanceUID].map {
                    InstanceReference(sopClassUID: $0.sopClassUID, sopInstanceUID: $0.sopInstanceUID, frameNumbers: image.frameNumbers)
                }
            }
        }
        state.references = group.images.map { image in
            EvidenceReference(
                studyInstanceUID: image.instance.studyInstanceUID, seriesInstanceUID: image.instance.seriesInstanceUID,
                instance: InstanceReference(
                    sopClassUID: image.instance.sopClassUID, sopInstanceUID: image.instance.sopInstanceUID,
                    frameNumbers: frames[image.instance.sopInstanceUID] ?? []))
        }
        state.windows = state.windows.compactMap { window in
            var copy = window
            copy.images = resolved(window.images)
            return copy.images.isEmpty && !window.images.isEmpty ? nil : copy
        }
        state.annotations = state.annotations.compactMap { annotation in
            var copy = annotation
            copy.images = resolved(annotation.images)
            return copy.images.isEmpty && !annotation.images.isEmpty ? nil : copy
        }
        state.areas = areas(state.areas, group, resolved)
        return try await maker.store(state.dataSet(authoring: maker.authoring(.presentation, offset: offset), source: group.source))
    }

    /// What the viewer gave, and the whole image for all it did not speak of (PS3.3 C.10.4 wants every image covered).
    private func areas(
        _ given: [PresentationState.DisplayedArea], _ group: Group, _ resolved: ([InstanceReference]) -> [InstanceReference]
    ) -> [PresentationState.DisplayedArea] {
        var areas: [PresentationState.DisplayedArea] = []
        var covered: Set<String> = []
        for area in given {
            var copy = area
            copy.images = resolved(area.images)
            if copy.images.isEmpty, !area.images.isEmpty { continue }
            copy.pixelSpacing = group.spacing
            areas.append(copy)
            covered.formUnion(copy.images.isEmpty ? group.images.map(\.instance.sopInstanceUID) : copy.images.map(\.sopInstanceUID))
        }
        let rest = group.images.filter { !covered.contains($0.instance.sopInstanceUID) }
        for (size, images) in Dictionary(grouping: rest, by: { [$0.columns, $0.rows] }).sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let isAll = images.count == group.images.count
            areas.append(
                PresentationState.DisplayedArea(
                    images: isAll ? [] : images.map {
                        InstanceReference(sopClassUID: $0.instance.sopClassUID, sopInstanceUID: $0.instance.sopInstanceUID)
                    },
                    topLeft: ImagePoint(column: 0, row: 0),
                    bottomRight: ImagePoint(column: Double(size[0] - 1), row: Double(size[1] - 1)), mode: "SCALE TO FIT",
                    pixelSpacing: group.spacing, aspectRatio: [], magnification: nil))
        }
        return areas
    }
}
