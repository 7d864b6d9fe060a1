/// The one parser behind reader, scanner and file meta: walks elements of a source and keeps values as slices of it.
///
/// Everything is bounded: lengths by what the source holds, depth and counts by `ParsingLimits`.
struct ElementParser {
    /// One data set being read: the top level or an item.
    struct Scope {
        var encoding: ElementEncoding
        /// No element reaches beyond this offset.
        var end: Int
        /// Ends at an Item Delimitation Item rather than at `end`.
        var isDelimited: Bool
        var depth: Int
        /// Pixel Representation of this data set or the nearest around it.
        var isSigned = false
        /// Of the data set around this one.
        var inheritedCharacterSet = SpecificCharacterSet.default
        /// Of this one; `nil` until first needed.
        var characterSet: SpecificCharacterSet?
    }

    struct Header {
        let tag: Tag
        let vr: VR
        let length: UInt32
        let offset: Int
        let valueOffset: Int
        let unitBytes: Int

        var isUndefinedLength: Bool { length == .max }
    }

    /// Misplaced elements cost an insertion each; more than this is an attack, not an old exporter.
    private static let misplacedLimit = 1024

    var cursor: ByteCursor
    let limits: ParsingLimits
    let tolerance: ParsingTolerance
    var notes = NoteCollector()
    /// Top-level elements from this tag on are not read.
    var stopBefore: Tag?
    /// Top-level elements from the first of another group on are not read.
    var onlyGroup: UInt16?
    /// Values longer than this, and top-level pixel data, are located rather than read.
    var bulkThreshold: Int?
    var isEncapsulated = false
    /// Group 0000 at top level is what is being read, not a stray: command sets (PS3.7 §6.3).
    var allowsCommandGroup = false
    var pixelData: PixelDataLocation?
    var bulk: [BulkLocation] = []
    var path: [BulkLocation.Step] = []
    /// Offsets of the items of this top-level sequence are collected in `itemOffsets`.
    var offsetsWanted: Tag?
    var itemOffsets: [Int] = []
    /// Items that claim to reach beyond their sequence end with it.
    var clampsItems = false
    var elementCount = 0
    private var misplacedCount = 0
    private let dictionary = DictionaryIndex.shared

    init(_ cursor: ByteCursor, limits: ParsingLimits, tolerance: ParsingTolerance) {
        self.cursor = cursor
        self.limits = limits
        self.tolerance = tolerance
    }

    /// Reads one data set.
    ///
    /// - Returns: the offset after its last element or its delimiter.
    mutating func parse(
        into dataSet: inout DataSet, at start: Int, scope outer: Scope
    ) throws(DataSetError) -> Int {
        var scope = outer
        var offset = start
        var lastTag: Tag?
        while offset < scope.end {
            if scope.depth == 0, stopBefore != nil || onlyGroup != nil, try isAtStop(offset, scope: scope) { return offset }
            let header = try header(at: offset, scope: scope)
            if header.tag.group == 0xFFFE {
                guard scope.isDelimited, header.tag == .itemDelimitation else {
                    throw .unexpectedDelimiter(tag: header.tag, offset: offset)
                }
                if header.length != 0 { notes.add(.reservedNotZero, header.tag, offset) }
                return header.valueOffset
            }
            try countElement(at: offset)
            let isInOrder = lastTag.map { $0 < header.tag } ?? true
            if isInOrder { lastTag = header.tag } else { try admitMisplaced(header, in: dataSet) }
            offset = try parseValue(header, into: &dataSet, scope: &scope, isInOrder: isInOrder)
        }
        if scope.isDelimited { throw .truncated(tag: nil, offset: offset) }
        return offset
    }

    /// Looks at no more than the tag: what follows may be in another encoding.
    private mutating func isAtStop(_ offset: Int, scope: Scope) throws(DataSetError) -> Bool {
        guard scope.end - offset >= 4 else { return false }
        try cursor.require(offset, 4)
        let tag = cursor.tag(offset, bigEndian: scope.encoding.isBigEndian)
        return stopBefore.map { tag >= $0 } ?? false || onlyGroup.map { tag.group != $0 } ?? false
    }

    mutating func countElement(at offset: Int) throws(DataSetError) {
        elementCount += 1
        if elementCount > limits.maximumElements { throw .tooManyElements(limit: limits.maximumElements, offset: offset) }
    }

    private mutating func admitMisplaced(_ header: Header, in dataSet: DataSet) throws(DataSetError) {
        misplacedCount += 1
        guard tolerance == .lenient, misplacedCount <= Self.misplacedLimit else {
            throw .tagOutOfOrder(tag: header.tag, offset: header.offset)
        }
        notes.add(isPresent(header.tag, in: dataSet) ? .duplicateTag : .tagOutOfOrder, header.tag, header.offset)
    }

    private func isPresent(_ tag: Tag, in dataSet: DataSet) -> Bool {
        if dataSet.contains(tag) { return true }
        if path.isEmpty && pixelData?.tag == tag { return true }
        return bulk.contains { $0.tag == tag && $0.path == path }
    }

    // MARK: Headers

    private mutating func header(at offset: Int, scope: Scope) throws(DataSetError) -> Header {
        guard scope.end - offset >= 8 else { throw .truncated(tag: nil, offset: offset) }
        try cursor.require(offset, 8)
        let isBigEndian = scope.encoding.isBigEndian
        let tag = cursor.tag(offset, bigEndian: isBigEndian)
        if tag.group == 0xFFFE {
            let length = cursor.uint32(offset + 4, bigEndian: isBigEndian)
            return Header(tag: tag, vr: .un, length: length, offset: offset, valueOffset: offset + 8, unitBytes: 1)
        }
        if Self.isForbidden(tag.group), tag.group != onlyGroup, tag.group != 0 || !allowsCommandGroup || scope.depth > 0 {
            notes.add(.forbiddenGroup, tag, offset)
        }
        guard scope.encoding.isExplicit else {
            let vr = ImplicitVR.resolve(tag, isSigned: scope.isSigned, dictionary: dictionary)
            let length = cursor.uint32(offset + 4, bigEndian: isBigEndian)
            return Header(
                tag: tag, vr: vr, length: length, offset: offset, valueOffset: offset + 8,
                unitBytes: isBigEndian ? vr.unitBytes : 1)
        }
        return try explicitHeader(tag, at: offset, scope: scope)
    }

    private mutating func explicitHeader(_ tag: Tag, at offset: Int, scope: Scope) throws(DataSetError) -> Header {
        let vr = VR(rawValue: cursor.uint16(offset + 4, bigEndian: true))
        guard let traits = VRTable.traits(vr.rawValue) else {
            throw .invalidVR(tag: tag, rawValue: vr.rawValue, offset: offset)
        }
        if !traits.isListed {
            notes.add(.unknownVR, tag, offset)
        } else if !tag.isPrivate, !dictionary.allows(vr, for: tag) {
            notes.add(.vrMismatch, tag, offset)
        }
        guard traits.hasLongLength else {
            let length = UInt32(cursor.uint16(offset + 6, bigEndian: scope.encoding.isBigEndian))
            return Header(
                tag: tag, vr: vr, length: length, offset: offset, valueOffset: offset + 8, unitBytes: traits.unitBytes)
        }
        guard scope.end - offset >= 12 else { throw .truncated(tag: tag, offset: offset) }
        try cursor.require(offset, 12)
        if cursor.uint16(offset + 6, bigEndian: false) != 0 { notes.add(.reservedNotZero, tag, offset) }
        let length = cursor.uint32(offset + 8, bigEndian: scope.encoding.isBigEndian)
        return Header(
            tag: tag, vr: vr, length: length, offset: offset, valueOffset: offset + 12, unitBytes: traits.unitBytes)
    }

    @inline(__always)
    private static func isForbidden(_ group: UInt16) -> Bool {
        group < 8 && group != 4 && group != 6 || group == 0xFFFF
    }

    // MARK: Values

    /// - Returns: the offset after the value.
    private mutating func parseValue(
        _ header: Header, into dataSet: inout DataSet, scope: inout Scope, isInOrder: Bool
    ) throws(DataSetError) -> Int {
        if header.isUndefinedLength {
            prepareCharacterSet(of: dataSet, &scope)
            return try parseUndefinedLength(header, into: &dataSet, scope: scope, isInOrder: isInOrder)
        }
        guard let length = Int(exactly: header.length), length <= scope.end - header.valueOffset else {
            throw .lengthExceedsInput(
                tag: header.tag, declared: header.length, remaining: scope.end - header.valueOffset,
                offset: header.offset)
        }
        if length & 1 == 1 { notes.add(.oddLength, header.tag, header.offset) }
        let end = header.valueOffset + length
        if header.vr == .sq {
            prepareCharacterSet(of: dataSet, &scope)
            let value = try sequenceValue(header, end: end, scope: scope)
            try store(DataElement(tag: header.tag, vr: value.vr, value: value.value), in: &dataSet, isInOrder)
            return end
        }
        if isBulk(header, length: length) {
            locate(header, end: end, in: dataSet)
            return end
        }
        if header.vr == .un, let value = knownSequence(header, end: end, in: dataSet, scope: &scope) {
            try store(DataElement(tag: header.tag, vr: .un, value: .sequence(value)), in: &dataSet, isInOrder)
            return end
        }
        var bytes = try cursor.slice(header.valueOffset, length)
        if scope.encoding.isBigEndian && header.unitBytes > 1 {
            bytes = ByteOrder.swapped(bytes, unit: header.unitBytes)
        }
        try store(DataElement(header.tag, header.vr, bytes: bytes), in: &dataSet, isInOrder)
        if header.tag.rawValue == 0x0008_0005 { scope.characterSet = nil }
        if header.tag.rawValue == 0x0028_0103 { notePixelRepresentation(bytes, in: &dataSet, scope: &scope) }
        return end
    }

    /// The character set that items of `dataSet` inherit.
    func prepareCharacterSet(of dataSet: DataSet, _ scope: inout Scope) {
        guard scope.characterSet == nil else { return }
        let element = dataSet[Tag(0x0008, 0x0005)]
        scope.characterSet = element?.bytes.flatMap(Self.commonCharacterSet) ?? dataSet.characterSet
    }

    private static let latin1 = (Array("ISO_IR 100".utf8), SpecificCharacterSet(definedTerms: ["ISO_IR 100"]))
    private static let utf8 = (Array("ISO_IR 192".utf8), SpecificCharacterSet(definedTerms: ["ISO_IR 192"]))

    /// The two that most objects use, without reading the terms anew for each object.
    private static func commonCharacterSet(_ bytes: ArraySlice<UInt8>) -> SpecificCharacterSet? {
        if bytes.elementsEqual(latin1.0) { return latin1.1 }
        return bytes.elementsEqual(utf8.0) ? utf8.1 : nil
    }

    @inline(__always)
    private mutating func store(
        _ element: DataElement, in dataSet: inout DataSet, _ isInOrder: Bool
    ) throws(DataSetError) {
        if isInOrder && dataSet.append(element) { return }
        // Misplaced, or the first after a misplaced one: the first of duplicates stays.
        if !isPresent(element.tag, in: dataSet) { dataSet[element.tag] = element }
    }

    /// Elements before Pixel Representation whose VR depends on it take the right one now.
    private func notePixelRepresentation(
        _ bytes: ArraySlice<UInt8>, in dataSet: inout DataSet, scope: inout Scope
    ) {
        scope.isSigned = bytes.first == 1
        guard scope.isSigned, !scope.encoding.isExplicit else { return }
        for element in dataSet.elements where element.vr == .us {
            guard ImplicitVR.dependsOnPixelRepresentation(element.tag, dictionary: dictionary) else { continue }
            dataSet[element.tag] = DataElement(tag: element.tag, vr: .ss, value: element.value)
        }
    }

    // MARK: Bulk values

    private func isBulk(_ header: Header, length: Int) -> Bool {
        guard let bulkThreshold else { return false }
        if path.isEmpty && Self.isPixelData(header.tag) { return true }
        // Offset tables are needed to find frames, whatever their size.
        return length > bulkThreshold && header.tag.rawValue != 0x7FE0_0001 && header.tag.rawValue != 0x7FE0_0002
    }

    private mutating func locate(_ header: Header, end: Int, in dataSet: DataSet) {
        let value = header.valueOffset..<end
        guard path.isEmpty && Self.isPixelData(header.tag) else {
            if !isPresent(header.tag, in: dataSet) {
                bulk.append(BulkLocation(path: path, tag: header.tag, vr: header.vr, range: value))
            }
            return
        }
        if isEncapsulated && header.tag.rawValue == 0x7FE0_0010 {
            notes.add(.encapsulationMismatch, header.tag, header.offset)
        }
        guard pixelData == nil else {
            notes.add(.duplicateTag, header.tag, header.offset)
            return
        }
        pixelData = PixelDataLocation(
            tag: header.tag, vr: header.vr, content: .native(value), elementRange: header.offset..<end)
    }

    static func isPixelData(_ tag: Tag) -> Bool {
        tag.rawValue == 0x7FE0_0010 || tag.rawValue == 0x7FE0_0008 || tag.rawValue == 0x7FE0_0009
    }
}

extension ElementParser {
    /// An element of undefined length: sequence, fragments, or UN holding a sequence.
    private mutating func parseUndefinedLength(
        _ header: Header, into dataSet: inout DataSet, scope: Scope, isInOrder: Bool
    ) throws(DataSetError) -> Int {
        if header.tag.rawValue == 0x7FE0_0010, header.vr != .sq {
            return try parsePixelDataFragments(header, into: &dataSet, scope: scope, isInOrder: isInOrder)
        }
        var encoding = scope.encoding
        var vr = header.vr
        if scope.encoding.isExplicit {
            // UN of undefined length holds a sequence in Implicit VR Little Endian (PS3.5 §6.2.2).
            if vr == .un { encoding = .implicitLittleEndian }
            guard vr == .un || vr == .sq else { throw .undefinedLengthNotAllowed(tag: header.tag, offset: header.offset) }
        } else {
            // Without a VR only sequences have undefined length, whether the dictionary knows them or not.
            guard vr == .un || vr == .sq else { throw .undefinedLengthNotAllowed(tag: header.tag, offset: header.offset) }
            vr = .sq
        }
        let (sequence, end) = try parseSequence(
            header, end: scope.end, isDelimited: true, encoding: encoding, scope: scope)
        try store(DataElement(tag: header.tag, vr: vr, value: .sequence(sequence)), in: &dataSet, isInOrder)
        return end
    }
}
