package import DICOMCore
import Synchronization

/// The bytes of a data set on their way out, produced piece by piece so that memory does not grow with the object.
package final class ObjectStream: Sendable {
    /// One piece: bytes at hand, a range of the stored payload, or something to be made when its turn comes.
    enum Piece: Sendable {
        case bytes(ArraySlice<UInt8>)
        case stored(Range<Int>)
        case made(@Sendable () throws(RetrieveError) -> ArraySlice<UInt8>)
    }

    package let transferSyntaxUID: String
    /// Total bytes; `nil` when frames have yet to be compressed.
    package let byteCount: Int?
    private let object: OpenedObject
    private let pieces: Mutex<[Piece]>

    init(_ object: OpenedObject, transferSyntaxUID: String, byteCount: Int?, pieces: [Piece]) {
        self.object = object
        self.transferSyntaxUID = transferSyntaxUID
        self.byteCount = byteCount
        self.pieces = Mutex(pieces.reversed())
    }

    /// The next bytes, at most `maximumBytes`, never empty; `nil` at the end. Blocking. One reader at a time.
    package func next(maximumBytes: Int) throws(RetrieveError) -> ArraySlice<UInt8>? {
        while let piece = pieces.withLock({ $0.popLast() }) {
            let bytes: ArraySlice<UInt8>
            switch piece {
            case .bytes(let value): bytes = value
            case .made(let make): bytes = try make()
            case .stored(let range):
                let end = min(range.upperBound, range.lowerBound + maximumBytes)
                if end < range.upperBound { putBack(.stored(end..<range.upperBound)) }
                do { bytes = try object.store.read(object.instance.location, range: range.lowerBound..<end)[...] } catch {
                    throw .storage(error)
                }
            }
            if bytes.count > maximumBytes { putBack(.bytes(bytes.dropFirst(maximumBytes))) }
            if !bytes.isEmpty { return bytes.prefix(maximumBytes) }
        }
        return nil
    }

    /// Everything at once; for small objects and tests.
    package func readAll() throws(RetrieveError) -> [UInt8] {
        var all: [UInt8] = []
        while let bytes = try next(maximumBytes: 1 << 20) { all += bytes }
        return all
    }

    private func putBack(_ piece: Piece) { pieces.withLock { $0.append(piece) } }
}
