package import DICOMCore

/// The value of an indexed attribute, normalised for storage, matching and return.
package enum IndexedValue: Hashable, Sendable {
    /// Absent, empty or not a value of the attribute's kind.
    case none
    case text(String)
    /// Several values of a multi-valued attribute.
    case list([String])
    case integer(Int64)
    /// A DT as written and its first moment in UTC.
    case moment(text: String, utc: String)
    case items([[IndexedValue]])
}

/// Takes the indexed attributes of one level out of a data set in one pass over its elements.
package struct HeaderReader: Sendable {
    /// Longer text is cut; no attribute of the index means to hold more.
    static let maximumTextBytes = 4096
    static let maximumValues = 100
    static let maximumItems = 100

    package let attributes: [IndexedAttribute]
    private let slots: [(tag: UInt32, index: Int)]

    /// - Parameter attributes: the order of the values given back. Derived ones come out as `.none`.
    package init(_ attributes: [IndexedAttribute]) {
        self.attributes = attributes
        slots = attributes.indices.filter { attributes[$0].source == .header }
            .map { (attributes[$0].tag.rawValue, $0) }.sorted { $0.tag < $1.tag }
    }

    package func values(of header: DataSet) -> [IndexedValue] {
        var values = [IndexedValue](repeating: .none, count: attributes.count)
        let elements = header.elements
        var position = 0
        for slot in slots {
            while position < elements.count, elements[position].tag.rawValue < slot.tag { position += 1 }
            guard position < elements.count else { break }
            if elements[position].tag.rawValue == slot.tag {
                values[slot.index] = Self.value(of: elements[position], in: header, as: attributes[slot.index])
            }
        }
        return values
    }

    package static func value(of attribute: IndexedAttribute, in header: DataSet) -> IndexedValue {
        guard let element = header[attribute.tag] else { return .none }
        return value(of: element, in: header, as: attribute)
    }

    private static func value(
        of element: DataElement, in header: DataSet, as attribute: IndexedAttribute
    ) -> IndexedValue {
        switch attribute.kind {
        case .sequence: return items(element, header, attribute)
        case .integer: return integer(element, header)
        case .text, .code, .uid, .decimal: return texts(element, header, attribute)
        case .personName: return names(element, header)
        case .date: return first(element, header).flatMap { TemporalKey.date($0) }.map { .text($0) } ?? .none
        case .time: return first(element, header).flatMap { TemporalKey.time($0) }.map { .text($0) } ?? .none
        case .dateTime:
            let offset = header.string(Tag(0x0008, 0x0201))
            guard let text = first(element, header), let moments = TemporalKey.moments(text, offset: offset) else {
                return .none
            }
            return .moment(text: text, utc: moments.first)
        }
    }

    private static func integer(_ element: DataElement, _ header: DataSet) -> IndexedValue {
        guard let bytes = element.bytes, !bytes.isEmpty else { return .none }
        if element.vr == .us, bytes.count == 2, let low = bytes.first, let high = bytes.last {
            return .integer(Int64(high) << 8 | Int64(low))
        }
        return header.ints(element.tag).first.map { .integer(Int64($0)) } ?? .none
    }

    private static func names(_ element: DataElement, _ header: DataSet) -> IndexedValue {
        let names = strings(element, header).prefix(maximumValues).map { PersonName(parsing: $0).formatted }
        let joined = names.filter { !$0.isEmpty }.joined(separator: "\\")
        return joined.isEmpty ? .none : .text(joined)
    }

    private static func texts(
        _ element: DataElement, _ header: DataSet, _ attribute: IndexedAttribute
    ) -> IndexedValue {
        if attribute.kind == .decimal {
            guard let text = first(element, header), let number = Double(text), number.isFinite else { return .none }
            return .text(text)
        }
        if !attribute.isMultiValued, let text = plainText(element) { return text.isEmpty ? .none : .text(text) }
        let values = strings(element, header)
        guard attribute.isMultiValued else {
            let joined = values.count == 1 ? values[0] : values.joined(separator: "\\")
            return joined.isEmpty ? .none : .text(joined)
        }
        let present = values.allSatisfy { $0.isEmpty } ? [] : Array(values.prefix(maximumValues))
        return present.isEmpty ? .none : .list(present)
    }

    private static func items(
        _ element: DataElement, _ header: DataSet, _ attribute: IndexedAttribute
    ) -> IndexedValue {
        guard case .sequence(let sequence) = element.value, !sequence.items.isEmpty else { return .none }
        let reader = HeaderReader(attribute.items)
        return .items(sequence.items.prefix(maximumItems).map { reader.values(of: $0.dataSet) })
    }

    private static func first(_ element: DataElement, _ header: DataSet) -> String? {
        guard let text = plainText(element) ?? strings(element, header).first, !text.isEmpty else { return nil }
        guard text.utf8.first == 0x20 else { return text }
        var scalars = text.unicodeScalars[...]
        while scalars.first == " " { scalars = scalars.dropFirst() }
        return scalars.isEmpty ? nil : String(scalars)
    }

    /// As `DataSet.strings`, with a short way for plain ASCII, which is nearly everything.
    private static func strings(_ element: DataElement, _ header: DataSet) -> [String] {
        if let text = plainText(element) { return [text] }
        return header.strings(element.tag).map { sound($0) }
    }

    /// `nil` for anything but one value of printable ASCII.
    private static func plainText(_ element: DataElement) -> String? {
        guard element.vr.isText, let bytes = element.bytes, isPlain(bytes) else { return nil }
        var slice = bytes
        while let last = slice.last, last == 0x20 || last == 0 { slice = slice.dropLast() }
        while element.vr != .st, element.vr != .lt, element.vr != .ut, slice.first == 0x20 { slice = slice.dropFirst() }
        return String(decoding: slice.prefix(maximumTextBytes), as: UTF8.self)
    }

    private static func isPlain(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let last = bytes.last, (0x20...0x7E).contains(last) || last == 0 else { return false }
        return bytes.dropLast().allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x5C }
            && last != 0x5C
    }

    /// Without NULs, which end text in databases, and of bounded length.
    private static func sound(_ text: String) -> String {
        let trimmed = text.unicodeScalars.contains("\0") ? text.filter { $0 != "\0" } : text
        guard trimmed.utf8.count > maximumTextBytes else { return trimmed }
        var kept = String.UnicodeScalarView()
        var count = 0
        for scalar in trimmed.unicodeScalars {
            count += UTF8.width(scalar)
            if count > maximumTextBytes { break }
            kept.append(scalar)
        }
        return String(kept)
    }
}
