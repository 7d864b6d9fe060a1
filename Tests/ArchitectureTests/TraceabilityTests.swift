import Testing

/// Claims in test names and the table of Documentation/traceability.csv hold each other to the truth.
@Suite struct `traceability` {
    private let table: TraceabilityTable
    private let known: Set<String>
    /// Identifier to the test files that name it.
    private let claims: [String: [String]]

    init() throws {
        table = try TraceabilityTable()
        known = Set(table.rows.map(\.id))
        var claims: [String: [String]] = [:]
        let files = Repository.files(below: "Tests", endingIn: ".swift", ".py") + Repository.files(below: "Web/tests", endingIn: ".ts", ".py")
        for path in files {
            for id in try RequirementIdentifiers.mentioned(in: Repository.text(path)) { claims[id, default: []].append(path) }
        }
        self.claims = claims
    }

    @Test func `every line is a row, and no requirement has two`() throws {
        #expect(try Repository.lines(TraceabilityTable.path).first == "requirement_id,status,code,test,note")
        #expect(table.malformed == [])
        #expect(table.rows.count == 677)
        #expect(known.count == table.rows.count)
    }

    @Test func `every requirement a test claims is in the table as done or partial`() {
        var wrong: [String] = []
        for row in table.rows {
            guard let tests = claims[row.id], row.status != .done, row.status != .partial else { continue }
            wrong.append("\(row.id) is claimed by \(tests.joined(separator: ", ")) but \(row.status.rawValue) in line \(row.line)")
        }
        #expect(wrong == [])
    }

    @Test func `no test claims a requirement that does not exist`() {
        let unknown = claims.filter { !known.contains($0.key) && RequirementIdentifiers.isMeant($0.key, known: known) }
        #expect(unknown.map { "\($0.key) in \($0.value.joined(separator: ", "))" }.sorted() == [])
    }

    @Test func `what is done names code that exists and a test that claims it`() {
        var wrong: [String] = []
        for row in table.rows where row.status == .done {
            if row.code.isEmpty || row.tests.isEmpty { wrong.append("\(row.id): code and test are both needed") }
            for path in row.tests where claims[row.id]?.contains(path) != true {
                wrong.append("\(row.id): \(path) does not name it")
            }
        }
        #expect(wrong == [])
    }

    @Test func `every path in the table exists, and partial rows say what is missing`() {
        var wrong: [String] = []
        for row in table.rows {
            for path in row.code + row.tests where !Repository.exists(path) { wrong.append("\(row.id): \(path) does not exist") }
            if row.status == .partial, row.note.isEmpty { wrong.append("\(row.id): partial without a note") }
            if row.status == .planned, !row.code.isEmpty || !row.tests.isEmpty { wrong.append("\(row.id): planned, but names files") }
        }
        #expect(wrong == [])
    }
}
