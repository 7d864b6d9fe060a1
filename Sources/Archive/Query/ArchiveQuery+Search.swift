package import DICOMCore

/// The parameters of a search transaction, read off the URL (PS3.18 §8.3.4).
package struct SearchParameters: Hashable, Sendable {
    package struct Key: Hashable, Sendable {
        /// The attribute, after the sequences it lies in.
        package var path: [Tag]
        /// Percent-decoded.
        package var value: String

        package init(path: [Tag], value: String) {
            self.path = path
            self.value = value
        }
    }

    package var matches: [Key] = []
    package var includeFields: [[Tag]] = []
    package var includesAll = false
    package var fuzzyMatching = false
    package var emptyValueMatching = false
    package var multipleValueMatching = false
    package var limit: Int?
    package var offset = 0

    package init() {}
}

/// QIDO-RS (PS3.18 §10.6).
extension ArchiveQuery {
    /// - Parameters:
    ///   - level: of the resources searched for; `.patient` is none.
    ///   - studyInstanceUID: of the target resource; `nil` searches all studies.
    ///   - seriesInstanceUID: likewise.
    package init(
        resources level: QueryLevel, studyInstanceUID: String?, seriesInstanceUID: String?, parameters: SearchParameters
    ) throws(QueryError) {
        guard level != .patient else { throw .invalidLevel }
        guard parameters.matches.count <= Self.keyLimit, parameters.includeFields.count <= Self.keyLimit else {
            throw .tooManyKeys(limit: Self.keyLimit)
        }
        self.init(level: level)
        let options = MatchingOptions(
            relational: true, combinedDateTime: true, fuzzyNames: parameters.fuzzyMatching,
            emptyValue: parameters.emptyValueMatching)
        for (tag, uid) in [(Tag.studyInstanceUID, studyInstanceUID), (.seriesInstanceUID, seriesInstanceUID)] {
            guard let uid, let attribute = IndexedAttribute.named(tag) else { continue }
            matches.append(Match(attribute, .uids([uid])))
        }
        try addMatches(parameters, options)
        returnKeys = Self.returnKeys(
            level, parameters, allStudies: studyInstanceUID == nil, allSeries: seriesInstanceUID == nil,
            headerKeys: &headerKeys, unsupported: &unsupportedKeys)
        matches = Match.combiningDatesAndTimes(matches)
        limit = min(max(parameters.limit ?? Self.defaultLimit, 0), Self.maximumLimit)
        offset = max(0, parameters.offset)
    }

    private mutating func addMatches(_ parameters: SearchParameters, _ options: MatchingOptions) throws(QueryError) {
        var items: [IndexedAttribute: [Match]] = [:]
        for key in parameters.matches {
            guard let tag = key.path.first, let attribute = IndexedAttribute.named(tag), attribute.level <= level,
                Self.isMatchable(attribute)
            else {
                if let tag = key.path.first, !Self.isAnsweredByServer(tag) { unsupportedKeys.append(tag) }
                continue
            }
            guard attribute.kind == .sequence else {
                if let match = try Self.match(attribute, key.value, parameters, options) { matches.append(match) }
                continue
            }
            guard key.path.count == 2, let leaf = attribute.item(key.path[1]) else {
                unsupportedKeys.append(tag)
                continue
            }
            if let match = try Self.match(leaf, key.value, parameters, options) { items[attribute, default: []].append(match) }
        }
        for (attribute, conditions) in items.sorted(by: { $0.key.tag < $1.key.tag }) {
            matches.append(Match(attribute, .item(conditions)))
        }
    }

    private static func match(
        _ attribute: IndexedAttribute, _ value: String, _ parameters: SearchParameters, _ options: MatchingOptions
    ) throws(QueryError) -> Match? {
        var values = [value]
        if attribute.kind == .uid {
            values = value.split { $0 == "," || $0 == "\\" }.map { String($0) }
        } else if parameters.multipleValueMatching, attribute.vr.allowsMultipleValues {
            values = value.split(separator: "\\").map { String($0) }
        }
        return try Match.reading(attribute, values: values, options: options)
    }

    /// The attributes every answer carries (PS3.18 Tables 10.6.3-3 to 10.6.3-5) and those asked for.
    private static func returnKeys(
        _ level: QueryLevel, _ parameters: SearchParameters, allStudies: Bool, allSeries: Bool, headerKeys: inout HeaderKeys,
        unsupported: inout [Tag]
    ) -> ReturnKeys {
        var levels: Set<QueryLevel> = [level]
        if allStudies { levels.insert(.study) }
        if level == .instance, allSeries { levels.insert(.series) }
        if parameters.includesAll { headerKeys.levels = levels }
        var keys: [Tag: ReturnKey] = [:]
        for attribute in IndexedAttribute.all {
            let isDefault = levels.contains { searchDefaults($0).contains(attribute.tag) }
            let isIncluded = parameters.includesAll
                && levels.contains { $0 == attribute.level || ($0 == .study && attribute.level == .patient) }
            if isDefault || isIncluded { keys[attribute.tag] = ReturnKey(attribute) }
        }
        for path in parameters.includeFields {
            guard let tag = path.first else { continue }
            guard let attribute = IndexedAttribute.named(tag), attribute.level <= level else {
                note(tag, level, &headerKeys, &unsupported)
                continue
            }
            keys[tag] = ReturnKey(attribute)
        }
        for match in parameters.matches {
            guard let tag = match.path.first, let attribute = IndexedAttribute.named(tag), attribute.level <= level else {
                continue
            }
            keys[tag] = keys[tag] ?? ReturnKey(attribute)
        }
        return .keys(keys.values.sorted { $0.attribute.tag < $1.attribute.tag })
    }

    private static func note(
        _ tag: Tag, _ level: QueryLevel, _ headerKeys: inout HeaderKeys, _ unsupported: inout [Tag]
    ) {
        guard !isAnsweredByServer(tag) else { return }
        if IndexedAttribute.named(tag) == nil, AttributeLevel.of(tag) <= level, tag < .pixelData {
            if !headerKeys.tags.contains(tag) { headerKeys.tags.append(tag) }
        } else {
            unsupported.append(tag)
        }
    }

    private static func searchDefaults(_ level: QueryLevel) -> Set<Tag> {
        switch level {
        case .patient: []
        case .study:
            [
                .studyDate, .studyTime, .accessionNumber, .modalitiesInStudy, .referringPhysicianName,
                .timezoneOffsetFromUTC, .patientName, .patientID, .patientBirthDate, .patientSex, .studyInstanceUID,
                .studyID, .numberOfStudyRelatedSeries, .numberOfStudyRelatedInstances,
            ]
        case .series:
            [
                .modality, .timezoneOffsetFromUTC, .seriesDescription, .seriesInstanceUID, .seriesNumber,
                .numberOfSeriesRelatedInstances, .performedProcedureStepStartDate, .performedProcedureStepStartTime,
                .requestAttributesSequence,
            ]
        case .instance:
            [
                .sopClassUID, .sopInstanceUID, .timezoneOffsetFromUTC, .instanceNumber, .rows, .columns,
                .bitsAllocated, .numberOfFrames,
            ]
        }
    }

    /// Attributes that are not in the index because the server knows them anyway.
    private static func isAnsweredByServer(_ tag: Tag) -> Bool {
        tag == .specificCharacterSet || tag == .instanceAvailability || tag == .retrieveURL || tag == .retrieveAETitle
            || tag == .queryRetrieveLevel
    }
}
