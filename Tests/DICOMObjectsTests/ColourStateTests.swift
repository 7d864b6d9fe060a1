import DICOMCore
import DICOMObjects
import Testing

@Suite struct `PS3.3 A.33.2 and A.33.4 states with palettes` {
    private static let ramp = (0..<256).flatMap { [$0, 255 - $0, 7] }

    private func read(_ json: String) throws -> PresentationState { try PresentationState(viewer: JSONParser.parse(Array(json.utf8)[...])) }

    private func made(_ more: String = "") throws -> PresentationState {
        var state = try read(#"{"label":"HOT","colors":\#(Self.ramp)\#(more)}"#)
        state.sopClassUID = UID.pseudoColorSoftcopyPresentationStateStorage
        let source = Support.source()
        let instance = InstanceReference(sopClassUID: source.uid(.sopClassUID) ?? "", sopInstanceUID: source.uid(.sopInstanceUID) ?? "")
        state.references = [EvidenceReference(studyInstanceUID: "", seriesInstanceUID: source.uid(.seriesInstanceUID) ?? "", instance: instance)]
        return state
    }

    private func written(_ state: PresentationState) throws -> DataSet {
        try Support.throughFile(state.dataSet(authoring: Support.authoring(), source: Support.source()))
    }

    @Test func `PACS-4.2.8-f palette and exact view are written and read back the same`() throws {
        let view = #"{"mode":"fit","center":[3.25,4.5],"span":[10.125,7.75],"zoom":1.3,"rotation":33.3,"flipHorizontal":true}"#
        let state = try made(#","view":\#(view)"#)
        let back = try PresentationState(written(state))
        #expect(back.colours == state.colours && back.colours.count == 768)
        #expect(back.exactView == state.exactView && back.exactView?.rotation == 33.3)
        #expect(back.exactView?.isFlippedHorizontally == true && back.exactView?.isFlippedVertically == false)
        #expect(back.notUnderstood == [])
    }

    @Test func `an inverted view turns the palette round, for the class has no other place for it`() throws {
        var state = try made()
        state.presentationLUT = .inverse
        let before = state.colours
        state.foldPresentationIntoPalette()
        #expect(Array(state.colours[0..<3]) == Array(before[765..<768]) && state.presentationLUT == .identity)
        state.presentationLUT = .table(LookupTable(firstMapped: 0, bits: 8, entries: [255, 0]))
        state.foldPresentationIntoPalette()
        #expect(state.colours[0..<3] == before[0..<3] && state.colours[765..<768] == before[765..<768])
        #expect(try !written(state).contains(.presentationLUTShape))
    }

    @Test func `PS3.3 C.10.4 corners of the displayed area are those of the turned and mirrored picture`() throws {
        let corners: [(rotation: Int, flipped: Bool, topLeft: [Int], bottomRight: [Int])] = [
            (0, false, [2, 3], [6, 8]), (90, false, [2, 8], [6, 3]), (180, false, [6, 8], [2, 3]), (270, false, [6, 3], [2, 8]),
            (0, true, [6, 3], [2, 8]), (90, true, [2, 3], [6, 8]), (180, true, [2, 8], [6, 3]), (270, true, [6, 8], [2, 3]),
        ]
        for expected in corners {
            let json = """
                {"rotation":\(expected.rotation),"flipped":\(expected.flipped),"areas":[{"topLeft":[1,2],"bottomRight":[5,7]}]}
                """
            let dataSet = try written(read(json))
            let item = try #require(dataSet.items(.displayedAreaSelectionSequence).first)
            #expect(item.ints(.displayedAreaTopLeftHandCorner) == expected.topLeft)
            #expect(item.ints(.displayedAreaBottomRightHandCorner) == expected.bottomRight)
            let area = try #require(try PresentationState(dataSet).areas.first)
            #expect(area.topLeft == ImagePoint(column: 1, row: 2) && area.bottomRight == ImagePoint(column: 5, row: 7))
        }
    }

    @Test(arguments: [
        #"{"colors":[1,2,3]}"#, #"{"colors":[\#(String(repeating: "1,", count: 767))256]}"#,
        #"{"view":{"mode":"sideways","center":[1,1],"span":[1,1],"zoom":1,"rotation":0}}"#,
        #"{"view":{"mode":"fit","center":[1,1],"span":[0,1],"zoom":1,"rotation":0}}"#,
        #"{"view":{"mode":"fit","center":[1,1],"span":[1],"zoom":1,"rotation":0}}"#,
    ])
    func `colours and views that cannot be are refused`(json: String) throws {
        #expect(throws: MarkError.self) { try read(json) }
    }

    @Test func `private elements of others and broken ones are no view`() throws {
        var dataSet = try written(made())
        for text in ["", "fit", "fit 1 1 1 1 1 nan 0 0", "fit 1 1 -1 1 1 1 0 0", "up 1 1 1 1 1 1 0 0", "fit 1 1 1 1 1 1e99 0 0"] {
            dataSet.set(DICOMCore.Tag(0x0071, 0x0010), .lo, "APUS")
            dataSet.set(DICOMCore.Tag(0x0071, 0x1003), .ut, text)
            #expect(try PresentationState(dataSet).exactView == nil)
        }
        dataSet.set(DICOMCore.Tag(0x0071, 0x1003), .ut, "fit 1 1 1 1 1 1 0 0")
        #expect(try PresentationState(dataSet).exactView != nil)
        dataSet.set(DICOMCore.Tag(0x0071, 0x0010), .lo, "ELSE")
        #expect(try PresentationState(dataSet).exactView == nil)
    }

    @Test func `a blending state that lacks an image set, an opacity or a palette says that it is not understood`() throws {
        var dataSet = try written(made())
        dataSet.set(.sopClassUID, .ui, UID.blendingSoftcopyPresentationStateStorage)
        var under = DataSet(inheritedCharacterSet: .utf8)
        under.set(.blendingPosition, .cs, "UNDERLYING")
        var over = under
        over.set(.blendingPosition, .cs, "SUPERIMPOSED")
        for (items, opacity) in [([under], 0.5), ([over], 0.5), ([under, over], 1.5), ([under, over], -.nan)] {
            dataSet.set(.blendingSequence, items: items)
            dataSet.set(.relativeOpacity, .fl, doubles: [opacity])
            let state = try PresentationState(dataSet)
            #expect(state.blending == nil && state.colours.isEmpty && state.notUnderstood.count == 2)
        }
        dataSet.set(.blendingSequence, items: [over, under])
        dataSet.set(.relativeOpacity, .fl, doubles: [0.25])
        let state = try PresentationState(dataSet)
        #expect(state.blending?.opacity == 0.25 && state.colours.count == 768 && state.notUnderstood == [])
    }
}
