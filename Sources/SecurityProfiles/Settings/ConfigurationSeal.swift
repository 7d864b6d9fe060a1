/// The configuration of the server as somebody with the right to change it has accepted it, sealed like every security setting
/// (PACS-4.5.10-3, PACS-4.5.10-4). Blocking.
///
/// The configuration file lies outside the store, so a change of it cannot be prevented here; it is found.
package struct ConfigurationSeal: Sendable {
    package struct Difference: Hashable, Sendable {
        package var key: String
        /// `nil`: was not set.
        package var accepted: String?
        /// `nil`: is not set now.
        package var present: String?
    }

    /// Key of its record among the settings.
    private static let key = "configuration.accepted"

    let context: SecurityContext

    /// How the present values differ from the accepted ones, by key.
    ///
    /// - Returns: `nil` when none were ever accepted. A record changed outside Apus counts as nothing accepted at all, so that every
    ///   value differs.
    package func differences(_ present: [String: String]) throws(SecurityError) -> [Difference]? {
        let sealed = try context.store.read { rows in try rows.settings().first { $0.record.key == Self.key } }
        guard let sealed else { return nil }
        let accepted = context.sealer.isIntact(sealed) ? Self.decode(sealed.record.value) : [:]
        return Set(accepted.keys).union(present.keys).sorted().filter { accepted[$0] != present[$0] }.map {
            Difference(key: $0, accepted: accepted[$0], present: present[$0])
        }
    }

    /// Seals the present values as accepted.
    ///
    /// - Parameter isTold: `false` for a change that only follows from what was accepted before.
    package func accept(_ present: [String: String], by author: Author, isTold: Bool = true) throws(SecurityError) {
        let differences = try differences(present) ?? []
        try context.store.write { rows in
            try context.put(SettingRecord(key: Self.key, value: Self.encode(present)), rows)
            guard isTold else { return }
            try context.record(
                AuditEvent(
                    .configurationChanged, actor: author.principal, origin: author.origin,
                    objects: differences.map { .setting(key: $0.key) }, details: [.count: String(differences.count)]), rows)
        }
    }

    /// Records differences that nobody has accepted, one event each.
    package func record(_ differences: [Difference]) throws(SecurityError) {
        let author = Author.system
        try context.store.write { rows in
            for difference in differences.prefix(Self.maximumRecorded) {
                try context.record(
                    AuditEvent(
                        .configurationChanged, outcome: .majorFailure, actor: author.principal, origin: author.origin,
                        objects: [.setting(key: difference.key)],
                        details: [
                            .before: difference.accepted ?? "", .after: difference.present ?? "", .problem: "not-accepted",
                        ]), rows)
            }
        }
    }

    private static let maximumRecorded = 50

    /// One `key=value` a line; backslash and line feed escaped.
    private static func encode(_ values: [String: String]) -> String {
        values.sorted { $0.key < $1.key }.map { "\($0.key)=\(escape($0.value))" }.joined(separator: "\n")
    }

    private static func escape(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    private static func decode(_ text: String) -> [String: String] {
        var values: [String: String] = [:]
        for line in text.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            var value = ""
            var isEscaped = false
            for character in line[line.index(after: equals)...] {
                if isEscaped {
                    value.append(character == "n" ? "\n" : character)
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else {
                    value.append(character)
                }
            }
            values[String(line[..<equals])] = value
        }
        return values
    }
}
