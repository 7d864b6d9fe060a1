import Archive
import DICOMCore
import GRDB

/// Patient, study and series rows: the first object decides what they say.
extension Registrar {
    func study(of entry: InstanceEntry, _ db: Database) throws -> StudyRecord {
        if let known = studies[entry.studyInstanceUID] { return known }
        let record = try loadStudy(entry.studyInstanceUID, db) ?? insertStudy(entry, db)
        studies[record.uid] = record
        return record
    }

    func series(of entry: InstanceEntry, in study: StudyRecord, _ db: Database) throws -> SeriesRecord {
        let id = SeriesID(study: study.key, uid: entry.seriesInstanceUID)
        if let known = seriesRecords[id] { return known }
        let record = try loadSeries(id, in: study, db) ?? insertSeries(entry, in: study, db)
        seriesRecords[id] = record
        return record
    }

    // MARK: Loading

    private static let selectStudy = """
        SELECT id, patient, number_of_study_related_series AS series_count,
            number_of_study_related_instances AS instance_count,
            (SELECT text FROM term WHERE id = modalities_in_study) AS modalities,
            (SELECT text FROM term WHERE id = sop_classes_in_study) AS classes,
            \(Watched.study.map { IndexColumns.name($0) }.joined(separator: ", "))
        FROM study WHERE study_instance_uid = ?
        """

    private static let selectPatient = """
        SELECT number_of_patient_related_studies, number_of_patient_related_series,
            number_of_patient_related_instances, \(Watched.patient.map { IndexColumns.name($0) }.joined(separator: ", "))
        FROM patient WHERE id = ?
        """

    private func loadStudy(_ uid: String, _ db: Database) throws -> StudyRecord? {
        guard let row = try Row.fetchOne(db.cachedStatement(sql: Self.selectStudy), arguments: [uid]) else { return nil }
        let patient = try patient(key: row["patient"], db)
        let kept = Watched.study.indices.map { row[6 + $0] as String }
        let study = StudyRecord(key: row["id"], uid: uid, patient: patient, kept: kept)
        study.series = row["series_count"]
        study.instances = row["instance_count"]
        study.modalities = (row["modalities"] as String?).map { TextList.decode($0) } ?? []
        study.sopClasses = (row["classes"] as String?).map { TextList.decode($0) } ?? []
        return study
    }

    private func patient(key: Int64, _ db: Database) throws -> PatientRecord {
        if let known = patients[key] { return known }
        guard let row = try Row.fetchOne(db.cachedStatement(sql: Self.selectPatient), arguments: [key]) else {
            throw IndexError.corrupt(message: "a study without patient row")
        }
        let patient = PatientRecord(key: key, kept: Watched.patient.indices.map { row[3 + $0] as String })
        patient.studies = row[0]
        patient.series = row[1]
        patient.instances = row[2]
        patients[key] = patient
        return patient
    }

    private func loadSeries(_ id: SeriesID, in study: StudyRecord, _ db: Database) throws -> SeriesRecord? {
        let sql = """
            SELECT id, modality, number_of_series_related_instances FROM series WHERE series_instance_uid = ? AND study = ?
            """
        guard let row = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [id.uid, id.study]) else { return nil }
        let series = SeriesRecord(key: row[0], study: study, modality: row[1])
        series.instances = row[2]
        return series
    }

    // MARK: Inserting

    private func insertStudy(_ entry: InstanceEntry, _ db: Database) throws -> StudyRecord {
        var values = studyWriter.reader.values(of: entry.header)
        set(.studyInstanceUID, entry.studyInstanceUID, studyWriter, &values)
        let patient = try patient(of: entry, db)
        guard let key = try studyWriter.write(values, parent: patient.key, dictionaries, db) else {
            throw IndexError.corrupt(message: "a study is in an index but not in the table")
        }
        let text = searchText(values)
        for sql in [
            "INSERT INTO study_text (study, text) VALUES (?, ?)", "INSERT INTO study_text_trigram (rowid, text) VALUES (?, ?)",
        ] {
            var insert = try RowStatement(sql, db)
            insert.bind(key)
            insert.bind(text)
            try insert.run()
        }
        return StudyRecord(key: key, uid: entry.studyInstanceUID, patient: patient, kept: texts(Watched.study, values))
    }

    private func texts(_ attributes: [IndexedAttribute], _ values: [IndexedValue]) -> [String] {
        attributes.map { attribute in studyWriter.position(attribute.tag).map { values[$0].columnText } ?? "" }
    }

    /// A patient is an identifier and its issuer; without identifier, every study is a patient of its own.
    private func patient(of entry: InstanceEntry, _ db: Database) throws -> PatientRecord {
        let values = patientWriter.reader.values(of: entry.header)
        func text(_ tag: Tag) -> String { patientWriter.position(tag).map { values[$0].columnText } ?? "" }
        let identifier = text(.patientID)
        let study = identifier.isEmpty ? entry.studyInstanceUID : ""
        if let key = try patientWriter.write(values, parent: nil, dictionaries, db, after: { $0.bind(study) }) {
            let record = PatientRecord(key: key, kept: Watched.patient.map { text($0.tag) })
            patients[key] = record
            return record
        }
        let sql = "SELECT id FROM patient WHERE patient_id = ? AND issuer_of_patient_id = ? AND without_id_study = ?"
        let arguments: StatementArguments = [identifier, text(.issuerOfPatientID), study]
        guard let key = try Int64.fetchOne(db.cachedStatement(sql: sql), arguments: arguments) else {
            throw IndexError.corrupt(message: "a patient is in an index but not in the table")
        }
        return try patient(key: key, db)
    }

    private func insertSeries(_ entry: InstanceEntry, in study: StudyRecord, _ db: Database) throws -> SeriesRecord {
        var values = seriesWriter.reader.values(of: entry.header)
        set(.seriesInstanceUID, entry.seriesInstanceUID, seriesWriter, &values)
        guard let key = try seriesWriter.write(values, parent: study.key, dictionaries, db) else {
            throw IndexError.corrupt(message: "a series is in an index but not in the table")
        }
        let modality = seriesWriter.position(.modality).map { values[$0].columnText } ?? ""
        return SeriesRecord(key: key, study: study, modality: modality)
    }

    /// What the study list's free text search looks through.
    private func searchText(_ values: [IndexedValue]) -> String {
        let tags: [Tag] = [
            .patientName, .otherPatientNames, .patientID, .otherPatientIDs, .accessionNumber, .studyID, .studyDescription,
            .referringPhysicianName, .admissionID, .studyDate,
        ]
        var parts: [String] = []
        for tag in tags {
            guard let position = studyWriter.position(tag) else { continue }
            let isName = studyWriter.reader.attributes[position].kind == .personName
            switch values[position] {
            case .text(let text): parts.append(dictionaries.searchText(text, isName: isName))
            case .list(let texts): parts.append(contentsOf: texts.map { dictionaries.searchText($0, isName: false) })
            default: break
            }
        }
        return parts.joined(separator: " ")
    }

    // MARK: Consistency

    /// The first object's values stay; what others say is written down, once for each other value (PACS-4.2.6-g).
    func checkConsistency(
        _ entry: InstanceEntry, _ series: SeriesRecord, instance: Int64, _ db: Database
    ) throws {
        let study = series.study
        let isFirstOfStudy = study.instances == 0
        let characterSet = entry.header.bytes(.specificCharacterSet)
        if characterSet != study.equalCharacterSet {
            study.equalBytes = Array(repeating: nil, count: study.kept.count)
            study.equalCharacterSet = characterSet.map { ArraySlice(Array($0)) }
        }
        for (index, attribute) in Watched.study.enumerated() {
            let bytes = entry.header.bytes(attribute.tag) ?? []
            if study.equalBytes[index] == bytes { continue }
            let found = HeaderReader.value(of: attribute, in: entry.header).columnText
            if found == study.kept[index] {
                study.equalBytes[index] = ArraySlice(Array(bytes))
            } else {
                try note(.study, study.key, attribute, kept: study.kept[index], found: found, entry, instance, db)
            }
        }
        if isFirstOfStudy { try checkPatient(entry, study.patient, instance, db) }
        guard let modality = Watched.modality else { return }
        let found = HeaderReader.value(of: modality, in: entry.header).columnText
        if found != series.modality {
            try note(.series, series.key, modality, kept: series.modality, found: found, entry, instance, db)
        }
    }

    /// Another study of the same patient, other demographics.
    private func checkPatient(
        _ entry: InstanceEntry, _ patient: PatientRecord, _ instance: Int64, _ db: Database
    ) throws {
        for (index, attribute) in Watched.patient.enumerated() {
            let found = HeaderReader.value(of: attribute, in: entry.header).columnText
            if found != patient.kept[index] {
                try note(.patient, patient.key, attribute, kept: patient.kept[index], found: found, entry, instance, db)
            }
        }
    }

    private func note(
        _ level: QueryLevel, _ owner: Int64, _ attribute: IndexedAttribute, kept: String, found: String,
        _ entry: InstanceEntry, _ instance: Int64, _ db: Database
    ) throws {
        let sql = """
            INSERT INTO inconsistency (level, owner, tag, kept, found, instance, at_milliseconds, source)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """
        let note = entry.note
        try db.cachedStatement(sql: sql).execute(arguments: [
            level.rawValue, owner, Int64(attribute.tag.rawValue), kept, found, instance, note.receivedAtMilliseconds,
            note.source,
        ])
    }
}
