import CodecLibraries
public import DICOMCore
import PixelCodecs

/// Changes the transfer syntax of a data set in memory.
public struct DataSetTranscoder: Sendable {
    /// Of lossy JPEG, 1 to 100.
    public var quality: Int
    private let uids: UIDGenerator

    public init(quality: Int = 90, uids: UIDGenerator = UIDGenerator()) {
        self.quality = quality
        self.uids = uids
    }

    /// - Returns: the data set with pixel data, and the attributes that describe them, as `target` needs them. A lossy
    ///   target gives a derived image with a new SOP Instance UID (PS3.3 C.7.6.1.1.5).
    /// - Throws: `ImageError`.
    public func transcode(
        _ dataSet: DataSet, from source: TransferSyntax, to target: TransferSyntax
    ) throws(ImageError) -> DataSet {
        guard source != target else { return dataSet }
        let dataSet = withNestedImages(of: dataSet, from: source, in: target)
        guard dataSet.contains(.pixelData), source.isEncapsulated || target.isEncapsulated else { return dataSet }
        let module = try ImagePixelModule(dataSet)
        let frames = try nativeFrames(dataSet, module, source)
        guard let first = frames.first else { throw .noPixelData }
        var result = dataSet
        result.set(.photometricInterpretation, .cs, first.photometricInterpretation)
        if first.module.frame.samplesPerPixel > 1 { result.set(.planarConfiguration, .us, ints: [0]) }
        result[.extendedOffsetTable] = nil
        result[.extendedOffsetTableLengths] = nil
        result[.pixelData] = target.isEncapsulated ? try encapsulated(frames, target) : native(frames)
        if target.isEncapsulated {
            result.set(
                .photometricInterpretation, .cs,
                FrameCodec.codedPhotometricInterpretation(
                    of: first.photometricInterpretation, transferSyntaxUID: target.uid, options: options))
        }
        if !target.isLossless { markLossy(&result, ratio: Self.ratio(frames, result)) }
        return result
    }

    /// Images inside sequences (icons) become native where `target` is; one that cannot be decoded is left out, as an
    /// image in another transfer syntax than its data set's would make all of it unreadable.
    public func withNestedImages(of dataSet: DataSet, from source: TransferSyntax, in target: TransferSyntax) -> DataSet {
        guard source.isEncapsulated, !target.isEncapsulated else { return dataSet }
        var result = dataSet
        for element in dataSet.elements {
            guard case .sequence(var sequence) = element.value else { continue }
            for index in sequence.items.indices {
                var item = withNestedImages(of: sequence.items[index].dataSet, from: source, in: target)
                if case .fragments? = item[.pixelData]?.value {
                    do { item = try transcode(item, from: source, to: target) } catch { item[.pixelData] = nil }
                }
                sequence.items[index].dataSet = item
            }
            var changed = element
            changed.value = .sequence(sequence)
            result[element.tag] = changed
        }
        return result
    }

    private var options: FrameEncodingOptions { FrameEncodingOptions(quality: quality) }

    // MARK: Reading

    private func nativeFrames(
        _ dataSet: DataSet, _ module: ImagePixelModule, _ source: TransferSyntax
    ) throws(ImageError) -> [NativeFrame] {
        guard let element = dataSet[.pixelData] else { throw .noPixelData }
        switch element.value {
        case .fragments(let pixels): return try decoded(pixels, module, source, dataSet)
        case .bytes(let bytes): return try split(bytes, module)
        case .sequence: throw .noPixelData
        }
    }

    private func split(_ bytes: ArraySlice<UInt8>, _ module: ImagePixelModule) throws(ImageError) -> [NativeFrame] {
        guard let size = module.nativeFrameBytes, size > 0, module.numberOfFrames <= bytes.count / size else {
            throw .attributeInvalid(.numberOfFrames)
        }
        return (0..<module.numberOfFrames).map { index in
            let start = bytes.startIndex + index * size
            var frame = NativeFrame(
                bytes: bytes[start..<start + size], photometricInterpretation: module.photometricInterpretation, module: module)
            if module.frame.isPlanar {
                frame.bytes = ColourPlanes.interleaved(
                    frame.bytes, samples: module.frame.samplesPerPixel, unit: module.frame.bytesPerSample)
                frame.module.frame.isPlanar = false
            }
            return frame
        }
    }

    private func decoded(
        _ pixels: EncapsulatedPixelData, _ module: ImagePixelModule, _ source: TransferSyntax, _ dataSet: DataSet
    ) throws(ImageError) -> [NativeFrame] {
        let groups = try FragmentGroups(pixels, numberOfFrames: module.numberOfFrames).frames
        var description = module.frame
        description.isPlanar = false
        var frames: [NativeFrame] = []
        for codestream in groups {
            do {
                let frame = try FrameCodec.decode(
                    codestream[...], transferSyntaxUID: source.uid, description: description,
                    photometricInterpretation: module.photometricInterpretation)
                var output = module
                output.frame.isPlanar = false
                frames.append(
                    NativeFrame(
                        bytes: frame.bytes[...], photometricInterpretation: frame.photometricInterpretation, module: output))
            } catch {
                throw .codec(error)
            }
        }
        return frames
    }

    // MARK: Writing

    private func native(_ frames: [NativeFrame]) -> DataElement {
        var bytes: [UInt8] = []
        for frame in frames { bytes += frame.bytes }
        if bytes.count % 2 == 1 { bytes.append(0) }
        let isWords = frames.first.map { $0.module.frame.bitsAllocated > 8 } ?? true
        return DataElement(.pixelData, isWords ? .ow : .ob, bytes: bytes[...])
    }

    private func encapsulated(_ frames: [NativeFrame], _ target: TransferSyntax) throws(ImageError) -> DataElement {
        var fragments: [ArraySlice<UInt8>] = []
        for frame in frames {
            do {
                var codestream = try FrameCodec.encode(
                    frame.bytes, transferSyntaxUID: target.uid, description: frame.module.frame,
                    photometricInterpretation: frame.photometricInterpretation, options: options)
                if codestream.count % 2 == 1 { codestream.append(0) }
                fragments.append(codestream[...])
            } catch {
                throw .codec(error)
            }
        }
        return DataElement(
            tag: .pixelData, vr: .ob,
            value: .fragments(EncapsulatedPixelData(basicOffsetTable: Self.offsets(fragments), fragments: fragments)))
    }

    /// One 32-bit offset for each frame, from the first byte after the table (PS3.5 §A.4).
    private static func offsets(_ fragments: [ArraySlice<UInt8>]) -> ArraySlice<UInt8> {
        var table: [UInt8] = []
        var position = 0
        for fragment in fragments {
            guard position <= Int(UInt32.max) else { return [] }
            for byte in 0..<4 { table.append(UInt8(truncatingIfNeeded: position >> (8 * byte))) }
            position += 8 + fragment.count
        }
        return table[...]
    }

    // MARK: Lossy

    private static func ratio(_ frames: [NativeFrame], _ result: DataSet) -> Double {
        guard case .fragments(let pixels)? = result[.pixelData]?.value else { return 1 }
        let stored = pixels.fragments.reduce(0) { $0 + $1.count }
        return stored > 0 ? Double(frames.reduce(0) { $0 + $1.bytes.count }) / Double(stored) : 1
    }

    private func markLossy(_ dataSet: inout DataSet, ratio: Double) {
        dataSet.set(.lossyImageCompression, .cs, "01")
        dataSet.set(.lossyImageCompressionRatio, .ds, doubles: dataSet.doubles(.lossyImageCompressionRatio) + [(ratio * 100).rounded() / 100])
        dataSet.set(.lossyImageCompressionMethod, .cs, dataSet.strings(.lossyImageCompressionMethod) + ["ISO_10918_1"])
        var type = dataSet.strings(.imageType)
        if type.isEmpty { type = ["DERIVED", "SECONDARY"] } else { type[0] = "DERIVED" }
        dataSet.set(.imageType, .cs, type)
        dataSet.set(.sopInstanceUID, .ui, uids.next())
    }
}

/// Which fragments make which frame, in memory.
struct FragmentGroups {
    let frames: [[UInt8]]

    init(_ pixels: EncapsulatedPixelData, numberOfFrames: Int) throws(ImageError) {
        if numberOfFrames == 1 {
            frames = [pixels.fragments.flatMap { Array($0) }]
            return
        }
        if pixels.fragments.count == numberOfFrames {
            frames = pixels.fragments.map { Array($0) }
            return
        }
        let table = Array(pixels.basicOffsetTable)
        let starts = Set(stride(from: 0, to: table.count - 3, by: 4).map { index in
            (0..<4).reduce(0) { $0 | Int(table[index + $1]) << (8 * $1) }
        })
        guard starts.count == numberOfFrames else { throw .attributeInvalid(.numberOfFrames) }
        var groups: [[UInt8]] = []
        var position = 0
        for fragment in pixels.fragments {
            if starts.contains(position) { groups.append([]) }
            guard !groups.isEmpty else { throw .attributeInvalid(.numberOfFrames) }
            groups[groups.count - 1] += fragment
            position += 8 + fragment.count
        }
        guard groups.count == numberOfFrames else { throw .attributeInvalid(.numberOfFrames) }
        frames = groups
    }
}
