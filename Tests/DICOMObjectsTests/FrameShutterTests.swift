import DICOMCore
import DICOMObjects
import Testing

@Suite struct `PS3.3 C.7.6.11 shutters of rendered frames` {
    /// A white frame of 5 rows and 7 columns, `#` where it is seen.
    private func seen(_ change: (inout DataSet) -> Void, state: PresentationState? = nil) throws -> [String] {
        var header = DataSet()
        for (tag, value) in [(DICOMCore.Tag.rows, 5), (.columns, 7), (.bitsAllocated, 8), (.bitsStored, 8), (.pixelRepresentation, 0)] {
            header.set(tag, .us, ints: [value])
        }
        header.set(.photometricInterpretation, .cs, "MONOCHROME2")
        header.set(.sopInstanceUID, .ui, "1.2")
        change(&header)
        let module = try ImagePixelModule(header)
        let bytes = [UInt8](repeating: 255, count: 35)
        let frame = NativeFrame(bytes: bytes[...], photometricInterpretation: "MONOCHROME2", module: module)
        let picture = try FrameRenderer(header: header, state: state).render(frame)
        return (0..<picture.rows).map { row in
            String(picture.bytes[row * picture.columns..<(row + 1) * picture.columns].map { $0 == 255 ? "#" : Character(".") })
        }
    }

    private func set(_ header: inout DataSet, _ shapes: [String], _ values: [(DICOMCore.Tag, [Int])]) {
        header.set(.shutterShape, .cs, shapes)
        for (tag, ints) in values { header.set(tag, .is, ints: ints) }
    }

    @Test func `edges of a rectangle belong to the opening`() throws {
        #expect(
            try seen {
                set(
                    &$0, ["RECTANGULAR"],
                    [
                        (.shutterLeftVerticalEdge, [2]), (.shutterRightVerticalEdge, [4]), (.shutterUpperHorizontalEdge, [2]),
                        (.shutterLowerHorizontalEdge, [3]),
                    ])
            } == [".......", ".###...", ".###...", ".......", "......."])
    }

    @Test func `a circle and a polygon leave what both leave, their outline included`() throws {
        #expect(
            try seen { set(&$0, ["CIRCULAR"], [(.centerOfCircularShutter, [3, 4]), (.radiusOfCircularShutter, [2])]) }
                == ["...#...", "..###..", ".#####.", "..###..", "...#..."])
        #expect(
            try seen { set(&$0, ["POLYGONAL"], [(.verticesOfThePolygonalShutter, [1, 2, 1, 4, 5, 6, 5, 2])]) }
                == [".###...", ".###...", ".####..", ".####..", ".#####."])
    }

    @Test(arguments: [
        ([1, 1], Int(Int32.max)), ([Int(Int32.max), Int(Int32.min)], 3), ([-5, -5], 0), ([0, 0], -7),
    ])
    func `numbers far beyond the image neither trap nor hang`(center: [Int], radius: Int) throws {
        let rows = try seen { set(&$0, ["CIRCULAR"], [(.centerOfCircularShutter, center), (.radiusOfCircularShutter, [radius])]) }
        #expect(rows.joined().contains("#") == (radius == Int(Int32.max)))
        let far = [Int(Int32.min), Int(Int32.min), Int(Int32.min), Int(Int32.max), Int(Int32.max), 3]
        #expect(try seen { set(&$0, ["POLYGONAL"], [(.verticesOfThePolygonalShutter, far)]) }.count == 5)
    }

    @Test func `a state's bitmap shutter hides its bits, and its area and turns are obeyed`() throws {
        var object = DataSet()
        object.set(.sopInstanceUID, .ui, "1.3")
        object.set(.shutterShape, .cs, "BITMAP")
        object.set(.shutterOverlayGroup, .us, ints: [0x6000])
        // Two rows and nine columns from one pixel left of the image's second row: bits 0 to 2, 9 and 10.
        object.set(DICOMCore.Tag(0x6000, 0x0010), .us, ints: [2])
        object.set(DICOMCore.Tag(0x6000, 0x0011), .us, ints: [9])
        object.set(DICOMCore.Tag(0x6000, 0x0050), .ss, ints: [2, 0])
        object[DICOMCore.Tag(0x6000, 0x3000)] = DataElement(DICOMCore.Tag(0x6000, 0x3000), .ow, bytes: [0x07, 0x06, 0, 0][...])
        var state = try PresentationState(object)
        state.references = [
            EvidenceReference(
                studyInstanceUID: "1", seriesInstanceUID: "1.1", instance: InstanceReference(sopClassUID: "", sopInstanceUID: "1.2")),
        ]
        #expect(try seen({ _ in }, state: state) == ["#######", "..#####", ".######", "#######", "#######"])
        state.areas = [
            PresentationState.DisplayedArea(
                images: [], topLeft: ImagePoint(column: -1, row: 0), bottomRight: ImagePoint(column: 2, row: 2), mode: "SCALE TO FIT"),
        ]
        #expect(try seen({ _ in }, state: state) == [".###", "...#", "..##"])
        state.rotation = 90
        #expect(try seen({ _ in }, state: state) == ["...", "..#", "#.#", "###"])
        state.isFlipped = true
        #expect(try seen({ _ in }, state: state) == ["...", "#..", "#.#", "###"])
    }
}
