import Archive
import GRDB

/// The tables, by version. Versions already released never change; a new attribute brings its columns in a new one, and
/// `apus reindex` fills them.
enum IndexSchema {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("1") { db in
            try db.execute(sql: dictionaries)
            for level in QueryLevel.allCases { try db.execute(sql: entityTable(level)) }
            for attribute in IndexedAttribute.all where attribute.kind == .sequence {
                try db.execute(sql: itemTable(attribute))
            }
            try db.execute(sql: search)
            try db.execute(sql: indexes)
            try db.execute(sql: ledgers)
        }
        migrator.registerMigration("2 quarantine") { db in try db.execute(sql: quarantine) }
        migrator.registerMigration("3 releases") { db in try db.execute(sql: releases) }
    }

    /// What queries answer of `IndexedAttribute.quarantinedTag`, and the list of what is in quarantine.
    private static let quarantine = """
        ALTER TABLE instance ADD COLUMN quarantined TEXT
            GENERATED ALWAYS AS (CASE is_quarantined WHEN 0 THEN 'NO' ELSE 'YES' END) VIRTUAL;
        CREATE INDEX instance_quarantined ON instance (id) WHERE is_quarantined <> 0;
        """

    /// What was let out of quarantine, by content: it stays out when the index is made anew.
    private static let releases = """
        CREATE TABLE quarantine_release (
            sop_instance_uid TEXT NOT NULL, digest BLOB NOT NULL, author TEXT NOT NULL, reason TEXT NOT NULL,
            at_milliseconds INTEGER NOT NULL, PRIMARY KEY (sop_instance_uid, digest)
        ) STRICT, WITHOUT ROWID;
        """

    /// Names and repeated terms once each; names with the keys they are found by.
    private static let dictionaries = """
        CREATE TABLE term (
            id INTEGER PRIMARY KEY, text TEXT NOT NULL, is_list INTEGER NOT NULL, UNIQUE (text, is_list)
        ) STRICT;
        CREATE TABLE person_name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE person_name_key (
            id INTEGER PRIMARY KEY, name INTEGER NOT NULL REFERENCES person_name(id), component_group INTEGER NOT NULL,
            text TEXT NOT NULL
        ) STRICT;
        CREATE INDEX person_name_key_text ON person_name_key (text, component_group, name);
        CREATE INDEX person_name_key_name ON person_name_key (name);
        CREATE TABLE person_name_word (
            word TEXT NOT NULL, name INTEGER NOT NULL REFERENCES person_name(id), PRIMARY KEY (word, name)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX person_name_word_name ON person_name_word (name);
        """

    private static func entityTable(_ level: QueryLevel) -> String {
        let attributes = IndexColumns.attributes(in: level).filter { $0.schemaVersion == 1 }
        let columns = head(level) + attributes.flatMap { IndexColumns.definitions($0) } + tail(level)
        return "CREATE TABLE \(IndexColumns.table(level)) (\n    \(columns.joined(separator: ",\n    "))\n) STRICT;"
    }

    private static func head(_ level: QueryLevel) -> [String] {
        switch level {
        case .patient: ["id INTEGER PRIMARY KEY"]
        case .study: ["id INTEGER PRIMARY KEY", "patient INTEGER NOT NULL REFERENCES patient(id)"]
        case .series: ["id INTEGER PRIMARY KEY", "study INTEGER NOT NULL REFERENCES study(id)"]
        case .instance:
            ["id INTEGER PRIMARY KEY AUTOINCREMENT", "series INTEGER NOT NULL REFERENCES series(id)"]
        }
    }

    private static func tail(_ level: QueryLevel) -> [String] {
        switch level {
        case .patient:
            [
                // Without Patient ID nothing says that two studies are of one patient.
                "without_id_study TEXT NOT NULL DEFAULT ''",
                "UNIQUE (patient_id, issuer_of_patient_id, without_id_study)",
            ]
        case .study: ["UNIQUE (study_instance_uid)"]
        case .series: ["UNIQUE (series_instance_uid, study)"]
        case .instance:
            [
                "conflict_version INTEGER NOT NULL",
                "stored_transfer_syntax INTEGER NOT NULL REFERENCES term(id)",
                "volume_id INTEGER NOT NULL", "container_id INTEGER NOT NULL", "record_offset INTEGER NOT NULL",
                "record_bytes INTEGER NOT NULL", "payload_offset INTEGER NOT NULL", "payload_bytes INTEGER NOT NULL",
                "frames BLOB NOT NULL", "digest BLOB NOT NULL", "data_set_bytes INTEGER NOT NULL",
                "received_at INTEGER NOT NULL", "source INTEGER NOT NULL REFERENCES term(id)",
                "is_quarantined INTEGER NOT NULL",
                "UNIQUE (sop_instance_uid, conflict_version)",
            ]
        }
    }

    private static func itemTable(_ attribute: IndexedAttribute) -> String {
        let table = IndexColumns.itemTable(attribute)
        let columns = attribute.items.flatMap { IndexColumns.definitions($0) }
        let indexes = attribute.items.filter { $0.isSearchKey }.map { item in
            "CREATE INDEX \(table)_\(IndexColumns.name(item)) ON \(table) (\(IndexColumns.name(item)), owner);"
        }
        return """
            CREATE TABLE \(table) (
                owner INTEGER NOT NULL REFERENCES \(IndexColumns.table(attribute.level))(id), item INTEGER NOT NULL,
                \(columns.joined(separator: ",\n    ")),
                PRIMARY KEY (owner, item)
            ) STRICT, WITHOUT ROWID;
            \(indexes.joined(separator: "\n"))
            """
    }

    /// Trigrams find substrings of three characters and more. For shorter patterns they find nothing at all, so those are
    /// looked for row by row in the plain tables.
    private static let search = """
        CREATE VIRTUAL TABLE person_name_trigram USING fts5(
            text, content = 'person_name_key', content_rowid = 'id', tokenize = 'trigram', detail = none);
        CREATE TABLE study_text (study INTEGER PRIMARY KEY REFERENCES study(id), text TEXT NOT NULL) STRICT;
        CREATE VIRTUAL TABLE study_text_trigram USING fts5(
            text, content = 'study_text', content_rowid = 'study', tokenize = 'trigram', detail = none);
        """

    private static var indexes: String {
        var statements = [
            "CREATE INDEX study_patient ON study (patient);",
            "CREATE INDEX study_date ON study (study_date, study_time, id);",
            "CREATE INDEX series_study ON series (study, series_number);",
            "CREATE INDEX instance_series ON instance (series, instance_number);",
            "CREATE INDEX instance_location ON instance (volume_id, container_id, record_offset);",
        ]
        for level in [QueryLevel.patient, .study, .series] {
            for attribute in IndexColumns.attributes(in: level) where attribute.isSearchKey && attribute.schemaVersion == 1 {
                let table = IndexColumns.table(level)
                let column = attribute.kind == .personName ? IndexColumns.reference(attribute) : IndexColumns.name(attribute)
                statements.append("CREATE INDEX \(table)_\(column) ON \(table) (\(column));")
            }
        }
        return statements.joined(separator: "\n")
    }

    /// What happened: arrivals, conflicts, work, refusals, totals.
    private static let ledgers = """
        CREATE TABLE change (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,
            instance INTEGER NOT NULL REFERENCES instance(id)
        ) STRICT;
        CREATE TABLE consumer (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE conflict (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, instance INTEGER NOT NULL UNIQUE REFERENCES instance(id),
            with_instance INTEGER NOT NULL REFERENCES instance(id), is_elsewhere INTEGER NOT NULL,
            at_milliseconds INTEGER NOT NULL, source TEXT NOT NULL
        ) STRICT;
        CREATE TABLE inconsistency (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, level INTEGER NOT NULL, owner INTEGER NOT NULL,
            tag INTEGER NOT NULL, kept TEXT NOT NULL, found TEXT NOT NULL,
            instance INTEGER NOT NULL REFERENCES instance(id), at_milliseconds INTEGER NOT NULL, source TEXT NOT NULL,
            UNIQUE (level, owner, tag, found)
        ) STRICT;
        CREATE TABLE job (
            id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, payload BLOB NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
            attempts INTEGER NOT NULL DEFAULT 0, due_at INTEGER NOT NULL, last_error TEXT,
            changed_at INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX job_open ON job (kind, key) WHERE state IN ('waiting', 'running');
        CREATE INDEX job_due ON job (kind, state, due_at);
        CREATE TABLE refusal (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, direction TEXT NOT NULL, party TEXT NOT NULL,
            operation TEXT NOT NULL, sop_instance_uid TEXT, sop_class_uid TEXT, study_instance_uid TEXT,
            code TEXT NOT NULL, reason TEXT NOT NULL, at_milliseconds INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE total (
            id INTEGER PRIMARY KEY CHECK (id = 1), patients INTEGER NOT NULL, studies INTEGER NOT NULL,
            series INTEGER NOT NULL, instances INTEGER NOT NULL, conflicts INTEGER NOT NULL,
            bytes_received INTEGER NOT NULL, bytes_stored INTEGER NOT NULL, flushes INTEGER NOT NULL
        ) STRICT;
        INSERT INTO total VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0);
        """
}
