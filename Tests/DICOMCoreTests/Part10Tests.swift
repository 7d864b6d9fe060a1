import DICOMCore
import Testing

// `Testing` has a type of this name too.
private typealias Tag = DICOMCore.Tag

@Suite struct `PS3.10 §7 file format` {
    private let dataSet = Wire.explicit(Tag(0x0008, 0x0016), "UI", "1.2.840.10008.5.1.4.1.1.7\0") + Wire.explicit(Tag(0x0010, 0x0010), "PN", "A ")

    @Test func `preamble, meta information and data set are told apart`() throws {
        let file = try Part10File(reading: Wire.file(meta: Wire.meta(), dataSet: dataSet)[...], options: .strict)
        #expect(file.preamble?.count == 128)
        #expect(file.meta?.transferSyntaxUID == "1.2.840.10008.1.2.1")
        #expect(file.meta?.mediaStorageSOPInstanceUID == "1.2.3.4")
        #expect(file.syntax == .explicitVRLittleEndian)
        #expect(file.dataSet.string(Tag(0x0010, 0x0010)) == "A")
        #expect(file.notes.isEmpty)
    }

    @Test func `the header written is read back, with zeros before it and a right group length`() throws {
        let meta = FileMeta(
            mediaStorageSOPClassUID: "1.2.840.10008.5.1.4.1.1.7", mediaStorageSOPInstanceUID: "1.2.3",
            transferSyntaxUID: "1.2.840.10008.1.2", sourceApplicationEntityTitle: "APUS")
        let header = Part10.header(meta: meta)
        #expect(header.prefix(128).allSatisfy { $0 == 0 })
        let head = try Part10.readHead(MemoryByteSource(header), options: .strict)
        #expect(head.meta == meta)
        #expect(head.notes.isEmpty)
        #expect(head.dataSetOffset == header.count)
        #expect(head.meta?.implementationClassUID == Implementation.classUID)
        #expect(head.meta?.sourceApplicationEntityTitle == "APUS")
    }

    @Test func `private information survives`() throws {
        let meta = Wire.meta() + Wire.explicit(Tag(2, 0x100), "UI", "1.2\0") + Wire.explicit(Tag(2, 0x102), "OB", [1, 2])
        let file = try Part10File(reading: Wire.file(meta: meta, dataSet: dataSet)[...])
        #expect(file.meta?.privateInformationCreatorUID == "1.2")
        #expect(file.meta?.privateInformation == [1, 2])
        #expect(try file.encoded() == Wire.file(meta: meta, dataSet: dataSet))
    }

    @Test func `a wrong or missing group length is noted`() throws {
        let bytes = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
        let missing = try Part10File(reading: (bytes + Wire.meta() + dataSet)[...])
        #expect(missing.notes.map(\.kind) == [.metaGroupLength])
        let wrong = try Part10File(reading: (bytes + Wire.explicit(Tag(2, 0), "UL", Wire.uint32(5)) + Wire.meta() + dataSet)[...])
        #expect(wrong.notes.map(\.kind) == [.metaGroupLength])
    }

    @Test(arguments: ["ZZ", " U", "\u{0}\u{0}", "LO", "UN"]) func `a meta element with a wrong VR is refused`(vr: String) {
        let meta = Wire.tag(Tag(2, 1)) + Array("OB".utf8) + [0, 0] + Wire.uint32(2) + [0, 1]
            + Wire.tag(Tag(2, 0x10)) + Array(vr.utf8) + Wire.uint16(20) + Array("1.2.840.10008.1.2.1\0".utf8)
        #expect(throws: DataSetError.self) { try Part10File(reading: Wire.file(meta: meta, dataSet: dataSet)[...]) }
    }

    @Test func `duplicate meta elements are refused`() {
        let meta = Wire.explicit(Tag(2, 0x10), "UI", "1.2.840.10008.1.2.1\0")
        #expect(throws: DataSetError.self) { try Part10File(reading: Wire.file(meta: meta + meta, dataSet: dataSet)[...]) }
    }

    @Test func `a transfer syntax that is no UID is refused`() {
        #expect(throws: DataSetError.self) { try Part10File(reading: Wire.file(meta: Wire.meta(syntax: "1.2.x"), dataSet: dataSet)[...]) }
    }

    @Test func `a missing transfer syntax is guessed with a note that asks for quarantine, or refused`() throws {
        let bytes = Wire.file(meta: Wire.explicit(Tag(2, 3), "UI", "1.2.3.4\0"), dataSet: dataSet)
        let file = try Part10File(reading: bytes[...])
        #expect(file.syntax == .explicitVRLittleEndian)
        #expect(file.notes.contains { $0.kind == .missingTransferSyntax && $0.kind.suggestsQuarantine })
        #expect(throws: DataSetError.self) { try Part10File(reading: bytes[...], options: .strict) }
    }

    @Test func `files without preamble, and without meta information, are read where allowed`() throws {
        let withoutPreamble = Array(Wire.file(meta: Wire.meta(), dataSet: dataSet).dropFirst(128))
        let withoutPrefix = Array(withoutPreamble.dropFirst(4))
        let implicit = Wire.implicit(Tag(0x0008, 0x0016), Array("1.2\0".utf8))
        let bigEndian = Wire.explicit(Tag(0x0008, 0x0016), "UI", Array("1.2\0".utf8), bigEndian: true)
        for (bytes, syntax) in [
            (withoutPreamble, TransferSyntax.explicitVRLittleEndian), (withoutPrefix, .explicitVRLittleEndian),
            (dataSet, .explicitVRLittleEndian), (implicit, .implicitVRLittleEndian), (bigEndian, .explicitVRBigEndian),
        ] {
            let file = try Part10File(reading: bytes[...])
            #expect(file.syntax == syntax)
            #expect(file.notes.contains { $0.kind == .missingPrefix })
            #expect(file.dataSet.contains(Tag(0x0008, 0x0016)))
            #expect(throws: DataSetError.notDICOM(offset: 0)) { try Part10File(reading: bytes[...], options: .strict) }
        }
    }

    @Test(arguments: [[], [0], Array("DICM".utf8), [UInt8](repeating: 0, count: 400), Array("%PDF-1.4 not an image".utf8)])
    func `what is no DICOM file is refused`(bytes: [UInt8]) {
        #expect(throws: DataSetError.self) { try Part10File(reading: bytes[...]) }
    }

    @Test(arguments: [0, 127, 129, 256]) func `DICM anywhere but at 128 is no prefix when no meta information follows it`(offset: Int) {
        let bytes = [UInt8](repeating: 0, count: offset) + Array("DICM".utf8) + [UInt8](repeating: 0, count: 300)
        #expect(throws: DataSetError.self) { try Part10File(reading: bytes[...]) }
    }
}

@Suite struct `PS3.10 §7.1 preamble` {
    private func preamble(_ start: [UInt8]) -> ArraySlice<UInt8> { (start + [UInt8](repeating: 0xAA, count: 128 - start.count))[...] }

    private static let executables: [(String, [UInt8])] = [
        ("ELF", [0x7F, 0x45, 0x4C, 0x46]), ("PE", Array("MZ".utf8)), ("Mach-O 64", [0xCF, 0xFA, 0xED, 0xFE]),
        ("Mach-O 32", [0xFE, 0xED, 0xFA, 0xCE]), ("fat or class", [0xCA, 0xFE, 0xBA, 0xBE]), ("script", Array("#!/bin/sh\n".utf8)),
        ("ZIP and JAR", [0x50, 0x4B, 3, 4]), ("PDF", Array("%PDF-1.7".utf8)), ("PDF inside", Array("xx %pdf-1.7".utf8)),
        ("RTF", Array("{\\rtf1".utf8)), ("OLE", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]),
        ("HTML", Array(" <HTML><ScRiPt>".utf8)), ("PHP", Array("GIF89a<?php".utf8)), ("JSON", Array("{\"RemoteAccessAllowed\":true}".utf8)),
    ]

    @Test(arguments: executables.indices)
    func `PACS-4.5.22-2 executable content is recognised and becomes zero under every policy`(index: Int) {
        let start = Self.executables[index].1
        for policy in PreamblePolicy.allCases {
            let (bytes, finding) = Preamble.sanitised(preamble(start), policy: policy)
            #expect(finding.isExecutable, "\(Self.executables[index].0)")
            #expect(bytes == [UInt8](repeating: 0, count: 128))
        }
    }

    @Test func `PACS-4.5.22-2 an ELF preamble is zeroed and the image stays readable`() throws {
        let elf = Array(preamble([0x7F, 0x45, 0x4C, 0x46]))
        let file = try Part10File(reading: Wire.file(meta: Wire.meta(), dataSet: [], preamble: elf)[...])
        let (bytes, _) = Preamble.sanitised(file.preamble ?? [], policy: .detectExecutable)
        #expect(bytes.allSatisfy { $0 == 0 })
        #expect(try file.encoded().prefix(128).allSatisfy { $0 == 0 })
    }

    @Test func `the zero policy zeroes everything`() {
        let (bytes, finding) = Preamble.sanitised(preamble(Array("hello".utf8)), policy: .zero)
        #expect(bytes == [UInt8](repeating: 0, count: 128) && finding == .unknown)
    }

    @Test(arguments: [[0x49, 0x49, 42, 0, 0, 2, 0, 0], [0x4D, 0x4D, 0, 42, 0, 0, 2, 0]] as [[UInt8]])
    func `the whitelist keeps a TIFF header and zeroes the rest`(start: [UInt8]) {
        let (bytes, finding) = Preamble.sanitised(preamble(start), policy: .whitelist)
        #expect(finding == .tiff)
        #expect(bytes == start + [UInt8](repeating: 0, count: 120))
    }

    @Test func `the whitelist keeps a TIFF directory within the preamble`() {
        let start: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0]
        #expect(Preamble.sanitised(preamble(start), policy: .whitelist).bytes == Array(preamble(start)))
    }

    @Test func `the whitelist keeps a BigTIFF header`() {
        let start: [UInt8] = [0x49, 0x49, 43, 0, 8, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
        #expect(Preamble.sanitised(preamble(start), policy: .whitelist).bytes == start + [UInt8](repeating: 0, count: 112))
    }

    @Test func `the whitelist zeroes what it does not know, recognition keeps it`() {
        let unknown = preamble(Array("VENDOR".utf8))
        #expect(Preamble.sanitised(unknown, policy: .whitelist).bytes.allSatisfy { $0 == 0 })
        #expect(Preamble.sanitised(unknown, policy: .detectExecutable).bytes == Array(unknown))
    }

    @Test func `TIFF with a script behind its header is not whitelisted`() {
        let bytes = [0x49, 0x49, 42, 0, 8, 0, 0, 0] + Array("<script>".utf8)
        #expect(Preamble.sanitised(preamble(bytes), policy: .whitelist).finding.isExecutable)
    }
}
