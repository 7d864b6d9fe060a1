import NIOCore
import NIOPosix
import Synchronization

@testable import DIMSE

/// A peer that sends what a test wants, well-formed or not, and remembers what comes back.
final class RawPeer: Sendable {
    private struct State {
        var received: [UInt8] = []
        var isClosed = false
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let peer: RawPeer

        init(_ peer: RawPeer) { self.peer = peer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            peer.state.withLock { $0.received += bytes.readableBytesView }
        }

        func channelInactive(context: ChannelHandlerContext) { peer.state.withLock { $0.isClosed = true } }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private let state = Mutex(State())
    fileprivate let channel = Mutex<(any Channel)?>(nil)

    init(port: Int) async throws {
        let connected = try await ClientBootstrap(group: testGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(self))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        channel.withLock { $0 = connected }
    }

    deinit { channel.withLock { $0?.close(promise: nil) } }

    var received: [UInt8] { state.withLock { $0.received } }
    var isClosed: Bool { state.withLock { $0.isClosed } }
    /// The first byte of each control PDU received, in order.
    var receivedPDUs: [PDU] {
        ((try? events(of: received, maximumDataPDULength: 0)) ?? []).compactMap {
            if case .pdu(let pdu) = $0 { pdu } else { nil }
        }
    }

    func send(_ bytes: [UInt8]) {
        channel.withLock { $0?.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }
    }

    func close() { channel.withLock { $0?.close(promise: nil) } }

    /// Sends an association request for Verification and CT storage and waits for the acceptance.
    func associate(
        maximumPDULength: UInt32 = 16_384, window: AsynchronousOperationsWindow? = nil
    ) async throws -> Bool {
        var information = UserInformation(maximumPDULength: maximumPDULength, implementationClassUID: "1.2.3")
        information.asynchronousOperationsWindow = window
        let request = AssociateRQ(
            calledAETitle: "APUS", callingAETitle: "RAW",
            presentationContexts: [
                .init(id: 1, abstractSyntax: "1.2.840.10008.1.1", transferSyntaxes: ["1.2.840.10008.1.2"]),
                .init(id: 3, abstractSyntax: "1.2.840.10008.5.1.4.1.1.2", transferSyntaxes: ["1.2.840.10008.1.2.1"]),
                .init(id: 5, abstractSyntax: "1.2.840.10008.5.1.4.1.2.2.1", transferSyntaxes: ["1.2.840.10008.1.2.1"]),
            ], userInformation: information)
        send(try PDU.associateRQ(request).encoded())
        return await eventually {
            self.receivedPDUs.contains { if case .associateAC = $0 { true } else { false } }
        }
    }

    /// A command in one PDU.
    func send(_ command: Command, contextID: UInt8) {
        let bytes = command.commandSet.encoded()
        send(PDVFragmenter.header(contextID: contextID, isCommand: true, isLast: true, length: bytes.count) + bytes)
    }

    func sendData(_ bytes: [UInt8], contextID: UInt8, isLast: Bool) {
        send(PDVFragmenter.header(contextID: contextID, isCommand: false, isLast: isLast, length: bytes.count) + bytes)
    }

    /// The commands received, in order.
    var commands: [Command] {
        var assembler = MessageAssembler(maximumCommandBytes: 65_536)
        var commands: [Command] = []
        for event in (try? events(of: received, maximumDataPDULength: 0)) ?? [] {
            guard case .fragment(let id, let isCommand, let isLast, let endsPDV, let bytes) = event else { continue }
            let fragment = PDUStreamReader.PDVFragment(
                contextID: id, isCommand: isCommand, isLast: isLast, range: 0..<bytes.count, endsPDV: endsPDV)
            if case .command(let command, _) = try? assembler.add(fragment, bytes: bytes.span) {
                commands.append(command)
            }
        }
        return commands
    }

    var responses: [ResponseCommand] {
        commands.compactMap { if case .response(let response) = $0 { response } else { nil } }
    }

    /// What an A-ABORT said, once one has come.
    var abort: AbortPDU? {
        receivedPDUs.compactMap { if case .abort(let abort) = $0 { abort } else { nil } }.first
    }
}

/// A peer that reads the answer to its association request and then nothing more.
final class DeafPeer: Sendable {
    private let raw: RawPeer

    init(port: Int) async throws { raw = try await RawPeer(port: port) }

    func associateAndQuery(times: Int) async throws {
        guard try await raw.associate(window: .init(maximumInvoked: 16, maximumPerformed: 1)) else { return }
        raw.stopReading()
        for id in 1...UInt16(times) {
            let command = QueryCommand(kind: .find, messageID: id, affectedSOPClassUID: "1.2.840.10008.5.1.4.1.2.2.1")
            raw.send(.query(command), contextID: 5)
            raw.sendData([], contextID: 5, isLast: true)
        }
    }

    func close() { raw.close() }
}

extension RawPeer {
    func stopReading() { channel.withLock { _ = $0?.setOption(.autoRead, value: false) } }
}
