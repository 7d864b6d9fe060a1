/// The volume between contours on parallel planes, with its uncertainty (requirements 4.2.9, Annex A).
///
/// V = Σ A·h: between two contours each area stands for half the distance; beyond the outermost ones for half a slice, which may be
/// wrong by half a slice either way (evenly spread, so slice / √12 for each end).
public struct SectionVolume {
    /// mm³.
    public private(set) var value = 0.0
    /// Standard uncertainties, mm³: of the areas, of the two ends, of the number shown.
    public private(set) var areas = 0.0
    public private(set) var ends = 0.0
    public private(set) var rounding = 0.0
    public private(set) var combined = 0.0
    public private(set) var expanded = 0.0

    /// Contours that are accepted.
    public static let maximumSections = 100_000

    /// - Parameters:
    ///   - sections: of each contour in turn area in mm², its standard uncertainty, and place along the normal in mm, ascending.
    ///   - sliceSpacing: mm between neighbouring slices of the stack.
    ///   - displayStep: step of the number shown.
    ///   - coverage: k of the expanded uncertainty U = k u.
    /// - Returns: `nil` without contours, for numbers that are none, and where places do not ascend.
    public init?(sections: UnsafeBufferPointer<Double>, sliceSpacing: Double, displayStep: Double, coverage: Double) {
        let count = sections.count / 3
        guard count > 0, count <= Self.maximumSections, sections.count == 3 * count, sliceSpacing > 0, sliceSpacing < 1e4,
            displayStep >= 0, displayStep < 1e6, coverage >= 0, coverage < 1e6, Self.isUsable(sections)
        else { return nil }
        var (ofAreas, ofEnds) = (0.0, 0.0)
        for index in 0..<count {
            let (area, uncertainty, place) = (sections[3 &* index], sections[3 &* index &+ 1], sections[3 &* index &+ 2])
            let isFirst = index == 0
            let isLast = index &+ 1 == count
            let below = isFirst ? sliceSpacing / 2 : (place - sections[3 &* index &- 1]) / 2
            let above = isLast ? sliceSpacing / 2 : (sections[3 &* index &+ 5] - place) / 2
            guard below > 0, above > 0 else { return nil }
            value += area * (below + above)
            let part = (below + above) * uncertainty
            ofAreas += part * part
            let end = area * sliceSpacing
            if isFirst { ofEnds += end * end / 12 }
            if isLast { ofEnds += end * end / 12 }
        }
        areas = ofAreas.squareRoot()
        ends = ofEnds.squareRoot()
        rounding = displayStep / 3.46410161513775458705
        combined = (ofAreas + ofEnds + rounding * rounding).squareRoot()
        expanded = combined * coverage
    }

    private static func isUsable(_ sections: UnsafeBufferPointer<Double>) -> Bool {
        for at in stride(from: 0, to: sections.count, by: 3) {
            let (area, uncertainty, place) = (sections[at], sections[at &+ 1], sections[at &+ 2])
            guard area >= 0, area < 1e12, uncertainty >= 0, uncertainty < 1e12, place > -1e6, place < 1e6 else { return false }
        }
        return true
    }
}
