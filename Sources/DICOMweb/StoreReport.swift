public import DICOMCore

/// Why an instance was not stored: Failure Reason (0008,1197), PS3.18 Table I.2-2, PS3.4 §B.2.3.
public struct StoreFailureReason: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let processingFailure = Self(rawValue: 0x0110)
    public static let duplicateInstance = Self(rawValue: 0x0111)
    public static let noSuchInstance = Self(rawValue: 0x0112)
    public static let sopClassNotSupported = Self(rawValue: 0x0122)
    public static let notAuthorized = Self(rawValue: 0x0124)
    public static let outOfResources = Self(rawValue: 0xA700)
    public static let dataSetDoesNotMatchSOPClass = Self(rawValue: 0xA900)
    public static let cannotUnderstand = Self(rawValue: 0xC000)
    public static let transferSyntaxNotSupported = Self(rawValue: 0xC122)
}

/// What was changed or doubtful in a stored instance: Warning Reason (0008,1196), PS3.18 Table I.2-1.
public struct StoreWarningReason: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let coercionOfDataElements = Self(rawValue: 0xB000)
    public static let elementsDiscarded = Self(rawValue: 0xB006)
    public static let dataSetDoesNotMatchSOPClass = Self(rawValue: 0xB007)
}

/// The outcome of a store request, instance by instance, and its answer (PS3.18 §10.5.3, Annex I).
public struct StoreReport: Hashable, Sendable {
    public struct Stored: Hashable, Sendable {
        public let sopClassUID: String
        public let sopInstanceUID: String
        public let retrieveURL: String
        public let warning: StoreWarningReason?

        public init(sopClassUID: String, sopInstanceUID: String, retrieveURL: String, warning: StoreWarningReason? = nil) {
            self.sopClassUID = sopClassUID
            self.sopInstanceUID = sopInstanceUID
            self.retrieveURL = retrieveURL
            self.warning = warning
        }
    }

    public struct Failed: Hashable, Sendable {
        public let sopClassUID: String
        public let sopInstanceUID: String
        public let reason: StoreFailureReason

        public init(sopClassUID: String, sopInstanceUID: String, reason: StoreFailureReason) {
            self.sopClassUID = sopClassUID
            self.sopInstanceUID = sopInstanceUID
            self.reason = reason
        }
    }

    /// Of the study; `nil` where instances went into several or none was stored.
    public var retrieveURL: String?
    public var stored: [Stored] = []
    public var failed: [Failed] = []
    /// Parts that could not be told to be any instance.
    public var otherFailures: [StoreFailureReason] = []

    public init(retrieveURL: String? = nil) { self.retrieveURL = retrieveURL }

    /// 200: all stored. 202: stored with failures or warnings. 409: nothing stored. 400: nothing came (PS3.18 Table 10.5.3-1).
    public var status: Int {
        let hasFailures = !failed.isEmpty || !otherFailures.isEmpty
        if stored.isEmpty { return hasFailures ? 409 : 400 }
        return hasFailures || stored.contains { $0.warning != nil } ? 202 : 200
    }

    /// The Store Instances Response Module (PS3.18 Table I.1-1).
    public var dataSet: DataSet {
        var dataSet = DataSet()
        if let retrieveURL { dataSet.set(.retrieveURL, .ur, retrieveURL) }
        if !failed.isEmpty {
            dataSet.set(.failedSOPSequence, items: failed.map { failure in
                var item = Self.reference(failure.sopClassUID, failure.sopInstanceUID)
                item.set(.failureReason, .us, ints: [Int(failure.reason.rawValue)])
                return item
            })
        }
        if !stored.isEmpty {
            dataSet.set(.referencedSOPSequence, items: stored.map { instance in
                var item = Self.reference(instance.sopClassUID, instance.sopInstanceUID)
                item.set(.retrieveURL, .ur, instance.retrieveURL)
                if let warning = instance.warning { item.set(.warningReason, .us, ints: [Int(warning.rawValue)]) }
                return item
            })
        }
        if !otherFailures.isEmpty {
            dataSet.set(.otherFailuresSequence, items: otherFailures.map { reason in
                var item = DataSet()
                item.set(.failureReason, .us, ints: [Int(reason.rawValue)])
                return item
            })
        }
        return dataSet
    }

    /// The body as `application/dicom+json`: one object.
    public func encoded() -> [UInt8] { DICOMJSON.encode(dataSet) }

    private static func reference(_ sopClassUID: String, _ sopInstanceUID: String) -> DataSet {
        var item = DataSet()
        item.set(.referencedSOPClassUID, .ui, sopClassUID)
        item.set(.referencedSOPInstanceUID, .ui, sopInstanceUID)
        return item
    }
}
