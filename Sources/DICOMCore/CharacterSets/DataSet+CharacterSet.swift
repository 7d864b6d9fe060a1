extension DataSet {
    /// Writes all text anew in another character set, items included, and declares it in (0008,0005).
    ///
    /// Text that another set was found in while reading (`TextRepair`) is right afterwards. Characters that `target` lacks
    /// become `?`; `utf8` and, but for some private-use characters, `gb18030` have all. Undecodable bytes become U+FFFD.
    public mutating func convertText(to target: SpecificCharacterSet) {
        convertText(to: target, isTop: true)
    }

    private mutating func convertText(to target: SpecificCharacterSet, isTop: Bool) {
        let source = characterSet
        for element in elements {
            switch element.value {
            case .bytes(let bytes) where element.vr.usesSpecificCharacterSet:
                // ISO_IR 13 has the yen sign and the overline among the codes of ASCII.
                let isSame = source.scheme.readsASCII && target.scheme.readsASCII
                if isSame, TextRules(vr: element.vr).isPlainASCII(bytes) { continue }
                var converted = target.encodeValues(source.decodeValues(bytes, vr: element.vr), vr: element.vr)
                if converted.count % 2 == 1 { converted.append(element.vr.padding) }
                self[element.tag] = DataElement(element.tag, element.vr, bytes: converted[...])
            case .sequence(var sequence):
                for index in sequence.items.indices {
                    sequence.items[index].dataSet.convertText(to: target, isTop: false)
                }
                self[element.tag] = DataElement(tag: element.tag, vr: element.vr, value: .sequence(sequence))
            default: continue
            }
        }
        declare(target, isTop: isTop)
    }

    /// Items have the set of what they stand in; their own declaration would say the same.
    private mutating func declare(_ target: SpecificCharacterSet, isTop: Bool) {
        let tag = Tag(0x0008, 0x0005)
        guard isTop else {
            self[tag] = nil
            inheritedCharacterSet = target
            return
        }
        var bytes = Array(target.definedTerms.joined(separator: "\\").utf8)
        if bytes.count % 2 == 1 { bytes.append(VR.cs.padding) }
        self[tag] = bytes.isEmpty ? nil : DataElement(tag, .cs, bytes: bytes[...])
    }
}
