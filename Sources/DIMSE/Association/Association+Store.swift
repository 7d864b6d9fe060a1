import NIOCore

/// Sending an instance: the command and the first chunk in one system call, later chunks as the peer takes them.
extension Association {
    /// Bytes asked of a source at a time, in whole PDUs.
    private var chunkBytes: Int {
        let fragment = fragmenter.maximumFragmentBytes
        return max(1, 262_144 / fragment) * fragment
    }

    func storeToEnd(_ instance: OutgoingInstance, _ context: PresentationContext) async throws -> StoreOutcome {
        let first = try await Self.chunk(of: instance.source, maximumBytes: chunkBytes)
        let messageID = try await reserveInvocation()
        do {
            try await beginStream(messageID, context)
        } catch {
            try? await onLoop { $0.dropInvocation(messageID) }
            throw error
        }
        try await stream(instance, messageID, context, first: first ?? ByteBuffer())
        let response = try await nextResponse(messageID)
        return StoreOutcome(status: response.command.status, errorComment: response.command.errorComment)
    }

    private func beginStream(_ messageID: UInt16, _ context: PresentationContext) async throws {
        let driver = driver
        let eventLoop = channel.eventLoop
        try await withCheckedThrowingContinuation { continuation in
            eventLoop.execute {
                driver.value.outbox.append(.stream(continuation))
                driver.value.pumpOutbox()
            }
        }
    }

    /// Reads one chunk ahead: while one is being sent the next is fetched, and the last is known as the last.
    private func stream(
        _ instance: OutgoingInstance, _ messageID: UInt16, _ context: PresentationContext, first: ByteBuffer
    ) async throws {
        let command = StoreCommand(
            messageID: messageID, affectedSOPClassUID: instance.sopClassUID,
            affectedSOPInstanceUID: instance.sopInstanceUID, priority: instance.priority,
            moveOriginatorAETitle: instance.moveOriginatorAETitle,
            moveOriginatorMessageID: instance.moveOriginatorMessageID)
        try await onLoop { try $0.beginInvocation(messageID, .cStoreRQ, context.id) }
        var lead: ByteBuffer? = fragmenter.message(.store(command), context.id)
        var current = first
        var written: EventLoopFuture<Void>?
        do {
            while true {
                let next =
                    current.readableBytes == 0
                    ? nil : try await Self.chunk(of: instance.source, maximumBytes: chunkBytes)
                try await written?.get()
                written = try await write(lead, current, isLast: next == nil, messageID, context.id)
                lead = nil
                guard let next else { break }
                current = next
            }
        } catch {
            if let reason = try? await onLoop({ $0.endReason }) { throw AssociationError.ended(reason) }
            // Half a message cannot be taken back.
            abort(reason: .aborted)
            throw error
        }
    }

    /// - Returns: when the event loop has taken the chunk; what is returned completes when the socket has.
    private func write(
        _ lead: ByteBuffer?, _ chunk: ByteBuffer, isLast: Bool, _ messageID: UInt16, _ contextID: UInt8
    ) async throws -> EventLoopFuture<Void> {
        try await onLoop { driver in
            let future = driver.writeStream(lead: lead, chunk, isLast: isLast, contextID: contextID)
            guard let future else { throw AssociationError.ended(driver.endReason ?? .aborted) }
            if isLast {
                driver.endStream()
                driver.invocationSent(messageID)
            }
            return future
        }
    }

    private static func chunk(of source: any DataSetSource, maximumBytes: Int) async throws -> ByteBuffer? {
        let chunk = try await source.nextChunk(maximumBytes: maximumBytes)
        guard let chunk, chunk.readableBytes > 0 else { return nil }
        return chunk
    }
}
