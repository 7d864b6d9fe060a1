public import DICOMCore
import NIOCore

/// Invoking services on the peer.
extension Association {
    /// C-ECHO (PS3.7 §9.1.5).
    public func echo() async throws -> DIMSEStatus {
        let context = try requireContext(UID.verification)
        let command = Command.echo(EchoCommand(messageID: 0, affectedSOPClassUID: UID.verification))
        let response = try await invokeOnce(command, context, dataSet: nil)
        return response.command.status
    }

    /// C-STORE (PS3.7 §9.1.1), streaming from `instance.source`.
    ///
    /// Once begun it is completed even when the calling task is cancelled, for a message cannot be taken back. A source
    /// that fails half way costs the association.
    public func store(_ instance: OutgoingInstance) async throws -> StoreOutcome {
        let context = try requireContext(instance.sopClassUID, instance.transferSyntaxUID)
        return try await Task { try await self.storeToEnd(instance, context) }.value
    }

    /// C-FIND (PS3.7 §9.1.2). Ending the iteration early sends C-CANCEL, as does cancelling the task.
    ///
    /// The sequence throws ``DIMSEFailure`` for a failure status.
    public func find(
        sopClassUID: String, identifier: DataSet, priority: Priority = .medium
    ) -> FindAnswers {
        FindAnswers(association: self, sopClassUID: sopClassUID, identifier: identifier, priority: priority)
    }

    /// C-MOVE (PS3.7 §9.1.4). Cancelling the task sends C-CANCEL; the result then has status cancel.
    ///
    /// - Parameter progress: called for each pending response.
    public func move(
        sopClassUID: String, identifier: DataSet, destination: String, priority: Priority = .medium,
        progress: @escaping @Sendable (SuboperationCounts) -> Void = { _ in }
    ) async throws -> RetrieveResult {
        let context = try requireContext(sopClassUID)
        let command = QueryCommand(
            kind: .move(destination: destination), messageID: 0, affectedSOPClassUID: sopClassUID, priority: priority)
        return try await retrieve(command, context, identifier, progress)
    }

    /// C-GET (PS3.7 §9.1.3): the instances come as C-STORE sub-operations into the sinks that `sink` makes.
    ///
    /// The storage classes must have been negotiated with the SCP role for this side. Cancelling the task sends
    /// C-CANCEL. One C-GET at a time on an association.
    public func get(
        sopClassUID: String, identifier: DataSet, priority: Priority = .medium,
        progress: @escaping @Sendable (SuboperationCounts) -> Void = { _ in },
        sink: @escaping @Sendable (StoreRequest) -> any StoreSink
    ) async throws -> RetrieveResult {
        let context = try requireContext(sopClassUID)
        try await onLoop { $0.retrieveSink = sink }
        let command = QueryCommand(kind: .get, messageID: 0, affectedSOPClassUID: sopClassUID, priority: priority)
        do {
            let result = try await retrieve(command, context, identifier, progress)
            try? await onLoop { $0.retrieveSink = nil }
            return result
        } catch {
            try? await onLoop { $0.retrieveSink = nil }
            throw error
        }
    }

    /// Any of the normalized services (PS3.7 §10.1).
    ///
    /// - Parameter contextSOPClassUID: the abstract syntax to use, when it differs from the SOP class (meta SOP classes).
    public func invoke(
        _ kind: NormalizedCommand.Kind, sopClassUID: String, sopInstanceUID: String?, dataSet: DataSet? = nil,
        contextSOPClassUID: String? = nil
    ) async throws -> NormalizedAnswer {
        let abstractSyntax = contextSOPClassUID ?? sopClassUID
        let context: PresentationContext
        if case .eventReport = kind {
            // The provider of the SOP class reports events, so its role is the other one.
            guard
                let found = presentationContexts.first(where: { $0.isLocalSCP && $0.abstractSyntax == abstractSyntax })
            else { throw AssociationError.noPresentationContext(sopClassUID: abstractSyntax, transferSyntaxUID: nil) }
            context = found
        } else {
            context = try requireContext(abstractSyntax)
        }
        let command = NormalizedCommand(
            kind: kind, messageID: 0, sopClassUID: sopClassUID, sopInstanceUID: sopInstanceUID,
            hasDataSet: dataSet != nil)
        let encoded = try dataSet.map { try DataSetCoding.encode($0, context.transferSyntax) }
        let response = try await invokeOnce(.normalized(command), context, dataSet: encoded)
        return NormalizedAnswer(
            status: response.command.status,
            dataSet: try response.dataSet.map { try DataSetCoding.decode($0, context.transferSyntax) },
            affectedSOPInstanceUID: response.command.affectedSOPInstanceUID,
            errorComment: response.command.errorComment)
    }

    private func requireContext(
        _ sopClassUID: String, _ transferSyntaxUID: String? = nil
    ) throws(AssociationError) -> PresentationContext {
        guard let context = invokableContext(sopClassUID: sopClassUID, transferSyntaxUID: transferSyntaxUID) else {
            throw .noPresentationContext(sopClassUID: sopClassUID, transferSyntaxUID: transferSyntaxUID)
        }
        return context
    }

    // MARK: Retrieval

    private func retrieve(
        _ command: QueryCommand, _ context: PresentationContext, _ identifier: DataSet,
        _ progress: @escaping @Sendable (SuboperationCounts) -> Void
    ) async throws -> RetrieveResult {
        let encoded = try DataSetCoding.encode(identifier, context.transferSyntax)
        let messageID = try await reserveInvocation(command.field, context)
        try await send(.query(command), messageID, context, dataSet: encoded)
        let driver = driver
        let eventLoop = channel.eventLoop
        // The final response still comes after C-CANCEL, and with it the numbers of what has been done.
        return try await withTaskCancellationHandler {
            while true {
                let response = try await nextResponse(messageID)
                if let counts = response.command.suboperations, !response.isFinal { progress(counts) }
                if response.isFinal { return try Self.result(response, context) }
            }
        } onCancel: {
            eventLoop.execute { driver.value.sendCancel(messageID) }
        }
    }

    private static func result(
        _ response: InvocationResponse, _ context: PresentationContext
    ) throws -> RetrieveResult {
        let dataSet = try response.dataSet.map { try DataSetCoding.decode($0, context.transferSyntax) }
        return RetrieveResult(
            status: response.command.status, counts: response.command.suboperations ?? SuboperationCounts(),
            failedSOPInstanceUIDs: dataSet?.strings(Tag(0x0008, 0x0058)) ?? [],
            errorComment: response.command.errorComment)
    }

    // MARK: Messages

    /// Sends a request with at most one response. A cancelled task gives up waiting; the response is then dropped.
    private func invokeOnce(
        _ command: Command, _ context: PresentationContext, dataSet: ByteBuffer?
    ) async throws -> InvocationResponse {
        let messageID = try await reserveInvocation(command.field, context)
        try await send(command, messageID, context, dataSet: dataSet)
        let driver = driver
        let eventLoop = channel.eventLoop
        return try await withTaskCancellationHandler {
            try await nextResponse(messageID)
        } onCancel: {
            eventLoop.execute { driver.value.abandonInvocation(messageID) }
        }
    }

    /// - Parameter isStreamed: also wait until nothing else is being sent, and keep it so until the stream is ended.
    func reserveInvocation(
        _ field: CommandField, _ context: PresentationContext, isStreamed: Bool = false
    ) async throws -> UInt16 {
        let driver = driver
        let eventLoop = channel.eventLoop
        return try await withCheckedThrowingContinuation { continuation in
            let request = InvocationRequest(
                field: field, contextID: context.id, isStreamed: isStreamed, continuation: continuation)
            eventLoop.execute { driver.value.requestInvocation(request) }
        }
    }

    func send(
        _ command: Command, _ messageID: UInt16, _ context: PresentationContext, dataSet: ByteBuffer?
    ) async throws {
        try await onLoop { driver in
            guard driver.endReason == nil else { throw AssociationError.ended(driver.endReason ?? .aborted) }
            driver.send(command.numbered(messageID), context.id, dataSet: dataSet, promise: nil)
            driver.invocationSent(messageID)
        }
    }

    func nextResponse(_ messageID: UInt16) async throws -> InvocationResponse {
        let driver = driver
        let eventLoop = channel.eventLoop
        return try await withCheckedThrowingContinuation { continuation in
            eventLoop.execute { driver.value.awaitResponse(messageID, continuation) }
        }
    }
}

extension Command {
    /// The same request under another message ID.
    fileprivate func numbered(_ messageID: UInt16) -> Command {
        switch self {
        case .store(var command):
            command.messageID = messageID
            return .store(command)
        case .query(var command):
            command.messageID = messageID
            return .query(command)
        case .echo(var command):
            command.messageID = messageID
            return .echo(command)
        case .normalized(var command):
            command.messageID = messageID
            return .normalized(command)
        case .cancel, .response: return self
        }
    }

    fileprivate var field: CommandField { response(.success).requestField }
}
