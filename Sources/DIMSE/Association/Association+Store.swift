import NIOCore

/// Sending an instance: the command and the first chunk in one system call, later chunks as the peer takes them.
///
/// An instance that fits one chunk costs two turns of the event loop: one to get its place, one to be written.
extension Association {
    /// Bytes asked of a source at a time, in whole PDUs.
    private var chunkBytes: Int {
        let fragment = fragmenter.maximumFragmentBytes
        return max(1, 1_048_576 / fragment) * fragment
    }

    func storeToEnd(_ instance: OutgoingInstance, _ context: PresentationContext) async throws -> StoreOutcome {
        let first = try await Self.chunk(of: instance.source, maximumBytes: chunkBytes)
        let messageID = try await reserveInvocation(.cStoreRQ, context, isStreamed: true)
        let response = try await stream(instance, messageID, context, first: first ?? ByteBuffer())
        return StoreOutcome(status: response.command.status, errorComment: response.command.errorComment)
    }

    /// Reads one chunk ahead: while one is being sent the next is fetched, and the last is known as the last.
    private func stream(
        _ instance: OutgoingInstance, _ messageID: UInt16, _ context: PresentationContext, first: ByteBuffer
    ) async throws -> InvocationResponse {
        let command = StoreCommand(
            messageID: messageID, affectedSOPClassUID: instance.sopClassUID,
            affectedSOPInstanceUID: instance.sopInstanceUID, priority: instance.priority,
            moveOriginatorAETitle: instance.moveOriginatorAETitle,
            moveOriginatorMessageID: instance.moveOriginatorMessageID)
        var lead: ByteBuffer? = fragmenter.message(.store(command), context.id)
        var current = first
        var written: EventLoopFuture<Void>?
        do {
            while true {
                let next =
                    current.readableBytes == 0
                    ? nil : try await Self.chunk(of: instance.source, maximumBytes: chunkBytes)
                try await written?.get()
                guard let next else { break }
                written = try await write(lead, current, context.id)
                lead = nil
                current = next
            }
        } catch {
            if let reason = try? await onLoop({ $0.endReason }) { throw AssociationError.ended(reason) }
            // Half a message cannot be taken back.
            abort(reason: .aborted)
            throw error
        }
        return try await writeLast(lead, current, messageID, context.id)
    }

    /// - Returns: when the event loop has taken the chunk; what is returned completes when the socket has.
    private func write(
        _ lead: ByteBuffer?, _ chunk: ByteBuffer, _ contextID: UInt8
    ) async throws -> EventLoopFuture<Void> {
        try await onLoop { driver in
            let future = driver.writeStream(lead: lead, chunk, isLast: false, contextID: contextID)
            guard let future else { throw AssociationError.ended(driver.endReason ?? .aborted) }
            return future
        }
    }

    /// Writes the last chunk, lets others write, and waits for the response.
    private func writeLast(
        _ lead: ByteBuffer?, _ chunk: ByteBuffer, _ messageID: UInt16, _ contextID: UInt8
    ) async throws -> InvocationResponse {
        let driver = driver
        let eventLoop = channel.eventLoop
        return try await withCheckedThrowingContinuation { continuation in
            eventLoop.execute {
                let driver = driver.value
                _ = driver.writeStream(lead: lead, chunk, isLast: true, contextID: contextID)
                driver.endStream()
                driver.invocationSent(messageID)
                driver.awaitResponse(messageID, continuation)
            }
        }
    }

    private static func chunk(of source: any DataSetSource, maximumBytes: Int) async throws -> ByteBuffer? {
        let chunk = try await source.nextChunk(maximumBytes: maximumBytes)
        guard let chunk, chunk.readableBytes > 0 else { return nil }
        return chunk
    }
}
