/// A decoder of whole frames.
public protocol FrameDecoding {
    /// - Parameter frame: of exactly `FrameDescription.validatedByteCount` bytes. After an error its content means nothing.
    static func decode(
        _ codestream: Span<UInt8>, _ description: FrameDescription, into frame: inout MutableSpan<UInt8>, limits: CodecLimits
    ) throws(CodecError)

    /// The fewest bytes that can hold a frame of `byteCount` bytes.
    /// - Throws: what is wrong with the header, where there is one.
    static func leastBytes(
        _ codestream: Span<UInt8>, _ description: FrameDescription, byteCount: Int
    ) throws(CodecError) -> Int
}

extension FrameDecoding {
    /// Decodes one frame, allocated only when the codestream is long enough for it.
    public static func decode(
        _ codestream: Span<UInt8>, _ description: FrameDescription, limits: CodecLimits = .standard
    ) throws(CodecError) -> [UInt8] {
        let byteCount = try description.validatedByteCount(limits: limits)
        guard try leastBytes(codestream, description, byteCount: byteCount) <= codestream.count
        else { throw CodecError(.truncated, at: codestream.count) }
        var frame = [UInt8](repeating: 0, count: byteCount)
        var target = frame.mutableSpan
        try decode(codestream, description, into: &target, limits: limits)
        return frame
    }
}
