import DICOMCore
import Testing

// `Testing` has a type of this name too.
private typealias Tag = DICOMCore.Tag

private let patientName = Tag(0x0010, 0x0010)
private let explicit = DataSetReader(syntax: .explicitVRLittleEndian)
private let implicit = DataSetReader(syntax: .implicitVRLittleEndian)

@Suite struct `PS3.5 §7.1 data elements` {
    @Test func `an element with explicit VR and 16-bit length is read`() throws {
        let dataSet = try explicit.read(Wire.explicit(patientName, "PN", "A^B "))
        #expect(dataSet.elements.count == 1)
        #expect(dataSet[patientName]?.vr == .pn)
        #expect(dataSet.string(patientName) == "A^B")
    }

    @Test func `an element with explicit VR and 32-bit length is read`() throws {
        let dataSet = try explicit.read(Wire.explicit(Tag(0x0042, 0x0011), "OB", [1, 2, 3, 4]))
        #expect(dataSet.bytes(Tag(0x0042, 0x0011)) == [1, 2, 3, 4])
    }

    @Test func `an element with implicit VR takes its VR from the dictionary`() throws {
        let dataSet = try implicit.read(Wire.implicit(patientName, Array("A^B ".utf8)))
        #expect(dataSet[patientName]?.vr == .pn)
    }

    @Test func `a length beyond the input is refused before any allocation`() {
        let bytes = Wire.explicit(Tag(0x0042, 0x0011), "OB", [1, 2], length: 0x7FFF_FFFE)
        #expect(throws: DataSetError.lengthExceedsInput(tag: Tag(0x0042, 0x0011), declared: 0x7FFF_FFFE, remaining: 2, offset: 0)) {
            try explicit.read(bytes)
        }
    }

    @Test(arguments: 1..<8) func `a header that ends early is truncated`(count: Int) {
        let bytes = Wire.explicit(patientName, "PN", "A^B ").prefix(count)
        #expect(throws: DataSetError.truncated(tag: nil, offset: 0)) { try explicit.read(Array(bytes)) }
    }

    @Test func `errors count offsets from the base given`() {
        #expect(throws: DataSetError.truncated(tag: nil, offset: 100)) { try explicit.read([0, 0], baseOffset: 100) }
    }

    @Test func `letters that are no VR are refused`() {
        #expect(throws: DataSetError.invalidVR(tag: patientName, rawValue: 0x0102, offset: 0)) {
            try explicit.read(Wire.tag(patientName) + [1, 2, 0, 0])
        }
    }

    @Test func `an unknown VR is read with a 32-bit length and noted`() throws {
        let bytes = Wire.tag(Tag(0x0009, 0x1001)) + Array("ZZ".utf8) + [0, 0] + Wire.uint32(2) + [7, 8]
        let result = try explicit.readNoting(bytes[...])
        #expect(result.dataSet.bytes(Tag(0x0009, 0x1001)) == [7, 8])
        #expect(result.notes.map(\.kind) == [.unknownVR])
        #expect(try DataSetWriter(syntax: .explicitVRLittleEndian).write(result.dataSet) == bytes)
    }

    @Test func `a VR other than the dictionary's is noted`() throws {
        let result = try explicit.readNoting(Wire.explicit(Tag(0x0028, 0x0100), "SS", [16, 0])[...])
        #expect(result.notes == [ParsingNote(kind: .vrMismatch, tag: Tag(0x0028, 0x0100), offset: 0)])
    }

    @Test func `an odd length is noted`() throws {
        #expect(try explicit.readNoting(Wire.explicit(patientName, "PN", "ABC")[...]).notes.map(\.kind) == [.oddLength])
    }

    @Test func `duplicates are refused in strict reading and the first kept in lenient reading`() throws {
        let bytes = Wire.explicit(patientName, "PN", "ONE ") + Wire.explicit(patientName, "PN", "TWO ")
        #expect(throws: DataSetError.tagOutOfOrder(tag: patientName, offset: 12)) { try explicit.read(bytes) }
        let result = try DataSetReader(syntax: .explicitVRLittleEndian, tolerance: .lenient).readNoting(bytes[...])
        #expect(result.dataSet.string(patientName) == "ONE")
        #expect(result.notes == [ParsingNote(kind: .duplicateTag, tag: patientName, offset: 12)])
    }

    @Test func `misplaced elements are put in order in lenient reading`() throws {
        let bytes = Wire.explicit(Tag(0x0020, 0x0013), "IS", "1 ") + Wire.explicit(patientName, "PN", "ONE ")
            + Wire.explicit(Tag(0x0028, 0x0010), "US", [1, 0])
        let result = try DataSetReader(syntax: .explicitVRLittleEndian, tolerance: .lenient).readNoting(bytes[...])
        #expect(result.dataSet.elements.map(\.tag) == [patientName, Tag(0x0020, 0x0013), Tag(0x0028, 0x0010)])
        #expect(result.notes.map(\.kind) == [.tagOutOfOrder])
    }

    @Test func `misplaced elements beyond a thousand are refused, so that sorting them cannot be made to cost`() {
        let bytes = (0..<3000).reversed().flatMap { Wire.explicit(Tag(0x0009, UInt16($0 + 0x1000)), "US", [0, 0]) }
        #expect(throws: DataSetError.self) {
            try DataSetReader(syntax: .explicitVRLittleEndian, tolerance: .lenient).read(bytes)
        }
    }

    @Test func `trailing padding is kept as an element`() throws {
        let bytes = Wire.explicit(patientName, "PN", "A ") + Wire.explicit(Tag(0xFFFC, 0xFFFC), "OB", [0, 0])
        #expect(try explicit.read(bytes).contains(Tag(0xFFFC, 0xFFFC)))
    }

    @Test func `reading a header stops before the tag and looks at nothing after`() throws {
        let bytes = Wire.explicit(patientName, "PN", "A ") + Wire.tag(Tag(0x7FE0, 0x0010)) + [1, 2, 3]
        let result = try explicit.readHeader(bytes[...])
        #expect(result.dataSet.elements.count == 1)
        #expect(result.endOffset == 10)
    }

    @Test func `more elements than the limit are refused`() {
        var limits = ParsingLimits()
        limits.maximumElements = 3
        let bytes = (0..<4).flatMap { Wire.explicit(Tag(0x0009, UInt16($0 + 0x1000)), "US", [0, 0]) }
        #expect(throws: DataSetError.tooManyElements(limit: 3, offset: 30)) {
            try DataSetReader(syntax: .explicitVRLittleEndian, limits: limits).read(bytes)
        }
    }
}

@Suite struct `PS3.5 §7.3 big endian` {
    @Test func `binary values become little endian by the unit of their VR, text stays`() throws {
        let bytes = Wire.explicit(patientName, "PN", Array("AB".utf8), bigEndian: true)
            + Wire.explicit(Tag(0x0028, 0x0009), "AT", [0, 0x18, 0x10, 0x63], bigEndian: true)
            + Wire.explicit(Tag(0x0028, 0x0010), "US", [1, 2], bigEndian: true)
            + Wire.explicit(Tag(0x0066, 0x0016), "OF", [1, 2, 3, 4], bigEndian: true)
            + Wire.explicit(Tag(0x7FE0, 0x0010), "OW", [1, 2, 3, 4], bigEndian: true)
        let dataSet = try DataSetReader(syntax: .explicitVRBigEndian).read(bytes)
        #expect(dataSet.bytes(patientName) == Array("AB".utf8)[...])
        #expect(dataSet.ints(Tag(0x0028, 0x0009)) == [0x0018_1063])
        #expect(dataSet.int(Tag(0x0028, 0x0010)) == 0x0102)
        #expect(dataSet.bytes(Tag(0x0066, 0x0016)) == [4, 3, 2, 1])
        #expect(dataSet.bytes(Tag(0x7FE0, 0x0010)) == [2, 1, 4, 3])
        #expect(try DataSetWriter(syntax: .explicitVRBigEndian).write(dataSet) == bytes)
    }
}

@Suite struct `PS3.5 §7.5 nesting of data sets` {
    private let sequence = Tag(0x0008, 0x1140)
    private let uid = Wire.explicit(Tag(0x0008, 0x1155), "UI", "1.2\0")

    @Test(arguments: [true, false], [true, false])
    func `items and sequences of defined and undefined length come out as they came`(itemUndefined: Bool, undefined: Bool) throws {
        let content = Wire.item(uid, undefined: itemUndefined) + Wire.item([], undefined: itemUndefined)
        let bytes = Wire.explicit(sequence, "SQ", content + (undefined ? Wire.sequenceEnd : []), length: undefined ? -1 : content.count)
        let dataSet = try explicit.read(bytes)
        #expect(dataSet.items(sequence).map { $0.uid(Tag(0x0008, 0x1155)) } == ["1.2", nil])
        #expect(try DataSetWriter(syntax: .explicitVRLittleEndian).write(dataSet) == bytes)
    }

    @Test func `a sequence without its delimiter is truncated`() {
        let bytes = Wire.explicit(sequence, "SQ", Wire.item(uid), length: -1)
        #expect(throws: DataSetError.truncated(tag: sequence, offset: bytes.count)) { try explicit.read(bytes) }
    }

    @Test func `an item that reaches beyond its sequence is refused`() {
        let item = Wire.tag(.item) + Wire.uint32(100) + uid
        let bytes = Wire.explicit(sequence, "SQ", item) + Wire.explicit(Tag(0x0042, 0x0011), "OB", [UInt8](repeating: 0, count: 200))
        #expect(throws: DataSetError.self) { try explicit.read(bytes) }
    }

    @Test(arguments: [Tag.item, .itemDelimitation, .sequenceDelimitation])
    func `a delimiter outside any sequence is refused`(tag: DICOMCore.Tag) {
        #expect(throws: DataSetError.unexpectedDelimiter(tag: tag, offset: 0)) { try explicit.read(Wire.tag(tag) + Wire.uint32(0)) }
    }

    @Test func `undefined length is refused where only a value can stand`() {
        let bytes = Wire.explicit(Tag(0x0042, 0x0011), "OB", [], length: -1) + Wire.sequenceEnd
        #expect(throws: DataSetError.undefinedLengthNotAllowed(tag: Tag(0x0042, 0x0011), offset: 0)) { try explicit.read(bytes) }
    }

    @Test func `nesting beyond the limit is refused`() {
        var bytes: [UInt8] = []
        for _ in 0..<100 { bytes = Wire.explicit(sequence, "SQ", Wire.item(bytes)) }
        #expect(throws: DataSetError.self) { try explicit.read(bytes) }
        var limits = ParsingLimits()
        limits.maximumDepth = 100
        #expect(throws: Never.self) { try DataSetReader(syntax: .explicitVRLittleEndian, limits: limits).read(bytes) }
    }

    @Test func `items inherit the character set around them`() throws {
        let item = Wire.item(Wire.explicit(patientName, "PN", "Grün") + [0x20].dropLast())
        let bytes = Wire.explicit(Tag(0x0008, 0x0005), "CS", "ISO_IR 192") + Wire.explicit(sequence, "SQ", item)
        let dataSet = try DataSetReader(syntax: .explicitVRLittleEndian, tolerance: .lenient).read(bytes)
        #expect(dataSet.items(sequence).first?.string(patientName) == "Grün")
    }
}

@Suite struct `PS3.5 §6.2.2 unknown VR` {
    private let sequence = Tag(0x0008, 0x1140)
    private let item = Wire.item(Wire.implicit(Tag(0x0008, 0x1155), Array("1.2\0".utf8)))

    @Test func `UN of undefined length holds an implicit VR sequence`() throws {
        let bytes = Wire.explicit(Tag(0x0009, 0x1001), "UN", item + Wire.sequenceEnd, length: -1)
        let dataSet = try explicit.read(bytes)
        #expect(dataSet[Tag(0x0009, 0x1001)]?.vr == .un)
        #expect(dataSet.items(Tag(0x0009, 0x1001)).first?.uid(Tag(0x0008, 0x1155)) == "1.2")
        #expect(try DataSetWriter(syntax: .explicitVRLittleEndian).write(dataSet) == bytes)
    }

    @Test func `UN of defined length is read as items when the dictionary knows a sequence`() throws {
        let bytes = Wire.explicit(sequence, "UN", item)
        let dataSet = try explicit.read(bytes)
        #expect(dataSet.items(sequence).first?.uid(Tag(0x0008, 0x1155)) == "1.2")
        #expect(try DataSetWriter(syntax: .explicitVRLittleEndian).write(dataSet) == bytes)
    }

    @Test func `UN that is no sequence though the dictionary says so stays bytes, with a note`() throws {
        let bytes = Wire.explicit(sequence, "UN", [1, 2, 3, 4])
        let result = try explicit.readNoting(bytes[...])
        #expect(result.dataSet.bytes(sequence) == [1, 2, 3, 4])
        #expect(result.notes.map(\.kind) == [.unreadableSequence])
    }

    @Test func `UN of a known element is read by the dictionary's VR`() throws {
        let dataSet = try explicit.read(
            Wire.explicit(Tag(0x0020, 0x0013), "UN", "12") + Wire.explicit(Tag(0x0028, 0x0010), "UN", [0, 2]))
        #expect(dataSet.int(Tag(0x0020, 0x0013)) == 12)
        #expect(dataSet.int(Tag(0x0028, 0x0010)) == 512)
    }

    @Test func `UN in big endian is little endian inside`() throws {
        let bytes = Wire.explicit(Tag(0x0009, 0x1001), "UN", item + Wire.sequenceEnd, length: -1, bigEndian: true)
        let dataSet = try DataSetReader(syntax: .explicitVRBigEndian).read(bytes)
        #expect(dataSet.items(Tag(0x0009, 0x1001)).first?.uid(Tag(0x0008, 0x1155)) == "1.2")
        #expect(try DataSetWriter(syntax: .explicitVRBigEndian).write(dataSet) == bytes)
    }
}

@Suite struct `PS3.5 §A.1 implicit VR` {
    @Test(arguments: [(UInt8(0), VR.us), (UInt8(1), VR.ss)])
    func `US or SS follows Pixel Representation, before and after it and in items`(representation: UInt8, vr: VR) throws {
        let item = Wire.item(Wire.implicit(Tag(0x0028, 0x0106), [1, 0]))
        let bytes = Wire.implicit(Tag(0x0018, 0x9810), [1, 0]) + Wire.implicit(Tag(0x0028, 0x0103), [representation, 0])
            + Wire.implicit(Tag(0x0028, 0x0106), [1, 0]) + Wire.implicit(Tag(0x5200, 0x9230), item)
        let dataSet = try implicit.read(bytes)
        #expect(dataSet[Tag(0x0018, 0x9810)]?.vr == vr)
        #expect(dataSet[Tag(0x0028, 0x0106)]?.vr == vr)
        #expect(dataSet.items(Tag(0x5200, 0x9230)).first?[Tag(0x0028, 0x0106)]?.vr == vr)
    }

    @Test(arguments: [
        (Tag(0x7FE0, 0x0010), VR.ow), (Tag(0x0028, 0x3006), .ow), (Tag(0x6002, 0x3000), .ow), (Tag(0x5400, 0x1010), .ow),
        (Tag(0x0009, 0x0010), .lo), (Tag(0x0009, 0x1010), .un), (Tag(0x0008, 0x0000), .ul), (Tag(0x0009, 0x0000), .ul),
        (Tag(0x0008, 0xFFF0), .un),
        (Tag(0x6002, 0x0010), .us), (Tag(0x0020, 0x3105), .cs),
    ])
    func `elements take the VR that the standard names`(tag: DICOMCore.Tag, vr: VR) throws {
        #expect(try implicit.read(Wire.implicit(tag, [0, 0, 0, 0]))[tag]?.vr == vr)
    }

    @Test func `an unknown element of undefined length is a sequence`() throws {
        let bytes = Wire.implicit(Tag(0x0009, 0x1001), Wire.item(Wire.implicit(patientName, [0x41, 0x20])) + Wire.sequenceEnd, length: -1)
        let dataSet = try implicit.read(bytes)
        #expect(dataSet[Tag(0x0009, 0x1001)]?.vr == .sq)
        #expect(dataSet.items(Tag(0x0009, 0x1001)).first?.string(patientName) == "A")
        #expect(try DataSetWriter(syntax: .implicitVRLittleEndian).write(dataSet) == bytes)
    }

    @Test func `implicit VR under an explicit transfer syntax is read in lenient mode, with a note`() throws {
        let bytes = Wire.implicit(Tag(0x0008, 0x0016), Array("1.2\0".utf8)) + Wire.implicit(patientName, [0x41, 0x20])
        #expect(throws: DataSetError.self) { try explicit.read(bytes) }
        let result = try DataSetReader(syntax: .explicitVRLittleEndian, tolerance: .lenient).readNoting(bytes[...])
        #expect(result.dataSet.string(patientName) == "A")
        #expect(result.notes.map(\.kind) == [.vrEncodingMismatch])
    }
}

@Suite struct `PS3.5 §A.4 encapsulated pixel data` {
    private let reader = DataSetReader(syntax: .jpegBaseline)
    private let pixelData = Tag(0x7FE0, 0x0010)

    @Test func `offset table and fragments come out as they came`() throws {
        let bytes = Wire.explicit(pixelData, "OB", Wire.item([0, 0, 0, 0]) + Wire.item([1, 2]) + Wire.item([3, 4]) + Wire.sequenceEnd, length: -1)
        let dataSet = try reader.read(bytes)
        let expected = EncapsulatedPixelData(basicOffsetTable: [0, 0, 0, 0], fragments: [[1, 2], [3, 4]])
        #expect(dataSet[pixelData]?.value == .fragments(expected))
        #expect(try DataSetWriter(syntax: .jpegBaseline).write(dataSet) == bytes)
    }

    @Test func `an icon in an item may be encapsulated`() throws {
        let icon = Wire.explicit(pixelData, "OB", Wire.item([]) + Wire.item([1, 2]) + Wire.sequenceEnd, length: -1)
        let bytes = Wire.explicit(Tag(0x0088, 0x0200), "SQ", Wire.item(icon, undefined: true) + Wire.sequenceEnd, length: -1)
        let dataSet = try reader.read(bytes)
        #expect(dataSet.items(Tag(0x0088, 0x0200)).first?[pixelData]?.value
            == .fragments(EncapsulatedPixelData(fragments: [[1, 2]])))
        #expect(try DataSetWriter(syntax: .jpegBaseline).write(dataSet) == bytes)
    }

    @Test(arguments: [0xFFFF_FFFF, 0x8000_0000, 0x7FFF_FFFF, 3])
    func `a fragment whose length is wrong is refused`(length: Int) {
        let fragment = Wire.tag(.item) + Wire.uint32(length) + [UInt8](repeating: 0, count: 64)
        let bytes = Wire.explicit(pixelData, "OB", Wire.item([]) + fragment + Wire.sequenceEnd, length: -1)
        #expect(throws: DataSetError.self) { try reader.read(bytes) }
    }

    @Test func `fragments without an end are truncated`() {
        let bytes = Wire.explicit(pixelData, "OB", Wire.item([]) + Wire.item([1, 2]), length: -1)
        #expect(throws: DataSetError.truncated(tag: pixelData, offset: bytes.count)) { try reader.read(bytes) }
    }

    @Test func `fragments in a native transfer syntax are noted and never written there`() throws {
        let bytes = Wire.explicit(pixelData, "OB", Wire.item([]) + Wire.item([1, 2]) + Wire.sequenceEnd, length: -1)
        let result = try explicit.readNoting(bytes[...])
        #expect(result.notes.map(\.kind) == [.encapsulationMismatch])
        #expect(throws: DataSetError.encapsulationNotAllowed(tag: pixelData)) {
            try DataSetWriter(syntax: .explicitVRLittleEndian).write(result.dataSet)
        }
    }
}

@Suite struct `PS3.5 §A.5 deflated` {
    private let syntax = TransferSyntax.deflatedExplicitVRLittleEndian

    @Test func `what is deflated inflates to the same data set`() throws {
        var dataSet = DataSet()
        dataSet.set(patientName, .pn, "A^B")
        dataSet[Tag(0x7FE0, 0x0010)] = DataElement(Tag(0x7FE0, 0x0010), .ow, bytes: [UInt8](repeating: 7, count: 300_000)[...])
        let bytes = try DataSetWriter(syntax: syntax).write(dataSet)
        #expect(bytes.count % 2 == 0 && bytes.count < 2000)
        #expect(try DataSetReader(syntax: syntax).read(bytes) == dataSet)
        let scanned = try DataSetScanner(syntax: syntax).scan(MemoryByteSource(bytes))
        #expect(scanned.inflated?.count == scanned.endOffset)
        #expect(scanned.pixelData?.content == .native((scanned.endOffset - 300_000)..<scanned.endOffset))
    }

    @Test func `a truncated stream is refused`() throws {
        var dataSet = DataSet()
        dataSet.set(patientName, .pn, "Somebody^With^A^Name")
        let bytes = try DataSetWriter(syntax: syntax).write(dataSet)
        for count in 0..<(bytes.count - 2) {
            #expect(throws: DataSetError.self) { try DataSetReader(syntax: syntax).read(Array(bytes.prefix(count))) }
        }
    }

    @Test func `a stream that inflates beyond the limit is refused`() throws {
        var dataSet = DataSet()
        dataSet[Tag(0x7FE0, 0x0010)] = DataElement(Tag(0x7FE0, 0x0010), .ow, bytes: [UInt8](repeating: 0, count: 1 << 20)[...])
        let bytes = try DataSetWriter(syntax: syntax).write(dataSet)
        var limits = ParsingLimits()
        limits.maximumInflatedBytes = 1 << 16
        #expect(throws: DataSetError.inflatedTooLarge(limit: 1 << 16)) { try DataSetReader(syntax: syntax, limits: limits).read(bytes) }
    }
}
