import DICOMCore
import NIOCore

/// Drives one association on its event loop: bytes to PDUs, PDUs through the state machine, messages to operations.
///
/// Only the event loop touches it. It reads from the channel no faster than it can hand on: while reading is stopped,
/// at most one burst of the receive allocator waits in ``pendingInput``.
final class AssociationChannelHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let limits: AssociationLimits
    let handler: any AssociationHandler
    let side: Side

    var machine: UpperLayerStateMachine
    var reader: PDUStreamReader
    var assembler: MessageAssembler
    var context: ChannelHandlerContext?

    /// Set when the association stands, cleared when it ends.
    var association: Association?
    var negotiated: NegotiatedAssociation?
    var request: AssociateRQ?
    var connection: ConnectionInfo?
    /// What arrives while the close is awaited is no PDU.
    private var isInputUnreadable = false
    var endReason: AssociationEnd.Reason?

    // Reading.
    private var pendingInput = ByteBuffer()
    private var isProcessing = false
    private var wantsRead = false
    private var pauses = 0
    /// A request beyond the agreed number of operations; nothing is read until one ends.
    var deferredCommand: (command: Command, contextID: UInt8)?

    // Operations.
    var incoming = IncomingDataSet.none
    var performing: [UInt16: PerformedOperation] = [:]
    var operationSerial: UInt64 = 0
    var invoking: [UInt16: Invocation] = [:]
    var invocationWaiters: [InvocationRequest] = []
    var lastMessageID: UInt16 = 0
    /// Receives the sub-operations of a C-GET that this side invoked.
    var retrieveSink: (@Sendable (StoreRequest) -> any StoreSink)?

    // Writing.
    var outbox = Outbox()
    var isFlushScheduled = false
    /// Chunks of a streamed message that the socket has not taken yet.
    var unwrittenChunks = 0

    var timers = AssociationTimers()

    /// What differs between the requestor and the acceptor of an association.
    enum Side {
        case acceptor(AssociationRegistry)
        case requestor(AssociateRQ, EventLoopPromise<Association>)
    }

    init(side: Side, handler: any AssociationHandler, limits: AssociationLimits) {
        self.side = side
        self.handler = handler
        self.limits = limits
        if case .requestor = side {
            machine = UpperLayerStateMachine(isRequestor: true)
        } else {
            machine = UpperLayerStateMachine(isRequestor: false)
        }
        reader = PDUStreamReader(
            maximumDataPDULength: limits.maximumPDULength, maximumControlPDULength: limits.maximumControlPDULength)
        assembler = MessageAssembler(maximumCommandBytes: limits.maximumCommandBytes)
    }

    // MARK: Channel life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard machine.state == .idle, endReason == nil else { return }
        connection = SocketSetup.connectionInfo(of: context.channel)
        startTimers()
        switch side {
        case .acceptor: fire(.transportIndicated)
        case .requestor(let request, _):
            self.request = request
            fire(.associateRequest)
            fire(.transportConfirmed, .pdu(.associateRQ(request)))
            timers.answerDeadline = .now() + limits.artim
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fire(.transportClosed)
        end(.connectionLost(reason: "closed by peer"))
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(.connectionLost(reason: "closed"))
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(.connectionLost(reason: SocketSetup.describe(error)))
        context.close(promise: nil)
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        SocketSetup.acknowledgeQuickly(context.channel)
        var bytes = unwrapInboundIn(data)
        timers.lastActivity = .now()
        // Once the end is decided, nothing that still arrives is of interest but the peer's wish to close at once; ARTIM
        // bounds how long we wait for the close.
        guard machine.state != .awaitingClose else { return lookForAbort(bytes) }
        guard endReason == nil else { return }
        if pendingInput.readableBytes == 0 { pendingInput = bytes } else { pendingInput.writeBuffer(&bytes) }
        process()
    }

    /// A peer that aborts after the release waits for us to close (PS3.8 Table 9-10, Sta13, AA-2).
    private func lookForAbort(_ bytes: ByteBuffer) {
        guard !isInputUnreadable else { return }
        var input = pendingInput
        input.writeImmutableBuffer(bytes)
        pendingInput.clear()
        while input.readableBytes > 0 {
            var offset = 0
            do throws(PDUError) {
                switch try reader.next(in: input.readableBytesUInt8Span, at: &offset) {
                case .needsMoreBytes: return
                case .pdu(.abort): return fire(.abortReceived)
                case .pdu, .fragment: input.moveReaderIndex(forwardBy: offset)
                }
            } catch {
                isInputUnreadable = true
                return
            }
        }
    }

    func read(context: ChannelHandlerContext) {
        if isReadingStopped { wantsRead = true } else { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        timers.lastWriteProgress = .now()
        process()
        context.fireChannelWritabilityChanged()
    }

    /// A peer that does not take our answers gets no more of its requests read. While a data set is streaming out this
    /// does not hold: both sides could wait for each other.
    var isReadingStopped: Bool {
        pauses > 0 || deferredCommand != nil || (context?.channel.isWritable == false && !outbox.isStreaming)
    }

    var isWithinMessage: Bool { !reader.isAtBoundary || !assembler.isIdle }

    func changePauses(by change: Int) {
        pauses = max(0, pauses + change)
        if pauses == 0 { process() }
    }

    /// Takes the waiting input as far as reading is allowed, then lets the channel read on.
    func process() {
        guard !isProcessing else { return }
        isProcessing = true
        let completed = reader.completedDataPDUs
        // A message that begins now has all its time, however long nothing came before.
        if !isWithinMessage { timers.lastPDU = .now() }
        do throws(ProtocolViolation) {
            try processInput()
        } catch {
            violate(error)
        }
        if reader.completedDataPDUs != completed || isReadingStopped { timers.lastPDU = .now() }
        isProcessing = false
        if wantsRead, !isReadingStopped {
            wantsRead = false
            timers.lastPDU = .now()
            context?.read()
        }
    }

    private func processInput() throws(ProtocolViolation) {
        resumeDeferredCommand()
        while pendingInput.readableBytes > 0 {
            guard !isReadingStopped else { return }
            guard endReason == nil, machine.state != .awaitingClose else {
                let rest = pendingInput
                pendingInput.clear()
                if machine.state == .awaitingClose { lookForAbort(rest) }
                return
            }
            // A copy of the reference, so that the handler may be changed while the span is in use.
            let input = pendingInput
            var offset = 0
            let event = try nextEvent(input.readableBytesUInt8Span, &offset)
            pendingInput.moveReaderIndex(forwardBy: offset)
            switch event {
            case .needsMoreBytes: pendingInput = ByteBuffer()
            case .pdu(let pdu): try received(pdu)
            case .fragment(let fragment): try received(fragment, in: input)
            }
        }
    }

    private func nextEvent(
        _ bytes: Span<UInt8>, _ offset: inout Int
    ) throws(ProtocolViolation) -> PDUStreamReader.Event {
        do throws(PDUError) { return try reader.next(in: bytes, at: &offset) } catch { throw .pdu(error) }
    }

    private func received(_ fragment: PDUStreamReader.PDVFragment, in input: ByteBuffer) throws(ProtocolViolation) {
        guard machine.state == .established || machine.state == .awaitingReleaseRP else {
            throw .unexpectedPDU(state: machine.state)
        }
        let event: MessageAssembler.Event
        do throws(MessageError) {
            event = try assembler.add(fragment, bytes: input.readableBytesUInt8Span)
        } catch { throw .message(error) }
        switch event {
        case .none: break
        case .command(let command, let contextID): try received(command, contextID)
        case .dataSetFragment(let isEnd):
            let start = input.readerIndex + fragment.range.lowerBound
            if let slice = input.getSlice(at: start, length: fragment.range.count) {
                try receivedDataSet(slice, isEnd: isEnd)
            }
        }
    }
}

@available(*, unavailable)
extension AssociationChannelHandler: Sendable {}
