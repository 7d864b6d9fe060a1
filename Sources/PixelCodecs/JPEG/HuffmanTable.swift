/// A Huffman table (T.81 Annex C, F.2.2.3): direct lookup for short codes, canonical search for long ones.
struct HuffmanTable {
    static let lookupBits = 10

    /// Symbol in the low byte, code length above; 0 when the code is longer than `lookupBits` or unused.
    let lookup: [UInt16]
    /// For each length: the first code behind the codes of this length, left-justified to 16 bits.
    private let limit: [UInt32]
    /// For each length: index of its first value minus its first code.
    private let delta: [Int]
    let values: [UInt8]

    /// - Parameters:
    ///   - counts: number of codes for each length 1 to 16; entry 0 is unused.
    ///   - offset: where the table stands, for errors.
    init(counts: [Int], values: [UInt8], offset: Int) throws(CodecError) {
        var lookup = [UInt16](repeating: 0, count: 1 << Self.lookupBits)
        var limit = [UInt32](repeating: 0, count: 18)
        var delta = [Int](repeating: 0, count: 18)
        var code: UInt32 = 0
        var index = 0
        for length in 1...16 {
            delta[length] = index &- Int(code)
            let count = counts[length]
            // More codes than fit the length would overlap with each other.
            guard count >= 0, UInt32(count) <= (1 << UInt32(length)) &- code, index &+ count <= values.count
            else { throw CodecError(.invalidTable, at: offset) }
            for _ in 0..<count {
                if length <= Self.lookupBits {
                    let entry = UInt16(length) << 8 | UInt16(values[index])
                    let first = Int(code) << (Self.lookupBits &- length)
                    for slot in first..<(first &+ 1 << (Self.lookupBits &- length)) { lookup[slot] = entry }
                }
                code &+= 1
                index &+= 1
            }
            limit[length] = code << UInt32(16 &- length)
            code <<= 1
        }
        limit[17] = UInt32.max
        self.lookup = lookup
        self.limit = limit
        self.delta = delta
        self.values = values
    }

    /// Finds the code at the top of a 16-bit window; `nil` when no code matches.
    func find(_ window: UInt32) -> (symbol: UInt8, length: Int)? {
        let entry = lookup[Int(window >> UInt32(16 &- Self.lookupBits)) & (lookup.count &- 1)]
        return entry != 0 ? (UInt8(truncatingIfNeeded: entry), Int(entry >> 8)) : search(window)
    }

    /// The same for codes of any length, without the lookup.
    func search(_ window: UInt32) -> (symbol: UInt8, length: Int)? {
        for length in 1...16 where window < limit[length] {
            let index = delta[length] &+ Int(window >> UInt32(16 &- length))
            guard index >= 0, index < values.count else { return nil }
            return (values[index], length)
        }
        return nil
    }
}

/// Position of zigzag index `k` in a row-major 8 x 8 block (T.81 Figure A.6).
@inline(__always)
func zigzagToNatural(_ k: Int) -> Int {
    let table: InlineArray<64, UInt8> = [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
        28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
        47, 55, 62, 63,
    ]
    return Int(table[k & 63])
}
