/// What people keep while they work: unpublished marks and hanging protocols. Unlike the index it cannot be made again from
/// the objects, so everything is on the disk before a call returns. Blocking.
package protocol WorkspaceStore: Sendable {
    /// The author's working copy for a study; `nil` when there is none.
    func draft(study: String, author: String) throws(IndexError) -> MarkDraft?
    /// Stores the next revision, unless somebody else stored one since `seen`.
    func saveDraft(_ draft: NewMarkDraft) throws(IndexError) -> DraftOutcome

    /// The answer given to an earlier request to publish; `nil` when this attempt is new.
    func publication(study: String, author: String, attempt: String) throws(IndexError) -> [UInt8]?
    func keepPublication(study: String, author: String, attempt: String, answer: [UInt8], nowMilliseconds: Int64) throws(IndexError)

    /// The owner's protocols, latest first, then those of the site.
    func protocols(owner: String) throws(IndexError) -> [StoredProtocol]
    /// Adds a protocol, or replaces the one of the same owner and identifier.
    ///
    /// - Returns: `false` when the owner has `StoredProtocol.limit` others already.
    func saveProtocol(_ stored: StoredProtocol, nowMilliseconds: Int64) throws(IndexError) -> Bool
    /// - Returns: whether there was one.
    func removeProtocol(id: String, owner: String) throws(IndexError) -> Bool

    /// What an owner keeps under a name; `nil` when there is nothing.
    func preference(owner: String, name: String) throws(IndexError) -> [UInt8]?
    func savePreference(owner: String, name: String, body: [UInt8], nowMilliseconds: Int64) throws(IndexError)

    /// Adds to the log of display checks, which nothing is taken from.
    ///
    /// - Returns: its number.
    func recordDisplayCheck(_ check: DisplayCheck) throws(IndexError) -> Int64
    /// Newest first, below `before`.
    func displayChecks(limit: Int, before: Int64?) throws(IndexError) -> [(number: Int64, check: DisplayCheck)]

    /// The identity of this installation as a device: `proposed` when it is asked for first, then always that.
    func deviceUID(proposed: String) throws(IndexError) -> String
}

/// Unpublished marks of one author in one study.
package struct MarkDraft: Hashable, Sendable {
    package var revision: Int64
    /// JSON: an object with the lists `marks` and `deleted`.
    package var body: [UInt8]

    package init(revision: Int64, body: [UInt8]) {
        self.revision = revision
        self.body = body
    }
}

package struct NewMarkDraft: Hashable, Sendable {
    package var study: String
    package var author: String
    /// The revision the client last saw; 0 for none.
    package var seen: Int64
    /// Names the request: asked again after a broken line it changes nothing.
    package var attempt: String
    package var body: [UInt8]
    package var nowMilliseconds: Int64

    package init(study: String, author: String, seen: Int64, attempt: String, body: [UInt8], nowMilliseconds: Int64) {
        self.study = study
        self.author = author
        self.seen = seen
        self.attempt = attempt
        self.body = body
        self.nowMilliseconds = nowMilliseconds
    }
}

package enum DraftOutcome: Hashable, Sendable {
    /// Durable; also the answer to an attempt that was stored before.
    case stored(revision: Int64)
    /// Another window stored something since; nothing was changed.
    case conflict(MarkDraft)
}

/// A hanging protocol as its owner wrote it.
package struct StoredProtocol: Hashable, Sendable {
    /// Protocols of one owner.
    package static let limit = 500
    /// The owner of what everybody gets.
    package static let site = "site"

    package var id: String
    /// An account, or `site`.
    package var owner: String
    package var body: [UInt8]

    package init(id: String, owner: String, body: [UInt8]) {
        self.id = id
        self.owner = owner
        self.body = body
    }
}

/// One check of a monitor with test patterns: who did it, when, on which monitor, and what was seen.
package struct DisplayCheck: Hashable, Sendable {
    /// By the clock of the server.
    package var atMilliseconds: Int64
    /// Account name.
    package var author: String
    package var workstation: String
    /// Size, depth and place of the monitor, as browsers name it.
    package var screen: String
    /// `diagnostic`, `office` or `unset`.
    package var role: String
    /// Device pixels per millimetre; `nil` when it is not calibrated.
    package var pixelsPerMM: Double?
    package var passed: Bool
    /// Which questions were answered with yes.
    package var seen: [Bool]
    package var note: String

    package init(
        atMilliseconds: Int64, author: String, workstation: String, screen: String, role: String, pixelsPerMM: Double?,
        passed: Bool, seen: [Bool], note: String
    ) {
        self.atMilliseconds = atMilliseconds
        self.author = author
        self.workstation = workstation
        self.screen = screen
        self.role = role
        self.pixelsPerMM = pixelsPerMM
        self.passed = passed
        self.seen = seen
        self.note = note
    }
}
