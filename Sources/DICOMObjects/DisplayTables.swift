public import DICOMCore
public import Imaging

/// Look-up tables and palettes as data sets keep them.
public enum DisplayTables {
    private static let maximumEntries = 65_536

    /// A table of a Modality LUT or VOI LUT item (PS3.3 C.11.1.1, C.11.2.1.1); `nil` when descriptor or data are missing.
    /// - Parameter isSigned: whether the table's input may be negative: the VR of its descriptor is not trusted.
    public static func table(_ item: DataSet, isSigned: Bool) -> DisplayPipeline.Table? {
        table(descriptor: item.ints(.lutDescriptor), data: item.bytes(.lutData), isSigned: isSigned)
    }

    /// - Parameter data: entries of 16 bits, or bytes where a table of 8 bits has no more of them than entries.
    static func table(descriptor: [Int], data: ArraySlice<UInt8>?, isSigned: Bool) -> DisplayPipeline.Table? {
        guard descriptor.count == 3, let data else { return nil }
        let count = descriptor[0] & 0xFFFF == 0 ? maximumEntries : descriptor[0] & 0xFFFF
        let bits = min(max(descriptor[2], 8), 16)
        let entries: [UInt16] = bits == 8 && data.count < count * 2
            ? data.prefix(count).map { UInt16($0) } : words(data, limit: count)
        guard !entries.isEmpty else { return nil }
        return .init(firstMapped: firstMapped(descriptor[1], isSigned), bits: bits, entries: entries)
    }

    private static func firstMapped(_ value: Int, _ isSigned: Bool) -> Int {
        isSigned ? Int(Int16(truncatingIfNeeded: value)) : value & 0xFFFF
    }

    private static func words(_ data: ArraySlice<UInt8>, limit: Int) -> [UInt16] {
        let start = data.startIndex
        return (0..<min(data.count / 2, limit)).map {
            UInt16(data[start + 2 * $0]) | UInt16(data[start + 2 * $0 + 1]) << 8
        }
    }

    // MARK: Palettes

    private static let colours: [(descriptor: Tag, data: Tag, segmented: Tag)] = [
        (
            .redPaletteColorLookupTableDescriptor, .redPaletteColorLookupTableData,
            .segmentedRedPaletteColorLookupTableData
        ),
        (
            .greenPaletteColorLookupTableDescriptor, .greenPaletteColorLookupTableData,
            .segmentedGreenPaletteColorLookupTableData
        ),
        (
            .bluePaletteColorLookupTableDescriptor, .bluePaletteColorLookupTableData,
            .segmentedBluePaletteColorLookupTableData
        ),
    ]

    /// Red, green and blue (PS3.3 C.7.9), segmented ones expanded; empty when one is missing.
    public static func palette(_ header: DataSet) -> [DisplayPipeline.Table] {
        let isSigned = header.int(.pixelRepresentation) == 1
        let tables = colours.compactMap { colour -> DisplayPipeline.Table? in
            let descriptor = header.ints(colour.descriptor)
            if let table = table(descriptor: descriptor, data: header.bytes(colour.data), isSigned: isSigned) { return table }
            guard descriptor.count == 3, let segments = header.bytes(colour.segmented) else { return nil }
            let entries = PaletteChannel.expanded(words(segments, limit: maximumEntries), limit: maximumEntries)
            guard !entries.isEmpty else { return nil }
            return .init(firstMapped: firstMapped(descriptor[1], isSigned), bits: min(max(descriptor[2], 8), 16), entries: entries)
        }
        return tables.count == 3 ? tables : []
    }
}
