import DICOMCore
import DICOMObjects
import Testing

@Suite struct `PS3.16 TID 2010 key object selection` {
    @Test func `title, description, author and images come back`() throws {
        let source = Support.source()
        let reference = EvidenceReference(
            studyInstanceUID: source.uid(.studyInstanceUID) ?? "", seriesInstanceUID: source.uid(.seriesInstanceUID) ?? "",
            instance: InstanceReference(
                sopClassUID: source.uid(.sopClassUID) ?? "", sopInstanceUID: source.uid(.sopInstanceUID) ?? "", frameNumbers: [2]))
        let title = CodedConcept("113004", "DCM", "For Teaching")
        let document = try Support.throughFile(
            KeyObjectSelection.dataSet(
                title: title, text: "教学 case", references: [reference], authoring: Support.authoring(), source: source))
        let back = try KeyObjectSelection(document)
        #expect(back.title == title && back.text == "教学 case" && back.loginName == "reader" && back.author == "Li Reader")
        #expect(back.references == [reference])
        #expect(document.string(.modality) == "KO" && document.string(.patientID) == source.string(.patientID))
        // The evidence names the object, not its frames (PS3.3 Table 10-11).
        let evidence = document.items(.currentRequestedProcedureEvidenceSequence).first?.items(.referencedSeriesSequence).first
        #expect(evidence?.items(.referencedSOPSequence).first?.contains(.referencedFrameNumber) == false)
    }
}

@Suite struct `PS3.3 A.51 segmentations` {
    // These need the shared test files; without them they are skipped, and say so.
    @Test(.enabled(if: Support.sharedData != nil)) func `binary, fractional and label maps tell their segments and places`() throws {
        let binary = try Segmentation(Support.read("seg-sr-gsps/highdicom/seg_image_ct_binary_overlap.dcm"))
        #expect(binary.kind == .binary && binary.frames.count == 8)
        #expect(Set(binary.frames.compactMap(\.segmentNumber)) == Set(binary.segments.map(\.number)))
        #expect(binary.frames.allSatisfy { $0.position.count == 3 && $0.orientation.count == 6 && $0.pixelSpacing.count == 2 })
        let fractional = try Segmentation(Support.read("seg-sr-gsps/highdicom/seg_image_ct_true_fractional.dcm"))
        #expect(fractional.kind == .fractional && fractional.maximumFractionalValue > 0)
        let labels = try Segmentation(Support.read("seg-sr-gsps/dcmqi/sparse-labelmap-ppv5.dcm"))
        #expect(labels.kind == .labelMap && labels.pixelPaddingValue == 5)
        #expect(labels.frames.allSatisfy { $0.segmentNumber == nil })
    }

    @Test(.enabled(if: Support.sharedData != nil)) func `runs add up to the frame and count its bits`() throws {
        let dataSet = try Support.read("seg-sr-gsps/highdicom/seg_image_ct_binary.dcm")
        let segmentation = try Segmentation(dataSet)
        let pixels = try #require(dataSet.bytes(Tag(0x7FE0, 0x0010)))
        let bytes = segmentation.rows * segmentation.columns / 8
        for frame in 0..<segmentation.frames.count {
            let slice = pixels.dropFirst(frame * bytes).prefix(bytes)
            let runs = segmentation.runs(frame: slice, bitsAllocated: 1)
            #expect(runs.reduce(0, +) == segmentation.rows * segmentation.columns)
            let set = stride(from: 1, to: runs.count, by: 2).reduce(0) { $0 + runs[$1] }
            #expect(set == slice.reduce(0) { $0 + $1.nonzeroBitCount })
        }
    }
}

@Suite struct `PS3.3 A.19 structure sets` {
    // Needs the shared test files; without them it is skipped, and says so.
    @Test(.enabled(if: Support.sharedData != nil)) func `regions have names, colours and contours in millimetres`() throws {
        let set = try StructureSet(Support.read("rt/rtss.dcm"))
        #expect(!set.regions.isEmpty)
        let drawn = set.regions.filter { !$0.contours.isEmpty }
        #expect(drawn.allSatisfy { $0.colour?.count == 3 && !$0.name.isEmpty })
        #expect(drawn.flatMap(\.contours).allSatisfy { $0.coordinates.count % 3 == 0 && !$0.coordinates.isEmpty })
    }
}
