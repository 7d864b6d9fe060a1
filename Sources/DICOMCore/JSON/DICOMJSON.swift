/// The DICOM JSON model (PS3.18 Annex F): data sets to UTF-8 text and back.
public enum DICOMJSON {
    /// What becomes of one binary or long value.
    public enum BulkData: Hashable, Sendable {
        /// In the text: Base64 for OB, OD, OF, OL, OV, OW and UN, values for all else.
        case inline
        /// Tag and VR only.
        case omit
        /// `BulkDataURI`, from where the receiver fetches the value (PS3.18 §F.2.2).
        case reference(uri: String)
    }

    /// Values of other VRs than the binary ones are put to the bulk data closure from this length on.
    public static let bulkThresholdBytes = 65_536

    /// One data set as a JSON object.
    ///
    /// Text goes out as UTF-8, whatever set it is stored in, and (0008,0005) says so. Numbers keep their digits; DS and IS
    /// values that are no numbers, SV and UV beyond 2⁵³ and NaN and infinities are strings (§F.2.3). Elements of VR UN get
    /// the VR the dictionary has for them. Group lengths are left out. Encapsulated pixel data given inline are the items
    /// as they stand in a file.
    /// - Parameter bulkData: asked for every binary value that is not empty and for others from `bulkThresholdBytes` on.
    public static func encode(
        _ dataSet: DataSet, bulkData: (DataElement, ElementPath) -> BulkData = { _, _ in .inline }
    ) -> [UInt8] {
        withoutActuallyEscaping(bulkData) { bulkData in
            var encoder = DICOMJSONEncoder(bulkData: bulkData)
            encoder.writeTop(dataSet)
            return encoder.writer.bytes
        }
    }

    /// Data sets as a JSON array, the form of every answer to a query or for metadata.
    public static func encode(
        _ dataSets: some Sequence<DataSet>, bulkData: (DataElement, ElementPath) -> BulkData = { _, _ in .inline }
    ) -> [UInt8] {
        withoutActuallyEscaping(bulkData) { bulkData in
            var encoder = DICOMJSONEncoder(bulkData: bulkData)
            encoder.writer.append("[")
            var isFirst = true
            for dataSet in dataSets {
                if !isFirst { encoder.writer.append(",") }
                isFirst = false
                encoder.writeTop(dataSet)
            }
            encoder.writer.append("]")
            return encoder.writer.bytes
        }
    }
}

struct DICOMJSONEncoder {
    var writer = JSONWriter()
    let bulkData: (DataElement, ElementPath) -> DICOMJSON.BulkData
    private var steps: [ElementPath.Step] = []

    private static let characterSetTag = Tag(0x0008, 0x0005)

    init(bulkData: @escaping (DataElement, ElementPath) -> DICOMJSON.BulkData) { self.bulkData = bulkData }

    /// With (0008,0005) put in where text needed it, although the data set has none of its own.
    mutating func writeTop(_ dataSet: DataSet) {
        let hadNonASCII = writer.hasNonASCII
        writer.hasNonASCII = false
        writer.append("{")
        var insertion = writer.bytes.count
        var isFirst = true
        var names = false
        let characterSet = dataSet.characterSet
        for element in dataSet.elements where !element.tag.isGroupLength {
            if element.tag == Self.characterSetTag { names = !element.isEmpty }
            if element.tag < Self.characterSetTag { insertion = -1 }
            if !isFirst { writer.append(",") }
            if insertion < 0, element.tag > Self.characterSetTag { insertion = writer.bytes.count }
            isFirst = false
            write(element, characterSet)
        }
        if writer.hasNonASCII, !names { declareUTF8(at: insertion) }
        writer.append("}")
        writer.hasNonASCII = writer.hasNonASCII || hadNonASCII
    }

    private mutating func declareUTF8(at insertion: Int) {
        if insertion >= 0 {
            writer.insert(#""00080005":{"vr":"CS","Value":["ISO_IR 192"]},"#, at: insertion)
        } else {
            writer.append(#","00080005":{"vr":"CS","Value":["ISO_IR 192"]}"#)
        }
    }

    private mutating func writeItem(_ dataSet: DataSet) {
        writer.append("{")
        var isFirst = true
        let characterSet = dataSet.characterSet
        for element in dataSet.elements where !element.tag.isGroupLength && element.tag != Self.characterSetTag {
            if !isFirst { writer.append(",") }
            isFirst = false
            write(element, characterSet)
        }
        writer.append("}")
    }

    private mutating func write(_ stored: DataElement, _ characterSet: SpecificCharacterSet) {
        let element = stored.vr == .un ? Self.known(stored) : stored
        writeKey(element)
        switch element.value {
        case .sequence(let sequence): write(sequence, of: element.tag)
        case .fragments(let fragments):
            writeBulk(element) { $0.writeBase64(EncapsulatedItems(fragments).bytes[...]) }
        case .bytes(let bytes):
            if element.tag == Self.characterSetTag {
                // Whatever the values were written in, here they are UTF-8.
                if !bytes.isEmpty { writer.append(#","Value":["ISO_IR 192"]"#) }
            } else if DICOMJSON.isBinary(element.vr) || !element.vr.isStandard || element.vr == .sq {
                if !bytes.isEmpty { writeBulk(element) { $0.writeBase64(bytes) } }
            } else if bytes.count >= DICOMJSON.bulkThresholdBytes {
                writeBulk(element) { $0.writeValues(element.vr, bytes, characterSet) }
            } else {
                writeValues(element.vr, bytes, characterSet)
            }
        }
        writer.append("}")
    }

    /// An element of VR UN with the VR that the dictionary has for it (PS3.5 §6.2.2), where the length fits.
    private static func known(_ element: DataElement) -> DataElement {
        guard let bytes = element.bytes, !element.tag.isPrivate, let entry = DataDictionary.entry(for: element.tag),
              let vr = entry.vrs.first, entry.vrs.count == 1, vr != .sq, bytes.count % vr.unitBytes == 0
        else { return element }
        return DataElement(element.tag, vr, bytes: bytes)
    }

    private mutating func writeKey(_ element: DataElement) {
        var vr = element.vr.isStandard ? element.vr : .un
        if case .sequence = element.value { vr = .sq } else if vr == .sq { vr = .un }
        writer.append("\"")
        let tag = element.tag.rawValue
        for shift in stride(from: UInt32(24), through: 0, by: -8) {
            writer.appendHexadecimal(UInt8(truncatingIfNeeded: tag >> shift))
        }
        writer.append(#"":{"vr":""#)
        writer.bytes.append(UInt8(truncatingIfNeeded: vr.rawValue >> 8))
        writer.bytes.append(UInt8(truncatingIfNeeded: vr.rawValue))
        writer.append("\"")
    }

    private mutating func write(_ sequence: ItemSequence, of tag: Tag) {
        guard !sequence.items.isEmpty else { return }
        writer.append(#","Value":["#)
        for (index, item) in sequence.items.enumerated() {
            if index > 0 { writer.append(",") }
            steps.append(ElementPath.Step(sequence: tag, itemIndex: index))
            writeItem(item.dataSet)
            steps.removeLast()
        }
        writer.append("]")
    }

    private mutating func writeBulk(_ element: DataElement, inline: (inout DICOMJSONEncoder) -> Void) {
        switch bulkData(element, ElementPath(steps: steps, tag: element.tag)) {
        case .omit: break
        case .inline: inline(&self)
        case .reference(let uri):
            writer.append(#","BulkDataURI":"#)
            writer.writeString(uri)
        }
    }

    private mutating func writeBase64(_ bytes: ArraySlice<UInt8>) {
        writer.append(#","InlineBinary":""#)
        Base64.append(bytes, to: &writer.bytes)
        writer.append("\"")
    }
}

extension DICOMJSON {
    /// Values that are Base64 in JSON (PS3.18 §F.2.7).
    static func isBinary(_ vr: VR) -> Bool {
        switch vr {
        case .ob, .od, .of, .ol, .ov, .ow, .un: true
        default: false
        }
    }
}

/// The items of encapsulated pixel data (PS3.5 §A.4), Basic Offset Table first, without the sequence delimiter.
struct EncapsulatedItems {
    let bytes: [UInt8]

    init(_ data: EncapsulatedPixelData) {
        var bytes: [UInt8] = []
        for item in [data.basicOffsetTable] + data.fragments {
            bytes += [0xFE, 0xFF, 0x00, 0xE0]
            let length = UInt32(truncatingIfNeeded: item.count)
            for shift in stride(from: UInt32(0), through: 24, by: 8) { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
            bytes += item
        }
        self.bytes = bytes
    }
}
