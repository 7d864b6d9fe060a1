import CodecLibraries
import DICOMCore
package import DICOMObjects
import PixelCodecs

/// One frame as the viewing stream carries it (Documentation/viewing.md, stream).
package struct DeliveredFrame: Sendable {
    package enum Codec: UInt8, Hashable, Sendable, CaseIterable {
        case native = 0, rle = 1, jpegLossless = 2, jpegLS = 3

        /// As the client names it.
        package var name: String {
            switch self {
            case .native: "native"
            case .rle: "rle"
            case .jpegLossless: "jpegLossless"
            case .jpegLS: "jpegls"
            }
        }

        fileprivate init?(_ encoding: TransferSyntax.PixelEncoding) {
            switch encoding {
            case .rle: self = .rle
            case .jpegLossless: self = .jpegLossless
            case .jpegLS: self = .jpegLS
            default: return nil
            }
        }
    }

    package var codec = Codec.native
    /// Rows and columns are 1/2^level of the real ones.
    package var level: UInt8 = 0
    package var format: ViewingPixels
    package var payload: ArraySlice<UInt8>
}

/// Reads frames for viewing: as stored where the client decodes that, else as samples ready for use. Blocking.
package struct FrameDelivery: Sendable {
    package let reader: ObjectReader
    package let codecs: Set<DeliveredFrame.Codec>
    /// Whether large frames come at a quarter of their size first.
    package let wantsPreviews: Bool

    package init(reader: ObjectReader, codecs: Set<DeliveredFrame.Codec>, wantsPreviews: Bool) {
        self.reader = reader
        self.codecs = codecs
        self.wantsPreviews = wantsPreviews
    }

    /// From this many pixels on a preview is worth its time.
    static let previewPixels = 4 << 20
    static let previewLevel: UInt8 = 2

    /// The frame, before it a preview where one is wanted.
    package func frames(
        of instance: StoredInstance, number: Int, format: ViewingPixels
    ) throws(RetrieveError) -> [DeliveredFrame] {
        let isLarge = wantsPreviews && format.rows * format.columns > Self.previewPixels && format.bitsAllocated <= 16
            && format.bitsAllocated > 1
        if !isLarge, let stored = try passedOn(instance, number, format) { return [stored] }
        let samples = try ready(instance, number, format)
        guard isLarge, let preview = Self.preview(samples) else { return [samples] }
        return [preview, samples]
    }

    /// The codestream as stored, when the client decodes it and nothing but sign and unused bits is left to do.
    private func passedOn(
        _ instance: StoredInstance, _ number: Int, _ format: ViewingPixels
    ) throws(RetrieveError) -> DeliveredFrame? {
        guard format.samplesPerPixel == 1, format.bitsAllocated <= 16, format.bitsAllocated > 1, format.highBit == format.bitsStored - 1,
            let codec = DeliveredFrame.Codec(TransferSyntax(uid: instance.storedTransferSyntaxUID).pixelEncoding), codecs.contains(codec),
            case .encapsulated(let frames) = instance.frames, number >= 1, number <= frames.count
        else { return nil }
        var codestream: [UInt8] = []
        for range in frames[number - 1] { codestream += try read(instance, range) }
        return DeliveredFrame(codec: codec, format: format, payload: codestream[...])
    }

    /// Samples, colour as RGB by pixel, unused bits cleared.
    private func ready(_ instance: StoredInstance, _ number: Int, _ format: ViewingPixels) throws(RetrieveError) -> DeliveredFrame {
        if format.samplesPerPixel == 1, let bytes = try plain(instance, number) {
            return DeliveredFrame(format: format, payload: try ReadySamples.grey(bytes, format)[...])
        }
        let native = try reader.open(instance).nativeFrame(number)
        guard format.samplesPerPixel > 1 else {
            return DeliveredFrame(format: format, payload: try ReadySamples.grey(Array(native.bytes), format)[...])
        }
        var delivered = format
        (delivered.bitsAllocated, delivered.bitsStored, delivered.highBit, delivered.isSigned) = (8, 8, 7, false)
        delivered.samplesPerPixel = 3
        return DeliveredFrame(format: delivered, payload: try ReadySamples.colour(native)[...])
    }

    /// Native little-endian bytes straight from the store, without reading the header again.
    private func plain(_ instance: StoredInstance, _ number: Int) throws(RetrieveError) -> [UInt8]? {
        let syntax = TransferSyntax(uid: instance.storedTransferSyntaxUID)
        guard case .native(let offset, let frameBytes, let count, let totalBytes) = instance.frames, frameBytes > 0,
            number >= 1, number <= count, number * frameBytes <= totalBytes, syntax.uid == instance.transferSyntaxUID,
            !syntax.isDeflated, !syntax.isBigEndian
        else { return nil }
        let start = offset + (number - 1) * frameBytes
        return try read(instance, start..<start + frameBytes)
    }

    private func read(_ instance: StoredInstance, _ range: Range<Int>) throws(RetrieveError) -> [UInt8] {
        do { return try reader.store.read(instance.location, range: range) } catch { throw .storage(error) }
    }

    private static func preview(_ frame: DeliveredFrame) -> DeliveredFrame? {
        let factor = 1 << Int(previewLevel)
        var format = frame.format
        guard let bytes = ReadySamples.reduced(Array(frame.payload), format, factor: factor) else { return nil }
        format.rows = (format.rows + factor - 1) / factor
        format.columns = (format.columns + factor - 1) / factor
        return DeliveredFrame(level: previewLevel, format: format, payload: bytes[...])
    }
}
