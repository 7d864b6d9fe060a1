/// Why a text is not the DICOM JSON model. Offsets are bytes from the start of the text; no value ever appears.
public enum DICOMJSONError: Error, Hashable, Sendable {
    case json(JSONParser.Failure)
    /// Neither an object nor an array of objects.
    case notADataSet(offset: Int)
    /// A key that is not eight hexadecimal digits.
    case invalidTag(offset: Int)
    case duplicateTag(tag: Tag, offset: Int)
    case invalidVR(tag: Tag, offset: Int)
    /// Without `vr` and unknown to the dictionary.
    case missingVR(tag: Tag, offset: Int)
    /// A value that the VR does not allow, or not of the JSON type it wants.
    case invalidValue(tag: Tag, vr: VR, offset: Int)
    case invalidBase64(tag: Tag, offset: Int)
    /// Nobody could say what a `BulkDataURI` refers to.
    case unresolvedBulkData(tag: Tag, offset: Int)
    case nestingTooDeep(limit: Int, offset: Int)
    case tooManyElements(limit: Int, offset: Int)
}

extension DICOMJSON {
    public struct Limits: Hashable, Sendable {
        public var text = JSONParser.Limits.default
        /// Sequences within sequences, and elements in all data sets together.
        public var dataSet = ParsingLimits.default

        public init() {}
        public static let `default` = Limits()
    }

    /// What stands behind a `BulkDataURI`.
    public enum Resolution: Hashable, Sendable {
        /// The value, little endian.
        case bytes(ArraySlice<UInt8>)
        case fragments(EncapsulatedPixelData)
        /// The element is left out.
        case omit
        /// `DICOMJSONError.unresolvedBulkData`.
        case refuse
    }

    /// The data sets of an object or an array of objects, ready to be written: text in UTF-8, values padded.
    ///
    /// A missing `vr` is taken from the dictionary. Numbers may come as strings, names as strings, several values of one
    /// text with backslashes between. Values of DS longer than 16 characters are rounded to what fits.
    /// - Parameter bulkData: what a `BulkDataURI` refers to.
    public static func decode(
        _ bytes: ArraySlice<UInt8>, limits: Limits = .default,
        bulkData: (_ uri: String, _ path: ElementPath, _ vr: VR) -> Resolution = { _, _, _ in .refuse }
    ) throws(DICOMJSONError) -> [DataSet] {
        let root: JSONNode
        do throws(JSONParser.Failure) { root = try JSONParser.parse(bytes, limits: limits.text) } catch { throw .json(error) }
        var decoder = DICOMJSONDecoder(limits: limits.dataSet, characterSet: characterSet(for: bytes))
        var dataSets: [DataSet] = []
        for node in root.array ?? [root] { dataSets.append(try decoder.topDataSet(node, bulkData)) }
        return dataSets
    }

    /// UTF-8 where any text may need it or (0008,0005) is there to say so; one decision for all, items included.
    private static func characterSet(for bytes: ArraySlice<UInt8>) -> SpecificCharacterSet {
        var previous: UInt8 = 0
        for byte in bytes {
            if byte >= 0x80 || (previous == 0x5C && byte == UInt8(ascii: "u")) { return .utf8 }
            previous = byte
        }
        let key = Array("00080005".utf8)
        var rest = bytes
        while let start = rest.firstIndex(of: key[0]) {
            rest = rest[start...]
            if rest.starts(with: key) { return .utf8 }
            rest = rest.dropFirst()
        }
        return .default
    }

    public static func decode(_ bytes: some Collection<UInt8>, limits: Limits = .default) throws(DICOMJSONError) -> [DataSet] {
        try decode(Array(bytes)[...], limits: limits)
    }
}

struct DICOMJSONDecoder {
    typealias Resolver = (String, ElementPath, VR) -> DICOMJSON.Resolution

    private let limits: ParsingLimits
    private var elementCount = 0
    private var steps: [ElementPath.Step] = []
    private let characterSet: SpecificCharacterSet

    private static let characterSetTag = Tag(0x0008, 0x0005)

    init(limits: ParsingLimits, characterSet: SpecificCharacterSet) {
        self.limits = limits
        self.characterSet = characterSet
    }

    mutating func topDataSet(_ node: JSONNode, _ resolve: Resolver) throws(DICOMJSONError) -> DataSet {
        var dataSet = try self.dataSet(node, resolve)
        dataSet.inheritedCharacterSet = .default
        if characterSet == .utf8 {
            dataSet[Self.characterSetTag] = DataElement(Self.characterSetTag, .cs, bytes: Array("ISO_IR 192".utf8)[...])
        }
        return dataSet
    }

    private mutating func dataSet(_ node: JSONNode, _ resolve: Resolver) throws(DICOMJSONError) -> DataSet {
        guard let members = node.object else { throw .notADataSet(offset: node.offset) }
        guard steps.count <= limits.maximumDepth else {
            throw .nestingTooDeep(limit: limits.maximumDepth, offset: node.offset)
        }
        var elements: [(element: DataElement, offset: Int)] = []
        for member in members {
            guard member.key.utf8.count == 8, let tag = Tag(hexadecimal: member.key) else {
                throw .invalidTag(offset: member.value.offset)
            }
            elementCount += 1
            guard elementCount <= limits.maximumElements else {
                throw .tooManyElements(limit: limits.maximumElements, offset: member.value.offset)
            }
            if tag.isGroupLength || (tag == Self.characterSetTag && !steps.isEmpty) { continue }
            if let element = try element(tag, member.value, resolve) { elements.append((element, member.value.offset)) }
        }
        elements.sort { $0.element.tag < $1.element.tag }
        var dataSet = DataSet(inheritedCharacterSet: characterSet)
        for (element, offset) in elements {
            guard dataSet.append(element) else { throw .duplicateTag(tag: element.tag, offset: offset) }
        }
        return dataSet
    }

    private mutating func element(_ tag: Tag, _ node: JSONNode, _ resolve: Resolver) throws(DICOMJSONError) -> DataElement? {
        guard node.object != nil else { throw .notADataSet(offset: node.offset) }
        let vr = try vr(of: tag, node)
        if let uri = node["BulkDataURI"] { return try bulk(uri, tag, vr, resolve) }
        if let binary = node["InlineBinary"] { return try inlineBinary(binary, tag, vr) }
        let value = node["Value"]
        let nodes = value?.array ?? []
        guard value == nil || value?.array != nil || value?.isNull == true else {
            throw .invalidValue(tag: tag, vr: vr, offset: node.offset)
        }
        if vr == .sq { return try sequence(tag, nodes, resolve) }
        guard !DICOMJSON.isBinary(vr) || nodes.isEmpty else { throw .invalidValue(tag: tag, vr: vr, offset: node.offset) }
        var bytes: [UInt8] = []
        if !nodes.isEmpty {
            bytes = try DICOMJSONValues(tag: tag, vr: vr).bytes(nodes)
            if bytes.count % 2 == 1 { bytes.append(vr.padding) }
        }
        return DataElement(tag, vr, bytes: bytes[...])
    }

    private func vr(of tag: Tag, _ node: JSONNode) throws(DICOMJSONError) -> VR {
        if let member = node["vr"] {
            guard let letters = member.string.map({ Array($0.utf8) }), letters.count == 2 else {
                throw .invalidVR(tag: tag, offset: member.offset)
            }
            let vr = VR(rawValue: UInt16(letters[0]) << 8 | UInt16(letters[1]))
            guard vr.isStandard else { throw .invalidVR(tag: tag, offset: member.offset) }
            return vr
        }
        if let vr = DataDictionary.vr(for: tag) { return vr }
        if tag.isPrivateCreator { return .lo }
        guard tag.isPrivate, node["Value"] == nil else { throw .missingVR(tag: tag, offset: node.offset) }
        return .un
    }

    private mutating func sequence(_ tag: Tag, _ nodes: [JSONNode], _ resolve: Resolver) throws(DICOMJSONError) -> DataElement {
        var items: [DataSet] = []
        for (index, node) in nodes.enumerated() {
            steps.append(ElementPath.Step(sequence: tag, itemIndex: index))
            // An empty item may come as null (PS3.18 §F.2.5).
            items.append(node.isNull ? DataSet(inheritedCharacterSet: characterSet) : try dataSet(node, resolve))
            steps.removeLast()
        }
        return DataElement(tag: tag, vr: .sq, value: .sequence(ItemSequence(items)))
    }

    private func bulk(_ uri: JSONNode, _ tag: Tag, _ vr: VR, _ resolve: Resolver) throws(DICOMJSONError) -> DataElement? {
        guard let text = uri.string, vr != .sq else { throw .invalidValue(tag: tag, vr: vr, offset: uri.offset) }
        switch resolve(text, ElementPath(steps: steps, tag: tag), vr) {
        case .bytes(var bytes):
            if bytes.count % 2 == 1 { bytes.append(vr.padding) }
            return DataElement(tag, vr, bytes: bytes)
        case .fragments(let fragments): return DataElement(tag: tag, vr: vr, value: .fragments(fragments))
        case .omit: return nil
        case .refuse: throw .unresolvedBulkData(tag: tag, offset: uri.offset)
        }
    }

    private func inlineBinary(_ node: JSONNode, _ tag: Tag, _ vr: VR) throws(DICOMJSONError) -> DataElement {
        guard vr != .sq, let text = node.string, var bytes = Base64.decode(text.utf8) else {
            throw .invalidBase64(tag: tag, offset: node.offset)
        }
        if bytes.count % 2 == 1 { bytes.append(vr.padding) }
        return DataElement(tag, vr, bytes: bytes[...])
    }
}

/// Values of one element from JSON to bytes (PS3.18 Table F.2.3-1).
struct DICOMJSONValues {
    let tag: Tag
    let vr: VR

    func bytes(_ nodes: [JSONNode]) throws(DICOMJSONError) -> [UInt8] {
        switch vr {
        case .us: try integers(nodes, 2, 0...Int128(UInt16.max))
        case .ul: try integers(nodes, 4, 0...Int128(UInt32.max))
        case .uv: try integers(nodes, 8, 0...Int128(UInt64.max))
        case .ss: try integers(nodes, 2, Int128(Int16.min)...Int128(Int16.max))
        case .sl: try integers(nodes, 4, Int128(Int32.min)...Int128(Int32.max))
        case .sv: try integers(nodes, 8, Int128(Int64.min)...Int128(Int64.max))
        case .fl: try units(nodes, 4) { node in double(node).map { Int128(Float($0).bitPattern) } }
        case .fd: try units(nodes, 8) { node in double(node).map { Int128($0.bitPattern) } }
        case .at: try units(nodes, 4) { node in tagBits(node) }
        default: try texts(nodes)
        }
    }

    private func integers(_ nodes: [JSONNode], _ size: Int, _ range: ClosedRange<Int128>) throws(DICOMJSONError) -> [UInt8] {
        try units(nodes, size) { node in integer(node).flatMap { range.contains($0) ? $0 : nil } }
    }

    private func units(
        _ nodes: [JSONNode], _ size: Int, _ bits: (JSONNode) -> Int128?
    ) throws(DICOMJSONError) -> [UInt8] {
        var bytes: [UInt8] = []
        for node in nodes where !(node.isNull && nodes.count == 1) {
            guard let value = bits(node) else { throw .invalidValue(tag: tag, vr: vr, offset: node.offset) }
            for byte in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> Int128(8 * byte))) }
        }
        return bytes
    }

    private func token(_ node: JSONNode) -> String? {
        switch node.content {
        case .number(let text), .string(let text): text
        default: nil
        }
    }

    private func integer(_ node: JSONNode) -> Int128? {
        guard let text = token(node) else { return nil }
        // `1.0` and `1e3` are integers to those who write all numbers alike.
        return Int128(text) ?? Double(text).flatMap { Int128(exactly: $0) }
    }

    private func double(_ node: JSONNode) -> Double? {
        guard let text = token(node) else { return nil }
        switch text {
        case "NaN", "nan": return .nan
        case "Infinity", "inf", "+Infinity": return .infinity
        case "-Infinity", "-inf": return -.infinity
        default: return Double(text)
        }
    }

    /// Group in the low half, as the two little endian halves want it.
    private func tagBits(_ node: JSONNode) -> Int128? {
        guard let tag = node.string.flatMap({ Tag(hexadecimal: $0) }) else { return nil }
        return Int128(tag.element) << 16 | Int128(tag.group)
    }

    private func texts(_ nodes: [JSONNode]) throws(DICOMJSONError) -> [UInt8] {
        guard vr.allowsMultipleValues || nodes.count == 1 else {
            throw .invalidValue(tag: tag, vr: vr, offset: nodes[1].offset)
        }
        var values: [String] = []
        for node in nodes {
            guard let text = node.isNull ? "" : vr == .pn ? name(node) : text(node) else {
                throw .invalidValue(tag: tag, vr: vr, offset: node.offset)
            }
            if vr.allowsMultipleValues, vr != .pn, text.utf8.contains(TextRules.backslash) {
                values += text.split(separator: "\\", omittingEmptySubsequences: false).map(String.init)
            } else {
                values.append(text)
            }
        }
        if vr.usesSpecificCharacterSet || values.allSatisfy({ $0.utf8.allSatisfy { $0 < 0x80 } }) {
            return SpecificCharacterSet.utf8.encodeValues(values, vr: vr)
        }
        return Array(values.map { basic($0) }.joined(separator: [TextRules.backslash]))
    }

    /// Text of a VR without character set: what stands there in ISO_IR 100 wrongly is one byte again, as the encoder reads it.
    private func basic(_ text: String) -> [UInt8] {
        text.unicodeScalars.flatMap { scalar in UInt8(exactly: scalar.value).map { [$0] } ?? Array(String(scalar).utf8) }
    }

    private func text(_ node: JSONNode) -> String? {
        switch (node.content, vr) {
        case (.string(let text), _): return text
        case (.number(let text), .is): return integer(node).map { String($0) } ?? text
        case (.number(let text), .ds):
            guard text.utf8.count > DecimalString.maximumLength else { return text }
            return Double(text).map { DecimalString.format($0) }
        case (.number(let text), _): return text
        default: return nil
        }
    }

    private func name(_ node: JSONNode) -> String? {
        if let text = node.string { return text }
        guard node.object != nil else { return nil }
        var groups: [String] = []
        for key in ["Alphabetic", "Ideographic", "Phonetic"] {
            guard let member = node[key], !member.isNull else {
                groups.append("")
                continue
            }
            guard let text = member.string else { return nil }
            groups.append(text)
        }
        while groups.last?.isEmpty == true { groups.removeLast() }
        return groups.joined(separator: "=")
    }
}
