import CodecLibraries
import PixelCodecs
import Testing
import TestSupport

@Suite struct `PS3.5 Annex A.4 one entry for every codec` {
    static let lossless = [
        "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80",
        "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.8.1",
    ]

    static func photometric(_ description: FrameDescription) -> String {
        description.samplesPerPixel == 3 ? "RGB" : "MONOCHROME2"
    }

    @Test(arguments: lossless)
    func `GUIDE-1.1.1.1.1-4 every depth, sign and layout comes back as it was`(_ uid: String) throws {
        for description in TestImage.descriptions {
            let image = TestImage.make(description, seed: 21)
            let coded = try FrameCodec.encode(
                image[...], transferSyntaxUID: uid, description: description,
                photometricInterpretation: Self.photometric(description))
            let decoded = try FrameCodec.decode(
                coded[...], transferSyntaxUID: uid, description: description,
                photometricInterpretation: Self.photometric(description))
            #expect(decoded.bytes == image, "\(description)")
            #expect(decoded.photometricInterpretation == Self.photometric(description))
        }
    }

    @Test(arguments: lossless) func `bits above Bits Stored survive`(_ uid: String) throws {
        for isSigned in [false, true] {
            let description = FrameDescription(columns: 9, rows: 7, bitsAllocated: 16, bitsStored: 12, isSigned: isSigned)
            var generator = SeededGenerator(seed: 22)
            let image = (0..<126).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            let coded = try FrameCodec.encode(
                image[...], transferSyntaxUID: uid, description: description, photometricInterpretation: "MONOCHROME2")
            let decoded = try FrameCodec.decode(
                coded[...], transferSyntaxUID: uid, description: description, photometricInterpretation: "MONOCHROME2")
            #expect(decoded.bytes == image)
        }
    }

    @Test(arguments: ["1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.8.1"])
    func `1-bit frames stay packed`(_ uid: String) throws {
        let description = FrameDescription(columns: 19, rows: 5, bitsAllocated: 1)
        let image: [UInt8] = [0xFF, 0x12, 0, 0, 0, 0x33, 0x81, 0, 9, 7, 0xFF, 0x7F]
        let coded = try FrameCodec.encode(
            image[...], transferSyntaxUID: uid, description: description, photometricInterpretation: "MONOCHROME2")
        let decoded = try FrameCodec.decode(
            coded[...], transferSyntaxUID: uid, description: description, photometricInterpretation: "MONOCHROME2")
        #expect(decoded.bytes == image)
    }

    @Test(arguments: ["1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202"])
    func `the component transform makes RGB YBR_RCT, and decoding makes it RGB again`(_ uid: String) throws {
        let description = FrameDescription(columns: 40, rows: 30, samplesPerPixel: 3, bitsAllocated: 8)
        let image = TestImage.make(description, seed: 23)
        let options = FrameEncodingOptions(usesComponentTransform: true)
        let coded = try FrameCodec.encode(
            image[...], transferSyntaxUID: uid, description: description, photometricInterpretation: "RGB", options: options)
        let written = FrameCodec.codedPhotometricInterpretation(of: "RGB", transferSyntaxUID: uid, options: options)
        #expect(written == "YBR_RCT")
        #expect(try JPEG2000Codestream(coded.span).info.usesComponentTransform)
        let decoded = try FrameCodec.decode(
            coded[...], transferSyntaxUID: uid, description: description, photometricInterpretation: written)
        #expect(decoded == DecodedFrame(bytes: image, photometricInterpretation: "RGB"))
    }

    @Test func `HTJ2K RPCL has its progression, tile-part lengths and a base resolution of at most 64`() throws {
        let description = FrameDescription(columns: 3000, rows: 70, bitsAllocated: 16, bitsStored: 10)
        let image = TestImage.make(description, seed: 24)
        let coded = try FrameCodec.encode(
            image[...], transferSyntaxUID: "1.2.840.10008.1.2.4.202", description: description,
            photometricInterpretation: "MONOCHROME2")
        let cod = try #require(coded.indices.dropLast(12).first { coded[$0] == 0xFF && coded[$0 + 1] == 0x52 })
        #expect(coded[cod + 5] == 2, "RPCL")
        #expect(3000 >> coded[cod + 9] <= 64)
        let tlm = try #require(coded.indices.dropLast(12).first { coded[$0] == 0xFF && coded[$0 + 1] == 0x55 })
        let length = coded[(tlm + 8)..<(tlm + 12)].reduce(0) { $0 << 8 | Int($1) }
        #expect(length == coded.count - tlm - 12 - 2, "one tile part up to EOC")
    }

    @Test func `PS3.5 §8.2.1 JPEG baseline keeps grey and colour near the original and says what it made`() throws {
        let uid = "1.2.840.10008.1.2.4.50"
        for (samples, source, halves, expected) in [
            (1, "MONOCHROME2", true, "MONOCHROME2"), (3, "RGB", true, "YBR_FULL_422"), (3, "YBR_FULL", false, "YBR_FULL"),
        ] {
            let description = FrameDescription(columns: 64, rows: 48, samplesPerPixel: samples, bitsAllocated: 8)
            let planar = (0..<samples).flatMap { component in
                (0..<3072).map { ($0 % 64) * 2 + ($0 / 64) + component * 20 }
            }
            let image = TestImage.bytes(of: planar, description)
            let options = FrameEncodingOptions(quality: 95, halvesChroma: halves)
            let coded = try FrameCodec.encode(
                image[...], transferSyntaxUID: uid, description: description, photometricInterpretation: source,
                options: options)
            let written = FrameCodec.codedPhotometricInterpretation(of: source, transferSyntaxUID: uid, options: options)
            #expect(written == expected)
            let decoded = try FrameCodec.decode(
                coded[...], transferSyntaxUID: uid, description: description, photometricInterpretation: written)
            #expect(decoded.photometricInterpretation == (samples == 1 ? "MONOCHROME2" : "YBR_FULL"))
            guard source != "RGB" else { continue }
            let worst = zip(image, decoded.bytes).map { abs(Int($0) - Int($1)) }.max() ?? 255
            #expect(worst <= 6)
        }
    }

    @Test func `unknown transfer syntaxes and frames of another kind are refused by name`() {
        let description = FrameDescription(columns: 4, rows: 4, bitsAllocated: 8)
        #expect(!FrameCodec.canDecode("1.2.840.10008.1.2.4.110"))
        #expect(throws: CodecError(.unsupportedTransferSyntax)) {
            try FrameCodec.decode(
                [0xFF], transferSyntaxUID: "1.2.840.10008.1.2.4.110", description: description,
                photometricInterpretation: "MONOCHROME2")
        }
        #expect(throws: CodecError(.unsupportedDescription)) {
            try FrameCodec.encode(
                [UInt8](repeating: 0, count: 32)[...], transferSyntaxUID: "1.2.840.10008.1.2.4.50",
                description: FrameDescription(columns: 4, rows: 4, bitsAllocated: 16), photometricInterpretation: "MONOCHROME2")
        }
    }

    @Test(arguments: lossless + ["1.2.840.10008.1.2.4.50"])
    func `shortened and changed codestreams never do more than fail`(_ uid: String) throws {
        let description = FrameDescription(columns: 33, rows: 21, bitsAllocated: 8)
        let image = TestImage.make(description, seed: 25)
        let coded = try FrameCodec.encode(
            image[...], transferSyntaxUID: uid, description: description, photometricInterpretation: "MONOCHROME2")
        var generator = SeededGenerator(seed: 26)
        func attempt(_ bytes: [UInt8]) -> [UInt8]? {
            try? FrameCodec.decode(
                bytes[...], transferSyntaxUID: uid, description: description, photometricInterpretation: "MONOCHROME2"
            ).bytes
        }
        for length in stride(from: 0, to: coded.count / 2, by: 7) {
            #expect(attempt(Array(coded[..<length])) == nil, "half of the data cannot be a whole frame")
        }
        for _ in 0..<300 {
            var changed = coded
            changed[Int(generator.next() % UInt64(changed.count))] ^= UInt8(1 << (generator.next() & 7))
            if let bytes = attempt(changed) { #expect(bytes.count == image.count) }
        }
    }
}
