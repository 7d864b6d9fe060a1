import DICOMCore
import DICOMObjects
import Imaging
import Testing

/// A header of 8 or 16 bits as an image object has it.
private func header(bits: Int = 16, _ change: (inout DataSet) -> Void = { _ in }) -> DataSet {
    var header = DataSet()
    header.set(.rows, .us, ints: [2])
    header.set(.columns, .us, ints: [2])
    header.set(.bitsAllocated, .us, ints: [bits])
    header.set(.bitsStored, .us, ints: [bits])
    header.set(.pixelRepresentation, .us, ints: [0])
    header.set(.photometricInterpretation, .cs, "MONOCHROME2")
    change(&header)
    return header
}

private func display(_ header: DataSet) throws -> FrameDisplay {
    FrameDisplay(FrameAttributes(header), frame: 0, pixels: try ImagePixelModule(header))
}

private func table(_ descriptor: [Int], _ data: [Int]) -> DataSet {
    var item = DataSet()
    item.set(.lutDescriptor, .us, ints: descriptor)
    item.set(.lutData, .ow, ints: data)
    return item
}

private func rendered(_ header: DataSet, _ bytes: [UInt8]) throws -> [UInt8] {
    let module = try ImagePixelModule(header)
    let frame = NativeFrame(bytes: bytes[...], photometricInterpretation: module.photometricInterpretation, module: module)
    return try FrameRenderer(header: header).render(frame).bytes
}

@Suite struct `PS3.3 C.8.7.1.1.2 modality tables of X-ray angiography` {
    @Test(arguments: [("LOG", true), ("DISP", true), ("LIN", false)])
    func `the table back to intensity is no step of display`(_ relationship: String, _ isKept: Bool) throws {
        for (sopClass, isXRay) in [("1.2.840.10008.5.1.4.1.1.12.1", true), ("1.2.840.10008.5.1.4.1.1.12.2", true), ("1.2.840.10008.5.1.4.1.1.7", false)] {
            let header = header(bits: 8) {
                $0.set(.sopClassUID, .ui, sopClass)
                $0.set(.pixelIntensityRelationship, .cs, relationship)
                $0.set(.modalityLUTSequence, items: [table([4, 0, 16], [0, 100, 200, 300])])
            }
            #expect(try display(header).modalityTable == nil ? (isXRay && isKept) : !(isXRay && isKept))
        }
    }
}

@Suite struct `PS3.3 C.11 display values of a frame` {
    @Test func `the first input of a VOI table is signed where the modality transformation can be negative`() throws {
        for (intercept, first) in [(-1024.0, -1024), (0.0, 64512)] {
            let header = header {
                $0.set(.rescaleIntercept, .ds, doubles: [intercept])
                $0.set(.rescaleSlope, .ds, doubles: [1])
                $0.set(.voilutSequence, items: [table([4, 64512, 8], [0, 100, 200, 255])])
            }
            #expect(try display(header).voiTables.first?.table.firstMapped == first)
        }
    }

    @Test func `8 bits without any transformation are shown as they are`() throws {
        #expect(try rendered(header(bits: 8), [10, 20, 200, 250]) == [10, 20, 200, 250])
    }

    @Test func `MONOCHROME1 and an INVERSE shape are one inversion`() throws {
        for (photometric, shape) in [("MONOCHROME1", nil), ("MONOCHROME1", "INVERSE"), ("MONOCHROME2", "INVERSE")] {
            let header = header(bits: 8) {
                $0.set(.photometricInterpretation, .cs, photometric)
                if let shape { $0.set(.presentationLUTShape, .cs, shape) }
            }
            #expect(try rendered(header, [10, 20, 200, 250]) == [245, 235, 55, 5])
        }
    }

    @Test func `padding is black, also where low values are white`() throws {
        let header = header(bits: 8) {
            $0.set(.photometricInterpretation, .cs, "MONOCHROME1")
            $0.set(.pixelPaddingValue, .us, ints: [0])
            $0.set(.pixelPaddingRangeLimit, .us, ints: [15])
        }
        #expect(try rendered(header, [0, 15, 16, 250]) == [0, 0, 239, 5])
    }

    @Test func `without a window that of most values after the modality table is taken`() throws {
        let header = header {
            $0.set(.modalityLUTSequence, items: [table([4, 0, 16], [1000, 1100, 1200, 1300])])
        }
        #expect(try rendered(header, [0, 0, 1, 0, 2, 0, 3, 0]) == [0, 85, 170, 255])
    }

    @Test func `segmented palettes are expanded and their entries reduced to 8 bits`() throws {
        // Discrete 0 10; linear to 16 in 3; the discrete segment again.
        #expect(PaletteChannel.expanded([0, 2, 0, 10, 1, 3, 16, 2, 1, 0, 0], limit: 65536) == [0, 10, 12, 14, 16, 0, 10])
        #expect(PaletteChannel.expanded([1, 3, 16], limit: 65536) == [])
        #expect(PaletteChannel.expanded([2, 65535, 0, 0, 2, 65535, 0, 0], limit: 65536) == [])
        #expect(PaletteChannel.expanded([0, 60000, 1], limit: 65536) == [])
        let header = header(bits: 8) {
            $0.set(.photometricInterpretation, .cs, "PALETTE COLOR")
            for tag in [Tag.redPaletteColorLookupTableDescriptor, .greenPaletteColorLookupTableDescriptor, .bluePaletteColorLookupTableDescriptor] {
                $0.set(tag, .us, ints: [4, 0, 16])
            }
            $0.set(.segmentedRedPaletteColorLookupTableData, .ow, ints: [0, 1, 0, 1, 3, 0x3000])
            $0.set(.greenPaletteColorLookupTableData, .ow, ints: [0, 0x100, 0x200, 0x300])
            $0.set(.bluePaletteColorLookupTableData, .ow, ints: [0xFFFF, 0, 0, 0xFF00])
        }
        #expect(try rendered(header, [0, 1, 2, 9]) == [0, 0, 255, 16, 1, 0, 32, 2, 0, 48, 3, 255])
    }

    @Test func `a palette image without its palette is refused by name`() throws {
        let header = header(bits: 8) { $0.set(.photometricInterpretation, .cs, "PALETTE COLOR") }
        #expect(throws: ImageError.attributeMissing(.redPaletteColorLookupTableData)) { try rendered(header, [0, 1, 2, 3]) }
    }
}
