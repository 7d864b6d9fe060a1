/// A region of an image in continuous coordinates: the left top corner of the left top pixel is (0, 0), its centre (0.5, 0.5).
///
/// A pixel belongs to the region when its centre is inside: left and upper edges are inside, right and lower ones outside; polygons
/// by the even-odd rule; the border of an ellipse is inside.
public enum Region {
    case rectangle(left: Double, top: Double, right: Double, bottom: Double)
    /// Half axes (ax, ay) and (bx, by) at right angles to each other.
    case ellipse(x: Double, y: Double, ax: Double, ay: Double, bx: Double, by: Double)
    /// x and y of each corner in turn; at least three corners.
    case polygon(UnsafeBufferPointer<Double>)

    /// Area of the outline itself in pixels.
    public var area: Double {
        switch self {
        case .rectangle(let left, let top, let right, let bottom):
            return KernelMath.absolute((right - left) * (bottom - top))
        case .ellipse(_, _, let ax, let ay, let bx, let by): return KernelMath.pi * KernelMath.absolute(ax * by - ay * bx)
        case .polygon(let points):
            var sum = 0.0
            var (x, y) = (points[points.count &- 2], points[points.count &- 1])
            for at in stride(from: 0, to: points.count &- 1, by: 2) {
                sum += x * points[at &+ 1] - points[at] * y
                (x, y) = (points[at], points[at &+ 1])
            }
            return KernelMath.absolute(sum) / 2
        }
    }

    /// Whether every number is usable.
    public var isValid: Bool {
        switch self {
        case .rectangle(let left, let top, let right, let bottom): [left, top, right, bottom].allSatisfy(Self.isUsable)
        case .ellipse(let x, let y, let ax, let ay, let bx, let by):
            [x, y, ax, ay, bx, by].allSatisfy(Self.isUsable) && KernelMath.absolute(ax * by - ay * bx) > 0
        case .polygon(let points): points.count >= 6 && points.count & 1 == 0 && points.allSatisfy(Self.isUsable)
        }
    }

    private static func isUsable(_ value: Double) -> Bool { value > -1e6 && value < 1e6 }
}

/// The pixels of a region, row by row.
struct RegionScan {
    let region: Region
    let columns: Int
    /// Rows that may have pixels of the region.
    let rows: Range<Int>

    /// - Parameter region: must be valid.
    init(_ region: Region, columns: Int, rows: Int) {
        self.region = region
        self.columns = columns
        let (low, high) = Self.extent(region)
        let first = Self.firstCentre(low, limit: rows)
        self.rows = first..<max(first, min(Self.firstCentre(high, limit: rows) &+ 1, rows))
    }

    private static func extent(_ region: Region) -> (Double, Double) {
        switch region {
        case .rectangle(_, let top, _, let bottom): return (min(top, bottom), max(top, bottom))
        case .ellipse(_, let y, _, let ay, _, let by):
            let reach = (ay * ay + by * by).squareRoot()
            return (y - reach, y + reach)
        case .polygon(let points):
            var (low, high) = (points[1], points[1])
            for at in stride(from: 1, to: points.count, by: 2) {
                low = min(low, points[at])
                high = max(high, points[at])
            }
            return (low, high)
        }
    }

    /// The first pixel whose centre is at or behind a coordinate, within 0...limit.
    private static func firstCentre(_ coordinate: Double, limit: Int) -> Int {
        let place = coordinate - 0.5
        let below = KernelMath.floor(place)
        let index = Int(below < place ? below + 1 : below)
        return min(max(index, 0), limit)
    }

    /// Appends first column and end of each run of pixels of a row.
    func appendRuns(row: Int, to runs: inout [Int]) {
        let y = Double(row) + 0.5
        switch region {
        case .rectangle(let left, let top, let right, let bottom):
            guard y >= min(top, bottom), y < max(top, bottom) else { return }
            append(min(left, right), max(left, right), to: &runs)
        case .ellipse(let x, let cy, let ax, let ay, let bx, let by):
            appendEllipse(y - cy, x, (ax, ay), (bx, by), to: &runs)
        case .polygon(let points): appendPolygon(y, points, to: &runs)
        }
    }

    private func append(_ left: Double, _ right: Double, to runs: inout [Int]) {
        let first = Self.firstCentre(left, limit: columns)
        let end = Self.firstCentre(right, limit: columns)
        guard first < end else { return }
        runs.append(first)
        runs.append(end)
    }

    private func appendEllipse(_ dy: Double, _ x: Double, _ a: (Double, Double), _ b: (Double, Double), to runs: inout [Int]) {
        let reach = (a.0 * a.0 + b.0 * b.0).squareRoot()
        let (squareA, squareB) = (a.0 * a.0 + a.1 * a.1, b.0 * b.0 + b.1 * b.1)
        var first = -1
        var end = -1
        for column in Self.firstCentre(x - reach - 1, limit: columns)..<Self.firstCentre(x + reach + 1, limit: columns) {
            let dx = Double(column) + 0.5 - x
            let (u, v) = ((dx * a.0 + dy * a.1) / squareA, (dx * b.0 + dy * b.1) / squareB)
            guard u * u + v * v <= 1 else { continue }
            if first < 0 { first = column }
            end = column &+ 1
        }
        guard first >= 0 else { return }
        runs.append(first)
        runs.append(end)
    }

    private func appendPolygon(_ y: Double, _ points: UnsafeBufferPointer<Double>, to runs: inout [Int]) {
        var crossings: [Double] = []
        var (px, py) = (points[points.count &- 2], points[points.count &- 1])
        for at in stride(from: 0, to: points.count &- 1, by: 2) {
            let (qx, qy) = (points[at], points[at &+ 1])
            if (py > y) != (qy > y) { Self.insert(px + (y - py) * (qx - px) / (qy - py), into: &crossings) }
            (px, py) = (qx, qy)
        }
        for at in stride(from: 0, to: crossings.count &- 1, by: 2) { append(crossings[at], crossings[at &+ 1], to: &runs) }
    }

    /// Keeps the order; a row has few crossings.
    private static func insert(_ value: Double, into crossings: inout [Double]) {
        crossings.append(value)
        var at = crossings.count &- 1
        while at > 0, crossings[at &- 1] > value {
            crossings[at] = crossings[at &- 1]
            at &-= 1
        }
        crossings[at] = value
    }
}
