import Archive
import DICOMCore
import Foundation
import PersistenceSQLite
import Testing

private typealias Tag = DICOMCore.Tag

@Suite struct `Pages of an ordered answer` {
    private func date(_ number: Int) -> String { String(20_240_101 + number % 28) }

    private func fill(_ index: SQLiteIndex, _ maker: inout ObjectMaker, _ numbers: Range<Int>) throws {
        _ = try index.register(
            numbers.map { number in
                maker.entry(
                    [(.patientID, "P\(number % 7)"), (.studyDate, number % 5 == 0 ? "" : date(number)), (.patientName, "N\(number % 3)")],
                    study: "1.2.\(number)", series: "1.2.\(number).1")
            })
    }

    @Test func `pages neither repeat nor leave out rows while studies arrive`() throws {
        let fixture = try TemporaryIndex()
        var maker = ObjectMaker()
        try fill(fixture.index, &maker, 0..<200)
        let before = Set((0..<200).map { "1.2.\($0)" })
        var query = ArchiveQuery(level: .study)
        query.limit = 13
        var seen: [String] = []
        var arrived = 200
        while true {
            let page = try fixture.index.find(query)
            seen += page.rows.compactMap { $0.string(.studyInstanceUID) }
            guard let next = page.next else { break }
            query.cursor = next
            try fill(fixture.index, &maker, arrived..<arrived + 5)
            arrived += 5
        }
        #expect(Set(seen).count == seen.count)
        #expect(Set(seen).isSuperset(of: before))
    }

    @Test(arguments: [
        [(Tag.studyDate, true)], [(.studyDate, false)], [(.patientName, true), (.studyDate, false)],
        [(.numberOfStudyRelatedInstances, false), (.patientID, true)], [(.modalitiesInStudy, true)],
    ])
    fileprivate func `any order gives the same rows in pages as at once`(order: [(Tag, Bool)]) throws {
        let fixture = try TemporaryIndex()
        var maker = ObjectMaker()
        try fill(fixture.index, &maker, 0..<100)
        var query = ArchiveQuery(level: .study)
        query.order = try order.map { tag, isAscending in
            ArchiveQuery.Order(try #require(IndexedAttribute.named(tag)), ascending: isAscending)
        }
        let whole = try fixture.index.find(query).rows.map { $0.key }
        query.limit = 9
        #expect(try fixture.index.all(query).map { $0.key } == whole)
        #expect(whole.count == 100)
        let texts = try fixture.index.find(query).rows.map { $0.string(order[0].0) ?? "" }
        #expect(texts == texts.sorted { order[0].1 ? $0 < $1 : $0 > $1 })
    }

    @Test func `cursors resume as tokens, offsets skip, foreign cursors give nothing`() throws {
        let fixture = try TemporaryIndex()
        var maker = ObjectMaker()
        try fill(fixture.index, &maker, 0..<30)
        var query = ArchiveQuery(level: .study)
        let whole = try fixture.index.find(query).rows.map { $0.key }
        query.limit = 10
        let next = try #require(try fixture.index.find(query).next)
        var resumed = query
        try resumed.resume(token: next.token)
        #expect(try fixture.index.find(resumed).rows.map { $0.key } == Array(whole[10..<20]))
        query.offset = 25
        #expect(try fixture.index.find(query).rows.map { $0.key } == Array(whole[25...]))
        query.cursor = QueryCursor(values: [], rowKey: 1)
        #expect(try fixture.index.find(query).rows.isEmpty)
        query.limit = 0
        #expect(try fixture.index.find(query).next == nil)
    }

    @Test func `series and instances of one parent come in the order of their numbers`() throws {
        let fixture = try TemporaryIndex()
        var maker = ObjectMaker()
        _ = try fixture.index.register(
            [10, 9, 2, 1].map { maker.entry([(.instanceNumber, "\($0)"), (.seriesNumber, "1")]) }
                + [maker.entry([(.seriesNumber, "0")], series: "1.2.1.2")])
        let instances = try fixture.index.all(.instance, [(.studyInstanceUID, "1.2.1"), (.seriesInstanceUID, "1.2.1.1")], pageSize: 3)
        #expect(instances.map { $0.int(.instanceNumber) } == [1, 2, 9, 10])
        let series = try fixture.index.all(.series, [(.studyInstanceUID, "1.2.1")], pageSize: 1)
        #expect(series.map { $0.int(.seriesNumber) } == [0, 1])
    }
}
