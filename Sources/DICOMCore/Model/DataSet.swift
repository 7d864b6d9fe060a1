/// An ordered set of data elements (PS3.5 §7), at top level or inside an item.
///
/// Values are kept as bytes and read on demand; elements stand in ascending tag order, each tag once.
public struct DataSet: Hashable, Sendable {
    public private(set) var elements: [DataElement]

    /// The Specific Character Set of the enclosing data set, for items that do not name their own (PS3.5 §6.1.2.5).
    public var inheritedCharacterSet: SpecificCharacterSet

    public init(inheritedCharacterSet: SpecificCharacterSet = .default) {
        elements = []
        self.inheritedCharacterSet = inheritedCharacterSet
    }

    /// - Parameter elements: in any order; of two with one tag the later wins.
    public init(_ elements: [DataElement], inheritedCharacterSet: SpecificCharacterSet = .default) {
        self.init(inheritedCharacterSet: inheritedCharacterSet)
        for element in elements { self[element.tag] = element }
    }

    public var isEmpty: Bool { elements.isEmpty }

    public subscript(tag: Tag) -> DataElement? {
        get {
            let index = firstIndex(notBefore: tag)
            return index < elements.count && elements[index].tag == tag ? elements[index] : nil
        }
        set {
            let index = firstIndex(notBefore: tag)
            let isPresent = index < elements.count && elements[index].tag == tag
            switch (newValue, isPresent) {
            case (let element?, true): elements[index] = element
            case (let element?, false): elements.insert(element, at: index)
            case (nil, true): elements.remove(at: index)
            case (nil, false): break
            }
        }
    }

    public func contains(_ tag: Tag) -> Bool { self[tag] != nil }

    /// Appends without searching; the parser's way in.
    ///
    /// - Returns: `false`, and no change, when `element` does not come after all present tags.
    @discardableResult
    public mutating func append(_ element: DataElement) -> Bool {
        if let last = elements.last, last.tag >= element.tag { return false }
        elements.append(element)
        return true
    }

    public mutating func reserveCapacity(_ count: Int) { elements.reserveCapacity(count) }

    public mutating func removeAll(where shouldRemove: (DataElement) -> Bool) { elements.removeAll(where: shouldRemove) }

    private func firstIndex(notBefore tag: Tag) -> Int {
        if let last = elements.last, last.tag < tag { return elements.count }
        var low = 0
        var high = elements.count
        while low < high {
            let middle = (low + high) / 2
            if elements[middle].tag < tag { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
