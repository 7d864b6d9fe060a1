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
            let entries = expanded(words(segments, limit: maximumEntries))
            guard !entries.isEmpty else { return nil }
            return .init(firstMapped: firstMapped(descriptor[1], isSigned), bits: min(max(descriptor[2], 8), 16), entries: entries)
        }
        return tables.count == 3 ? tables : []
    }

    /// Discrete, linear and indirect segments (PS3.3 C.7.9.2); reading stops at the first that is none of them.
    public static func expanded(_ segments: [UInt16]) -> [UInt16] {
        var entries: [UInt16] = []
        var position = 0
        while position + 1 < segments.count, entries.count < maximumEntries {
            let length = Int(segments[position + 1])
            switch segments[position] {
            case 0, 1:
                guard let end = append(segments, position, &entries) else { return entries }
                position = end
            case 2:
                guard position + 3 < segments.count else { return entries }
                // The offset counts bytes of the data; only plain segments may be referred to.
                var from = (Int(segments[position + 2]) | Int(segments[position + 3]) << 16) / 2
                for _ in 0..<length {
                    guard from + 1 < segments.count, let next = append(segments, from, &entries) else { return entries }
                    from = next
                }
                position += 4
            default: return entries
            }
        }
        return Array(entries.prefix(maximumEntries))
    }

    /// - Returns: where the next segment starts; `nil` when this one is none of discrete and linear, or cut.
    private static func append(_ segments: [UInt16], _ position: Int, _ entries: inout [UInt16]) -> Int? {
        let length = Int(segments[position + 1])
        guard entries.count + length <= maximumEntries else { return nil }
        if segments[position] == 0 {
            guard position + 2 + length <= segments.count else { return nil }
            entries += segments[position + 2..<position + 2 + length]
            return position + 2 + length
        }
        guard segments[position] == 1, position + 2 < segments.count, let last = entries.last else { return nil }
        let (from, to) = (Double(last), Double(segments[position + 2]))
        for step in 0..<length {
            entries.append(UInt16((from + (to - from) * Double(step + 1) / Double(length)).rounded()))
        }
        return position + 3
    }
}
