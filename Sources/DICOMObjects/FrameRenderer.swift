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
                options: FrameEncodingOptions(quality: quality, halvesChroma: quality < 95))
        } catch {
            throw .codec(error)
        }
    }
}

/// Draws frames as a viewer without tools would: modality and VOI transformation, polarity, padding, palette, colour, shutters.
public struct FrameRenderer: Sendable {
    private let header: DataSet
    private let window: DisplayPipeline.Window?
    private let frameIndex: Int
    private let state: PresentationState?

    /// - Parameters:
    ///   - window: instead of the object's own, and of the state's.
    ///   - state: in place of what the object says of its presentation, when it is for this image; its graphics are not drawn.
    public init(
        header: DataSet, window: DisplayPipeline.Window? = nil, frameIndex: Int = 0, state: PresentationState? = nil
    ) {
        self.header = header
        self.window = window
        self.frameIndex = frameIndex
        let uid = header.uid(.sopInstanceUID) ?? ""
        self.state = state.flatMap { $0.isFor(uid, frameNumber: frameIndex + 1) ? $0 : nil }
    }

    /// - Parameters:
    ///   - maximumColumns: the picture is made smaller, never larger, to fit; keeps its shape.
    public func render(_ frame: NativeFrame, maximumColumns: Int? = nil, maximumRows: Int? = nil) throws(ImageError) -> RenderedImage {
        let description = frame.module.frame
        var picture = RenderedImage(columns: description.columns, rows: description.rows, samples: 3, bytes: [])
        if description.samplesPerPixel >= 3 {
            picture.bytes = try RGBSamples.bytes(frame)
        } else if frame.photometricInterpretation == "PALETTE COLOR" {
            picture.bytes = try palette(frame)
        } else {
            picture.samples = 1
            picture.bytes = grey(frame)
            if let colours = state?.colours, colours.count == 768 { picture.paint(colours) }
        }
        FrameShutters(shutters: state?.shutters ?? PresentationState.Shutter.all(of: header).shutters, overlays: state?.overlays ?? [])
            .cover(&picture)
        if let state { picture = state.placed(picture, header.uid(.sopInstanceUID) ?? "", frameNumber: frameIndex + 1) }
        return Self.reduced(picture, maximumColumns ?? picture.columns, maximumRows ?? picture.rows)
    }

    // MARK: Grey

    private func grey(_ frame: NativeFrame) -> [UInt8] {
        let description = frame.module.frame
        let display = FrameDisplay(FrameAttributes(header), frame: frameIndex, pixels: frame.module)
        let values = StoredValues(frame)
        let pipeline = state.map { statePipeline($0, frame.module) } ?? ownPipeline(display, values, frame.module)
        let identity = DisplayPipeline.Window(center: 128, width: 256)
        var bytes = [UInt8](repeating: 0, count: description.columns * description.rows)
        var cache: [UInt8?] = description.bitsStored <= 16 ? Array(repeating: nil, count: 1 << description.bitsStored) : []
        let mask = (1 << min(description.bitsStored, 16)) - 1
        for index in bytes.indices {
            let value = values[index]
            if !cache.isEmpty, let known = cache[value & mask] {
                bytes[index] = known
                continue
            }
            let isPadding = display.padding?.contains(value) ?? false
            let grey = isPadding ? 0 : pipeline.grey(value, fallback: identity)
            if !cache.isEmpty { cache[value & mask] = grey }
            bytes[index] = grey
        }
        return bytes
    }

    private func ownPipeline(_ display: FrameDisplay, _ values: StoredValues, _ module: ImagePixelModule) -> DisplayPipeline {
        var pipeline = DisplayPipeline(
            rescaleSlope: display.slope, rescaleIntercept: display.intercept, modalityTable: display.modalityTable,
            isInverted: display.isInverse)
        if let window {
            pipeline.window = window
        } else if let own = display.windows.first {
            pipeline.window = .init(center: own.center, width: own.width, function: display.function)
        } else if let table = display.voiTables.first {
            pipeline.voiTable = table.table
        } else {
            pipeline.window = automaticWindow(values, display, module)
        }
        return pipeline
    }

    private func statePipeline(_ state: PresentationState, _ module: ImagePixelModule) -> DisplayPipeline {
        var pipeline = state.pipeline(
            header.uid(.sopInstanceUID) ?? "", frameNumber: frameIndex + 1, bitsStored: module.frame.bitsStored,
            isSigned: module.frame.isSigned)
        if let window {
            pipeline.window = window
            pipeline.voiTable = nil
        }
        return pipeline
    }

    /// For objects that name no window: what the viewer takes as well.
    private func automaticWindow(_ values: StoredValues, _ display: FrameDisplay, _ module: ImagePixelModule) -> DisplayPipeline.Window {
        let identity = FrameDisplay.identityWindow(bitsStored: module.frame.bitsStored, isSigned: module.frame.isSigned)
        guard !display.isIdentity(module), let found = values.automaticWindow(padding: display.padding) else { return identity }
        guard let table = display.modalityTable else {
            let (a, b) = (found.low * display.slope + display.intercept, found.high * display.slope + display.intercept)
            return .init(center: (a + b) / 2 + 0.5, width: max(abs(b - a), 1) + 1)
        }
        return table.window(of: found)
    }

    // MARK: Palette

    private func palette(_ frame: NativeFrame) throws(ImageError) -> [UInt8] {
        let tables = DisplayTables.palette(header)
        guard !tables.isEmpty else { throw .attributeMissing(.redPaletteColorLookupTableData) }
        let values = StoredValues(frame)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.count * 3)
        for index in 0..<values.count {
            for table in tables {
                let entry = table.entries[min(max(values[index] - table.firstMapped, 0), table.entries.count - 1)]
                bytes.append(UInt8(truncatingIfNeeded: entry >> UInt16(table.bits - 8)))
            }
        }
        return bytes
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
