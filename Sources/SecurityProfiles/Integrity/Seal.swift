import Crypto

/// The kinds of record that carry a seal.
package enum SealKind: String, CaseIterable, Sendable {
    case account, token, device, setting, session
    case setupLink = "setup-link"

    /// Kinds whose complete set of rows is sealed too, so that a removed, added or restored row is noticed.
    package static let listed: [SealKind] = [.account, .token, .device, .setting]
}

/// A record whose fields must only change through Apus (PACS-4.5.10-2, PACS-4.5.10-3).
package protocol SealedRecord: Sendable {
    static var sealKind: SealKind { get }
    /// Unique within the kind.
    var sealKey: String { get }
    func encodeForSeal(_ fields: inout CanonicalFields)
}

/// A record beside the seal stored with it. Nothing may use the record before `Sealer.open` accepted it.
package struct Sealed<Record: SealedRecord>: Sendable {
    package var record: Record
    /// HMAC-SHA256 over kind, key and fields.
    package var seal: [UInt8]

    package init(record: Record, seal: [UInt8]) {
        self.record = record
        self.seal = seal
    }
}

/// Key and seal of one stored row.
package struct RowSeal: Hashable, Sendable {
    package var key: String
    package var seal: [UInt8]
    package init(key: String, seal: [UInt8]) {
        self.key = key
        self.seal = seal
    }
}

/// The secret of this installation, from its key file: 256 random bits made at first start.
package struct IntegrityKey: Sendable {
    package static let byteCount = 32
    let symmetric: SymmetricKey

    /// - Returns: `nil` unless there are exactly 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        symmetric = SymmetricKey(data: bytes)
    }
}

/// Makes and checks seals and keyed hashes of secrets.
package struct Sealer: Sendable {
    private let key: IntegrityKey

    package init(key: IntegrityKey) { self.key = key }

    package func seal<Record>(_ record: Record) -> Sealed<Record> {
        Sealed(record: record, seal: authenticationCode(Self.content(of: record)))
    }

    /// - Throws: `SecurityError.tampered` when the stored fields are not those that were sealed.
    package func open<Record>(_ sealed: Sealed<Record>) throws(SecurityError) -> Record {
        guard isIntact(sealed) else { throw .tampered(Record.sealKind, key: sealed.record.sealKey) }
        return sealed.record
    }

    package func isIntact<Record>(_ sealed: Sealed<Record>) -> Bool {
        equalInConstantTime(sealed.seal, authenticationCode(Self.content(of: sealed.record)))
    }

    /// Seal over a whole table: how many rows, and each row's key and seal.
    package func manifest(of kind: SealKind, rows: [RowSeal]) -> [UInt8] {
        var fields = CanonicalFields()
        fields.append("apus-manifest-1")
        fields.append(kind.rawValue)
        fields.append(Int64(rows.count))
        for row in rows.sorted(by: { $0.key < $1.key }) {
            fields.append(row.key)
            fields.append(row.seal)
        }
        return authenticationCode(fields.bytes)
    }

    /// What is stored in place of a session, token or set-up secret. Without the key file nobody can make a row that
    /// matches a secret of his choice.
    package func keyedHash(_ secret: String, purpose: String) -> [UInt8] {
        var fields = CanonicalFields()
        fields.append("apus-secret-1")
        fields.append(purpose)
        fields.append(secret)
        return authenticationCode(fields.bytes)
    }

    /// Tells whether a store was sealed with this key, without telling the key.
    package var keyCheck: [UInt8] { Array(keyedHash("", purpose: "key-check").prefix(16)) }

    func authenticationCode(_ bytes: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key.symmetric))
    }

    private static func content<Record: SealedRecord>(of record: Record) -> [UInt8] {
        var fields = CanonicalFields()
        fields.append("apus-row-1")
        fields.append(Record.sealKind.rawValue)
        fields.append(record.sealKey)
        record.encodeForSeal(&fields)
        return fields.bytes
    }
}
