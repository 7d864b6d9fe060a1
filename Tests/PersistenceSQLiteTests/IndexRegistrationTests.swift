import Archive
import DICOMCore
import Foundation
import PersistenceSQLite
import Testing

private typealias Tag = DICOMCore.Tag

@Suite struct `Registration` {
    private let fixture: TemporaryIndex
    private var index: SQLiteIndex { fixture.index }
    private var maker = ObjectMaker()

    init() throws { fixture = try TemporaryIndex() }

    @Test mutating func `one batch counts patients, studies, series and instances at every level`() throws {
        let person: Attributes = [(.patientID, "P1"), (.patientName, "A^B"), (.modality, "CT")]
        let outcomes = try index.register([
            maker.entry(person, study: "1.1", series: "1.1.1"), maker.entry(person, study: "1.1", series: "1.1.1"),
            maker.entry([(.patientID, "P1"), (.patientName, "A^B"), (.modality, "SR")], study: "1.1", series: "1.1.2"),
            maker.entry(person, study: "1.2", series: "1.2.1"),
        ])
        #expect(outcomes.allSatisfy { if case .added = $0 { true } else { false } })
        let patient = try #require(try index.all(.patient, []).first)
        #expect(patient.int(.numberOfPatientRelatedStudies) == 2)
        #expect(patient.int(.numberOfPatientRelatedSeries) == 3)
        #expect(patient.int(.numberOfPatientRelatedInstances) == 4)
        let study = try #require(try index.all(.study, [(.studyInstanceUID, "1.1")]).first)
        #expect(study.int(.numberOfStudyRelatedSeries) == 2)
        #expect(study.int(.numberOfStudyRelatedInstances) == 3)
        #expect(study.int(.numberOfPatientRelatedStudies) == 2)
        #expect(study.values[.modalitiesInStudy] == ["CT", "SR"])
        #expect(study.values[.sopClassesInStudy] == ["1.2.840.10008.5.1.4.1.1.2"])
        let statistics = try index.statistics()
        #expect(statistics.patients == 1 && statistics.studies == 2 && statistics.series == 3)
        #expect(statistics.instances == 4 && statistics.bytesReceived == 3200 && statistics.bytesStored == 4096)
    }

    @Test mutating func `counts go on after reopening`() throws {
        let person: Attributes = [(.patientID, "P1"), (.modality, "CT")]
        _ = try index.register([maker.entry(person)])
        try fixture.reopen()
        _ = try index.register([maker.entry([(.patientID, "P1"), (.modality, "MR")], series: "1.2.1.2")])
        let study = try #require(try index.all(.study, []).first)
        #expect(study.int(.numberOfStudyRelatedInstances) == 2 && study.int(.numberOfStudyRelatedSeries) == 2)
        #expect(study.values[.modalitiesInStudy] == ["CT", "MR"])
        #expect(try index.statistics().patients == 1)
    }

    @Test mutating func `PACS-4.2.7-b the same object again is a duplicate, in one batch and later`() throws {
        let first = maker.entry([(.patientID, "P1")], instance: "1.5", content: 7)
        let second = maker.entry([(.patientID, "P1")], instance: "1.5", content: 7)
        let outcomes = try index.register([first, second])
        guard case .added(let key) = outcomes[0] else {
            Issue.record("not added")
            return
        }
        #expect(outcomes[1] == .duplicate(instanceKey: key))
        #expect(try index.register([second]) == [.duplicate(instanceKey: key)])
        #expect(try index.statistics().instances == 1)
    }

    @Test mutating func `PACS-4.2.6-h another object under the same UID is kept beside the first`() throws {
        _ = try index.register([maker.entry([(.patientID, "P1"), (.instanceNumber, "1")], instance: "1.5", content: 1)])
        let outcome = try index.register([
            maker.entry([(.patientID, "P1"), (.instanceNumber, "2")], instance: "1.5", content: 2, source: "AE:OTHER")
        ])
        guard case .conflict(let key, let with) = outcome[0] else {
            Issue.record("no conflict")
            return
        }
        #expect(try index.instances(.instances(study: nil, series: nil, ["1.5"]), includingConflicts: false).map { $0.instanceKey } == [with])
        let both = try index.instances(.instances(study: nil, series: nil, ["1.5"]), includingConflicts: true)
        #expect(both.map { $0.conflictVersion } == [0, 1])
        #expect(both.map { $0.dataSetDigest[0] } == [1, 2])
        #expect(try index.all(.instance, [(.sopInstanceUID, "1.5")]).map { $0.int(.instanceNumber) } == [1])
        #expect(try index.statistics().instances == 1 && index.statistics().conflicts == 1)
        let record = try #require(try index.conflicts(limit: 10, before: nil).first)
        #expect(record.instanceKey == key && record.withInstanceKey == with && record.source == "AE:OTHER")
        #expect(record.version == 1 && !record.isElsewhere)
        // The second object, sent again, is known too.
        let again = maker.entry([(.patientID, "P1"), (.instanceNumber, "2")], instance: "1.5", content: 2)
        #expect(try index.register([again]) == [.duplicate(instanceKey: key)])
    }

    @Test mutating func `PACS-4.2.6-g the same UID under another study is a conflict that no query counts`() throws {
        _ = try index.register([maker.entry([(.patientID, "P1")], study: "1.1", series: "1.1.1", instance: "1.5")])
        let outcome = try index.register([
            maker.entry([(.patientID, "P2")], study: "1.2", series: "1.2.1", instance: "1.5")
        ])
        guard case .conflict = outcome[0] else {
            Issue.record("no conflict")
            return
        }
        #expect(try index.conflicts(limit: 1, before: nil).first?.isElsewhere == true)
        #expect(try index.uids([]) == ["1.1"])
        #expect(try index.all(.patient, []).count == 1)
        #expect(try index.instances(.studies(["1.2"]), includingConflicts: true).count == 1)
        #expect(try index.instances(.studies(["1.2"]), includingConflicts: false).isEmpty)
        // A real instance makes the study visible.
        _ = try index.register([maker.entry([(.patientID, "P2")], study: "1.2", series: "1.2.1")])
        #expect(try index.uids([]) == ["1.1", "1.2"])
        #expect(try index.all(.study, [(.studyInstanceUID, "1.2")]).first?.int(.numberOfStudyRelatedInstances) == 1)
    }

    @Test mutating func `PACS-4.2.6-g GUIDE-1.1.1.2-F3b differing demographics are recorded once and the first are kept`() throws {
        let first: Attributes = [(.patientID, "P1"), (.patientName, "WANG^LI"), (.patientSex, "F"), (.modality, "CT")]
        let other: Attributes = [(.patientID, "P1"), (.patientName, "WANG^LEI"), (.patientSex, "M"), (.modality, "CT")]
        _ = try index.register([maker.entry(first), maker.entry(other), maker.entry(other), maker.entry(first)])
        let records = try index.inconsistencies(limit: 10, before: nil)
        #expect(Set(records.map { $0.tag }) == [.patientName, .patientSex])
        #expect(records.allSatisfy { $0.level == .study && $0.sopInstanceUID == "1.2.9.2" })
        #expect(records.first { $0.tag == .patientName }?.keptValue == "WANG^LI")
        #expect(records.first { $0.tag == .patientName }?.foundValue == "WANG^LEI")
        #expect(try index.all(.study, []).first?.string(.patientName) == "WANG^LI")
        // Another study of the same identifier with another name: the patient keeps the first, the study its own.
        _ = try index.register([maker.entry(other, study: "1.3", series: "1.3.1")])
        #expect(try index.inconsistencies(limit: 10, before: nil).contains { $0.level == .patient && $0.tag == .patientName })
        #expect(try index.all(.patient, []).map { $0.string(.patientName) } == ["WANG^LI"])
        #expect(try index.all(.study, [(.studyInstanceUID, "1.3")]).first?.string(.patientName) == "WANG^LEI")
    }

    @Test mutating func `padding, trailing carets and character sets do not make demographics differ`() throws {
        _ = try index.register([
            maker.entry([(.patientID, "P1"), (.patientName, "王^小明")], characterSet: "GB18030"),
            maker.entry([(.patientID, "P1 "), (.patientName, "王^小明^^^")], characterSet: "ISO_IR 192"),
            maker.entry([(.patientID, " P1"), (.patientName, "王^小明")], characterSet: "GB18030"),
        ])
        #expect(try index.inconsistencies(limit: 10, before: nil).isEmpty)
    }

    @Test mutating func `without Patient ID every study is a patient of its own, and issuers tell patients apart`() throws {
        _ = try index.register([
            maker.entry([(.patientName, "DOE")], study: "1.1", series: "1.1.1"),
            maker.entry([(.patientName, "DOE")], study: "1.2", series: "1.2.1"),
            maker.entry([(.patientID, "7"), (.issuerOfPatientID, "A")], study: "1.3", series: "1.3.1"),
            maker.entry([(.patientID, "7"), (.issuerOfPatientID, "B")], study: "1.4", series: "1.4.1"),
            maker.entry([(.patientID, "7"), (.issuerOfPatientID, "B")], study: "1.5", series: "1.5.1"),
        ])
        #expect(try index.all(.patient, []).count == 4)
        #expect(try index.statistics().patients == 4)
    }

    @Test mutating func `one series UID in two studies stays two series`() throws {
        _ = try index.register([
            maker.entry([], study: "1.1", series: "1.7"), maker.entry([], study: "1.2", series: "1.7"),
        ])
        #expect(try index.all(.series, [(.seriesInstanceUID, "1.7")]).count == 2)
        #expect(try index.instances(.series(study: nil, ["1.7"]), includingConflicts: false).count == 2)
        #expect(try index.instances(.series(study: "1.2", ["1.7"]), includingConflicts: false).count == 1)
    }

    @Test mutating func `hostile values are registered like any other`() throws {
        let hostile = "'; DROP TABLE study; -- %_*?[]\"\u{1F}"
        let outcome = try index.register([
            maker.entry(
                [
                    (.patientID, hostile), (.patientName, String(repeating: "^=", count: 300)),
                    (.studyDescription, String(repeating: "x", count: 100_000)), (.studyDate, "99999999"),
                    (.imageType, "A\"B\\C'D\\\\E"), (.instanceNumber, "99999999999999999999"),
                ])
        ])
        guard case .added = outcome[0] else {
            Issue.record("not added")
            return
        }
        let row = try #require(try index.all(.instance, []).first)
        #expect(row.string(.patientID) == hostile)
        #expect(row.values[.imageType] == ["A\"B", "C'D", "", "E"])
        #expect(row.string(.studyDate) == nil && row.string(.instanceNumber) == nil)
    }

    @Test mutating func `a lookup gives back all that was registered, in series and instance order`() throws {
        var entries: [InstanceEntry] = []
        for (number, series) in [(2, "1.2.1.2"), (1, "1.2.1.2"), (10, "1.2.1.1"), (9, "1.2.1.1")] {
            let seriesNumber = series.hasSuffix("2") ? "1" : "2"
            var entry = maker.entry(
                [(.instanceNumber, "\(number)"), (.seriesNumber, seriesNumber), (.patientID, "P")], series: series)
            entry.frames = .encapsulated([[600..<700], [708..<800, 808..<900]])
            entry.note.quarantineReasons = number == 9 ? ["odd"] : []
            entries.append(entry)
        }
        _ = try index.register(entries)
        let found = try index.instances(.studies(["1.2.1"]), includingConflicts: false)
        #expect(found.map { $0.sopInstanceUID } == [1, 0, 3, 2].map { entries[$0].sopInstanceUID })
        let stored = found[2]
        let entry = entries[3]
        #expect(stored.location == entry.location && stored.frames == entry.frames && stored.isQuarantined)
        #expect(stored.dataSetDigest == entry.note.dataSetDigest && stored.source == entry.note.source)
        #expect(stored.transferSyntaxUID == entry.transferSyntaxUID && stored.dataSetBytes == entry.dataSetBytes)
        #expect(stored.receivedAtMilliseconds == entry.note.receivedAtMilliseconds)
        #expect(try index.instances(.patients(["P"]), includingConflicts: false).count == 4)
        #expect(try index.instances(.instances(study: "1.2.1", series: "1.2.1.1", [entry.sopInstanceUID, "1.0"]), includingConflicts: false).count == 1)
    }

    @Test mutating func `relocation moves an instance only from where it is`() throws {
        let entry = maker.entry([])
        guard case .added(let key)? = try index.register([entry]).first else {
            Issue.record("not added")
            return
        }
        var target = entry.location
        target.containerID = 77
        target.recordBytes = 512
        let move = Relocation(
            instanceKey: key, from: entry.location, to: target, frames: .none, storedTransferSyntaxUID: "1.2.840.10008.1.2.4.80")
        #expect(try index.relocate([move, move]) == [true, false])
        #expect(try index.isIndexed(target) && !index.isIndexed(entry.location))
        let container = ContainerID(volumeID: target.volumeID, containerID: 77)
        let moved = try #require(try index.instances(in: container).first)
        #expect(moved.storedTransferSyntaxUID == "1.2.840.10008.1.2.4.80" && moved.frames == .none)
        #expect(moved.transferSyntaxUID == "1.2.840.10008.1.2.1")
        #expect(try index.statistics().bytesStored == 512)
        #expect(try index.changes(after: 0, limit: 10).map { $0.kind } == [.added, .relocated])
    }

    @Test mutating func `the change feed is in order and remembers its readers`() throws {
        _ = try index.register([maker.entry([], instance: "1.5", content: 1), maker.entry([]), maker.entry([])])
        _ = try index.register([maker.entry([], instance: "1.5", content: 2)])
        let changes = try index.changes(after: 0, limit: 10)
        #expect(changes.map { $0.kind } == [.added, .added, .added, .conflict])
        #expect(changes.map { $0.sequence } == changes.map { $0.sequence }.sorted())
        #expect(try index.changes(after: changes[1].sequence, limit: 1).map { $0.sequence } == [changes[2].sequence])
        #expect(try index.position(of: "forwarding") == 0)
        try index.setPosition(changes[2].sequence, of: "forwarding")
        try fixture.reopen()
        #expect(try index.position(of: "forwarding") == changes[2].sequence)
    }

    @Test mutating func `removing everything leaves jobs, refusals and rising numbers`() throws {
        _ = try index.register([maker.entry([(.patientName, "WANG^LI"), (.patientID, "P")])])
        let before = try index.changes(after: 0, limit: 1)[0].sequence
        _ = try index.enqueue(NewJob(kind: "forward", key: "k", payload: [1], dueAtMilliseconds: 0))
        try index.removeAll()
        #expect(try index.uids([]).isEmpty && index.statistics() == ArchiveStatistics())
        _ = try index.register([maker.entry([(.patientName, "WANG^LI"), (.patientID, "P")])])
        #expect(try index.uids([(.patientName, "*ANG*")]) == ["1.2.1"])
        #expect(try index.changes(after: 0, limit: 1)[0].sequence > before)
        #expect(try index.jobs(kind: nil, state: nil, limit: 9).count == 1)
    }
}

@Suite struct `Frame tables as bytes` {
    @Test(arguments: [
        FrameLayout.none, .native(offset: 1234, frameBytes: 524_288, numberOfFrames: 300, totalBytes: 157_286_400),
        .native(offset: 0, frameBytes: 0, numberOfFrames: 0, totalBytes: 0), .encapsulated([]),
        .encapsulated([[], [10..<10]]), .encapsulated([[100..<200], [50..<60, 1_000_000_000_000..<1_000_000_000_001]]),
    ])
    func `frame tables survive registration`(layout: FrameLayout) throws {
        let fixture = try TemporaryIndex()
        var maker = ObjectMaker()
        var entry = maker.entry([])
        entry.frames = layout
        _ = try fixture.index.register([entry])
        #expect(try fixture.index.instances(.studies(["1.2.1"]), includingConflicts: false).first?.frames == layout)
    }
}
