public import DICOMCore

/// Data sets of the Storage Commitment Push Model (PS3.4 Annex J).
public enum StorageCommitment {
    public static let sopClassUID = UID.storageCommitmentPushModel
    public static let wellKnownInstanceUID = UID.storageCommitmentPushModelInstance
    /// Request Storage Commitment (PS3.4 §J.3.2).
    public static let requestActionTypeID: UInt16 = 1
    /// All is committed (PS3.4 §J.3.3).
    public static let successEventTypeID: UInt16 = 1
    /// Something is not.
    public static let failureEventTypeID: UInt16 = 2

    /// Far beyond any real request; bounds what one message makes us look up.
    public static let maximumReferences = 200_000

    public struct Reference: Hashable, Sendable {
        public var sopClassUID: String
        public var sopInstanceUID: String

        public init(sopClassUID: String, sopInstanceUID: String) {
            self.sopClassUID = sopClassUID
            self.sopInstanceUID = sopInstanceUID
        }
    }

    /// Failure Reason (0008,1197) (PS3.3 §C.14.1.1).
    public struct FailureReason: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        public static let processingFailure = Self(rawValue: 0x0110)
        public static let noSuchObjectInstance = Self(rawValue: 0x0112)
        public static let classInstanceConflict = Self(rawValue: 0x0119)
        public static let referencedSOPClassNotSupported = Self(rawValue: 0x0122)
        public static let duplicateTransactionUID = Self(rawValue: 0x0131)
        public static let resourceLimitation = Self(rawValue: 0x0213)
    }

    public struct Failure: Hashable, Sendable {
        public var reference: Reference
        public var reason: FailureReason

        public init(reference: Reference, reason: FailureReason) {
            self.reference = reference
            self.reason = reason
        }
    }

    /// The action information of N-ACTION (PS3.4 Table J.3-1).
    public struct Request: Hashable, Sendable {
        public var transactionUID: String
        public var references: [Reference]

        public init(transactionUID: String, references: [Reference]) {
            self.transactionUID = transactionUID
            self.references = references
        }

        /// - Throws: ``DIMSEFailure`` with the status to answer.
        public init(_ dataSet: DataSet) throws(DIMSEFailure) {
            transactionUID = try StorageCommitment.transactionUID(of: dataSet)
            references = try StorageCommitment.references(dataSet.items(.referencedSOPSequence))
            guard !references.isEmpty else {
                throw DIMSEFailure(status: .missingAttribute, offendingElements: [.referencedSOPSequence])
            }
        }

        public var dataSet: DataSet {
            var dataSet = DataSet()
            dataSet.set(.transactionUID, .ui, transactionUID)
            dataSet.set(.referencedSOPSequence, items: references.map { $0.item })
            return dataSet
        }
    }

    /// The event information of N-EVENT-REPORT (PS3.4 Table J.3-2).
    public struct Result: Hashable, Sendable {
        public var transactionUID: String
        /// From where committed instances can be retrieved.
        public var retrieveAETitle: String?
        public var committed: [Reference]
        public var failed: [Failure]

        public init(transactionUID: String, retrieveAETitle: String?, committed: [Reference], failed: [Failure]) {
            self.transactionUID = transactionUID
            self.retrieveAETitle = retrieveAETitle
            self.committed = committed
            self.failed = failed
        }

        /// - Throws: ``DIMSEFailure`` with the status to answer.
        public init(_ dataSet: DataSet) throws(DIMSEFailure) {
            transactionUID = try StorageCommitment.transactionUID(of: dataSet)
            retrieveAETitle = dataSet.string(.retrieveAETitle)
            committed = try StorageCommitment.references(dataSet.items(.referencedSOPSequence))
            let items = dataSet.items(.failedSOPSequence)
            let references = try StorageCommitment.references(items)
            failed = zip(references, items).map { reference, item in
                let reason = item.int(.failureReason).flatMap { UInt16(exactly: $0) }
                return Failure(
                    reference: reference, reason: reason.map { FailureReason(rawValue: $0) } ?? .processingFailure)
            }
        }

        public var eventTypeID: UInt16 { failed.isEmpty ? successEventTypeID : failureEventTypeID }

        public var dataSet: DataSet {
            var dataSet = DataSet()
            dataSet.set(.transactionUID, .ui, transactionUID)
            if let retrieveAETitle { dataSet.set(.retrieveAETitle, .ae, retrieveAETitle) }
            // Required unless empty (PS3.4 Table J.3-2).
            if !committed.isEmpty { dataSet.set(.referencedSOPSequence, items: committed.map { $0.item }) }
            if !failed.isEmpty {
                dataSet.set(
                    .failedSOPSequence,
                    items: failed.map { failure in
                        var item = failure.reference.item
                        item.set(.failureReason, .us, ints: [Int(failure.reason.rawValue)])
                        return item
                    })
            }
            return dataSet
        }
    }

    private static func transactionUID(of dataSet: DataSet) throws(DIMSEFailure) -> String {
        guard let uid = dataSet.uid(.transactionUID) else {
            throw DIMSEFailure(status: .missingAttribute, offendingElements: [.transactionUID])
        }
        return uid
    }

    private static func references(_ items: [DataSet]) throws(DIMSEFailure) -> [Reference] {
        guard items.count <= maximumReferences else { throw DIMSEFailure(status: .resourceLimitation) }
        var references: [Reference] = []
        for item in items {
            guard let sopClassUID = item.uid(.referencedSOPClassUID),
                let sopInstanceUID = item.uid(.referencedSOPInstanceUID)
            else {
                throw DIMSEFailure(
                    status: .missingAttributeValue,
                    offendingElements: [.referencedSOPClassUID, .referencedSOPInstanceUID])
            }
            references.append(Reference(sopClassUID: sopClassUID, sopInstanceUID: sopInstanceUID))
        }
        return references
    }
}

extension StorageCommitment.Reference {
    fileprivate var item: DataSet {
        var item = DataSet()
        item.set(.referencedSOPClassUID, .ui, sopClassUID)
        item.set(.referencedSOPInstanceUID, .ui, sopInstanceUID)
        return item
    }
}

extension Association {
    /// Asks for storage commitment; the result comes later as N-EVENT-REPORT, here or on another association.
    public func requestStorageCommitment(_ request: StorageCommitment.Request) async throws -> NormalizedAnswer {
        try await invoke(
            .action(actionTypeID: StorageCommitment.requestActionTypeID), sopClassUID: StorageCommitment.sopClassUID,
            sopInstanceUID: StorageCommitment.wellKnownInstanceUID, dataSet: request.dataSet)
    }

    /// Reports the result of a storage commitment request.
    ///
    /// On an association that this side requested it must have proposed the SCP role for the SOP class (PS3.4 §J.3.3).
    public func reportStorageCommitment(_ result: StorageCommitment.Result) async throws -> NormalizedAnswer {
        try await invoke(
            .eventReport(eventTypeID: result.eventTypeID), sopClassUID: StorageCommitment.sopClassUID,
            sopInstanceUID: StorageCommitment.wellKnownInstanceUID, dataSet: result.dataSet)
    }
}
