import NIOCore

/// An operation this side performs for the peer, from its command to its final response.
struct PerformedOperation {
    /// Tells operations apart that used the same message ID one after the other.
    let serial: UInt64
    /// Runs the operation; `nil` while a data set arrives and for stores.
    var task: Task<Void, Never>?
}

/// Where the data set of the last command goes.
enum IncomingDataSet {
    case none
    case sink(any StoreSink, StoreCommand, contextID: UInt8, serial: UInt64)
    /// Held in memory until complete.
    case buffer(Command, contextID: UInt8, ByteBuffer)
    case discarded(ResponseCommand, contextID: UInt8)
}

/// An operation this side invoked: responses wait here until they are asked for.
struct Invocation {
    let contextID: UInt8
    let field: CommandField
    var responses: [InvocationResponse] = []
    var waiter: CheckedContinuation<InvocationResponse, any Error>?
    var lastActivity = NIODeadline.now()
    /// The request has been written to its end; only then does the time to the response count.
    var isSent = false
    /// Nobody waits any more; responses are dropped until the final one.
    var isAbandoned = false
    var isCancelSent = false
    /// Reading is stopped because responses come faster than they are taken.
    var isHoldingReads = false

    static let maximumWaitingResponses = 512
}

/// Someone who wants to invoke an operation.
struct InvocationRequest: Sendable {
    let field: CommandField
    let contextID: UInt8
    /// The request will be written piece by piece: wait also for the outbox.
    let isStreamed: Bool
    /// Gets the message ID.
    let continuation: CheckedContinuation<UInt16, any Error>
}

struct InvocationResponse: Sendable {
    let command: ResponseCommand
    let contextID: UInt8
    /// Encoded in the context's transfer syntax.
    let dataSet: ByteBuffer?

    var isFinal: Bool { command.status.category != .pending }
}
