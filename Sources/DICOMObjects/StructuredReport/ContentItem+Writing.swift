public import DICOMCore

extension ContentItem {
    /// The attributes of this node and all below it, for the document or an item of a Content Sequence.
    public var dataSet: DataSet {
        var item = DataSet(inheritedCharacterSet: .utf8)
        if let relationship { item.set(.relationshipType, .cs, relationship.rawValue) }
        if let concept { item.set(.conceptNameCodeSequence, items: [concept.item]) }
        setValue(&item)
        if !children.isEmpty { item.set(.contentSequence, items: children.map(\.dataSet)) }
        return item
    }

    private func setValue(_ item: inout DataSet) {
        switch value {
        case .container(let template):
            item.set(.valueType, .cs, "CONTAINER")
            item.set(.continuityOfContent, .cs, "SEPARATE")
            guard let template else { return }
            var identification = DataSet(inheritedCharacterSet: .utf8)
            identification.set(.mappingResource, .cs, "DCMR")
            identification.set(.templateIdentifier, .cs, template)
            item.set(.contentTemplateSequence, items: [identification])
        case .text(let text):
            item.set(.valueType, .cs, "TEXT")
            item.set(.textValue, .ut, text)
        case .code(let code):
            item.set(.valueType, .cs, "CODE")
            item.set(.conceptCodeSequence, items: [code.item])
        case .number(let number): setNumber(&item, number)
        case .personName(let name):
            item.set(.valueType, .cs, "PNAME")
            item.set(.personName, .pn, name)
        case .uid(let uid):
            item.set(.valueType, .cs, "UIDREF")
            item.set(Tag(0x0040, 0xA124), .ui, uid)
        case .temporal(let text):
            item.set(.valueType, .cs, "DATETIME")
            item.set(.dateTime, .dt, text)
        case .image(let reference):
            item.set(.valueType, .cs, "IMAGE")
            item.set(.referencedSOPSequence, items: [reference.item])
        case .composite(let reference):
            item.set(.valueType, .cs, "COMPOSITE")
            item.set(.referencedSOPSequence, items: [reference.item])
        case .coordinates(let graphic):
            item.set(.valueType, .cs, "SCOORD")
            item.set(.graphicType, .cs, graphic.graphicType)
            item.set(.graphicData, .fl, doubles: graphic.graphicData.map { Double($0) })
        case .coordinates3D(let graphic):
            item.set(.valueType, .cs, "SCOORD3D")
            item.set(.graphicType, .cs, graphic.graphicType)
            item.set(.graphicData, .fl, doubles: graphic.graphicData.map { Double($0) })
            item.set(.referencedFrameOfReferenceUID, .ui, graphic.frameOfReferenceUID)
        case .other(let type): item.set(.valueType, .cs, type)
        }
    }

    /// Both the decimal string, at most 16 characters, and the double it was rounded from.
    private func setNumber(_ item: inout DataSet, _ number: NumericValue) {
        item.set(.valueType, .cs, "NUM")
        guard let value = number.value else { return item.setEmpty(.measuredValueSequence, .sq) }
        var measured = DataSet(inheritedCharacterSet: .utf8)
        measured.set(.measurementUnitsCodeSequence, items: [number.unit.item])
        measured.set(.floatingPointValue, .fd, doubles: [value])
        measured.set(.numericValue, .ds, doubles: [value])
        item.set(.measuredValueSequence, items: [measured])
    }
}
