@testable import Imaging
import Testing

@Suite struct `PACS-4.2.9 measurement` {
    private func context(
        rows: Double = 1, columns: Double = 1, spacing: Double = 0, anchor: Double = 0, step: Double = 0
    ) -> Measurement.Context {
        .init(
            rowSpacing: rows, columnSpacing: columns, spacingUncertainty: spacing, anchorColumns: anchor, anchorRows: anchor,
            displayStep: step, coverage: 2)
    }

    private func measured(_ tool: Measurement.Tool, _ points: [Double], _ context: Measurement.Context) throws -> Measurement {
        try #require(points.withUnsafeBufferPointer { Measurement(tool, points: $0, context: context) })
    }

    private func isClose(_ a: Double, _ b: Double, _ tolerance: Double = 1e-9) -> Bool { abs(a - b) <= tolerance * max(1, abs(b)) }

    @Test func `values of figures whose size is known, in unequal spacing`() throws {
        let unequal = context(rows: 0.5, columns: 0.25)
        #expect(isClose(try measured(.length, [0, 0, 12, 8], unequal).value, 5))
        #expect(isClose(try measured(.polyline, [0, 0, 12, 8, 12, 16], unequal).value, 9))
        #expect(isClose(try measured(.ratio, [0, 0, 12, 8, 0, 0, 0, 20], unequal).value, 0.5))
        let rectangle = try measured(.rectangle, [10, 10, 2, 4], unequal)
        #expect(isClose(rectangle.value, 6) && isClose(rectangle.perimeter, 10))
        let polygon = try measured(.polygon, [0, 0, 8, 0, 8, 4, 0, 4], unequal)
        #expect(isClose(polygon.value, 4) && isClose(polygon.perimeter, 8))
        // A circle of 3 mm that is an ellipse in pixels.
        let circle = try measured(.ellipse, [20, 20, 32, 20, 20, 26], unequal)
        #expect(isClose(circle.value, 9 * Double.pi) && isClose(circle.perimeter, 6 * Double.pi))
    }

    @Test(arguments: Array(stride(from: 5.0, through: 175, by: 10))) func `angles from 5 to 175 degrees`(_ degrees: Double) throws {
        let (c, s) = (KernelMathReference.cosine(degrees), KernelMathReference.sine(degrees))
        let angle = try measured(.angle, [10, 0, 0, 0, 10 * c, 10 * s], context())
        #expect(isClose(angle.value, degrees))
        let flipped = try measured(.angle, [10 * c, -10 * s, 0, 0, 10, 0], context())
        #expect(isClose(flipped.value, degrees))
    }

    @Test func `a Cobb angle does not depend on the direction in which its lines are drawn, also above 90 degrees`() throws {
        for degrees in [10.0, 45, 80, 100, 130] {
            let half = degrees / 2
            let (c, s) = (10 * KernelMathReference.cosine(half), 10 * KernelMathReference.sine(half))
            for points in [[0, 0, c, s, 0, 30, c, 30 - s], [c, s, 0, 0, 0, 30, c, 30 - s], [c, s, 0, 0, c, 30 - s, 0, 30]] {
                #expect(isClose(try measured(.cobb, points, context()).value, degrees))
            }
        }
    }

    @Test func `a Cobb angle is the same however the picture lies`() throws {
        for turn in stride(from: 0.0, to: 360, by: 15) {
            let (c, s) = (KernelMathReference.cosine(turn), KernelMathReference.sine(turn))
            let drawn = [-60.0, -40, 50, -35, -60, 60, 50, 40]
            let turned = stride(from: 0, to: 8, by: 2).flatMap { index -> [Double] in
                let (x, y) = (drawn[index], drawn[index + 1])
                return [c * x - s * y, s * x + c * y]
            }
            #expect(abs(try measured(.cobb, turned, context()).value - 12.907) < 0.001)
        }
    }

    @Test func `PACS-A-3 uncertainties are those of the formulas`() throws {
        let anchored = context(anchor: 0.5)
        let u = 0.5 / 12.0.squareRoot()
        #expect(isClose(try measured(.length, [0, 0, 30, 40], anchored).anchoring, 2.0.squareRoot() * u))
        let angle = try measured(.angle, [10, 0, 0, 0, 0, 20], anchored).anchoring * .pi / 180
        #expect(isClose(angle, u * (1 / 100 + 1 / 400 + 500 / 40000.0).squareRoot()))
        let cobb = try measured(.cobb, [0, 0, 10, 1, 0, 30, 20, 28], anchored).anchoring * .pi / 180
        #expect(isClose(cobb, u * (2 / 101.0 + 2 / 404.0).squareRoot()))
        let polygon = try measured(.polygon, [0, 0, 8, 0, 8, 4, 0, 4], anchored).anchoring
        #expect(isClose(polygon, u / 2 * (4 * 80.0).squareRoot()))
        // ∂L/∂s along one axis alone.
        #expect(isClose(try measured(.length, [0, 0, 30, 0], context(columns: 0.7, spacing: 0.01)).spacing, 0.21))
        let whole = try measured(.length, [0, 0, 30, 0], context(spacing: 0.01, anchor: 1, step: 0.1))
        #expect(isClose(whole.rounding, 0.1 / 12.0.squareRoot()))
        #expect(isClose(whole.combined, (1 / 6 + 0.09 + 0.01 / 12).squareRoot()))
        #expect(isClose(whole.expanded, 2 * whole.combined))
    }

    /// The scatter of clicks that fall anywhere in the anchor's square must be the stated uncertainty.
    @Test(arguments: [
        (Measurement.Tool.length, [10.0, 10, 70, 50]), (.polyline, [0, 0, 30, 5, 50, 40]), (.angle, [50, 3, 0, 0, 20, 60]),
        (.cobb, [0, 0, 60, 8, 5, 90, 70, 70]), (.ratio, [0, 0, 60, 4, 0, 20, 110, 25]), (.rectangle, [5, 5, 60, 45]),
        (.ellipse, [50, 50, 80, 55, 47, 68]), (.polygon, [0, 0, 50, -5, 70, 40, 30, 60, -10, 30]),
        (.perimeter, [0, 0, 50, -5, 70, 40, 30, 60]),
    ])
    func `PACS-A-2 clicks spread as stated`(_ tool: Measurement.Tool, _ points: [Double]) throws {
        let view = context(rows: 0.8, columns: 0.5, anchor: 0.6)
        let stated = try measured(tool, points, view)
        var generator = Counter(state: 20_260_101)
        var (sum, squares) = (0.0, 0.0)
        let count = 100_000
        for _ in 0..<count {
            let moved = points.map { $0 + (generator.unit() - 0.5) * 0.6 }
            let difference = try measured(tool, moved, view).value - stated.value
            sum += difference
            squares += difference * difference
        }
        let mean = sum / Double(count)
        let deviation = (squares / Double(count) - mean * mean).squareRoot()
        #expect(abs(deviation / stated.anchoring - 1) < 0.03, "\(deviation) \(stated.anchoring)")
    }

    @Test func `wrong numbers of points, spacing and numbers are refused`() {
        func isRefused(_ tool: Measurement.Tool, _ points: [Double], _ context: Measurement.Context) -> Bool {
            points.withUnsafeBufferPointer { Measurement(tool, points: $0, context: context) == nil }
        }
        #expect(isRefused(.length, [0, 0], context()) && isRefused(.angle, [0, 0, 1, 1], context()))
        #expect(isRefused(.length, [0, 0, .nan, 1], context()) && isRefused(.length, [0, 0, 1e9, 1], context()))
        #expect(isRefused(.length, [0, 0, 1, 1], context(rows: 0)) && isRefused(.length, [0, 0, 1, 1], context(columns: .nan)))
        #expect(isRefused(.ratio, [0, 0, 1, 1, 2, 2, 2, 2], context()))
    }
}

/// Uniform numbers, the same in every run.
struct Counter {
    var state: UInt64

    mutating func unit() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 11) / 9_007_199_254_740_992
    }
}

@Suite struct `PS3.3 C.8.9 standardized uptake` {
    @Test func `GUIDE-1.1.1.1.2-7 the factor follows dose, weight and decay`() throws {
        let start = try #require(
            StandardizedUptake.factor(
                weightKilograms: 70, dose: 370e6, halfLifeSeconds: 6586.2, seconds: 3600, isCorrectedToInjection: false))
        #expect(abs(start * 5000 - 1.3816834) < 1e-6)
        let injection = try #require(
            StandardizedUptake.factor(
                weightKilograms: 70, dose: 370e6, halfLifeSeconds: 6586.2, seconds: 3600, isCorrectedToInjection: true))
        #expect(abs(injection * 5000 - 0.9459459) < 1e-6)
    }

    @Test func `without weight, dose or half life there is none`() {
        func factor(_ weight: Double, _ dose: Double, _ life: Double) -> Double? {
            StandardizedUptake.factor(
                weightKilograms: weight, dose: dose, halfLifeSeconds: life, seconds: 60, isCorrectedToInjection: false)
        }
        #expect(factor(0, 1, 1) == nil && factor(70, 0, 1) == nil && factor(70, 1e8, 0) == nil && factor(.nan, 1e8, 6000) == nil)
    }
}
