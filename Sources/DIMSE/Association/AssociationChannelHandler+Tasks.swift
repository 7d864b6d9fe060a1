import DICOMCore
import NIOCore

/// Operations that run as tasks: everything but stores.
extension AssociationChannelHandler {
    func perform(_ echo: EchoCommand, _ contextID: UInt8, _ association: Association) {
        let handler = handler
        run(echo.messageID, contextID) { _ in
            let status = await handler.echo(EchoRequest(association: association, messageID: echo.messageID))
            return (Command.echo(echo).response(status), nil)
        }
    }

    func perform(
        _ command: NormalizedCommand, _ context: PresentationContext, dataSet: ByteBuffer?, _ association: Association
    ) {
        let handler = handler
        run(command.messageID, context.id) { _ in
            let decoded: DataSet?
            do {
                decoded = try dataSet.map { try DataSetCoding.decode($0, context.transferSyntax) }
            } catch {
                return (Command.normalized(command).response(.processingFailure), nil)
            }
            let request = NormalizedRequest(association: association, context: context, command: command)
            let answer = await handler.normalized(request, dataSet: decoded)
            var response = Command.normalized(command).response(answer.status)
            if let uid = answer.affectedSOPInstanceUID { response.affectedSOPInstanceUID = uid }
            response.errorComment = answer.errorComment
            return (response, answer.dataSet)
        }
    }

    func perform(
        _ query: QueryCommand, _ context: PresentationContext, _ identifier: ByteBuffer, _ association: Association
    ) {
        let handler = handler
        run(query.messageID, context.id) { output in
            let decoded: DataSet
            do {
                decoded = try DataSetCoding.decode(identifier, context.transferSyntax)
            } catch {
                return (Command.query(query).response(.cannotUnderstand), nil)
            }
            switch query.kind {
            case .find:
                let request = FindRequest(
                    association: association, context: context, messageID: query.messageID, priority: query.priority)
                return (await Self.find(handler.find(request, identifier: decoded), query, output), nil)
            case .get, .move:
                var destination: String?
                if case .move(let title) = query.kind { destination = title }
                let request = RetrieveRequest(
                    association: association, context: context, messageID: query.messageID, priority: query.priority,
                    moveDestination: destination)
                let control = RetrieveControl(association: association, output: output, query: query)
                let result =
                    destination == nil
                    ? await handler.get(request, identifier: decoded, control: control)
                    : await handler.move(request, identifier: decoded, control: control)
                return Self.response(to: query, result)
            }
        }
    }

    /// Passes matches on until they end, fail, or the peer cancels.
    private static func find(
        _ answers: AsyncThrowingStream<FindAnswer, any Error>, _ query: QueryCommand, _ output: OperationOutput
    ) async -> ResponseCommand {
        let command = Command.query(query)
        do {
            for try await answer in answers {
                if Task.isCancelled { return command.response(.cancel) }
                try await output.send(command.response(answer.status), dataSet: answer.identifier)
            }
            return command.response(Task.isCancelled ? .cancel : .success)
        } catch let failure as DIMSEFailure {
            var response = command.response(failure.status)
            response.errorComment = failure.errorComment
            response.offendingElements = failure.offendingElements.map { $0.rawValue }
            return response
        } catch {
            return command.response(Task.isCancelled ? .cancel : .unableToProcess)
        }
    }

    private static func response(to query: QueryCommand, _ result: RetrieveResult) -> (ResponseCommand, DataSet?) {
        var response = Command.query(query).response(result.status)
        response.suboperations = result.counts
        response.errorComment = result.errorComment
        guard !result.failedSOPInstanceUIDs.isEmpty else { return (response, nil) }
        var failed = DataSet()
        failed.set(Tag(0x0008, 0x0058), .ui, result.failedSOPInstanceUIDs)
        return (response, failed)
    }

    /// Runs an operation off the event loop and sends what it returns as its final response.
    private func run(
        _ messageID: UInt16, _ contextID: UInt8,
        _ body: @escaping @Sendable (OperationOutput) async -> (ResponseCommand, DataSet?)
    ) {
        guard let eventLoop = context?.eventLoop, let syntax = presentationContext(contextID)?.transferSyntax,
            let serial = performing[messageID]?.serial
        else { return }
        let driver = NIOLoopBound(self, eventLoop: eventLoop)
        let output = OperationOutput(
            driver: driver, eventLoop: eventLoop, messageID: messageID, serial: serial, contextID: contextID,
            transferSyntax: syntax)
        performing[messageID]?.task = Task {
            let (response, dataSet) = await body(output)
            var final = response
            var encoded: ByteBuffer?
            do {
                encoded = try dataSet.map { try DataSetCoding.encode($0, syntax) }
            } catch {
                final.status = .processingFailure
            }
            let answer = (final, encoded)
            eventLoop.execute {
                guard driver.value.performing[messageID]?.serial == serial else { return }
                _ = output.drain()
                driver.value.finish(answer.0, contextID, dataSet: answer.1)
            }
        }
    }
}

/// What a C-MOVE or C-GET provider does with its association while it works.
public struct RetrieveControl: Sendable {
    public let association: Association
    let output: OperationOutput
    let query: QueryCommand

    /// The peer has sent C-CANCEL, or the association has ended.
    public var isCancelled: Bool { Task.isCancelled }

    /// Sends a pending response with the numbers of sub-operations so far.
    public func report(_ counts: SuboperationCounts) {
        var response = Command.query(query).response(.pending)
        response.suboperations = counts
        output.send(response)
    }

    /// C-GET: a C-STORE sub-operation on the same association (PS3.4 §C.4.3.1.4).
    ///
    /// - Throws: `CancellationError` before it begins when the retrieve was cancelled; once begun it is completed.
    public func store(_ instance: OutgoingInstance) async throws -> StoreOutcome {
        try Task.checkCancellation()
        return try await association.store(instance)
    }
}
