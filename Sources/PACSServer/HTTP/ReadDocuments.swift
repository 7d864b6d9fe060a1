import Archive
import DICOMCore
import DICOMObjects
import Synchronization

/// What reports, presentation states and rejection notes say, kept once they have been read.
///
/// Objects never change under their UID, so what was read holds as long as the study's images do, by which places in space
/// become places on images. The least used go when their bytes together pass the limit.
final class ReadDocuments: Sendable {
    struct Key: Hashable, Sendable {
        /// Names one version of one object.
        var instanceKey: Int64
        var imageRevision: Int
    }

    private struct Entry: Sendable {
        var marks: [Mark]
        var cost: Int
        var lastUse: UInt64
    }

    private struct State: Sendable {
        var entries: [Key: Entry] = [:]
        var cost = 0
        var uses: UInt64 = 0
    }

    private let state = Mutex(State())
    private let limitBytes: Int

    init(limitBytes: Int = 64 << 20) { self.limitBytes = limitBytes }

    /// The marks of a document, `nil` when it cannot be read; `read` is called when they are not known. Blocking.
    ///
    /// - Parameter bytes: of the object, by which what it takes in memory is judged.
    func marks(_ key: Key, bytes: Int, read: () -> [Mark]?) -> [Mark]? {
        let known = state.withLock { state -> Entry? in
            state.uses += 1
            state.entries[key]?.lastUse = state.uses
            return state.entries[key]
        }
        if let known { return known.marks }
        // What cannot be read now, another time perhaps can.
        guard let marks = read() else { return nil }
        keep(Entry(marks: marks, cost: 1024 + 2 * bytes, lastUse: 0), key)
        return marks
    }

    private func keep(_ entry: Entry, _ key: Key) {
        // One that would push out most others is read again instead.
        guard entry.cost <= limitBytes / 4 else { return }
        state.withLock { state in
            guard state.entries[key] == nil else { return }
            var entry = entry
            entry.lastUse = state.uses
            state.entries[key] = entry
            state.cost += entry.cost
            guard state.cost > limitBytes else { return }
            for (old, dropped) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
                guard state.cost > limitBytes / 4 * 3 else { break }
                state.entries[old] = nil
                state.cost -= dropped.cost
            }
        }
    }
}

/// Objects that a key object selection of their study declares rejected: they stay in the archive and are shown no more.
enum RejectedObjects {
    /// Rejected for quality reasons, for patient safety, incorrect worklist entry, retention expired (PS3.16 CID 7011 and
    /// 7010; IHE RAD TF Imaging Object Change Management).
    private static let titles: Set<String> = ["113001", "113037", "113038", "113039"]

    /// SOP Instance UIDs. Blocking.
    static func find(in content: StudyContent, _ reader: ObjectReader) -> Set<String> {
        var found: Set<String> = []
        for instance in content.latest(where: { $0.classKind == .keyObject && $0.isReadable }) {
            guard let header = try? reader.header(of: instance),
                titles.contains(header.items(.conceptNameCodeSequence).first?.string(.codeValue) ?? ""),
                let note = try? KeyObjectSelection(header)
            else { continue }
            found.formUnion(note.references.map(\.instance.sopInstanceUID))
        }
        return found
    }
}
