import Foundation
@testable import Imaging
import Testing

// Foundation has a type of this name too.
private typealias Measurement = Imaging.Measurement

/// Values with 50 digits and numerical derivatives; see `Reference/make-measurements.py`.
private struct ReferenceMeasurement: Decodable {
    let tool: String
    let points, spacing, edge: [Double]
    let relative, value, anchoring, ofSpacing: Double

    static func load() throws -> [Self] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference/measurements.json")
        return try JSONDecoder().decode([Self].self, from: Data(contentsOf: file))
    }

    var kind: Measurement.Tool? {
        let tools: [String: Measurement.Tool] = [
            "length": .length, "polyline": .polyline, "angle": .angle, "cobb": .cobb, "ratio": .ratio, "rectangle": .rectangle,
            "ellipse": .ellipse, "polygon": .polygon, "perimeter": .perimeter,
        ]
        return tools[tool]
    }
}

@Suite struct `PACS-A-3 CT-4.3.2.6.4 functions, sensitivity and precision of every tool` {
    private let cases: [ReferenceMeasurement]

    init() throws { cases = try ReferenceMeasurement.load() }

    private func measured(_ each: ReferenceMeasurement) throws -> Measurement {
        let tool = try #require(each.kind)
        let context = Measurement.Context(
            rowSpacing: each.spacing[0], columnSpacing: each.spacing[1], spacingUncertainty: each.relative,
            anchorColumns: each.edge[0], anchorRows: each.edge[1], displayStep: 0, coverage: 2)
        return try #require(each.points.withUnsafeBufferPointer { Measurement(tool, points: $0, context: context) })
    }

    @Test func `CT-4.3.2.6.4-b values in 64 bits agree with 50 digits to 10⁻¹² of the value`() throws {
        #expect(Set(cases.map(\.tool)).count == Measurement.Tool.allCases.count && cases.count >= 90)
        var worst = 0.0
        for each in cases { worst = max(worst, abs(try measured(each).value / each.value - 1)) }
        #expect(worst < 1e-12, "\(worst)")
    }

    @Test func `CT-4.3.2.6.4-c the sensitivity coefficients are the numerical derivatives`() throws {
        for each in cases {
            let found = try measured(each)
            #expect(abs(found.anchoring / each.anchoring - 1) < 1e-9, "\(each.tool)")
            #expect(abs(found.spacing - each.ofSpacing) < 1e-9 * max(1, each.value), "\(each.tool)")
        }
    }
}

@Suite struct `PACS-4.2.9 volume of contours` {
    private func volume(_ sections: [(area: Double, uncertainty: Double, place: Double)], slice: Double = 2, step: Double = 0)
        -> SectionVolume?
    {
        var numbers: [Double] = []
        for each in sections { numbers += [each.area, each.uncertainty, each.place] }
        return numbers.withUnsafeBufferPointer {
            SectionVolume(sections: $0, sliceSpacing: slice, displayStep: step, coverage: 2)
        }
    }

    @Test func `PACS-A-3 each area counts for half the way to its neighbours, the ends for half a slice`() throws {
        let found = try #require(volume([(100, 3, 0), (200, 4, 2), (50, 5, 6)], step: 10))
        // 100 · (1 + 1) + 200 · (1 + 2) + 50 · (2 + 1)
        #expect(found.value == 950)
        let areas: Double = 405.0.squareRoot()
        let ends: Double = (50_000.0 / 12).squareRoot()
        let rounding: Double = 10 / 12.0.squareRoot()
        #expect(abs(found.areas - areas) < 1e-12 && abs(found.ends - ends) < 1e-12)
        #expect(abs(found.rounding - rounding) < 1e-12)
        let parts: Double = areas * areas + ends * ends + rounding * rounding
        #expect(abs(found.combined - parts.squareRoot()) < 1e-9)
        #expect(found.expanded == 2 * found.combined)
    }

    @Test func `a single contour is a slice thick and wrong by half a slice at either end`() throws {
        let found = try #require(volume([(100, 0, -3)]))
        #expect(found.value == 200)
        #expect(abs(found.ends - (80_000.0 / 12).squareRoot()) < 1e-9)
    }

    @Test func `what is no stack of contours is refused`() {
        #expect(volume([]) == nil && volume([(1, 0, 0)], slice: 0) == nil && volume([(1, 0, 0)], slice: .nan) == nil)
        #expect(volume([(1, 0, 0), (1, 0, 0)]) == nil && volume([(1, 0, 1), (1, 0, 0)]) == nil)
        #expect(volume([(.nan, 0, 0)]) == nil && volume([(1, .infinity, 0)]) == nil && volume([(-1, 0, 0)]) == nil)
        #expect(volume([(1, 0, 1e9)]) == nil && volume([(1, 0, 0)], step: -1) == nil)
    }
}

@Suite struct `GUIDE-1.1.1.1.2-7 uncertainty of a mean` {
    @Test func `means of noise scatter as stated, and one pixel has none`() throws {
        var generator = Counter(state: 77)
        var (sum, squares, stated) = (0.0, 0.0, 0.0)
        let count = 4000
        for _ in 0..<count {
            let pixels = (0..<64).map { _ in Int16((generator.unit() + generator.unit() + generator.unit()) * 200) }
            let found = try #require(statistics(pixels, .rectangle(left: 0, top: 0, right: 8, bottom: 8)))
            sum += found.mean
            squares += found.mean * found.mean
            stated += found.meanUncertainty
        }
        let mean = sum / Double(count)
        let deviation = (squares / Double(count) - mean * mean).squareRoot()
        #expect(abs(deviation / (stated / Double(count)) - 1) < 0.03)
        let single = try #require(statistics([Int16](repeating: 7, count: 64), .rectangle(left: 0, top: 0, right: 1, bottom: 1)))
        #expect(single.count == 1 && single.meanUncertainty == 0)
    }

    private func statistics(_ pixels: [Int16], _ region: Region) -> RegionStatistics? {
        pixels.withUnsafeBytes { bytes in
            bytes.baseAddress.flatMap { ImageSamples(base: $0, columns: 8, rows: 8, kind: .int16) }
                .flatMap { RegionStatistics($0, region: region, slope: 1, intercept: 0) }
        }
    }
}
