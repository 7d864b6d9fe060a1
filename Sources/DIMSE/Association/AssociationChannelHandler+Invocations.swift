import NIOCore

/// Invoking operations on the peer.
extension AssociationChannelHandler {
    /// Answers as soon as the agreed number of outstanding operations allows one more.
    func requestInvocation(_ request: InvocationRequest) {
        guard endReason == nil, let negotiated else {
            return request.continuation.resume(throwing: AssociationError.ended(endReason ?? .aborted))
        }
        if invoking.count < negotiated.maximumInvoked { admit(request) } else { invocationWaiters.append(request) }
    }

    /// The entry keeps the place until the request is sent, and until the final response.
    private func admit(_ request: InvocationRequest) {
        repeat { lastMessageID &+= 1 } while lastMessageID == 0 || invoking[lastMessageID] != nil
        let messageID = lastMessageID
        invoking[messageID] = Invocation(contextID: request.contextID, field: request.field)
        guard request.isStreamed else { return request.continuation.resume(returning: messageID) }
        outbox.append(.stream(request.continuation, messageID: messageID))
        pumpOutbox()
    }

    func invocationSent(_ messageID: UInt16) {
        invoking[messageID]?.isSent = true
        invoking[messageID]?.lastActivity = .now()
    }

    func awaitResponse(_ messageID: UInt16, _ continuation: CheckedContinuation<InvocationResponse, any Error>) {
        guard var invocation = invoking[messageID] else {
            return continuation.resume(throwing: AssociationError.ended(endReason ?? .aborted))
        }
        guard !invocation.isAbandoned else { return continuation.resume(throwing: CancellationError()) }
        guard !invocation.responses.isEmpty else {
            invocation.waiter = continuation
            invoking[messageID] = invocation
            return
        }
        let response = invocation.responses.removeFirst()
        let releasesReads = invocation.isHoldingReads && invocation.responses.isEmpty
        if releasesReads { invocation.isHoldingReads = false }
        invoking[messageID] = invocation
        if response.isFinal { finishInvocation(messageID) }
        continuation.resume(returning: response)
        if releasesReads { changePauses(by: -1) }
    }

    func received(
        _ response: ResponseCommand, _ contextID: UInt8, dataSet: ByteBuffer?
    ) throws(ProtocolViolation) {
        let messageID = response.messageIDBeingRespondedTo
        guard var invocation = invoking[messageID], invocation.isSent, invocation.contextID == contextID,
            invocation.field == response.requestField
        else { throw .message(.unexpectedResponse(messageID: messageID)) }
        invocation.lastActivity = .now()
        let received = InvocationResponse(command: response, contextID: contextID, dataSet: dataSet)
        if invocation.isAbandoned {
            invoking[messageID] = invocation
            if received.isFinal { finishInvocation(messageID) }
        } else if let waiter = invocation.waiter {
            invocation.waiter = nil
            invoking[messageID] = invocation
            if received.isFinal { finishInvocation(messageID) }
            waiter.resume(returning: received)
        } else {
            invocation.responses.append(received)
            if invocation.responses.count >= Invocation.maximumWaitingResponses, !invocation.isHoldingReads {
                invocation.isHoldingReads = true
                changePauses(by: 1)
            }
            invoking[messageID] = invocation
        }
    }

    /// Nobody waits for responses any more; a query is cancelled (PS3.7 §9.3.2.3).
    func abandonInvocation(_ messageID: UInt16) {
        guard var invocation = invoking[messageID], !invocation.isAbandoned else { return }
        let isOver = invocation.responses.last?.isFinal == true
        invocation.isAbandoned = true
        invocation.responses.removeAll()
        let waiter = invocation.waiter
        invocation.waiter = nil
        let releasesReads = invocation.isHoldingReads
        invocation.isHoldingReads = false
        invoking[messageID] = invocation
        waiter?.resume(throwing: CancellationError())
        if isOver { finishInvocation(messageID) } else { sendCancel(messageID) }
        if releasesReads { changePauses(by: -1) }
    }

    /// Sends C-CANCEL once, for the services that have it.
    func sendCancel(_ messageID: UInt16) {
        guard let invocation = invoking[messageID], invocation.isSent, !invocation.isCancelSent,
            [.cFindRQ, .cMoveRQ, .cGetRQ].contains(invocation.field)
        else { return }
        invoking[messageID]?.isCancelSent = true
        send(
            .cancel(CancelCommand(messageIDBeingRespondedTo: messageID)), invocation.contextID, dataSet: nil,
            promise: nil)
    }

    private func finishInvocation(_ messageID: UInt16) {
        invoking.removeValue(forKey: messageID)
        timers.lastActivity = .now()
        association?.count { $0.invokedOperations += 1 }
        admitWaitingInvocations()
    }

    private func admitWaitingInvocations() {
        guard let negotiated else { return }
        while invoking.count < negotiated.maximumInvoked, !invocationWaiters.isEmpty {
            admit(invocationWaiters.removeFirst())
        }
    }

    func hasOverdueInvocation(_ now: NIODeadline) -> Bool {
        invoking.values.contains {
            $0.isSent && $0.responses.isEmpty && !isReadingStopped && now - $0.lastActivity > limits.dimse
                && now - timers.lastPDU > limits.dimse
        }
    }

    func failInvocations(_ error: AssociationError) {
        let failed = invoking
        invoking.removeAll()
        for invocation in failed.values { invocation.waiter?.resume(throwing: error) }
        let waiters = invocationWaiters
        invocationWaiters.removeAll()
        for waiter in waiters { waiter.continuation.resume(throwing: error) }
    }
}
