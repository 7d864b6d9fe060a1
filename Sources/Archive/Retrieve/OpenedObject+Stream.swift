import CodecLibraries
package import DICOMCore
package import DICOMObjects
import PixelCodecs

extension OpenedObject {
    /// Transfer syntaxes in which the data set can be given, best first: as received, as stored, then transcoded ones.
    package func availableSyntaxes() -> [TransferSyntax] { Self.availableSyntaxes(of: instance) }

    package static func availableSyntaxes(of instance: StoredInstance) -> [TransferSyntax] {
        let stored = TransferSyntax(uid: instance.storedTransferSyntaxUID)
        var syntaxes = [TransferSyntax(uid: instance.transferSyntaxUID)]
        if !syntaxes.contains(stored) { syntaxes.append(stored) }
        let canDecode = instance.frames == .none || !stored.isEncapsulated || FrameCodec.canDecode(stored.uid)
        guard canDecode else { return syntaxes }
        let native: [TransferSyntax] = [.explicitVRLittleEndian, .implicitVRLittleEndian, .explicitVRBigEndian]
        let compressed = instance.frames == .none ? [] : losslessTargets
        for syntax in native + [.deflatedExplicitVRLittleEndian] + compressed where !syntaxes.contains(syntax) {
            syntaxes.append(syntax)
        }
        return syntaxes
    }

    /// A native frame of this object, encoded without loss.
    package func encoded(_ frame: NativeFrame, in target: TransferSyntax) throws(RetrieveError) -> [UInt8] {
        try FrameEncoding.encode(frame, target)
    }

    private static let losslessTargets: [TransferSyntax] = [
        .jpegLosslessSV1, .jpegLSLossless, .rleLossless, .jpeg2000Lossless, .htj2kLossless, .htj2kLosslessRPCL,
    ]

    /// The data set in `target`; bit for bit as received when `target` is what it was received in.
    package func stream(in target: TransferSyntax) throws(RetrieveError) -> ObjectStream {
        let payloadBytes = Int(instance.location.payloadBytes)
        if target == storedSyntax {
            return ObjectStream(
                self, transferSyntaxUID: target.uid, byteCount: payloadBytes - dataSetOffset,
                pieces: [.stored(dataSetOffset..<payloadBytes)])
        }
        if target == receivedSyntax, let restoration { return try restored(restoration) }
        return try Transcoding(self, target).stream()
    }

    private func restored(_ restoration: Restoration) throws(RetrieveError) -> ObjectStream {
        var pieces: [ObjectStream.Piece] = [.bytes(restoration.prefix)]
        for number in 1...max(1, instance.frames.numberOfFrames) {
            pieces.append(.made { () throws(RetrieveError) in try self.nativeFrame(number).bytes })
        }
        pieces.append(.bytes(restoration.suffix))
        return ObjectStream(
            self, transferSyntaxUID: receivedSyntax.uid, byteCount: instance.dataSetBytes, pieces: pieces)
    }
}
