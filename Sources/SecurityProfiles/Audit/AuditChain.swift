import Crypto

/// The hash chain that makes changes to the log visible (PACS-4.5.2-3): each record's SHA-256 covers its fields and the
/// hash of the record before.
package enum AuditChain {
    /// What the first record follows.
    package static let genesis = [UInt8](repeating: 0, count: 32)

    package static func hash(of record: AuditRecord, previous: [UInt8]) -> [UInt8] {
        var fields = CanonicalFields()
        fields.append("apus-audit-1")
        fields.append(previous)
        fields.append(record.sequence)
        fields.append(record.atMilliseconds)
        fields.append(record.utcOffsetMinutes)
        fields.append(record.kind)
        fields.append(record.outcome)
        fields.append(record.actorKind)
        fields.append(record.actorID)
        fields.append(record.actorName)
        fields.append(record.actorRoles)
        fields.append(record.origin)
        fields.append(record.objects)
        fields.append(record.details)
        return Array(SHA256.hash(data: fields.bytes))
    }
}

extension AuditChain {
    /// Where the next record goes.
    struct End {
        private var sequence: Int64
        private var hash: [UInt8]

        init(_ rows: any SecurityRows, sealer: Sealer) throws {
            if let head = try rows.auditHead(), head.isIntact(sealer) {
                sequence = head.sequence
                hash = head.hash
            } else {
                // The end of the chain was tampered with. Going on from it would hide that, so the chain stays visibly broken.
                sequence = max(0, try rows.auditRecords(AuditQuery(limit: 1)).first?.sequence ?? 0)
                hash = []
            }
        }

        mutating func append(_ record: AuditRecord, _ rows: any SecurityRows) throws {
            guard sequence >= 0, sequence < .max else {
                throw SecurityError.storeCorrupt(message: "the audit log has an impossible sequence number")
            }
            var record = record
            record.sequence = sequence + 1
            record.hash = AuditChain.hash(of: record, previous: hash)
            try rows.append(record)
            sequence = record.sequence
            hash = record.hash
        }

        func head(_ sealer: Sealer) -> AuditHead { AuditHead(sequence: sequence, hash: hash, sealer: sealer) }
    }
}

/// End of the chain. Its seal needs the key file, so cutting records off the end shows as well.
package struct AuditHead: Hashable, Sendable {
    package var sequence: Int64
    package var hash: [UInt8]
    package var seal: [UInt8]

    package init(sequence: Int64, hash: [UInt8], seal: [UInt8]) {
        self.sequence = sequence
        self.hash = hash
        self.seal = seal
    }

    init(sequence: Int64, hash: [UInt8], sealer: Sealer) {
        self.init(sequence: sequence, hash: hash, seal: Self.seal(sequence: sequence, hash: hash, sealer: sealer))
    }

    func isIntact(_ sealer: Sealer) -> Bool {
        equalInConstantTime(seal, Self.seal(sequence: sequence, hash: hash, sealer: sealer))
    }

    private static func seal(sequence: Int64, hash: [UInt8], sealer: Sealer) -> [UInt8] {
        var fields = CanonicalFields()
        fields.append("apus-audit-head-1")
        fields.append(sequence)
        fields.append(hash)
        return sealer.authenticationCode(fields.bytes)
    }
}

/// Result of walking the chain.
package struct AuditVerification: Hashable, Sendable {
    package enum Problem: String, Hashable, Sendable {
        /// A record with this number is not there.
        case missing
        /// Its fields, or those of a record before it whose hash was adapted, are not what was written.
        case altered
        /// The sealed end of the chain says something else than its last record: records were cut off or added.
        case endMismatch
        /// The sealed end itself was changed.
        case endAltered
    }

    package struct BrokenLink: Hashable, Sendable {
        package var sequence: Int64
        package var problem: Problem
        package init(sequence: Int64, problem: Problem) {
            self.sequence = sequence
            self.problem = problem
        }
    }

    package var recordsChecked: Int64
    /// First defect; `nil` when the log is whole.
    package var firstBroken: BrokenLink?

    package var isIntact: Bool { firstBroken == nil }
}
