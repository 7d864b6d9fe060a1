extension ElementParser {
    /// The items of a sequence (PS3.5 §7.5).
    ///
    /// - Parameter end: of the value when its length is defined, else of the enclosing data set.
    mutating func parseSequence(
        _ header: Header, end: Int, isDelimited: Bool, encoding: ElementEncoding, scope: Scope
    ) throws(DataSetError) -> (ItemSequence, end: Int) {
        guard scope.depth < limits.maximumDepth else {
            throw .nestingTooDeep(tag: header.tag, limit: limits.maximumDepth, offset: header.offset)
        }
        var inner = scope
        inner.encoding = encoding
        inner.depth += 1
        inner.inheritedCharacterSet = scope.characterSet ?? scope.inheritedCharacterSet
        inner.characterSet = nil
        var items: [ItemSequence.Item] = []
        let wantsOffsets = offsetsWanted == header.tag && scope.depth == 0
        var offset = header.valueOffset
        while isDelimited || offset < end {
            guard end - offset >= 8 else { throw .truncated(tag: header.tag, offset: offset) }
            try cursor.require(offset, 8)
            let tag = cursor.tag(offset, bigEndian: encoding.isBigEndian)
            let length = cursor.uint32(offset + 4, bigEndian: encoding.isBigEndian)
            if tag == .sequenceDelimitation, isDelimited {
                if length != 0 { notes.add(.reservedNotZero, tag, offset) }
                return (ItemSequence(items, lengthEncoding: .undefined), offset + 8)
            }
            guard tag == .item else { throw .unexpectedDelimiter(tag: tag, offset: offset) }
            try countElement(at: offset)
            if wantsOffsets { itemOffsets.append(offset) }
            if bulkThreshold != nil { path.append(.init(sequence: header.tag, item: items.count)) }
            items.append(try parseItem(length: length, at: &offset, end: end, sequence: header.tag, scope: inner))
            if bulkThreshold != nil { path.removeLast() }
        }
        return (ItemSequence(items, lengthEncoding: .defined), end)
    }

    private mutating func parseItem(
        length: UInt32, at offset: inout Int, end: Int, sequence: Tag, scope: Scope
    ) throws(DataSetError) -> ItemSequence.Item {
        var scope = scope
        let start = offset + 8
        scope.isDelimited = length == .max
        scope.end = end
        if !scope.isDelimited {
            let declared = Int(length)
            let defined = clampsItems ? min(declared, end - start) : declared
            guard defined <= end - start else {
                throw .lengthExceedsInput(tag: sequence, declared: length, remaining: end - start, offset: offset)
            }
            if defined & 1 == 1 { notes.add(.oddLength, .item, offset) }
            scope.end = start + defined
        }
        var dataSet = DataSet(inheritedCharacterSet: scope.inheritedCharacterSet)
        offset = try parse(into: &dataSet, at: start, scope: scope)
        return ItemSequence.Item(dataSet, lengthEncoding: scope.isDelimited ? .undefined : .defined)
    }

    /// A sequence of defined length; in lenient reading its bytes, as UN, when they are not items.
    mutating func sequenceValue(
        _ header: Header, end: Int, scope: Scope
    ) throws(DataSetError) -> (vr: VR, value: DataElement.Value) {
        let state = checkpoint()
        do throws(DataSetError) {
            let parsed = try parseSequence(
                header, end: end, isDelimited: false, encoding: scope.encoding, scope: scope)
            return (.sq, .sequence(parsed.0))
        } catch {
            guard tolerance == .lenient, !error.isLimit else { throw error }
            restore(state)
            notes.add(.unreadableSequence, header.tag, header.offset)
            return (.un, .bytes(try cursor.slice(header.valueOffset, end - header.valueOffset)))
        }
    }

    /// The items of an explicit UN element of defined length that the dictionary knows as a sequence: Implicit VR
    /// Little Endian whatever the transfer syntax (PS3.5 §6.2.2). `nil` when it is none, or not readable as one.
    mutating func knownSequence(
        _ header: Header, end: Int, in dataSet: DataSet, scope: inout Scope
    ) -> ItemSequence? {
        guard scope.encoding.isExplicit, header.valueOffset < end, !header.tag.isPrivate,
            DictionaryIndex.shared.code(for: header.tag) == VR.sq.rawValue
        else { return nil }
        prepareCharacterSet(of: dataSet, &scope)
        let state = checkpoint()
        do throws(DataSetError) {
            return try parseSequence(
                header, end: end, isDelimited: false, encoding: .implicitLittleEndian, scope: scope).0
        } catch {
            restore(state)
            notes.add(.unreadableSequence, header.tag, header.offset)
            return nil
        }
    }

    private struct Checkpoint {
        let notes: Int
        let bulk: Int
        let path: Int
    }

    private func checkpoint() -> Checkpoint { Checkpoint(notes: notes.notes.count, bulk: bulk.count, path: path.count) }

    private mutating func restore(_ state: Checkpoint) {
        notes.truncate(to: state.notes)
        bulk.removeLast(max(0, bulk.count - state.bulk))
        path.removeLast(max(0, path.count - state.path))
    }
}

extension DataSetError {
    /// A limit or a medium, not the data, ended the parse; reading the same bytes in another way is no answer.
    var isLimit: Bool {
        switch self {
        case .nestingTooDeep, .tooManyElements, .inflatedTooLarge, .sourceUnreadable: true
        default: false
        }
    }
}
