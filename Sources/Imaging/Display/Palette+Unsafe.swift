/// One channel of a palette (PS3.3 C.7.9), discrete or segmented (C.7.9.2).
public struct PaletteChannel {
    public var entries: [UInt16]
    public var firstMapped: Int64
    public var bits: Int

    /// - Parameter count: from the descriptor; 0 means 65,536.
    /// - Returns: `nil` for data that is no table of that many entries.
    public init?(data: UnsafeBufferPointer<UInt16>, count: Int, firstMapped: Int64, bits: Int, isSegmented: Bool) {
        let wanted = count == 0 ? 65536 : count
        guard wanted > 0, wanted <= 65536, bits >= 1, bits <= 16 else { return nil }
        entries = []
        if isSegmented {
            entries = Self.expanded(data, limit: wanted)
        } else {
            guard data.count >= wanted else { return nil }
            entries = Array(data.prefix(wanted))
        }
        guard entries.count == wanted else { return nil }
        self.firstMapped = firstMapped
        self.bits = bits
    }

    /// Entries of segmented data (PS3.3 C.7.9.2), at most `limit`; expansion stops at the first segment that cannot be read.
    public static func expanded(_ data: UnsafeBufferPointer<UInt16>, limit: Int) -> [UInt16] {
        var expansion = SegmentExpansion(data: data, wanted: limit)
        expansion.run()
        return expansion.entries
    }

    /// The same of data in an array.
    public static func expanded(_ segments: [UInt16], limit: Int) -> [UInt16] {
        segments.withUnsafeBufferPointer { expanded($0, limit: limit) }
    }

    /// 0 to 255. Entries of more than 8 bits keep their high byte.
    func level(_ stored: Int64) -> UInt32 {
        let index = min(max(stored &- firstMapped, 0), Int64(entries.count &- 1))
        let entry = UInt32(entries[Int(truncatingIfNeeded: index)])
        return bits > 8 ? (entry >> UInt32(bits &- 8)) & 0xFF : entry & 0xFF
    }
}

/// Segments of PS3.3 C.7.9.2: 0 discrete, 1 linear, 2 indirect.
private struct SegmentExpansion {
    let data: UnsafeBufferPointer<UInt16>
    let wanted: Int
    var entries: [UInt16] = []

    init(data: UnsafeBufferPointer<UInt16>, wanted: Int) {
        self.data = data
        self.wanted = wanted
    }

    mutating func run() {
        var at = 0
        while at < data.count, entries.count < wanted {
            guard let next = segment(at: at, mayBeIndirect: true) else { return }
            at = next
        }
    }

    /// - Returns: where the next segment begins.
    private mutating func segment(at start: Int, mayBeIndirect: Bool) -> Int? {
        guard start >= 0, start < data.count &- 2 else { return nil }
        let length = Int(data[start &+ 1])
        switch data[start] {
        case 0:
            guard length > 0, length <= data.count &- start &- 2, length <= wanted &- entries.count else { return nil }
            for index in 0..<length { entries.append(data[start &+ 2 &+ index]) }
            return start &+ 2 &+ length
        case 1:
            guard length > 0, length <= wanted &- entries.count, let from = entries.last else { return nil }
            appendLine(from: Double(from), to: Double(data[start &+ 2]), length: length)
            return start &+ 3
        case 2:
            // Copies segments, which must not copy others.
            guard mayBeIndirect, start < data.count &- 3 else { return nil }
            // The offset counts bytes.
            var at = Int((UInt32(data[start &+ 2]) | UInt32(data[start &+ 3]) << 16) / 2)
            for _ in 0..<length {
                guard let next = segment(at: at, mayBeIndirect: false) else { return nil }
                at = next
            }
            return start &+ 4
        default: return nil
        }
    }

    private mutating func appendLine(from: Double, to: Double, length: Int) {
        for step in 1...length {
            let value = from + (to - from) * Double(step) / Double(length)
            entries.append(UInt16(truncatingIfNeeded: Int64(value + 0.5)))
        }
    }
}

/// The three channels of a palette image.
public struct Palette {
    public var red: PaletteChannel
    public var green: PaletteChannel
    public var blue: PaletteChannel

    public init(red: PaletteChannel, green: PaletteChannel, blue: PaletteChannel) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// Fills the colours, 0xAABBGGRR, of `count` stored values from `offset` on.
    public func fill(_ colors: UnsafeMutablePointer<UInt32>, offset: Int64, count: Int) {
        for index in 0..<count {
            let stored = offset &+ Int64(index)
            colors[index] = 0xFF00_0000 | blue.level(stored) << 16 | green.level(stored) << 8 | red.level(stored)
        }
    }
}
