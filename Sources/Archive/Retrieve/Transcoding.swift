import CodecLibraries
import DICOMCore
import DICOMObjects
import PixelCodecs

/// Gives a stored object in another transfer syntax: header re-encoded, frames decoded and encoded one by one.
///
/// Only lossless targets, so the object stays the same instance (PS3.5 §8.2 note, PS3.3 C.7.6.1.1.5).
struct Transcoding {
    private let object: OpenedObject
    private let target: TransferSyntax

    init(_ object: OpenedObject, _ target: TransferSyntax) throws(RetrieveError) {
        self.object = object
        self.target = target
        let available = object.availableSyntaxes()
        guard available.contains(target) else {
            throw failure("not among those this server encodes losslessly")
        }
    }

    func stream() throws(RetrieveError) -> ObjectStream {
        guard object.instance.frames != .none else {
            return whole(try encode(object.header))
        }
        let stream = target.isEncapsulated ? try compressed() : try native()
        guard target.isDeflated else { return stream }
        do { return whole(try Deflate.deflate(stream.readAll()[...])) } catch let error as RetrieveError {
            throw error
        } catch {
            throw failure("\(error)")
        }
    }

    private func whole(_ bytes: [UInt8]) -> ObjectStream {
        ObjectStream(object, transferSyntaxUID: target.uid, byteCount: bytes.count, pieces: [.bytes(bytes[...])])
    }

    private var plainTarget: TransferSyntax { target.isDeflated ? .explicitVRLittleEndian : target }

    private func encode(_ dataSet: DataSet) throws(RetrieveError) -> [UInt8] {
        // Icons inside sequences follow the transfer syntax of the whole (PS3.5 §A.4).
        let dataSet = DataSetTranscoder().withNestedImages(of: dataSet, from: object.receivedSyntax, in: plainTarget)
        do { return try DataSetWriter(syntax: object.instance.frames == .none ? target : plainTarget, fidelity: .conforming).write(dataSet) } catch {
            throw failure("\(error)")
        }
    }

    // MARK: To native

    private func native() throws(RetrieveError) -> ObjectStream {
        if case .native(let offset, _, _, let totalBytes) = object.instance.frames, !object.storedSyntax.isEncapsulated {
            return try reencoded(offset: offset, totalBytes: totalBytes)
        }
        let module = try object.imagePixelModule()
        let first = try object.nativeFrame(1)
        let header = adjustedHeader(first)
        let count = object.instance.frames.numberOfFrames
        if module.frame.bitsAllocated == 1 { return try packedBits(module, first, count) }
        let total = first.bytes.count * count
        let vr: VR = module.frame.bitsAllocated > 8 ? .ow : .ob
        var pieces: [ObjectStream.Piece] = [
            .bytes(try encode(header)[...]), .bytes(try pixelHeader(vr, total + total % 2)), .bytes(swapped(first.bytes, vr)),
        ]
        for number in 1..<max(1, count) {
            pieces.append(.made { () throws(RetrieveError) in self.swapped(try self.object.nativeFrame(number + 1).bytes, vr) })
        }
        if total % 2 == 1 { pieces.append(.bytes([0])) }
        return ObjectStream(object, transferSyntaxUID: target.uid, byteCount: nil, pieces: pieces)
    }

    /// Frames of 1-bit samples follow each other without padding (PS3.5 §8.1.1).
    private func packedBits(_ module: ImagePixelModule, _ first: NativeFrame, _ count: Int) throws(RetrieveError) -> ObjectStream {
        let bits = module.nativeFrameBits
        var packed = [UInt8](repeating: 0, count: (bits * count + 15) / 16 * 2)
        for number in 1...max(1, count) {
            let frame = Array(number == 1 ? first.bytes : try object.nativeFrame(number).bytes)
            let start = (number - 1) * bits
            for bit in 0..<bits where bit / 8 < frame.count && frame[bit / 8] >> UInt8(bit % 8) & 1 == 1 {
                packed[(start + bit) / 8] |= 1 << UInt8((start + bit) % 8)
            }
        }
        return ObjectStream(
            object, transferSyntaxUID: target.uid, byteCount: nil,
            pieces: [
                .bytes(try encode(adjustedHeader(first))[...]), .bytes(try pixelHeader(.ob, packed.count)), .bytes(packed[...]),
            ])
    }

    /// Native to native: the value passes as it is, words turned round where byte order changes.
    private func reencoded(offset: Int, totalBytes: Int) throws(RetrieveError) -> ObjectStream {
        let vr = object.receivedSyntax.isExplicitVR ? try object.nativePixelVR(at: offset)
            : (try object.imagePixelModule().frame.bitsAllocated) > 8 ? .ow : .ob
        let word = object.receivedSyntax.isBigEndian ? try object.nativeWordBytes(at: offset) : wordBytes(vr)
        let mustSwap = object.receivedSyntax.isBigEndian != target.isBigEndian
        var pieces: [ObjectStream.Piece] = [
            .bytes(try encode(object.header)[...]), .bytes(try pixelHeader(vr, totalBytes)),
        ]
        let step = 1 << 20
        for start in stride(from: offset, to: offset + totalBytes, by: step) {
            let range = start..<min(start + step, offset + totalBytes)
            pieces.append(.made { () throws(RetrieveError) in
                let bytes = try self.object.bytes(range)
                return mustSwap ? OpenedObject.turned(bytes, unit: word) : bytes
            })
        }
        return ObjectStream(object, transferSyntaxUID: target.uid, byteCount: nil, pieces: pieces)
    }

    private func pixelHeader(_ vr: VR, _ count: Int) throws(RetrieveError) -> ArraySlice<UInt8> {
        guard count < Int(UInt32.max) else { throw failure("native pixel data would exceed 4 GiB") }
        let tag: Tag = object.header.contains(.floatPixelData) ? .floatPixelData : .pixelData
        var probe = DataSet()
        probe[tag] = DataElement(tag, vr, bytes: [])
        var bytes: [UInt8]
        do { bytes = try DataSetWriter(syntax: plainTarget).write(probe) } catch { throw failure("\(error)") }
        let length = UInt32(count)
        for byte in 0..<4 {
            let shift = UInt32(8 * (target.isBigEndian ? 3 - byte : byte))
            bytes[bytes.count - 4 + byte] = UInt8(truncatingIfNeeded: length >> shift)
        }
        return bytes[...]
    }

    private func wordBytes(_ vr: VR) -> Int {
        vr.unitBytes == 1 ? 1 : max(vr.unitBytes, (object.header.int(.bitsAllocated) ?? 16) / 8)
    }

    private func swapped(_ bytes: ArraySlice<UInt8>, _ vr: VR) -> ArraySlice<UInt8> {
        target.isBigEndian ? OpenedObject.turned(bytes, unit: wordBytes(vr)) : bytes
    }

    // MARK: To compressed

    private func compressed() throws(RetrieveError) -> ObjectStream {
        let first = try object.nativeFrame(1)
        var header = adjustedHeader(first)
        if header.contains(.planarConfiguration) { header.set(.planarConfiguration, .us, ints: [0]) }
        var start = DataSet()
        start[.pixelData] = DataElement(tag: .pixelData, vr: .ob, value: .fragments(EncapsulatedPixelData(fragments: [])))
        let delimiterBytes = 8
        let opening = try encode(start).dropLast(delimiterBytes)
        var pieces: [ObjectStream.Piece] = [.bytes(try encode(header)[...]), .bytes(Array(opening)[...])]
        pieces.append(.bytes(try fragment(first)))
        for number in 1..<max(1, object.instance.frames.numberOfFrames) {
            pieces.append(.made { () throws(RetrieveError) in try self.fragment(self.object.nativeFrame(number + 1)) })
        }
        pieces.append(.bytes([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]))
        return ObjectStream(object, transferSyntaxUID: target.uid, byteCount: nil, pieces: pieces)
    }

    /// One item holding one frame.
    private func fragment(_ frame: NativeFrame) throws(RetrieveError) -> ArraySlice<UInt8> {
        var codestream = try FrameEncoding.encode(frame, target)
        if codestream.count % 2 == 1 { codestream.append(0) }
        guard codestream.count < Int(UInt32.max) else { throw failure("a frame exceeds 4 GiB") }
        var item: [UInt8] = [0xFE, 0xFF, 0x00, 0xE0]
        for byte in 0..<4 { item.append(UInt8(truncatingIfNeeded: codestream.count >> (8 * byte))) }
        return (item + codestream)[...]
    }

    private func adjustedHeader(_ frame: NativeFrame) -> DataSet {
        var header = object.header
        if header.contains(.photometricInterpretation) {
            header.set(.photometricInterpretation, .cs, frame.photometricInterpretation)
        }
        if header.contains(.planarConfiguration) {
            header.set(.planarConfiguration, .us, ints: [frame.module.frame.isPlanar ? 1 : 0])
        }
        // They describe fragments that are no longer there (PS3.3 C.7.6.3.1.8).
        header[.extendedOffsetTable] = nil
        header[.extendedOffsetTableLengths] = nil
        return header
    }

    private func failure(_ reason: String) -> RetrieveError {
        .cannotTranscode(from: object.storedSyntax.uid, to: target.uid, reason: reason)
    }
}

/// Encoding one frame losslessly, and proving it.
enum FrameEncoding {
    static func encode(_ frame: NativeFrame, _ target: TransferSyntax) throws(RetrieveError) -> [UInt8] {
        var description = frame.module.frame
        var bytes = frame.bytes
        if description.isPlanar {
            bytes = ColourPlanes.interleaved(bytes, samples: description.samplesPerPixel, unit: description.bytesPerSample)
            description.isPlanar = false
        }
        do {
            return try FrameCodec.encode(
                bytes, transferSyntaxUID: target.uid, description: description,
                photometricInterpretation: frame.photometricInterpretation)
        } catch {
            throw .image(.codec(error))
        }
    }

    /// The samples of a codestream that `encode` made from `frame`, colour by pixel.
    static func decode(_ codestream: [UInt8], _ frame: NativeFrame, _ target: TransferSyntax) throws(RetrieveError) -> [UInt8] {
        var description = frame.module.frame
        description.isPlanar = false
        do {
            return try FrameCodec.decode(
                codestream[...], transferSyntaxUID: target.uid, description: description,
                photometricInterpretation: frame.photometricInterpretation
            ).bytes
        } catch {
            throw .image(.codec(error))
        }
    }
}
