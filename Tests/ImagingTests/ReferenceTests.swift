@testable import Imaging
import Testing

/// The kernels beside pydicom, SimpleITK and numpy.
@Suite struct `kernels beside independent programs` {
    private let tables: ReferenceTables

    init() throws { tables = try .load() }

    // MARK: Grey

    @Test func `PS3.3 C.11.2 modality and window give the greys of pydicom`() throws {
        for each in tables.grey {
            let function: DisplayPipeline.WindowFunction =
                each.function == "SIGMOID" ? .sigmoid : each.function == "LINEAR" ? .linear : .linearExact
            let window = DisplayPipeline.Window(center: each.center, width: each.width, function: function)
            let pipeline = DisplayPipeline(rescaleSlope: each.slope, rescaleIntercept: each.intercept, window: window)
            for (stored, grey) in zip(each.stored, each.grey) {
                #expect(pipeline.grey(stored, fallback: window) == grey, "\(each.function) \(each.center)/\(each.width) of \(stored)")
            }
        }
    }

    @Test func `tables for modality and VOI give the values of pydicom`() {
        let fallback = DisplayPipeline.Window(center: 128, width: 256)
        for each in tables.tables {
            let table = DisplayPipeline.Table(firstMapped: each.first, bits: each.bits, entries: each.entries)
            let (voi, modality) = (DisplayPipeline(voiTable: table), DisplayPipeline(modalityTable: table))
            for (index, stored) in each.stored.enumerated() {
                #expect(voi.grey(stored, fallback: fallback) == each.grey[index], "\(each.bits) bits at \(stored)")
                #expect(modality.modalityValue(stored) == each.modality[index])
            }
        }
    }

    @Test func `PS3.3 C.11.6 a presentation table takes the whole range of the window, INVERSE mirrors it`() {
        let window = DisplayPipeline.Window(center: 2048, width: 4096)
        for each in tables.presentation {
            let table = DisplayPipeline.Table(firstMapped: 0, bits: each.bits, entries: each.entries)
            let (shown, inverse) = (DisplayPipeline(window: window, presentationTable: table), DisplayPipeline(window: window, isInverted: true))
            for (index, stored) in each.stored.enumerated() {
                #expect(shown.grey(stored, fallback: window) == each.grey[index])
                #expect(inverse.grey(stored, fallback: window) == each.inverse[index])
            }
        }
    }

    @Test func `PS3.14 §7.1 luminances are those of the printed formula`() {
        for pair in tables.luminances {
            #expect(abs(GreyscaleDisplayFunction.luminance(pair[0]) - pair[1]) <= 1e-9 * pair[1])
            #expect(abs(GreyscaleDisplayFunction.index(pair[1]) - pair[0]) < 1e-6)
        }
    }

    // MARK: Colour

    @Test func `PS3.6 Annex B the well-known palettes are those of pydicom`() throws {
        let maps: [(String, ColorMap)] = [
            ("HOT_IRON", .hotIron), ("PET", .pet), ("HOT_METAL_BLUE", .hotMetalBlue), ("PET_20_STEP", .pet20Step), ("SPRING", .spring),
            ("SUMMER", .summer), ("FALL", .fall), ("WINTER", .winter),
        ]
        for (name, map) in maps {
            var colors = [UInt32](repeating: 0, count: 256)
            map.fill(&colors)
            let text = colors.map { hex($0) + hex($0 >> 8) + hex($0 >> 16) }.joined()
            #expect(text == tables.colorMaps[name], "\(name)")
        }
    }

    private func hex(_ byte: UInt32) -> String {
        let text = String(byte & 0xFF, radix: 16)
        return text.count == 1 ? "0" + text : text
    }

    @Test func `PS3.3 C.7.9.2 segments expand as in pydicom`() throws {
        for each in tables.segmented {
            let channel = each.data.withUnsafeBufferPointer {
                PaletteChannel(data: $0, count: each.entries.count, firstMapped: 0, bits: 16, isSegmented: true)
            }
            #expect(channel?.entries == each.entries)
        }
    }

    @Test func `PS3.3 C.7.9.2.3 an indirect segment counts its offset in bytes`() {
        let data: [UInt16] = [0, 1, 5, 0, 2, 7, 9, 2, 1, 6, 0]
        let channel = data.withUnsafeBufferPointer { PaletteChannel(data: $0, count: 5, firstMapped: 0, bits: 16, isSegmented: true) }
        #expect(channel?.entries == [5, 7, 9, 7, 9])
        let beyond = (data.dropLast(2) + [0xFFFE, 0xFFFF]).withUnsafeBufferPointer {
            PaletteChannel(data: $0, count: 5, firstMapped: 0, bits: 16, isSegmented: true)
        }
        #expect(beyond == nil)
    }

    // MARK: Masks and regions

    @Test func `PS3.3 C.9.2 an overlay covers the pixels that pydicom gives, also beyond the edges`() throws {
        let overlay = tables.overlay
        var mask = [UInt8](repeating: 0, count: 20 * 16)
        overlay.bytes.withUnsafeBufferPointer { bytes in
            let plane = Masks.Overlay(
                bits: bytes, firstBit: 0, rows: overlay.rows, columns: overlay.columns, origin: (overlay.origin[0], overlay.origin[1]))
            if let plane { Masks.cover(&mask, columns: 20, rows: 16, overlay: plane, value: 1) }
        }
        #expect(text(mask) == overlay.mask)
    }

    private func text(_ mask: [UInt8]) -> String { String(decoding: mask.map { $0 == 0 ? 0x30 : 0x31 }, as: UTF8.self) }

    private func with<Result>(_ each: ReferenceTables.Region, _ use: (Region) -> Result) -> Result {
        let n = each.numbers
        switch each.shape {
        case "rectangle": return use(.rectangle(left: n[0], top: n[1], right: n[2], bottom: n[3]))
        case "ellipse": return use(.ellipse(x: n[0], y: n[1], ax: n[2], ay: n[3], bx: n[4], by: n[5]))
        default: return n.withUnsafeBufferPointer { use(.polygon($0)) }
        }
    }

    @Test func `PS3.3 C.7.6.11 shutters and masks hold exactly the pixels whose centre is inside`() {
        for each in tables.regions.cases {
            var inside = [UInt8](repeating: 0, count: 1200)
            var outside = inside
            with(each) {
                Masks.cover(&inside, columns: 40, rows: 30, region: $0, isInside: true, value: 1)
                Masks.cover(&outside, columns: 40, rows: 30, region: $0, isInside: false, value: 1)
            }
            #expect(text(inside) == each.mask, "\(each.shape) \(each.numbers)")
            #expect(zip(inside, outside).allSatisfy { $0 != $1 })
        }
    }

    private func withImage<Result>(_ use: (ImageSamples) -> Result) throws -> Result {
        let padding = tables.regions.padding
        return try tables.regions.image.withUnsafeBytes { bytes in
            let base = try #require(bytes.baseAddress)
            let image = try #require(ImageSamples(base: base, columns: 40, rows: 30, kind: .int16, padding: padding...padding))
            return use(image)
        }
    }

    @Test func `statistics of regions are those of numpy, padding left out`() throws {
        for each in tables.regions.cases {
            let found = try withImage { image in
                with(each) { RegionStatistics(image, region: $0, slope: each.slope, intercept: each.intercept) }
            }
            let statistics = try #require(found)
            #expect(statistics.count == each.count && statistics.padding == each.padding)
            #expect(abs(statistics.mean - each.mean) < 1e-9 * 1000 && abs(statistics.deviation - each.deviation) < 1e-9 * 1000)
            #expect(abs(statistics.sum - each.sum) < 1e-6)
            #expect(statistics.minimum == each.minimum && statistics.maximum == each.maximum)
            #expect([statistics.minimumAt.column, statistics.minimumAt.row] == each.minimumAt)
            #expect([statistics.maximumAt.column, statistics.maximumAt.row] == each.maximumAt)
        }
    }

    @Test func `histograms are those of numpy`() throws {
        for each in tables.regions.cases {
            var bins = [UInt32](repeating: 7, count: 16)
            let isDone = try withImage { image in
                with(each) { region in
                    bins.withUnsafeMutableBufferPointer { image.histogram(of: region, from: -1000, to: 1000, into: $0) }
                }
            }
            #expect(isDone && bins == each.bins)
        }
    }

    @Test func `the automatic window lies at the percentiles of numpy`() throws {
        let valueRange = try withImage { $0.valueRange() }
        let range = try #require(valueRange)
        #expect([range.lowerBound, range.upperBound] == tables.regions.range)
        let automatic = try withImage { $0.automaticWindow(slope: 1, intercept: 0) }
        let window = try #require(automatic)
        let (low, high) = (window.center - 0.5 - (window.width - 1) / 2, window.center - 0.5 + (window.width - 1) / 2)
        // Between neighbouring pixels in the order of values, which lie a few apart at the ends.
        #expect(abs(low - tables.regions.percentiles[0]) < 8 && abs(high - tables.regions.percentiles[1]) < 8)
    }

    // MARK: Interpolation

    @Test func `interpolated pictures are those of SimpleITK`() throws {
        let (reference, greys) = (tables.display, (0..<256).map { 0xFF00_0000 | UInt32($0) })
        let kinds: [String: Interpolation] = ["nearest": .nearest, "linear": .linear, "cubic": .cubic]
        for each in reference.cases {
            let m = each.affine
            let output = UnsafeMutablePointer<UInt32>.allocate(capacity: reference.width * reference.height)
            defer { output.deallocate() }
            let raster = try #require(DeviceRaster(a: m[0], b: m[1], c: m[2], d: m[3], e: m[4], f: m[5]))
            let kind = try #require(kinds[each.interpolation])
            try reference.image.withUnsafeBytes { pixels in
                let base = try #require(pixels.baseAddress)
                let image = try #require(
                    ImageSamples(base: base, columns: reference.columns, rows: reference.rows, kind: .uint8))
                try greys.withUnsafeBufferPointer { greys in
                    let colors = try #require(greys.baseAddress)
                    let table = try #require(DisplayTable(colors: colors, offset: 0, count: 256, shift: 0))
                    let rows = try #require(
                        DeviceRows(
                            colors: output, width: reference.width, height: reference.height, firstRow: 0, rowCount: reference.height))
                    let drawing = ImageDrawing(image: image, table: table, raster: raster, interpolation: kind, background: 0)
                    #expect(drawing.draw(rows))
                }
            }
            var compared = 0
            for (index, wanted) in each.values.enumerated() where wanted >= 0 {
                let found = output[index]
                // 14 bits of weight, then rounding.
                #expect(abs(Double(found & 0xFF) - wanted) <= (kind == .nearest ? 0 : 0.53), "\(each.interpolation) \(m)")
                compared += 1
            }
            #expect(compared > 100)
        }
    }

    @Test func `planes and slabs are those of SimpleITK`() throws {
        let reference = tables.reformat
        let positions: [Double] = (0..<reference.slices).flatMap { [0, 0, Double($0) * reference.spacing[2]] }
        let stack = try #require(
            positions.withUnsafeBufferPointer {
                SliceStack(
                    positions: $0, orientation: [1, 0, 0, 0, 1, 0], rowSpacing: reference.spacing[1], columnSpacing: reference.spacing[0],
                    nominalStep: reference.spacing[2], maximumGap: 2)
            })
        let projections: [String: Projection] = ["plane": .maximum, "maximum": .maximum, "minimum": .minimum, "mean": .mean]
        for each in reference.cases {
            func vector(_ numbers: [Double]) -> SliceStack.Vector { (numbers[0], numbers[1], numbers[2]) }
            let plane = ReformatPlane(origin: vector(each.origin), right: vector(each.right), down: vector(each.down))
            var values = [Int32](repeating: 0, count: reference.width * reference.height)
            try reference.volume.withUnsafeBytes { bytes in
                let base = try #require(bytes.baseAddress)
                let slices = try #require(
                    ImageSamples(base: base, columns: reference.columns, rows: reference.rows, kind: .int16))
                let projection = try #require(projections[each.projection])
                let job = Reformatting(
                    slices: slices, stack: stack, plane: plane, projection: projection, thickness: each.thickness)
                #expect(job.run(into: &values, width: reference.width, rows: 0..<reference.height))
            }
            var compared = 0
            for (found, wanted) in zip(values, each.values) where wanted > -9999 {
                #expect(abs(Double(found) - wanted) <= 0.51, "\(each.name)")
                compared += 1
            }
            #expect(compared > 60, "\(each.name)")
        }
    }
}
