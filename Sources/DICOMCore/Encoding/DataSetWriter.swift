/// Writes data sets in any transfer syntax (PS3.5 §7, Annex A).
///
/// What a reader of the same transfer syntax gave comes out as it came in. In another syntax, elements without a
/// known VR become UN, values too long for their VR's length field become UN (PS3.5 §6.2.2), and lengths are
/// computed anew.
public struct DataSetWriter: Sendable {
    /// What to do with deviations that a data set brought along.
    public enum Fidelity: Hashable, Sendable {
        /// Values of odd length and wrong Group Lengths stay, so that unmodified data come out byte for byte.
        case asRead
        /// Values are padded to even length and Group Lengths corrected: for new, changed and converted data.
        case conforming
    }

    public let syntax: TransferSyntax
    public let fidelity: Fidelity

    /// Values longer than this go to the sink as they are, without a copy.
    private static let direct = 64 << 10

    /// - Parameter fidelity: Group Lengths of groups 0000 and 0002, which are required, are right in any case.
    public init(syntax: TransferSyntax, fidelity: Fidelity = .asRead) {
        self.syntax = syntax
        self.fidelity = fidelity
    }

    private var encoder: ElementEncoder {
        ElementEncoder(isEncapsulated: syntax.isEncapsulated, isConforming: fidelity == .conforming)
    }

    /// - Throws: `valueTooLong`, or `encapsulationNotAllowed` for fragments in a native transfer syntax.
    public func write(_ dataSet: DataSet) throws(DataSetError) -> [UInt8] {
        var encoder = encoder
        let encoding = ElementEncoding(syntax)
        for index in dataSet.elements.indices { try encoder.append(dataSet, index, encoding) }
        return syntax.isDeflated ? try Deflate.deflate(encoder.bytes[...]) : encoder.bytes
    }

    /// Writes in pieces, so that large values are neither copied nor gathered.
    ///
    /// - Throws: as `write(_:)`, and what `sink` throws.
    public func write(_ dataSet: DataSet, to sink: (ArraySlice<UInt8>) throws -> Void) throws {
        if syntax.isDeflated { return try sink(write(dataSet)[...]) }
        var encoder = encoder
        let encoding = ElementEncoding(syntax)
        for (index, element) in dataSet.elements.enumerated() {
            switch element.value {
            case .bytes(let bytes) where bytes.count > Self.direct && !encoding.isBigEndian:
                let vr = try encoder.appendHeader(element, count: bytes.count, encoding)
                try encoder.drain(into: sink)
                try sink(bytes)
                encoder.pad(vr, after: bytes.count)
            case .fragments(let value):
                try encoder.appendFragmentsStart(element, value, encoding)
                for fragment in value.fragments {
                    try encoder.appendItemHeader(count: fragment.count, of: element.tag, encoding)
                    try encoder.drain(into: sink)
                    try sink(fragment)
                    encoder.pad(.ob, after: fragment.count)
                }
                encoder.appendDelimiter(.sequenceDelimitation, encoding)
            default:
                try encoder.append(dataSet, index, encoding)
            }
            if encoder.bytes.count > Self.direct { try encoder.drain(into: sink) }
        }
        try encoder.drain(into: sink)
    }

    /// Bytes that `dataSet` takes; for deflated syntaxes before deflating.
    public func encodedLength(of dataSet: DataSet) -> Int {
        encoder.length(of: dataSet, ElementEncoding(syntax))
    }
}

/// Appends encoded elements to a buffer.
struct ElementEncoder {
    private(set) var bytes: [UInt8] = []
    private let isEncapsulated: Bool
    private let isConforming: Bool

    init(isEncapsulated: Bool, isConforming: Bool) {
        self.isEncapsulated = isEncapsulated
        self.isConforming = isConforming
    }

    /// With the padding byte where one is written.
    private func padded(_ count: Int) -> Int { isConforming ? count + count & 1 : count }

    mutating func drain(into sink: (ArraySlice<UInt8>) throws -> Void) throws {
        guard !bytes.isEmpty else { return }
        try sink(bytes[...])
        bytes.removeAll(keepingCapacity: true)
    }

    /// The element at `index` of `dataSet`; a Group Length counts the elements after it.
    mutating func append(_ dataSet: DataSet, _ index: Int, _ encoding: ElementEncoding) throws(DataSetError) {
        let element = dataSet.elements[index]
        switch element.value {
        case .bytes(var value):
            if element.tag.isGroupLength, value.count == 4, isConforming || element.tag.group == 0 || element.tag.group == 2 {
                value = groupLength(dataSet, after: index, encoding)
            }
            let vr = try appendHeader(element, count: value.count, encoding)
            bytes += encoding.isBigEndian ? ByteOrder.swapped(value, unit: vr.unitBytes) : value
            pad(vr, after: value.count)
        case .sequence(let sequence): try append(sequence, of: element, encoding)
        case .fragments(let value):
            try appendFragmentsStart(element, value, encoding)
            for fragment in value.fragments {
                try appendItemHeader(count: fragment.count, of: element.tag, encoding)
                bytes += fragment
                pad(.ob, after: fragment.count)
            }
            appendDelimiter(.sequenceDelimitation, encoding)
        }
    }

    private func groupLength(
        _ dataSet: DataSet, after index: Int, _ encoding: ElementEncoding
    ) -> ArraySlice<UInt8> {
        let group = dataSet.elements[index].tag.group
        let total = dataSet.elements[(index + 1)...].prefix { $0.tag.group == group }
            .reduce(0) { $0 + self.length(of: $1, encoding) }
        return (0..<4).map { UInt8(truncatingIfNeeded: total >> (8 * $0)) }[...]
    }

    // MARK: Headers

    /// - Returns: the VR written, UN where the element's own cannot be.
    mutating func appendHeader(
        _ element: DataElement, count: Int, _ encoding: ElementEncoding
    ) throws(DataSetError) -> VR {
        let padded = self.padded(count)
        guard padded < Int(UInt32.max) else { throw .valueTooLong(tag: element.tag) }
        let vr = Self.writtenVR(element, count: padded, encoding)
        appendHeader(element.tag, vr, UInt32(truncatingIfNeeded: padded), encoding)
        // Implicit VR elements keep their unit for byte order.
        return encoding.isExplicit ? vr : element.vr
    }

    private mutating func appendHeader(_ tag: Tag, _ vr: VR, _ length: UInt32, _ encoding: ElementEncoding) {
        append(tag, encoding)
        guard encoding.isExplicit else { return append(length, encoding) }
        append(vr.rawValue, bigEndian: true)
        if vr.hasLongLength {
            bytes += [0, 0]
            append(length, encoding)
        } else {
            append(UInt16(truncatingIfNeeded: length), bigEndian: encoding.isBigEndian)
        }
    }

    private static func writtenVR(_ element: DataElement, count: Int, _ encoding: ElementEncoding) -> VR {
        guard encoding.isExplicit else { return element.vr }
        guard let traits = VRTable.traits(element.vr.rawValue) else { return .un }
        if case .sequence = element.value { return element.vr == .un ? .un : .sq }
        if element.vr == .sq && count > 0 { return .un }
        return traits.hasLongLength || count <= 0xFFFF ? element.vr : .un
    }

    mutating func pad(_ vr: VR, after count: Int) {
        if isConforming && count & 1 == 1 { bytes.append(vr.isText ? vr.padding : 0) }
    }

    mutating func appendItemHeader(count: Int, of tag: Tag, _ encoding: ElementEncoding) throws(DataSetError) {
        let padded = self.padded(count)
        guard padded < Int(UInt32.max) else { throw .valueTooLong(tag: tag) }
        append(.item, encoding)
        append(UInt32(truncatingIfNeeded: padded), encoding)
    }

    mutating func appendDelimiter(_ tag: Tag, _ encoding: ElementEncoding) {
        append(tag, encoding)
        append(UInt32(0), encoding)
    }

    mutating func appendFragmentsStart(
        _ element: DataElement, _ value: EncapsulatedPixelData, _ encoding: ElementEncoding
    ) throws(DataSetError) {
        guard isEncapsulated else { throw .encapsulationNotAllowed(tag: element.tag) }
        appendHeader(element.tag, element.vr == .ow || element.vr == .un ? element.vr : .ob, .max, encoding)
        try appendItemHeader(count: value.basicOffsetTable.count, of: element.tag, encoding)
        bytes += value.basicOffsetTable
    }

    // MARK: Sequences

    private mutating func append(
        _ sequence: ItemSequence, of element: DataElement, _ encoding: ElementEncoding
    ) throws(DataSetError) {
        let isDefined = hasDefinedLength(sequence, of: element, encoding)
        let inner = Self.innerEncoding(element, encoding)
        let length = isDefined ? self.length(of: sequence, inner) : 0
        guard length < Int(UInt32.max) else { throw .valueTooLong(tag: element.tag) }
        appendHeader(
            element.tag, element.vr == .un ? .un : .sq, isDefined ? UInt32(truncatingIfNeeded: length) : .max, encoding)
        for item in sequence.items {
            if item.lengthEncoding == .defined {
                try appendItemHeader(count: self.length(of: item.dataSet, inner), of: element.tag, inner)
            } else {
                append(.item, inner)
                append(UInt32.max, inner)
            }
            for index in item.dataSet.elements.indices { try append(item.dataSet, index, inner) }
            if item.lengthEncoding == .undefined { appendDelimiter(.itemDelimitation, inner) }
        }
        if !isDefined { appendDelimiter(.sequenceDelimitation, inner) }
    }

    /// Without a VR only undefined length tells readers that an element outside their dictionary is a sequence.
    private func hasDefinedLength(_ sequence: ItemSequence, of element: DataElement, _ encoding: ElementEncoding) -> Bool {
        guard sequence.lengthEncoding == .defined else { return false }
        return !isConforming || encoding.isExplicit || element.vr == .un
            || DictionaryIndex.shared.code(for: element.tag) == VR.sq.rawValue
    }

    /// Sequences under VR UN are Implicit VR Little Endian whatever surrounds them (PS3.5 §6.2.2).
    private static func innerEncoding(_ element: DataElement, _ encoding: ElementEncoding) -> ElementEncoding {
        element.vr == .un && encoding.isExplicit ? .implicitLittleEndian : encoding
    }

    // MARK: Lengths

    func length(of dataSet: DataSet, _ encoding: ElementEncoding) -> Int {
        dataSet.elements.reduce(0) { $0 + self.length(of: $1, encoding) }
    }

    private func length(of element: DataElement, _ encoding: ElementEncoding) -> Int {
        switch element.value {
        case .bytes(let value):
            let padded = self.padded(value.count)
            let isLong = encoding.isExplicit && Self.writtenVR(element, count: padded, encoding).hasLongLength
            return (isLong ? 12 : 8) + padded
        case .sequence(let sequence):
            let end = hasDefinedLength(sequence, of: element, encoding) ? 0 : 8
            return (encoding.isExplicit ? 12 : 8) + length(of: sequence, Self.innerEncoding(element, encoding)) + end
        case .fragments(let value):
            let items = value.fragments.reduce(8 + value.basicOffsetTable.count) { $0 + 8 + padded($1.count) }
            return (encoding.isExplicit ? 12 : 8) + items + 8
        }
    }

    private func length(of sequence: ItemSequence, _ encoding: ElementEncoding) -> Int {
        sequence.items.reduce(0) {
            $0 + 8 + length(of: $1.dataSet, encoding) + ($1.lengthEncoding == .undefined ? 8 : 0)
        }
    }

    // MARK: Numbers

    private mutating func append(_ tag: Tag, _ encoding: ElementEncoding) {
        append(tag.group, bigEndian: encoding.isBigEndian)
        append(tag.element, bigEndian: encoding.isBigEndian)
    }

    private mutating func append(_ value: UInt32, _ encoding: ElementEncoding) {
        let low = UInt16(truncatingIfNeeded: value)
        let high = UInt16(truncatingIfNeeded: value >> 16)
        append(encoding.isBigEndian ? high : low, bigEndian: encoding.isBigEndian)
        append(encoding.isBigEndian ? low : high, bigEndian: encoding.isBigEndian)
    }

    private mutating func append(_ value: UInt16, bigEndian: Bool) {
        let low = UInt8(truncatingIfNeeded: value)
        let high = UInt8(truncatingIfNeeded: value >> 8)
        bytes.append(bigEndian ? high : low)
        bytes.append(bigEndian ? low : high)
    }
}
