import DICOMCore
import Testing

// `Testing` has a type of this name too.
private typealias Tag = DICOMCore.Tag

@Suite struct `PS3.10 §8 DICOMDIR` {
    private func header(patient: String, study: String, series: String, instance: String, sopClass: String = UID.ctImageStorage) -> DataSet {
        var dataSet = DataSet()
        dataSet.set(.specificCharacterSet, .cs, "ISO_IR 192")
        dataSet.set(.sopClassUID, .ui, sopClass)
        dataSet.set(.sopInstanceUID, .ui, instance)
        dataSet.set(.patientName, .pn, "Grün^A")
        dataSet.set(.patientID, .lo, patient)
        dataSet.set(.studyInstanceUID, .ui, study)
        dataSet.set(.seriesInstanceUID, .ui, series)
        dataSet.set(.modality, .cs, "CT")
        dataSet.set(.instanceNumber, .is, ints: [1])
        return dataSet
    }

    private func directory() throws -> [UInt8] {
        var builder = MediaDirectoryBuilder(fileSetID: "apus-1", uids: UIDGenerator { (1, 2) })
        for (index, (patient, study, series)) in [("A", "1.1", "1.1.1"), ("A", "1.1", "1.1.2"), ("A", "1.2", "1.2.1"), ("B", "1.3", "1.3.1"), ("A", "1.1", "1.1.1")].enumerated() {
            try builder.add(
                header(patient: patient, study: study, series: series, instance: "9.\(index + 1)", sopClass: index == 3 ? UID.keyObjectSelectionDocumentStorage : UID.ctImageStorage),
                fileID: MediaDirectoryBuilder.fileID(patient: 0, study: 0, series: 0, instance: index),
                transferSyntaxUID: TransferSyntax.explicitVRLittleEndian.uid)
        }
        return try builder.encoded()
    }

    @Test func `a directory written is read back as patients, studies, series and instances`() throws {
        let directory = try MediaDirectory(reading: directory()[...])
        #expect(directory.fileSetID == "APUS1")
        #expect(directory.findings.isEmpty)
        #expect(directory.records.map { $0.keys.string(.patientID) } == ["A", "B"])
        #expect(directory.records.map { $0.keys.string(.patientName) } == ["Grün^A", "Grün^A"])
        #expect(directory.records.first?.children.map { $0.children.map(\.children.count) } == [[2, 1], [1]])
        #expect(directory.records.last?.children.first?.children.first?.children.map(\.type) == ["KEY OBJECT DOC"])
        #expect(directory.files.count == 5)
        #expect(directory.files.first?.relativePath == "DICOM/PA000000/ST000000/SE000000/IM000000")
        #expect(directory.files.first?.referencedTransferSyntaxUID == "1.2.840.10008.1.2.1")
    }

    @Test func `the file is a conforming Part 10 file`() throws {
        let file = try Part10File(reading: directory()[...], options: .strict, tolerance: .strict)
        #expect(file.meta?.mediaStorageSOPClassUID == UID.mediaStorageDirectoryStorage)
        #expect(file.notes.isEmpty)
    }

    @Test(arguments: [[], ["lower"], ["TOOLONGNAME"], ["A.B"], ["A", ""], Array(repeating: "A", count: 9)])
    func `file IDs beyond eight characters and levels are refused`(fileID: [String]) {
        var builder = MediaDirectoryBuilder()
        #expect(throws: MediaDirectoryBuilder.Failure.badFileID) {
            try builder.add(header(patient: "A", study: "1", series: "2", instance: "3"), fileID: fileID, transferSyntaxUID: "1.2")
        }
    }

    @Test func `an instance without identifiers is refused`() {
        var builder = MediaDirectoryBuilder()
        #expect(throws: MediaDirectoryBuilder.Failure.missingIdentifier(.sopClassUID)) {
            try builder.add(DataSet(), fileID: ["A"], transferSyntaxUID: "1.2")
        }
    }

    /// The first record's Next or Lower-Level offset replaced.
    private func directory(setting tag: Tag, to offset: Int) throws -> MediaDirectory {
        var bytes = try directory()
        let pattern = Wire.tag(tag) + Array("UL".utf8) + [4, 0]
        let index = try #require(bytes.indices.first { bytes[$0...].starts(with: pattern) })
        bytes.replaceSubrange((index + 8)..<(index + 12), with: Wire.uint32(offset))
        return try MediaDirectory(reading: bytes[...])
    }

    private func firstRecordOffset() throws -> Int {
        try #require(Part10File(reading: directory()[...]).dataSet.int(.offsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity))
    }

    @Test func `a loop of records ends`() throws {
        let first = try firstRecordOffset()
        let directory = try directory(setting: .offsetOfTheNextDirectoryRecord, to: first)
        #expect(directory.findings.contains(.linkedTwice(offset: first)))
        #expect(directory.files.count == 5)
        let nested = try self.directory(setting: .offsetOfReferencedLowerLevelDirectoryEntity, to: first)
        #expect(nested.findings.contains(.linkedTwice(offset: first)))
    }

    @Test func `a broken offset loses no files`() throws {
        let directory = try directory(setting: .offsetOfReferencedLowerLevelDirectoryEntity, to: 12345)
        #expect(directory.findings.contains(.brokenOffset(12345)))
        #expect(directory.files.count == 5)
    }

    @Test func `file IDs that lead out of the file-set give no path`() {
        for fileID in [["..", "PASSWD"], ["A/B"], ["C:"], [".", "A"], ["A\0"], []] {
            #expect(DirectoryRecord(type: "IMAGE", keys: DataSet(), fileID: fileID).relativePath == nil)
        }
    }

    // Needs the shared test files; skipped where they are absent.
    @Test(.enabled(if: SharedFiles.areAvailable), arguments: ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-nooffset", "DICOMDIR-reordered", "DICOMDIR-nopatient"])
    func `variants of one file-set name the same files`(name: String) throws {
        let directory = try MediaDirectory(reading: SharedFiles.bytes("dicomdir/pydicom-fileset/" + name)[...])
        #expect(directory.files.count == 31)
        for file in directory.files {
            let path = try #require(file.relativePath)
            let instance = try Part10File(reading: SharedFiles.bytes("dicomdir/pydicom-fileset/" + path)[...])
            #expect(instance.dataSet.uid(.sopInstanceUID) == file.referencedSOPInstanceUID)
        }
    }
}
