import DICOMCore
import NIOCore
import Testing

@testable import DIMSE

extension Live {
    @Suite struct `PS3.8 §9.1.4 hostile and broken peers` {
        private let client = AssociationClient(group: testGroup)

        /// After whatever a peer did, the server still serves others.
        private func expectAlive(_ server: AssociationServer) async throws {
            let association = try await client.connect(server.client())
            #expect(try await association.echo() == .success)
            await association.release()
        }

        private func limits(_ change: (inout AssociationLimits) -> Void) -> AssociationLimits {
            var limits = AssociationLimits.default
            limits.artim = .milliseconds(200)
            change(&limits)
            return limits
        }

        @Test(arguments: [
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}\u{00}\u{01}\u{FC}",
            "SSH-2.0-x\r\n",
        ])
        func `a peer of another protocol is aborted`(text: String) async throws {
            try await withServer(limits: limits { _ in }) { server, shared in
                let peer = try await RawPeer(port: server.localPort)
                peer.send(Array(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }))
                #expect(await eventually { peer.abort != nil })
                #expect(await eventually { peer.isClosed })
                #expect(shared.snapshot.requests.isEmpty)
                try await expectAlive(server)
            }
        }

        @Test func `a connection without a complete request is closed by ARTIM`() async throws {
            try await withServer(limits: limits { _ in }) { server, shared in
                let silent = try await RawPeer(port: server.localPort)
                let slow = try await RawPeer(port: server.localPort)
                let start = ContinuousClock.now
                for byte in try PDU.associateRQ(server.client().request()).encoded().prefix(40) {
                    slow.send([byte])
                    try await Task.sleep(for: .milliseconds(10))
                    if slow.isClosed { break }
                }
                #expect(await eventually { silent.isClosed && slow.isClosed })
                #expect(ContinuousClock.now - start < .seconds(2))
                #expect(
                    await eventually {
                        shared.snapshot.ends.map { $0.reason } == [.timedOut(.artim), .timedOut(.artim)]
                    })
                try await expectAlive(server)
            }
        }

        @Test func `an idle association is aborted after the idle limit`() async throws {
            try await withServer(limits: limits { $0.idle = .milliseconds(300) }) { server, shared in
                let peer = try await RawPeer(port: server.localPort)
                #expect(try await peer.associate())
                #expect(await eventually { peer.abort?.source == .serviceProvider })
                #expect(shared.snapshot.ends.map { $0.reason } == [.timedOut(.idle)])
                try await expectAlive(server)
            }
        }

        /// Bytes keep coming, but too slowly to complete a PDU in time.
        @Test func `a stalling data set is aborted by the DIMSE limit`() async throws {
            try await withServer(limits: limits { $0.dimse = .milliseconds(300) }) { server, shared in
                let peer = try await RawPeer(port: server.localPort)
                #expect(try await peer.associate())
                let command = StoreCommand(
                    messageID: 1, affectedSOPClassUID: UID.ctImageStorage, affectedSOPInstanceUID: "1.2")
                peer.send(.store(command), contextID: 3)
                peer.send(PDVFragmenter.header(contextID: 3, isCommand: false, isLast: true, length: 10_000))
                for _ in 0..<200 where peer.abort == nil {
                    peer.send([0])
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(await eventually { shared.snapshot.ends.map { $0.reason } == [.timedOut(.dimse)] })
                #expect(shared.snapshot.cancelledStores == 1)
                try await expectAlive(server)
            }
        }

        @Test func `a data set that keeps coming outlives the DIMSE limit`() async throws {
            try await withServer(limits: limits { $0.dimse = .milliseconds(200) }) { server, shared in
                let peer = try await RawPeer(port: server.localPort)
                #expect(try await peer.associate())
                try await Task.sleep(for: .milliseconds(500))
                let command = StoreCommand(
                    messageID: 1, affectedSOPClassUID: UID.ctImageStorage, affectedSOPInstanceUID: "1.2")
                peer.send(.store(command), contextID: 3)
                for number in 0..<20 {
                    peer.sendData([0, 0], contextID: 3, isLast: number == 19)
                    try await Task.sleep(for: .milliseconds(30))
                }
                #expect(await eventually { peer.responses.map { $0.status } == [.success] })
                #expect(shared.snapshot.stored.first?.bytes.count == 40)
            }
        }

        @Test(arguments: [
            ("04 00 7fffffff", AbortPDU.Reason.invalidPDUParameterValue),  // beyond the negotiated maximum
            ("04 00 0000000a 000000ff 01 03", .invalidPDUParameterValue),  // value beyond its PDU
            ("04 00 0000000a 00000006 09 03 00000000", .invalidPDUParameterValue),  // context not accepted, no command
            ("04 00 00000008 00000004 03 00 0000", .invalidPDUParameterValue),  // data set without command
            ("04 00 0000000e 0000000a 01 03 00000001 ffffffff", .invalidPDUParameterValue),  // command element too long
            ("09 00 00000004 00000000", .unrecognizedPDU),
            ("06 00 00000004 00000000", .unexpectedPDU),  // A-RELEASE-RP out of the blue
            ("03 00 00000004 00010101", .unexpectedPDU),
        ])
        func `a malformed or misplaced PDU is answered with A-ABORT`(text: String, reason: AbortPDU.Reason) async throws
        {
            try await withServer(limits: limits { _ in }) { server, _ in
                let peer = try await RawPeer(port: server.localPort)
                #expect(try await peer.associate())
                peer.send(hex(text))
                #expect(await eventually { peer.abort == AbortPDU(source: .serviceProvider, reason: reason) })
                #expect(await eventually { peer.isClosed })
                try await expectAlive(server)
            }
        }

        @Test func `every truncation of a session ends cleanly`() async throws {
            let request = try PDU.associateRQ(
                AssociationClient.Configuration(
                    host: "", port: 0, calledAETitle: "A", callingAETitle: "B",
                    presentationContexts: [
                        .init(id: 1, abstractSyntax: UID.ctImageStorage, transferSyntaxes: [UID.explicitVRLittleEndian])
                    ]
                ).request()
            ).encoded()
            let command = Command.store(
                StoreCommand(messageID: 1, affectedSOPClassUID: UID.ctImageStorage, affectedSOPInstanceUID: "1.2"))
            let set = command.commandSet.encoded()
            let session =
                request + PDVFragmenter.header(contextID: 1, isCommand: true, isLast: true, length: set.count) + set
                + PDVFragmenter.header(contextID: 1, isCommand: false, isLast: true, length: 10)
                + [UInt8](repeating: 7, count: 10)
            let cuts = Array(stride(from: 0, to: session.count, by: 7))
            try await withServer { server, shared in
                for cut in cuts {
                    let peer = try await RawPeer(port: server.localPort)
                    peer.send(Array(session.prefix(cut)))
                    peer.close()
                }
                #expect(await eventually { shared.snapshot.ends.count == cuts.count })
                #expect(shared.snapshot.stored.isEmpty)
                #expect(await eventually { server.connectionCount == 0 })
                try await expectAlive(server)
            }
        }

        @Test func `associations and connections beyond the limits are refused`() async throws {
            let limits = limits {
                $0.maximumAssociationsPerPeer = 3
                $0.maximumConnections = 6
                $0.artim = .seconds(20)
            }
            try await withServer(limits: limits) { server, shared in
                var open: [Association] = []
                for _ in 0..<3 { open.append(try await client.connect(server.client())) }
                await #expect(throws: AssociationError.rejected(.localLimitExceeded)) {
                    try await client.connect(server.client())
                }
                #expect(await eventually { server.connectionCount == 3 })
                var silent: [RawPeer] = []
                for _ in 0..<4 { silent.append(try await RawPeer(port: server.localPort)) }
                #expect(await eventually { silent.filter { $0.isClosed }.count == 1 })
                #expect(server.connectionCount == 6)
                for peer in silent { peer.close() }
                for association in open { await association.release() }
                #expect(await eventually { server.connectionCount == 0 })
                try await expectAlive(server)
            }
        }

        @Test func `hundreds of half-open connections do not hinder an association`() async throws {
            try await withServer(limits: limits { $0.artim = .seconds(20) }) { server, _ in
                var silent: [RawPeer] = []
                for number in 0..<400 {
                    let peer = try await RawPeer(port: server.localPort)
                    if number % 2 == 0 { peer.send([1, 0, 0, 0]) }
                    silent.append(peer)
                }
                #expect(await eventually { server.connectionCount == 400 })
                try await expectAlive(server)
                for peer in silent { peer.close() }
                #expect(await eventually { server.connectionCount == 0 })
            }
        }

        /// A peer that asks and asks but never reads: its requests are left unread in the end, and memory stays bounded.
        @Test func `answers nobody takes stop the reading of requests`() async throws {
            var behaviour = TestProvider.Behaviour()
            let asked = Counter()
            behaviour.find = { _ in
                _ = asked.next()
                return AsyncThrowingStream { continuation in
                    var large = DataSet()
                    large.set(.studyDescription, .lt, String(repeating: "x", count: 200_000))
                    for _ in 0..<50 { continuation.yield(FindAnswer(large)) }
                    continuation.finish()
                }
            }
            try await withServer(limits: limits { $0.dimse = .milliseconds(500) }, behaviour) { server, shared in
                let peer = try await DeafPeer(port: server.localPort)
                try await peer.associateAndQuery(times: 20)
                #expect(await eventually { shared.snapshot.ends.map { $0.reason } == [.timedOut(.dimse)] })
                #expect(asked.count < 20)
                peer.close()
                try await expectAlive(server)
            }
        }

        @Test func `a sink can hold the sender back`() async throws {
            var behaviour = TestProvider.Behaviour()
            let slow = TestProvider.Shared()
            behaviour.store = { SlowSink($0, slow) }
            try await withServer(limits: limits { $0.dimse = .milliseconds(150) }, behaviour) { server, _ in
                let association = try await client.connect(server.client([UID.ctImageStorage]))
                let bytes = [UInt8](repeating: 9, count: 3_000_000)
                let instance = OutgoingInstance(
                    sopClassUID: UID.ctImageStorage, sopInstanceUID: "1.2",
                    transferSyntaxUID: UID.explicitVRLittleEndian,
                    source: MemoryDataSetSource(bytes))
                #expect(try await association.store(instance).status == .success)
                #expect(slow.snapshot.stored.first?.bytes.count == bytes.count)
                await association.release()
            }
        }

        @Test func `a negotiation that takes too long is rejected`() async throws {
            var behaviour = TestProvider.Behaviour()
            behaviour.negotiate = { request in
                try? await Task.sleep(for: .seconds(5))
                return acceptEverything(request)
            }
            try await withServer(limits: limits { _ in }, behaviour) { server, _ in
                await #expect(throws: AssociationError.rejected(.temporaryCongestion)) {
                    try await client.connect(server.client())
                }
            }
        }

        @Test func `PACS-4.2.2-e shutting down lets a store finish, refuses newcomers and aborts the quiet`() async throws {
            var behaviour = TestProvider.Behaviour()
            behaviour.storeDelay = { _ in .milliseconds(400) }
            let shared = TestProvider.Shared()
            let server = try await AssociationServer.start(
                .init(host: "127.0.0.1", port: 0), group: testGroup
            ) { [behaviour] in TestProvider(shared, behaviour) }
            let quiet = try await client.connect(server.client())
            let busy = try await client.connect(server.client([UID.ctImageStorage]))
            let waiting = try await RawPeer(port: server.localPort)
            #expect(await eventually { server.connectionCount == 3 })
            let instance = OutgoingInstance(
                sopClassUID: UID.ctImageStorage, sopInstanceUID: "1.2", transferSyntaxUID: UID.explicitVRLittleEndian,
                source: MemoryDataSetSource([0, 0]))
            async let outcome = busy.store(instance)
            #expect(await eventually { shared.snapshot.stored.count == 1 })
            async let end: Void = server.shutdown(grace: .seconds(5), quiet: .milliseconds(100))
            try await Task.sleep(for: .milliseconds(20))
            waiting.send(try PDU.associateRQ(server.client().request()).encoded())
            #expect(await eventually { waiting.receivedPDUs == [.associateRJ(.temporaryCongestion)] })
            await quiet.waitUntilClosed()
            #expect(try await outcome.status == .success)
            await busy.waitUntilClosed()
            waiting.close()
            await end
            #expect(server.connectionCount == 0)
            #expect(shared.snapshot.ends.filter { $0.reason == .shutdown }.count == 2)
        }
    }
}

/// Stops reading after each piece and resumes a little later, from another thread.
private final class SlowSink: StoreSink {
    private let memory: MemorySink
    private let flow: StoreFlow

    init(_ request: StoreRequest, _ shared: TestProvider.Shared) {
        memory = MemorySink(request, shared)
        flow = request.flow
    }

    func receive(_ bytes: ByteBuffer) {
        memory.receive(bytes)
        let flow = flow
        flow.pause()
        Task {
            try? await Task.sleep(for: .milliseconds(20))
            flow.resume()
        }
    }

    func finish(_ completion: StoreCompletion) { memory.finish(completion) }
    func cancelled() { memory.cancelled() }
}
