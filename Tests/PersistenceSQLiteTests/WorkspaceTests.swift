import Archive
import Foundation
import PersistenceSQLite
import Testing

@Suite struct `what people keep while they work` {
    private let path = NSTemporaryDirectory() + "apus-workspace-\(UUID().uuidString).sqlite"

    private func new(_ seen: Int64, _ attempt: String, _ body: String, author: String = "user:1") -> NewMarkDraft {
        NewMarkDraft(study: "1.2", author: author, seen: seen, attempt: attempt, body: Array(body.utf8), nowMilliseconds: 1)
    }

    @Test func `PACS-4.5.1-3 a draft is there again after the file was closed, and only for its author`() throws {
        let workspace = try SQLiteWorkspace(path: path)
        #expect(try workspace.saveDraft(new(0, "a", "one")) == .stored(revision: 1))
        #expect(try workspace.saveDraft(new(1, "b", "two")) == .stored(revision: 2))
        try workspace.close()
        let again = try SQLiteWorkspace(path: path)
        #expect(try again.draft(study: "1.2", author: "user:1") == MarkDraft(revision: 2, body: Array("two".utf8)))
        #expect(try again.draft(study: "1.2", author: "user:2") == nil)
        #expect(try again.draft(study: "1.3", author: "user:1") == nil)
    }

    @Test func `a revision nobody has seen is not overwritten, and a repeated attempt changes nothing`() throws {
        let workspace = try SQLiteWorkspace(path: path)
        _ = try workspace.saveDraft(new(0, "a", "one"))
        #expect(try workspace.saveDraft(new(0, "a", "one")) == .stored(revision: 1))
        #expect(try workspace.saveDraft(new(0, "b", "other")) == .conflict(MarkDraft(revision: 1, body: Array("one".utf8))))
        #expect(try workspace.draft(study: "1.2", author: "user:1")?.body == Array("one".utf8))
        #expect(try workspace.saveDraft(new(5, "c", "x", author: "user:2")) == .conflict(MarkDraft(revision: 0, body: Array(#"{"marks":[],"deleted":[]}"#.utf8))))
    }

    @Test func `the answer to a request to publish is remembered by author`() throws {
        let workspace = try SQLiteWorkspace(path: path)
        try workspace.keepPublication(study: "1.2", author: "user:1", attempt: "a", answer: [1, 2], nowMilliseconds: 1)
        #expect(try workspace.publication(study: "1.2", author: "user:1", attempt: "a") == [1, 2])
        #expect(try workspace.publication(study: "1.2", author: "user:2", attempt: "a") == nil)
    }

    @Test func `protocols of the owner stand before those of the site, others' are not shown`() throws {
        let workspace = try SQLiteWorkspace(path: path)
        for (index, owner) in ["site", "user:1", "user:2", "user:1"].enumerated() {
            let stored = StoredProtocol(id: "p\(index)", owner: owner, body: [UInt8(index)])
            #expect(try workspace.saveProtocol(stored, nowMilliseconds: Int64(index)))
        }
        #expect(try workspace.protocols(owner: "user:1").map(\.id) == ["p3", "p1", "p0"])
        #expect(try workspace.removeProtocol(id: "p1", owner: "user:2") == false)
        #expect(try workspace.removeProtocol(id: "p1", owner: "user:1"))
        #expect(try workspace.protocols(owner: "user:1").map(\.id) == ["p3", "p0"])
    }

    @Test func `an installation keeps its device UID`() throws {
        let workspace = try SQLiteWorkspace(path: path)
        #expect(try workspace.deviceUID(proposed: "2.25.1") == "2.25.1")
        #expect(try workspace.deviceUID(proposed: "2.25.2") == "2.25.1")
    }
}
