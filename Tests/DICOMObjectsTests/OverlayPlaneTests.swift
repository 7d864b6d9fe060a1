import DICOMCore
import DICOMObjects
import PixelCodecs
import Testing

@Suite struct `PS3.3 C.9.2 overlay planes` {
    private func header(_ more: (inout DataSet) -> Void) -> DataSet {
        var header = DataSet()
        header.set(.rows, .us, ints: [2])
        header.set(.columns, .us, ints: [4])
        header.set(.bitsAllocated, .us, ints: [16])
        header.set(.bitsStored, .us, ints: [12])
        header.set(.highBit, .us, ints: [11])
        header.set(.samplesPerPixel, .us, ints: [1])
        more(&header)
        return header
    }

    private func setSize(_ header: inout DataSet, _ group: UInt16, rows: Int, columns: Int) {
        header.set(Tag(group, 0x0010), .us, ints: [rows])
        header.set(Tag(group, 0x0011), .us, ints: [columns])
        header.set(Tag(group, 0x0040), .cs, "R")
    }

    @Test func `bits of their own begin at any bit of the data, the next frame after the last bit of the one before`() throws {
        let made = header { header in
            setSize(&header, 0x6002, rows: 1, columns: 5)
            header.set(Tag(0x6002, 0x0050), .ss, ints: [-1, 3])
            header.set(Tag(0x6002, 0x0015), .is, ints: [2])
            header.set(Tag(0x6002, 0x0051), .us, ints: [3])
            // 10110 and 00111, lowest bit first.
            header[Tag(0x6002, 0x3000)] = DataElement(Tag(0x6002, 0x3000), .ow, bytes: [0b1000_1101, 0b0000_0011][...])
        }
        let (planes, unreadable) = OverlayPlane.planes(of: made)
        let plane = try #require(planes.first)
        #expect(unreadable.isEmpty && planes.count == 1 && plane.kind == .region && plane.group == 0x6002)
        #expect(plane.origin == ImagePoint(column: 2, row: -2))
        #expect((1...5).map { plane.runs(over: $0, pixels: nil) } == [nil, nil, [0, 1, 1, 2, 1], [2, 3], nil])
    }

    @Test func `without a number of frames a plane lies over all of them`() throws {
        let made = header { header in
            setSize(&header, 0x6000, rows: 1, columns: 2)
            header[Tag(0x6000, 0x3000)] = DataElement(Tag(0x6000, 0x3000), .ow, bytes: [2, 0][...])
        }
        let plane = try #require(OverlayPlane.planes(of: made).planes.first)
        #expect(plane.runs(over: 1, pixels: nil) == [1, 1] && plane.runs(over: 900, pixels: nil) == [1, 1])
    }

    @Test func `bits of the pixel words are those at the bit position`() throws {
        let made = header { header in
            setSize(&header, 0x6000, rows: 2, columns: 4)
            header.set(Tag(0x6000, 0x0100), .us, ints: [16])
            header.set(Tag(0x6000, 0x0102), .us, ints: [14])
        }
        let plane = try #require(OverlayPlane.planes(of: made).planes.first)
        let words: [UInt16] = [0x4FFF, 0x8FFF, 0, 0x4000, 0x0FFF, 0xFFFF, 0x1000, 0x2000]
        let bytes = words.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        let module = try ImagePixelModule(made)
        let frame = NativeFrame(bytes: bytes[...], photometricInterpretation: "MONOCHROME2", module: module)
        #expect(plane.isInPixelWords && plane.runs(over: 1, pixels: frame) == [0, 1, 2, 1, 1, 1, 2])
        #expect(plane.runs(over: 1, pixels: nil) == nil)
        let short = NativeFrame(bytes: bytes[..<6], photometricInterpretation: "MONOCHROME2", module: module)
        #expect(plane.runs(over: 1, pixels: short) == nil)
    }

    @Test func `sizes that no data can fill, bits that hold pixel values and counts beyond use are named and not read`() {
        let made = header { header in
            setSize(&header, 0x6000, rows: 65535, columns: 65535)
            header[Tag(0x6000, 0x3000)] = DataElement(Tag(0x6000, 0x3000), .ow, bytes: [0xFF, 0xFF][...])
            setSize(&header, 0x6002, rows: 2, columns: 4)
            header.set(Tag(0x6002, 0x0102), .us, ints: [3])
            header[Tag(0x6004, 0x3000)] = DataElement(Tag(0x6004, 0x3000), .ow, bytes: [1, 2][...])
            setSize(&header, 0x6006, rows: 1, columns: 8)
            header.set(Tag(0x6006, 0x0015), .is, ints: [Int(Int32.max)])
            header[Tag(0x6006, 0x3000)] = DataElement(Tag(0x6006, 0x3000), .ow, bytes: [0xFF, 0][...])
        }
        let (planes, unreadable) = OverlayPlane.planes(of: made)
        #expect(planes.map(\.group) == [0x6006] && unreadable == [0x6000, 0x6002, 0x6004])
        #expect(planes[0].runs(over: 1, pixels: nil) == [0, 8])
        #expect(planes[0].runs(over: 3, pixels: nil) == nil && planes[0].runs(over: Int(Int32.max), pixels: nil) == nil)
    }
}

@Suite struct `PS3.3 C.11 states from the viewer` {
    private func written(_ json: JSONNode) throws -> PresentationState {
        var state = try PresentationState(viewer: json)
        state.sopInstanceUID = "2.25.5"
        let dataSet = state.dataSet(authoring: Support.authoring(), source: Support.source())
        return try PresentationState(Support.throughFile(dataSet))
    }

    @Test func `tables, the modality transform, overlay layers and the mark a graphic shows come back`() throws {
        let table: JSONNode = ["firstMapped": -5, "bits": 12, "entries": [0, 100, 4095]]
        let back = try written([
            "modality": ["slope": JSONNode(2.5), "intercept": -10, "type": "HU"], "windows": [["table": table]], "presentation": ["table": table],
            "overlays": [["group": 0x6002, "layer": "OVERLAYS"]],
            "annotations": [
                ["layer": "MARKS", "mark": "2.25.9", "graphics": [["type": "POLYLINE", "points": [[0, 0], [JSONNode(3.5), 4]]]]]
            ],
        ])
        let expected = LookupTable(firstMapped: -5, bits: 12, entries: [0, 100, 4095])
        #expect(back.modality == .linear(slope: 2.5, intercept: -10, type: "HU"))
        #expect(back.windows.map(\.function) == [.table(expected)] && back.presentationLUT == .table(expected))
        #expect(back.overlays.map(\.group) == [0x6002] && back.overlays.map(\.layer) == ["OVERLAYS"])
        #expect(Set(back.layers.map(\.name)) == ["OVERLAYS", "MARKS"])
        #expect(back.annotations.map(\.markUID) == ["2.25.9"] && back.marks.isEmpty)
    }

    @Test(arguments: [
        ["modality": ["slope": 0, "intercept": 1]], ["presentation": ["table": ["firstMapped": 0, "bits": 17, "entries": [1]]]],
        ["windows": [["table": ["firstMapped": 0, "bits": 8, "entries": []]]]],
        ["windows": [["table": ["firstMapped": 0, "bits": 8, "entries": [70000]]]]], ["overlays": [["group": 0x6001]]],
        ["annotations": [["mark": "x"]]],
    ] as [JSONNode])
    func `what no state can hold is refused`(json: JSONNode) {
        #expect(throws: MarkError.self) { try PresentationState(viewer: json) }
    }
}
