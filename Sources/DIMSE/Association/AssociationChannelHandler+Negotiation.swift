import NIOCore

extension AssociationChannelHandler {
    /// What goes with an event into the effects of its action.
    enum Payload {
        case none
        case pdu(PDU)
        case abort(AbortPDU.Reason)
    }

    /// Applies an event to the state machine and performs what it asks for.
    func fire(_ event: UpperLayerEvent, isAcceptable: Bool = true, _ payload: Payload = .none) {
        guard let transition = machine.handle(event, isAcceptable: isAcceptable) else { return }
        for effect in transition.effects { perform(effect, payload) }
    }

    private func perform(_ effect: UpperLayerEffect, _ payload: Payload) {
        switch effect {
        case .sendAssociateRQ, .sendAssociateAC, .sendAssociateRJ:
            if case .pdu(let pdu) = payload { write(pdu) }
        case .sendReleaseRQ: write(.releaseRQ)
        case .sendReleaseRP: write(.releaseRP)
        case .sendAbort: write(.abort(AbortPDU(source: .serviceUser)))
        case .sendProviderAbort:
            var reason = AbortPDU.Reason.notSpecified
            if case .abort(let given) = payload { reason = given }
            write(.abort(AbortPDU(source: .serviceProvider, reason: reason)))
        case .startARTIM: timers.artimDeadline = .now() + limits.artim
        case .stopARTIM: timers.artimDeadline = nil
        case .closeTransport: context?.close(promise: nil)
        case .indicateRelease:
            // The user's response follows at once: operations still running are cancelled by the end.
            fire(.releaseResponse)
            end(.releasedByPeer)
        case .indicateReleaseCollision:
            if machine.isRequestor { fire(.releaseResponse) }
        case .confirmRelease:
            end(.released)
            if machine.state == .collisionAcceptorLocal { fire(.releaseResponse) }
        // Indications are acted upon where the PDU is at hand; the transport is the channel's own business.
        case .connectTransport, .acceptTransport, .sendData, .confirmAccepted, .confirmRejected, .indicateAssociation,
            .indicateData, .indicateAbort, .indicateProviderAbort:
            break
        }
    }

    /// Handles a control PDU.
    func received(_ pdu: PDU) throws(ProtocolViolation) {
        let state = machine.state
        switch pdu {
        case .associateRQ(let request):
            guard state == .awaitingRequest else { throw .unexpectedPDU(state: state) }
            received(request)
        case .associateAC(let answer):
            guard state == .awaitingAnswer else { throw .unexpectedPDU(state: state) }
            try received(answer)
        case .associateRJ(let rejection):
            guard state == .awaitingAnswer else { throw .unexpectedPDU(state: state) }
            end(.rejected(rejection))
            fire(.associateRJReceived)
        case .abort(let abort):
            end(.abortedByPeer(abort))
            fire(.abortReceived)
        case .releaseRQ:
            guard state == .established || state == .awaitingReleaseRP else { throw .unexpectedPDU(state: state) }
            fire(.releaseRQReceived)
        case .releaseRP:
            switch state {
            case .awaitingReleaseRP, .collisionAcceptorRP, .collisionRequestorRP: fire(.releaseRPReceived)
            default: throw .unexpectedPDU(state: state)
            }
        }
    }

    /// Aborts because of the peer: A-ABORT by the provider, by the state machine's way for invalid PDUs.
    func violate(_ violation: ProtocolViolation) {
        guard endReason == nil else { return }
        let reason: AbortPDU.Reason =
            switch violation {
            case .pdu(let error): error.abortReason
            case .unexpectedPDU: .unexpectedPDU
            case .message, .invalidAnswer: .invalidPDUParameterValue
            }
        end(.protocolViolation(violation))
        fire(.invalidPDUReceived, .abort(reason))
    }

    // MARK: Acceptor

    private func received(_ request: AssociateRQ) {
        guard case .acceptor(let registry) = side, let connection = currentConnection() else { return }
        self.request = request
        guard request.protocolVersion & 1 == 1 else {
            end(.rejected(.protocolVersionNotSupported))
            fire(.associateRQReceived, isAcceptable: false, .pdu(.associateRJ(.protocolVersionNotSupported)))
            return
        }
        fire(.associateRQReceived)
        if let rejection = Negotiation.providerRejection(of: request) { return reject(rejection) }
        if let rejection = registry.admit(connection) { return reject(rejection) }
        timers.answerDeadline = .now() + limits.artim
        negotiate(AssociationRequest(pdu: request, connection: connection))
    }

    /// With the client's certificate, which is known only after the TLS handshake.
    private func currentConnection() -> ConnectionInfo? {
        guard let context else { return nil }
        connection = SocketSetup.connectionInfo(of: context.channel, serial: connection?.id)
        return connection
    }

    private func negotiate(_ request: AssociationRequest) {
        guard let eventLoop = context?.eventLoop else { return }
        let handler = handler
        let driver = NIOLoopBound(self, eventLoop: eventLoop)
        Task {
            let answer = await handler.negotiate(request)
            eventLoop.execute { driver.value.answer(with: answer) }
        }
    }

    private func answer(with answer: NegotiationAnswer) {
        guard machine.state == .awaitingLocalResponse, let request else { return }
        switch answer {
        case .reject(let rejection): reject(rejection)
        case .accept(let acceptance):
            let pdu = Negotiation.answer(to: request, granting: acceptance, limits: limits)
            guard let connection,
                let outcome = try? Negotiation.outcome(
                    request: request, answer: pdu, isRequestor: false, connection: connection, limits: limits)
            else { return reject(.noReasonGiven) }
            timers.answerDeadline = nil
            fire(.acceptResponse, .pdu(.associateAC(pdu)))
            establish(outcome)
        }
    }

    func reject(_ rejection: AssociateRJ) {
        timers.answerDeadline = nil
        end(.rejected(rejection))
        fire(.rejectResponse, .pdu(.associateRJ(rejection)))
    }

    // MARK: Requestor

    private func received(_ answer: AssociateAC) throws(ProtocolViolation) {
        guard let request, let connection = currentConnection() else { return }
        let outcome = try Negotiation.outcome(
            request: request, answer: answer, isRequestor: true, connection: connection, limits: limits)
        timers.answerDeadline = nil
        fire(.associateACReceived)
        establish(outcome)
    }

    func requestRelease() {
        guard machine.state == .established else { return }
        timers.answerDeadline = .now() + limits.artim
        fire(.releaseRequest)
    }

    func abort(reason: AssociationEnd.Reason) {
        guard endReason == nil else { return }
        end(reason)
        if machine.handle(.abortRequest) != nil {
            write(.abort(AbortPDU(source: reason == .aborted ? .serviceUser : .serviceProvider)))
            timers.artimDeadline = .now() + limits.artim
        } else {
            context?.close(promise: nil)
        }
    }

    // MARK: Both

    private func establish(_ outcome: NegotiatedAssociation) {
        guard let context else { return }
        negotiated = outcome
        let association = Association(
            outcome, channel: context.channel, driver: NIOLoopBound(self, eventLoop: context.eventLoop))
        self.association = association
        timers.lastActivity = .now()
        switch side {
        case .acceptor(let registry): registry.established(association)
        case .requestor(_, let promise): promise.succeed(association)
        }
        handler.associationEstablished(association)
    }

    /// The association is over, whatever still happens to the connection. Only the first reason counts.
    func end(_ reason: AssociationEnd.Reason) {
        guard endReason == nil else { return }
        endReason = reason
        let unfinished = performing.count + invoking.count
        let error = AssociationError.ended(reason)
        if case .requestor(_, let promise) = side {
            if case .rejected(let rejection) = reason {
                promise.fail(AssociationError.rejected(rejection))
            } else {
                promise.fail(error)
            }
        }
        endOperations(error)
        outbox.fail(error)
        if case .acceptor(let registry) = side, let connection { registry.ended(connection) }
        association = nil
        handler.associationEnded(AssociationEnd(reason: reason, unfinishedOperations: unfinished))
    }
}
