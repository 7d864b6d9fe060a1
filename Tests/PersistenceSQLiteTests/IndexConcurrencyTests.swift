import Archive
import DICOMCore
import Foundation
import GRDB
@testable import PersistenceSQLite
import Synchronization
import Testing

/// What must hold of every index at rest, checked in SQL.
func soundness(of path: String) throws -> [String] {
    let queue = try DatabaseQueue(path: path)
    return try queue.read { db in
        var faults: [String] = []
        if try String.fetchOne(db, sql: "PRAGMA integrity_check") != "ok" { faults.append("integrity") }
        if try Row.fetchOne(db, sql: "PRAGMA foreign_key_check") != nil { faults.append("foreign keys") }
        let counts = [
            """
            SELECT count(*) FROM series e WHERE number_of_series_related_instances <>
                (SELECT count(*) FROM instance i WHERE i.series = e.id AND i.conflict_version = 0)
            """,
            """
            SELECT count(*) FROM study s WHERE number_of_study_related_instances <>
                (SELECT coalesce(sum(number_of_series_related_instances), 0) FROM series e WHERE e.study = s.id)
                OR number_of_study_related_series <>
                (SELECT count(*) FROM series e WHERE e.study = s.id AND number_of_series_related_instances > 0)
            """,
            """
            SELECT count(*) FROM patient p WHERE number_of_patient_related_instances <>
                (SELECT coalesce(sum(number_of_study_related_instances), 0) FROM study s WHERE s.patient = p.id)
                OR number_of_patient_related_studies <>
                (SELECT count(*) FROM study s WHERE s.patient = p.id AND number_of_study_related_instances > 0)
            """,
            "SELECT instances <> (SELECT count(*) FROM instance WHERE conflict_version = 0) FROM total",
            "SELECT conflicts <> (SELECT count(*) FROM conflict) FROM total",
            "SELECT (SELECT count(*) FROM change WHERE kind < 2) <> (SELECT count(*) FROM instance)",
            "SELECT (SELECT count(*) FROM study_text) <> (SELECT count(*) FROM study)",
            "SELECT count(*) FROM person_name n WHERE NOT EXISTS (SELECT 1 FROM person_name_key k WHERE k.name = n.id) AND n.text <> ''",
        ]
        for sql in counts where try Int.fetchOne(db, sql: sql) != 0 { faults.append(sql) }
        return faults
    }
}

@Suite struct `Readers, writers and crashes` {
    @Test func `PACS-4.2.6-h objects stored at once from many threads are all there, none twice`() async throws {
        let fixture = try TemporaryIndex()
        let index = fixture.index
        let stop = Mutex(false)
        let reader = Task.detached {
            var rounds = 0
            while !stop.withLock({ $0 }) {
                // A study is never seen with other counts than rows.
                for row in try index.find(ArchiveQuery(level: .study)).rows {
                    let study = row.string(.studyInstanceUID) ?? ""
                    #expect(try index.instances(.studies([study]), includingConflicts: false).count >= row.int(.numberOfStudyRelatedInstances) ?? 0)
                }
                rounds += 1
            }
            return rounds
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<6 {
                group.addTask {
                    var maker = ObjectMaker()
                    for batch in 0..<20 {
                        let entries = (0..<10).map { number in
                            // Half of the UIDs are sent by every writer, each with content of its own.
                            let isShared = number % 2 == 0
                            let sop = isShared ? "1.7.\(batch).\(number)" : "1.8.\(writer).\(batch).\(number)"
                            return maker.entry(
                                [(.patientID, "P\(batch % 3)"), (.patientName, "W\(writer)")], study: "1.2.\(batch % 3)",
                                series: "1.2.\(batch % 3).\(number % 2)", instance: sop, content: writer * 1_000_000 + batch * 100 + number)
                        }
                        _ = try index.register(entries)
                    }
                }
            }
            try await group.waitForAll()
        }
        stop.withLock { $0 = true }
        #expect(try await reader.value > 0)
        let statistics = try index.statistics()
        #expect(statistics.instances == 20 * 5 + 6 * 20 * 5)
        #expect(statistics.conflicts == 5 * 20 * 5)
        var everything = 0
        for study in 0..<3 { everything += try index.instances(.studies(["1.2.\(study)"]), includingConflicts: true).count }
        #expect(everything == 6 * 20 * 10)
        try index.close()
        #expect(try soundness(of: fixture.path) == [])
    }

    @Test func `a tool reads while the server writes, and cannot write`() throws {
        let fixture = try TemporaryIndex()
        var maker = ObjectMaker()
        _ = try fixture.index.register([maker.entry([])])
        let tool = try SQLiteIndex(path: fixture.path, isReadOnly: true)
        #expect(try tool.statistics().instances == 1)
        _ = try fixture.index.register([maker.entry([])])
        #expect(try tool.statistics().instances == 2)
        #expect(throws: IndexError.self) { _ = try tool.register([maker.entry([])]) }
        #expect(try fixture.index.statistics().instances == 2)
        try tool.close()
    }

    @Test func `counts stay right when a repair tool wrote in between`() throws {
        let fixture = try TemporaryIndex()
        var maker = ObjectMaker()
        _ = try fixture.index.register([maker.entry([])])
        let other = try SQLiteIndex(path: fixture.path)
        _ = try other.register([maker.entry([]), maker.entry([], series: "1.2.1.5")])
        try other.close()
        _ = try fixture.index.register([maker.entry([])])
        #expect(try fixture.index.all(.study, []).first?.int(.numberOfStudyRelatedInstances) == 4)
        try fixture.index.close()
        #expect(try soundness(of: fixture.path) == [])
    }

    @Test func `a batch that fails leaves nothing behind`() throws {
        let fixture = try TemporaryIndex()
        var maker = ObjectMaker()
        _ = try fixture.index.register([maker.entry([(.patientName, "KEPT")])])
        try fixture.index.database.write { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER fails BEFORE INSERT ON instance WHEN NEW.sop_instance_uid = '1.666'
                    BEGIN SELECT RAISE(ABORT, 'SECRET'); END
                    """)
        }
        let batch = [
            maker.entry([(.patientName, "NEW^NAME"), (.modality, "XX")], study: "1.5", series: "1.5.1"),
            maker.entry([], study: "1.5", series: "1.5.1", instance: "1.666"),
        ]
        let error = #expect(throws: IndexError.self) { _ = try fixture.index.register(batch) }
        #expect(error.map { "\($0)".contains("SECRET") } == false)
        #expect(try fixture.index.uids([]) == ["1.2.1"])
        try fixture.index.database.write { try $0.execute(sql: "DROP TRIGGER fails") }
        #expect(try fixture.index.register(batch).count == 2)
        #expect(try fixture.index.uids([(.patientName, "NEW*")]) == ["1.5"])
        try fixture.index.close()
        #expect(try soundness(of: fixture.path) == [])
    }

    @Test func `a writer killed at any moment leaves a sound index with everything it was told is in`() async throws {
        for round in 0..<3 {
            let folder = FileManager.default.temporaryDirectory.appending(path: "index-crash-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String, round = round as Int] in
                try writeUntilKilled(in: folder, afterMilliseconds: 150 + 170 * round)
            }
            let told = (try? String(contentsOfFile: folder + "/told", encoding: .utf8).split(separator: "\n").count) ?? 0
            #expect(try soundness(of: folder + "/index.sqlite") == [])
            let index = try SQLiteIndex(path: folder + "/index.sqlite")
            #expect(try index.statistics().instances >= told)
            #expect(told > 0)
            var maker = ObjectMaker()
            _ = try index.register([maker.entry([], study: "1.99", series: "1.99.1", instance: "1.99.1.1")])
            try index.close()
            #expect(try soundness(of: folder + "/index.sqlite") == [])
        }
    }
}

/// Registers batches of many sizes and writes a line for each instance acknowledged.
private func writeUntilKilled(in folder: String, afterMilliseconds delay: Int) throws {
    let index = try SQLiteIndex(path: folder + "/index.sqlite")
    let told = open(folder + "/told", O_CREAT | O_WRONLY | O_APPEND, 0o600)
    Thread.detachNewThread {
        usleep(useconds_t(delay * 1000))
        kill(getpid(), SIGKILL)
    }
    var maker = ObjectMaker()
    var number = 0
    while true {
        let entries = (0...number % 23).map { _ in
            number += 1
            return maker.entry(
                [(.patientID, "P\(number % 11)"), (.patientName, "NAME^\(number)"), (.modality, "CT")], study: "1.2.\(number % 40)",
                series: "1.2.\(number % 40).\(number % 3)")
        }
        _ = try index.register(entries)
        let lines = String(repeating: "x\n", count: entries.count)
        _ = lines.withCString { write(told, $0, lines.utf8.count) }
    }
}
