import DICOMCore
import Foundation
import NIOCore
import Testing

@testable import DIMSE

private let findUID = UID.studyRootQueryRetrieveInformationModelFind
private let moveUID = UID.studyRootQueryRetrieveInformationModelMove
private let getUID = UID.studyRootQueryRetrieveInformationModelGet

/// Skipped, and shown as such, where DCMTK is not installed.
private let hasDCMTK = Tools.isInstalled(
    "echoscu", "storescu", "findscu", "movescu", "getscu", "storescp", "dcmqrscp")

/// Waits for some time with our provider where DCMTK is the user, and the other way round.
extension Live {
    @Suite(.enabled(if: hasDCMTK, "DCMTK's tools are not installed")) struct `DCMTK as service class user` {
        @Test func `echoscu is answered`() async throws {
            try await withServer { server, shared in
                let output = try await Tools.run("echoscu", ["--repeat", "5", "127.0.0.1", "\(server.localPort)"])
                #expect(output.status == 0, "\(output.text)")
                #expect(await eventually { shared.snapshot.ends.map { $0.reason } == [.releasedByPeer] })
            }
        }

        @Test func `echoscu that aborts is told apart from one that releases`() async throws {
            try await withServer { server, shared in
                _ = try await Tools.run("echoscu", ["--abort", "127.0.0.1", "\(server.localPort)"])
                #expect(
                    await eventually {
                        shared.snapshot.ends.map { $0.reason } == [.abortedByPeer(AbortPDU(source: .serviceUser))]
                    })
            }
        }

        @Test(arguments: ["4096", "16384", "131072"], ["0", "1"])
        func `GUIDE-1.1.1.1.1-1 storescu's instances arrive bit by bit`(pdu: String, noDelay: String) async throws {
            let folder = try TemporaryFolder()
            let files = try Phantom.writeFiles(0..<40, size: 128, in: folder.url)
            try await withServer { server, shared in
                let start = ContinuousClock.now
                let output = try await Tools.run(
                    "storescu", ["-pdu", pdu, "--max-send-pdu", pdu, "127.0.0.1", "\(server.localPort)"] + files,
                    environment: ["TCP_NODELAY": noDelay])
                let duration = ContinuousClock.now - start
                #expect(output.status == 0, "\(output.text)")
                let stored = shared.snapshot.stored
                #expect(stored.count == 40)
                for (number, instance) in stored.enumerated() {
                    #expect(instance.command.affectedSOPInstanceUID == Phantom.instanceUID(number))
                    let dataSet = try DataSetReader(syntax: TransferSyntax(uid: instance.transferSyntaxUID))
                        .read(instance.bytes)
                    #expect(dataSet == Phantom.ct(number: number, size: 128))
                }
                // With Nagle's algorithm and delayed acknowledgement each instance would take 40 ms and more.
                #expect(duration < .milliseconds(1400))
            }
        }

        @Test func `a refused store is reported by storescu`() async throws {
            let folder = try TemporaryFolder()
            let files = try Phantom.writeFiles(0..<1, in: folder.url)
            var behaviour = TestProvider.Behaviour()
            behaviour.storeStatus = .outOfResources
            try await withServer(behaviour) { server, _ in
                let output = try await Tools.run("storescu", ["-v", "127.0.0.1", "\(server.localPort)"] + files)
                #expect(output.text.contains("OutOfResources"), "\(output.text)")
            }
        }

        @Test func `findscu gets the matches`() async throws {
            var behaviour = TestProvider.Behaviour()
            behaviour.find = { identifier in
                AsyncThrowingStream { continuation in
                    for number in 0..<3 {
                        var answer = identifier
                        answer.set(.studyInstanceUID, .ui, "1.2.840.\(number)")
                        continuation.yield(FindAnswer(answer))
                    }
                    continuation.finish()
                }
            }
            try await withServer(behaviour) { server, _ in
                let output = try await Tools.run(
                    "findscu",
                    [
                        "-v", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID", "127.0.0.1",
                        "\(server.localPort)",
                    ])
                #expect(output.status == 0, "\(output.text)")
                for number in 0..<3 { #expect(output.text.contains("[1.2.840.\(number)")) }
                #expect(output.text.contains("Received Final Find Response (Success)"))
            }
        }

        @Test func `findscu's C-CANCEL is confirmed`() async throws {
            var behaviour = TestProvider.Behaviour()
            behaviour.find = { identifier in
                AsyncThrowingStream { continuation in
                    let task = Task {
                        while !Task.isCancelled {
                            continuation.yield(FindAnswer(identifier))
                            try await Task.sleep(for: .milliseconds(2))
                        }
                    }
                    continuation.onTermination = { _ in task.cancel() }
                }
            }
            try await withServer(behaviour) { server, shared in
                let output = try await Tools.run(
                    "findscu",
                    [
                        "-v", "-S", "--cancel", "3", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID",
                        "127.0.0.1", "\(server.localPort)",
                    ], limit: .seconds(10))
                #expect(output.text.contains("Cancel"), "\(output.text)")
                #expect(await eventually { shared.snapshot.ends.map { $0.reason } == [.releasedByPeer] })
            }
        }

        @Test func `movescu gets the instances at its own port`() async throws {
            let folder = try TemporaryFolder()
            let port = Tools.freePort()
            var behaviour = TestProvider.Behaviour()
            behaviour.move = { request, _, control in await moveToPort(port, request, control) }
            try await withServer(behaviour) { server, _ in
                let output = try await Tools.run(
                    "movescu",
                    [
                        "-v", "-S", "-aem", "MOVESCU", "+P", "\(port)", "-od", folder.url.path, "-k",
                        "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3", "127.0.0.1",
                        "\(server.localPort)",
                    ])
                #expect(output.status == 0, "\(output.text)")
                #expect(output.text.contains("Received Final Move Response (Success)"), "\(output.text)")
                let files = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
                #expect(files.count == 5)
            }
        }

        @Test func `getscu gets the instances over its association`() async throws {
            let folder = try TemporaryFolder()
            var behaviour = TestProvider.Behaviour()
            behaviour.get = { request, _, control in
                var counts = SuboperationCounts(remaining: 5)
                for number in 0..<5 {
                    guard let outcome = try? await control.store(try instance(number)) else { break }
                    counts.remaining -= 1
                    if outcome.status == .success { counts.completed += 1 } else { counts.failed += 1 }
                    control.report(counts)
                }
                return RetrieveResult(status: .success, counts: counts)
            }
            try await withServer(behaviour) { server, _ in
                let output = try await Tools.run(
                    "getscu",
                    [
                        "-v", "-S", "-od", folder.url.path, "-k", "QueryRetrieveLevel=STUDY", "-k",
                        "StudyInstanceUID=1.2.3", "127.0.0.1", "\(server.localPort)",
                    ])
                #expect(output.status == 0, "\(output.text)")
                let files = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
                #expect(files.count == 5, "\(output.text)")
            }
        }
    }

    @Suite(.enabled(if: hasDCMTK, "DCMTK's tools are not installed")) struct `DCMTK as service class provider` {
        private let client = AssociationClient(group: testGroup)

        @Test(arguments: ["4096", "131072"])
        func `storescp gets what we send`(pdu: String) async throws {
            let folder = try TemporaryFolder()
            let port = Tools.freePort()
            let tool = try RunningTool("storescp", ["-pdu", pdu, "-od", folder.url.path, "\(port)"])
            #expect(await Tools.waitForListener(port))
            let association = try await client.connect(configuration(port, [UID.ctImageStorage, UID.verification]))
            #expect(try await association.echo() == .success)
            for number in 0..<10 {
                #expect(try await association.store(try instance(number, size: 256)).status == .success)
            }
            await association.release()
            tool.stop()
            for number in 0..<10 {
                let data = try Data(contentsOf: folder.url.appendingPathComponent("CT.\(Phantom.instanceUID(number))"))
                let expected = try Phantom.encoded(Phantom.ct(number: number, size: 256))
                #expect(Array(data.suffix(expected.count)) == expected)
            }
        }

        @Test func `dcmqrscp stores, finds, moves and gets for us`() async throws {
            let folder = try TemporaryFolder()
            let (port, movePort) = (Tools.freePort(), Tools.freePort())
            try FileManager.default.createDirectory(atPath: folder.path("db"), withIntermediateDirectories: true)
            let text = """
                NetworkTCPPort = \(port)
                MaxPDUSize = 16384
                MaxAssociations = 16
                HostTable BEGIN
                dest = (DEST, 127.0.0.1, \(movePort))
                HostTable END
                VendorTable BEGIN
                VendorTable END
                AETable BEGIN
                QR \(folder.path("db")) RW (100, 1024mb) ANY
                AETable END
                """
            try text.write(toFile: folder.path("qr.cfg"), atomically: true, encoding: .utf8)
            let tool = try RunningTool("dcmqrscp", ["-c", folder.path("qr.cfg")])
            #expect(await Tools.waitForListener(port))
            var wanted = configuration(port, [UID.ctImageStorage, findUID, moveUID, getUID])
            wanted.calledAETitle = "QR"
            wanted.roleSelections = [RoleSelection(sopClassUID: UID.ctImageStorage, isSCU: true, isSCP: true)]
            let association = try await client.connect(wanted)
            for number in 0..<6 {
                #expect(try await association.store(try instance(number)).status == .success)
            }
            try await find(association)
            let retrieved = TestProvider.Shared()
            let result = try await association.get(sopClassUID: getUID, identifier: identifier()) {
                MemorySink($0, retrieved)
            }
            #expect(result.status == .success)
            #expect(retrieved.snapshot.stored.count == 6)
            await association.release()
            try await move(wanted, port: movePort)
            tool.stop()
        }

        private func identifier() -> DataSet {
            var identifier = DataSet()
            identifier.set(.queryRetrieveLevel, .cs, "STUDY")
            identifier.set(.studyInstanceUID, .ui, Phantom.studyInstanceUID)
            return identifier
        }

        private func find(_ association: Association) async throws {
            var query = DataSet()
            query.set(.queryRetrieveLevel, .cs, "IMAGE")
            query.set(.studyInstanceUID, .ui, Phantom.studyInstanceUID)
            query.set(.seriesInstanceUID, .ui, Phantom.seriesInstanceUID)
            query.setEmpty(.sopInstanceUID, .ui)
            var found: Set<String> = []
            for try await answer in association.find(sopClassUID: findUID, identifier: query) {
                found.insert(answer.identifier.uid(.sopInstanceUID) ?? "")
            }
            #expect(found == Set((0..<6).map { Phantom.instanceUID($0) }))
        }

        /// The destination of the C-MOVE is a server of ours.
        private func move(_ wanted: AssociationClient.Configuration, port: Int) async throws {
            let shared = TestProvider.Shared()
            let destination = try await AssociationServer.start(
                .init(host: "127.0.0.1", port: port), group: testGroup
            ) { TestProvider(shared, .init()) }
            let association = try await client.connect(wanted)
            let result = try await association.move(
                sopClassUID: moveUID, identifier: identifier(), destination: "DEST")
            #expect(result.status == .success)
            #expect(result.counts.completed == 6)
            #expect(shared.snapshot.stored.count == 6)
            #expect(shared.snapshot.stored.first?.command.moveOriginatorAETitle == "TESTER")
            await association.release()
            await destination.shutdown(grace: .seconds(1))
        }
    }
}

private func configuration(_ port: Int, _ sopClassUIDs: [String]) -> AssociationClient.Configuration {
    var proposal = PresentationContextProposal()
    for uid in sopClassUIDs { proposal.add(uid, transferSyntaxUIDs: [UID.explicitVRLittleEndian]) }
    return AssociationClient.Configuration(
        host: "127.0.0.1", port: port, calledAETitle: "ANY-SCP", callingAETitle: "TESTER",
        presentationContexts: proposal.contexts)
}

private func instance(_ number: Int, size: Int = 64) throws -> OutgoingInstance {
    OutgoingInstance(
        sopClassUID: UID.ctImageStorage, sopInstanceUID: Phantom.instanceUID(number),
        transferSyntaxUID: UID.explicitVRLittleEndian,
        source: MemoryDataSetSource(try Phantom.encoded(Phantom.ct(number: number, size: size))))
}

/// Five sub-operations on an association of their own, as a C-MOVE provider makes them.
private func moveToPort(
    _ port: Int, _ request: RetrieveRequest, _ control: RetrieveControl
) async -> RetrieveResult {
    var counts = SuboperationCounts(remaining: 5)
    do {
        let association = try await AssociationClient(group: testGroup)
            .connect(configuration(port, [UID.ctImageStorage]))
        for number in 0..<5 {
            var outgoing = try instance(number)
            outgoing.moveOriginatorAETitle = request.association.callingAETitle
            outgoing.moveOriginatorMessageID = request.messageID
            let outcome = try await association.store(outgoing)
            counts.remaining -= 1
            if outcome.status == .success { counts.completed += 1 } else { counts.failed += 1 }
            control.report(counts)
        }
        await association.release()
        return RetrieveResult(status: .success, counts: counts)
    } catch {
        return RetrieveResult(status: .outOfResourcesUnableToPerformSuboperations, counts: counts)
    }
}
