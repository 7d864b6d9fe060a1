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
    package let previews: (any PreviewStore)?

    package init(
        reader: ObjectReader, codecs: Set<DeliveredFrame.Codec>, wantsPreviews: Bool, previews: (any PreviewStore)? = nil
    ) {
        self.reader = reader
        self.codecs = codecs
        self.wantsPreviews = wantsPreviews
        self.previews = previews
    }

    /// The frame, before it a preview where one is wanted.
    ///
    /// - Parameter previewIsSent: a kept one went before, so that the frame may go as it is stored.
    package func frames(
        of instance: StoredInstance, number: Int, format: ViewingPixels, previewIsSent: Bool = false
    ) throws(RetrieveError) -> [DeliveredFrame] {
        let needsPreview = wantsPreviews && !previewIsSent && Self.isLarge(format)
        if !needsPreview, let stored = try passedOn(instance, number, format) { return [stored] }
        let samples = try ready(instance, number, format)
        guard needsPreview, let preview = Self.preview(samples) else { return [samples] }
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
    func ready(_ instance: StoredInstance, _ number: Int, _ format: ViewingPixels) throws(RetrieveError) -> DeliveredFrame {
        if format.samplesPerPixel == 1, let bytes = try plain(instance, number) {
            return DeliveredFrame(format: format, payload: try ReadySamples.grey(bytes, format)[...])
        }
        let native = try reader.open(instance).nativeFrame(number)
        guard format.samplesPerPixel > 1 else {
            return DeliveredFrame(format: format, payload: try ReadySamples.grey(Array(native.bytes), format)[...])
        }
        return DeliveredFrame(format: Self.delivered(format), payload: try ReadySamples.colour(native)[...])
    }

    /// Colour goes as RGB of 8 bits.
    static func delivered(_ format: ViewingPixels) -> ViewingPixels {
        guard format.samplesPerPixel > 1 else { return format }
        var delivered = format
        (delivered.bitsAllocated, delivered.bitsStored, delivered.highBit, delivered.isSigned) = (8, 8, 7, false)
        delivered.samplesPerPixel = 3
        return delivered
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
}
