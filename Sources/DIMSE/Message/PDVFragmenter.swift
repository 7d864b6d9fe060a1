/// Cuts a command or data set into P-DATA-TF PDUs of one presentation data value each (PS3.8 §9.3.5, Annex E).
public struct PDVFragmenter: Hashable, Sendable {
    /// PDU header, PDV length, context ID and message control header.
    public static let headerBytes = 12

    /// Payload bytes of a full PDU.
    public let maximumFragmentBytes: Int

    /// - Parameters:
    ///   - peerMaximumPDULength: as the peer negotiated; 0 is without limit. Absurdly small values are raised to what
    ///     one even-sized fragment needs.
    ///   - localMaximum: our own limit for what we send.
    public init(peerMaximumPDULength: UInt32, localMaximum: Int) {
        let peer = peerMaximumPDULength == 0 ? Int.max : Int(clamping: peerMaximumPDULength)
        let limit = max(8, min(peer, max(localMaximum, 8), 1 << 30))
        // Fragments have even lengths (PS3.8 Annex E.2).
        maximumFragmentBytes = (limit - 6) & ~1
    }

    /// The 12 bytes in front of a fragment.
    ///
    /// - Parameter length: payload bytes, at most ``maximumFragmentBytes``.
    public static func header(contextID: UInt8, isCommand: Bool, isLast: Bool, length: Int) -> [UInt8] {
        let pdv = UInt32(truncatingIfNeeded: length &+ 2)
        let pdu = pdv &+ 4
        let control: UInt8 = (isCommand ? 1 : 0) | (isLast ? 2 : 0)
        return [PDUType.dataTF, 0] + bigEndian(pdu) + bigEndian(pdv) + [contextID, control]
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    }

    /// The lengths of the fragments of `count` bytes; one empty fragment for none.
    public func fragmentLengths(of count: Int) -> [Int] {
        guard count > 0 else { return [0] }
        return stride(from: 0, to: count, by: maximumFragmentBytes).map { min(maximumFragmentBytes, count - $0) }
    }
}
