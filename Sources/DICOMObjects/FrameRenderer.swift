import CodecLibraries
public import DICOMCore
public import Imaging
import PixelCodecs

/// An 8-bit picture: grey or RGB by pixel.
public struct RenderedImage: Hashable, Sendable {
    public var columns: Int
    public var rows: Int
    /// 1 or 3.
    public var samples: Int
    public var bytes: [UInt8]

    /// As JPEG (baseline).
    /// - Parameter quality: 1 to 100.
    public func jpeg(quality: Int) throws(ImageError) -> [UInt8] {
        do {
            return try FrameCodec.encode(
                bytes[...], transferSyntaxUID: TransferSyntax.jpegBaseline.uid,
                description: FrameDescription(columns: columns, rows: rows, samplesPerPixel: samples, bitsAllocated: 8),
                photometricInterpretation: samples == 1 ? "MONOCHROME2" : "RGB",
                options: FrameEncodingOptions(quality: quality))
        } catch {
            throw .codec(error)
        }
    }
}

/// Draws frames as a viewer without tools would: modality and VOI transformation, palette, colour conversion, scaling.
public struct FrameRenderer: Sendable {
    private let header: DataSet
    private let pipeline: DisplayPipeline

    /// - Parameter window: instead of the object's own.
    public init(header: DataSet, window: DisplayPipeline.Window? = nil, frameIndex: Int = 0) {
        self.header = header
        pipeline = Self.pipeline(header, window, frameIndex)
    }

    /// - Parameters:
    ///   - maximumColumns: the picture is made smaller, never larger, to fit; keeps its shape.
    public func render(_ frame: NativeFrame, maximumColumns: Int? = nil, maximumRows: Int? = nil) throws(ImageError) -> RenderedImage {
        let picture: RenderedImage
        switch frame.photometricInterpretation {
        case "PALETTE COLOR": picture = try palette(frame)
        case "MONOCHROME1", "MONOCHROME2": picture = grey(frame)
        default: picture = frame.module.frame.samplesPerPixel >= 3 ? try colour(frame) : grey(frame)
        }
        return Self.reduced(picture, maximumColumns ?? picture.columns, maximumRows ?? picture.rows)
    }

    // MARK: Attributes

    private static func pipeline(_ header: DataSet, _ window: DisplayPipeline.Window?, _ index: Int) -> DisplayPipeline {
        // Functional groups of enhanced objects: the frame's own first, then the shared ones (PS3.3 C.7.6.16).
        let perFrame = header.items(.perFrameFunctionalGroupsSequence)
        let groups = (index < perFrame.count ? [perFrame[index]] : []) + header.items(.sharedFunctionalGroupsSequence)
        func source(_ sequence: Tag, _ tag: Tag) -> DataSet {
            groups.compactMap { $0.items(sequence).first }.first { $0.contains(tag) } ?? header
        }
        let rescale = source(.pixelValueTransformationSequence, .rescaleSlope)
        let voi = source(.frameVOILUTSequence, .windowCenter)
        let signed = header.int(.pixelRepresentation) == 1
        var pipeline = DisplayPipeline(
            rescaleSlope: rescale.double(.rescaleSlope) ?? 1, rescaleIntercept: rescale.double(.rescaleIntercept) ?? 0,
            modalityTable: header.items(.modalityLUTSequence).first.flatMap { table($0, isSigned: signed) },
            isInverted: header.string(.photometricInterpretation) == "MONOCHROME1")
        if pipeline.rescaleSlope == 0 { pipeline.rescaleSlope = 1 }
        if let window {
            pipeline.window = window
        } else if let center = voi.double(.windowCenter), let width = voi.double(.windowWidth), width > 0 {
            pipeline.window = .init(center: center, width: width, function: function(voi.string(.voilutFunction)))
        } else {
            pipeline.voiTable = header.items(.voilutSequence).first.flatMap { table($0, isSigned: signed) }
        }
        return pipeline
    }

    private static func function(_ text: String?) -> DisplayPipeline.WindowFunction {
        switch text {
        case "SIGMOID": .sigmoid
        case "LINEAR_EXACT": .linearExact
        default: .linear
        }
    }

    private static func table(_ item: DataSet, isSigned: Bool) -> DisplayPipeline.Table? {
        let descriptor = item.ints(.lutDescriptor)
        guard descriptor.count == 3, let bytes = item.bytes(.lutData) else { return nil }
        let count = descriptor[0] == 0 ? 65536 : descriptor[0] & 0xFFFF
        let first = isSigned ? Int(Int16(truncatingIfNeeded: descriptor[1])) : descriptor[1] & 0xFFFF
        let entries = words(bytes, count: count, bits: descriptor[2])
        return entries.isEmpty ? nil : .init(firstMapped: first, bits: min(max(descriptor[2], 8), 16), entries: entries)
    }

    /// Entries of 16 bits, or packed bytes where a table of 8 bits has just as many bytes as entries.
    private static func words(_ bytes: ArraySlice<UInt8>, count: Int, bits: Int) -> [UInt16] {
        let all = Array(bytes)
        if bits <= 8, all.count < count * 2 { return all.prefix(count).map { UInt16($0) } }
        return stride(from: 0, to: min(all.count, count * 2) - 1, by: 2).map { UInt16(all[$0]) | UInt16(all[$0 + 1]) << 8 }
    }

    // MARK: Grey

    private func grey(_ frame: NativeFrame) -> RenderedImage {
        let description = frame.module.frame
        let values = StoredValues(frame)
        let fallback = fullRange(values)
        var bytes = [UInt8](repeating: 0, count: description.columns * description.rows)
        var cache: [UInt8?] = description.bitsStored <= 16 ? Array(repeating: nil, count: 1 << description.bitsStored) : []
        let mask = (1 << min(description.bitsStored, 16)) - 1
        for index in bytes.indices {
            let value = values[index]
            if cache.isEmpty {
                bytes[index] = pipeline.grey(value, fallback: fallback)
            } else if let known = cache[value & mask] {
                bytes[index] = known
            } else {
                let grey = pipeline.grey(value, fallback: fallback)
                cache[value & mask] = grey
                bytes[index] = grey
            }
        }
        return RenderedImage(columns: description.columns, rows: description.rows, samples: 1, bytes: bytes)
    }

    /// From the lowest to the highest value, for objects that name no window.
    private func fullRange(_ values: StoredValues) -> DisplayPipeline.Window {
        guard pipeline.window == nil, pipeline.voiTable == nil else { return .init(center: 0, width: 1) }
        var (low, high) = (Int.max, Int.min)
        for index in 0..<values.count {
            low = min(low, values[index])
            high = max(high, values[index])
        }
        guard low <= high else { return .init(center: 0, width: 1) }
        let (a, b) = (pipeline.modalityValue(low), pipeline.modalityValue(high))
        return .init(center: (a + b) / 2, width: max(abs(b - a), 1), function: .linearExact)
    }

    // MARK: Colour

    private func palette(_ frame: NativeFrame) throws(ImageError) -> RenderedImage {
        let tags: [(Tag, Tag)] = [
            (.redPaletteColorLookupTableDescriptor, .redPaletteColorLookupTableData),
            (.greenPaletteColorLookupTableDescriptor, .greenPaletteColorLookupTableData),
            (.bluePaletteColorLookupTableDescriptor, .bluePaletteColorLookupTableData),
        ]
        var tables: [DisplayPipeline.Table] = []
        for (descriptorTag, dataTag) in tags {
            let descriptor = header.ints(descriptorTag)
            guard descriptor.count == 3, let data = header.bytes(dataTag) else { throw .attributeMissing(dataTag) }
            let count = descriptor[0] == 0 ? 65536 : descriptor[0] & 0xFFFF
            tables.append(
                .init(
                    firstMapped: descriptor[1] & 0xFFFF, bits: descriptor[2],
                    entries: Self.words(data, count: count, bits: descriptor[2])))
        }
        let values = StoredValues(frame)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.count * 3)
        for index in 0..<values.count {
            for table in tables where !table.entries.isEmpty {
                let entry = table.entries[min(max(values[index] - table.firstMapped, 0), table.entries.count - 1)]
                bytes.append(UInt8(truncatingIfNeeded: table.bits > 8 ? entry >> 8 : entry))
            }
        }
        let description = frame.module.frame
        guard bytes.count == description.columns * description.rows * 3 else {
            throw .attributeInvalid(.redPaletteColorLookupTableDescriptor)
        }
        return RenderedImage(columns: description.columns, rows: description.rows, samples: 3, bytes: bytes)
    }

    private func colour(_ frame: NativeFrame) throws(ImageError) -> RenderedImage {
        let description = frame.module.frame
        guard description.bitsAllocated == 8 else { throw .attributeInvalid(.bitsAllocated) }
        var bytes = Array(frame.bytes)
        if frame.photometricInterpretation == "YBR_FULL_422", bytes.count == description.columns * description.rows * 2 {
            bytes = Self.upsampled(bytes)
        } else if description.isPlanar {
            bytes = Array(ColourPlanes.interleaved(bytes[...], samples: description.samplesPerPixel, unit: 1))
        }
        guard bytes.count >= description.columns * description.rows * 3 else { throw .attributeInvalid(.rows) }
        if frame.photometricInterpretation.hasPrefix("YBR") { Self.convertToRGB(&bytes) }
        return RenderedImage(columns: description.columns, rows: description.rows, samples: 3, bytes: bytes)
    }

    /// Y1 Y2 Cb Cr for two pixels (PS3.3 C.7.6.3.1.2).
    private static func upsampled(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count / 2 * 3)
        for index in stride(from: 0, to: bytes.count - 3, by: 4) {
            result += [bytes[index], bytes[index + 2], bytes[index + 3], bytes[index + 1], bytes[index + 2], bytes[index + 3]]
        }
        return result
    }

    /// PS3.3 C.7.6.3.1.2 inverted, 16-bit fixed point.
    private static func convertToRGB(_ bytes: inout [UInt8]) {
        for index in stride(from: 0, to: bytes.count - 2, by: 3) {
            let y = Int(bytes[index]) << 16
            let cb = Int(bytes[index + 1]) - 128
            let cr = Int(bytes[index + 2]) - 128
            bytes[index] = UInt8(clamping: (y + 91881 * cr + 32768) >> 16)
            bytes[index + 1] = UInt8(clamping: (y - 22554 * cb - 46802 * cr + 32768) >> 16)
            bytes[index + 2] = UInt8(clamping: (y + 116130 * cb + 32768) >> 16)
        }
    }

    // MARK: Scaling

    /// Box filter by the exact share of each source pixel's row and column centre.
    private static func reduced(_ picture: RenderedImage, _ maximumColumns: Int, _ maximumRows: Int) -> RenderedImage {
        let scale = min(1, Double(maximumColumns) / Double(picture.columns), Double(maximumRows) / Double(picture.rows))
        guard scale < 1 else { return picture }
        let columns = max(1, Int((Double(picture.columns) * scale).rounded()))
        let rows = max(1, Int((Double(picture.rows) * scale).rounded()))
        var bytes = [UInt8](repeating: 0, count: columns * rows * picture.samples)
        for row in 0..<rows {
            let top = row * picture.rows / rows
            let bottom = max(top + 1, (row + 1) * picture.rows / rows)
            for column in 0..<columns {
                let left = column * picture.columns / columns
                let right = max(left + 1, (column + 1) * picture.columns / columns)
                for sample in 0..<picture.samples {
                    var sum = 0
                    for y in top..<bottom {
                        for x in left..<right { sum += Int(picture.bytes[(y * picture.columns + x) * picture.samples + sample]) }
                    }
                    let count = (bottom - top) * (right - left)
                    bytes[(row * columns + column) * picture.samples + sample] = UInt8(clamping: (sum + count / 2) / count)
                }
            }
        }
        return RenderedImage(columns: columns, rows: rows, samples: picture.samples, bytes: bytes)
    }
}

/// Stored values of the first sample of each pixel, without overlay bits, sign extended.
struct StoredValues {
    private let bytes: [UInt8]
    private let description: FrameDescription
    let count: Int

    init(_ frame: NativeFrame) {
        bytes = Array(frame.bytes)
        description = frame.module.frame
        count = frame.module.frame.columns * frame.module.frame.rows
    }

    subscript(index: Int) -> Int {
        let raw: Int
        switch description.bitsAllocated {
        case 1: raw = index / 8 < bytes.count ? Int(bytes[index / 8] >> UInt8(index % 8) & 1) : 0
        case 8: raw = index < bytes.count ? Int(bytes[index]) : 0
        default:
            let size = description.bitsAllocated / 8
            let start = index * size
            guard start + size <= bytes.count else { return 0 }
            var value: UInt64 = 0
            for byte in 0..<min(size, 8) { value |= UInt64(bytes[start + byte]) << UInt64(8 * byte) }
            raw = Int(truncatingIfNeeded: value)
        }
        let bits = description.bitsStored
        guard bits < 64 else { return raw }
        let masked = raw & ((1 << bits) &- 1)
        return description.isSigned && masked >> (bits - 1) & 1 == 1 ? masked &- (1 << bits) : masked
    }
}
