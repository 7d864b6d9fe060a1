/// Why bytes are not a PDU we take. Offsets are bytes from the start of the PDU; no value ever appears.
public enum PDUError: Error, Hashable, Sendable {
    public enum Field: String, Hashable, Sendable {
        case calledAETitle, callingAETitle, applicationContextName, presentationContextID, abstractSyntax
        case transferSyntax, userInformation, userIdentity, sopClassUID, presentationDataValue, reserved
        case implementationVersionName
    }

    case unrecognizedPDU(type: UInt8)
    /// The declared length is beyond what was negotiated (P-DATA-TF) or the fixed cap; nothing of it was read.
    case pduTooLong(type: UInt8, declared: UInt32, limit: Int)
    case pduTooShort(type: UInt8, declared: UInt32)
    /// An item or field reaches beyond its container.
    case lengthExceedsContainer(item: UInt8, declared: Int, remaining: Int, offset: Int)
    case truncated(offset: Int)
    case missingItem(type: UInt8)
    case tooManyItems(type: UInt8, limit: Int, offset: Int)
    case invalidValue(field: Field, offset: Int)
    /// To be sent, but longer than its length field can say.
    case itemTooLong(type: UInt8, length: Int)

    /// What an A-ABORT says about it (PS3.8 Table 9-26).
    var abortReason: AbortPDU.Reason {
        if case .unrecognizedPDU = self { .unrecognizedPDU } else { .invalidPDUParameterValue }
    }
}
