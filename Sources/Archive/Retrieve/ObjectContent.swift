package import DICOMCore
package import DICOMObjects

/// A stored object looked through without loading what is large in it: documents, recordings and videos may be longer than
/// memory.
///
/// Making one blocks; call from threads that may block.
package struct ObjectContent: Sendable {
    package let instance: StoredInstance
    /// Everything but Pixel Data and the values in `bulk`.
    package let header: DataSet
    /// Values above a megabyte, little endian.
    private let bulk: [BulkLocation]
    private let store: any ObjectStore
    /// Of an object received deflated: offsets count in these bytes.
    private let inflated: ArraySlice<UInt8>?

    init(_ instance: StoredInstance, store: any ObjectStore) throws(RetrieveError) {
        self.instance = instance
        self.store = store
        guard instance.storedTransferSyntaxUID == instance.transferSyntaxUID else {
            // Only images are compressed at rest; their header is small.
            header = try OpenedObject(instance, store: store).header
            (bulk, inflated) = ([], nil)
            return
        }
        let source = StoredByteSource(location: instance.location, store: store)
        let syntax = TransferSyntax(uid: instance.transferSyntaxUID)
        // Reading turns big endian values round, so that all are little endian here; the few such objects are read whole.
        let scanner = syntax.isBigEndian ? DataSetScanner(syntax: syntax, bulkThreshold: .max) : DataSetScanner(syntax: syntax)
        do {
            let offset = try Part10.readHead(source, options: .strict).dataSetOffset
            let scanned = try scanner.scan(source, from: offset)
            header = scanned.dataSet
            bulk = scanned.bulk
            inflated = scanned.inflated
        } catch {
            throw .unreadable("\(error)")
        }
    }

    /// The bytes of a value, large or not, little endian; `nil` when the object has none there.
    package func value(at path: ElementPath) -> ObjectPart? {
        if let found = bulk.first(where: { $0.tag == path.tag && Self.isSame($0.path, path.steps) }) {
            guard let inflated else { return ObjectPart(instance, store, [.stored(found.range)]) }
            guard found.range.lowerBound >= 0, found.range.upperBound <= inflated.count else { return nil }
            let start = inflated.startIndex + found.range.lowerBound
            return ObjectPart(instance, store, [.bytes(inflated[start..<start + found.range.count])])
        }
        return header.element(at: path)?.bytes.map { ObjectPart(instance, store, [.bytes($0)]) }
    }

    /// The stream of a video, its fragments put together; `nil` of any other object.
    package var video: ObjectPart? {
        guard TransferSyntax(uid: instance.transferSyntaxUID).pixelEncoding == .video,
            case .encapsulated(let frames) = instance.frames
        else { return nil }
        return ObjectPart(instance, store, frames.flatMap { $0 }.map { .stored($0) })
    }

    private static func isSame(_ found: [BulkLocation.Step], _ asked: [ElementPath.Step]) -> Bool {
        found.count == asked.count && zip(found, asked).allSatisfy { $0.sequence == $1.sequence && $0.item == $1.itemIndex }
    }
}

/// Part of a stored object that can be given from any byte on.
package struct ObjectPart: Sendable {
    enum Piece: Sendable {
        case bytes(ArraySlice<UInt8>)
        /// Of the payload.
        case stored(Range<Int>)

        var count: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .stored(let range): range.count
            }
        }
    }

    package let byteCount: Int
    private let instance: StoredInstance
    private let store: any ObjectStore
    private let pieces: [Piece]

    init(_ instance: StoredInstance, _ store: any ObjectStore, _ pieces: [Piece]) {
        self.instance = instance
        self.store = store
        self.pieces = pieces
        byteCount = pieces.reduce(0) { $0 + $1.count }
    }

    /// The same with bytes put before it.
    package func preceded(by head: [UInt8]) -> ObjectPart { ObjectPart(instance, store, [.bytes(head[...])] + pieces) }

    /// Its first `count` bytes, or all when it has fewer.
    package func prefix(_ count: Int) -> ObjectPart { ObjectPart(instance, store, pieces(0..<min(max(count, 0), byteCount))) }

    /// The bytes of `range`, cut to what there is.
    package func stream(_ range: Range<Int>) -> ObjectStream {
        let wanted = pieces(range.clamped(to: 0..<byteCount))
        return ObjectStream(instance, store: store, pieces: wanted.map { piece in
            switch piece {
            case .bytes(let bytes): .bytes(bytes)
            case .stored(let range): .stored(range)
            }
        })
    }

    /// At most `limit` bytes from the start, in memory. Blocking.
    package func start(_ limit: Int) throws(RetrieveError) -> [UInt8] { try stream(0..<limit).readAll() }

    private func pieces(_ range: Range<Int>) -> [Piece] {
        var position = 0
        var wanted: [Piece] = []
        for piece in pieces {
            let here = range.clamped(to: position..<position + piece.count)
            let (lower, upper) = (here.lowerBound - position, here.upperBound - position)
            position += piece.count
            guard lower < upper else { continue }
            switch piece {
            case .bytes(let bytes): wanted.append(.bytes(bytes[bytes.startIndex + lower..<bytes.startIndex + upper]))
            case .stored(let range): wanted.append(.stored(range.lowerBound + lower..<range.lowerBound + upper))
            }
        }
        return wanted
    }
}

/// The payload of a record, read as it is asked for.
private struct StoredByteSource: ByteSource {
    let location: ObjectLocation
    let store: any ObjectStore

    var count: Int { Int(clamping: location.payloadBytes) }

    func read(at offset: Int, count: Int) throws(DataSetError) -> ArraySlice<UInt8> {
        guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else {
            throw .sourceUnreadable(code: 0, offset: offset)
        }
        do { return try store.read(location, range: offset..<offset + count)[...] } catch {
            throw .sourceUnreadable(code: 0, offset: offset)
        }
    }
}
