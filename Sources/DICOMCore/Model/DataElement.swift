/// How the length of a sequence or item was, or is to be, written (PS3.5 §7.5).
public enum LengthEncoding: Hashable, Sendable { case defined, undefined }

/// One data element with its value as bytes, items or fragments (PS3.5 §7).
public struct DataElement: Hashable, Sendable {
    public enum Value: Hashable, Sendable {
        /// Little endian, whatever the transfer syntax it came in; padded as it came.
        case bytes(ArraySlice<UInt8>)
        case sequence(ItemSequence)
        /// Encapsulated Pixel Data (PS3.5 §A.4).
        case fragments(EncapsulatedPixelData)
    }

    public let tag: Tag
    public var vr: VR
    public var value: Value

    public init(tag: Tag, vr: VR, value: Value) {
        self.tag = tag
        self.vr = vr
        self.value = value
    }

    public init(_ tag: Tag, _ vr: VR, bytes: ArraySlice<UInt8>) { self.init(tag: tag, vr: vr, value: .bytes(bytes)) }

    /// `nil` for sequences and fragments.
    public var bytes: ArraySlice<UInt8>? { if case .bytes(let bytes) = value { bytes } else { nil } }

    /// Zero length: present but without value (Type 2 of PS3.5 §7.4.3).
    public var isEmpty: Bool {
        switch value {
        case .bytes(let bytes): bytes.isEmpty
        case .sequence(let sequence): sequence.items.isEmpty
        case .fragments: false
        }
    }
}

/// The items of a sequence and how lengths were written, so that unmodified data go out as they came.
public struct ItemSequence: Hashable, Sendable {
    public struct Item: Hashable, Sendable {
        public var dataSet: DataSet
        public var lengthEncoding: LengthEncoding

        public init(_ dataSet: DataSet, lengthEncoding: LengthEncoding = .undefined) {
            self.dataSet = dataSet
            self.lengthEncoding = lengthEncoding
        }
    }

    public var items: [Item]
    public var lengthEncoding: LengthEncoding

    public init(_ items: [Item], lengthEncoding: LengthEncoding = .undefined) {
        self.items = items
        self.lengthEncoding = lengthEncoding
    }

    public init(_ dataSets: [DataSet]) { self.init(dataSets.map { Item($0) }) }
}

/// Pixel Data in fragments: the Basic Offset Table item and what follows (PS3.5 §A.4).
public struct EncapsulatedPixelData: Hashable, Sendable {
    /// The raw value of the first item; empty when there is no Basic Offset Table.
    public var basicOffsetTable: ArraySlice<UInt8>
    public var fragments: [ArraySlice<UInt8>]

    public init(basicOffsetTable: ArraySlice<UInt8> = [], fragments: [ArraySlice<UInt8>]) {
        self.basicOffsetTable = basicOffsetTable
        self.fragments = fragments
    }
}
