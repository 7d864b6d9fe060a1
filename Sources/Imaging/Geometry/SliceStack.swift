/// Where the slices of a volume stand: each at its own place, so that tilt, irregular steps and gaps need no resampling.
///
/// A point of space lies between two slices by its distance along their normal; in each of them it is looked up at its own projection.
/// That is exact for sheared stacks (gantry tilt) and for irregular steps.
public struct SliceStack {
    public typealias Vector = (x: Double, y: Double, z: Double)

    /// Between two distances the same slices are mixed, or one stands alone, or there is nothing (-1).
    struct Interval {
        var low: Double
        var high: Double
        var first: Int
        var second: Int
    }

    let row: Vector
    let column: Vector
    let normal: Vector
    let rowSpacing: Double
    let columnSpacing: Double
    /// mm along the normal, ascending.
    let distances: [Double]
    /// Image coordinates of the origin of space in each slice: centres of pixels are whole numbers.
    let offsets: [(column: Double, row: Double)]
    /// The slices stand exactly above each other: no gantry tilt.
    let isUpright: Bool
    let nominalStep: Double
    let maximumGap: Double

    /// - Parameters:
    ///   - positions: Image Position (Patient) of each slice, x, y, z in turn, in ascending or descending order along the normal.
    ///   - orientation: Image Orientation (Patient), six numbers.
    ///   - maximumGap: larger distances of slices are gaps, in which nothing is made up.
    /// - Returns: `nil` for geometry that is none: spacing not positive, directions not at right angles, slices out of order.
    public init?(
        positions: UnsafeBufferPointer<Double>, orientation: [Double], rowSpacing: Double, columnSpacing: Double,
        nominalStep: Double, maximumGap: Double
    ) {
        guard positions.count >= 3, positions.count % 3 == 0, positions.count <= 3 << 16, orientation.count == 6,
            rowSpacing > 1e-6, rowSpacing < 1e4, columnSpacing > 1e-6, columnSpacing < 1e4, nominalStep >= 0, nominalStep < 1e4,
            maximumGap >= 0
        else { return nil }
        row = (orientation[0], orientation[1], orientation[2])
        column = (orientation[3], orientation[4], orientation[5])
        let upwards = Self.cross(row, column)
        guard KernelMath.absolute(Self.dot(row, row) - 1) < 1e-3, KernelMath.absolute(Self.dot(column, column) - 1) < 1e-3,
            KernelMath.absolute(Self.dot(row, column)) < 1e-3
        else { return nil }
        let last = positions.count &- 3
        let rise = Self.dot(upwards, Self.vector(positions, last)) - Self.dot(upwards, Self.vector(positions, 0))
        // Distances ascend with the order of the slices, whichever way that is.
        normal = rise < 0 ? (-upwards.x, -upwards.y, -upwards.z) : upwards
        var distances: [Double] = []
        var offsets: [(column: Double, row: Double)] = []
        var isUpright = true
        for at in stride(from: 0, to: positions.count, by: 3) {
            let position = Self.vector(positions, at)
            let distance = Self.dot(normal, position)
            guard distance > -1e6, distance < 1e6, distances.isEmpty || distance > distances[distances.count &- 1] else { return nil }
            distances.append(distance)
            let offset = (column: -Self.dot(row, position) / columnSpacing, row: -Self.dot(column, position) / rowSpacing)
            let isAbove = offsets.isEmpty || Self.isSame(offset, offsets[0])
            offsets.append(isAbove && !offsets.isEmpty ? offsets[0] : offset)
            isUpright = isUpright && isAbove
        }
        self.distances = distances
        self.offsets = offsets
        self.isUpright = isUpright
        self.rowSpacing = rowSpacing
        self.columnSpacing = columnSpacing
        self.nominalStep = nominalStep
        self.maximumGap = maximumGap
    }

    /// Within what numbers of that size can tell.
    private static func isSame(_ a: (column: Double, row: Double), _ b: (column: Double, row: Double)) -> Bool {
        KernelMath.absolute(a.column - b.column) < 1e-5 && KernelMath.absolute(a.row - b.row) < 1e-5
    }

    /// The intervals in ascending order, without holes.
    /// - Parameter isLoaded: the nearest slice that is loaded stands in for one that is not.
    func intervals(isLoaded: (Int) -> Bool) -> [Interval] {
        let stand = nearestLoaded(isLoaded)
        let half = nominalStep / 2
        let last = distances.count &- 1
        var result = [Interval(low: distances[0] - half, high: distances[0], first: stand[0], second: stand[0])]
        for index in 0..<last {
            let (low, high) = (distances[index], distances[index &+ 1])
            let (first, second) = (stand[index], stand[index &+ 1])
            if high - low > maximumGap, high - low > 2 * half {
                result.append(Interval(low: low, high: low + half, first: first, second: first))
                result.append(Interval(low: low + half, high: high - half, first: -1, second: -1))
                result.append(Interval(low: high - half, high: high, first: second, second: second))
            } else {
                result.append(Interval(low: low, high: high, first: first, second: second))
            }
        }
        result.append(Interval(low: distances[last], high: distances[last] + half, first: stand[last], second: stand[last]))
        return result
    }

    private func nearestLoaded(_ isLoaded: (Int) -> Bool) -> [Int] {
        var stand = [Int](repeating: -1, count: distances.count)
        var seen = -1
        for index in 0..<distances.count {
            if isLoaded(index) { seen = index }
            stand[index] = seen
        }
        seen = -1
        for index in stride(from: distances.count &- 1, through: 0, by: -1) {
            if isLoaded(index) { seen = index }
            guard seen >= 0 else { continue }
            if stand[index] < 0 || distances[seen] - distances[index] < distances[index] - distances[stand[index]] {
                stand[index] = seen
            }
        }
        return stand
    }

    static func dot(_ a: Vector, _ b: Vector) -> Double { a.x * b.x + a.y * b.y + a.z * b.z }

    static func cross(_ a: Vector, _ b: Vector) -> Vector {
        (a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
    }

    private static func vector(_ numbers: UnsafeBufferPointer<Double>, _ at: Int) -> Vector {
        (numbers[at], numbers[at &+ 1], numbers[at &+ 2])
    }
}
