import CPeers
import CodecLibraries
import Foundation
import PixelCodecs

/// Speed and ratio of every lossless codec on one native frame, with CharLS beside our JPEG-LS.
///
/// `codec-benchmark FILE COLUMNS ROWS SAMPLES ALLOCATED STORED SIGNED`: the frame is the last bytes of the file, as in a native
/// DICOM file that ends with Pixel Data. MB are 10^6 bytes of native frame; times are CPU seconds, medians of `rounds`.
@main
struct CodecBenchmark {
    static let rounds = 9

    static func main() throws {
        let arguments = CommandLine.arguments
        let numbers = arguments.dropFirst(2).compactMap { Int($0) }
        guard numbers.count == 6 else {
            print("usage: codec-benchmark FILE COLUMNS ROWS SAMPLES ALLOCATED STORED SIGNED")
            return
        }
        let description = FrameDescription(
            columns: numbers[0], rows: numbers[1], samplesPerPixel: numbers[2], bitsAllocated: numbers[3],
            bitsStored: numbers[4], isSigned: numbers[5] == 1)
        let size = try description.validatedByteCount()
        let frame = [UInt8](try Data(contentsOf: URL(fileURLWithPath: arguments[1]))).suffix(size)
        print("codec                     ratio  encode MB/s  decode MB/s")
        for (name, uid) in [
            ("RLE", "1.2.840.10008.1.2.5"), ("JPEG lossless SV1", "1.2.840.10008.1.2.4.70"),
            ("JPEG-LS", "1.2.840.10008.1.2.4.80"), ("JPEG-LS near 2", "1.2.840.10008.1.2.4.81"),
            ("JPEG 2000 (OpenJPEG)", "1.2.840.10008.1.2.4.90"), ("HTJ2K (OpenJPH/OpenJPEG)", "1.2.840.10008.1.2.4.201"),
            ("HTJ2K RPCL", "1.2.840.10008.1.2.4.202"), ("deflate 6 (zlib)", "1.2.840.10008.1.2.8.1"),
        ] {
            try measure(name, size) {
                try FrameCodec.encode(
                    frame, transferSyntaxUID: uid, description: description, photometricInterpretation: "MONOCHROME2")
            } decode: { coded in
                _ = try FrameCodec.decode(
                    coded[...], transferSyntaxUID: uid, description: description, photometricInterpretation: "MONOCHROME2")
            }
        }
        try measureCharLS(Array(frame), description)
    }

    static func measure(
        _ name: String, _ size: Int, encode: () throws -> [UInt8], decode: ([UInt8]) throws -> Void
    ) throws {
        let coded = try encode()
        let encodeSeconds = try median { _ = try encode() }
        let decodeSeconds = try median { try decode(coded) }
        let megabytes = Double(size) / 1e6
        print(
            name.padding(toLength: 24, withPad: " ", startingAt: 0), String(format: "%6.2f", Double(size) / Double(coded.count)),
            String(format: "%12.0f", megabytes / encodeSeconds), String(format: "%12.0f", megabytes / decodeSeconds))
    }

    static func measureCharLS(_ frame: [UInt8], _ description: FrameDescription) throws {
        let bits = description.bitsAllocated
        try measure("CharLS", frame.count) {
            var output = [UInt8](repeating: 0, count: frame.count * 2 + 1024)
            let length = peer_charls_encode(
                frame, frame.count, UInt32(description.columns), UInt32(description.rows), CInt(bits),
                CInt(description.samplesPerPixel), &output, output.count)
            guard length > 0 else { throw CodecError(.libraryFailure) }
            return Array(output[..<length])
        } decode: { coded in
            var output = [UInt8](repeating: 0, count: frame.count)
            guard peer_charls_decode(coded, coded.count, &output, output.count) == 0, output == frame
            else { throw CodecError(.libraryFailure) }
        }
    }

    static func median(_ body: () throws -> Void) rethrows -> Double {
        var seconds: [Double] = []
        for _ in 0..<rounds {
            let start = clock()
            try body()
            seconds.append(Double(clock() - start) / Double(CLOCKS_PER_SEC))
        }
        return max(seconds.sorted()[rounds / 2], 1e-6)
    }
}
