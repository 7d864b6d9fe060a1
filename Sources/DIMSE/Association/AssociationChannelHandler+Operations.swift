import DICOMCore
import NIOCore

/// Performing what the peer asks for.
extension AssociationChannelHandler {
    func received(_ command: Command, _ contextID: UInt8) throws(ProtocolViolation) {
        guard presentationContext(contextID) != nil else { throw .message(.contextNotAccepted(contextID: contextID)) }
        switch command {
        case .response(let response):
            if response.hasDataSet {
                incoming = .buffer(command, contextID: contextID, ByteBuffer())
            } else {
                try received(response, contextID, dataSet: nil)
            }
        case .cancel(let cancel): performing[cancel.messageIDBeingRespondedTo]?.task?.cancel()
        case .store, .query, .echo, .normalized:
            if performing.count >= negotiated?.maximumPerformed ?? 1 {
                deferredCommand = (command, contextID)
            } else {
                begin(command, contextID)
            }
        }
    }

    func resumeDeferredCommand() {
        guard let deferred = deferredCommand, performing.count < negotiated?.maximumPerformed ?? 1 else { return }
        deferredCommand = nil
        begin(deferred.command, deferred.contextID)
    }

    func presentationContext(_ id: UInt8) -> PresentationContext? {
        negotiated?.contexts.first { $0.id == id }
    }

    private func begin(_ command: Command, _ contextID: UInt8) {
        guard let association, let context = presentationContext(contextID), let messageID = command.requestMessageID
        else { return }
        guard performing[messageID] == nil else {
            return refuse(command, contextID, .duplicateInvocation)
        }
        if case .store(let store) = command, let problem = store.problem(in: context) {
            let request = StoreRequest(association: association, context: context, command: store, flow: makeFlow())
            handler.storeRefused(request, status: problem.status, reason: problem.reason)
            return refuse(command, contextID, problem.status, problem.reason)
        }
        operationSerial &+= 1
        performing[messageID] = PerformedOperation(serial: operationSerial, task: nil)
        switch command {
        case .store(let store):
            let request = StoreRequest(association: association, context: context, command: store, flow: makeFlow())
            let sink = retrieveSink.map { $0(request) } ?? handler.storeSink(for: request)
            incoming = .sink(sink, store, contextID: contextID, serial: operationSerial)
        case .echo(let echo): perform(echo, contextID, association)
        case .normalized(let normalized) where !normalized.hasDataSet:
            perform(normalized, context, dataSet: nil, association)
        case .query, .normalized: incoming = .buffer(command, contextID: contextID, ByteBuffer())
        case .cancel, .response: break
        }
    }

    /// Answers without performing, after the data set, if there is one, has passed.
    private func refuse(_ command: Command, _ contextID: UInt8, _ status: DIMSEStatus, _ comment: String? = nil) {
        var response = command.response(status)
        response.errorComment = comment
        if command.hasDataSet {
            incoming = .discarded(response, contextID: contextID)
        } else {
            respond(response, contextID, dataSet: nil)
        }
    }

    private func makeFlow() -> StoreFlow {
        guard let eventLoop = context?.eventLoop else { return StoreFlow { _ in } }
        let driver = NIOLoopBound(self, eventLoop: eventLoop)
        return StoreFlow { change in
            if eventLoop.inEventLoop {
                driver.value.changePauses(by: change)
            } else {
                eventLoop.execute { driver.value.changePauses(by: change) }
            }
        }
    }

    // MARK: Data sets

    func receivedDataSet(_ bytes: ByteBuffer, isEnd: Bool) throws(ProtocolViolation) {
        association?.count { $0.receivedBytes += bytes.readableBytes }
        switch incoming {
        case .none: break
        case .sink(let sink, let command, let contextID, let serial):
            if bytes.readableBytes > 0 { sink.receive(bytes) }
            guard isEnd, endReason == nil else { return }
            incoming = .none
            sink.finish(completion(of: command, contextID, serial))
        case .buffer(let command, let contextID, var buffer):
            incoming = .none
            guard buffer.readableBytes + bytes.readableBytes <= limits.maximumIdentifierBytes else {
                throw .message(.dataSetTooLong(limit: limits.maximumIdentifierBytes))
            }
            buffer.writeImmutableBuffer(bytes)
            if isEnd {
                try perform(command, contextID, dataSet: buffer)
            } else {
                incoming = .buffer(command, contextID: contextID, buffer)
            }
        case .discarded(let response, let contextID):
            guard isEnd else { return }
            incoming = .none
            respond(response, contextID, dataSet: nil)
        }
    }

    private func perform(_ command: Command, _ contextID: UInt8, dataSet: ByteBuffer) throws(ProtocolViolation) {
        guard let association, let context = presentationContext(contextID) else { return }
        switch command {
        case .response(let response): try received(response, contextID, dataSet: dataSet)
        case .query(let query): perform(query, context, dataSet, association)
        case .normalized(let normalized): perform(normalized, context, dataSet: dataSet, association)
        case .store, .echo, .cancel: break
        }
    }

    // MARK: Stores

    private func completion(of command: StoreCommand, _ contextID: UInt8, _ serial: UInt64) -> StoreCompletion {
        guard let eventLoop = context?.eventLoop else { return StoreCompletion { _, _ in } }
        let driver = NIOLoopBound(self, eventLoop: eventLoop)
        return StoreCompletion { status, comment in
            if eventLoop.inEventLoop {
                driver.value.finishStore(command, contextID, serial, status, comment)
            } else {
                eventLoop.execute { driver.value.finishStore(command, contextID, serial, status, comment) }
            }
        }
    }

    private func finishStore(
        _ command: StoreCommand, _ contextID: UInt8, _ serial: UInt64, _ status: DIMSEStatus, _ comment: String?
    ) {
        guard performing[command.messageID]?.serial == serial else { return }
        var response = Command.store(command).response(status)
        response.affectedSOPInstanceUID = command.affectedSOPInstanceUID
        response.errorComment = comment
        if status.isSuccessOrWarning { association?.count { $0.storedInstances += 1 } }
        finish(response, contextID, dataSet: nil)
    }

    // MARK: Responses

    /// Sends the final response of an operation and makes room for the next.
    func finish(_ response: ResponseCommand, _ contextID: UInt8, dataSet: ByteBuffer?) {
        guard performing.removeValue(forKey: response.messageIDBeingRespondedTo) != nil else { return }
        timers.lastActivity = .now()
        association?.count { $0.performedOperations += 1 }
        respond(response, contextID, dataSet: dataSet)
        process()
    }

    func respond(_ response: ResponseCommand, _ contextID: UInt8, dataSet: ByteBuffer?) {
        var response = response
        response.hasDataSet = dataSet != nil
        send(.response(response), contextID, dataSet: dataSet, promise: nil)
    }

    // MARK: The end

    func endOperations(_ error: AssociationError) {
        deferredCommand = nil
        let ended = performing
        performing.removeAll()
        for operation in ended.values { operation.task?.cancel() }
        if case .sink(let sink, _, _, _) = incoming { sink.cancelled() }
        incoming = .none
        failInvocations(error)
    }
}

extension StoreCommand {
    /// Why the request cannot be performed, though the association can go on.
    func problem(in context: PresentationContext) -> (status: DIMSEStatus, reason: String)? {
        // What was negotiated, and allowed, is the abstract syntax.
        guard affectedSOPClassUID == context.abstractSyntax else {
            return (.sopClassNotSupported, "the SOP class is not that of the presentation context")
        }
        if affectedSOPInstanceUID.isEmpty { return (.invalidSOPInstance, "the SOP Instance UID is missing") }
        if affectedSOPInstanceUID.utf8.count > 64 {
            return (.invalidSOPInstance, "the SOP Instance UID is longer than 64 characters")
        }
        let isPrintable = affectedSOPInstanceUID.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        return isPrintable ? nil : (.invalidSOPInstance, "the SOP Instance UID holds characters no UID has")
    }
}

extension Command {
    /// A response to this request with the elements that all services share.
    func response(_ status: DIMSEStatus) -> ResponseCommand {
        let field: CommandField
        let sopClassUID: String?
        switch self {
        case .store(let command):
            let isUID = (1...64).contains(command.affectedSOPClassUID.utf8.count)
            (field, sopClassUID) = (.cStoreRQ, isUID ? command.affectedSOPClassUID : nil)
        case .query(let command): (field, sopClassUID) = (command.field, command.affectedSOPClassUID)
        case .echo(let command): (field, sopClassUID) = (.cEchoRQ, command.affectedSOPClassUID)
        case .normalized(let command): (field, sopClassUID) = (command.field, command.sopClassUID)
        case .cancel, .response: (field, sopClassUID) = (.cCancelRQ, nil)
        }
        var response = ResponseCommand(
            requestField: field, messageIDBeingRespondedTo: requestMessageID ?? 0, status: status)
        response.affectedSOPClassUID = sopClassUID
        if case .normalized(let command) = self {
            response.affectedSOPInstanceUID = command.sopInstanceUID
            if case .eventReport(let id) = command.kind { response.eventTypeID = id }
            if case .action(let id) = command.kind { response.actionTypeID = id }
        }
        return response
    }
}
