/// Where in a source the top-level Pixel Data lie (PS3.5 §8, §A.4). Offsets are bytes from the source's start.
public struct PixelDataLocation: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        /// The value, in the byte order of the transfer syntax.
        case native(Range<Int>)
        /// The values, without item headers, of the Basic Offset Table and the fragments.
        case encapsulated(basicOffsetTable: Range<Int>, fragments: [Range<Int>])
    }

    /// Pixel Data, Float Pixel Data or Double Float Pixel Data.
    public let tag: Tag
    public let vr: VR
    public let content: Content
    /// From the element's tag to its end, delimiter included.
    public let elementRange: Range<Int>
}

/// A value left out of a `DataSet` for its size. Offsets are bytes from the source's start.
public struct BulkLocation: Hashable, Sendable {
    /// One step down into a sequence; `item` is 0-based.
    public struct Step: Hashable, Sendable {
        public let sequence: Tag
        public let item: Int
    }

    /// Empty for top-level elements.
    public let path: [Step]
    public let tag: Tag
    public let vr: VR
    /// The value, in the byte order of the transfer syntax.
    public let range: Range<Int>
}
