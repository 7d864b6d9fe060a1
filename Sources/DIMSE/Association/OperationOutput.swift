import DICOMCore
import NIOCore
import Synchronization

/// Sends the pending responses of one operation.
///
/// Matches come faster than a thread changes: those that are ready together go to the event loop together.
struct OperationOutput: Sendable {
    /// Responses waiting for the event loop beyond which the operation waits for it.
    private static let maximumWaiting = 64

    let driver: NIOLoopBound<AssociationChannelHandler>
    let eventLoop: any EventLoop
    let messageID: UInt16
    let serial: UInt64
    let contextID: UInt8
    let transferSyntax: TransferSyntax
    private let queue = Queue()

    private final class Queue: Sendable {
        struct State {
            var responses: [(ResponseCommand, ByteBuffer)] = []
            var isDrainScheduled = false
            /// The peer does not keep up.
            var isBlocked = false
        }

        let state = Mutex(State())
    }

    private enum Next { case nothing, schedule, wait }

    init(
        driver: NIOLoopBound<AssociationChannelHandler>, eventLoop: any EventLoop, messageID: UInt16, serial: UInt64,
        contextID: UInt8, transferSyntax: TransferSyntax
    ) {
        self.driver = driver
        self.eventLoop = eventLoop
        self.messageID = messageID
        self.serial = serial
        self.contextID = contextID
        self.transferSyntax = transferSyntax
    }

    /// Returns when the peer keeps up, that is at once as long as the connection is writable.
    func send(_ response: ResponseCommand, dataSet: DataSet) async throws {
        let encoded = try DataSetCoding.encode(dataSet, transferSyntax)
        let next = queue.state.withLock { state -> Next in
            state.responses.append((response, encoded))
            if state.isBlocked || state.responses.count >= Self.maximumWaiting { return .wait }
            if state.isDrainScheduled { return .nothing }
            state.isDrainScheduled = true
            return .schedule
        }
        switch next {
        case .nothing: break
        case .schedule: eventLoop.execute { _ = drain() }
        case .wait: try await eventLoop.flatSubmit { drain() }.get()
        }
    }

    func send(_ response: ResponseCommand) {
        eventLoop.execute {
            guard driver.value.performing[messageID]?.serial == serial else { return }
            driver.value.respond(response, contextID, dataSet: nil)
        }
    }

    /// On the event loop: writes what waits.
    ///
    /// - Returns: waits for the peer when it does not keep up; fails when the operation is over.
    func drain() -> EventLoopFuture<Void> {
        let waiting = queue.state.withLock { state in
            state.isDrainScheduled = false
            defer { state.responses = [] }
            return state.responses
        }
        var written = eventLoop.makeSucceededVoidFuture()
        for (response, encoded) in waiting {
            guard driver.value.performing[messageID]?.serial == serial,
                let future = driver.value.sendPending(response, contextID, dataSet: encoded)
            else { return eventLoop.makeFailedFuture(CancellationError()) }
            written = future
        }
        guard !driver.value.keepsUp else { return written }
        queue.state.withLock { $0.isBlocked = true }
        written.whenComplete { _ in queue.state.withLock { $0.isBlocked = false } }
        return written
    }
}
