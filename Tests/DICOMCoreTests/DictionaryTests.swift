import DICOMCore
import Testing

// `Testing` has a type of this name too.
private typealias Tag = DICOMCore.Tag

@Suite struct `PS3.6 data dictionary` {
    @Test func `an element has its VR, multiplicity, keyword and name`() {
        let entry = DataDictionary.entry(for: .imageOrientationPatient)
        #expect(entry?.vrs == [.ds] && entry?.vm == "6" && entry?.keyword == "ImageOrientationPatient")
        #expect(entry?.name == "Image Orientation (Patient)" && entry?.isRetired == false)
    }

    @Test(arguments: [
        (Tag(0x6002, 0x3000), "OverlayData"), (Tag(0x601E, 0x0010), "OverlayRows"), (Tag(0x5004, 0x0005), "CurveDimensions"),
        (Tag(0x0020, 0x31FF), "SourceImageIDs"), (Tag(0x0028, 0x0430), "RowsForNthOrderCoefficients"),
    ])
    func `repeating groups are found`(tag: DICOMCore.Tag, keyword: String) { #expect(DataDictionary.entry(for: tag)?.keyword == keyword) }

    @Test(arguments: [Tag(0x6003, 0x3000), Tag(0x0009, 0x0010), Tag(0x0008, 0xFFF0), Tag(0xFFFF, 0xFFFF), Tag(0x0008, 0x0000)])
    func `private and unknown elements have no entry`(tag: DICOMCore.Tag) { #expect(DataDictionary.entry(for: tag) == nil) }

    @Test func `several VRs are all given and allowed`() {
        #expect(DataDictionary.entry(for: .pixelData)?.vrs == [.ob, .ow])
        #expect(DataDictionary.allows(.ow, for: .pixelData) && !DataDictionary.allows(.us, for: .pixelData))
        #expect(DataDictionary.allows(.ss, for: .smallestImagePixelValue))
        #expect(DataDictionary.allows(.un, for: .rows) && !DataDictionary.allows(.ss, for: .rows))
    }

    @Test func `keywords and tags name elements`() {
        #expect(DataDictionary.tag(named: "PatientName") == .patientName)
        #expect(DataDictionary.tag(named: "00100010") == .patientName)
        #expect(DataDictionary.tag(named: "(0010,0010)") == .patientName)
        #expect(DataDictionary.tag(named: "patientname") == nil)
        #expect(Tag.overlayData(group: 0x6002) == Tag(0x6002, 0x3000))
    }

    @Test func `every constant agrees with the table`() {
        #expect(Tag.sopInstanceUID == Tag(0x0008, 0x0018) && Tag.rtPlanLabel == Tag(0x300A, 0x0002) && Tag.kvp == Tag(0x0018, 0x0060))
        #expect(DataDictionary.entry(for: .ctdiVol)?.keyword == "CTDIvol")
    }
}

@Suite struct `PS3.6 Annex A registry of UIDs` {
    @Test func `UIDs have name and kind`() {
        let entry = UIDRegistry.entry(for: UID.ctImageStorage)
        #expect(entry?.name == "CT Image Storage" && entry?.kind == "SOP Class" && entry?.isRetired == false)
        #expect(UIDRegistry.name(of: "1.2.3") == "1.2.3")
    }

    @Test func `every registered UID is valid and registered once`() {
        #expect(UIDRegistry.all.count > 450)
        #expect(UIDRegistry.all.allSatisfy { UID.isValid($0.uid) })
        #expect(Set(UIDRegistry.all.map(\.uid)).count == UIDRegistry.all.count)
    }

    @Test func `every transfer syntax known by name is registered`() {
        for syntax in TransferSyntax.all { #expect(UIDRegistry.entry(for: syntax.uid)?.kind == "Transfer Syntax", "\(syntax.name)") }
    }
}
