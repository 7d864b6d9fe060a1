import GRDB

/// Tables of `security.sqlite`. Constraints repeat what SecurityProfiles checked: they are the last defence.
enum SecuritySchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 accounts, sessions, tokens, devices, settings, audit") { db in
            try db.execute(sql: people)
            try db.execute(sql: nodes)
            try db.execute(sql: audit)
            try db.execute(sql: seals)
            for table in ["account", "api_token", "device", "setting"] {
                for event in ["INSERT", "UPDATE", "DELETE"] { try db.execute(sql: revisionTrigger(table, event)) }
            }
        }
        return migrator
    }

    private static let people = """
        CREATE TABLE account (
            id TEXT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            folded_name TEXT NOT NULL UNIQUE,
            display_name TEXT NOT NULL,
            roles TEXT NOT NULL,
            password_hash TEXT NOT NULL,
            enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
            must_change_password INTEGER NOT NULL CHECK (must_change_password IN (0, 1)),
            created_at INTEGER NOT NULL,
            password_changed_at INTEGER NOT NULL,
            seal BLOB NOT NULL
        ) STRICT;
        CREATE TABLE login_state (
            name_key BLOB NOT NULL PRIMARY KEY,
            failures INTEGER NOT NULL,
            last_failure_at INTEGER NOT NULL,
            locked_until INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX login_state_age ON login_state (last_failure_at);
        CREATE TABLE session (
            id TEXT NOT NULL PRIMARY KEY,
            secret_hash BLOB NOT NULL UNIQUE,
            account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            address TEXT NOT NULL,
            client_description TEXT NOT NULL,
            client_binding BLOB NOT NULL,
            last_activity_at INTEGER NOT NULL,
            seal BLOB NOT NULL
        ) STRICT;
        CREATE INDEX session_account ON session (account_id, created_at);
        CREATE TABLE api_token (
            id TEXT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            roles TEXT NOT NULL,
            secret_hash BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            created_by TEXT NOT NULL,
            expires_at INTEGER,
            revoked_at INTEGER,
            last_used_at INTEGER,
            seal BLOB NOT NULL
        ) STRICT;
        CREATE TABLE setup_link (
            only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
            secret_hash BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            seal BLOB NOT NULL
        ) STRICT;
        """

    private static let nodes = """
        CREATE TABLE device (
            ae_title TEXT NOT NULL PRIMARY KEY CHECK (length(ae_title) BETWEEN 1 AND 16),
            host TEXT,
            port INTEGER CHECK (port BETWEEN 1 AND 65535),
            address_rules TEXT NOT NULL,
            certificate_fingerprint TEXT,
            modality TEXT NOT NULL,
            details TEXT NOT NULL,
            enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
            services TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            seal BLOB NOT NULL
        ) STRICT;
        CREATE TABLE unknown_caller (
            ae_title TEXT NOT NULL,
            address TEXT NOT NULL,
            called_ae_title TEXT NOT NULL,
            first_seen_at INTEGER NOT NULL,
            last_seen_at INTEGER NOT NULL,
            calls INTEGER NOT NULL,
            PRIMARY KEY (ae_title, address)
        ) STRICT;
        CREATE INDEX unknown_caller_age ON unknown_caller (last_seen_at);
        """

    /// The triggers stop accidents and honest tools; whoever removes them is found by the chain.
    private static let audit = """
        CREATE TABLE audit_record (
            sequence INTEGER NOT NULL PRIMARY KEY,
            at INTEGER NOT NULL,
            utc_offset_minutes INTEGER NOT NULL,
            kind TEXT NOT NULL,
            outcome INTEGER NOT NULL,
            actor_kind TEXT NOT NULL,
            actor_id TEXT NOT NULL,
            actor_name TEXT NOT NULL,
            actor_roles TEXT NOT NULL,
            origin TEXT NOT NULL,
            objects TEXT NOT NULL,
            details TEXT NOT NULL,
            hash BLOB NOT NULL
        ) STRICT;
        CREATE INDEX audit_record_at ON audit_record (at);
        CREATE INDEX audit_record_kind ON audit_record (kind, sequence);
        CREATE INDEX audit_record_actor ON audit_record (actor_name, sequence);
        CREATE TABLE audit_study (
            study_instance_uid TEXT NOT NULL,
            sequence INTEGER NOT NULL REFERENCES audit_record (sequence),
            PRIMARY KEY (study_instance_uid, sequence)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE audit_head (
            only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
            sequence INTEGER NOT NULL,
            hash BLOB NOT NULL,
            seal BLOB NOT NULL
        ) STRICT;
        CREATE TRIGGER audit_record_no_update BEFORE UPDATE ON audit_record
            BEGIN SELECT RAISE(ABORT, 'the audit log cannot be modified'); END;
        CREATE TRIGGER audit_record_no_delete BEFORE DELETE ON audit_record
            BEGIN SELECT RAISE(ABORT, 'the audit log cannot be modified'); END;
        """

    private static let seals = """
        CREATE TABLE setting (
            key TEXT NOT NULL PRIMARY KEY,
            value TEXT NOT NULL,
            seal BLOB NOT NULL
        ) STRICT;
        CREATE TABLE manifest (
            kind TEXT NOT NULL PRIMARY KEY,
            seal BLOB NOT NULL
        ) STRICT;
        CREATE TABLE installation (
            only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
            revision INTEGER NOT NULL,
            key_check BLOB
        ) STRICT;
        INSERT INTO installation (only, revision, key_check) VALUES (1, 1, NULL);
        """

    /// Last use of a token is no change of the token.
    private static func revisionTrigger(_ table: String, _ event: String) -> String {
        let columns =
            table == "api_token" && event == "UPDATE"
            ? " OF name, roles, secret_hash, expires_at, revoked_at, seal" : ""
        return """
            CREATE TRIGGER \(table)_revision_\(event.lowercased()) AFTER \(event)\(columns) ON \(table)
                BEGIN UPDATE installation SET revision = revision + 1; END
            """
    }
}
