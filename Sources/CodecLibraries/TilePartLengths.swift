import PixelCodecs

/// TLM marker segment (T.800 §A.7.1), which the HTJ2K encoder does not write but HTJ2K RPCL requires (PS3.5 §10.18).
enum TilePartLengths {
    /// Walks the tile parts and puts TLM at the end of the main header.
    static func insert(into codestream: [UInt8]) throws(CodecError) -> [UInt8] {
        let mainHeaderEnd = try firstTilePart(codestream)
        var entries: [UInt8] = []
        var at = mainHeaderEnd
        while at + 12 <= codestream.count, codestream[at] == 0xFF, codestream[at + 1] == 0x90 {
            var length = codestream[(at + 6)..<(at + 10)].reduce(0) { $0 << 8 | Int($1) }
            // Zero: up to EOC.
            if length == 0 { length = codestream.count - 2 - at }
            guard length >= 14, length <= codestream.count - at else { throw CodecError(.invalidSegment, at: at) }
            entries += codestream[(at + 4)..<(at + 6)]
            entries += (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
            at += length
        }
        guard !entries.isEmpty, entries.count + 4 <= 65535 else { throw CodecError(.invalidSegment, at: at) }
        let segmentLength = entries.count + 4
        // Ztlm 0; Stlm: 16-bit tile indices, 32-bit lengths.
        let header: [UInt8] = [0xFF, 0x55, UInt8(segmentLength >> 8), UInt8(segmentLength & 0xFF), 0, 0x60]
        return codestream[..<mainHeaderEnd] + header + entries + codestream[mainHeaderEnd...]
    }

    private static func firstTilePart(_ codestream: [UInt8]) throws(CodecError) -> Int {
        var at = 2
        while at + 4 <= codestream.count, codestream[at] == 0xFF {
            if codestream[at + 1] == 0x90 { return at }
            at += 2 + (Int(codestream[at + 2]) << 8 | Int(codestream[at + 3]))
        }
        throw CodecError(.markerExpected, at: at)
    }
}
