/// A DICOMDIR: the directory of a file-set (PS3.10 §8, PS3.3 Annex F).
public struct MediaDirectory: Hashable, Sendable {
    /// What was wrong with the links between records; the rest was read all the same.
    public enum Finding: Hashable, Sendable {
        /// An offset, from the start of the file, at which no directory record stands.
        case brokenOffset(Int)
        /// A record reached twice: the links form a loop or share a record.
        case linkedTwice(offset: Int)
        /// Records nested deeper than any file-set is.
        case tooDeep(offset: Int)
        /// In-use records that no link reaches; they stand after the linked ones in `records`.
        case unlinked(count: Int)
    }

    private static let depthLimit = 16

    /// File-set ID (0004,1130).
    public let fileSetID: String
    /// Records of the root entity, in file order.
    public let records: [DirectoryRecord]
    public let findings: [Finding]

    /// - Parameter bytes: the whole DICOMDIR file.
    /// - Throws: when the bytes are no DICOM file, or hold no directory.
    public init(
        reading bytes: ArraySlice<UInt8>, limits: ParsingLimits = .default
    ) throws(DataSetError) {
        let head = try Part10.readHead(MemoryByteSource(bytes))
        guard !head.syntax.isDeflated else { throw .unsupportedTransferSyntax(uid: head.syntax.uid) }
        var parser = ElementParser(ByteCursor(bytes), limits: limits, tolerance: .strict)
        parser.offsetsWanted = .directoryRecordSequence
        // Some media tools remove elements of the last record without saying so in its length.
        parser.clampsItems = true
        var dataSet = DataSet()
        _ = try parser.parseTopLevel(into: &dataSet, at: head.dataSetOffset, encoding: ElementEncoding(head.syntax))
        guard dataSet.contains(.directoryRecordSequence) else { throw .notDICOM(offset: head.dataSetOffset) }
        var links = RecordLinks(items: dataSet.items(.directoryRecordSequence), offsets: parser.itemOffsets)
        let first = dataSet.int(.offsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity) ?? 0
        var records = links.entity(from: first, depth: Self.depthLimit)
        records += links.unreached()
        fileSetID = dataSet.string(.fileSetID) ?? ""
        self.records = records
        findings = links.findings
    }

    /// Every record with a file, depth first.
    public var files: [DirectoryRecord] {
        var found: [DirectoryRecord] = []
        var pending = Array(records.reversed())
        while let record = pending.popLast() {
            if !record.fileID.isEmpty { found.append(record) }
            pending += record.children.reversed()
        }
        return found
    }
}

/// Follows the offsets that link directory records; each record is used once, so that loops end.
private struct RecordLinks {
    private let items: [DataSet]
    private let indexes: [Int: Int]
    private var isReached: [Bool]
    var findings: [MediaDirectory.Finding] = []

    init(items: [DataSet], offsets: [Int]) {
        self.items = items
        indexes = Dictionary(zip(offsets, items.indices)) { first, _ in first }
        isReached = items.map { _ in false }
    }

    /// The records of one directory entity: `offset` and all that follow by Next Directory Record.
    mutating func entity(from offset: Int, depth: Int) -> [DirectoryRecord] {
        var records: [DirectoryRecord] = []
        var next = offset
        while next != 0 {
            guard depth > 0 else {
                findings.append(.tooDeep(offset: next))
                break
            }
            guard let index = indexes[next] else {
                findings.append(.brokenOffset(next))
                break
            }
            guard !isReached[index] else {
                findings.append(.linkedTwice(offset: next))
                break
            }
            isReached[index] = true
            if Self.isInUse(items[index]) { records.append(record(index, depth: depth)) }
            next = items[index].int(.offsetOfTheNextDirectoryRecord) ?? 0
        }
        return records
    }

    private mutating func record(_ index: Int, depth: Int) -> DirectoryRecord {
        let item = items[index]
        let lower = item.int(.offsetOfReferencedLowerLevelDirectoryEntity) ?? 0
        let children = lower == 0 ? [] : entity(from: lower, depth: depth - 1)
        return Self.record(item, children: children)
    }

    /// Without their links, records are still worth having for the files they name.
    mutating func unreached() -> [DirectoryRecord] {
        let rest = items.indices.filter { !isReached[$0] && Self.isInUse(items[$0]) }
        if !rest.isEmpty { findings.append(.unlinked(count: rest.count)) }
        return rest.map { Self.record(items[$0], children: []) }
    }

    /// Record In-use Flag 0000H marks deleted records (retired, but old media have them).
    private static func isInUse(_ item: DataSet) -> Bool { item.int(.recordInUseFlag) != 0 }

    private static func record(_ item: DataSet, children: [DirectoryRecord]) -> DirectoryRecord {
        var keys = item
        for tag in [Tag.offsetOfTheNextDirectoryRecord, .recordInUseFlag, .offsetOfReferencedLowerLevelDirectoryEntity] {
            keys[tag] = nil
        }
        return DirectoryRecord(
            type: item.string(.directoryRecordType) ?? "", keys: keys,
            fileID: item.strings(.referencedFileID).filter { !$0.isEmpty }, children: children)
    }
}
