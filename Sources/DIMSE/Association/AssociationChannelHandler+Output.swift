import NIOCore

/// Messages on their way out: one at a time, because the fragments of two messages must not mix.
struct Outbox {
    enum Entry {
        case message(ByteBuffer, EventLoopPromise<Void>?)
        /// Someone who wants to stream a message piece by piece.
        case stream(CheckedContinuation<UInt16, any Error>, messageID: UInt16)
    }

    private var waiting: CircularBuffer<Entry> = []
    /// A streamed message has begun and not ended.
    private(set) var isStreaming = false
    private var failure: AssociationError?

    var waitingCount: Int { waiting.count }

    mutating func append(_ entry: Entry) {
        guard let failure else { return waiting.append(entry) }
        Self.fail(entry, failure)
    }

    /// The next entry that may go out; `nil` while a streamed message is under way.
    mutating func next() -> Entry? {
        guard !isStreaming, let entry = waiting.popFirst() else { return nil }
        if case .stream = entry { isStreaming = true }
        return entry
    }

    mutating func endStream() { isStreaming = false }

    mutating func fail(_ error: AssociationError) {
        failure = error
        isStreaming = false
        while let entry = waiting.popFirst() { Self.fail(entry, error) }
    }

    private static func fail(_ entry: Entry, _ error: AssociationError) {
        switch entry {
        case .message(_, let promise): promise?.fail(error)
        case .stream(let continuation, _): continuation.resume(throwing: error)
        }
    }
}

extension AssociationChannelHandler {
    private static let maximumWaitingMessages = 64

    func write(_ pdu: PDU) {
        guard let context else { return }
        // Contents were checked when they were configured; what cannot be encoded cannot be sent.
        guard let bytes = try? pdu.encoded() else {
            context.close(promise: nil)
            return
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    /// Sends a whole message.
    func send(_ command: Command, _ contextID: UInt8, dataSet: ByteBuffer?, promise: EventLoopPromise<Void>?) {
        guard let fragmenter = negotiated?.fragmenter else { return }
        var bytes = fragmenter.message(command, contextID)
        if let dataSet {
            bytes.writeDataPDUs(dataSet, fragmenter, contextID: contextID)
            association?.count { $0.sentBytes += dataSet.readableBytes }
        }
        outbox.append(.message(bytes, promise))
        pumpOutbox()
    }

    /// Whether the peer takes what is sent to it.
    var keepsUp: Bool { context?.channel.isWritable == true && outbox.waitingCount < Self.maximumWaitingMessages }

    /// - Returns: a future that waits for the peer only when it does not keep up; `nil` when the connection is gone.
    func sendPending(_ response: ResponseCommand, _ contextID: UInt8, dataSet: ByteBuffer) -> EventLoopFuture<Void>? {
        guard let context else { return nil }
        var response = response
        response.hasDataSet = true
        if keepsUp {
            send(.response(response), contextID, dataSet: dataSet, promise: nil)
            return context.eventLoop.makeSucceededVoidFuture()
        }
        let promise = context.eventLoop.makePromise(of: Void.self)
        send(.response(response), contextID, dataSet: dataSet, promise: promise)
        return promise.futureResult
    }

    func pumpOutbox() {
        while let entry = outbox.next() {
            switch entry {
            case .message(let bytes, let promise):
                context?.write(wrapOutboundOut(bytes), promise: promise)
                scheduleFlush()
            case .stream(let continuation, let messageID): continuation.resume(returning: messageID)
            }
        }
    }

    /// Responses that are ready in one turn of the event loop go out in one system call.
    private func scheduleFlush() {
        guard !isFlushScheduled, let context else { return }
        isFlushScheduled = true
        let driver = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.execute {
            driver.value.isFlushScheduled = false
            driver.value.context?.flush()
        }
    }

    // MARK: Streamed messages

    /// Writes one chunk of a streamed message; `lead` goes out in front of it in the same system call.
    ///
    /// - Returns: completes when the chunk has been written to the socket; `nil` when the association has ended.
    func writeStream(
        lead: ByteBuffer?, _ chunk: ByteBuffer, isLast: Bool, contextID: UInt8
    ) -> EventLoopFuture<Void>? {
        guard let context, let fragmenter = negotiated?.fragmenter, endReason == nil else {
            return nil
        }
        if let lead { context.write(wrapOutboundOut(lead), promise: nil) }
        association?.count { $0.sentBytes += chunk.readableBytes }
        let promise = context.eventLoop.makePromise(of: Void.self)
        if unwrittenChunks == 0 { timers.lastWriteProgress = .now() }
        unwrittenChunks += 1
        let driver = NIOLoopBound(self, eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { _ in
            driver.value.unwrittenChunks -= 1
            driver.value.timers.lastWriteProgress = .now()
        }
        var rest = chunk
        let lengths = fragmenter.fragmentLengths(of: chunk.readableBytes)
        for (index, length) in lengths.enumerated() {
            let isEnd = index == lengths.count - 1
            let header = PDVFragmenter.header(
                contextID: contextID, isCommand: false, isLast: isLast && isEnd, length: length)
            context.write(wrapOutboundOut(ByteBuffer(bytes: header)), promise: nil)
            let slice = rest.readSlice(length: length) ?? ByteBuffer()
            context.write(wrapOutboundOut(slice), promise: isEnd ? promise : nil)
        }
        context.flush()
        return promise.futureResult
    }

    func endStream() {
        outbox.endStream()
        pumpOutbox()
        process()
    }
}

extension PDVFragmenter {
    /// The P-DATA-TF PDUs of a command.
    func message(_ command: Command, _ contextID: UInt8) -> ByteBuffer {
        let bytes = ByteBuffer(bytes: command.commandSet.encoded())
        var buffer = ByteBuffer()
        buffer.writeDataPDUs(bytes, self, contextID: contextID, isCommand: true)
        return buffer
    }
}

extension ByteBuffer {
    mutating func writeDataPDUs(
        _ bytes: ByteBuffer, _ fragmenter: PDVFragmenter, contextID: UInt8, isCommand: Bool = false
    ) {
        var rest = bytes
        let lengths = fragmenter.fragmentLengths(of: bytes.readableBytes)
        reserveCapacity(minimumWritableBytes: bytes.readableBytes + lengths.count * PDVFragmenter.headerBytes)
        for (index, length) in lengths.enumerated() {
            writeBytes(
                PDVFragmenter.header(
                    contextID: contextID, isCommand: isCommand, isLast: index == lengths.count - 1, length: length))
            if var slice = rest.readSlice(length: length) { writeBuffer(&slice) }
        }
    }
}
