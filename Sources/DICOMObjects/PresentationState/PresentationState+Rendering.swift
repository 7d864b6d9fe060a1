import DICOMCore
import Imaging

/// What a state does to a picture on the way to be seen (PS3.4 N.2).
extension PresentationState {
    private static func concerns(_ images: [InstanceReference], _ uid: String, _ frameNumber: Int) -> Bool {
        images.isEmpty || images.contains {
            $0.sopInstanceUID == uid && ($0.frameNumbers.isEmpty || $0.frameNumbers.contains(frameNumber))
        }
    }

    /// A state is for the images it names, not for their neighbours.
    /// - Parameter frameNumber: 1-based.
    public func isFor(_ sopInstanceUID: String, frameNumber: Int) -> Bool {
        !references.isEmpty && Self.concerns(references.map(\.instance), sopInstanceUID, frameNumber)
    }

    /// From stored values to P-values. What the state leaves out is the identity, whatever the image says (PS3.4 N.2.1).
    func pipeline(_ uid: String, frameNumber: Int, bitsStored: Int, isSigned: Bool) -> DisplayPipeline {
        var pipeline = DisplayPipeline()
        switch modality {
        case .linear(let slope, let intercept, _)?:
            (pipeline.rescaleSlope, pipeline.rescaleIntercept) = (slope, intercept)
        case .table(let table, _)?: pipeline.modalityTable = table.displayTable
        case nil: break
        }
        switch windows.first(where: { Self.concerns($0.images, uid, frameNumber) })?.function {
        case .linear(let center, let width, let function)?:
            pipeline.window = .init(center: center, width: width, function: Self.function(function))
        case .table(let table)?: pipeline.voiTable = table.displayTable
        case nil: pipeline.window = identityWindow(bitsStored, isSigned)
        }
        // A palette takes the place of the presentation table (PS3.4 N.2.3).
        guard colours.isEmpty else { return pipeline }
        switch presentationLUT {
        case .identity: break
        case .inverse: pipeline.isInverted = true
        case .table(let table):
            pipeline.presentationTable = table.displayTable
        }
        return pipeline
    }

    private static func function(_ name: String) -> DisplayPipeline.WindowFunction {
        switch name {
        case "SIGMOID": .sigmoid
        case "LINEAR_EXACT": .linearExact
        default: .linear
        }
    }

    /// All that the modality transformation can give, from black to white.
    private func identityWindow(_ bitsStored: Int, _ isSigned: Bool) -> DisplayPipeline.Window {
        let count = Double(Int64(1) << Int64(min(max(bitsStored, 1), 32)))
        let first = isSigned ? -count / 2 : 0
        var ends = [first, first + count - 1]
        switch modality {
        case .linear(let slope, let intercept, _)?: ends = ends.map { $0 * slope + intercept }
        case .table(let table, _)?: ends = [0, Double((1 << min(max(table.bits, 1), 16)) - 1)]
        case nil: break
        }
        let (low, high) = (min(ends[0], ends[1]), max(ends[0], ends[1]))
        return .init(center: (low + high) / 2 + 0.5, width: high - low + 1)
    }

    // MARK: Area and turns

    /// The displayed area, black where it reaches beyond the image, then turned, then mirrored (PS3.3 C.10.4, C.10.6).
    func placed(_ picture: RenderedImage, _ uid: String, frameNumber: Int) -> RenderedImage {
        var placed = picture
        if let area = areas.first(where: { Self.concerns($0.images, uid, frameNumber) }) { placed = Self.cut(picture, area) }
        for _ in 0..<rotation / 90 { placed = placed.turned() }
        return isFlipped ? placed.mirrored() : placed
    }

    private static func cut(_ picture: RenderedImage, _ area: DisplayedArea) -> RenderedImage {
        // An area of any size may be asked for; what is drawn stays near the image.
        func range(_ first: Double, _ last: Double, _ count: Int) -> Range<Int> {
            let limit = Double(count)
            let (low, high) = (min(max(first, -limit), limit), min(max(last, -limit), 2 * limit))
            return high >= low ? Int(low)..<Int(high) + 1 : 0..<count
        }
        let columns = range(area.topLeft.column, area.bottomRight.column, picture.columns)
        let rows = range(area.topLeft.row, area.bottomRight.row, picture.rows)
        guard columns != 0..<picture.columns || rows != 0..<picture.rows else { return picture }
        let samples = picture.samples
        var cut = RenderedImage(columns: columns.count, rows: rows.count, samples: samples, bytes: [])
        cut.bytes = [UInt8](repeating: 0, count: columns.count * rows.count * samples)
        let seen = columns.clamped(to: 0..<picture.columns)
        for row in rows.clamped(to: 0..<picture.rows) {
            let from = (row * picture.columns + seen.lowerBound) * samples
            let to = ((row - rows.lowerBound) * columns.count + seen.lowerBound - columns.lowerBound) * samples
            for index in 0..<seen.count * samples { cut.bytes[to + index] = picture.bytes[from + index] }
        }
        return cut
    }
}

extension LookupTable {
    var displayTable: DisplayPipeline.Table {
        .init(firstMapped: firstMapped, bits: min(max(bits, 1), 16), entries: entries.map { UInt16(truncatingIfNeeded: $0) })
    }
}

extension RenderedImage {
    /// Grey levels as the colours they stand for: 256 of red, green, blue.
    mutating func paint(_ colours: [UInt8]) {
        guard samples == 1, colours.count == 768 else { return }
        bytes = bytes.flatMap { level in
            let at = Int(level) * 3
            return [colours[at], colours[at + 1], colours[at + 2]]
        }
        samples = 3
    }

    /// By a quarter clockwise.
    func turned() -> RenderedImage {
        rearranged(columns: rows, rows: columns) { row, column in (rows - 1 - column, row) }
    }

    /// Left and right exchanged.
    func mirrored() -> RenderedImage {
        rearranged(columns: columns, rows: rows) { row, column in (row, columns - 1 - column) }
    }

    private func rearranged(columns: Int, rows: Int, _ source: (Int, Int) -> (row: Int, column: Int)) -> RenderedImage {
        var made = RenderedImage(columns: columns, rows: rows, samples: samples, bytes: [])
        made.bytes.reserveCapacity(bytes.count)
        for row in 0..<rows {
            for column in 0..<columns {
                let (fromRow, fromColumn) = source(row, column)
                let at = (fromRow * self.columns + fromColumn) * samples
                made.bytes.append(contentsOf: bytes[at..<at + samples])
            }
        }
        return made
    }
}
