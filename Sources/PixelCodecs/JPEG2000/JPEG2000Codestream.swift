/// Header of a JPEG 2000 or HTJ2K codestream (T.800 Annex A, T.814 Annex A): enough to know the image and to refuse what would cost
/// a decoder more than its input can justify.
public struct JPEG2000Codestream: Hashable, Sendable {
    public let info: CodestreamInfo
    /// Part 15 block coding is used (CAP with the bit for part 15).
    public let isHighThroughput: Bool
    /// Where SOC stands, behind the boxes of a JP2 file, which DICOM does not allow but some writers make.
    public let offset: Int

    private static let startOfCodestream: UInt16 = 0xFF4F
    private static let size: UInt16 = 0xFF51
    private static let capabilities: UInt16 = 0xFF50
    private static let codingStyle: UInt16 = 0xFF52
    private static let codingStyleComponent: UInt16 = 0xFF53
    private static let startOfTilePart: UInt16 = 0xFF90

    /// Reads the main header.
    /// - Throws: `unsupportedFeature` for subsampled components and for components of different depth; `truncated` when the
    ///   codestream is too short for the packets it declares.
    public init(_ bytes: Span<UInt8>) throws(CodecError) {
        offset = try Self.codestreamOffset(bytes)
        var cursor = SegmentCursor(offset: offset, end: bytes.count)
        guard try cursor.word(bytes) == Self.startOfCodestream, try cursor.word(bytes) == Self.size
        else { throw CodecError(.markerExpected, at: offset) }
        var image = try JPEG2000Size(&cursor, bytes)
        var highThroughput = false
        var style: JPEG2000Style?
        var packets: UInt64 = 0
        while true {
            let start = cursor.offset
            let marker = try cursor.word(bytes)
            if marker == Self.startOfTilePart { break }
            let length = Int(try cursor.word(bytes))
            guard marker >= 0xFF00, length >= 2 else { throw CodecError(.invalidSegment, at: start) }
            guard length <= bytes.count &- start &- 2 else { throw CodecError(.truncated, at: start) }
            var segment = SegmentCursor(offset: start &+ 4, end: start &+ 2 &+ length)
            if marker == Self.capabilities {
                // Pcap bit 15, counted from 1 at the most significant (T.814 §A.2).
                highThroughput = try segment.word(bytes) & 0x0002 != 0
            } else if marker == Self.codingStyle {
                style = try JPEG2000Style(&segment, bytes)
            } else if marker == Self.codingStyleComponent {
                packets = try JPEG2000Style.packetsOfComponent(&segment, bytes, image)
            }
            cursor.offset = start &+ 2 &+ length
        }
        guard let style else { throw CodecError(.markerExpected, at: cursor.offset) }
        // A packet takes at least one byte, a tile part 14.
        let least = max(style.packets(image), packets) &* UInt64(style.layers) &+ 14 &* image.tiles
        guard least <= UInt64(bytes.count &- offset) else { throw CodecError(.truncated, at: bytes.count) }
        image.info.isLossless = style.isReversible
        image.info.usesComponentTransform = style.usesComponentTransform && image.info.components >= 3
        info = image.info
        isHighThroughput = highThroughput
    }

    /// Finds the contiguous codestream box of a JP2 file (T.800 §I.5.4); 0 for a bare codestream.
    private static func codestreamOffset(_ bytes: Span<UInt8>) throws(CodecError) -> Int {
        var cursor = SegmentCursor(offset: 0, end: bytes.count)
        if try cursor.word(bytes) == startOfCodestream { return 0 }
        cursor.offset = 0
        while true {
            let start = cursor.offset
            let length = UInt32(try cursor.word(bytes)) << 16 | UInt32(try cursor.word(bytes))
            let type = UInt32(try cursor.word(bytes)) << 16 | UInt32(try cursor.word(bytes))
            if type == 0x6A70_3263 { return length == 1 ? start &+ 16 : start &+ 8 }
            // The signature box comes first; anything else is not a JP2 file.
            guard start > 0 || type == 0x6A50_2020 else { throw CodecError(.markerExpected) }
            guard length >= 8, let boxBytes = Int(exactly: length), boxBytes <= bytes.count &- start
            else { throw CodecError(.invalidSegment, at: start) }
            cursor.offset = start &+ boxBytes
        }
    }
}

/// SIZ (T.800 §A.5.1).
struct JPEG2000Size {
    var info: CodestreamInfo
    let tileColumns: UInt64
    let tileRows: UInt64
    let tiles: UInt64

    /// The cursor stands behind the marker and is left behind the segment.
    init(_ cursor: inout SegmentCursor, _ bytes: Span<UInt8>) throws(CodecError) {
        let start = cursor.offset
        let length = Int(try cursor.word(bytes))
        _ = try cursor.word(bytes)
        func long(_ cursor: inout SegmentCursor) throws(CodecError) -> UInt64 {
            UInt64(try cursor.word(bytes)) << 16 | UInt64(try cursor.word(bytes))
        }
        let right = try long(&cursor)
        let bottom = try long(&cursor)
        let left = try long(&cursor)
        let top = try long(&cursor)
        tileColumns = try long(&cursor)
        tileRows = try long(&cursor)
        let tileLeft = try long(&cursor)
        let tileTop = try long(&cursor)
        let components = Int(try cursor.word(bytes))
        guard components >= 1, length == 38 &+ 3 &* components, left < right, top < bottom, tileColumns > 0, tileRows > 0,
            tileLeft <= left, tileTop <= top, tileLeft &+ tileColumns > left, tileTop &+ tileRows > top
        else { throw CodecError(.invalidSegment, at: start) }
        guard components <= 4 else { throw CodecError(.unsupportedFeature, at: start) }
        tiles = ((right &- tileLeft &+ tileColumns &- 1) / tileColumns) &* ((bottom &- tileTop &+ tileRows &- 1) / tileRows)
        let depth = try cursor.byte(bytes)
        guard try cursor.word(bytes) == 0x0101 else { throw CodecError(.unsupportedFeature, at: start) }
        for _ in 1..<max(1, components) {
            guard try cursor.byte(bytes) == depth, try cursor.word(bytes) == 0x0101
            else { throw CodecError(.unsupportedFeature, at: cursor.offset) }
        }
        let precision = Int(depth & 0x7F) &+ 1
        guard right &- left <= 65535, bottom &- top <= 65535, precision <= 32
        else { throw CodecError(.unsupportedFeature, at: start) }
        info = CodestreamInfo(
            columns: Int(right &- left), rows: Int(bottom &- top), components: components, precision: precision,
            isLossless: false, isSigned: depth & 0x80 != 0)
    }
}

/// COD and COC (T.800 §A.6.1, §A.6.2).
struct JPEG2000Style {
    private(set) var layers: UInt16 = 1
    private(set) var usesComponentTransform = false
    private(set) var isReversible = false
    private var decompositions = 0
    private var precincts: [UInt8] = []

    init(_ cursor: inout SegmentCursor, _ bytes: Span<UInt8>) throws(CodecError) {
        let start = cursor.offset
        let flags = try cursor.byte(bytes)
        _ = try cursor.byte(bytes)
        layers = try cursor.word(bytes)
        guard layers > 0 else { throw CodecError(.invalidSegment, at: start) }
        usesComponentTransform = try cursor.byte(bytes) == 1
        try readParameters(flags, &cursor, bytes)
    }

    private init(component flags: UInt8, _ cursor: inout SegmentCursor, _ bytes: Span<UInt8>) throws(CodecError) {
        try readParameters(flags, &cursor, bytes)
    }

    private mutating func readParameters(
        _ flags: UInt8, _ cursor: inout SegmentCursor, _ bytes: Span<UInt8>
    ) throws(CodecError) {
        let start = cursor.offset
        decompositions = Int(try cursor.byte(bytes))
        guard decompositions <= 32 else { throw CodecError(.invalidSegment, at: start) }
        for _ in 0..<3 { _ = try cursor.byte(bytes) }
        isReversible = try cursor.byte(bytes) == 1
        guard flags & 1 != 0 else { return }
        for _ in 0...decompositions { precincts.append(try cursor.byte(bytes)) }
    }

    /// Packets of one layer, all components and tiles, as a lower bound.
    func packets(_ image: JPEG2000Size) -> UInt64 {
        var total: UInt64 = 0
        for level in 0...decompositions {
            let exponents = level < precincts.count ? precincts[level] : 0xFF
            let shrink = UInt64(min(31, decompositions &- level))
            let width = (UInt64(image.info.columns) &+ (1 << shrink) &- 1) >> shrink
            let height = (UInt64(image.info.rows) &+ (1 << shrink) &- 1) >> shrink
            let across = max(1, width >> UInt64(exponents & 15))
            let down = max(1, height >> UInt64(exponents >> 4))
            total &+= max(across &* down, image.tiles)
        }
        return total &* UInt64(image.info.components)
    }

    static func packetsOfComponent(
        _ cursor: inout SegmentCursor, _ bytes: Span<UInt8>, _ image: JPEG2000Size
    ) throws(CodecError) -> UInt64 {
        _ = try cursor.byte(bytes)
        let flags = try cursor.byte(bytes)
        let style = try JPEG2000Style(component: flags, &cursor, bytes)
        return style.packets(image) / UInt64(image.info.components)
    }
}
