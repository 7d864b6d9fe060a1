/// Bits of entropy-coded data, most significant first.
///
/// Removes stuffing, stops at markers, and supplies zero bits behind the end; `hasOverrun` tells afterwards whether any of those
/// were used, so hot loops need no check for each symbol. The bytes stay with the caller.
struct EntropyBitReader {
    /// How a byte after FF is treated: a stuffed 00 byte (T.81 §F.1.2.3) or a stuffed 0 bit (T.87 §A.1).
    enum Stuffing { case byte, bit }

    /// Next bits, left-justified.
    private(set) var window: UInt64 = 0
    /// Valid bits in `window`.
    private(set) var count = 0
    /// Next byte to load.
    private(set) var position: Int
    private var padding = 0
    private let stuffing: Stuffing
    private var lastWasFF = false

    init(at position: Int, _ stuffing: Stuffing = .byte) {
        self.position = position
        self.stuffing = stuffing
    }

    /// Whether bits behind the end of the data have been consumed.
    var hasOverrun: Bool { padding > count }

    /// Makes at least 32 bits available.
    @inline(__always)
    mutating func refill(_ bytes: Span<UInt8>) {
        if count < 32 { load(bytes) }
    }

    @inline(__always)
    private mutating func load(_ bytes: Span<UInt8>) {
        if position &+ 8 <= bytes.count, !lastWasFF {
            let word = UInt64(bigEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
            // No byte is FF: no byte of the complement is zero.
            if (~word &- 0x0101_0101_0101_0101) & word & 0x8080_8080_8080_8080 == 0 {
                // Bits of the word that do not fill a whole byte are loaded again next time, with the same value.
                window |= word &>> UInt64(truncatingIfNeeded: count)
                let taken = (64 &- count) >> 3
                position &+= taken
                count &+= taken &<< 3
                return
            }
        }
        // On a copy: passing `self` to a function that is not inlined would keep it in memory throughout the caller's loop.
        var copy = self
        copy.loadBytes(bytes)
        self = copy
    }

    @inline(never)
    private mutating func loadBytes(_ bytes: Span<UInt8>) {
        while count <= 56 {
            guard position < bytes.count else { return pad() }
            let byte = bytes[position]
            if lastWasFF {
                guard byte < 0x80 else { return pad() }
                append(UInt64(byte), bits: 7)
                lastWasFF = false
            } else if byte != 0xFF {
                append(UInt64(byte), bits: 8)
            } else {
                guard position &+ 1 < bytes.count else { return pad() }
                let next = bytes[position &+ 1]
                if stuffing == .byte {
                    guard next == 0 else { return pad() }
                    position &+= 1
                } else {
                    guard next < 0x80 else { return pad() }
                    lastWasFF = true
                }
                append(0xFF, bits: 8)
            }
            position &+= 1
        }
    }

    @inline(__always)
    private mutating func append(_ value: UInt64, bits: Int) {
        window |= value &<< UInt64(truncatingIfNeeded: 64 &- bits &- count)
        count &+= bits
    }

    private mutating func pad() {
        let added = 64 &- count
        // Bits loaded ahead of a whole byte would otherwise stand in the padding.
        window = count == 0 ? 0 : (window &>> UInt64(added)) &<< UInt64(added)
        padding &+= added
        count = 64
    }

    @inline(__always)
    mutating func skip(_ bits: Int) {
        window &<<= UInt64(truncatingIfNeeded: bits)
        count &-= bits
    }

    /// Reads 0 to 32 bits; `refill` first.
    @inline(__always)
    mutating func read(_ bits: Int) -> UInt32 {
        let value = UInt32(truncatingIfNeeded: (window >> 1) &>> UInt64(truncatingIfNeeded: 63 &- bits))
        skip(bits)
        return value
    }

    /// Reads `bits` bits as the difference or coefficient of that category (T.81 Table H.2, EXTEND in F.2.2.1).
    @inline(__always)
    mutating func readExtended(_ bits: Int) -> Int32 {
        let negative = ~(Int64(bitPattern: window) >> 63)
        let value = Int64(truncatingIfNeeded: (window >> 1) &>> UInt64(truncatingIfNeeded: 63 &- bits))
        skip(bits)
        return Int32(truncatingIfNeeded: value &+ (negative & ((Int64(-1) &<< Int64(truncatingIfNeeded: bits)) &+ 1)))
    }

    /// Reads one symbol; `refill` first. Uses at most 16 bits.
    @inline(__always)
    mutating func symbol(_ table: borrowing HuffmanTable) throws(CodecError) -> Int {
        let entry = table.lookup[Int(truncatingIfNeeded: window >> UInt64(64 &- HuffmanTable.lookupBits))]
        if entry != 0 {
            skip(Int(entry >> 8))
            return Int(entry & 0xFF)
        }
        var copy = self
        let symbol = try copy.longSymbol(table)
        self = copy
        return symbol
    }

    @inline(never)
    private mutating func longSymbol(_ table: borrowing HuffmanTable) throws(CodecError) -> Int {
        guard let (symbol, length) = table.search(UInt32(truncatingIfNeeded: window >> 48))
        else { throw CodecError(hasOverrun || padding > 0 ? .truncated : .invalidData, at: position) }
        skip(length)
        return Int(symbol)
    }

    /// Drops the bits up to the next marker and reads RSTm (T.81 §E.2.4).
    mutating func restart(_ bytes: Span<UInt8>, expecting index: Int) throws(CodecError) {
        guard !hasOverrun else { throw CodecError(.truncated, at: position) }
        // The byte that carries the stuffed bit of a final FF may not have been loaded yet.
        if lastWasFF, position < bytes.count, bytes[position] < 0x80 { position &+= 1 }
        while position &+ 1 < bytes.count, bytes[position] == 0xFF, bytes[position &+ 1] == 0xFF { position &+= 1 }
        guard position &+ 1 < bytes.count else { throw CodecError(.truncated, at: position) }
        guard bytes[position] == 0xFF, bytes[position &+ 1] == 0xD0 &+ UInt8(index & 7)
        else { throw CodecError(.restartMarkerExpected, at: position) }
        self = EntropyBitReader(at: position &+ 2, stuffing)
    }
}
