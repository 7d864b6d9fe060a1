import PixelCodecs

/// Previews of large frames: a quarter of rows and columns.
extension FrameDelivery {
    /// From this many pixels on a preview is worth its time.
    private static let previewPixels = 4 << 20
    private static let previewLevel: UInt8 = 2

    /// Whether frames of this format have previews. Numbers of colours in a palette have no mean.
    package static func isLarge(_ format: ViewingPixels) -> Bool {
        format.rows * format.columns > previewPixels && format.bitsAllocated <= 16 && format.bitsAllocated > 1
            && format.photometric != "PALETTE COLOR"
    }

    /// The preview prepared before, where one is wanted; `nil` when there is none.
    package func keptPreview(of instance: StoredInstance, number: Int, format: ViewingPixels) -> DeliveredFrame? {
        // A store that cannot be read has none; the preview is made with the frame.
        guard wantsPreviews, Self.isLarge(format),
            let codestream = try? previews?.preview(PreviewKey(instance, frameNumber: number))
        else { return nil }
        let small = Self.reduced(Self.delivered(format))
        if small.samplesPerPixel == 1, codecs.contains(.jpegLS) {
            return DeliveredFrame(codec: .jpegLS, level: Self.previewLevel, format: small, payload: codestream[...])
        }
        guard let samples = ReadySamples.decoded(codestream, small) else { return nil }
        return DeliveredFrame(level: Self.previewLevel, format: small, payload: samples[...])
    }

    /// Makes the preview of a large frame and keeps it, unless there is one.
    package func preparePreview(of instance: StoredInstance, number: Int, format: ViewingPixels) throws(RetrieveError) {
        let key = PreviewKey(instance, frameNumber: number)
        guard let previews, Self.isLarge(format), (try? previews.hasPreview(key)) == false,
            let preview = Self.preview(try ready(instance, number, format)),
            let codestream = ReadySamples.encoded(Array(preview.payload), preview.format)
        else { return }
        // Not kept on a full disk: made with the frame then.
        do { try previews.keepPreview(codestream, as: key) } catch {}
    }

    static func preview(_ frame: DeliveredFrame) -> DeliveredFrame? {
        guard let bytes = ReadySamples.reduced(Array(frame.payload), frame.format, factor: 1 << Int(previewLevel)) else { return nil }
        return DeliveredFrame(level: previewLevel, format: reduced(frame.format), payload: bytes[...])
    }

    private static func reduced(_ format: ViewingPixels) -> ViewingPixels {
        let factor = 1 << Int(previewLevel)
        var format = format
        format.rows = (format.rows + factor - 1) / factor
        format.columns = (format.columns + factor - 1) / factor
        return format
    }
}
