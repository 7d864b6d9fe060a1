import DICOMCore
import DICOMObjects
import Foundation
import Testing

@Suite struct `PS3.5 hostile objects` {
    /// Steele, Lea and Flood's SplitMix64.
    private struct Random {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }

        mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }
    }

    private static let files = [
        "seg-sr-gsps/dwv-sr/sr-ruler.dcm", "seg-sr-gsps/highdicom/sr_document.dcm", "seg-sr-gsps/weasis-pr/prLUTs.dcm",
        "seg-sr-gsps/weasis-pr/prOverlay.dcm", "seg-sr-gsps/highdicom/seg_image_ct_binary_overlap.dcm",
        "seg-sr-gsps/dcmqi/sparse-labelmap-ppv5.dcm", "rt/rtss.dcm",
    ]

    private static func readAll(_ dataSet: DataSet) {
        _ = try? MeasurementReportReader.marks(in: dataSet)
        if let state = try? PresentationState(dataSet) { _ = state.json.encoded().count + state.marks.count }
        _ = try? KeyObjectSelection(dataSet).json.encoded()
        if let segmentation = try? Segmentation(dataSet) {
            let bytes = dataSet.bytes(Tag(0x7FE0, 0x0010)) ?? []
            let runs = segmentation.runs(frame: bytes.prefix(100_000), bitsAllocated: dataSet.int(.bitsAllocated) ?? 1)
            _ = segmentation.json(runs: [runs]).encoded()
        }
        _ = try? StructureSet(dataSet).json.encoded()
    }

    // Needs the shared test files; without them it is skipped, and says so.
    @Test(.enabled(if: Support.sharedData != nil), arguments: files)
    func `no change of bytes makes reading fail otherwise than with an error`(name: String) throws {
        let original = Array(try Data(contentsOf: URL(fileURLWithPath: (Support.sharedData ?? "") + "/" + name)))
        var random = Random(state: UInt64(name.utf8.count))
        var read = 0
        for _ in 0..<(original.count > 500_000 ? 15 : 150) {
            var bytes = original
            for _ in 0...random.below(12) {
                let place = 132 + random.below(bytes.count - 132)
                bytes[place] = random.below(3) == 0 ? [0x00, 0xFF, 0x7F, 0x80][random.below(4)] : UInt8(truncatingIfNeeded: random.next())
            }
            guard let file = try? Part10File(reading: bytes[...]) else { continue }
            Self.readAll(file.dataSet)
            read += 1
        }
        #expect(read > 0)
    }

    /// Numbers at the ends of what their types hold, in every attribute that is read as a number.
    @Test func `extreme numbers do not trap`() {
        for value in [Int.min, Int(Int32.min), -1, 0, 1, Int(Int32.max), Int.max] {
            var dataSet = DataSet()
            dataSet.set(.sopInstanceUID, .ui, "1.2")
            dataSet.set(.segmentationType, .cs, "BINARY")
            dataSet.set(.shutterShape, .cs, ["RECTANGULAR", "CIRCULAR", "POLYGONAL", "BITMAP"])
            for tag in [
                Tag.imageRotation, .shutterLeftVerticalEdge, .shutterRightVerticalEdge, .shutterUpperHorizontalEdge,
                .shutterLowerHorizontalEdge, .radiusOfCircularShutter, .rows, .columns, .shutterOverlayGroup, .pixelPaddingValue,
            ] { dataSet.set(tag, .sv, ints: [value]) }
            dataSet.set(.centerOfCircularShutter, .sv, ints: [value, value])
            dataSet.set(.verticesOfThePolygonalShutter, .sv, ints: [value, value, value])
            var table = DataSet()
            table.set(.lutDescriptor, .sv, ints: [value, value, value])
            table.set(.lutData, .ow, ints: [1, 2, 3])
            dataSet.set(.modalityLUTSequence, items: [table])
            var area = DataSet()
            area.set(.displayedAreaTopLeftHandCorner, .sv, ints: [value, value])
            area.set(.displayedAreaBottomRightHandCorner, .sv, ints: [value, value])
            dataSet.set(.displayedAreaSelectionSequence, items: [area])
            for (index, tag) in [Tag(0x6000, 0x0010), Tag(0x6000, 0x0011), Tag(0x6000, 0x0050)].enumerated() {
                dataSet.set(tag, .sv, ints: index < 2 ? [value] : [value, value])
            }
            dataSet.set(Tag(0x6000, 0x3000), .ow, ints: [0xFFFF])
            Self.readAll(dataSet)
            var colour = DataSet()
            colour.set(.segmentNumber, .sv, ints: [value])
            colour.set(.recommendedDisplayCIELabValue, .sv, ints: [value, value, value])
            dataSet.set(.rows, .us, ints: [2])
            dataSet.set(.columns, .us, ints: [2])
            dataSet.set(.segmentSequence, items: [colour])
            Self.readAll(dataSet)
        }
    }
}
