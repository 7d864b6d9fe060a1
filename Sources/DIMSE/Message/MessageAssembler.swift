/// Puts commands together from presentation data values and says whose data set is passing (PS3.7 §6.3, PS3.8 Annex E).
///
/// Commands are held in memory, data sets are not.
public struct MessageAssembler: Sendable {
    public enum Event: Hashable, Sendable {
        /// More fragments of the command are to come.
        case none
        /// A command without data set, or with one that follows.
        case command(Command, contextID: UInt8)
        /// The fragment belongs to the data set of the last command.
        case dataSetFragment(isEnd: Bool)
    }

    private enum State: Sendable {
        case idle
        case command(contextID: UInt8)
        case dataSet(contextID: UInt8)
    }

    private let maximumCommandBytes: Int
    private var state = State.idle
    private var commandBytes: [UInt8] = []

    public init(maximumCommandBytes: Int) { self.maximumCommandBytes = maximumCommandBytes }

    /// Between two messages.
    public var isIdle: Bool { if case .idle = state { true } else { false } }

    /// - Parameter bytes: the bytes of `fragment`; read only when it belongs to a command.
    public mutating func add(
        _ fragment: PDUStreamReader.PDVFragment, bytes: Span<UInt8>
    ) throws(MessageError) -> Event {
        let isEnd = fragment.isLast && fragment.endsPDV
        switch state {
        case .idle, .command:
            guard fragment.isCommand else {
                throw .unexpectedFragment(isCommand: false, contextID: fragment.contextID)
            }
            if case .command(let contextID) = state { try check(fragment, contextID) }
            try append(bytes, fragment.range)
            state = .command(contextID: fragment.contextID)
            return isEnd ? try finishCommand(fragment.contextID) : .none
        case .dataSet(let contextID):
            guard !fragment.isCommand else {
                throw .unexpectedFragment(isCommand: true, contextID: fragment.contextID)
            }
            try check(fragment, contextID)
            if isEnd { state = .idle }
            return .dataSetFragment(isEnd: isEnd)
        }
    }

    private func check(_ fragment: PDUStreamReader.PDVFragment, _ contextID: UInt8) throws(MessageError) {
        guard fragment.contextID == contextID else { throw .contextChanged(from: contextID, to: fragment.contextID) }
    }

    private mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(MessageError) {
        guard range.count <= maximumCommandBytes - commandBytes.count else {
            throw .commandTooLong(limit: maximumCommandBytes)
        }
        for index in range { commandBytes.append(bytes[index]) }
    }

    private mutating func finishCommand(_ contextID: UInt8) throws(MessageError) -> Event {
        defer { commandBytes.removeAll(keepingCapacity: true) }
        let set = try CommandSet(decoding: commandBytes)
        let command = try Command(set)
        // The element decides what follows, also where the service knows better: the bytes come as it says.
        guard set.hasDataSet == command.hasDataSet else { throw .invalidElement(tag: CommandTag.dataSetType) }
        state = set.hasDataSet ? .dataSet(contextID: contextID) : .idle
        return .command(command, contextID: contextID)
    }
}
