package import DICOMCore

/// One match: values as text, whatever their representation on the wire.
package struct QueryRow: Hashable, Sendable {
    package var level: QueryLevel
    /// The entity's key in the index.
    package var key: Int64
    /// Attributes without value are absent.
    package var values: [Tag: [String]]
    /// Items of sequences.
    package var items: [Tag: [[Tag: [String]]]]

    package init(level: QueryLevel, key: Int64, values: [Tag: [String]], items: [Tag: [[Tag: [String]]]] = [:]) {
        self.level = level
        self.key = key
        self.values = values
        self.items = items
    }

    package func string(_ tag: Tag) -> String? { values[tag]?.first }

    package func int(_ tag: Tag) -> Int? { values[tag]?.first.flatMap { Int($0) } }
}

/// Answers.
extension QueryRow {
    /// The identifier of a pending C-FIND response (PS3.4 §C.4.1.1.3.2): every supported requested key, the unique keys,
    /// and where and how readily the objects can be had.
    ///
    /// Keys the archive does not support are not in it (PS3.4 §C.2.2.1.3); `query.unsupportedKeys` decides between the
    /// statuses FF00 and FF01.
    /// - Parameters:
    ///   - keys: `query.returnedKeys`, made once for all rows of a query.
    ///   - requestCharacterSet: of the request identifier; used if it can express every value, else UTF-8.
    ///   - header: what `HeaderFields` found for the row.
    package func cFindResponse(
        to query: ArchiveQuery, keys: [ArchiveQuery.ReturnKey], retrieveAETitle: String,
        requestCharacterSet: SpecificCharacterSet, header: DataSet? = nil
    ) -> DataSet {
        var response = dataSet(keys, characterSet: characterSet(preferred: requestCharacterSet))
        response.set(.queryRetrieveLevel, .cs, level.definedTerm)
        response.set(.retrieveAETitle, .ae, retrieveAETitle)
        response.set(.instanceAvailability, .cs, "ONLINE")
        if !query.headerKeys.isEmpty { response.add(header, asked: query.headerKeys, preferred: requestCharacterSet) }
        return response
    }

    /// One result of a QIDO-RS search, in UTF-8 (PS3.18 §10.6.3.3). Attributes without value are left out, except in
    /// required places.
    /// - Parameters:
    ///   - keys: `query.returnedKeys`, made once for all rows of a query.
    ///   - retrieveURL: of the study, series or instance.
    ///   - header: what `HeaderFields` found for the row.
    package func searchResult(
        to query: ArchiveQuery, keys: [ArchiveQuery.ReturnKey], retrieveURL: String?, header: DataSet? = nil
    ) -> DataSet {
        var result = dataSet(keys, characterSet: .utf8)
        result.set(.instanceAvailability, .cs, "ONLINE")
        if let retrieveURL { result.set(.retrieveURL, .ur, retrieveURL) }
        if !query.headerKeys.isEmpty { result.add(header, asked: query.headerKeys) }
        return result
    }

    private func characterSet(preferred: SpecificCharacterSet) -> SpecificCharacterSet {
        let texts = allTexts
        if texts.allSatisfy({ $0.utf8.allSatisfy { $0 < 0x80 } }) { return .default }
        let isSufficient = !preferred.definedTerms.isEmpty && preferred.unknownTerms.isEmpty
            && texts.allSatisfy { preferred.canEncode($0) }
        return isSufficient ? preferred : .utf8
    }

    private var allTexts: [String] {
        values.values.flatMap { $0 } + items.values.flatMap { $0.flatMap { $0.values.flatMap { $0 } } }
    }

    private func dataSet(_ keys: [ArchiveQuery.ReturnKey], characterSet: SpecificCharacterSet) -> DataSet {
        var result = DataSet(inheritedCharacterSet: characterSet)
        if !characterSet.definedTerms.isEmpty { result.set(.specificCharacterSet, .cs, characterSet.definedTerms) }
        if keys.contains(where: { $0.attribute.tag.isPrivate }) {
            result.set(IndexedAttribute.privateCreatorTag, .lo, IndexedAttribute.privateCreator)
        }
        for key in keys {
            guard key.attribute.kind == .sequence else {
                Self.set(key.attribute, values[key.attribute.tag] ?? [], in: &result)
                continue
            }
            let wanted = key.attribute.items.filter { key.items.isEmpty || key.items.contains($0.tag) }
            let dataSets = (items[key.attribute.tag] ?? []).map { item in
                var dataSet = DataSet(inheritedCharacterSet: characterSet)
                for leaf in wanted { Self.set(leaf, item[leaf.tag] ?? [], in: &dataSet) }
                return dataSet
            }
            result.set(key.attribute.tag, items: dataSets)
        }
        return result
    }

    private static func set(_ attribute: IndexedAttribute, _ values: [String], in dataSet: inout DataSet) {
        if values.isEmpty {
            dataSet.setEmpty(attribute.tag, attribute.vr)
        } else if attribute.vr.isText {
            dataSet.set(attribute.tag, attribute.vr, values)
        } else {
            dataSet.set(attribute.tag, attribute.vr, ints: values.compactMap { Int($0) })
        }
    }
}
