import DICOMCore
import DICOMObjects
import Foundation
import PixelCodecs

/// The figures of YY/T 1861 4.2.6 a, measured on stored objects (PACS-4.2.6-a).
///
/// Compression ratio is original over stored bytes, so compression gives more than 100 %; entropy is Shannon's, base 2, of
/// the stored pixel values; mean square error compares every pixel before and after (0 for lossless codecs).
package struct CompressionReport {
    package struct Row: Hashable, Sendable {
        package var modality: String
        package var columns: Int
        package var rows: Int
        package var bits: Int
        package var images: Int
        package var codec: CompressionAtRest
        /// Original bytes over compressed bytes.
        package var compressionRatio: Double
        package var entropyBits: Double
        package var meanSquareError: Double
    }

    private struct Condition: Hashable {
        var modality: String
        var columns: Int
        var rows: Int
        var bits: Int
    }

    private let reader: ObjectReader
    private let lookup: any InstanceLookup
    private let queries: any StudyQueries

    /// Images for each condition, as the clause has it.
    private static let wanted = 10
    private static let maximumLooked = 5000

    package init(store: any ObjectStore, lookup: any InstanceLookup, queries: any StudyQueries) {
        reader = ObjectReader(store: store)
        self.lookup = lookup
        self.queries = queries
    }

    package func rows() throws -> [Row] {
        try samples().sorted { $0.key.modality < $1.key.modality }.flatMap { condition, frames in
            try [CompressionAtRest.jpegLossless, .jpegLS, .htj2k].map { try row(condition, frames, $0) }
        }
    }

    private func samples() throws -> [Condition: [NativeFrame]] {
        var samples: [Condition: [NativeFrame]] = [:]
        var looked = 0
        var query = ArchiveQuery(level: .series)
        query.limit = 200
        while looked < Self.maximumLooked {
            let page = try queries.find(query)
            for row in page.rows {
                guard let uid = row.string(.seriesInstanceUID) else { continue }
                for instance in try lookup.instances(.series(study: nil, [uid]), includingConflicts: false).prefix(Self.wanted) {
                    looked += 1
                    try add(instance, row.string(.modality) ?? "OT", to: &samples)
                }
            }
            guard let next = page.next else { break }
            query.cursor = next
        }
        return samples
    }

    private func add(_ instance: StoredInstance, _ modality: String, to samples: inout [Condition: [NativeFrame]]) throws {
        guard !TransferSyntax(uid: instance.transferSyntaxUID).isEncapsulated, instance.frames != .none, !instance.isQuarantined
        else { return }
        let frame = try reader.open(instance).nativeFrame(1)
        let description = frame.module.frame
        guard description.samplesPerPixel == 1, [8, 16].contains(description.bitsAllocated) else { return }
        let condition = Condition(
            modality: modality, columns: description.columns, rows: description.rows, bits: description.bitsStored)
        if samples[condition, default: []].count < Self.wanted { samples[condition, default: []].append(frame) }
    }

    private func row(_ condition: Condition, _ frames: [NativeFrame], _ codec: CompressionAtRest) throws -> Row {
        guard let target = codec.transferSyntax else { throw RetrieveError.unreadable("no codec") }
        var original = 0
        var compressed = 0
        var squares = 0.0
        var pixels = 0
        var histogram: [Int: Int] = [:]
        for frame in frames {
            let codestream = try FrameEncoding.encode(frame, target)
            let decoded = try FrameEncoding.decode(codestream, frame, target)
            original += frame.bytes.count
            compressed += codestream.count
            let before = Self.values(Array(frame.bytes), frame.module.frame)
            let after = Self.values(decoded, frame.module.frame)
            for (a, b) in zip(before, after) { squares += Double((a - b) * (a - b)) }
            pixels += before.count
            for value in before { histogram[value, default: 0] += 1 }
        }
        let entropy = histogram.values.reduce(0.0) { sum, count in
            let p = Double(count) / Double(max(1, pixels))
            return sum - p * log2(p)
        }
        return Row(
            modality: condition.modality, columns: condition.columns, rows: condition.rows, bits: condition.bits,
            images: frames.count, codec: codec, compressionRatio: Double(original) / Double(max(1, compressed)),
            entropyBits: entropy, meanSquareError: squares / Double(max(1, pixels)))
    }

    private static func values(_ bytes: [UInt8], _ description: FrameDescription) -> [Int] {
        guard description.bitsAllocated == 16 else { return bytes.map { Int($0) } }
        return stride(from: 0, to: bytes.count - 1, by: 2).map { index in
            let word = UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8
            return description.isSigned ? Int(Int16(bitPattern: word)) : Int(word)
        }
    }
}
