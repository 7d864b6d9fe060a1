package import DICOMCore

/// The read side of the index for queries. Blocking.
package protocol StudyQueries: Sendable {
    /// One page of matching rows in the query's order.
    func find(_ query: ArchiveQuery) throws(IndexError) -> QueryPage
    /// How many rows match, limit and cursor disregarded.
    func count(_ query: ArchiveQuery) throws(IndexError) -> Int
    func statistics() throws(IndexError) -> ArchiveStatistics
    /// Instances in quarantine, conflicting versions included, newest first.
    ///
    /// - Parameter instanceKey: continue below this one.
    func quarantined(limit: Int, before instanceKey: Int64?) throws(IndexError) -> [StoredInstance]
    /// Newest first (PACS-4.2.6-g).
    func conflicts(limit: Int, before sequence: Int64?) throws(IndexError) -> [ConflictRecord]
    /// Newest first.
    func inconsistencies(limit: Int, before sequence: Int64?) throws(IndexError) -> [InconsistencyRecord]
}

package struct QueryPage: Hashable, Sendable {
    package var rows: [QueryRow]
    /// Where the next page begins; `nil` when this was the last.
    package var next: QueryCursor?

    package init(rows: [QueryRow], next: QueryCursor?) {
        self.rows = rows
        self.next = next
    }
}

/// Totals kept while instances are registered. Conflicting versions are counted apart.
package struct ArchiveStatistics: Hashable, Sendable {
    package var patients = 0
    package var studies = 0
    package var series = 0
    package var instances = 0
    package var conflicts = 0
    /// Data sets as received.
    package var bytesReceived: Int64 = 0
    /// Records in the object store.
    package var bytesStored: Int64 = 0

    package init() {}
}

/// Two different objects under one SOP Instance UID. Both are kept; the first is the one that queries find.
package struct ConflictRecord: Hashable, Sendable {
    package var sequence: Int64
    package var instanceKey: Int64
    package var withInstanceKey: Int64
    package var sopInstanceUID: String
    package var studyInstanceUID: String
    package var seriesInstanceUID: String
    /// 1 for the second object, and so on.
    package var version: Int
    /// The second object came under another study or series.
    package var isElsewhere: Bool
    package var atMilliseconds: Int64
    package var source: String

    package init(
        sequence: Int64, instanceKey: Int64, withInstanceKey: Int64, sopInstanceUID: String, studyInstanceUID: String,
        seriesInstanceUID: String, version: Int, isElsewhere: Bool, atMilliseconds: Int64, source: String
    ) {
        self.sequence = sequence
        self.instanceKey = instanceKey
        self.withInstanceKey = withInstanceKey
        self.sopInstanceUID = sopInstanceUID
        self.studyInstanceUID = studyInstanceUID
        self.seriesInstanceUID = seriesInstanceUID
        self.version = version
        self.isElsewhere = isElsewhere
        self.atMilliseconds = atMilliseconds
        self.source = source
    }
}

/// An instance whose patient, study or series attributes differ from those first received; the first are kept.
///
/// The values are patient data: for the authorised eye, never for logs.
package struct InconsistencyRecord: Hashable, Sendable {
    package var sequence: Int64
    package var level: QueryLevel
    package var tag: Tag
    package var keptValue: String
    package var foundValue: String
    package var studyInstanceUID: String
    /// The first instance found with the other value.
    package var sopInstanceUID: String
    package var instanceKey: Int64
    package var atMilliseconds: Int64
    package var source: String

    package init(
        sequence: Int64, level: QueryLevel, tag: Tag, keptValue: String, foundValue: String, studyInstanceUID: String,
        sopInstanceUID: String, instanceKey: Int64, atMilliseconds: Int64, source: String
    ) {
        self.sequence = sequence
        self.level = level
        self.tag = tag
        self.keptValue = keptValue
        self.foundValue = foundValue
        self.studyInstanceUID = studyInstanceUID
        self.sopInstanceUID = sopInstanceUID
        self.instanceKey = instanceKey
        self.atMilliseconds = atMilliseconds
        self.source = source
    }
}
