import NIOCore

/// Points in time that the periodic check compares with the limits.
struct AssociationTimers {
    var task: RepeatedTask?
    /// ARTIM of PS3.8 §9.1.4.
    var artimDeadline: NIODeadline?
    /// For an answer to a request: from the local user, the peer, or to a release.
    var answerDeadline: NIODeadline?
    /// Any bytes, any end of an operation.
    var lastActivity = NIODeadline.now()
    /// The last P-DATA-TF that was read to its end, or when reading went on after a stop.
    var lastPDU = NIODeadline.now()
    var lastWriteProgress = NIODeadline.now()
}

extension AssociationChannelHandler {
    /// One periodic task instead of a timer per event: nothing is scheduled or cancelled while data pass.
    func startTimers() {
        guard let context, timers.task == nil else { return }
        let shortest = min(limits.artim, limits.idle, limits.dimse).nanoseconds
        let period = TimeAmount.nanoseconds(min(max(shortest / 4, 10_000_000), 5_000_000_000))
        let driver = NIOLoopBound(self, eventLoop: context.eventLoop)
        timers.task = context.eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
            driver.value.checkTimers(.now())
        }
        // The task keeps this handler alive only as long as the channel is open.
        context.channel.closeFuture.whenComplete { _ in driver.value.stopTimers() }
    }

    private func stopTimers() {
        timers.task?.cancel()
        timers.task = nil
    }

    private func checkTimers(_ now: NIODeadline) {
        if let deadline = timers.artimDeadline, deadline <= now {
            end(.timedOut(.artim))
            fire(.artimExpired)
            // Between rejection and close the machine may already be idle.
            context?.close(promise: nil)
            return
        }
        if let deadline = timers.answerDeadline, deadline <= now { return answerTimedOut() }
        guard endReason == nil, negotiated != nil else { return }
        if now - timers.lastPDU > limits.dimse, isWithinMessage, !isReadingStopped {
            return timedOut(.dimse)
        }
        let isWriting = unwrittenChunks > 0 || context?.channel.isWritable == false
        if isWriting, now - timers.lastWriteProgress > limits.dimse {
            return timedOut(.dimse)
        }
        if hasOverdueInvocation(now) { return timedOut(.dimse) }
        if performing.isEmpty, invoking.isEmpty, now - timers.lastActivity > limits.idle { timedOut(.idle) }
    }

    private func answerTimedOut() {
        timers.answerDeadline = nil
        if machine.state == .awaitingLocalResponse {
            reject(.temporaryCongestion)
        } else {
            timedOut(.artim)
        }
    }

    private func timedOut(_ timeout: AssociationEnd.Timeout) {
        guard endReason == nil else {
            // Released already, but the peer did not answer the release.
            context?.close(promise: nil)
            return
        }
        abort(reason: .timedOut(timeout))
    }
}
