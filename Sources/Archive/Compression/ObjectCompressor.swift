import Crypto
import DICOMCore
import DICOMObjects
import PixelCodecs

/// Makes the compressed form of one stored object and proves that it gives the received data set back.
struct ObjectCompressor {
    let store: any ObjectStore
    let target: TransferSyntax

    /// A new payload and all that the index must know of it.
    struct Compressed {
        var payload: [UInt8]
        var frames: FrameLayout
        var restoration: [UInt8]
    }

    /// - Returns: `nil` when the object stays as received: nothing to compress, or a form that would not gain.
    /// - Throws: `RetrieveError` when the stored object cannot be read.
    func compress(_ instance: StoredInstance) throws(RetrieveError) -> Compressed? {
        let received = TransferSyntax(uid: instance.transferSyntaxUID)
        guard case .native(let offset, let frameBytes, let count, let totalBytes) = instance.frames, frameBytes > 0,
            frameBytes * count <= totalBytes, !received.isBigEndian, !received.isDeflated, !instance.isQuarantined,
            instance.storedTransferSyntaxUID == instance.transferSyntaxUID, totalBytes >= Self.minimumPixelBytes,
            totalBytes <= Self.maximumPixelBytes
        else { return nil }
        let object = try OpenedObject(instance, store: store)
        let module = try object.imagePixelModule()
        guard [8, 16].contains(module.frame.bitsAllocated), [1, 3].contains(module.frame.samplesPerPixel),
            module.photometricInterpretation != "YBR_FULL_422", object.header.contains(.pixelRepresentation)
        else { return nil }
        let end = offset + frameBytes * count
        let restoration = Restoration(
            transferSyntaxUID: received.uid, isPlanar: module.frame.isPlanar,
            prefix: try object.bytes(object.dataSetOffset..<offset),
            suffix: try object.bytes(end..<Int(instance.location.payloadBytes)))
        guard restoration.prefix.count + restoration.suffix.count < Restoration.maximumHeaderBytes else { return nil }
        return try build(object, restoration, count)
    }

    /// Below this the record's own overhead eats the gain.
    private static let minimumPixelBytes = 8 << 10
    /// Larger objects are kept as received: payload and proof are made in memory.
    private static let maximumPixelBytes = 1 << 30

    private func build(
        _ object: OpenedObject, _ restoration: Restoration, _ count: Int
    ) throws(RetrieveError) -> Compressed? {
        var proof = SHA256()
        proof.update(data: restoration.prefix)
        var frames: [[UInt8]] = []
        for number in 1...count {
            let native = try object.nativeFrame(number)
            let codestream = try FrameEncoding.encode(native, target)
            let decoded = try FrameEncoding.decode(codestream, native, target)
            proof.update(data: restoration.isPlanar
                ? ColourPlanes.separated(decoded[...], samples: native.module.frame.samplesPerPixel, unit: native.module.frame.bytesPerSample)
                : decoded[...])
            frames.append(codestream)
        }
        proof.update(data: restoration.suffix)
        // The only acceptance test that matters: the received data set, bit for bit.
        guard Array(proof.finalize()) == object.instance.dataSetDigest else { return nil }
        let header = compressedHeader(object)
        guard frames.reduce(0, { $0 + $1.count }) + header.count < Int(object.instance.location.payloadBytes) else { return nil }
        do { return try assemble(object, header, frames, restoration) } catch {
            throw .unreadable("\(error)")
        }
    }

    private func compressedHeader(_ object: OpenedObject) -> [UInt8] {
        var header = object.header
        if header.contains(.planarConfiguration) { header.set(.planarConfiguration, .us, ints: [0]) }
        let meta = FileMeta(
            mediaStorageSOPClassUID: object.instance.sopClassUID,
            mediaStorageSOPInstanceUID: object.instance.sopInstanceUID, transferSyntaxUID: target.uid)
        do { return Part10.header(meta: meta) + (try DataSetWriter(syntax: target, fidelity: .conforming).write(header)) } catch { return [] }
    }

    private func assemble(
        _ object: OpenedObject, _ header: [UInt8], _ frames: [[UInt8]], _ restoration: Restoration
    ) throws(DataSetError) -> Compressed? {
        guard !header.isEmpty else { return nil }
        var payload = header
        // Pixel Data, OB, undefined length; Basic Offset Table with one entry for each frame (PS3.5 §A.4).
        payload += [0xE0, 0x7F, 0x10, 0x00, 0x4F, 0x42, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]
        var offsets: [UInt8] = []
        var position = 0
        for frame in frames {
            offsets += Self.littleEndian(position)
            position += 8 + frame.count + frame.count % 2
        }
        if position > Int(UInt32.max) || frames.count > 1 << 20 { offsets = [] }
        payload += [0xFE, 0xFF, 0x00, 0xE0] + Self.littleEndian(offsets.count) + offsets
        var ranges: [[Range<Int>]] = []
        for frame in frames {
            let length = frame.count + frame.count % 2
            payload += [0xFE, 0xFF, 0x00, 0xE0] + Self.littleEndian(length)
            ranges.append([payload.count..<payload.count + length])
            payload += frame
            if frame.count % 2 == 1 { payload.append(0) }
        }
        payload += [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
        return Compressed(payload: payload, frames: .encapsulated(ranges), restoration: try restoration.encoded())
    }

    private static func littleEndian(_ value: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
