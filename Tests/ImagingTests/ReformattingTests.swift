@testable import Imaging
import Testing

/// A stack of slices of a field that is linear in patient space: sampling it must give the field itself.
struct LinearField {
    var columns = 24
    var rows = 20
    var spacing = (row: 0.8, column: 0.6)
    var positions: [SliceStack.Vector]
    var orientation: [Double] = [1, 0, 0, 0, 1, 0]

    func value(_ x: Double, _ y: Double, _ z: Double) -> Double { 7 * x - 5 * y + 11 * z }

    var samples: [Int16] {
        positions.flatMap { p in
            (0..<rows).flatMap { row in
                (0..<columns).map { column -> Int16 in
                    let (u, v) = (Double(column) * spacing.column, Double(row) * spacing.row)
                    let o = orientation
                    let value = self.value(p.x + o[0] * u + o[3] * v, p.y + o[1] * u + o[4] * v, p.z + o[2] * u + o[5] * v)
                    return Int16(value.rounded())
                }
            }
        }
    }

    func reformatted(
        _ plane: ReformatPlane, width: Int, height: Int, projection: Projection = .maximum, thickness: Double = 0,
        nominalStep: Double = 1, maximumGap: Double = 1.5, padding: ClosedRange<Int64>? = nil, loaded: [UInt8]? = nil
    ) throws -> [Int32] {
        let flat = positions.flatMap { [$0.x, $0.y, $0.z] }
        let stack = try #require(
            flat.withUnsafeBufferPointer {
                SliceStack(
                    positions: $0, orientation: orientation, rowSpacing: spacing.row, columnSpacing: spacing.column,
                    nominalStep: nominalStep, maximumGap: maximumGap)
            })
        var values = [Int32](repeating: 0, count: width * height)
        let isDone = samples.withUnsafeBytes { bytes -> Bool in
            guard let base = bytes.baseAddress,
                let slices = ImageSamples(base: base, columns: columns, rows: rows, kind: .int16, padding: padding)
            else { return false }
            var job = Reformatting(slices: slices, stack: stack, plane: plane, projection: projection, thickness: thickness)
            guard let loaded else { return job.run(into: &values, width: width, rows: 0..<height) }
            return loaded.withUnsafeBufferPointer {
                job.loaded = $0.baseAddress
                return job.run(into: &values, width: width, rows: 0..<height)
            }
        }
        #expect(isDone)
        return values
    }
}

@Suite struct `PS3.3 C.7.6.2 reformatting` {
    private let tilt = 0.3

    @Test(arguments: [0.0, 0.3, -0.5]) func `a linear field comes out as it is in oblique planes, tilted or not`(_ tilt: Double) throws {
        // Irregular steps, and slices that shift as under a tilted gantry.
        let steps = [0, 1, 2, 3.3, 4, 5.1, 6, 7, 8, 9.0]
        let field = LinearField(positions: steps.map { (x: -3, y: 2 + tilt * $0, z: $0) })
        let plane = ReformatPlane(origin: (0, 6, 1), right: (0.21, 0.05, 0.11), down: (-0.04, 0.13, 0.17))
        let values = try field.reformatted(plane, width: 30, height: 20)
        var compared = 0
        for row in 0..<20 {
            for column in 0..<30 {
                let (c, r) = (Double(column), Double(row))
                let (x, y, z) = (0.21 * c - 0.04 * r, 6 + 0.05 * c + 0.13 * r, 1 + 0.11 * c + 0.17 * r)
                let (u, v) = ((x + 3) / 0.6, (y - 2 - tilt * z) / 0.8)
                guard u >= 0, u <= 23, v >= 1, v <= 18, z <= 9 else { continue }
                compared += 1
                // Stored values and the result are rounded.
                #expect(abs(Double(values[row * 30 + column]) - field.value(x, y, z)) <= 1.0001)
            }
        }
        #expect(compared > 300)
    }

    @Test func `a gap has no data from half a step of its slices on`() throws {
        let field = LinearField(positions: [0.0, 1, 2, 6, 7].map { (x: 0, y: 0, z: $0) })
        let plane = ReformatPlane(origin: (3, 3, 0), right: (0.1, 0, 0), down: (0, 0, 0.25))
        let values = try field.reformatted(plane, width: 1, height: 29)
        for row in 0..<29 {
            let z = 0.25 * Double(row)
            #expect((values[row] == Reformatting.noData) == (z >= 2.5 && z < 5.5), "at \(z)")
        }
    }

    @Test func `outside of the volume there is no data`() throws {
        let field = LinearField(positions: [0.0, 1, 2].map { (x: 0, y: 0, z: $0) })
        let plane = ReformatPlane(origin: (-2, 3, 1), right: (0.5, 0, 0), down: (0, 0, 4))
        let values = try field.reformatted(plane, width: 4, height: 2)
        #expect(values[0..<3].allSatisfy { $0 == Reformatting.noData })
        #expect(values[4..<8].allSatisfy { $0 == Reformatting.noData })
    }

    @Test func `a slab takes the highest, the lowest and the mean through it`() throws {
        let field = LinearField(positions: (0..<9).map { (x: 0, y: 0, z: Double($0)) })
        let plane = ReformatPlane(origin: (6, 4, 4), right: (0.6, 0, 0), down: (0, 0.8, 0))
        let middle = field.value(6, 4, 4)
        func first(_ projection: Projection) throws -> Double {
            Double(try field.reformatted(plane, width: 2, height: 2, projection: projection, thickness: 4)[0])
        }
        #expect(try first(.maximum) == middle + 22)
        #expect(try first(.minimum) == middle - 22)
        #expect(try first(.mean) == middle)
    }

    @Test(arguments: Projection.allCases) func `a slab without thickness is the slanting plane, whatever joins its layers`(
        _ projection: Projection
    ) throws {
        let field = LinearField(positions: (0..<9).map { (x: 0, y: 0, z: Double($0)) })
        let plane = ReformatPlane(origin: (1, 2, 1), right: (0.21, 0.05, 0.11), down: (-0.04, 0.13, 0.07))
        let values = try field.reformatted(plane, width: 41, height: 40, projection: projection)
        for row in 0..<40 {
            for column in 0..<41 {
                let (c, r) = (Double(column), Double(row))
                let (x, y, z) = (1 + 0.21 * c - 0.04 * r, 2 + 0.05 * c + 0.13 * r, 1 + 0.11 * c + 0.07 * r)
                guard x >= 0, x <= 13.8, z <= 8 else { continue }
                #expect(abs(Double(values[row * 41 + column]) - field.value(x, y, z)) <= 1.0001)
            }
        }
    }

    @Test func `a row wider than a tile goes on without a seam, and steps of many pixels stay in the volume`() throws {
        let field = LinearField(columns: 300, rows: 40, positions: (0..<30).map { (x: 0, y: 0, z: Double($0)) })
        for (step, width) in [(0.31, 500), (7.0, 25), (90.0, 2)] {
            let plane = ReformatPlane(origin: (0.5, 4, 3), right: (step, step / 16, step / 11), down: (0, 0.5, 0.25))
            let values = try field.reformatted(plane, width: width, height: 3)
            for column in 0..<width {
                let (x, y, z) = (0.5 + step * Double(column), 4 + step / 16 * Double(column), 3 + step / 11 * Double(column))
                guard x < 179, y < 30, z < 29 else { continue }
                #expect(abs(Double(values[column]) - field.value(x, y, z)) <= 1.0001, "\(step) at \(column)")
            }
        }
    }

    @Test func `the nearest slice that is loaded stands in for those that are not`() throws {
        let field = LinearField(positions: (0..<5).map { (x: 0, y: 0, z: Double($0)) })
        let plane = ReformatPlane(origin: (6, 4, 0), right: (0.6, 0, 0), down: (0, 0, 1))
        let values = try field.reformatted(plane, width: 1, height: 5, loaded: [0, 1, 0, 0, 1])
        #expect(values.map(Double.init) == [1, 1, 1, 4, 4].map { field.value(6, 4, $0) })
        let nothing = try field.reformatted(plane, width: 1, height: 5, loaded: [0, 0, 0, 0, 0])
        #expect(nothing.allSatisfy { $0 == Reformatting.noData })
    }

    @Test func `padding neither bleeds into its neighbours nor counts as data`() throws {
        let field = LinearField(positions: [0.0, 1].map { (x: 0, y: 0, z: $0) })
        // The pixel at column 10, row 5 of the first slice is padding.
        let stored = Int64(field.value(6, 4, 0))
        let plane = ReformatPlane(origin: (6, 4, 0), right: (0.3, 0, 0), down: (0, 0.4, 0))
        let values = try field.reformatted(plane, width: 3, height: 1, padding: stored...stored)
        #expect(values[0] == Reformatting.noData)
        #expect(Double(values[1]) == field.value(6.6, 4, 0).rounded() || values[1] == Reformatting.noData)
        #expect(Double(values[2]) == field.value(6.6, 4, 0).rounded())
    }

    @Test func `geometry that is none is refused`() {
        func isStack(_ positions: [Double], _ orientation: [Double]) -> Bool {
            positions.withUnsafeBufferPointer {
                SliceStack(
                    positions: $0, orientation: orientation, rowSpacing: 1, columnSpacing: 1, nominalStep: 1, maximumGap: 2) != nil
            }
        }
        let upright: [Double] = [1, 0, 0, 0, 1, 0]
        #expect(isStack([0, 0, 0, 0, 0, 1], upright))
        #expect(isStack([0, 0, 1, 0, 0, 0], upright))
        #expect(!isStack([], upright) && !isStack([0, 0, 0, 0], upright))
        #expect(!isStack([0, 0, 0, 0, 0, 0], upright), "one place twice")
        #expect(!isStack([0, 0, 0, 0, 0, 2, 0, 0, 1], upright), "out of order")
        #expect(!isStack([0, 0, 0], [1, 0, 0, 1, 0, 0]))
        #expect(!isStack([.nan, 0, 0], upright) && !isStack([0, 0, 0], [.nan, 0, 0, 0, 1, 0]))
    }
}
