public import DICOMCore
import Foundation

/// A segmentation object without its pixels (PS3.3 A.51, C.8.20): what segments there are and where each frame lies.
public struct Segmentation: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable { case binary = "BINARY", fractional = "FRACTIONAL", labelMap = "LABELMAP" }

    public struct Segment: Hashable, Sendable {
        public var number: Int
        public var label: String
        public var segmentDescription: String
        public var category: CodedConcept?
        public var type: CodedConcept?
        /// `AUTOMATIC`, `SEMIAUTOMATIC` or `MANUAL`, and the name of what made it.
        public var algorithmType: String
        public var algorithmName: String
        /// Red, green, blue 0…255; `nil` when the object recommends none.
        public var colour: [Int]?
    }

    public struct Frame: Hashable, Sendable {
        /// `nil` in a label map, whose pixels say.
        public var segmentNumber: Int?
        /// Images it was drawn on, where the object says.
        public var sources: [InstanceReference]
        /// Image Position (Patient), mm; empty when the object does not say.
        public var position: [Double]
        public var orientation: [Double]
        public var pixelSpacing: [Double]
    }

    public var sopInstanceUID: String
    public var seriesInstanceUID: String
    public var kind: Kind
    public var label: String
    public var rows: Int
    public var columns: Int
    public var frameOfReferenceUID: String
    /// The stored value that means 1, of fractional ones.
    public var maximumFractionalValue: Int
    /// Of a label map: pixels that belong to nothing.
    public var pixelPaddingValue: Int?
    public var segments: [Segment]
    public var frames: [Frame]

    private static let maximumSegments = 65_536
    private static let maximumFrames = 100_000

    /// - Throws: the attribute that is missing, or counts beyond all use.
    public init(_ dataSet: DataSet) throws(DocumentError) {
        guard let uid = dataSet.uid(.sopInstanceUID) else { throw .attributeMissing(.sopInstanceUID) }
        guard let rows = dataSet.int(.rows), (1...65535).contains(rows) else { throw .attributeMissing(.rows) }
        guard let columns = dataSet.int(.columns), (1...65535).contains(columns) else { throw .attributeMissing(.columns) }
        guard let kind = Kind(rawValue: dataSet.string(.segmentationType) ?? "") else { throw .attributeMissing(.segmentationType) }
        let items = dataSet.items(.segmentSequence)
        guard items.count <= Self.maximumSegments else { throw .tooManyValues(.segmentSequence, limit: Self.maximumSegments) }
        let groups = dataSet.items(.perFrameFunctionalGroupsSequence)
        guard groups.count <= Self.maximumFrames else { throw .tooManyValues(.perFrameFunctionalGroupsSequence, limit: Self.maximumFrames) }
        sopInstanceUID = uid
        seriesInstanceUID = dataSet.uid(.seriesInstanceUID) ?? ""
        self.kind = kind
        self.rows = rows
        self.columns = columns
        label = dataSet.string(.contentLabel) ?? dataSet.string(.seriesDescription) ?? ""
        frameOfReferenceUID = dataSet.uid(.frameOfReferenceUID) ?? ""
        maximumFractionalValue = dataSet.int(.maximumFractionalValue) ?? 255
        pixelPaddingValue = dataSet.int(.pixelPaddingValue)
        segments = items.compactMap { Self.segment($0) }
        let shared = dataSet.items(.sharedFunctionalGroupsSequence).first ?? DataSet()
        frames = groups.map { Self.frame($0, shared, kind) }
    }

    private static func segment(_ item: DataSet) -> Segment? {
        guard let number = item.int(.segmentNumber) else { return nil }
        let lab = item.ints(.recommendedDisplayCIELabValue)
        return Segment(
            number: number, label: item.string(.segmentLabel) ?? "", segmentDescription: item.string(.segmentDescription) ?? "",
            category: CodedConcept(item, .segmentedPropertyCategoryCodeSequence),
            type: CodedConcept(item, .segmentedPropertyTypeCodeSequence),
            algorithmType: item.string(.segmentAlgorithmType) ?? "", algorithmName: item.string(.segmentAlgorithmName) ?? "",
            colour: lab.count == 3 ? rgb(cieLab: lab) : nil)
    }

    private static func frame(_ group: DataSet, _ shared: DataSet, _ kind: Kind) -> Frame {
        func first(_ tag: Tag) -> DataSet { group.items(tag).first ?? shared.items(tag).first ?? DataSet() }
        func numbers(_ dataSet: DataSet, _ tag: Tag, _ count: Int) -> [Double] {
            let numbers = dataSet.doubles(tag)
            return numbers.count == count && numbers.allSatisfy(\.isFinite) ? numbers : []
        }
        let derivations = group.items(.derivationImageSequence) + shared.items(.derivationImageSequence)
        return Frame(
            segmentNumber: kind == .labelMap ? nil : first(.segmentIdentificationSequence).int(.referencedSegmentNumber),
            sources: derivations.flatMap { $0.items(.sourceImageSequence) }.prefix(64).compactMap { InstanceReference($0) },
            position: numbers(first(.planePositionSequence), .imagePositionPatient, 3),
            orientation: numbers(first(.planeOrientationSequence), .imageOrientationPatient, 6),
            pixelSpacing: numbers(first(.pixelMeasuresSequence), .pixelSpacing, 2))
    }

    /// CIELab of D50 as PS3.3 C.10.7.1.1 encodes it in 16 bits, as sRGB.
    static func rgb(cieLab lab: [Int]) -> [Int] {
        let l = Double(lab[0]) / 65535 * 100
        let fy = (l + 16) / 116
        let fx = fy + (Double(lab[1]) / 65535 * 255 - 128) / 500
        let fz = fy - (Double(lab[2]) / 65535 * 255 - 128) / 200
        func inverse(_ f: Double) -> Double { f > 6.0 / 29 ? f * f * f : 3 * (6.0 / 29) * (6.0 / 29) * (f - 4.0 / 29) }
        let (x, y, z) = (0.9642 * inverse(fx), inverse(fy), 0.8249 * inverse(fz))
        // Bradford-adapted matrix from D50 to linear sRGB.
        let linear = [
            3.1338561 * x - 1.6168667 * y - 0.4906146 * z, -0.9787684 * x + 1.9161415 * y + 0.0334540 * z,
            0.0719453 * x - 0.2289914 * y + 1.4052427 * z,
        ]
        return linear.map { value in
            let clamped = min(max(value, 0), 1)
            let encoded = clamped <= 0.0031308 ? 12.92 * clamped : 1.055 * pow(clamped, 1 / 2.4) - 0.055
            return Int((encoded * 255).rounded())
        }
    }
}

extension Segmentation {
    /// The pixels of one frame as lengths of runs, row after row: of binary ones 0 and 1 by turns beginning with 0; of others
    /// value and length by turns.
    ///
    /// - Parameters:
    ///   - frame: native samples, 1, 8 or 16 bits.
    public func runs(frame: ArraySlice<UInt8>, bitsAllocated: Int) -> [Int] {
        let count = rows * columns
        switch bitsAllocated {
        case 1: return RunLengths.ofBits(frame, count: count)
        case 16:
            let start = frame.startIndex
            let values = (0..<min(count, frame.count / 2)).lazy.map { Int(frame[start + 2 * $0]) | Int(frame[start + 2 * $0 + 1]) << 8 }
            return RunLengths.ofValues(values)
        default:
            let values = frame.prefix(count)
            guard kind == .binary else { return RunLengths.ofValues(values.lazy.map { Int($0) }) }
            // One bit kept in a byte each, by writers that compress.
            return RunLengths.ofFlags(values.lazy.map { $0 != 0 })
        }
    }

    /// For the viewer, as Documentation/presentation.md has it; `runs` of each frame as the reader gives them.
    public func json(runs: [[Int]?]) -> JSONNode {
        [
            "sopInstanceUID": JSONNode(sopInstanceUID), "seriesInstanceUID": JSONNode(seriesInstanceUID),
            "type": JSONNode(kind.rawValue), "label": JSONNode(label), "rows": JSONNode(rows), "columns": JSONNode(columns),
            "frameOfReferenceUID": JSONNode(frameOfReferenceUID), "maximumFractionalValue": JSONNode(maximumFractionalValue),
            "background": pixelPaddingValue.map { JSONNode($0) } ?? .null,
            "segments": JSONNode(segments.map { $0.json }),
            "frames": JSONNode(
                frames.enumerated().map { index, frame in frame.json(number: index + 1, runs: index < runs.count ? runs[index] : nil) }),
        ]
    }
}

extension Segmentation.Segment {
    fileprivate var json: JSONNode {
        [
            "number": JSONNode(number), "label": JSONNode(label), "description": JSONNode(segmentDescription),
            "category": category.map { MarkJSON.code($0) } ?? .null, "propertyType": type.map { MarkJSON.code($0) } ?? .null,
            "algorithmType": JSONNode(algorithmType), "algorithmName": JSONNode(algorithmName),
            "color": colour.map { JSONNode($0.map { JSONNode($0) }) } ?? .null,
        ]
    }
}

extension Segmentation.Frame {
    fileprivate func json(number: Int, runs: [Int]?) -> JSONNode {
        func list(_ numbers: [Double]) -> JSONNode { numbers.isEmpty ? .null : JSONNode(numbers.map { JSONNode($0) }) }
        return [
            "frameNumber": JSONNode(number), "segment": segmentNumber.map { JSONNode($0) } ?? .null,
            "sources": JSONNode(sources.map { PresentationState.reference($0) }), "position": list(position),
            "orientation": list(orientation), "pixelSpacing": list(pixelSpacing),
            "runs": runs.map { JSONNode($0.map { JSONNode($0) }) } ?? .null,
        ]
    }
}
