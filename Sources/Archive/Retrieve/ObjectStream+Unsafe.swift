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
    private let store: any ObjectStore
    private let location: ObjectLocation
    private let pieces: Mutex<[Piece]>

    init(_ object: OpenedObject, transferSyntaxUID: String, byteCount: Int?, pieces: [Piece]) {
        self.transferSyntaxUID = transferSyntaxUID
        self.byteCount = byteCount
        store = object.store
        location = object.instance.location
        self.pieces = Mutex(pieces.reversed())
    }

    /// Parts of a stored object, one after the other.
    init(_ instance: StoredInstance, store: any ObjectStore, pieces: [Piece]) {
        transferSyntaxUID = instance.storedTransferSyntaxUID
        byteCount = nil
        self.store = store
        location = instance.location
        self.pieces = Mutex(pieces.reversed())
    }

    /// The data set of an object that lies in the store as it was received: nothing needs to be looked at to send it.
    init(unchanged instance: StoredInstance, store: any ObjectStore) {
        let payloadBytes = Int(instance.location.payloadBytes)
        transferSyntaxUID = instance.storedTransferSyntaxUID
        byteCount = instance.dataSetBytes
        self.store = store
        location = instance.location
        pieces = Mutex([.stored(payloadBytes - instance.dataSetBytes..<payloadBytes)])
    }

    /// Fills `destination` with the next bytes; fewer than it holds only at the end. Blocking. One reader at a time.
    package func read(into destination: UnsafeMutableRawBufferPointer) throws(RetrieveError) -> Int {
        var filled = 0
        while filled < destination.count, let piece = pieces.withLock({ $0.popLast() }) {
            let room = UnsafeMutableRawBufferPointer(rebasing: destination[filled...])
            switch piece {
            case .bytes(let value): filled += copy(value, to: room)
            case .made(let make): filled += copy(try make(), to: room)
            case .stored(let range):
                let end = min(range.upperBound, range.lowerBound + room.count)
                if end < range.upperBound { putBack(.stored(end..<range.upperBound)) }
                let part = range.lowerBound..<end
                do { try store.read(location, range: part, into: UnsafeMutableRawBufferPointer(rebasing: room.prefix(part.count))) } catch {
                    throw .storage(error)
                }
                filled += part.count
            }
        }
        return filled
    }

    /// The next bytes, at most `maximumBytes`, never empty; `nil` at the end. Blocking. One reader at a time.
    package func next(maximumBytes: Int) throws(RetrieveError) -> [UInt8]? {
        var failure: RetrieveError?
        let bytes = [UInt8](unsafeUninitializedCapacity: maximumBytes) { buffer, initialised in
            do throws(RetrieveError) {
                initialised = try read(into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer).prefix(maximumBytes)))
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes.isEmpty ? nil : bytes
    }

    /// Everything at once; for small objects and tests.
    package func readAll() throws(RetrieveError) -> [UInt8] {
        var all: [UInt8] = []
        while let bytes = try next(maximumBytes: 1 << 20) { all += bytes }
        return all
    }

    private func copy(_ bytes: ArraySlice<UInt8>, to room: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(bytes.count, room.count)
        if count < bytes.count { putBack(.bytes(bytes.dropFirst(count))) }
        bytes.withUnsafeBytes { room.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
        return count
    }

    private func putBack(_ piece: Piece) { pieces.withLock { $0.append(piece) } }
}
