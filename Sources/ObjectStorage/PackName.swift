import Archive

/// File name of a pack: `<identifier, 16 hex digits>.<ingest|archive>.<state>`.
struct PackName: Hashable, Sendable {
    enum Phase: String, Sendable {
        /// Records are being appended.
        case open
        /// Sealed: never written again but to erase records.
        case pack
        /// Blocks waiting for a new use; the content means nothing.
        case spare
        /// A large object on its way in; the content means nothing.
        case spill
    }

    /// Numbers stay far from where counting on would overflow.
    static let idLimit: Int64 = 1 << 56

    var id: Int64
    var purpose: WritePurpose
    var phase: Phase

    var text: String {
        let digits = String(id, radix: 16)
        let zeros = String(repeating: "0", count: max(0, 16 - digits.count))
        return "\(zeros)\(digits).\(purpose == .ingest ? "ingest" : "archive").\(phase.rawValue)"
    }

    init(id: Int64, purpose: WritePurpose, phase: Phase) {
        self.id = id
        self.purpose = purpose
        self.phase = phase
    }

    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].utf8.count == 16, let id = Int64(parts[0], radix: 16), (1..<Self.idLimit).contains(id),
            let phase = Phase(rawValue: String(parts[2]))
        else { return nil }
        switch parts[1] {
        case "ingest": purpose = .ingest
        case "archive": purpose = .archive
        default: return nil
        }
        self.id = id
        self.phase = phase
    }
}
