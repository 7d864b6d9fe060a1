import DICOMCore
import Testing

// `Testing` has a type of this name too.
private typealias Tag = DICOMCore.Tag

@Suite struct `PS3.5 §6.2 value representations` {
    private func kinds(_ tag: Tag, _ vr: VR, _ value: String) -> [ValueCheck.Kind] {
        ValueCheck.kinds(DataElement(tag, vr, bytes: Array(value.utf8)[...]))
    }

    @Test(arguments: [
        (Tag.studyDate, VR.da, "20240229"), (.studyTime, .tm, "235960.123456"), (.studyTime, .tm, "07"), (.patientAge, .as, "012Y"),
        (.acquisitionDateTime, .dt, "20240101120000.000000+0100"), (.acquisitionDateTime, .dt, "2024"),
        (.instanceNumber, .is, "-2147483648"), (.sliceThickness, .ds, "-1.5E+3"), (.sopInstanceUID, .ui, "1.2.3\0"),
        (.modality, .cs, "CT"), (.patientName, .pn, "A^B^C^D^E=F=G"), (.imageType, .cs, "ORIGINAL\\PRIMARY\\AXIAL"),
        (.patientComments, .lt, "two\r\nlines\\not values"),
    ])
    func `conforming values have no findings`(tag: DICOMCore.Tag, vr: VR, value: String) { #expect(kinds(tag, vr, value).isEmpty) }

    @Test(arguments: [
        (Tag.studyDate, VR.da, "20230229", ValueCheck.Kind.badFormat), (.studyDate, .da, "2025-13-45", .badFormat),
        (.studyTime, .tm, "2460", .badFormat), (.studyTime, .tm, "-010000", .badFormat), (.patientAge, .as, "-001Y", .badFormat),
        (.acquisitionDateTime, .dt, "20240101+2500", .badFormat), (.instanceNumber, .is, "2147483648", .badFormat),
        (.sliceThickness, .ds, "1,5", .badFormat), (.sopInstanceUID, .ui, "..\\..\\x", .badFormat),
        (.modality, .cs, "ct", .badCharacter), (.patientName, .pn, "A^B^C^D^E^F", .badFormat),
        (.accessionNumber, .sh, "12345678901234567", .tooLong), (.patientID, .lo, "a\u{1}b", .badCharacter),
        (.modality, .cs, "CT\\MR", .badMultiplicity), (.pixelSpacing, .ds, "1", .badMultiplicity),
    ])
    func `deviations are found`(tag: DICOMCore.Tag, vr: VR, value: String, kind: ValueCheck.Kind) { #expect(kinds(tag, vr, value).contains(kind)) }

    @Test func `binary values of a part of their unit are found`() {
        #expect(ValueCheck.kinds(DataElement(.rows, .us, bytes: [1, 2, 3])) == [.badLength])
    }

    @Test func `findings in items carry their path`() {
        var item = DataSet()
        item.set(.referencedSOPInstanceUID, .ui, "1.02")
        var dataSet = DataSet()
        dataSet.set(.referencedImageSequence, items: [DataSet(), item])
        let findings = ValueCheck.findings(dataSet)
        #expect(findings.map(\.kind) == [.badFormat])
        #expect(findings.first?.path.map(\.item) == [1])
        #expect(findings.first?.path.map(\.sequence) == [.referencedImageSequence])
    }

    @Test func `missing identifiers are found`() {
        var dataSet = DataSet()
        dataSet.set(.sopClassUID, .ui, "1.2.840.10008.5.1.4.1.1.2")
        dataSet.set(.sopInstanceUID, .ui, "not a UID")
        dataSet.setEmpty(.studyInstanceUID, .ui)
        #expect(ValueCheck.identifierFindings(dataSet).map(\.kind) == [.badFormat, .missing, .missing])
    }
}
