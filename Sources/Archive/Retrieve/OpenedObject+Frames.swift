import CodecLibraries
package import DICOMCore
package import DICOMObjects
import PixelCodecs

extension OpenedObject {
    /// The codestream of a frame as stored; for native pixel data the native bytes, little endian.
    ///
    /// - Parameter number: 1-based, as in DICOM.
    package func storedFrame(_ number: Int) throws(RetrieveError) -> ArraySlice<UInt8> {
        switch instance.frames {
        case .none: throw .image(.noPixelData)
        case .encapsulated(let frames):
            guard number >= 1, number <= frames.count else { throw outOfRange(number, frames.count) }
            var codestream: [UInt8] = []
            for range in frames[number - 1] { codestream += try bytes(range) }
            return codestream[...]
        case .native(let offset, let frameBytes, let count, let totalBytes):
            guard number >= 1, number <= count else { throw outOfRange(number, count) }
            guard frameBytes > 0 else { return try unalignedFrame(number, offset: offset, totalBytes: totalBytes) }
            guard number * frameBytes <= totalBytes else { throw .unreadable("pixel data end before frame \(number)") }
            let start = offset + (number - 1) * frameBytes
            return receivedSyntax.isBigEndian ? try turned(start..<start + frameBytes, pixelDataOffset: offset)
                : try bytes(start..<start + frameBytes)
        }
    }

    /// The frame as samples: little endian, colour by pixel unless the object says by plane, every bit as stored.
    package func nativeFrame(_ number: Int) throws(RetrieveError) -> NativeFrame {
        let module = try imagePixelModule()
        let stored = try storedFrame(number)
        guard storedSyntax.isEncapsulated else {
            return NativeFrame(bytes: stored, photometricInterpretation: module.photometricInterpretation, module: module)
        }
        var description = module.frame
        description.isPlanar = false
        do {
            let decoded = try FrameCodec.decode(
                stored, transferSyntaxUID: storedSyntax.uid, description: description,
                photometricInterpretation: module.photometricInterpretation)
            var output = module
            output.frame.isPlanar = restoration?.isPlanar ?? false
            let bytes = output.frame.isPlanar
                ? ColourPlanes.separated(
                    decoded.bytes[...], samples: module.frame.samplesPerPixel, unit: module.frame.bytesPerSample)
                : decoded.bytes[...]
            return NativeFrame(
                bytes: bytes, photometricInterpretation: decoded.photometricInterpretation, module: output)
        } catch {
            throw .image(.codec(error))
        }
    }

    /// Frames of 1-bit images follow each other without padding (PS3.5 §8.1.1); the frame asked for is shifted to bit 0.
    private func unalignedFrame(_ number: Int, offset: Int, totalBytes: Int) throws(RetrieveError) -> ArraySlice<UInt8> {
        let module = try imagePixelModule()
        let bits = module.nativeFrameBits
        let firstBit = (number - 1) * bits
        guard (firstBit + bits + 7) / 8 <= totalBytes else { throw .unreadable("pixel data end before frame \(number)") }
        let source = Array(try bytes(offset + firstBit / 8..<offset + (firstBit + bits + 7) / 8))
        let shift = firstBit % 8
        var frame = [UInt8](repeating: 0, count: (bits + 7) / 8)
        for index in frame.indices {
            let low = source[index] >> UInt8(shift)
            let high = shift > 0 && index + 1 < source.count ? source[index + 1] << UInt8(8 - shift) : 0
            frame[index] = low | high
        }
        if bits % 8 > 0 { frame[frame.count - 1] &= UInt8(1 << (bits % 8)) - 1 }
        return frame[...]
    }

    /// Big endian words come out little endian. Words count from the start of Pixel Data, so a frame of an odd number of
    /// bytes shares its last word with the next or with padding.
    private func turned(_ range: Range<Int>, pixelDataOffset: Int) throws(RetrieveError) -> ArraySlice<UInt8> {
        let unit = try nativeWordBytes(at: pixelDataOffset)
        let first = (range.lowerBound - pixelDataOffset) / unit * unit + pixelDataOffset
        let end = (range.upperBound - pixelDataOffset + unit - 1) / unit * unit + pixelDataOffset
        let turned = Self.turned(try bytes(first..<end), unit: unit)
        let start = turned.startIndex + range.lowerBound - first
        return turned[start..<start + range.count]
    }

    /// Every word of `unit` bytes reversed; a rest shorter than a word stays.
    static func turned(_ bytes: ArraySlice<UInt8>, unit: Int) -> ArraySlice<UInt8> {
        guard unit > 1 else { return bytes }
        var result = Array(bytes)
        var start = 0
        while start + unit <= result.count {
            result[start..<start + unit].reverse()
            start += unit
        }
        return result[...]
    }

    /// Bytes that byte order turns round: 1 for OB, else 2, or the whole sample where it is larger (PS3.5 §7.3, §8.1.1).
    func nativeWordBytes(at offset: Int) throws(RetrieveError) -> Int {
        let vr = try nativePixelVR(at: offset)
        guard vr.unitBytes > 1 else { return 1 }
        return max(vr.unitBytes, (header.int(.bitsAllocated) ?? 16) / 8)
    }

    /// The VR written before native pixel data in explicit VR: tag, VR, two reserved bytes, length (PS3.5 §7.1.2).
    func nativePixelVR(at offset: Int) throws(RetrieveError) -> VR {
        guard receivedSyntax.isExplicitVR, offset >= 12 else { return .ow }
        let letters = Array(try bytes(offset - 8..<offset - 6))
        return VR(rawValue: UInt16(letters[0]) << 8 | UInt16(letters[1]))
    }

    private func outOfRange(_ number: Int, _ count: Int) -> RetrieveError {
        .image(.frameOutOfRange(frameNumber: number, numberOfFrames: count))
    }
}
