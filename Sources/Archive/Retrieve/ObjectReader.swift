package import DICOMCore
package import DICOMObjects

/// Opens stored objects: their header as received, their frames, their data set in a transfer syntax asked for.
///
/// Blocking; call from threads that may block.
package struct ObjectReader: Sendable {
    package let store: any ObjectStore

    package init(store: any ObjectStore) { self.store = store }

    /// The header of the object as received: everything before Pixel Data, or all of an object without.
    package func header(of instance: StoredInstance) throws(RetrieveError) -> DataSet {
        try open(instance).header
    }

    package func open(_ instance: StoredInstance) throws(RetrieveError) -> OpenedObject {
        try OpenedObject(instance, store: store)
    }

    /// The object looked through without loading what is large in it.
    package func content(of instance: StoredInstance) throws(RetrieveError) -> ObjectContent {
        try ObjectContent(instance, store: store)
    }

    /// The data set in `target`, one of ``OpenedObject/availableSyntaxes(of:)``; as received without looking into it when it lies so.
    package func stream(_ instance: StoredInstance, in target: TransferSyntax) throws(RetrieveError) -> ObjectStream {
        if target.uid == instance.transferSyntaxUID, target.uid == instance.storedTransferSyntaxUID,
            (0...Int(instance.location.payloadBytes)).contains(instance.dataSetBytes)
        {
            return ObjectStream(unchanged: instance, store: store)
        }
        return try open(instance).stream(in: target)
    }
}

/// One stored object, its header read and its frames ready to be.
package struct OpenedObject: Sendable {
    package let instance: StoredInstance
    /// Elements before Pixel Data as received; all elements of an object without pixels.
    package let header: DataSet
    let store: any ObjectStore
    /// Of the data set's first byte in the payload.
    let dataSetOffset: Int
    /// Set when the payload is a recompressed form of what was received.
    let restoration: Restoration?
    /// Set when the object was received deflated: its plain data set, in which `FrameLayout` counts.
    private let inflated: ArraySlice<UInt8>?

    /// Enough for the header of nearly every object in one read.
    private static let firstRead = 32 << 10

    init(_ instance: StoredInstance, store: any ObjectStore) throws(RetrieveError) {
        self.instance = instance
        self.store = store
        let payloadBytes = Int(instance.location.payloadBytes)
        let first = try Self.read(store, instance, 0..<min(Self.firstRead, payloadBytes))
        do {
            dataSetOffset = try Part10.readHead(MemoryByteSource(first), options: .strict).dataSetOffset
            let received = TransferSyntax(uid: instance.transferSyntaxUID)
            if instance.storedTransferSyntaxUID != instance.transferSyntaxUID {
                let restoration = try Restoration(encoded: Self.note(store, instance).restoration)
                self.restoration = restoration
                inflated = nil
                header = try Self.readHeader(restoration.prefix, received)
            } else if received.isDeflated {
                let all = try Self.read(store, instance, dataSetOffset..<payloadBytes)
                let plain = try Deflate.inflate(all[...], limit: ParsingLimits.default.maximumInflatedBytes).bytes
                restoration = nil
                inflated = plain
                header = try Self.readHeader(plain, .explicitVRLittleEndian)
            } else {
                restoration = nil
                inflated = nil
                let end = Self.headerEnd(instance)
                let bytes = end <= first.count ? first[dataSetOffset..<end]
                    : try Self.read(store, instance, dataSetOffset..<end)[...]
                header = try Self.readHeader(bytes, received)
            }
        } catch let error as RetrieveError {
            throw error
        } catch {
            throw .unreadable("\(error)")
        }
    }

    package var receivedSyntax: TransferSyntax { TransferSyntax(uid: instance.transferSyntaxUID) }
    package var storedSyntax: TransferSyntax { TransferSyntax(uid: instance.storedTransferSyntaxUID) }

    package func imagePixelModule() throws(RetrieveError) -> ImagePixelModule {
        guard instance.frames != .none else { throw .image(.noPixelData) }
        do { return try ImagePixelModule(header) } catch { throw .image(error) }
    }

    /// Bytes of the payload, or of the plain data set of an object received deflated.
    func bytes(_ range: Range<Int>) throws(RetrieveError) -> ArraySlice<UInt8> {
        guard let inflated else { return try Self.read(store, instance, range)[...] }
        guard range.upperBound <= inflated.count else { throw .unreadable("pixel data end early") }
        return inflated[inflated.startIndex + range.lowerBound..<inflated.startIndex + range.upperBound]
    }

    private static func headerEnd(_ instance: StoredInstance) -> Int {
        switch instance.frames {
        case .none: Int(instance.location.payloadBytes)
        case .native(let offset, _, _, _): offset
        // The first fragment follows the element header and the offset table; the reader stops before both.
        case .encapsulated(let frames): frames.first?.first?.lowerBound ?? Int(instance.location.payloadBytes)
        }
    }

    private static func readHeader(
        _ bytes: ArraySlice<UInt8>, _ syntax: TransferSyntax
    ) throws(DataSetError) -> DataSet {
        let plain = syntax.isDeflated ? TransferSyntax.explicitVRLittleEndian : syntax
        return try DataSetReader(syntax: plain, tolerance: .lenient).readHeader(bytes, stopBefore: Tag(0x7FE0, 0x0008))
            .dataSet
    }

    private static func read(
        _ store: any ObjectStore, _ instance: StoredInstance, _ range: Range<Int>
    ) throws(RetrieveError) -> [UInt8] {
        do { return try store.read(instance.location, range: range) } catch { throw .storage(error) }
    }

    private static func note(_ store: any ObjectStore, _ instance: StoredInstance) throws(RetrieveError) -> RecordNote {
        do { return try store.note(instance.location) } catch { throw .storage(error) }
    }
}
