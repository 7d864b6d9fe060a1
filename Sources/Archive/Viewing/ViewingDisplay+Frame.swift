import DICOMCore
import DICOMObjects
import Imaging

extension ViewingDisplay {
    /// Modality and VOI transformation, padding and polarity of a frame, as `FrameDisplay` reads them.
    init(_ source: FrameAttributes, _ frame: Int, _ module: ImagePixelModule, isFloat: Bool, _ tables: inout Distinct<ViewingTable>) {
        let display = FrameDisplay(source, frame: frame, pixels: module)
        slope = display.slope
        intercept = display.intercept
        rescaleType = display.rescaleType
        modalityTable = display.modalityTable.map { tables.index(of: ViewingTable($0)) }
        windows = display.windows.map { ViewingWindow(center: $0.center, width: $0.width, explanation: $0.explanation) }
        function = switch display.function {
        case .linear: "LINEAR"
        case .linearExact: "LINEAR_EXACT"
        case .sigmoid: "SIGMOID"
        }
        voiTables = display.voiTables.map { VOITable(table: tables.index(of: ViewingTable($0.table)), explanation: $0.explanation) }
        padding = isFloat ? nil : display.padding.map { [$0.lowerBound, $0.upperBound] }
        presentationShape = display.isInverse ? "INVERSE" : "IDENTITY"
    }
}
