package import DICOMCore
package import DICOMObjects

/// Attributes asked for that the index does not hold; they are read from the header of one instance of each row.
package struct HeaderKeys: Hashable, Sendable {
    package var tags: [Tag] = []
    /// Owners of the blocks that private ones are asked from, where the client names them (PS3.5 §7.8.1).
    package var creators: [Tag: String] = [:]
    /// Levels of which every attribute is wanted (`includefield=all`).
    package var levels: Set<QueryLevel> = []

    package init() {}

    package var isEmpty: Bool { tags.isEmpty && levels.isEmpty }

    /// Longer values are left out where all attributes are asked for; metadata name them by URI.
    static let longestValue = 1024

    /// The elements asked for of a header, their creators with private ones.
    func elements(of header: DataSet) -> DataSet {
        var result = DataSet(inheritedCharacterSet: header.characterSet)
        for tag in tags {
            let creator = Tag(tag.group, tag.element >> 8)
            if tag.isPrivate, header.contains(tag) {
                guard creators[creator] == nil || creators[creator] == header.string(creator) else { continue }
                result[creator] = header[creator]
            }
            result[tag] = header[tag]
        }
        guard !levels.isEmpty else { return result }
        for element in header.elements where isWanted(element) { result[element.tag] = element }
        return result
    }

    private func isWanted(_ element: DataElement) -> Bool {
        guard !element.tag.isGroupLength, element.tag != .specificCharacterSet, element.tag < .pixelData,
            IndexedAttribute.named(element.tag) == nil, (element.bytes?.count ?? 0) <= Self.longestValue
        else { return false }
        let level = AttributeLevel.of(element.tag)
        return levels.contains(level == .patient ? .study : level) || levels.contains(level)
    }
}

/// Fills the rows of an answer from stored objects. Blocking; one header is read for each row.
package struct HeaderFields: Sendable {
    private let lookup: any InstanceLookup
    private let reader: ObjectReader

    /// Rows in one answer to a search; clients page on from there.
    package static let maximumRows = 1000

    package init(lookup: any InstanceLookup, reader: ObjectReader) {
        self.lookup = lookup
        self.reader = reader
    }

    /// For each row the elements that `query` asks of headers, in the character set of the object.
    ///
    /// The instance is the first of its study or series by number. An object that cannot be read now leaves its row without
    /// them: what the index knows is still answered.
    package func read(_ rows: some Sequence<QueryRow>, _ query: ArchiveQuery) throws(IndexError) -> [Int64: DataSet] {
        guard !query.headerKeys.isEmpty else { return [:] }
        let instances = try lookup.representatives(of: query.level, keys: rows.map { $0.key })
        var found: [Int64: DataSet] = [:]
        for (key, instance) in instances {
            guard let header = try? reader.header(of: instance) else { continue }
            found[key] = query.headerKeys.elements(of: header)
        }
        return found
    }
}

extension DataSet {
    /// Adds what was read from a header, and empty elements for what it does not have. Text of both ends up in one set: the
    /// present one or `preferred` if it can express all, else UTF-8.
    mutating func add(_ found: DataSet?, asked: HeaderKeys, preferred: SpecificCharacterSet = .utf8) {
        if var found {
            let sets = [characterSet] + (preferred.unknownTerms.isEmpty ? [preferred] : [])
            let target = sets.first { isText(expressibleIn: $0) && found.isText(expressibleIn: $0) } ?? .utf8
            if target != characterSet { convertText(to: target) }
            found.convertText(to: target)
            for element in found.elements where element.tag != .specificCharacterSet { self[element.tag] = element }
        }
        for tag in asked.tags where !contains(tag) {
            guard let vr = DataDictionary.vr(for: tag) else { continue }
            setEmpty(tag, vr)
        }
    }

    private func isText(expressibleIn target: SpecificCharacterSet) -> Bool {
        elements.allSatisfy { element in
            if case .sequence(let sequence) = element.value {
                return sequence.items.allSatisfy { $0.dataSet.isText(expressibleIn: target) }
            }
            guard element.vr.usesSpecificCharacterSet else { return true }
            return strings(element.tag).allSatisfy { target.canEncode($0) }
        }
    }
}
