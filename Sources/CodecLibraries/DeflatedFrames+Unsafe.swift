import CZlib
import PixelCodecs

/// Deflated Image Frame Compression: a raw deflate stream (RFC 1951) for each native frame (PS3.5 §A.4.13).
enum DeflatedFrames {
    private static let rawWindowBits: CInt = -15

    /// - Throws: `truncated` when the stream makes fewer bytes than the frame has, `invalidData` when it makes more.
    static func decode(
        _ codestream: Span<UInt8>, _ description: FrameDescription, limits: CodecLimits
    ) throws(CodecError) -> [UInt8] {
        let byteCount = try description.validatedByteCount(limits: limits)
        // Deflate expands at most 1032 times.
        guard byteCount / 1032 <= codestream.count else { throw CodecError(.truncated, at: codestream.count) }
        guard byteCount < Int(UInt32.max), UInt32(exactly: codestream.count) != nil
        else { throw CodecError(.limitExceeded) }
        var frame = [UInt8](repeating: 0, count: byteCount)
        let (status, made, used) = codestream.withUnsafeBufferPointer { input in
            frame.withUnsafeMutableBufferPointer { output in inflateAll(input, output) }
        }
        // A frame of an odd number of bytes may have been padded before it was deflated.
        guard made == byteCount else { throw CodecError(status == Z_DATA_ERROR ? .invalidData : .truncated, at: used) }
        guard status == Z_STREAM_END || byteCount & 1 == 1 else { throw CodecError(.invalidData, at: used) }
        return frame
    }

    private static func inflateAll(
        _ input: UnsafeBufferPointer<UInt8>, _ output: UnsafeMutableBufferPointer<UInt8>
    ) -> (status: CInt, made: Int, used: Int) {
        var state = z_stream()
        // The library remembers the address of its state.
        return withUnsafeMutablePointer(to: &state) { stream in
            guard inflateInit2_(stream, rawWindowBits, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK
            else { return (Z_MEM_ERROR, 0, 0) }
            defer { _ = inflateEnd(stream) }
            stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.pointee.avail_in = UInt32(input.count)
            stream.pointee.next_out = output.baseAddress
            stream.pointee.avail_out = UInt32(output.count)
            let status = inflate(stream, Z_FINISH)
            return (status, output.count - Int(stream.pointee.avail_out), input.count - Int(stream.pointee.avail_in))
        }
    }

    static func encode(
        _ frame: Span<UInt8>, _ description: FrameDescription, limits: CodecLimits
    ) throws(CodecError) -> [UInt8] {
        guard frame.count == (try description.validatedByteCount(limits: limits))
        else { throw CodecError(.bufferSizeMismatch) }
        guard frame.count < Int(UInt32.max) / 2 else { throw CodecError(.limitExceeded) }
        let result = frame.withUnsafeBufferPointer { deflateAll($0) }
        guard let result else { throw CodecError(.libraryFailure) }
        return result
    }

    private static func deflateAll(_ input: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var state = z_stream()
        return withUnsafeMutablePointer(to: &state) { stream in
            guard deflateInit2_(
                stream, 6, Z_DEFLATED, rawWindowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                CInt(MemoryLayout<z_stream>.size)) == Z_OK
            else { return nil }
            defer { _ = deflateEnd(stream) }
            let capacity = Int(deflateBound(stream, UInt(input.count)))
            var status = Z_OK
            let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { output, used in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(capacity)
                status = deflate(stream, Z_FINISH)
                used = capacity - Int(stream.pointee.avail_out)
            }
            return status == Z_STREAM_END ? bytes : nil
        }
    }
}
