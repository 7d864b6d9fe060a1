import DICOMCore
import NIOCore
import Synchronization

/// The matches of one C-FIND, as they come. The request is sent when iteration begins.
public struct FindAnswers: AsyncSequence, Sendable {
    public typealias Element = FindAnswer
    public typealias Failure = any Error

    let association: Association
    let sopClassUID: String
    let identifier: DataSet
    let priority: Priority

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(query: self) }

    public struct AsyncIterator: AsyncIteratorProtocol {
        private let query: FindAnswers
        private var running: RunningFind?
        private var isOver = false

        init(query: FindAnswers) { self.query = query }

        /// - Returns: `nil` after the last match, and when the peer confirmed a cancellation.
        /// - Throws: ``DIMSEFailure``, ``AssociationError``, `CancellationError`.
        public mutating func next() async throws -> FindAnswer? {
            guard !isOver else { return nil }
            do {
                let find = if let running { running } else { try await RunningFind(query) }
                running = find
                if let answer = try await find.next() { return answer }
            } catch {
                isOver = true
                throw error
            }
            isOver = true
            return nil
        }
    }
}

/// A C-FIND that has been sent. Dropping it before the final response cancels the query.
private final class RunningFind: Sendable {
    private let association: Association
    private let messageID: UInt16
    private let context: PresentationContext
    private let isOver = Mutex(false)

    init(_ query: FindAnswers) async throws {
        let association = query.association
        guard let context = association.invokableContext(sopClassUID: query.sopClassUID) else {
            throw AssociationError.noPresentationContext(sopClassUID: query.sopClassUID, transferSyntaxUID: nil)
        }
        let identifier = try DataSetCoding.encode(query.identifier, context.transferSyntax)
        let messageID = try await association.reserveInvocation(.cFindRQ, context)
        self.association = association
        self.messageID = messageID
        self.context = context
        let command = QueryCommand(
            kind: .find, messageID: messageID, affectedSOPClassUID: query.sopClassUID, priority: query.priority)
        try await association.send(.query(command), messageID, context, dataSet: identifier)
    }

    deinit {
        if !isOver.withLock({ $0 }) { abandon() }
    }

    private func abandon() {
        let driver = association.driver
        let messageID = messageID
        association.channel.eventLoop.execute { driver.value.abandonInvocation(messageID) }
    }

    func next() async throws -> FindAnswer? {
        let response = try await withTaskCancellationHandler {
            try await association.nextResponse(messageID)
        } onCancel: {
            abandon()
        }
        let status = response.command.status
        if response.isFinal { isOver.withLock { $0 = true } }
        switch status.category {
        case .pending:
            guard let bytes = response.dataSet else { throw AssociationError.unexpectedResponse(field: .cFindRQ) }
            return FindAnswer(try DataSetCoding.decode(bytes, context.transferSyntax), status: status)
        case .success, .cancel, .warning: return nil
        case .failure:
            throw DIMSEFailure(
                status: status, errorComment: response.command.errorComment,
                offendingElements: response.command.offendingElements.map { Tag(rawValue: $0) })
        }
    }
}
