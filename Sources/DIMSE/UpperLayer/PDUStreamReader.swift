/// Takes the byte stream of a connection apart without ever holding a P-DATA-TF PDU.
///
/// Only headers and the small control PDUs are kept; the bytes of presentation data values are pointed out in the
/// input where they lie. Lengths are checked when declared, before anything is read or allocated.
public struct PDUStreamReader: Sendable {
    public enum Event: Hashable, Sendable {
        /// The input is used up.
        case needsMoreBytes
        case pdu(PDU)
        case fragment(PDVFragment)
    }

    /// Bytes of a presentation data value (PS3.8 §9.3.5.1, Annex E).
    public struct PDVFragment: Hashable, Sendable {
        public let contextID: UInt8
        public let isCommand: Bool
        /// The value is the last of its command or data set.
        public let isLast: Bool
        /// Where its bytes lie in the input; may be empty.
        public let range: Range<Int>
        /// No more bytes of this presentation data value follow.
        public let endsPDV: Bool
    }

    private enum State: Sendable {
        case pduHeader
        case controlPDU(missing: Int)
        case pdvHeader(pduRemaining: Int)
        case pdvBody(contextID: UInt8, control: UInt8, remaining: Int, pduRemaining: Int)
    }

    private let maximumDataPDULength: Int
    private let maximumControlPDULength: Int
    private var state = State.pduHeader
    private var header: UInt64 = 0
    private var headerCount = 0
    private var controlPDU: [UInt8] = []

    /// P-DATA-TF PDUs whose last byte has been read.
    public private(set) var completedDataPDUs: UInt64 = 0

    /// - Parameters:
    ///   - maximumDataPDULength: the limit of the P-DATA-TF variable field that was offered; 0 is without limit.
    ///   - maximumControlPDULength: the limit of all other PDUs' variable fields.
    public init(maximumDataPDULength: Int, maximumControlPDULength: Int) {
        self.maximumDataPDULength = maximumDataPDULength
        self.maximumControlPDULength = maximumControlPDULength
    }

    /// Between two PDUs.
    public var isAtBoundary: Bool {
        if case .pduHeader = state { headerCount == 0 } else { false }
    }

    /// Reads on from `offset`, which moves behind what has been used; used bytes need not be kept.
    public mutating func next(in input: Span<UInt8>, at offset: inout Int) throws(PDUError) -> Event {
        while true {
            switch state {
            case .pduHeader:
                guard collectHeader(6, input, &offset) else { return .needsMoreBytes }
                try beginPDU()
            case .controlPDU(let missing):
                let count = min(missing, input.count - offset)
                append(input, offset..<offset + count)
                offset += count
                guard count == missing else {
                    state = .controlPDU(missing: missing - count)
                    return .needsMoreBytes
                }
                state = .pduHeader
                let bytes = controlPDU
                controlPDU = []
                return .pdu(try PDU(decoding: bytes))
            case .pdvHeader(let pduRemaining):
                guard pduRemaining >= 6 else {
                    throw .lengthExceedsContainer(
                        item: PDUType.dataTF, declared: 6, remaining: pduRemaining, offset: 0)
                }
                guard collectHeader(6, input, &offset) else { return .needsMoreBytes }
                try beginPDV(pduRemaining)
            case .pdvBody(let contextID, let control, let remaining, let pduRemaining):
                guard remaining == 0 || offset < input.count else { return .needsMoreBytes }
                let count = min(remaining, input.count - offset)
                let range = offset..<offset + count
                offset += count
                let isEnd = count == remaining
                if isEnd {
                    endPDV(pduRemaining)
                } else {
                    state = .pdvBody(
                        contextID: contextID, control: control, remaining: remaining - count, pduRemaining: pduRemaining
                    )
                }
                return .fragment(
                    PDVFragment(
                        contextID: contextID, isCommand: control & 1 != 0, isLast: control & 2 != 0, range: range,
                        endsPDV: isEnd))
            }
        }
    }

    private mutating func collectHeader(_ count: Int, _ input: Span<UInt8>, _ offset: inout Int) -> Bool {
        while headerCount < count {
            guard offset < input.count else { return false }
            header = header << 8 | UInt64(input[offset])
            headerCount += 1
            offset += 1
        }
        return true
    }

    private mutating func takeHeader() -> UInt64 {
        defer { (header, headerCount) = (0, 0) }
        return header
    }

    private mutating func beginPDU() throws(PDUError) {
        let header = takeHeader()
        let type = UInt8(truncatingIfNeeded: header >> 40)
        let declared = UInt32(truncatingIfNeeded: header)
        guard (PDUType.associateRQ...PDUType.abort).contains(type) else { throw .unrecognizedPDU(type: type) }
        let isData = type == PDUType.dataTF
        let limit =
            isData ? (maximumDataPDULength == 0 ? Int(Int32.max) : maximumDataPDULength) : maximumControlPDULength
        guard let length = Int(exactly: declared), length <= limit else {
            throw .pduTooLong(type: type, declared: declared, limit: limit)
        }
        if isData {
            // At least one presentation data value (PS3.8 §9.3.5).
            guard length >= 6 else { throw .pduTooShort(type: type, declared: declared) }
            state = .pdvHeader(pduRemaining: length)
        } else {
            guard length >= 4 else { throw .pduTooShort(type: type, declared: declared) }
            controlPDU = (0..<6).map { UInt8(truncatingIfNeeded: header >> UInt64(40 - 8 * $0)) }
            state = .controlPDU(missing: length)
        }
    }

    private mutating func beginPDV(_ pduRemaining: Int) throws(PDUError) {
        let header = takeHeader()
        let declared = Int(UInt32(truncatingIfNeeded: header >> 16))
        // The length counts context ID and control header but not itself.
        guard declared >= 2, declared <= pduRemaining - 4 else {
            throw .lengthExceedsContainer(
                item: PDUType.dataTF, declared: declared, remaining: pduRemaining - 4, offset: 0)
        }
        let contextID = UInt8(truncatingIfNeeded: header >> 8)
        guard contextID & 1 == 1 else { throw .invalidValue(field: .presentationContextID, offset: 4) }
        state = .pdvBody(
            contextID: contextID, control: UInt8(truncatingIfNeeded: header), remaining: declared - 2,
            pduRemaining: pduRemaining - 4 - declared)
    }

    private mutating func endPDV(_ pduRemaining: Int) {
        if pduRemaining == 0 {
            completedDataPDUs &+= 1
            state = .pduHeader
        } else {
            state = .pdvHeader(pduRemaining: pduRemaining)
        }
    }

    private mutating func append(_ input: Span<UInt8>, _ range: Range<Int>) {
        for index in range { controlPDU.append(input[index]) }
    }
}
