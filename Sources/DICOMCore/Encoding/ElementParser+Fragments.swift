extension ElementParser {
    /// Encapsulated Pixel Data (PS3.5 §A.4): the Basic Offset Table item, fragments, Sequence Delimitation Item.
    mutating func parsePixelDataFragments(
        _ header: Header, into dataSet: inout DataSet, scope: Scope, isInOrder: Bool
    ) throws(DataSetError) -> Int {
        if !isEncapsulated { notes.add(.encapsulationMismatch, header.tag, header.offset) }
        var ranges: [Range<Int>] = []
        let end = try walkFragments(header, scope: scope) { ranges.append($0) }
        guard let table = ranges.first else { throw .unexpectedDelimiter(tag: header.tag, offset: header.valueOffset) }
        ranges.removeFirst()
        if bulkThreshold != nil && path.isEmpty {
            guard pixelData == nil else {
                notes.add(.duplicateTag, header.tag, header.offset)
                return end
            }
            pixelData = PixelDataLocation(
                tag: header.tag, vr: header.vr, content: .encapsulated(basicOffsetTable: table, fragments: ranges),
                elementRange: header.offset..<end)
            return end
        }
        var fragments: [ArraySlice<UInt8>] = []
        fragments.reserveCapacity(ranges.count)
        for range in ranges { fragments.append(try cursor.slice(range.lowerBound, range.count)) }
        let value = EncapsulatedPixelData(
            basicOffsetTable: try cursor.slice(table.lowerBound, table.count), fragments: fragments)
        // A tag read before is kept; the note about this one stands already.
        if !isInOrder && dataSet.contains(header.tag) { return end }
        dataSet[header.tag] = DataElement(tag: header.tag, vr: header.vr, value: .fragments(value))
        return end
    }

    /// - Returns: the offset after the Sequence Delimitation Item.
    private mutating func walkFragments(
        _ header: Header, scope: Scope, visit: (Range<Int>) -> Void
    ) throws(DataSetError) -> Int {
        let isBigEndian = scope.encoding.isBigEndian
        var offset = header.valueOffset
        while true {
            guard scope.end - offset >= 8 else { throw .truncated(tag: header.tag, offset: offset) }
            let bytes = try cursor.peek(offset, 8)
            let start = bytes.startIndex
            let tag = Tag(
                Self.uint16(bytes, start, isBigEndian), Self.uint16(bytes, start + 2, isBigEndian))
            let low = UInt32(Self.uint16(bytes, start + 4, isBigEndian))
            let high = UInt32(Self.uint16(bytes, start + 6, isBigEndian))
            let declared = isBigEndian ? low << 16 | high : high << 16 | low
            if tag == .sequenceDelimitation {
                if declared != 0 { notes.add(.reservedNotZero, tag, offset) }
                return offset + 8
            }
            guard tag == .item else { throw .unexpectedDelimiter(tag: tag, offset: offset) }
            try countElement(at: offset)
            guard let length = Int(exactly: declared), length <= scope.end - offset - 8 else {
                throw .lengthExceedsInput(
                    tag: header.tag, declared: declared, remaining: scope.end - offset - 8, offset: offset)
            }
            if length & 1 == 1 { notes.add(.oddLength, tag, offset) }
            visit((offset + 8)..<(offset + 8 + length))
            offset += 8 + length
        }
    }

    private static func uint16(_ bytes: ArraySlice<UInt8>, _ index: Int, _ isBigEndian: Bool) -> UInt16 {
        let first = UInt16(bytes[index])
        let second = UInt16(bytes[index + 1])
        return isBigEndian ? first << 8 | second : second << 8 | first
    }
}
