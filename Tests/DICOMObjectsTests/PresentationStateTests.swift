import DICOMCore
import DICOMObjects
import Testing

@Suite struct `PS3.3 A.33 softcopy presentation states` {
    private func state() throws -> PresentationState {
        let source = Support.source()
        let instance = InstanceReference(sopClassUID: source.uid(.sopClassUID) ?? "", sopInstanceUID: source.uid(.sopInstanceUID) ?? "")
        let json = """
            {"label":"lung view","description":"肺窗","windows":[{"center":-600.5,"width":1500,"function":"SIGMOID"}],
             "areas":[{"topLeft":[0,1],"bottomRight":[7,6],"mode":"MAGNIFY","magnification":2}],
             "rotation":90,"flipped":true,"presentation":{"shape":"INVERSE"},
             "shutters":[{"shape":"rectangle","left":0,"right":7,"top":1,"bottom":6},{"shape":"circle","center":[3,4],"radius":3},
                         {"shape":"polygon","points":[[0,0],[7,0],[7,7]]}],"shutterValue":1000,
             "annotations":[{"layer":"findings","texts":[{"text":"结节","anchor":{"point":[2.5,3.25],"units":"PIXEL","visible":true}}],
                             "graphics":[{"type":"ELLIPSE","units":"PIXEL","points":[[1,2],[5,2],[3,1],[3,3]],"filled":true},
                                         {"type":"POLYLINE","units":"DISPLAY","points":[[0.25,0.5],[1,1]]}]}]}
            """
        var state = try PresentationState(viewer: JSONParser.parse(Array(json.utf8)[...]))
        state.references = [EvidenceReference(studyInstanceUID: "", seriesInstanceUID: source.uid(.seriesInstanceUID) ?? "", instance: instance)]
        state.modality = .linear(slope: 1, intercept: -1024, type: "HU")
        return state
    }

    @Test func `PACS-4.2.8-f what the viewer sets is written and read back the same`() throws {
        let state = try state()
        let back = try PresentationState(Support.throughFile(state.dataSet(authoring: Support.authoring(), source: Support.source())))
        #expect(back.windows == state.windows)
        #expect(back.areas.map(\.topLeft) == state.areas.map(\.topLeft))
        #expect(back.areas.map(\.bottomRight) == state.areas.map(\.bottomRight))
        #expect(back.areas.first?.magnification == 2)
        #expect(back.rotation == 90 && back.isFlipped)
        #expect(back.presentationLUT == .inverse)
        #expect(back.modality == state.modality)
        #expect(back.shutters == state.shutters)
        #expect(back.shutterPValue == 1000)
        #expect(back.annotations == state.annotations)
        #expect(back.layers.map(\.name) == ["FINDINGS"])
        #expect(back.contentDescription == "肺窗" && back.label == "LUNG VIEW")
        #expect(back.notUnderstood == [])
        #expect(back.created == "2026-01-02T03:04:05.678+08:00")
    }

    @Test func `pixel positions count from the corner of the first pixel, areas and shutters from 1`() throws {
        let dataSet = try state().dataSet(authoring: Support.authoring(), source: Support.source())
        let annotation = try #require(dataSet.items(.graphicAnnotationSequence).first)
        #expect(annotation.items(.textObjectSequence).first?.doubles(.anchorPoint) == [3, 3.75])
        #expect(annotation.items(.graphicObjectSequence).last?.doubles(.graphicData) == [0.25, 0.5, 1, 1])
        #expect(dataSet.items(.displayedAreaSelectionSequence).first?.ints(.displayedAreaTopLeftHandCorner) == [1, 2])
        #expect(dataSet.int(.shutterLeftVerticalEdge) == 1)
        #expect(dataSet.ints(.centerOfCircularShutter) == [5, 4])
    }

    @Test func `text and arrow come back as they were drawn, bit for bit`() throws {
        let marks = [
            try Support.mark("text", [[2.5009765625, 3]], uid: "2.25.1", text: "一句话\nsecond \\ line"),
            try Support.mark("arrow", [[1, 1], [6, 5.5]], uid: "2.25.2"),
            try Support.mark("arrow", [[1, 1], [6, 5.5]], uid: "2.25.3", text: "here"),
        ]
        var state = try state()
        state.annotations = try PresentationState.annotations(for: marks)
        let back = try PresentationState(Support.throughFile(state.dataSet(authoring: Support.authoring(), source: Support.source())))
        #expect(back.marks.map { $0.with("origin", nil) } == marks)
        #expect(back.marks.allSatisfy { $0.json["origin"]?["kind"]?.string == "GSPS" })
    }

    @Test func `an annotation somebody moved is read from its coordinates`() throws {
        var state = try state()
        state.annotations = try PresentationState.annotations(for: [try Support.mark("text", [[2, 3]], text: "moved")])
        state.annotations[0].texts[0].anchor?.point = ImagePoint(column: 5, row: 5)
        let back = try PresentationState(state.dataSet(authoring: Support.authoring(), source: Support.source()))
        #expect(back.marks.map(\.points) == [[ImagePoint(column: 5, row: 5)]])
        #expect(back.marks.first?.uid != "2.25.77")
    }

    @Test func `a colour state carries an sRGB profile and no grey values`() throws {
        var state = try state()
        state.sopClassUID = UID.colorSoftcopyPresentationStateStorage
        let dataSet = state.dataSet(authoring: Support.authoring(), source: Support.source())
        let profile = Array(try #require(dataSet.bytes(.iccProfile)))
        #expect(profile.count % 2 == 0)
        #expect(Array(profile[36..<40]) == Array("acsp".utf8))
        #expect(profile[0..<4].reduce(0) { $0 << 8 | Int($1) } == profile.count)
        #expect(!dataSet.contains(.softcopyVOILUTSequence) && !dataSet.contains(.presentationLUTShape))
    }

    @Test func `LUT descriptors say 65536 by 0, and 8-bit entries may share words`() throws {
        var item = DataSet()
        item.set(.lutDescriptor, .us, ints: [4, 0, 8])
        item[.lutData] = DataElement(.lutData, .ow, bytes: [1, 2, 3, 4])
        #expect(LookupTable(item)?.entries == [1, 2, 3, 4])
        item.set(.lutDescriptor, .us, ints: [0, 0, 16])
        #expect(LookupTable(item) == nil)
        item[.lutData] = DataElement(.lutData, .ow, bytes: [UInt8](repeating: 7, count: 131_072)[...])
        #expect(LookupTable(item)?.entries.count == 65536)
        let signed = LookupTable(firstMapped: -1024, bits: 12, entries: [0, 4095])
        #expect(LookupTable(signed.item) == signed)
    }

    @Test func `wrong settings are refused by member`() throws {
        for (json, member) in [
            (#"{"rotation":45}"#, "rotation"), (#"{"windows":[{"center":1,"width":0}]}"#, "width"),
            (#"{"areas":[{"topLeft":[0],"bottomRight":[1,1]}]}"#, "topLeft"), (#"{"shutters":[{"shape":"star"}]}"#, "shape"),
            (#"{"annotations":[{"graphics":[{"type":"CIRCLE","points":[[1,1]]}]}]}"#, "graphics"), ("[]", "state"),
        ] {
            let node = try JSONParser.parse(Array(json.utf8)[...])
            #expect { try PresentationState(viewer: node) } throws: { ($0 as? MarkError)?.member == member }
        }
    }

    // Needs the shared test files; without them it is skipped, and says so.
    @Test(.enabled(if: Support.sharedData != nil)) func `states of other makers are read with their tables and overlays`() throws {
        let tables = try PresentationState(Support.read("seg-sr-gsps/weasis-pr/prLUTs.dcm"))
        #expect(tables.windows.contains { if case .table = $0.function { true } else { false } })
        let overlay = try PresentationState(Support.read("seg-sr-gsps/weasis-pr/prOverlay.dcm"))
        #expect(!overlay.overlays.isEmpty)
        #expect(overlay.notUnderstood == [])
    }
}

@Suite struct `run lengths of bitmaps` {
    @Test func `bits are counted from the lowest of the first byte, by turns from 0`() {
        #expect(RunLengths.ofBits([0b0000_0110, 0xFF, 0x01], count: 17) == [1, 2, 5, 9])
        #expect(RunLengths.ofBits([0xFF], count: 3) == [0, 3])
        #expect(RunLengths.ofBits([], count: 100) == [])
        #expect(RunLengths.ofValues([5, 5, 0, 7]) == [5, 2, 0, 1, 7, 1])
    }
}
