import Archive
import DICOMCore
import Foundation
import PersistenceSQLite

/// Ingest rates and query times of the index on made-up studies.
///
///     IndexBenchmark FOLDER [STUDIES [INSTANCES-PER-STUDY]]
///
/// The file stays in FOLDER; a second run on it measures queries only.
@main
enum IndexBenchmark {
    static func main() throws {
        guard CommandLine.arguments.count >= 2 else {
            print("usage: IndexBenchmark FOLDER [STUDIES [INSTANCES-PER-STUDY]]")
            return
        }
        let studies = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 100_000 : 100_000
        let perStudy = CommandLine.arguments.count > 3 ? Int(CommandLine.arguments[3]) ?? 10 : 10
        let path = CommandLine.arguments[1] + "/index.sqlite"
        let index = try SQLiteIndex(path: path)
        if try index.statistics().instances == 0 {
            try fill(index, studies: studies, perStudy: min(max(perStudy, 1), 500))
            try single(index, studies: studies)
            let clock = ContinuousClock()
            let flushed = try clock.measure { try index.flush() }
            print("flush: \(milliseconds(flushed)) ms")
        }
        let bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        print("file: \(bytes / 1_000_000) MB, \(try index.statistics())")
        try queries(index, studies: studies)
    }

    private static func fill(_ index: SQLiteIndex, studies: Int, perStudy: Int) throws {
        var archive = SyntheticArchive(seed: 1, instancesPerStudy: perStudy)
        var total = Duration.zero
        var processor = 0.0
        var done = 0
        var study = 0
        while study < studies {
            var entries: [InstanceEntry] = []
            while study < studies, entries.count + perStudy <= 500 {
                entries += archive.study(study, patients: max(1, studies * 6 / 10))
                study += 1
            }
            let before = processorSeconds()
            let time = try ContinuousClock().measure { _ = try index.register(entries) }
            processor += processorSeconds() - before
            total += time
            if (done + entries.count) / 100_000 > done / 100_000 {
                print("\(done + entries.count) instances, the last batch at \(rate(entries.count, time))/s")
            }
            done += entries.count
        }
        print("batches of up to 500: \(rate(done, total)) instances/s, \(Int(Double(done) / processor)) per CPU second")
    }

    private static func single(_ index: SQLiteIndex, studies: Int) throws {
        var archive = SyntheticArchive(seed: 2)
        let entries = (0..<2000).flatMap { archive.study(10_000_000 + $0, patients: studies) }
        let clock = ContinuousClock()
        let before = processorSeconds()
        let time = try clock.measure {
            for entry in entries { _ = try index.register([entry]) }
        }
        let processor = processorSeconds() - before
        print("one instance a transaction: \(rate(entries.count, time))/s, \(Int(Double(entries.count) / processor)) per CPU second")
        let again = try clock.measure { _ = try index.register(Array(entries.prefix(500))) }
        print("duplicates: \(rate(500, again))/s")
    }

    private static func queries(_ index: SQLiteIndex, studies: Int) throws {
        var seed: UInt64 = 99
        func random(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((seed >> 33) % UInt64(bound))
        }
        print("query | limit | rows | p50 ms | p95 ms | p50 CPU ms")
        func measure(_ name: String, repeats: Int = 200, limit: Int = 100, _ make: () throws -> ArchiveQuery) throws {
            var times: [Duration] = []
            var processor: [Double] = []
            var rows = 0
            for _ in 0..<repeats {
                var query = try make()
                query.limit = limit
                let before = processorSeconds()
                times.append(try ContinuousClock().measure { rows = try index.find(query).rows.count })
                processor.append(processorSeconds() - before)
            }
            times.sort()
            processor.sort()
            let columns = [milliseconds(times[repeats / 2]), milliseconds(times[repeats * 95 / 100]), thousandths(processor[repeats / 2] * 1000)]
            print("\(name) | \(limit) | \(rows) | " + columns.map { "\($0)" }.joined(separator: " | "))
        }
        try measure("study UID") { try study([(.studyInstanceUID, SyntheticArchive.studyUID(random(studies)))]) }
        try measure("patient ID") { try study([(.patientID, SyntheticArchive.patientID(random(studies * 6 / 10)))]) }
        try measure("patient ID wild card P10*") { try study([(.patientID, "P10\(random(100))*")]) }
        try measure("accession") { try study([(.accessionNumber, SyntheticArchive.accession(random(studies)))]) }
        try measure("date range of a month") { try study([(.studyDate, "201\(5 + random(5))0101-201\(5 + random(5))0131")]) }
        try measure("open date range") { try study([(.studyDate, "20200101-")]) }
        try measure("newest studies, no key") { try study([]) }
        try measure("date range + MG") { try study([(.studyDate, "20180101-20201231"), (.modalitiesInStudy, "MG")]) }
        for name in [
            "张*", "*三", "*三*", "*SMITH*", "WANG^*", "WANG*", "SMITH^JOHN", "张三", "*伟", "?小*", "*A*", "*不在*", "*NOBODY*", "𠮷*",
            "=王^*",
        ] {
            try measure("name \(name)", repeats: 60) { try study([(.patientName, name)]) }
        }
        try measure("name 张* page of 1000", repeats: 30, limit: 1000) { try study([(.patientName, "张*")]) }
        try measure("fuzzy 'jerome mul'", repeats: 60) {
            try study([(.patientName, "jerome mul")], MatchingOptions(relational: true, fuzzyNames: true))
        }
        for text in ["张三", "王", "smith john", "A20012", "胸部平扫", "不在"] {
            try measure("text \(text)", repeats: 60) {
                var query = ArchiveQuery(level: .study)
                query.text = text
                return query
            }
        }
        try measure("referring DR^17", repeats: 60) { try study([(.referringPhysicianName, "DR^17")]) }
        try measure("patient level, name 张*", repeats: 60) { try query(.patient, [(.patientName, "张*")]) }
        try measure("series of a study") { try query(.series, [(.studyInstanceUID, SyntheticArchive.studyUID(random(studies)))]) }
        try measure("instances of a series") {
            let study = SyntheticArchive.studyUID(random(studies))
            return try query(.instance, [(.studyInstanceUID, study), (.seriesInstanceUID, study + ".1")])
        }
        try measure("all instances, first page") { try query(.instance, []) }
        try count(index, "count name 张*", [(.patientName, "张*")])
        try count(index, "count open date range", [(.studyDate, "20200101-")])
        try lookups(index) { SyntheticArchive.studyUID(random(studies)) }
    }

    private static func count(_ index: SQLiteIndex, _ name: String, _ keys: [(Tag, String)]) throws {
        var found = 0
        let time = try ContinuousClock().measure { found = try index.count(study(keys)) }
        print("\(name) | | \(found) | \(milliseconds(time)) |")
    }

    private static func lookups(_ index: SQLiteIndex, _ uid: () -> String) throws {
        var times: [Duration] = []
        for _ in 0..<500 {
            let study = uid()
            times.append(
                try ContinuousClock().measure { _ = try index.instances(.studies([study]), includingConflicts: false) })
        }
        times.sort()
        print("look-up of a study for retrieval | | 10 | \(milliseconds(times[250])) | \(milliseconds(times[475]))")
    }

    private static func study(
        _ keys: [(Tag, String)], _ options: MatchingOptions = MatchingOptions(relational: true)
    ) throws -> ArchiveQuery {
        var query = try query(.study, keys, options)
        let returned: [Tag] = [
            .patientName, .patientID, .patientBirthDate, .patientSex, .studyDate, .studyTime, .accessionNumber,
            .studyDescription, .modalitiesInStudy, .numberOfStudyRelatedInstances, .numberOfStudyRelatedSeries,
        ]
        query.returnKeys = .keys(returned.compactMap { IndexedAttribute.named($0) }.map { ArchiveQuery.ReturnKey($0) })
        return query
    }

    private static func query(
        _ level: QueryLevel, _ keys: [(Tag, String)], _ options: MatchingOptions = MatchingOptions(relational: true)
    ) throws -> ArchiveQuery {
        var matches: [Match] = []
        for (tag, value) in keys {
            guard let attribute = IndexedAttribute.named(tag) else { continue }
            if let match = try Match.reading(attribute, values: [value], options: options) { matches.append(match) }
        }
        return ArchiveQuery(level: level, matches: matches)
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private static func rate(_ count: Int, _ time: Duration) -> Int {
        Int(Double(count) / max(1e-9, Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18))
    }

    private static func milliseconds(_ time: Duration) -> Double {
        let value = Double(time.components.seconds) * 1000 + Double(time.components.attoseconds) * 1e-15
        return thousandths(value)
    }

    private static func thousandths(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
