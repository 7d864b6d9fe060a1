package import DICOMCore

/// C-FIND identifiers (PS3.4 §C.4.1.1.3).
extension ArchiveQuery {
    /// More keys in an identifier or item than any client sends.
    static let keyLimit = 500

    package init(cFindIdentifier: DataSet, model: QueryModel, relational: Bool) throws(QueryError) {
        try self.init(cFindIdentifier: cFindIdentifier, model: model, options: MatchingOptions(relational: relational))
    }

    /// - Parameter options: what the association negotiated (PS3.4 §C.5.1.1).
    package init(
        cFindIdentifier identifier: DataSet, model: QueryModel, options: MatchingOptions
    ) throws(QueryError) {
        guard let level = identifier.string(.queryRetrieveLevel).flatMap({ QueryLevel(definedTerm: $0) }),
            level != .patient || model == .patientRoot
        else { throw .invalidLevel }
        guard identifier.elements.count <= Self.keyLimit else { throw .tooManyKeys(limit: Self.keyLimit) }
        self.init(level: level)
        var keys: [ReturnKey] = []
        let knowsOurs = identifier.string(IndexedAttribute.privateCreatorTag) == IndexedAttribute.privateCreator
        for element in identifier.elements where !Self.isControl(element.tag) {
            if element.tag.isPrivateCreator {
                headerKeys.creators[element.tag] = identifier.string(element.tag)
                continue
            }
            guard let attribute = IndexedAttribute.named(element.tag), attribute.level <= level,
                knowsOurs || !element.tag.isPrivate
            else {
                notIndexed(element)
                continue
            }
            keys.append(ReturnKey(attribute, items: Self.requestedItems(element)))
            // The offset says how the key's own times are meant (PS3.4 §C.4.1.1.3.1).
            if attribute.tag == .timezoneOffsetFromUTC || !Self.isMatchable(attribute) { continue }
            if let match = try Self.match(attribute, identifier, options, unsupported: &unsupportedKeys) {
                matches.append(match)
            }
        }
        returnKeys = .keys(keys)
        if !options.relational { try requireUniqueKeys(above: level, model: model) }
        if options.combinedDateTime { matches = Match.combiningDatesAndTimes(matches) }
    }

    /// A key outside the index is returned from an object's header where it speaks of this level; it is never matched.
    private mutating func notIndexed(_ element: DataElement) {
        let canBeReturned = IndexedAttribute.named(element.tag) == nil && AttributeLevel.of(element.tag) <= level
 && element.tag < .pixelData
        if canBeReturned { headerKeys.tags.append(element.tag) }
        if !canBeReturned || !element.isEmpty { unsupportedKeys.append(element.tag) }
    }

    /// Hierarchical queries name one entity at each level above their own (PS3.4 §C.4.1.3.1.1).
    private func requireUniqueKeys(above level: QueryLevel, model: QueryModel) throws(QueryError) {
        for attribute in Self.uniqueKeys(through: level) where attribute.level < level {
            if attribute.level == .patient, model == .studyRoot { continue }
            let condition = matches.first { $0.attribute == attribute }?.condition
            switch condition {
            case .uids(let uids)? where uids.count == 1: continue
            case .equals?: continue
            default: throw .missingUniqueKey(tag: attribute.tag, level: level)
            }
        }
    }

    /// Elements that steer the query rather than being keys of it.
    private static func isControl(_ tag: Tag) -> Bool {
        tag == .specificCharacterSet || tag == .queryRetrieveLevel || tag == .retrieveAETitle
            || tag == .instanceAvailability || tag.isGroupLength
    }

    /// Counts are returned, never matched (PS3.4 §C.3.4).
    static func isMatchable(_ attribute: IndexedAttribute) -> Bool {
        attribute.source == .header || attribute.kind != .integer
    }

    private static func requestedItems(_ element: DataElement) -> [Tag] {
        guard case .sequence(let sequence) = element.value, let first = sequence.items.first else { return [] }
        return first.dataSet.elements.map { $0.tag }
    }

    private static func match(
        _ attribute: IndexedAttribute, _ identifier: DataSet, _ options: MatchingOptions, unsupported: inout [Tag]
    ) throws(QueryError) -> Match? {
        guard attribute.kind == .sequence else {
            return try Match.reading(attribute, values: identifier.strings(attribute.tag), options: options)
        }
        guard let item = identifier.items(attribute.tag).first else { return nil }
        guard item.elements.count <= keyLimit else { throw .tooManyKeys(limit: keyLimit) }
        var matches: [Match] = []
        for element in item.elements where element.tag != .specificCharacterSet {
            guard let leaf = attribute.item(element.tag) else {
                unsupported.append(attribute.tag)
                continue
            }
            if let match = try Match.reading(leaf, values: item.strings(element.tag), options: options) {
                matches.append(match)
            }
        }
        return matches.isEmpty ? nil : Match(attribute, .item(matches))
    }
}
