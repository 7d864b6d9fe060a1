import CodecLibraries
import Foundation
import PixelCodecs
import Testing
import TestSupport

/// Needs DCMTK's dcmdjpeg, dcmcjpeg, dcmdjpls, dcmcjpls, dcmdrle, dcmcrle and GDCM's gdcmconv; skipped without them.
@Suite(.enabled(if: PeerTool.areInstalled("dcmdjpeg", "dcmcjpeg", "dcmdjpls", "dcmcjpls", "dcmdrle", "dcmcrle", "gdcmconv")))
struct `codestreams exchanged with DCMTK and GDCM` {
    static let descriptions = [
        FrameDescription(columns: 67, rows: 41, bitsAllocated: 16, bitsStored: 12),
        FrameDescription(columns: 64, rows: 40, bitsAllocated: 16, isSigned: true),
        FrameDescription(columns: 31, rows: 17, bitsAllocated: 8),
        FrameDescription(columns: 30, rows: 22, samplesPerPixel: 3, bitsAllocated: 8),
    ]
    static let ours: [(uid: String, tool: String, arguments: [String])] = [
        ("1.2.840.10008.1.2.4.70", "dcmdjpeg", []), ("1.2.840.10008.1.2.4.80", "dcmdjpls", []),
        ("1.2.840.10008.1.2.5", "dcmdrle", []), ("1.2.840.10008.1.2.4.70", "gdcmconv", ["--raw"]),
        ("1.2.840.10008.1.2.4.80", "gdcmconv", ["--raw"]), ("1.2.840.10008.1.2.4.90", "gdcmconv", ["--raw"]),
        ("1.2.840.10008.1.2.5", "gdcmconv", ["--raw"]),
    ]

    static func photometric(_ description: FrameDescription) -> String {
        description.samplesPerPixel == 3 ? "RGB" : "MONOCHROME2"
    }

    @Test(arguments: ours, descriptions)
    func `what is encoded here decodes there`(
        _ peer: (uid: String, tool: String, arguments: [String]), _ description: FrameDescription
    ) throws {
        let image = TestImage.make(description, seed: 31)
        let coded = try FrameCodec.encode(
            image[...], transferSyntaxUID: peer.uid, description: description,
            photometricInterpretation: Self.photometric(description))
        let sample = try PeerTool.withTemporaryFolder { folder in
            let source = folder.appendingPathComponent("a.dcm")
            let target = folder.appendingPathComponent("b.dcm")
            try Part10Writer.file(
                description, photometricInterpretation: Self.photometric(description), transferSyntaxUID: peer.uid,
                frame: coded, isEncapsulated: true
            ).write(to: source)
            #expect(try PeerTool.run(peer.tool, peer.arguments + [source.path, target.path]))
            return try #require(Part10Sample([UInt8](try Data(contentsOf: target))))
        }
        var native = Array(sample.native.prefix(image.count))
        if sample.description.isPlanar, description.samplesPerPixel == 3 {
            native = try NativePixels.interleave(native.span, components: 3, bytesPerSample: description.bytesPerSample)
        }
        #expect(native == image)
    }

    static let theirs: [(tool: String, arguments: [String])] =
        (1...7).map { ("dcmcjpeg", ["+el", "+sv", "\($0)"]) } + [
            ("dcmcjpeg", ["+e1"]), ("dcmcjpls", ["+el"]), ("dcmcjpls", ["+el", "+iv"]), ("dcmcjpls", ["+el", "+il"]),
            ("dcmcrle", []), ("gdcmconv", ["--jpeg"]), ("gdcmconv", ["--jpegls"]), ("gdcmconv", ["--j2k"]),
            ("gdcmconv", ["--rle"]),
        ]

    @Test(arguments: theirs, descriptions)
    func `GUIDE-1.1.1.2-6 what is encoded there decodes here`(
        _ peer: (tool: String, arguments: [String]), _ description: FrameDescription
    ) throws {
        // GDCM's RLE encoder refuses frames of an odd number of bytes.
        if peer.arguments == ["--rle"], description.rows * description.columns * description.bytesPerSample % 2 == 1 { return }
        let image = TestImage.make(description, seed: 32)
        let sample = try PeerTool.withTemporaryFolder { folder -> Part10Sample? in
            let source = folder.appendingPathComponent("a.dcm")
            let target = folder.appendingPathComponent("b.dcm")
            try Part10Writer.file(
                description, photometricInterpretation: Self.photometric(description),
                transferSyntaxUID: "1.2.840.10008.1.2.1", frame: image, isEncapsulated: false
            ).write(to: source)
            #expect(try PeerTool.run(peer.tool, peer.arguments + [source.path, target.path]))
            return Part10Sample([UInt8](try Data(contentsOf: target)))
        }
        let coded = try #require(sample)
        let frame = try #require(coded.frames.first)
        var layout = coded.description
        layout.isPlanar = false
        let decoded = try FrameCodec.decode(
            frame[...], transferSyntaxUID: coded.transferSyntaxUID, description: layout,
            photometricInterpretation: coded.photometricInterpretation)
        #expect(decoded.bytes == image)
    }

    @Test(arguments: [("+ee", 12), ("+es", 12), ("+ep", 12), ("+ee", 8), ("+eb", 8), ("+ep", 8)])
    func `GUIDE-1.1.1.2-5 lossy DCT frames have DCMTK's samples`(_ process: String, _ bits: Int) throws {
        let description = FrameDescription(
            columns: 70, rows: 50, bitsAllocated: bits > 8 ? 16 : 8, bitsStored: bits)
        let image = TestImage.make(description, seed: 33)
        let (coded, plain) = try PeerTool.withTemporaryFolder { folder in
            let files = ["a", "b", "c"].map { folder.appendingPathComponent("\($0).dcm") }
            try Part10Writer.file(
                description, photometricInterpretation: "MONOCHROME2", transferSyntaxUID: "1.2.840.10008.1.2.1",
                frame: image, isEncapsulated: false
            ).write(to: files[0])
            #expect(try PeerTool.run("dcmcjpeg", [process, "+un", files[0].path, files[1].path]))
            #expect(try PeerTool.run("dcmdjpeg", [files[1].path, files[2].path]))
            return (
                try #require(Part10Sample([UInt8](try Data(contentsOf: files[1])))),
                try #require(Part10Sample([UInt8](try Data(contentsOf: files[2]))))
            )
        }
        let frame = try #require(coded.frames.first)
        let expected = Array(plain.native.prefix(image.count))
        let decoded = try FrameCodec.decode(
            frame[...], transferSyntaxUID: coded.transferSyntaxUID, description: coded.description,
            photometricInterpretation: coded.photometricInterpretation)
        #expect(decoded.bytes == expected)
        #expect(try JPEGDCT.decode(frame.span, coded.description) == expected, "the portable decoder as well")
    }
}

/// Needs opj_compress and opj_decompress; skipped without them.
@Suite(.enabled(if: PeerTool.areInstalled("opj_compress", "opj_decompress")))
struct `JPEG 2000 exchanged with the OpenJPEG tools` {
    static let options = [
        ["-n", "3"], ["-n", "6", "-t", "32,32"], ["-p", "CPRL", "-b", "16,16"], ["-n", "1", "-SOP", "-EPH"],
    ]

    @Test(arguments: options, [".j2k", ".jp2"])
    func `GUIDE-1.1.1.2-7 tiles, levels and progressions decode exactly, bare or in a JP2 file`(
        _ options: [String], _ suffix: String
    ) throws {
        let description = FrameDescription(columns: 75, rows: 53, bitsAllocated: 8)
        let image = TestImage.make(description, seed: 41)
        let coded = try PeerTool.withTemporaryFolder { folder in
            let source = folder.appendingPathComponent("a.pgm")
            let target = folder.appendingPathComponent("b\(suffix)")
            try Data(Array("P5\n75 53\n255\n".utf8) + image).write(to: source)
            #expect(try PeerTool.run("opj_compress", ["-i", source.path, "-o", target.path] + options))
            return [UInt8](try Data(contentsOf: target))
        }
        let decoded = try FrameCodec.decode(
            coded[...], transferSyntaxUID: "1.2.840.10008.1.2.4.90", description: description,
            photometricInterpretation: "MONOCHROME2")
        #expect(decoded.bytes == image)
    }

    @Test func `what is encoded here decodes there`() throws {
        let description = FrameDescription(columns: 75, rows: 53, bitsAllocated: 8)
        let image = TestImage.make(description, seed: 42)
        let coded = try FrameCodec.encode(
            image[...], transferSyntaxUID: "1.2.840.10008.1.2.4.90", description: description,
            photometricInterpretation: "MONOCHROME2")
        let decoded = try PeerTool.withTemporaryFolder { folder in
            let source = folder.appendingPathComponent("a.j2k")
            let target = folder.appendingPathComponent("b.pgm")
            try Data(coded).write(to: source)
            #expect(try PeerTool.run("opj_decompress", ["-i", source.path, "-o", target.path]))
            return [UInt8](try Data(contentsOf: target))
        }
        #expect(decoded.suffix(image.count) == image[...])
    }
}

/// Needs the shared test images; skipped without them.
@Suite(.enabled(if: SharedData.isAvailable)) struct `T.800 and T.814 conformance codestreams` {
    @Test(arguments: [("p0_01", "c0p0_01"), ("p0_09", "c0p0_09"), ("p0_11", "c0p0_11"), ("p0_12", "c0p0_12"), ("p0_16", "c0p0_16")])
    func `a codestream of one component decodes to its reference`(_ name: String, _ reference: String) throws {
        let codestream = try SharedData.bytes("codecs/j2k-conformance/\(name).j2k")
        let info = try JPEG2000Codestream(codestream.span).info
        let description = FrameDescription(
            columns: info.columns, rows: info.rows, samplesPerPixel: info.components,
            bitsAllocated: info.precision > 8 ? 16 : 8, bitsStored: info.precision, isSigned: info.isSigned)
        let decoded = try FrameCodec.decode(
            codestream[...], transferSyntaxUID: "1.2.840.10008.1.2.4.91", description: description,
            photometricInterpretation: "MONOCHROME2")
        let pgx = try SharedData.bytes("codecs/j2k-conformance/\(reference).pgx")
        let header = String(decoding: pgx.prefix { $0 != 10 }, as: UTF8.self).split(separator: " ")
        let columns = Int(header.dropLast().last ?? "") ?? 0
        // Class 0 references may hold a lower resolution; then there is nothing to compare.
        guard columns == info.columns else { return }
        let samples = Array(pgx[(pgx.firstIndex(of: 10) ?? 0) + 1..<pgx.count])
        let step = description.bytesPerSample
        let worst = (0..<(info.columns * info.rows)).map { index in
            let expected = step == 1
                ? Int(samples[index]) : Int(samples[2 * index]) << 8 | Int(samples[2 * index + 1])
            return abs(expected - (step == 1 ? Int(decoded.bytes[index]) : TestImage.sample(decoded.bytes, index, description)))
        }.max()
        #expect(try #require(worst) <= (info.isLossless ? 0 : 2))
    }

    @Test func `subsampled components and components of different depth are refused, not misread`() throws {
        for name in ["p0_03", "p0_05", "p0_06", "p0_13"] {
            guard let codestream = try? SharedData.bytes("codecs/j2k-conformance/\(name).j2k") else { continue }
            do throws(CodecError) {
                let info = try JPEG2000Codestream(codestream.span).info
                #expect(info.components <= 4)
            } catch {
                #expect(error.reason == .unsupportedFeature)
            }
        }
    }

    @Test(arguments: [("CT1", true), ("NM1", true)]) func `an HTJ2K codestream decodes to its raw pixels`(
        _ name: String, _ isSigned: Bool
    ) throws {
        let codestream = try SharedData.bytes("codecs/htj2k/\(name).j2c")
        let raw = try SharedData.bytes("codecs/htj2k/\(name).RAW")
        let header = try JPEG2000Codestream(codestream.span)
        #expect(header.isHighThroughput)
        let description = FrameDescription(
            columns: header.info.columns, rows: header.info.rows, bitsAllocated: 16, isSigned: isSigned)
        let decoded = try FrameCodec.decode(
            codestream[...], transferSyntaxUID: "1.2.840.10008.1.2.4.201", description: description,
            photometricInterpretation: "MONOCHROME2")
        #expect(decoded.bytes == raw)
    }
}
