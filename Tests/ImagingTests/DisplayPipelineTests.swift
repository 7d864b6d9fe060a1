@testable import Imaging
import Testing

@Suite struct `PS3.3 C.11.2.1.2 window` {
    /// Window, input, LINEAR, LINEAR_EXACT, SIGMOID; before rounding.
    private static let values: [(c: Double, w: Double, x: Double, linear: Double, exact: Double, sigmoid: Double)] = [
        (40, 400, -161, 0, 0, 30.130029), (40, 400, -160, 0, 0, 30.396745), (40, 400, -159, 0.639098, 0.637500, 30.665500),
        (40, 400, -60, 63.909774, 63.75, 68.580062), (40, 400, 39, 127.180451, 126.8625, 126.862505),
        (40, 400, 40, 127.819549, 127.5, 127.5), (40, 400, 140, 191.729323, 191.25, 186.419938),
        (40, 400, 239, 255, 254.3625, 224.334500), (40, 400, 240, 255, 255, 224.603255),
        (-600, 1500, -1349, 0.170113, 0.17, 30.468213), (-600, 1500, -600, 127.585057, 127.5, 127.5),
        (-600, 1500, 149, 255, 254.83, 224.531787),
    ]

    @Test func `PACS-4.2.8-d every function gives the numbers of its formula`() {
        for value in Self.values {
            let expected = [value.linear, value.exact, value.sigmoid]
            for (function, level) in zip([DisplayPipeline.WindowFunction.linear, .linearExact, .sigmoid], expected) {
                let window = DisplayPipeline.Window(center: value.c, width: value.w, function: function)
                #expect(abs(DisplayPipeline.apply(window, to: value.x, top: 255) - level) < 1e-6, "\(function) at \(value.x)")
            }
        }
    }

    @Test func `a width of 1 makes two levels`() {
        let window = DisplayPipeline.Window(center: 10, width: 1)
        let pipeline = DisplayPipeline(window: window)
        #expect((0...20).map { pipeline.grey($0, fallback: window) } == [UInt8](repeating: 0, count: 10) + [UInt8](repeating: 255, count: 11))
    }

    @Test func `CT-4.3.2.1-1 every window that fits the values reaches black and white and never falls`() {
        var generator = SystemRandomNumberGenerator()
        for function in [DisplayPipeline.WindowFunction.linear, .linearExact] {
            for _ in 0..<50 {
                let window = DisplayPipeline.Window(
                    center: Double(Int.random(in: -500...500, using: &generator)),
                    width: Double(Int.random(in: 1...1000, using: &generator)), function: function)
                let pipeline = DisplayPipeline(window: window)
                let levels = (-1200...1200).map { pipeline.grey($0, fallback: window) }
                #expect(levels.first == 0 && levels.last == 255)
                #expect(zip(levels, levels.dropFirst()).allSatisfy { $0 <= $1 })
            }
        }
    }
}

@Suite struct `PS3.3 C.11.6 presentation` {
    @Test func `INVERSE mirrors and a table maps its whole range`() {
        let window = DisplayPipeline.Window(center: 128, width: 256)
        let inverted = DisplayPipeline(window: window, isInverted: true)
        #expect([0, 100, 255].map { inverted.grey($0, fallback: window) } == [255, 155, 0])
        let table = DisplayPipeline.Table(firstMapped: 0, bits: 12, entries: (0..<4096).map { UInt16(4095 - $0) })
        let mapped = DisplayPipeline(window: window, presentationTable: table)
        #expect([0, 100, 255].map { mapped.grey($0, fallback: window) } == [255, 155, 0])
    }
}

@Suite struct `PS3.14 greyscale display function` {
    private static let values: [(index: Double, luminance: Double)] = [
        (1, 0.05), (2, 0.0547), (10, 0.0991), (20, 0.1750), (50, 0.5574), (100, 1.8508), (200, 8.2179), (255, 15.0831),
        (300, 23.3989), (400, 55.3640), (500, 119.1318), (512, 130.0653), (600, 243.0099), (700, 480.4999), (800, 933.1874),
        (900, 1795.0813), (1000, 3439.1590), (1023, 3993.3296),
    ]

    @Test func `luminances are those of the formula`() {
        for value in Self.values {
            #expect(abs(GreyscaleDisplayFunction.luminance(value.index) - value.luminance) < 0.5001e-4, "index \(value.index)")
        }
    }

    @Test func `the inverse leads back to the index`() {
        for index in stride(from: 1.0, through: 1023, by: 0.7) {
            #expect(abs(GreyscaleDisplayFunction.index(GreyscaleDisplayFunction.luminance(index)) - index) < 1e-6)
        }
    }

    @Test func `driving levels of a display that has the function are P-values`() {
        let (first, last) = (GreyscaleDisplayFunction.index(0.5), GreyscaleDisplayFunction.index(500))
        let measured = (0..<256).map { GreyscaleDisplayFunction.luminance(first + (last - first) * Double($0) / 255) }
        var levels = [UInt8](repeating: 0, count: 65536)
        #expect(measured.withUnsafeBufferPointer { GreyscaleDisplayFunction.fillDrivingLevels(&levels, measured: $0) })
        for level in 0..<256 { #expect(levels[level * 257] == level) }
        #expect(zip(levels, levels.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test func `luminances that fall or are none are refused`() {
        var levels = [UInt8](repeating: 0, count: 65536)
        for measured in [[], [1.0], [1, 1], [2, 1], [0, 5], [.nan, 5], [1, .infinity]] {
            #expect(!measured.withUnsafeBufferPointer { GreyscaleDisplayFunction.fillDrivingLevels(&levels, measured: $0) })
        }
    }
}
