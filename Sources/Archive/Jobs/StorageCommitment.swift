import Foundation

/// A reference in a storage commitment request or result (PS3.4 Table J.3-1).
package struct CommittedReference: Hashable, Sendable, Codable {
    package var sopClassUID: String
    package var sopInstanceUID: String
    /// Failure Reason (0008,1197); `nil` for success (PS3.3 C.14.1.1).
    package var failureReason: UInt16?

    package init(sopClassUID: String, sopInstanceUID: String, failureReason: UInt16? = nil) {
        self.sopClassUID = sopClassUID
        self.sopInstanceUID = sopInstanceUID
        self.failureReason = failureReason
    }
}

/// What we answer to a storage commitment request.
package struct CommitmentResult: Hashable, Sendable, Codable {
    package var transactionUID: String
    package var references: [CommittedReference]

    package init(transactionUID: String, references: [CommittedReference]) {
        self.transactionUID = transactionUID
        self.references = references
    }

    package var committed: [CommittedReference] { references.filter { $0.failureReason == nil } }
    package var failed: [CommittedReference] { references.filter { $0.failureReason != nil } }
}

/// Storage Commitment as service class provider (PS3.4 Annex J): success means the stored record was read back whole
/// and its checksums agree, after it had become durable.
package struct StorageCommitmentProvider: Sendable {
    /// Failure reasons of PS3.3 C.14.1.1.
    package enum FailureReason {
        package static let processingFailure: UInt16 = 0x0110
        package static let noSuchObjectInstance: UInt16 = 0x0112
        package static let classInstanceConflict: UInt16 = 0x0119
    }

    private let lookup: any InstanceLookup
    private let store: any ObjectStore

    package init(lookup: any InstanceLookup, store: any ObjectStore) {
        self.lookup = lookup
        self.store = store
    }

    /// Checks each reference. Blocking: reads every object.
    package func verify(transactionUID: String, references: [CommittedReference]) -> CommitmentResult {
        CommitmentResult(transactionUID: transactionUID, references: references.map { verify($0) })
    }

    private func verify(_ reference: CommittedReference) -> CommittedReference {
        var result = reference
        result.failureReason = failureReason(reference)
        return result
    }

    private func failureReason(_ reference: CommittedReference) -> UInt16? {
        do {
            let scope = InstanceScope.instances(study: nil, series: nil, [reference.sopInstanceUID])
            guard let instance = try lookup.instances(scope, includingConflicts: false).first else {
                return FailureReason.noSuchObjectInstance
            }
            guard instance.sopClassUID == reference.sopClassUID else { return FailureReason.classInstanceConflict }
            let note = try store.verify(instance.location)
            return note.dataSetDigest == instance.dataSetDigest ? nil : FailureReason.processingFailure
        } catch {
            return FailureReason.processingFailure
        }
    }
}
