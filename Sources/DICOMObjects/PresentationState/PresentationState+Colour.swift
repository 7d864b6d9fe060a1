import DICOMCore
import Imaging

/// Palettes and blending (PS3.3 A.33.2, A.33.4), and the view's exact place, which the standard has no attribute for.
extension PresentationState {
    static let exactViewTag = Tag(0x0071, 0x1003)

    /// The palette as 256 colours: the whole range of the grey values is the whole range of its entries (PS3.4 N.2.3).
    static func colours(_ dataSet: DataSet) -> [UInt8] {
        let tables = DisplayTables.palette(dataSet)
        guard tables.count == 3, tables.allSatisfy({ !$0.entries.isEmpty }) else { return [] }
        return (0..<256).flatMap { level in
            tables.map { table in
                let last = Double(table.entries.count - 1)
                let entry = table.entries[Int((Double(level) / 255 * last).rounded())]
                return UInt8(truncatingIfNeeded: entry >> UInt16(min(max(table.bits, 8), 16) - 8))
            }
        }
    }

    mutating func readColours(_ dataSet: DataSet) {
        let hasPalette = [UID.pseudoColorSoftcopyPresentationStateStorage, UID.blendingSoftcopyPresentationStateStorage].contains(sopClassUID)
        guard hasPalette else { return }
        let palette = Self.colours(dataSet)
        guard sopClassUID == UID.blendingSoftcopyPresentationStateStorage else {
            colours = palette
            return
        }
        let items = dataSet.items(.blendingSequence).prefix(2)
        guard let under = items.first(where: { $0.string(.blendingPosition) == "UNDERLYING" }),
            let over = items.first(where: { $0.string(.blendingPosition) == "SUPERIMPOSED" }),
            let opacity = dataSet.double(.relativeOpacity), (0...1).contains(opacity), !palette.isEmpty
        else { return }
        colours = palette
        // An item has the grey-value chain of its images as a state of them alone would.
        var lower = PresentationState()
        lower.readGreyscale(under)
        var upper = PresentationState()
        upper.readGreyscale(over)
        (modality, windows) = (lower.modality, lower.windows)
        notUnderstood += lower.notUnderstood + upper.notUnderstood
        references = Self.references(under, study: under.uid(.studyInstanceUID) ?? studyInstanceUID)
        blending = Blending(
            opacity: opacity, references: Self.references(over, study: over.uid(.studyInstanceUID) ?? studyInstanceUID),
            modality: upper.modality, windows: upper.windows)
    }

    /// The presentation table's work done by the palette, which alone a pseudo-colour state has.
    public mutating func foldPresentationIntoPalette() {
        let last = colours.count / 3 - 1
        guard last > 0 else { return }
        func level(_ level: Int) -> Int {
            switch presentationLUT {
            case .identity: return level
            case .inverse: return last - level
            case .table(let table):
                guard !table.entries.isEmpty else { return level }
                let index = (Double(level) / Double(last) * Double(table.entries.count - 1)).rounded()
                let top = Double((1 << min(max(table.bits, 1), 16)) - 1)
                return Int((min(Double(table.entries[Int(index)]) / top, 1) * Double(last)).rounded())
            }
        }
        let before = colours
        colours = (0...last).flatMap { at in
            let from = max(level(at), 0) * 3
            return before[from..<from + 3]
        }
        presentationLUT = .identity
    }

    /// 256 entries of 16 bits, whose high byte is the colour.
    func setPalette(_ dataSet: inout DataSet) {
        let channels: [(Tag, Tag)] = [
            (.redPaletteColorLookupTableDescriptor, .redPaletteColorLookupTableData),
            (.greenPaletteColorLookupTableDescriptor, .greenPaletteColorLookupTableData),
            (.bluePaletteColorLookupTableDescriptor, .bluePaletteColorLookupTableData),
        ]
        for (index, (descriptor, data)) in channels.enumerated() {
            dataSet.set(descriptor, .us, ints: [256, 0, 16])
            dataSet.set(data, .ow, ints: stride(from: index, to: colours.count, by: 3).map { Int(colours[$0]) * 257 })
        }
    }
}

extension PresentationState.ExactView {
    private static let modes = ["fit", "pixels", "trueSize"]

    /// The private element: mode, six numbers and two flags as text; `nil` when there is none or it says nothing usable.
    init?(_ dataSet: DataSet) {
        guard dataSet.string(PresentationState.privateCreatorTag) == PresentationState.privateCreator,
            let parts = dataSet.string(PresentationState.exactViewTag)?.split(separator: " ").map(String.init), parts.count == 9
        else { return nil }
        self.init(mode: parts[0], numbers: parts[1...6].compactMap { Double($0) }, flips: (parts[7] == "1", parts[8] == "1"))
    }

    /// - Parameter numbers: centre's column and row, both spans, zoom, rotation.
    init?(mode: String, numbers: [Double], flips: (horizontal: Bool, vertical: Bool)) {
        guard Self.modes.contains(mode), numbers.count == 6, numbers.allSatisfy({ $0.isFinite && abs($0) <= 1e7 }),
            numbers[2] > 0, numbers[3] > 0, numbers[4] > 0
        else { return nil }
        self.init(
            mode: mode, center: ImagePoint(column: numbers[0], row: numbers[1]), span: [numbers[2], numbers[3]], zoom: numbers[4],
            rotation: numbers[5], isFlippedHorizontally: flips.horizontal, isFlippedVertically: flips.vertical)
    }

    var text: String {
        let numbers = [center.column, center.row, span[0], span[1], zoom, rotation].map { "\($0)" }
        return ([mode] + numbers + [isFlippedHorizontally ? "1" : "0", isFlippedVertically ? "1" : "0"]).joined(separator: " ")
    }

    var json: JSONNode {
        [
            "mode": JSONNode(mode), "center": PresentationState.point(center), "span": JSONNode(span.map { JSONNode($0) }),
            "zoom": JSONNode(zoom), "rotation": JSONNode(rotation), "flipHorizontal": JSONNode(.bool(isFlippedHorizontally)),
            "flipVertical": JSONNode(.bool(isFlippedVertically)),
        ]
    }
}
