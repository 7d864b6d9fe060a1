import PixelCodecs
import Testing

@Suite struct `T.800 Annex A main header` {
    static func header(_ name: String) throws -> JPEG2000Codestream {
        let bytes = try Fixture.bytes(name)
        return try JPEG2000Codestream(bytes.span)
    }

    @Test func `size, depth, transform and block coding are read`() throws {
        let grey = try Self.header("jpeg2000-grey8.j2k")
        #expect(grey.info == CodestreamInfo(columns: 24, rows: 18, components: 1, precision: 8, isLossless: true))
        #expect(!grey.isHighThroughput && grey.offset == 0)
        let reversible = try Self.header("jpeg2000-rct.j2k").info
        #expect(reversible.components == 3 && reversible.usesComponentTransform && reversible.isLossless)
        let irreversible = try Self.header("jpeg2000-ict.j2k").info
        #expect(irreversible.usesComponentTransform && !irreversible.isLossless)
        let highThroughput = try Self.header("jpeg2000-ht12.j2c")
        #expect(highThroughput.isHighThroughput && highThroughput.info.precision == 12)
    }

    @Test func `the codestream inside a JP2 file is found`() throws {
        let bytes = try Fixture.bytes("jpeg2000-boxed.jp2")
        let header = try JPEG2000Codestream(bytes.span)
        #expect(bytes[header.offset] == 0xFF && bytes[header.offset + 1] == 0x4F)
        #expect(header.info.columns == 24)
    }

    @Test func `more tiles or layers than the codestream has bytes for are refused`() throws {
        var tiles = try Fixture.bytes("jpeg2000-grey8.j2k")
        // XTsiz and YTsiz of 1: 432 tiles.
        for at in 24..<32 { tiles[at] = at % 4 == 3 ? 1 : 0 }
        let error = #expect(throws: CodecError.self) { try JPEG2000Codestream(tiles.span) }
        #expect(error?.reason == .truncated)
        var layers = try Fixture.bytes("jpeg2000-grey8.j2k")
        let style = try #require(layers.indices.dropLast().first { layers[$0] == 0xFF && layers[$0 + 1] == 0x52 })
        layers[style + 6] = 0xFF
        let second = #expect(throws: CodecError.self) { try JPEG2000Codestream(layers.span) }
        #expect(second?.reason == .truncated)
    }

    @Test func `every shortened header is refused`() throws {
        let bytes = try Fixture.bytes("jpeg2000-grey8.j2k")
        for length in 0..<90 { #expect(throws: CodecError.self) { try JPEG2000Codestream(Array(bytes[..<length]).span) } }
    }
}
