import Archive
import DICOMCore
import Foundation
@testable import PersistenceSQLite

typealias Attributes = [(DICOMCore.Tag, String)]

/// An index in a folder of its own, removed with the fixture.
final class TemporaryIndex {
    let folder: URL
    private(set) var index: SQLiteIndex

    /// - Parameter manyStudies: 0 makes every query on text look its rows over one by one.
    init(manyStudies: Int = 5000) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "index-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        index = try SQLiteIndex(
            path: folder.appending(path: "index.sqlite").path, isReadOnly: false, manyStudies: manyStudies)
    }

    var path: String { folder.appending(path: "index.sqlite").path }

    func reopen() throws {
        try index.close()
        index = try SQLiteIndex(path: path)
    }

    deinit {
        try? index.close()
        try? FileManager.default.removeItem(at: folder)
    }
}

/// Objects made up for the index; pixel data never matter here.
struct ObjectMaker {
    private(set) var made = 0

    /// - Parameter attributes: text values, several separated by backslashes; UIDs default to those of a single study.
    mutating func entry(
        _ attributes: Attributes, study: String = "1.2.1", series: String = "1.2.1.1", instance: String? = nil,
        characterSet: String = "ISO_IR 192", items: [(DICOMCore.Tag, [Attributes])] = [], content: Int? = nil,
        source: String = "AE:TEST"
    ) -> InstanceEntry {
        made += 1
        let sop = instance ?? "1.2.9.\(made)"
        var header = DataSet()
        header.set(.specificCharacterSet, .cs, characterSet)
        for (tag, text) in attributes { Self.set(tag, text, in: &header) }
        for (tag, list) in items {
            let dataSets = list.map { attributes in
                var item = DataSet(inheritedCharacterSet: header.characterSet)
                for (tag, text) in attributes { Self.set(tag, text, in: &item) }
                return item
            }
            header.set(tag, items: dataSets)
        }
        header.set(.studyInstanceUID, .ui, study)
        header.set(.seriesInstanceUID, .ui, series)
        header.set(.sopInstanceUID, .ui, sop)
        let sopClass = header.uid(.sopClassUID) ?? "1.2.840.10008.5.1.4.1.1.2"
        var digest = [UInt8](repeating: 0, count: 32)
        var number = UInt64(content ?? made)
        for index in 0..<8 {
            digest[index] = UInt8(truncatingIfNeeded: number)
            number >>= 8
        }
        let location = ObjectLocation(
            volumeID: 1, containerID: Int64(made / 1000), offset: Int64(made % 1000) * 1024, recordBytes: 1024,
            payloadOffset: Int64(made % 1000) * 1024 + 64, payloadBytes: 900)
        let note = RecordNote(
            sopInstanceUID: sop, dataSetDigest: digest, receivedAtMilliseconds: 1_700_000_000_000 + Int64(made), source: source)
        return InstanceEntry(
            header: header, sopClassUID: sopClass, sopInstanceUID: sop, studyInstanceUID: study, seriesInstanceUID: series,
            transferSyntaxUID: "1.2.840.10008.1.2.1", storedTransferSyntaxUID: "1.2.840.10008.1.2.1", location: location,
            frames: .native(offset: 500, frameBytes: 100, numberOfFrames: 1, totalBytes: 100), note: note, dataSetBytes: 800)
    }

    private static func set(_ tag: DICOMCore.Tag, _ text: String, in dataSet: inout DataSet) {
        let vr = IndexedAttribute.named(tag)?.vr ?? DataDictionary.vr(for: tag) ?? .lo
        if vr.isText {
            dataSet.set(tag, vr, text.split(separator: "\\", omittingEmptySubsequences: false).map { String($0) })
        } else {
            dataSet.set(tag, vr, ints: text.split(separator: "\\").compactMap { Int($0) })
        }
    }
}

extension SQLiteIndex {
    /// All rows of a query made of raw keys, page after page.
    func all(
        _ level: QueryLevel, _ keys: Attributes, options: MatchingOptions = MatchingOptions(relational: true),
        pageSize: Int = 500
    ) throws -> [QueryRow] {
        var query = try ArchiveQuery.make(level, keys, options: options)
        query.limit = pageSize
        return try all(query)
    }

    func all(_ query: ArchiveQuery) throws -> [QueryRow] {
        var query = query
        var rows: [QueryRow] = []
        while true {
            let page = try find(query)
            rows += page.rows
            guard let next = page.next else { return rows }
            query.cursor = next
        }
    }

    func uids(_ keys: Attributes, options: MatchingOptions = MatchingOptions(relational: true)) throws -> Set<String> {
        Set(try all(.study, keys, options: options).compactMap { $0.string(.studyInstanceUID) })
    }
}

extension ArchiveQuery {
    static func make(
        _ level: QueryLevel, _ keys: Attributes, options: MatchingOptions = MatchingOptions(relational: true)
    ) throws(QueryError) -> ArchiveQuery {
        var matches: [Match] = []
        for (tag, text) in keys {
            guard let attribute = IndexedAttribute.named(tag) else { throw .invalidKey(tag: tag, reason: "not indexed") }
            let values = attribute.vr.allowsMultipleValues ? text.split(separator: "\\").map { String($0) } : [text]
            if let match = try Match.reading(attribute, values: values, options: options) { matches.append(match) }
        }
        if options.combinedDateTime { matches = Match.combiningDatesAndTimes(matches) }
        return ArchiveQuery(level: level, matches: matches)
    }
}
