public import DICOMCore
import PixelCodecs

/// An overlay plane of an image (PS3.3 C.9.2): bits of its own in (60xx,3000), or, as older objects have it, unused bits of
/// the pixel words.
public struct OverlayPlane: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable { case graphics = "G", region = "R" }

    public enum Source: Hashable, Sendable {
        /// Frame after frame without padding, the first bit the lowest of the first byte (PS3.5 §8.1.2).
        case bits(ArraySlice<UInt8>)
        /// That bit of each pixel word (Overlay Bit Position; retired in 2004).
        case pixelWords(bit: Int)
    }

    /// 0x6000…0x601E.
    public var group: Int
    public var kind: Kind
    public var label: String
    public var planeDescription: String
    public var rows: Int
    public var columns: Int
    /// Of its first pixel, in image coordinates: (0, 0) is the centre of the image's first.
    public var origin: ImagePoint
    /// Frames of its own; `nil` for one that lies over every frame of the image.
    public var numberOfFrames: Int?
    /// The image frame its first frame lies over, from 1.
    public var firstImageFrame: Int
    public var source: Source

    private static let groups = stride(from: 0x6000, through: 0x601E, by: 2)

    /// The planes of an image and the groups that cannot be read: no size, no bits, or fewer than one frame needs.
    public static func planes(of header: DataSet) -> (planes: [OverlayPlane], unreadable: [Int]) {
        var planes: [OverlayPlane] = []
        var unreadable: [Int] = []
        for group in groups where header.contains(Tag(UInt16(group), 0x0010)) || header.contains(Tag(UInt16(group), 0x3000)) {
            if let plane = OverlayPlane(header, group: group) { planes.append(plane) } else { unreadable.append(group) }
        }
        return (planes, unreadable)
    }

    private init?(_ header: DataSet, group: Int) {
        func tag(_ element: UInt16) -> Tag { Tag(UInt16(group), element) }
        guard let rows = header.int(tag(0x0010)), let columns = header.int(tag(0x0011)), (1...65535).contains(rows),
            (1...65535).contains(columns), let source = Self.source(header, group, rows: rows, columns: columns)
        else { return nil }
        let place = header.ints(tag(0x0050))
        self.group = group
        kind = Kind(rawValue: header.string(tag(0x0040)) ?? "") ?? .graphics
        label = header.string(tag(0x1500)) ?? ""
        planeDescription = header.string(tag(0x0022)) ?? ""
        self.rows = rows
        self.columns = columns
        origin = ImagePoint(column: Double(place.count > 1 ? place[1] : 1) - 1, row: Double(place.first ?? 1) - 1)
        numberOfFrames = header.int(tag(0x0015)).flatMap { $0 > 0 ? $0 : nil }
        firstImageFrame = max(1, header.int(tag(0x0051)) ?? 1)
        self.source = source
    }

    private static func source(_ header: DataSet, _ group: Int, rows: Int, columns: Int) -> Source? {
        if let data = header.bytes(Tag(UInt16(group), 0x3000)) {
            return data.count * 8 >= rows * columns ? .bits(data) : nil
        }
        // Within the pixel words it is as large as the image, in one of the bits that hold no pixel value.
        guard let allocated = header.int(.bitsAllocated), [8, 16, 32].contains(allocated), (header.int(.samplesPerPixel) ?? 1) == 1,
            header.int(.rows) == rows, header.int(.columns) == columns, let bit = header.int(Tag(UInt16(group), 0x0102)),
            (0..<allocated).contains(bit)
        else { return nil }
        let stored = header.int(.bitsStored) ?? allocated
        let high = header.int(.highBit) ?? (stored - 1)
        return bit > high || bit < high - stored + 1 ? .pixelWords(bit: bit) : nil
    }

    /// Index of the plane's frame that lies over an image frame; `nil` when none does.
    ///
    /// - Parameter imageFrame: from 1.
    public func frame(over imageFrame: Int) -> Int? {
        if case .pixelWords = source { return imageFrame - 1 }
        // Without a number of frames there is one, and it lies over them all.
        guard let numberOfFrames else { return 0 }
        let index = imageFrame - firstImageFrame
        return (0..<numberOfFrames).contains(index) ? index : nil
    }

    /// Whether the pixels of the image are needed to know the bits.
    public var isInPixelWords: Bool { if case .pixelWords = source { true } else { false } }

    /// Lengths of runs of 0 and 1 by turns, beginning with 0, row after row; `nil` when no bits lie over that frame, or the
    /// data end before.
    ///
    /// - Parameters:
    ///   - imageFrame: from 1.
    ///   - pixels: of that frame, with all bits as stored, for planes in the pixel words.
    public func runs(over imageFrame: Int, pixels: NativeFrame?) -> [Int]? {
        guard let index = frame(over: imageFrame) else { return nil }
        let count = rows * columns
        switch source {
        case .bits(let data):
            let (first, overflow) = index.multipliedReportingOverflow(by: count)
            guard !overflow, first <= data.count * 8 - count else { return nil }
            return RunLengths.ofBits(data, from: first, count: count)
        case .pixelWords(let bit):
            guard let pixels, [8, 16, 32].contains(pixels.module.frame.bitsAllocated) else { return nil }
            let unit = pixels.module.frame.bitsAllocated / 8
            guard pixels.bytes.count / unit >= count, bit / 8 < unit else { return nil }
            let start = pixels.bytes.startIndex + bit / 8
            let mask = UInt8(1 << (bit % 8))
            return RunLengths.ofFlags((0..<count).lazy.map { pixels.bytes[start + $0 * unit] & mask != 0 })
        }
    }

    /// For the viewer, as Documentation/presentation.md has it.
    ///
    /// - Parameter frames: numbers of image frames and the runs over them.
    public func json(frames: [(frameNumber: Int, runs: [Int])]) -> JSONNode {
        [
            "group": JSONNode(group), "type": JSONNode(kind.rawValue), "label": JSONNode(label),
            "description": JSONNode(planeDescription), "rows": JSONNode(rows), "columns": JSONNode(columns),
            "origin": PresentationState.point(origin),
            "frames": JSONNode(
                frames.map { frame -> JSONNode in
                    ["frameNumber": JSONNode(frame.frameNumber), "runs": JSONNode(frame.runs.map { JSONNode($0) })]
                }),
        ]
    }
}
