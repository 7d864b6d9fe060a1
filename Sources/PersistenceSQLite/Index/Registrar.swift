import Archive
import DICOMCore
import Foundation
import GRDB

/// Turns arriving instances into rows.
///
/// Unchecked because the pool's single writer queue is its lock: only write blocks of the database may touch it.
final class Registrar: @unchecked Sendable {
    let dictionaries = IndexDictionaries()
    let patientWriter = LevelWriter(.patient, before: [], after: ["without_id_study"])
    let studyWriter = LevelWriter(.study, before: ["patient"], after: [])
    let seriesWriter = LevelWriter(.series, before: ["study"], after: [])
    let instanceWriter = LevelWriter(
        .instance, before: ["series"],
        after: [
            "conflict_version", "stored_transfer_syntax", "volume_id", "container_id", "record_offset", "record_bytes",
            "payload_offset", "payload_bytes", "frames", "digest", "data_set_bytes", "received_at", "source",
            "is_quarantined",
        ])

    private static let recordLimit = 4000
    var patients: [Int64: PatientRecord] = [:]
    var studies: [String: StudyRecord] = [:]
    var seriesRecords: [SeriesID: SeriesRecord] = [:]
    private var changed = ChangedRecords()
    private var dataVersion: Int64?

    struct SeriesID: Hashable {
        let study: Int64
        let uid: String
    }

    /// Rows whose counts must be written before the transaction ends, and the totals' increments.
    struct ChangedRecords {
        var patients: [Int64: PatientRecord] = [:]
        var studies: [Int64: StudyRecord] = [:]
        var series: [Int64: SeriesRecord] = [:]
        var totals = Totals()
    }

    typealias Totals = ArchiveStatistics

    func forget() {
        dictionaries.forget()
        patients.removeAll()
        studies.removeAll()
        seriesRecords.removeAll()
        changed = ChangedRecords()
        dataVersion = nil
    }

    /// To be called within one transaction. When that is not committed, `forget()` must follow: the records may be ahead of
    /// the tables.
    func register(_ entries: [InstanceEntry], _ db: Database) throws -> [RegistrationOutcome] {
        try noticeOtherWriters(db)
        let outcomes = try entries.map { try register($0, db) }
        try writeCounts(db)
        if studies.count + seriesRecords.count > Self.recordLimit { forgetRecords() }
        return outcomes
    }

    /// A repair tool may have written meanwhile; then nothing remembered holds.
    private func noticeOtherWriters(_ db: Database) throws {
        let version = try Int64.fetchOne(db.cachedStatement(sql: "PRAGMA data_version"))
        if let dataVersion, version != dataVersion { forget() }
        dataVersion = version
    }

    private func forgetRecords() {
        patients.removeAll()
        studies.removeAll()
        seriesRecords.removeAll()
    }

    private func register(_ entry: InstanceEntry, _ db: Database) throws -> RegistrationOutcome {
        let study = try study(of: entry, db)
        let series = try series(of: entry, in: study, db)
        if let key = try insert(entry, series, version: 0, db) {
            try checkConsistency(entry, series, instance: key, db)
            count(entry, series)
            try noteChange(.added, instance: key, db)
            return .added(instanceKey: key)
        }
        return try registerAgain(entry, series, db)
    }

    /// The UID is taken: by the same object, or by another one.
    private func registerAgain(
        _ entry: InstanceEntry, _ series: SeriesRecord, _ db: Database
    ) throws -> RegistrationOutcome {
        let sql = "SELECT id, digest, series, conflict_version FROM instance WHERE sop_instance_uid = ? ORDER BY conflict_version"
        let rows = try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [entry.sopInstanceUID])
        for row in rows where [UInt8](row["digest"] as Data) == entry.note.dataSetDigest {
            return .duplicate(instanceKey: row["id"])
        }
        guard let first = rows.first, let last = rows.last else {
            throw IndexError.corrupt(message: "an instance is in an index but not in the table")
        }
        let version: Int = last["conflict_version"] + 1
        guard let key = try insert(entry, series, version: version, db) else {
            throw IndexError.corrupt(message: "an instance is in an index but not in the table")
        }
        let firstKey: Int64 = first["id"]
        let isElsewhere = (first["series"] as Int64) != series.key
        try db.cachedStatement(
            sql: """
                INSERT INTO conflict (instance, with_instance, is_elsewhere, at_milliseconds, source) VALUES (?, ?, ?, ?, ?)
                """
        ).execute(arguments: [key, firstKey, isElsewhere, entry.note.receivedAtMilliseconds, entry.note.source])
        changed.totals.conflicts += 1
        changed.totals.bytesReceived += Int64(entry.dataSetBytes)
        changed.totals.bytesStored += entry.location.recordBytes
        try checkConsistency(entry, series, instance: key, db)
        try noteChange(.conflict, instance: key, db)
        return .conflict(instanceKey: key, withInstanceKey: firstKey)
    }

    private func insert(
        _ entry: InstanceEntry, _ series: SeriesRecord, version: Int, _ db: Database
    ) throws -> Int64? {
        var values = instanceWriter.reader.values(of: entry.header)
        set(.sopInstanceUID, entry.sopInstanceUID, instanceWriter, &values)
        set(.sopClassUID, entry.sopClassUID, instanceWriter, &values)
        set(.availableTransferSyntaxUID, entry.transferSyntaxUID, instanceWriter, &values)
        let storedSyntax = try dictionaries.term(entry.storedTransferSyntaxUID, db)
        let source = try dictionaries.term(entry.note.source, db)
        let isQuarantined = try !entry.note.quarantineReasons.isEmpty && !isReleased(entry, db)
        return try instanceWriter.write(values, parent: series.key, dictionaries, db) { statement in
            let location = entry.location
            statement.bind(version)
            statement.bind(storedSyntax)
            for number in [
                location.volumeID, location.containerID, location.offset, location.recordBytes, location.payloadOffset,
                location.payloadBytes,
            ] { statement.bind(number) }
            statement.bind(FrameLayoutCoding.encode(entry.frames))
            statement.bind(entry.note.dataSetDigest)
            statement.bind(entry.dataSetBytes)
            statement.bind(entry.note.receivedAtMilliseconds)
            statement.bind(source)
            statement.bind(isQuarantined ? 1 : 0)
        }
    }

    /// A person has looked at this very content before and let it out.
    private func isReleased(_ entry: InstanceEntry, _ db: Database) throws -> Bool {
        let sql = "SELECT 1 FROM quarantine_release WHERE sop_instance_uid = ? AND digest = ?"
        let digest = Data(entry.note.dataSetDigest)
        return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [entry.sopInstanceUID, digest]) != nil
    }

    func set(_ tag: Tag, _ text: String, _ writer: LevelWriter, _ values: inout [IndexedValue]) {
        guard let position = writer.position(tag) else { return }
        values[position] = text.isEmpty ? .none : .text(text)
    }

    private func count(_ entry: InstanceEntry, _ series: SeriesRecord) {
        let study = series.study
        let patient = study.patient
        if series.instances == 0 {
            study.series += 1
            patient.series += 1
            changed.totals.series += 1
            if !series.modality.isEmpty, !study.modalities.contains(series.modality) { study.modalities.append(series.modality) }
        }
        if study.instances == 0 {
            patient.studies += 1
            changed.totals.studies += 1
        }
        if patient.instances == 0 { changed.totals.patients += 1 }
        if !study.sopClasses.contains(entry.sopClassUID) { study.sopClasses.append(entry.sopClassUID) }
        series.instances += 1
        study.instances += 1
        patient.instances += 1
        changed.totals.instances += 1
        changed.totals.bytesReceived += Int64(entry.dataSetBytes)
        changed.totals.bytesStored += entry.location.recordBytes
        changed.patients[patient.key] = patient
        changed.studies[study.key] = study
        changed.series[series.key] = series
    }

    private func writeCounts(_ db: Database) throws {
        for series in changed.series.values {
            var statement = try RowStatement("UPDATE series SET number_of_series_related_instances = ? WHERE id = ?", db)
            statement.bind(series.instances)
            statement.bind(series.key)
            try statement.run()
        }
        for study in changed.studies.values { try writeCounts(of: study, db) }
        for patient in changed.patients.values {
            var statement = try RowStatement(Self.updatePatient, db)
            for number in [patient.studies, patient.series, patient.instances] { statement.bind(number) }
            statement.bind(patient.key)
            try statement.run()
        }
        try add(changed.totals, db)
        changed = ChangedRecords()
    }

    private static let updatePatient = """
        UPDATE patient SET number_of_patient_related_studies = ?, number_of_patient_related_series = ?,
            number_of_patient_related_instances = ? WHERE id = ?
        """
    private static let updateStudy = """
        UPDATE study SET number_of_study_related_series = ?, number_of_study_related_instances = ?,
            modalities_in_study = ?, sop_classes_in_study = ? WHERE id = ?
        """
    private static let updateTotals = """
        UPDATE total SET patients = patients + ?, studies = studies + ?, series = series + ?, instances = instances + ?,
            conflicts = conflicts + ?, bytes_received = bytes_received + ?, bytes_stored = bytes_stored + ?
        """

    private func writeCounts(of study: StudyRecord, _ db: Database) throws {
        let modalities = study.modalities.isEmpty
            ? nil : try dictionaries.term(TextList.encode(study.modalities.sorted()), isList: true, db)
        let classes = study.sopClasses.isEmpty
            ? nil : try dictionaries.term(TextList.encode(study.sopClasses.sorted()), isList: true, db)
        var statement = try RowStatement(Self.updateStudy, db)
        statement.bind(study.series)
        statement.bind(study.instances)
        statement.bind(modalities)
        statement.bind(classes)
        statement.bind(study.key)
        try statement.run()
    }

    func add(_ totals: Totals, _ db: Database) throws {
        if totals == Totals() { return }
        var statement = try RowStatement(Self.updateTotals, db)
        for number in [totals.patients, totals.studies, totals.series, totals.instances, totals.conflicts] {
            statement.bind(number)
        }
        statement.bind(totals.bytesReceived)
        statement.bind(totals.bytesStored)
        try statement.run()
    }

    func noteChange(_ kind: Change.Kind, instance: Int64, _ db: Database) throws {
        var statement = try RowStatement("INSERT INTO change (kind, instance) VALUES (?, ?)", db)
        statement.bind(kind.code)
        statement.bind(instance)
        try statement.run()
    }
}

extension Change.Kind {
    var code: Int {
        switch self {
        case .added: 0
        case .conflict: 1
        case .relocated: 2
        case .released: 3
        }
    }

    init(code: Int) {
        switch code {
        case 1: self = .conflict
        case 2: self = .relocated
        case 3: self = .released
        default: self = .added
        }
    }
}
