import BrowserKernel
import Foundation
import Testing

/// The same inputs through the same kernels as in `Web/tests/unit/golden.test.ts`, with one table of hashes: equal bits in the browser
/// and here. `APUS_RECORD_GOLDEN=1` writes the table anew.
@Suite(.serialized) final class `golden hashes` {
    private static let table = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/hashes.json")
    private let samples = UnsafeMutablePointer<Int16>.allocate(capacity: 64 * 48 * 12)
    private let colors = UnsafeMutablePointer<UInt32>.allocate(capacity: 65536)
    private let output = UnsafeMutablePointer<UInt32>.allocate(capacity: 100 * 80)
    private let block = UnsafeMutablePointer<Double>.allocate(capacity: 64)

    init() {
        var state: UInt32 = 1
        for index in 0..<(64 * 48 * 12) {
            state = state &* 1_664_525 &+ 1_013_904_223
            samples[index] = Int16(truncatingIfNeeded: index % 997 * 3 - 1000 + Int(state >> 24))
        }
    }

    deinit {
        samples.deallocate()
        colors.deallocate()
        output.deallocate()
        block.deallocate()
    }

    private func address(_ pointer: UnsafeMutableRawPointer) -> Double { Double(UInt(bitPattern: pointer)) }

    private func call(_ function: (UnsafeMutablePointer<Double>?) -> Int32, _ numbers: [Double]) {
        for index in 0..<64 { block[index] = index < numbers.count ? numbers[index] : 0 }
        #expect(function(block) == 0)
    }

    /// FNV-1a.
    private func hash(_ pointer: UnsafeRawPointer, _ count: Int) -> String {
        var value: UInt32 = 0x811c_9dc5
        for index in 0..<count { value = (value ^ UInt32(pointer.load(fromByteOffset: index, as: UInt8.self))) &* 0x0100_0193 }
        return String(value, radix: 16)
    }

    private func greyTable(_ function: Double) {
        call(
            BrowserKernel.greyTable,
            [
                address(colors), -32768, 65536, 0, 1.5, -24.25, function, 240.5, 1601, 1, 0, 0, Double(0xFF10_2030 as UInt32), 1, -1000,
                -990,
            ])
    }

    private var image: [Double] { [address(samples), 64, 48, 3, 1, -1000, -990] }

    private func hashes() -> [String: String] {
        var result: [String: String] = [:]
        for (index, name) in ["LINEAR", "LINEAR_EXACT", "SIGMOID"].enumerated() {
            greyTable(Double(index))
            result["table \(name)"] = hash(colors, 65536 * 4)
        }
        greyTable(0)
        for (index, name) in ["nearest", "linear", "cubic", "area"].enumerated() {
            result["display \(name)"] = display(image, [0.71, 0.13, -0.17, 0.83, 2.25, -7.5], Double(index))
            result["display upright \(name)"] = display(image.dropLast(3) + [0, 0, 0], [0.71, 0, 0, -0.83, -2.25, 47.5], Double(index))
        }
        for (name, projection, thickness) in [("plane", 0.0, 0.0), ("maximum", 0, 6.5), ("minimum", 1, 6.5), ("mean", 2, 6.5)] {
            result["reformat \(name)"] = reformat(projection, thickness, step: [0, 0.21, 1.3], padding: [1, -1000, -990], oblique)
            // Without tilt and padding, slanting and along the rows of the slices.
            result["reformat even \(name)"] = reformat(projection, thickness, step: [0, 0, 1.3], padding: [0, 0, 0], oblique)
            result["reformat level \(name)"] = reformat(projection, thickness, step: [0, 0, 1.3], padding: [0, 0, 0], level)
        }
        call(BrowserKernel.downscale, image + [3, address(output)])
        result["downscale 3"] = hash(output, 22 * 16 * 2)
        for (index, name) in tools.enumerated() { result["measure \(name)"] = measured(Double(index)) }
        result["volume"] = volume()
        call(BrowserKernel.statistics, image + [1.5, -24.25, 1, 30.25, 22.5, 14, 5, -3, 8.4])
        result["statistics"] = hash(block, 13 * 8)
        return result
    }

    private let tools = ["length", "polyline", "angle", "cobb", "ratio", "rectangle", "ellipse", "polygon", "perimeter"]

    /// Results of a measurement, by the bits of its nine numbers.
    private func measured(_ tool: Double) -> String {
        var points = [12.25, 40.5, 80.125, 31, 71.5, 99.75, 3, 60.5]
        let counts = [2.0, 4, 3, 4, 4, 2, 3, 4, 4]
        return points.withUnsafeMutableBufferPointer { points in
            guard let start = points.baseAddress else { return "" }
            call(BrowserKernel.measure, [tool, address(start), counts[Int(tool)], 0.8, 0.55, 0.01, 0.4, 0.3, 0.1, 2])
            return hash(block, 9 * 8)
        }
    }

    private func volume() -> String {
        var sections = [101.7, 1.1, -3, 140.9, 1.3, -0.75, 88.3, 0.9, 2.25]
        return sections.withUnsafeMutableBufferPointer { sections in
            guard let start = sections.baseAddress else { return "" }
            call(BrowserKernel.sectionVolume, [address(start), 3, 2.25, 1, 2])
            return hash(block, 6 * 8)
        }
    }

    private func display(_ image: [Double], _ affine: [Double], _ interpolation: Double) -> String {
        call(
            BrowserKernel.display,
            image + [address(colors), -32768, 65536, 0, address(output), 100, 80, 0, 80] + affine
                + [interpolation, Double(0xFF00_00FF as UInt32)])
        return hash(output, 100 * 80 * 4)
    }

    private let oblique = [1.5, -2, 0.25, 0.31, 0.07, 0.11, -0.05, 0.37, 0.09]
    private let level = [1.5, 2, 0.25, 0.31, 0, 0, 0, 0.17, 0.12]

    private func reformat(
        _ projection: Double, _ thickness: Double, step: [Double], padding: [Double], _ plane: [Double]
    ) -> String {
        var positions: [Double] = (0..<12).flatMap { slice in step.map { Double(slice) * $0 } }
        positions.withUnsafeMutableBufferPointer { positions in
            guard let start = positions.baseAddress else { return }
            let geometry = [address(start), 0.7, 0.6, 1, 0, 0, 0, 1, 0, 2, 1.3, 0]
            let volume = [address(samples), 64, 48, 12, 3] + padding + geometry
            call(BrowserKernel.reformat, volume + [address(output), 100, 80, 0, 80] + plane + [projection, thickness])
        }
        return hash(output, 100 * 80 * 4)
    }

    @Test func `the kernels give the same bits as in the browser`() throws {
        let found = hashes()
        if ProcessInfo.processInfo.environment["APUS_RECORD_GOLDEN"] == "1" {
            try JSONSerialization.data(withJSONObject: found, options: [.prettyPrinted, .sortedKeys]).write(to: Self.table)
        }
        let golden = try JSONDecoder().decode([String: String].self, from: Data(contentsOf: Self.table))
        #expect(found == golden)
    }
}
