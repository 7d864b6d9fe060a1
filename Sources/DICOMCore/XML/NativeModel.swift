/// Data sets as XML of the Native DICOM Model (PS3.19 §A.1), which PS3.18 §8.7.3.2 names `application/dicom+xml`.
public enum NativeModel {
    /// One data set as an XML document in UTF-8.
    ///
    /// Characters that XML 1.0 cannot hold become U+FFFD. Group lengths are left out.
    /// - Parameter bulkData: asked for every value as `DICOMJSON.encode` asks.
    public static func encode(
        _ dataSet: DataSet, bulkData: (DataElement, ElementPath) -> DICOMJSON.BulkData = { _, _ in .inline }
    ) -> [UInt8] {
        withoutActuallyEscaping(bulkData) { bulkData in
            var encoder = NativeModelEncoder(bulkData: bulkData)
            encoder.writeDocument(dataSet)
            return Array(encoder.text.utf8)
        }
    }
}

private struct NativeModelEncoder {
    var text = ""
    let bulkData: (DataElement, ElementPath) -> DICOMJSON.BulkData
    private var steps: [ElementPath.Step] = []

    init(bulkData: @escaping (DataElement, ElementPath) -> DICOMJSON.BulkData) { self.bulkData = bulkData }

    mutating func writeDocument(_ dataSet: DataSet) {
        text = #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n"
            + #"<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM" xml:space="preserve">"#
        write(dataSet)
        text += "</NativeDicomModel>"
    }

    private mutating func write(_ dataSet: DataSet) {
        for element in dataSet.elements where !element.tag.isGroupLength {
            // The block of a private element is a matter of the one object; its creator stands beside (PS3.19 Table A.1.5-2).
            let isInBlock = element.tag.isPrivate && element.tag.element >= 0x1000
            let tag = isInBlock ? Tag(element.tag.group, element.tag.element & 0xFF) : element.tag
            text += #"<DicomAttribute tag="\#(tag.hexadecimal)" vr="\#(vr(of: element))""#
            if let keyword = DataDictionary.entry(for: element.tag)?.keyword, !keyword.isEmpty {
                text += #" keyword="\#(keyword)""#
            } else if element.tag.isPrivate, let creator = dataSet.string(Tag(element.tag.group, element.tag.element >> 8)) {
                text += #" privateCreator="\#(Self.escaped(creator))""#
            }
            text += ">"
            writeContent(of: element, in: dataSet)
            text += "</DicomAttribute>"
        }
    }

    private func vr(of element: DataElement) -> String {
        if case .sequence = element.value { return "SQ" }
        return element.vr.isStandard && element.vr != .sq ? "\(element.vr)" : "UN"
    }

    private mutating func writeContent(of element: DataElement, in dataSet: DataSet) {
        switch element.value {
        case .sequence(let sequence):
            for (index, item) in sequence.items.enumerated() {
                text += #"<Item number="\#(index + 1)">"#
                steps.append(ElementPath.Step(sequence: element.tag, itemIndex: index))
                write(item.dataSet)
                steps.removeLast()
                text += "</Item>"
            }
        case .fragments(let fragments): writeBinary(element, EncapsulatedItems(fragments).bytes[...])
        case .bytes(let bytes):
            guard !bytes.isEmpty else { return }
            if DICOMJSON.isBinary(element.vr) || !element.vr.isStandard || element.vr == .sq {
                writeBinary(element, bytes)
            } else if bytes.count >= DICOMJSON.bulkThresholdBytes, case .reference(let uri) = ask(element) {
                text += #"<BulkData uri="\#(Self.escaped(uri))"/>"#
            } else {
                writeValues(of: element, in: dataSet)
            }
        }
    }

    private func ask(_ element: DataElement) -> DICOMJSON.BulkData {
        bulkData(element, ElementPath(steps: steps, tag: element.tag))
    }

    private mutating func writeBinary(_ element: DataElement, _ bytes: ArraySlice<UInt8>) {
        switch ask(element) {
        case .omit: break
        case .reference(let uri): text += #"<BulkData uri="\#(Self.escaped(uri))"/>"#
        case .inline:
            var encoded: [UInt8] = []
            Base64.append(bytes, to: &encoded)
            text += "<InlineBinary>" + String(decoding: encoded, as: UTF8.self) + "</InlineBinary>"
        }
    }

    private mutating func writeValues(of element: DataElement, in dataSet: DataSet) {
        // What the values were written in, here they are UTF-8.
        let isCharacterSet = element.tag == Tag(0x0008, 0x0005)
        for (index, value) in (isCharacterSet ? ["ISO_IR 192"] : dataSet.strings(element.tag)).enumerated() {
            // Values are numbered by their place; an empty one has no element.
            guard !value.isEmpty else { continue }
            if element.vr == .pn {
                writeName(value, number: index + 1)
            } else {
                text += #"<Value number="\#(index + 1)">\#(Self.escaped(value))</Value>"#
            }
        }
    }

    private static let groups = ["Alphabetic", "Ideographic", "Phonetic"]
    private static let components = ["FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix"]

    private mutating func writeName(_ name: String, number: Int) {
        text += #"<PersonName number="\#(number)">"#
        for (group, label) in zip(name.split(separator: "=", omittingEmptySubsequences: false), Self.groups) where !group.isEmpty {
            text += "<\(label)>"
            for (component, label) in zip(group.split(separator: "^", omittingEmptySubsequences: false), Self.components)
            where !component.isEmpty {
                text += "<\(label)>\(Self.escaped(String(component)))</\(label)>"
            }
            text += "</\(label)>"
        }
        text += "</PersonName>"
    }

    private static func escaped(_ value: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
            case "\r": result.append(contentsOf: "&#13;".unicodeScalars)
            case "\t", "\n": result.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result.append("\u{FFFD}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
