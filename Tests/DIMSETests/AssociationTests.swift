import DICOMCore
import Foundation
import NIOCore
import Testing

@testable import DIMSE

extension Live {
    @Suite struct `PS3.8 §7 associations between Apus and Apus` {
        private let client = AssociationClient(group: testGroup)

        @Test func `C-ECHO is answered and the association released`() async throws {
            try await withServer { server, shared in
                let association = try await client.connect(server.client())
                #expect(try await association.echo() == .success)
                #expect(server.associations.map { $0.callingAETitle } == ["TESTER"])
                #expect(association.peerUserInformation.implementationVersionName == Implementation.versionName)
                await association.release()
                #expect(await eventually { shared.snapshot.ends.map { $0.reason } == [.releasedByPeer] })
                #expect(server.associations.isEmpty)
                await #expect(throws: AssociationError.ended(.released)) { try await association.echo() }
            }
        }

        @Test(arguments: [UInt32(0), 1, 4096, 16_384, 262_144])
        func `an instance arrives as it was sent, whatever the maximum PDU length`(maximum: UInt32) async throws {
            var limits = AssociationLimits.default
            limits.maximumPDULength = Int(max(maximum, 1))
            let bytes = try Phantom.encoded(Phantom.ct(number: 1, size: maximum == 1 ? 16 : 512))
            // The smallest length that carries anything; below it one value per PDU of two bytes is sent all the same.
            if maximum == 1 { limits.maximumPDULength = 8 }
            if maximum == 0 { limits.maximumPDULength = 0 }
            try await withServer(limits: limits) { server, shared in
                let association = try await client.connect(server.client([UID.ctImageStorage]))
                var instance = OutgoingInstance(
                    sopClassUID: UID.ctImageStorage, sopInstanceUID: Phantom.instanceUID(1),
                    transferSyntaxUID: UID.explicitVRLittleEndian, source: MemoryDataSetSource(bytes))
                instance.moveOriginatorAETitle = "MOVER"
                instance.moveOriginatorMessageID = 77
                let outcome = try await association.store(instance)
                #expect(outcome.status == .success)
                let stored = try #require(shared.snapshot.stored.first)
                #expect(stored.bytes == bytes)
                #expect(stored.transferSyntaxUID == UID.explicitVRLittleEndian)
                #expect(stored.command.affectedSOPInstanceUID == Phantom.instanceUID(1))
                #expect(stored.command.moveOriginatorAETitle == "MOVER")
                #expect(stored.command.moveOriginatorMessageID == 77)
                #expect(association.statistics.sentBytes == bytes.count)
                await association.release()
            }
        }

        @Test func `a range of a file is sent`() async throws {
            let folder = try TemporaryFolder()
            let bytes = (0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            try Data(bytes).write(to: folder.url.appendingPathComponent("pack"))
            try await withServer { server, shared in
                let association = try await client.connect(server.client([UID.ctImageStorage]))
                let source = try FileDataSetSource(path: folder.path("pack"), offset: 101, length: 600_000)
                let instance = OutgoingInstance(
                    sopClassUID: UID.ctImageStorage, sopInstanceUID: "1.2",
                    transferSyntaxUID: UID.explicitVRLittleEndian,
                    source: source)
                #expect(try await association.store(instance).status == .success)
                #expect(shared.snapshot.stored.first?.bytes == Array(bytes[101..<600_101]))
                await association.release()
            }
            #expect(throws: AssociationError.self) {
                try FileDataSetSource(path: folder.path("pack"), offset: 700_000, length: 2)
            }
        }

        @Test func `a source that fails half way costs the association, not the server`() async throws {
            struct Broken: DataSetSource {
                let count = Counter()
                func nextChunk(maximumBytes: Int) async throws -> ByteBuffer? {
                    guard count.next() < 2 else { throw AssociationError.sourceFailed(reason: "test") }
                    return ByteBuffer(repeating: 0, count: 100)
                }
            }
            try await withServer { server, shared in
                let association = try await client.connect(server.client([UID.ctImageStorage]))
                let instance = OutgoingInstance(
                    sopClassUID: UID.ctImageStorage, sopInstanceUID: "1.2",
                    transferSyntaxUID: UID.explicitVRLittleEndian,
                    source: Broken())
                await #expect(throws: AssociationError.sourceFailed(reason: "test")) {
                    try await association.store(instance)
                }
                #expect(await eventually { shared.snapshot.cancelledStores == 1 })
                #expect(shared.snapshot.stored.isEmpty)
                #expect(await eventually { shared.snapshot.ends.count == 1 })
                #expect(shared.snapshot.ends.first?.reason == .abortedByPeer(AbortPDU(source: .serviceUser)))
                #expect(shared.snapshot.ends.first?.unfinishedOperations == 1)
            }
        }

        @Test func `an instance in a transfer syntax that was not accepted is not sent`() async throws {
            try await withServer { server, _ in
                let association = try await client.connect(server.client([UID.ctImageStorage]))
                let instance = OutgoingInstance(
                    sopClassUID: UID.ctImageStorage, sopInstanceUID: "1.2", transferSyntaxUID: UID.rleLossless,
                    source: MemoryDataSetSource([0, 0]))
                await #expect(
                    throws: AssociationError.noPresentationContext(
                        sopClassUID: UID.ctImageStorage, transferSyntaxUID: UID.rleLossless)
                ) { try await association.store(instance) }
                await association.release()
            }
        }

        @Test func `PACS-4.5.4-1 unknown AE titles are rejected with their reason`() async throws {
            var behaviour = TestProvider.Behaviour()
            behaviour.negotiate = { request in
                guard request.calledAETitle == "APUS" else { return .reject(.calledAETitleNotRecognized) }
                guard request.callingAETitle == "TESTER" else { return .reject(.callingAETitleNotRecognized) }
                return acceptEverything(request)
            }
            try await withServer(behaviour) { server, shared in
                await #expect(throws: AssociationError.rejected(.calledAETitleNotRecognized)) {
                    try await client.connect(server.client { $0.calledAETitle = "apus" })
                }
                await #expect(throws: AssociationError.rejected(.callingAETitleNotRecognized)) {
                    try await client.connect(server.client { $0.callingAETitle = "TESTER 2" })
                }
                let association = try await client.connect(server.client())
                await association.release()
                #expect(await eventually { shared.snapshot.ends.count == 3 })
            }
        }

        @Test func `PACS-4.5.4-2 a handler sees where the peer connects from`() async throws {
            try await withServer { server, shared in
                let association = try await client.connect(server.client())
                let connection = try #require(shared.snapshot.requests.first?.connection)
                #expect(connection.peerAddress == "127.0.0.1")
                #expect(connection.localPort == server.localPort)
                #expect(!connection.isTLS)
                await association.release()
            }
        }

        @Test func `a foreign application context or protocol version is rejected`() async throws {
            try await withServer { server, _ in
                for (change, rejection) in [
                    ({ $0.protocolVersion = 2 }, AssociateRJ.protocolVersionNotSupported),
                    ({ $0.applicationContextName = "1.2.3" }, .applicationContextNotSupported),
                ] as [((inout AssociateRQ) -> Void, AssociateRJ)] {
                    var request = try server.client().request()
                    change(&request)
                    let peer = try await RawPeer(port: server.localPort)
                    peer.send(try PDU.associateRQ(request).encoded())
                    #expect(await eventually { peer.receivedPDUs == [.associateRJ(rejection)] })
                }
            }
        }

        @Test func `user identity reaches the handler and its answer the requestor`() async throws {
            var behaviour = TestProvider.Behaviour()
            behaviour.negotiate = { request in
                guard case .accept(var acceptance) = acceptEverything(request) else { return .reject(.noReasonGiven) }
                acceptance.userIdentityResponse = Array("welcome".utf8)
                return .accept(acceptance)
            }
            try await withServer(behaviour) { server, shared in
                let association = try await client.connect(
                    server.client {
                        $0.userIdentity = UserIdentity(
                            kind: .username, isPositiveResponseRequested: true, primaryField: Array("alice".utf8))
                    })
                #expect(shared.snapshot.requests.first?.userIdentity?.primaryField == Array("alice".utf8))
                #expect(association.peerUserInformation.userIdentityResponse == Array("welcome".utf8))
                await association.release()
            }
        }

        @Test func `an abort of either side ends both`() async throws {
            try await withServer { server, shared in
                let first = try await client.connect(server.client())
                await first.abort()
                #expect(await eventually { shared.snapshot.ends.count == 1 })
                #expect(shared.snapshot.ends.first?.reason == .abortedByPeer(AbortPDU(source: .serviceUser)))
                let second = try await client.connect(server.client())
                #expect(await eventually { server.associations.count == 1 })
                server.associations.first?.abortImmediately()
                #expect(await eventually { shared.snapshot.ends.count == 2 })
                await second.waitUntilClosed()
                await #expect(throws: AssociationError.ended(.abortedByPeer(AbortPDU(source: .serviceUser)))) {
                    try await second.echo()
                }
            }
        }

        @Test func `a release from both sides at once ends in order`() async throws {
            try await withServer { server, shared in
                let peer = try await RawPeer(port: server.localPort)
                #expect(try await peer.associate())
                #expect(await eventually { server.associations.count == 1 })
                let association = try #require(server.associations.first)
                async let released: Void = association.release()
                #expect(await eventually { peer.receivedPDUs.contains(.releaseRQ) })
                peer.send(try PDU.releaseRQ.encoded())
                try await Task.sleep(for: .milliseconds(20))
                // The acceptor of the association answers only after the requestor has (PS3.8 §9.2.2, Sta10).
                #expect(!peer.receivedPDUs.contains(.releaseRP))
                peer.send(try PDU.releaseRP.encoded())
                #expect(await eventually { peer.receivedPDUs.contains(.releaseRP) })
                peer.close()
                await released
                #expect(shared.snapshot.ends.map { $0.reason } == [.released])
            }
        }

        @Test func `an instance of another SOP class than the context's is refused`() async throws {
            try await withServer { server, shared in
                let peer = try await RawPeer(port: server.localPort)
                #expect(try await peer.associate())
                let command = StoreCommand(
                    messageID: 1, affectedSOPClassUID: UID.mrImageStorage, affectedSOPInstanceUID: "1.2")
                peer.send(.store(command), contextID: 3)
                peer.sendData([0, 0], contextID: 3, isLast: true)
                #expect(await eventually { peer.responses.map { $0.status } == [.sopClassNotSupported] })
                #expect(shared.snapshot.stored.isEmpty)
            }
        }

        @Test func `a response that does not come ends the association after the DIMSE limit`() async throws {
            var behaviour = TestProvider.Behaviour()
            behaviour.storeDelay = { _ in .seconds(5) }
            try await withServer(behaviour) { server, _ in
                let association = try await client.connect(
                    server.client([UID.ctImageStorage]) { $0.limits.dimse = .milliseconds(200) })
                let instance = OutgoingInstance(
                    sopClassUID: UID.ctImageStorage, sopInstanceUID: "1.2",
                    transferSyntaxUID: UID.explicitVRLittleEndian, source: MemoryDataSetSource([0, 0]))
                await #expect(throws: AssociationError.ended(.timedOut(.dimse))) {
                    try await association.store(instance)
                }
            }
        }

        @Test func `a receiver that takes no more bytes ends the association after the DIMSE limit`() async throws {
            var behaviour = TestProvider.Behaviour()
            behaviour.store = { request in
                request.flow.pause()
                return RefusingStoreSink(status: .success)
            }
            try await withServer(behaviour) { server, _ in
                let association = try await client.connect(
                    server.client([UID.ctImageStorage]) { $0.limits.dimse = .milliseconds(300) })
                let instance = OutgoingInstance(
                    sopClassUID: UID.ctImageStorage, sopInstanceUID: "1.2",
                    transferSyntaxUID: UID.explicitVRLittleEndian,
                    source: MemoryDataSetSource(ByteBuffer(repeating: 0, count: 64 << 20)))
                await #expect(throws: AssociationError.ended(.timedOut(.dimse))) {
                    try await association.store(instance)
                }
            }
        }

        @Test func `nobody listening is an error, not a wait`() async throws {
            var configuration = AssociationClient.Configuration(
                host: "127.0.0.1", port: 1, calledAETitle: "A", callingAETitle: "B", presentationContexts: [])
            await #expect(throws: AssociationError.self) { try await client.connect(configuration) }
            var proposal = PresentationContextProposal()
            proposal.add(UID.verification)
            configuration.presentationContexts = proposal.contexts
            await #expect(throws: AssociationError.self) { try await client.connect(configuration) }
            configuration.calledAETitle = "LONGER THAN SIXTEEN"
            await #expect(throws: AssociationError.self) { try await client.connect(configuration) }
        }
    }
}
