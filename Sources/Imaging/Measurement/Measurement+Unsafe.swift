/// Geometric measurements with their uncertainty (GUM; requirements 4.2.9, Annex A).
///
/// The value is a function Y of the anchors and of the spacing. Its gradient by each coordinate in mm gives the share of every input:
/// anchoring u² = Σ (∂Y/∂x)² u_x² + (∂Y/∂y)² u_y², with u = edge of the anchor's square / √12 (uniform distribution); spacing
/// u² = r² ((Σ x ∂Y/∂x)² + (Σ y ∂Y/∂y)²), with r the relative uncertainty of each spacing; rounding u = step shown / √12.
public struct Measurement {
    /// What is measured, by its anchors.
    public enum Tool: UInt8, CaseIterable, Sendable {
        /// Two points, mm.
        case length
        /// Two or more points, mm.
        case polyline
        /// End, vertex, end; degrees, 0 to 180.
        case angle
        /// Two lines; degrees, 0 to 180. Both are taken as pointing to the same side of the axis from the middle of one to that of
        /// the other, so that angles above 90° stay what they are, however the picture lies.
        case cobb
        /// Length of the first of two lines divided by that of the second.
        case ratio
        /// Opposite corners, mm².
        case rectangle
        /// Centre and one end of either half axis, mm².
        case ellipse
        /// Three or more corners, mm².
        case polygon
        /// Way around three or more corners and back to the first, mm.
        case perimeter
    }

    /// What software, settings and scanner contribute.
    public struct Context: Sendable {
        /// mm between rows and between columns.
        public var rowSpacing: Double
        public var columnSpacing: Double
        /// Relative standard uncertainty of each spacing.
        public var spacingUncertainty: Double
        /// Edges of the anchor's uncertain square in image pixels, along a row and along a column.
        public var anchorColumns: Double
        public var anchorRows: Double
        /// Step of the number shown.
        public var displayStep: Double
        /// k of the expanded uncertainty U = k u.
        public var coverage: Double

        public init(
            rowSpacing: Double, columnSpacing: Double, spacingUncertainty: Double, anchorColumns: Double, anchorRows: Double,
            displayStep: Double, coverage: Double
        ) {
            self.rowSpacing = rowSpacing
            self.columnSpacing = columnSpacing
            self.spacingUncertainty = spacingUncertainty
            self.anchorColumns = anchorColumns
            self.anchorRows = anchorRows
            self.displayStep = displayStep
            self.coverage = coverage
        }

        var isValid: Bool {
            let spacings = rowSpacing > 0 && rowSpacing < 1e4 && columnSpacing > 0 && columnSpacing < 1e4
            return spacings && [spacingUncertainty, anchorColumns, anchorRows, displayStep, coverage].allSatisfy { $0 >= 0 && $0 < 1e6 }
        }
    }

    public private(set) var value = 0.0
    /// Of areas: length of the outline in mm.
    public private(set) var perimeter = 0.0
    /// Of the ratio: both lengths in mm.
    public private(set) var parts = (0.0, 0.0)
    /// Standard uncertainties.
    public private(set) var anchoring = 0.0
    public private(set) var rounding = 0.0
    public private(set) var spacing = 0.0
    public private(set) var combined = 0.0
    public private(set) var expanded = 0.0

    /// - Parameter points: image coordinates, x and y in turn.
    /// - Returns: `nil` for too few or too many points, numbers that are none, or a ratio to nothing.
    public init?(_ tool: Tool, points: UnsafeBufferPointer<Double>, context: Context) {
        guard context.isValid, points.count & 1 == 0, points.count <= 1 << 20, Self.accepts(points.count / 2, for: tool),
            points.allSatisfy({ $0 > -1e6 && $0 < 1e6 })
        else { return nil }
        var figure = Figure(points, context)
        switch tool {
        case .length, .polyline: value = figure.length(from: 0, to: figure.count &- 1, weight: 1)
        case .angle: value = figure.angle()
        case .cobb: value = figure.cobb()
        case .ratio:
            parts = (figure.distance(0, 1), figure.distance(2, 3))
            guard parts.1 > 0 else { return nil }
            value = parts.0 / parts.1
            _ = figure.length(from: 0, to: 1, weight: 1 / parts.1)
            _ = figure.length(from: 2, to: 3, weight: -value / parts.1)
        case .rectangle: (value, perimeter) = figure.rectangle()
        case .ellipse: (value, perimeter) = figure.ellipse()
        case .polygon: (value, perimeter) = figure.polygon()
        case .perimeter: value = figure.perimeter()
        }
        let root12 = 3.46410161513775458705
        anchoring = figure.anchoring(
            x: context.anchorColumns * context.columnSpacing / root12, y: context.anchorRows * context.rowSpacing / root12)
        spacing = figure.spacing() * context.spacingUncertainty
        rounding = context.displayStep / root12
        combined = (anchoring * anchoring + spacing * spacing + rounding * rounding).squareRoot()
        expanded = combined * context.coverage
    }

    private static func accepts(_ count: Int, for tool: Tool) -> Bool {
        switch tool {
        case .length, .rectangle: count == 2
        case .polyline: count >= 2
        case .angle, .ellipse: count == 3
        case .cobb, .ratio: count == 4
        case .polygon, .perimeter: count >= 3
        }
    }
}

/// Anchors in mm and the gradient of the value by each of them.
private struct Figure {
    private var x: [Double] = []
    private var y: [Double] = []
    private var byX: [Double]
    private var byY: [Double]
    let count: Int

    init(_ points: UnsafeBufferPointer<Double>, _ context: Measurement.Context) {
        count = points.count / 2
        for at in stride(from: 0, to: points.count, by: 2) {
            x.append(points[at] * context.columnSpacing)
            y.append(points[at &+ 1] * context.rowSpacing)
        }
        byX = [Double](repeating: 0, count: count)
        byY = [Double](repeating: 0, count: count)
    }

    func anchoring(x ux: Double, y uy: Double) -> Double {
        var sum = 0.0
        for index in 0..<count {
            let (a, b) = (byX[index] * ux, byY[index] * uy)
            sum += a * a + b * b
        }
        return sum.squareRoot()
    }

    /// For a relative uncertainty of 1.
    func spacing() -> Double {
        var (alongX, alongY) = (0.0, 0.0)
        for index in 0..<count {
            alongX += byX[index] * x[index]
            alongY += byY[index] * y[index]
        }
        return (alongX * alongX + alongY * alongY).squareRoot()
    }

    private mutating func add(_ index: Int, _ dx: Double, _ dy: Double) {
        byX[index] += dx
        byY[index] += dy
    }

    func distance(_ a: Int, _ b: Int) -> Double {
        let (dx, dy) = (x[b] - x[a], y[b] - y[a])
        return (dx * dx + dy * dy).squareRoot()
    }

    /// Sum of the distances of neighbours; points that coincide are taken as lying beside each other.
    mutating func length(from first: Int, to last: Int, weight: Double) -> Double {
        var total = 0.0
        for index in first..<last { total += line(index, index &+ 1, weight: weight) }
        return total
    }

    private mutating func line(_ from: Int, _ to: Int, weight: Double) -> Double {
        let length = distance(from, to)
        let ux = length > 0 ? (x[to] - x[from]) / length : 1
        let uy = length > 0 ? (y[to] - y[from]) / length : 0
        add(from, -ux * weight, -uy * weight)
        add(to, ux * weight, uy * weight)
        return length
    }

    /// The first point is one anchor of two lines.
    mutating func perimeter() -> Double {
        length(from: 0, to: count &- 1, weight: 1) + line(count &- 1, 0, weight: 1)
    }

    private static let degrees = 180 / KernelMath.pi

    /// Gradient of the direction of the vector from one point to another, in degrees.
    private mutating func addDirection(from a: Int, to b: Int, weight: Double) {
        let (dx, dy) = (x[b] - x[a], y[b] - y[a])
        let square = dx * dx + dy * dy
        guard square > 0 else { return }
        let (gx, gy) = (-dy / square * Self.degrees * weight, dx / square * Self.degrees * weight)
        add(b, gx, gy)
        add(a, -gx, -gy)
    }

    private mutating func angle(from a: Int, to b: Int, and c: Int, to d: Int, flipped: Double) -> Double {
        let (ux, uy) = (x[b] - x[a], y[b] - y[a])
        let (vx, vy) = ((x[d] - x[c]) * flipped, (y[d] - y[c]) * flipped)
        let cross = ux * vy - uy * vx
        let sign = cross < 0 ? -1.0 : 1.0
        addDirection(from: c, to: d, weight: sign)
        addDirection(from: a, to: b, weight: -sign)
        return KernelMath.atan2(KernelMath.absolute(cross), ux * vx + uy * vy) * Self.degrees
    }

    mutating func angle() -> Double { angle(from: 1, to: 0, and: 1, to: 2, flipped: 1) }

    mutating func cobb() -> Double {
        let (axisX, axisY) = (x[2] + x[3] - x[0] - x[1], y[2] + y[3] - y[0] - y[1])
        let (ux, uy, vx, vy) = (x[1] - x[0], y[1] - y[0], x[3] - x[2], y[3] - y[2])
        var agreement = (axisX * uy - axisY * ux) * (axisX * vy - axisY * vx)
        // Lines along the axis, or with one middle, have no sides: the smaller angle is meant.
        if agreement == 0 { agreement = ux * vx + uy * vy }
        return angle(from: 0, to: 1, and: 2, to: 3, flipped: agreement >= 0 ? 1 : -1)
    }

    mutating func rectangle() -> (Double, Double) {
        let (dx, dy) = (x[1] - x[0], y[1] - y[0])
        let (width, height) = (KernelMath.absolute(dx), KernelMath.absolute(dy))
        let (gx, gy) = (dx < 0 ? -height : height, dy < 0 ? -width : width)
        add(1, gx, gy)
        add(0, -gx, -gy)
        return (width * height, 2 * (width + height))
    }

    /// π |a × b| also where unequal spacing makes the half axes oblique in mm.
    mutating func ellipse() -> (Double, Double) {
        let (ax, ay) = (x[1] - x[0], y[1] - y[0])
        let (bx, by) = (x[2] - x[0], y[2] - y[0])
        let cross = ax * by - ay * bx
        let factor = cross < 0 ? -KernelMath.pi : KernelMath.pi
        add(1, by * factor, -bx * factor)
        add(2, -ay * factor, ax * factor)
        add(0, (ay - by) * factor, (bx - ax) * factor)
        return (KernelMath.absolute(cross) * KernelMath.pi, Self.circumference((ax, ay), (bx, by)))
    }

    /// Ramanujan's second formula on the half axes of the ellipse that two conjugate half diameters make.
    private static func circumference(_ a: (Double, Double), _ b: (Double, Double)) -> Double {
        let sum = a.0 * a.0 + a.1 * a.1 + b.0 * b.0 + b.1 * b.1
        let product = KernelMath.absolute(a.0 * b.1 - a.1 * b.0)
        let plus = max(sum + 2 * product, 0).squareRoot()
        let minus = max(sum - 2 * product, 0).squareRoot()
        // plus = major + minor, minus = major - minor.
        guard plus > 0 else { return 0 }
        let h = (minus / plus) * (minus / plus)
        return KernelMath.pi * plus * (1 + 3 * h / (10 + (4 - 3 * h).squareRoot()))
    }

    mutating func polygon() -> (Double, Double) {
        var (twice, perimeter) = (0.0, 0.0)
        for index in 0..<count {
            let next = index &+ 1 == count ? 0 : index &+ 1
            twice += x[index] * y[next] - x[next] * y[index]
            perimeter += distance(index, next)
        }
        let half = twice < 0 ? -0.5 : 0.5
        for index in 0..<count {
            let next = index &+ 1 == count ? 0 : index &+ 1
            let before = index == 0 ? count &- 1 : index &- 1
            add(index, (y[next] - y[before]) * half, (x[before] - x[next]) * half)
        }
        return (KernelMath.absolute(twice) / 2, perimeter)
    }
}
