import DICOMCore
import Testing

// `Testing` has a type of this name too.
private typealias Tag = DICOMCore.Tag

@Suite struct `PS3.5 §7 writing in another transfer syntax` {
    private let implicit = DataSetReader(syntax: .implicitVRLittleEndian)
    private let conforming = DataSetWriter(syntax: .explicitVRLittleEndian, fidelity: .conforming)

    @Test func `elements of unknown VR become UN`() throws {
        let dataSet = try implicit.read(Wire.implicit(Tag(0x0009, 0x1001), [1, 2]))
        #expect(try conforming.write(dataSet) == Wire.explicit(Tag(0x0009, 0x1001), "UN", [1, 2]))
    }

    @Test func `values too long for a 16-bit length become UN`() throws {
        let value = [UInt8](repeating: 0x31, count: 70_000)
        let dataSet = DataSet([DataElement(Tag(0x3006, 0x0050), .ds, bytes: value[...])])
        let bytes = try conforming.write(dataSet)
        #expect(bytes == Wire.explicit(Tag(0x3006, 0x0050), "UN", value))
        #expect(try DataSetReader(syntax: .explicitVRLittleEndian).read(bytes).string(Tag(0x3006, 0x0050))?.utf8.count == 70_000)
    }

    @Test func `lengths are computed anew`() throws {
        let item = Wire.item(Wire.implicit(Tag(0x0042, 0x0011), [1, 2]))
        let dataSet = try implicit.read(Wire.implicit(Tag(0x0008, 0x1140), item))
        let expected = Wire.explicit(Tag(0x0008, 0x1140), "SQ", Wire.item(Wire.explicit(Tag(0x0042, 0x0011), "OB", [1, 2])))
        #expect(try conforming.write(dataSet) == expected)
        #expect(conforming.encodedLength(of: dataSet) == expected.count)
    }

    @Test func `private sequences stay sequences in implicit VR`() throws {
        let content = Wire.item(Wire.explicit(Tag(0x0042, 0x0011), "OB", [1, 2]))
        let dataSet = try DataSetReader(syntax: .explicitVRLittleEndian).read(Wire.explicit(Tag(0x0021, 0x10FE), "SQ", content))
        let writer = DataSetWriter(syntax: .implicitVRLittleEndian, fidelity: .conforming)
        let bytes = try writer.write(dataSet)
        #expect(bytes.count == writer.encodedLength(of: dataSet))
        #expect(try implicit.read(bytes).items(Tag(0x0021, 0x10FE)).count == 1)
    }

    @Test func `group lengths are kept as read, and corrected when asked to conform`() throws {
        let element = Wire.explicit(Tag(0x0010, 0x0010), "PN", "A ")
        let bytes = Wire.explicit(Tag(0x0010, 0x0000), "UL", Wire.uint32(99)) + element
        let dataSet = try DataSetReader(syntax: .explicitVRLittleEndian).read(bytes)
        #expect(try DataSetWriter(syntax: .explicitVRLittleEndian).write(dataSet) == bytes)
        #expect(try conforming.write(dataSet) == Wire.explicit(Tag(0x0010, 0x0000), "UL", Wire.uint32(element.count)) + element)
    }

    @Test func `the group length of a command set is always right`() throws {
        var command = DataSet()
        command.set(Tag(0x0000, 0x0000), .ul, ints: [0])
        command.set(Tag(0x0000, 0x0100), .us, ints: [0x0030])
        let bytes = try DataSetWriter(syntax: .implicitVRLittleEndian).write(command)
        #expect(Array(bytes[8..<12]) == Wire.uint32(10))
    }

    @Test func `odd values stay as read, and are padded when asked to conform`() throws {
        let dataSet = DataSet([
            DataElement(Tag(0x0010, 0x0010), .pn, bytes: Array("ABC".utf8)[...]), DataElement(Tag(0x0042, 0x0011), .ob, bytes: [1]),
        ])
        #expect(try DataSetWriter(syntax: .explicitVRLittleEndian).write(dataSet)
            == Wire.explicit(Tag(0x0010, 0x0010), "PN", "ABC") + Wire.explicit(Tag(0x0042, 0x0011), "OB", [1]))
        #expect(try conforming.write(dataSet)
            == Wire.explicit(Tag(0x0010, 0x0010), "PN", "ABC ") + Wire.explicit(Tag(0x0042, 0x0011), "OB", [1, 0]))
    }

    @Test(arguments: [TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian, .jpegBaseline])
    func `streaming gives the same bytes`(syntax: TransferSyntax) throws {
        var dataSet = DataSet()
        dataSet.set(Tag(0x0010, 0x0010), .pn, "A^B")
        dataSet.set(Tag(0x0008, 0x1140), items: [dataSet])
        let large = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        dataSet[Tag(0x7FE0, 0x0010)] = syntax.isEncapsulated
            ? DataElement(tag: Tag(0x7FE0, 0x0010), vr: .ob, value: .fragments(EncapsulatedPixelData(fragments: [large[...], [1, 2]])))
            : DataElement(Tag(0x7FE0, 0x0010), .ow, bytes: large[...])
        let writer = DataSetWriter(syntax: syntax)
        var streamed: [UInt8] = []
        try writer.write(dataSet) { streamed += $0 }
        #expect(try writer.write(dataSet) == streamed)
        #expect(streamed.count == writer.encodedLength(of: dataSet))
    }
}

@Suite struct `PS3.5 §6.2 decimal strings` {
    @Test(arguments: [
        (0, "0"), (1, "1"), (-1.5, "-1.5"), (0.1, "0.1"), (1e20, "1E20"), (123456789, "123456789"), (1e-7, "0.0000001"),
        (.pi, "3.14159265358979"), (-.pi, "-3.1415926535898"), (1.0 / 3, "0.33333333333333"), (-1e-300, "-1E-300"),
        (0.000012345678901234567, "1.2345678901E-5"), (.nan, ""), (.infinity, ""), (9.9999999999999999e22, "1E23"),
    ])
    func `numbers take the nearest text of sixteen characters`(value: Double, text: String) {
        #expect(DecimalString.format(value).utf8.count <= 16)
        if value.isFinite && value != 0, let back = Double(DecimalString.format(value)) {
            #expect(abs(back - value) <= abs(value) * 1e-10)
        }
        if text != "0.0000001" && !text.contains("E-5") { #expect(DecimalString.format(value) == text) }
    }

    @Test func `random numbers come back within the precision that sixteen characters have`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite, value != 0 else { continue }
            let text = DecimalString.format(value)
            #expect(text.utf8.count <= 16 && !text.isEmpty, "\(value)")
            guard value.magnitude > 1e-290, let back = Double(text) else { continue }
            #expect(abs(back - value) <= abs(value) * 1e-8, "\(value) became \(text)")
        }
    }
}

@Suite struct `PS3.5 §9 unique identifiers` {
    @Test(arguments: ["1", "1.2.840.10008.1.2", "2.25.329800735698586629295641978511506172918", "0.0"])
    func `valid forms`(uid: String) { #expect(UID.isValid(uid)) }

    @Test(arguments: ["", ".", "1.", ".1", "1..2", "1.02", "1.2a", "1 ", String(repeating: "1", count: 65)])
    func `invalid forms`(uid: String) { #expect(!UID.isValid(uid)) }

    @Test func `generated UIDs are valid, of version 4, and follow the random source`() {
        let fixed = UIDGenerator { (0, 0) }
        #expect(fixed.next() == "2.25.\(UInt128(0x4000) << 64 | UInt128(1) << 63)")
        let generator = UIDGenerator()
        let uids = Set((0..<1000).map { _ in generator.next() })
        #expect(uids.count == 1000)
        #expect(uids.allSatisfy { UID.isValid($0) })
        #expect(UID.isValid(Implementation.classUID))
        #expect(Implementation.versionName.utf8.count <= 16)
    }
}
