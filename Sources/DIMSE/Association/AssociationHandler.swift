public import DICOMCore
public import NIOCore

/// What a service class provider does with one association. One object per association.
///
/// Every method has a default that refuses the service, so a provider implements only what it provides.
/// Methods that are not `async` are called on the association's event loop and must not block.
public protocol AssociationHandler: AnyObject, Sendable {
    /// Decides on an association request. May take its time: ARTIM still limits it.
    func negotiate(_ request: AssociationRequest) async -> NegotiationAnswer

    /// The association stands; `association` may be kept to send N-EVENT-REPORT or to abort.
    func associationEstablished(_ association: Association)

    /// C-ECHO (PS3.4 Annex A).
    func echo(_ request: EchoRequest) async -> DIMSEStatus

    /// C-STORE (PS3.4 Annex B): called on the event loop before the first byte of the data set.
    func storeSink(for request: StoreRequest) -> any StoreSink

    /// A C-STORE that was refused because its command names no usable SOP class or instance; for records.
    func storeRefused(_ request: StoreRequest, status: DIMSEStatus, reason: String)

    /// C-FIND (PS3.4 §C.4.1). Finishing the stream ends with success; throwing a ``DIMSEFailure`` ends with its status.
    ///
    /// C-CANCEL and the end of the association terminate the stream (`onTermination`).
    func find(_ request: FindRequest, identifier: DataSet) -> AsyncThrowingStream<FindAnswer, any Error>

    /// C-MOVE (PS3.4 §C.4.2). C-CANCEL and the end of the association cancel the calling task.
    func move(_ request: RetrieveRequest, identifier: DataSet, control: RetrieveControl) async -> RetrieveResult

    /// C-GET (PS3.4 §C.4.3); instances go out through ``RetrieveControl/store(_:)``.
    func get(_ request: RetrieveRequest, identifier: DataSet, control: RetrieveControl) async -> RetrieveResult

    /// N-EVENT-REPORT, N-GET, N-SET, N-ACTION, N-CREATE and N-DELETE (PS3.7 §10).
    func normalized(_ request: NormalizedRequest, dataSet: DataSet?) async -> NormalizedAnswer

    /// Called on the event loop once, also when the association was never accepted.
    func associationEnded(_ end: AssociationEnd)
}

/// Receives one data set as it arrives. Lives on the event loop and is never called from elsewhere.
///
/// Calls come in the order `receive`*, then `finish` or `cancelled`, each of these at most once.
public protocol StoreSink: AnyObject {
    /// The next bytes of the data set in the negotiated transfer syntax, without copying.
    func receive(_ bytes: ByteBuffer)

    /// The data set is complete. The response goes out when `completion` is called, from any thread.
    func finish(_ completion: StoreCompletion)

    /// The association ended before the data set was complete.
    func cancelled()
}

/// Answers one C-STORE. Call it once; later calls have no effect.
public struct StoreCompletion: Sendable {
    let complete: @Sendable (DIMSEStatus, String?) -> Void

    public init(_ complete: @escaping @Sendable (DIMSEStatus, String?) -> Void) { self.complete = complete }

    /// - Parameter errorComment: up to 64 characters without patient data.
    public func callAsFunction(_ status: DIMSEStatus, errorComment: String? = nil) { complete(status, errorComment) }
}

/// Lets a sink stop and resume reading from the peer. Calls nest and may come from any thread.
public struct StoreFlow: Sendable {
    let change: @Sendable (Int) -> Void

    public init(_ change: @escaping @Sendable (Int) -> Void) { self.change = change }

    /// No more bytes are delivered, at most from the next call of `receive` on when called off the event loop.
    public func pause() { change(1) }
    public func resume() { change(-1) }
}

extension AssociationHandler {
    public func associationEstablished(_ association: Association) {}

    public func echo(_ request: EchoRequest) async -> DIMSEStatus { .success }

    public func storeSink(for request: StoreRequest) -> any StoreSink {
        RefusingStoreSink(status: .sopClassNotSupported)
    }

    public func storeRefused(_ request: StoreRequest, status: DIMSEStatus, reason: String) {}

    public func find(_ request: FindRequest, identifier: DataSet) -> AsyncThrowingStream<FindAnswer, any Error> {
        AsyncThrowingStream { $0.finish(throwing: DIMSEFailure(status: .sopClassNotSupported)) }
    }

    public func move(
        _ request: RetrieveRequest, identifier: DataSet, control: RetrieveControl
    ) async -> RetrieveResult {
        RetrieveResult(status: .sopClassNotSupported)
    }

    public func get(
        _ request: RetrieveRequest, identifier: DataSet, control: RetrieveControl
    ) async -> RetrieveResult {
        RetrieveResult(status: .sopClassNotSupported)
    }

    public func normalized(_ request: NormalizedRequest, dataSet: DataSet?) async -> NormalizedAnswer {
        NormalizedAnswer(status: .unrecognizedOperation)
    }

    public func associationEnded(_ end: AssociationEnd) {}
}

/// Reads a data set to its end and answers with a fixed status.
public final class RefusingStoreSink: StoreSink {
    private let status: DIMSEStatus
    private let errorComment: String?

    public init(status: DIMSEStatus, errorComment: String? = nil) {
        self.status = status
        self.errorComment = errorComment
    }

    public func receive(_ bytes: ByteBuffer) {}
    public func finish(_ completion: StoreCompletion) { completion(status, errorComment: errorComment) }
    public func cancelled() {}
}
