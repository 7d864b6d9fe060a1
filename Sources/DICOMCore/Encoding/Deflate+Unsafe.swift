import CZlib

/// Raw deflate streams (RFC 1951), as PS3.5 §A.5 and §A.4.13 use them, and gzip files.
public enum Deflate {
    private static let chunk = 64 << 10

    /// - Parameter limit: bytes that the result may have.
    /// - Throws: `deflateFailed` for a broken or truncated stream, `inflatedTooLarge`.
    /// - Returns: `trailing`, how many bytes follow the stream; the padding byte of PS3.5 §A.5 and the trailer of
    ///   gzip, which some writers leave, do not count.
    public static func inflate(
        _ bytes: ArraySlice<UInt8>, limit: Int
    ) throws(DataSetError) -> (bytes: ArraySlice<UInt8>, trailing: Int) {
        var stream = z_stream()
        guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .deflateFailed(offset: 0)
        }
        defer { inflateEnd(&stream) }
        var input = Array(bytes)
        var output: [UInt8] = []
        var consumed = 0
        var status = Z_OK
        while status == Z_OK {
            let produced = run(&stream, &input, consumed, Z_NO_FLUSH, using: CZlib.inflate)
            status = produced.status
            consumed += produced.consumed
            guard output.count + produced.bytes.count <= limit else { throw .inflatedTooLarge(limit: limit) }
            output += produced.bytes
            // No progress without the end of the stream: the input is short.
            if status == Z_OK && produced.bytes.isEmpty && produced.consumed == 0 { status = Z_BUF_ERROR }
        }
        guard status == Z_STREAM_END else { throw .deflateFailed(offset: consumed) }
        let rest = input[consumed...]
        let isExpected = rest.count == 1 && rest.first == 0 || isGzipTrailer(rest, of: output.count)
        return (output[...], isExpected ? 0 : rest.count)
    }

    /// CRC-32 and size, little endian (RFC 1952 §2.3.1), perhaps with a padding byte.
    private static func isGzipTrailer(_ rest: ArraySlice<UInt8>, of count: Int) -> Bool {
        guard rest.count == 8 || rest.count == 9 && rest.last == 0 else { return false }
        let size = rest.dropFirst(4).prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return size == UInt32(truncatingIfNeeded: count)
    }

    /// - Returns: the stream, padded with one zero byte to even length (PS3.5 §A.5).
    public static func deflate(_ bytes: ArraySlice<UInt8>) throws(DataSetError) -> [UInt8] {
        var output = try deflateExactly(bytes)
        if output.count % 2 == 1 { output.append(0) }
        return output
    }

    /// The stream as it is, without the byte that makes its length even.
    public static func deflateExactly(_ bytes: ArraySlice<UInt8>) throws(DataSetError) -> [UInt8] {
        try deflated(bytes, level: Z_DEFAULT_COMPRESSION, windowBits: -MAX_WBITS)
    }

    /// A gzip file (RFC 1952), made fast rather than small: for answers that somebody waits for.
    public static func gzipped(_ bytes: ArraySlice<UInt8>) throws(DataSetError) -> [UInt8] {
        // Sixteen more asks zlib for gzip's head and trailer.
        try deflated(bytes, level: Z_BEST_SPEED, windowBits: MAX_WBITS + 16)
    }

    private static func deflated(
        _ bytes: ArraySlice<UInt8>, level: Int32, windowBits: Int32
    ) throws(DataSetError) -> [UInt8] {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        guard
            deflateInit2_(
                &stream, level, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK
        else { throw .deflateFailed(offset: 0) }
        defer { deflateEnd(&stream) }
        var input = Array(bytes)
        var output: [UInt8] = []
        var consumed = 0
        var status = Z_OK
        while status == Z_OK {
            let last = input.count - consumed <= chunk
            let produced = run(&stream, &input, consumed, last ? Z_FINISH : Z_NO_FLUSH, using: CZlib.deflate)
            status = produced.status
            consumed += produced.consumed
            output += produced.bytes
        }
        guard status == Z_STREAM_END else { throw .deflateFailed(offset: consumed) }
        return output
    }

    private struct Produced {
        let status: Int32
        let consumed: Int
        let bytes: [UInt8]
    }

    /// One step over at most `chunk` bytes of input and output.
    ///
    /// zlib reads `avail_in` bytes from `next_in`, both within `input`, and writes at most `avail_out` bytes into
    /// the `chunk` allocated; the pointers do not outlive the closures.
    private static func run(
        _ stream: inout z_stream, _ input: inout [UInt8], _ consumed: Int, _ flush: Int32,
        using step: (UnsafeMutablePointer<z_stream>?, Int32) -> Int32
    ) -> Produced {
        let available = min(chunk, input.count - consumed)
        var status = Z_OK
        var used = 0
        let bytes = input.withUnsafeMutableBufferPointer { source in
            [UInt8](unsafeUninitializedCapacity: chunk) { target, initialized in
                stream.next_in = source.baseAddress.map { $0 + consumed }
                stream.avail_in = UInt32(available)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(chunk)
                status = step(&stream, flush)
                used = available - Int(stream.avail_in)
                initialized = chunk - Int(stream.avail_out)
            }
        }
        stream.next_in = nil
        stream.next_out = nil
        // An empty step is no error while there is more to come.
        if status == Z_BUF_ERROR && (used > 0 || !bytes.isEmpty) { status = Z_OK }
        return Produced(status: status, consumed: used, bytes: bytes)
    }
}
