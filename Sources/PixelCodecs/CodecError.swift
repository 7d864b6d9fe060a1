/// Why a codestream was refused, and where.
///
/// Carries no text and no pixel values, so it may be logged and is cheap in Embedded Swift.
public struct CodecError: Error, Hashable, Sendable {
    public enum Reason: UInt8, Hashable, Sendable, CaseIterable {
        /// The codestream ends before the frame is complete.
        case truncated
        /// A marker or signature that must stand here does not.
        case markerExpected
        /// A marker segment whose length does not fit its content.
        case invalidSegment
        /// A Huffman, quantisation or coding parameter table that the standard forbids.
        case invalidTable
        /// A scan refers to a table or component that was not defined, or repeats one.
        case invalidScan
        /// Entropy-coded data that no encoder produces.
        case invalidData
        /// A restart marker is missing or out of sequence.
        case restartMarkerExpected
        /// Columns, rows or samples per pixel differ from what the data set declares.
        case geometryMismatch
        /// The samples need more bits than Bits Allocated has.
        case precisionMismatch
        /// A process, sampling or extension of the format that is not decoded.
        case unsupportedFeature
        /// No codec for this transfer syntax.
        case unsupportedTransferSyntax
        /// The frame description is not one this codec can carry.
        case unsupportedDescription
        /// The declared image is larger than the limit set by the caller.
        case limitExceeded
        /// The buffer given does not have the size of the frame.
        case bufferSizeMismatch
        /// An external codec library refused the codestream.
        case libraryFailure
    }

    public let reason: Reason
    /// Byte offset in the codestream at which the fault was seen; 0 when it concerns the whole.
    public let offset: Int

    public init(_ reason: Reason, at offset: Int = 0) {
        self.reason = reason
        self.offset = offset
    }
}

#if !hasFeature(Embedded)
extension CodecError: CustomStringConvertible {
    public var description: String { "codestream refused: \(reason) at byte \(offset)" }
}
#endif
