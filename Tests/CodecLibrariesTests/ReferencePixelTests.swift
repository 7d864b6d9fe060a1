import CodecLibraries
import PixelCodecs
import Testing
import TestSupport

/// Needs the shared test images; skipped without them.
@Suite(.enabled(if: SharedData.isAvailable)) struct `PS3.5 §8.2 encapsulated images against peers' decoders` {
    struct Row: CustomTestStringConvertible, Sendable {
        let path: String
        let sha256: String
        let isLossy: Bool
        let decoder: String
        let statistics: (minimum: Double, maximum: Double, mean: Double)
        var testDescription: String { path }
    }

    /// Unoptimised builds leave the large images to the optimised ones.
    #if DEBUG
    static let largest = 400_000
    #else
    static let largest = Int.max
    #endif

    static func rows() -> [Row] {
        guard let table = try? SharedData.table("reference/pixel_hashes.csv") else { return [] }
        return table.compactMap { row in
            let samples = (row["shape"] ?? "").split(separator: "x").compactMap { Int($0) }.reduce(1, *)
            guard let path = row["path"], let syntax = row["transfer_syntax"], FrameCodec.canDecode(syntax),
                // Implicit VR against its own transfer syntax, which the small reader here does not follow.
                !path.hasSuffix("SC_rgb_jpeg.dcm"), samples <= largest,
                !path.contains("totalsegmentator") || path.hasSuffix("99.dcm"), let sha = row["sha256_of_pixels"],
                let minimum = row["min"].flatMap(Double.init), let maximum = row["max"].flatMap(Double.init),
                let mean = row["mean"].flatMap(Double.init)
            else { return nil }
            return Row(
                path: path, sha256: sha, isLossy: row["lossy"] == "yes",
                decoder: (row["second_decoder"] ?? "") + (row["decoder"] ?? ""), statistics: (minimum, maximum, mean))
        }
    }

    static func decode(_ path: String) throws -> (bytes: [UInt8], description: FrameDescription) {
        let sample = try #require(Part10Sample(try SharedData.bytes(path)))
        var description = sample.description
        description.isPlanar = false
        var all: [UInt8] = []
        for frame in sample.frames.prefix(sample.frameCount) {
            let decoded = try FrameCodec.decode(
                frame[...], transferSyntaxUID: sample.transferSyntaxUID, description: description,
                photometricInterpretation: sample.photometricInterpretation)
            guard description.bitsAllocated == 1 else {
                all += decoded.bytes
                continue
            }
            var pixels = [UInt8](repeating: 0, count: description.columns * description.rows)
            var target = pixels.mutableSpan
            try NativePixels.unpackBits(decoded.bytes.span, into: &target)
            all += pixels
        }
        return (all, description)
    }

    @Test(arguments: rows()) func `decoded samples equal the reference`(_ row: Row) throws {
        let (bytes, description) = try Self.decode(row.path)
        if SHA256.hexDigest(bytes) == row.sha256 { return }
        // The only excuse: the reference decoder rounds in another way than the Independent JPEG Group's.
        #expect(row.isLossy, "lossless samples must be identical")
        #expect(!row.decoder.contains("dcmdjpeg") && !row.decoder.contains("identical"))
        let found = Self.statistics(bytes, description)
        #expect(abs(found.mean - row.statistics.mean) < 0.05)
        #expect(abs(found.minimum - row.statistics.minimum) <= 2)
        #expect(abs(found.maximum - row.statistics.maximum) <= 2)
    }

    static func statistics(
        _ bytes: [UInt8], _ description: FrameDescription
    ) -> (minimum: Double, maximum: Double, mean: Double) {
        let step = description.bytesPerSample
        var minimum = Double.infinity
        var maximum = -Double.infinity
        var sum = 0.0
        for at in stride(from: 0, to: bytes.count, by: step) {
            let raw = step == 1 ? Int(bytes[at]) : Int(bytes[at]) | Int(bytes[at + 1]) << 8
            let isNegative = description.isSigned && raw >> (8 * step - 1) == 1
            let value = Double(isNegative ? raw - 1 << (8 * step) : raw)
            minimum = min(minimum, value)
            maximum = max(maximum, value)
            sum += value
        }
        return (minimum, maximum, sum / Double(max(1, bytes.count / step)))
    }
}
