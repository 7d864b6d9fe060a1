import Archive
import DICOMCore

/// Studies made up from a seed: two series each, headers of the size scanners send.
struct SyntheticArchive {
    let instancesPerStudy: Int

    private static let surnames = [
        ("王", "WANG"), ("李", "LI"), ("张", "ZHANG"), ("刘", "LIU"), ("陈", "CHEN"), ("杨", "YANG"), ("黄", "HUANG"),
        ("赵", "ZHAO"), ("吴", "WU"), ("周", "ZHOU"), ("徐", "XU"), ("孙", "SUN"), ("欧阳", "OUYANG"), ("𠮷", "JI"),
    ]
    private static let given = [
        ("三", "SAN"), ("伟", "WEI"), ("芳", "FANG"), ("娜", "NA"), ("敏", "MIN"), ("静", "JING"), ("丽", "LI"), ("强", "QIANG"),
        ("磊", "LEI"), ("军", "JUN"), ("洋", "YANG"), ("勇", "YONG"), ("艳", "YAN"), ("杰", "JIE"), ("娟", "JUAN"),
        ("涛", "TAO"), ("明", "MING"), ("超", "CHAO"), ("秀", "XIU"), ("霞", "XIA"), ("平", "PING"), ("刚", "GANG"),
        ("桂", "GUI"), ("英", "YING"), ("华", "HUA"), ("玉", "YU"), ("萍", "PING"), ("红", "HONG"), ("建", "JIAN"),
    ]
    private static let western = ["SMITH", "GOLDSMITH", "MÜLLER", "JONES", "GARCIA", "O'BRIEN", "VAN DER BERG", "NAKAMURA"]
    private static let westernGiven = ["JOHN", "MARY", "JÉRÔME", "ANNA", "PETER", "LUCIA", "HIRO", "EVE"]
    private static let modalities = ["CT", "CT", "CT", "MR", "MR", "DX", "DX", "US", "PT", "MG"]

    private var state: UInt64

    init(seed: UInt64, instancesPerStudy: Int = 10) {
        state = seed
        self.instancesPerStudy = instancesPerStudy
    }

    private mutating func random(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }

    private mutating func name(_ patient: Int) -> String {
        var own = SyntheticArchive(seed: UInt64(patient) &* 7919 &+ 1)
        for _ in 0..<3 { _ = own.random(2) }
        let kind = own.random(10)
        if kind < 2 {
            return Self.western[own.random(Self.western.count)] + "^" + Self.westernGiven[own.random(Self.westernGiven.count)]
        }
        let family = Self.surnames[own.random(Self.surnames.count)]
        let first = Self.given[own.random(Self.given.count)]
        let second = own.random(3) == 0 ? ("", "") : Self.given[own.random(Self.given.count)]
        if kind < 6 { return family.0 + second.0 + first.0 }
        return "\(family.1)^\(second.1)\(first.1)=\(family.0)^\(second.0)\(first.0)"
    }

    static func studyUID(_ number: Int) -> String { "1.2.826.0.1.3680043.8.498.\(100_000_000 + number).1" }
    static func patientID(_ number: Int) -> String { "P\(1_000_000 + number)" }
    static func accession(_ number: Int) -> String { "A\(2_000_000 + number)" }

    mutating func study(_ number: Int, patients: Int) -> [InstanceEntry] {
        let patient = random(patients)
        let day = random(3650)
        let date = String(20_150_101 + day / 365 * 10_000 + day % 365 / 31 * 100 + day % 28)
        let modality = Self.modalities[random(Self.modalities.count)]
        var header = DataSet()
        header.set(.specificCharacterSet, .cs, "ISO_IR 192")
        header.set(.patientName, .pn, name(patient))
        header.set(.patientID, .lo, Self.patientID(patient))
        header.set(.patientBirthDate, .da, String(19_400_101 + patient % 70 * 10_000))
        header.set(.patientSex, .cs, patient % 2 == 0 ? "F" : "M")
        header.set(.studyDate, .da, date)
        header.set(.studyTime, .tm, "10\(10 + number % 50)\(10 + number % 49)")
        header.set(.accessionNumber, .sh, Self.accession(number))
        header.set(.studyID, .sh, "\(number)")
        header.set(.studyDescription, .lo, "\(modality) 胸部平扫 Thorax")
        header.set(.referringPhysicianName, .pn, "DR^\(number % 200)=医生^\(number % 200)")
        header.set(.modality, .cs, modality)
        return (0..<instancesPerStudy).map { instance(number, $0, header) }
    }

    private func instance(_ study: Int, _ number: Int, _ common: DataSet) -> InstanceEntry {
        let studyUID = Self.studyUID(study)
        let seriesUID = studyUID + ".\(number * 2 / instancesPerStudy + 1)"
        let sop = seriesUID + ".\(number + 1).20240101"
        var header = common
        header.set(.imageType, .cs, ["ORIGINAL", "PRIMARY", number * 2 < instancesPerStudy ? "AXIAL" : "LOCALIZER"])
        header.set(.sopClassUID, .ui, "1.2.840.10008.5.1.4.1.1.2")
        header.set(.sopInstanceUID, .ui, sop)
        header.set(.studyInstanceUID, .ui, studyUID)
        header.set(.seriesInstanceUID, .ui, seriesUID)
        header.set(.seriesNumber, .is, "\(number * 2 / instancesPerStudy + 1)")
        header.set(.instanceNumber, .is, "\(number + 1)")
        header.set(.seriesDescription, .lo, "Thorax 1.0 B30f")
        header.set(.bodyPartExamined, .cs, "CHEST")
        header.set(.manufacturer, .lo, "ACME Medical")
        header.set(.manufacturerModelName, .lo, "Scanner 64")
        header.set(.institutionName, .lo, "第一人民医院")
        header.set(.stationName, .sh, "CT01")
        header.set(.protocolName, .lo, "Thorax Routine")
        for tag in [Tag.contentDate, .acquisitionDate, .seriesDate, .instanceCreationDate] { header.set(tag, .da, "20240101") }
        for tag in [Tag.contentTime, .acquisitionTime, .seriesTime, .instanceCreationTime] {
            header.set(tag, .tm, "1010\(10 + number % 50).123000")
        }
        for tag in [Tag.rows, .columns] { header.set(tag, .us, ints: [512]) }
        header.set(.samplesPerPixel, .us, ints: [1])
        header.set(.bitsAllocated, .us, ints: [16])
        header.set(.bitsStored, .us, ints: [12])
        header.set(.highBit, .us, ints: [11])
        header.set(.pixelRepresentation, .us, ints: [0])
        header.set(.photometricInterpretation, .cs, "MONOCHROME2")
        header.set(.acquisitionNumber, .is, "1")
        header.set(.frameOfReferenceUID, .ui, studyUID + ".9")
        for tag in [Tag.pixelSpacing, .imagePositionPatient, .imageOrientationPatient] {
            header.set(tag, .ds, ["0.7", "0.7", "1", "0", "0", "1"])
        }
        for tag in [Tag.sliceThickness, .kvp, .windowCenter, .windowWidth, .rescaleSlope, .rescaleIntercept, .gantryDetectorTilt] {
            header.set(tag, .ds, "1.5")
        }
        return entry(header, study * instancesPerStudy + number, studyUID, seriesUID, sop)
    }

    private func entry(
        _ header: DataSet, _ serial: Int, _ study: String, _ series: String, _ instance: String
    ) -> InstanceEntry {
        var digest = [UInt8](repeating: 0x5A, count: 32)
        for byte in 0..<8 { digest[byte] = UInt8(truncatingIfNeeded: serial >> (8 * byte)) }
        let offset = Int64(serial % 1000) * 530_432
        let location = ObjectLocation(
            volumeID: 1, containerID: Int64(serial / 1000), offset: offset, recordBytes: 530_432,
            payloadOffset: offset + 128, payloadBytes: 530_000)
        let note = RecordNote(
            sopInstanceUID: instance, dataSetDigest: digest, receivedAtMilliseconds: 1_700_000_000_000 + Int64(serial),
            source: "AE:CT01")
        return InstanceEntry(
            header: header, sopClassUID: "1.2.840.10008.5.1.4.1.1.2", sopInstanceUID: instance, studyInstanceUID: study,
            seriesInstanceUID: series, transferSyntaxUID: "1.2.840.10008.1.2.1",
            storedTransferSyntaxUID: "1.2.840.10008.1.2.1", location: location,
            frames: .native(offset: 2000, frameBytes: 524_288, numberOfFrames: 1, totalBytes: 524_288), note: note,
            dataSetBytes: 529_000)
    }
}
