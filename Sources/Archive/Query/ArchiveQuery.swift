package import DICOMCore

/// One question to the index, whatever protocol it came by.
package struct ArchiveQuery: Hashable, Sendable {
    package var level: QueryLevel
    /// All must hold. Attributes of lower levels mean "some series, some instance of this".
    package var matches: [Match]
    package var returnKeys: ReturnKeys
    /// Free text of a study list: every word must occur in names, identifiers or descriptions of the study.
    package var text: String?
    /// What the asking principal may see; `nil` for everything.
    package var restriction: QueryRestriction?
    /// Empty for the level's own order.
    package var order: [Order]
    /// Rows in one page.
    package var limit: Int
    /// Rows skipped, after `cursor`. Costs time in proportion; cursors do not.
    package var offset: Int
    /// Where the previous page ended.
    package var cursor: QueryCursor?
    /// Requested attributes the archive does not index, or not at this level; the answer must say so (C-FIND FF01).
    package var unsupportedKeys: [Tag]
    /// Attributes to be read from stored objects.
    package var headerKeys = HeaderKeys()

    package static let defaultLimit = 500
    package static let maximumLimit = 10_000

    package init(
        level: QueryLevel, matches: [Match] = [], returnKeys: ReturnKeys = .all, text: String? = nil,
        restriction: QueryRestriction? = nil, order: [Order] = [], limit: Int = defaultLimit, offset: Int = 0,
        cursor: QueryCursor? = nil, unsupportedKeys: [Tag] = []
    ) {
        self.level = level
        self.matches = matches
        self.returnKeys = returnKeys
        self.text = text
        self.restriction = restriction
        self.order = order
        self.limit = limit
        self.offset = offset
        self.cursor = cursor
        self.unsupportedKeys = unsupportedKeys
    }

    package enum ReturnKeys: Hashable, Sendable {
        /// Every indexed attribute of this and higher levels.
        case all
        case keys([ReturnKey])
    }

    package struct ReturnKey: Hashable, Sendable {
        package let attribute: IndexedAttribute
        /// Attributes wanted of a sequence's items; empty for all.
        package let items: [Tag]

        package init(_ attribute: IndexedAttribute, items: [Tag] = []) {
            self.attribute = attribute
            self.items = items
        }
    }

    package struct Order: Hashable, Sendable {
        package let attribute: IndexedAttribute
        package let isAscending: Bool

        package init(_ attribute: IndexedAttribute, ascending: Bool = true) {
            self.attribute = attribute
            isAscending = ascending
        }
    }

    /// Unique keys of the level and those above, which every row carries.
    package static func uniqueKeys(through level: QueryLevel) -> [IndexedAttribute] {
        IndexedAttribute.all.filter { $0.keyType == .unique && $0.level <= level }
    }

    /// What rows must carry: the requested attributes and the unique keys, each once, in tag order.
    package var returnedKeys: [ReturnKey] {
        var keys: [Tag: ReturnKey] = [:]
        for attribute in Self.uniqueKeys(through: level) { keys[attribute.tag] = ReturnKey(attribute) }
        switch returnKeys {
        case .all:
            for attribute in IndexedAttribute.all where attribute.level <= level {
                keys[attribute.tag] = ReturnKey(attribute)
            }
        case .keys(let requested):
            for key in requested where key.attribute.level <= level { keys[key.attribute.tag] = key }
        }
        return keys.values.sorted { $0.attribute.tag < $1.attribute.tag }
    }
}

/// What a principal may see: rows that fulfil at least one conjunction. No conjunction: nothing.
package struct QueryRestriction: Hashable, Sendable {
    package var anyOf: [[Match]]

    package init(anyOf: [[Match]]) {
        self.anyOf = anyOf
    }
}

/// The place between two rows of an ordered answer. Rows arriving meanwhile neither shift nor repeat others.
package struct QueryCursor: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        case text(String)
        case integer(Int64)
    }

    /// Values of the order attributes of the last row, then its key.
    package var values: [Value]
    package var rowKey: Int64

    package init(values: [Value], rowKey: Int64) {
        self.values = values
        self.rowKey = rowKey
    }

    /// An opaque token for web clients: hexadecimal, safe in URLs.
    package var token: String {
        let fields = values.map { value in
            switch value {
            case .text(let text): "t" + Self.hexadecimal(text)
            case .integer(let number): "i\(number)"
            }
        }
        return (fields + ["i\(rowKey)"]).joined(separator: "~")
    }

    /// - Returns: `nil` for text that is not a token. Whether it fits a query shows when it is used.
    package init?(token: String) {
        guard token.utf8.count <= 4096 else { return nil }
        var values: [Value] = []
        for field in token.split(separator: "~", omittingEmptySubsequences: false) {
            switch field.first {
            case "i":
                guard let number = Int64(field.dropFirst()) else { return nil }
                values.append(.integer(number))
            case "t":
                guard let text = Self.text(hexadecimal: field.dropFirst()) else { return nil }
                values.append(.text(text))
            default: return nil
            }
        }
        guard case .integer(let key)? = values.popLast() else { return nil }
        self.init(values: values, rowKey: key)
    }

    private static func hexadecimal(_ text: String) -> String {
        text.utf8.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    private static func text(hexadecimal digits: Substring) -> String? {
        let codes = Array(digits.utf8)
        guard codes.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: codes.count, by: 2) {
            guard let byte = UInt8(String(decoding: codes[index..<index + 2], as: UTF8.self), radix: 16) else { return nil }
            bytes.append(byte)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// Order and paging.
extension ArchiveQuery {
    /// The order asked for, or the level's own: newest studies first, series and instances of one parent by number, and
    /// everything else in the order of arrival. Ties are always broken by arrival.
    package var effectiveOrder: [Order] {
        let usable = order.filter { $0.attribute.level <= level && $0.attribute.kind != .sequence }
        guard usable.isEmpty else { return usable }
        let tags: [Tag] =
            switch level {
            case .patient: [.patientID]
            case .study: [.studyDate, .studyTime]
            case .series: namesOne(.studyInstanceUID) ? [.seriesNumber] : []
            case .instance: namesOne(.seriesInstanceUID) ? [.instanceNumber] : []
            }
        return tags.compactMap { IndexedAttribute.named($0) }.map { Order($0, ascending: level != .study) }
    }

    /// Continues after the page that ended with `token`.
    package mutating func resume(token: String) throws(QueryError) {
        guard let cursor = QueryCursor(token: token), accepts(cursor) else { throw .invalidCursor }
        self.cursor = cursor
    }

    /// Whether the cursor's values are of the kinds this query is ordered by.
    package func accepts(_ cursor: QueryCursor) -> Bool {
        let order = effectiveOrder
        guard cursor.values.count == order.count else { return false }
        return zip(cursor.values, order).allSatisfy { value, order in
            if case .integer = value { order.attribute.kind == .integer } else { order.attribute.kind != .integer }
        }
    }

    private func namesOne(_ tag: Tag) -> Bool {
        matches.contains { match in
            if case .uids(let uids) = match.condition { match.attribute.tag == tag && uids.count == 1 } else { false }
        }
    }
}
