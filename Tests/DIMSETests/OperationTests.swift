import DICOMCore
import NIOCore
import Testing

@testable import DIMSE

private let findUID = UID.studyRootQueryRetrieveInformationModelFind
private let moveUID = UID.studyRootQueryRetrieveInformationModelMove
private let getUID = UID.studyRootQueryRetrieveInformationModelGet

private func studyQuery() -> DataSet {
    var identifier = DataSet()
    identifier.set(.queryRetrieveLevel, .cs, "STUDY")
    identifier.setEmpty(.studyInstanceUID, .ui)
    return identifier
}

private func match(_ number: Int) -> DataSet {
    var identifier = studyQuery()
    identifier.set(.studyInstanceUID, .ui, "1.2.\(number)")
    return identifier
}

extension Live {
    @Suite struct `PS3.4 §C.4.1 C-FIND` {
        private let client = AssociationClient(group: testGroup)

        @Test(arguments: [0, 1, 3000]) func `every match arrives, in order`(count: Int) async throws {
            var behaviour = TestProvider.Behaviour()
            behaviour.find = { identifier in
                AsyncThrowingStream { continuation in
                    guard identifier.string(.queryRetrieveLevel) == "STUDY" else { return continuation.finish() }
                    for number in 0..<count { continuation.yield(FindAnswer(match(number))) }
                    continuation.finish()
                }
            }
            try await withServer(behaviour) { server, _ in
                let association = try await client.connect(server.client([findUID]))
                var found: [String] = []
                for try await answer in association.find(sopClassUID: findUID, identifier: studyQuery()) {
                    found.append(answer.identifier.uid(.studyInstanceUID) ?? "")
                }
                #expect(found == (0..<count).map { "1.2.\($0)" })
                #expect(await eventually { association.statistics.invokedOperations == 1 })
                await association.release()
            }
        }

        @Test func `a failure ends with its status, comment and elements`() async throws {
            var behaviour = TestProvider.Behaviour()
            let failure = DIMSEFailure(
                status: .dataSetDoesNotMatchSOPClass, errorComment: "no level", offendingElements: [.queryRetrieveLevel]
            )
            behaviour.find = { _ in AsyncThrowingStream { $0.finish(throwing: failure) } }
            try await withServer(behaviour) { server, _ in
                let association = try await client.connect(server.client([findUID]))
                await #expect(throws: failure) {
                    for try await _ in association.find(sopClassUID: findUID, identifier: studyQuery()) {}
                }
                await association.release()
            }
        }

        /// A provider that never answers, or never stops answering: both must end soon after C-CANCEL.
        @Test(arguments: [true, false]) func `C-CANCEL takes effect within 100 ms`(isSilent: Bool) async throws {
            var behaviour = TestProvider.Behaviour()
            behaviour.find = { _ in
                guard !isSilent else { return AsyncThrowingStream { _ in } }
                return AsyncThrowingStream { continuation in
                    let task = Task {
                        var number = 0
                        while !Task.isCancelled {
                            continuation.yield(FindAnswer(match(number)))
                            number += 1
                            try await Task.sleep(for: .milliseconds(1))
                        }
                    }
                    continuation.onTermination = { _ in task.cancel() }
                }
            }
            try await withServer(behaviour) { server, _ in
                let peer = try await RawPeer(port: server.localPort)
                #expect(try await peer.associate())
                let query = QueryCommand(kind: .find, messageID: 5, affectedSOPClassUID: findUID)
                peer.send(.query(query), contextID: 5)
                peer.sendData(try Phantom.encoded(studyQuery()), contextID: 5, isLast: true)
                if !isSilent { #expect(await eventually { peer.responses.count > 3 }) }
                try await Task.sleep(for: .milliseconds(50))
                let start = ContinuousClock.now
                peer.send(.cancel(CancelCommand(messageIDBeingRespondedTo: 5)), contextID: 5)
                #expect(await eventually { peer.responses.last?.status == .cancel })
                #expect(ContinuousClock.now - start < .milliseconds(100))
            }
        }

        @Test func `leaving the loop or cancelling the task cancels the query, and the association goes on`()
            async throws
        {
            let terminated = Counter()
            var behaviour = TestProvider.Behaviour()
            behaviour.find = { _ in
                AsyncThrowingStream { continuation in
                    continuation.onTermination = { if case .cancelled = $0 { _ = terminated.next() } }
                    for number in 0..<10 { continuation.yield(FindAnswer(match(number))) }
                }
            }
            try await withServer(behaviour) { server, _ in
                let association = try await client.connect(server.client([findUID, UID.verification]))
                for try await _ in association.find(sopClassUID: findUID, identifier: studyQuery()) { break }
                #expect(await eventually { terminated.count == 1 })
                #expect(try await association.echo() == .success)
                let task = Task {
                    for try await _ in association.find(sopClassUID: findUID, identifier: studyQuery()) {}
                }
                try await Task.sleep(for: .milliseconds(50))
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(await eventually { terminated.count == 2 })
                #expect(try await association.echo() == .success)
                await association.release()
            }
        }

        @Test func `an unreadable identifier is answered, not fatal`() async throws {
            try await withServer { server, _ in
                let peer = try await RawPeer(port: server.localPort)
                #expect(try await peer.associate())
                peer.send(.query(QueryCommand(kind: .find, messageID: 1, affectedSOPClassUID: findUID)), contextID: 5)
                peer.sendData(hex("0800 5200 'CS' ffff 00"), contextID: 5, isLast: true)
                #expect(await eventually { peer.responses.map { $0.status } == [.cannotUnderstand] })
            }
        }

        @Test func `an identifier beyond the limit ends the association`() async throws {
            var limits = AssociationLimits.default
            limits.maximumIdentifierBytes = 1000
            try await withServer(limits: limits) { server, shared in
                let peer = try await RawPeer(port: server.localPort)
                #expect(try await peer.associate())
                peer.send(.query(QueryCommand(kind: .find, messageID: 1, affectedSOPClassUID: findUID)), contextID: 5)
                for _ in 0..<3 { peer.sendData([UInt8](repeating: 0, count: 500), contextID: 5, isLast: false) }
                #expect(await eventually { peer.abort?.source == .serviceProvider })
                #expect(
                    shared.snapshot.ends.first?.reason == .protocolViolation(.message(.dataSetTooLong(limit: 1000))))
            }
        }
    }
}

extension Live {
    @Suite struct `PS3.4 §C.4.2 C-MOVE and §C.4.3 C-GET` {
        private let client = AssociationClient(group: testGroup)

        @Test func `C-MOVE reports progress and its result`() async throws {
            var behaviour = TestProvider.Behaviour()
            behaviour.move = { request, identifier, control in
                for done in 1...3 { control.report(SuboperationCounts(remaining: 3 - done, completed: done)) }
                return RetrieveResult(
                    status: .suboperationsCompleteWithFailures, counts: SuboperationCounts(completed: 2, failed: 1),
                    failedSOPInstanceUIDs: ["1.2.3"])
            }
            try await withServer(behaviour) { server, shared in
                let association = try await client.connect(server.client([moveUID]))
                let progress = Locked<[SuboperationCounts]>([])
                let result = try await association.move(
                    sopClassUID: moveUID, identifier: studyQuery(), destination: "WS 1"
                ) { counts in progress.withLock { $0.append(counts) } }
                #expect(progress.withLock { $0.map { $0.remaining } } == [2, 1, 0])
                #expect(result.status == .suboperationsCompleteWithFailures)
                #expect(result.counts == SuboperationCounts(completed: 2, failed: 1))
                #expect(result.failedSOPInstanceUIDs == ["1.2.3"])
                #expect(shared.snapshot.moveDestinations == ["WS 1"])
                await association.release()
            }
        }

        @Test func `cancelling a C-MOVE yields the numbers of what was done`() async throws {
            var behaviour = TestProvider.Behaviour()
            behaviour.move = { _, _, control in
                var done = 0
                while !control.isCancelled {
                    done += 1
                    control.report(SuboperationCounts(remaining: 1000 - done, completed: done))
                    try? await Task.sleep(for: .milliseconds(5))
                }
                return RetrieveResult(
                    status: .cancel, counts: SuboperationCounts(remaining: 1000 - done, completed: done))
            }
            try await withServer(behaviour) { server, _ in
                let association = try await client.connect(server.client([moveUID]))
                let reports = Counter()
                let task = Task {
                    try await association.move(sopClassUID: moveUID, identifier: studyQuery(), destination: "WS") { _ in
                        _ = reports.next()
                    }
                }
                #expect(await eventually { reports.count > 2 })
                task.cancel()
                let result = try await task.value
                #expect(result.status == .cancel)
                #expect(result.counts.completed > 2)
                #expect(result.counts.completed + result.counts.remaining == 1000)
                await association.release()
            }
        }

        private func getBehaviour(_ count: Int) -> TestProvider.Behaviour {
            var behaviour = TestProvider.Behaviour()
            behaviour.get = { _, _, control in
                var counts = SuboperationCounts(remaining: count)
                for number in 0..<count {
                    do {
                        let instance = OutgoingInstance(
                            sopClassUID: UID.ctImageStorage, sopInstanceUID: Phantom.instanceUID(number),
                            transferSyntaxUID: UID.explicitVRLittleEndian,
                            source: MemoryDataSetSource(try Phantom.encoded(Phantom.ct(number: number, size: 128))))
                        let outcome = try await control.store(instance)
                        counts.completed += outcome.status.category == .success ? 1 : 0
                        counts.failed += outcome.status.category == .failure ? 1 : 0
                        counts.remaining -= 1
                        control.report(counts)
                    } catch { return RetrieveResult(status: .cancel, counts: counts) }
                }
                return RetrieveResult(status: .success, counts: counts)
            }
            return behaviour
        }

        private func configuration(_ server: AssociationServer) -> AssociationClient.Configuration {
            server.client([getUID, UID.ctImageStorage]) {
                $0.roleSelections = [RoleSelection(sopClassUID: UID.ctImageStorage, isSCU: false, isSCP: true)]
            }
        }

        @Test func `C-GET brings the instances over the same association`() async throws {
            try await withServer(getBehaviour(20)) { server, shared in
                let association = try await client.connect(configuration(server))
                let result = try await association.get(sopClassUID: getUID, identifier: studyQuery()) {
                    MemorySink($0, shared)
                }
                #expect(result.status == .success)
                #expect(result.counts.completed == 20)
                let stored = shared.snapshot.stored
                #expect(stored.map { $0.command.affectedSOPInstanceUID } == (0..<20).map { Phantom.instanceUID($0) })
                #expect(try stored.last?.bytes == Phantom.encoded(Phantom.ct(number: 19, size: 128)))
                await association.release()
            }
        }

        @Test func `a cancelled C-GET stops between instances and leaves the association usable`() async throws {
            try await withServer(getBehaviour(100_000)) { server, shared in
                let association = try await client.connect(configuration(server))
                let task = Task {
                    try await association.get(sopClassUID: getUID, identifier: studyQuery()) { MemorySink($0, shared) }
                }
                #expect(await eventually { shared.snapshot.stored.count > 5 })
                task.cancel()
                let result = try await task.value
                #expect(result.status == .cancel)
                #expect(result.counts.completed == shared.snapshot.stored.count)
                #expect(shared.snapshot.cancelledStores == 0)
                await association.release()
                #expect(shared.snapshot.ends.allSatisfy { $0.reason == .releasedByPeer })
            }
        }

        @Test func `without the SCP role for this side no sub-operation is possible`() async throws {
            try await withServer(getBehaviour(1)) { server, shared in
                let association = try await client.connect(server.client([getUID, UID.ctImageStorage]))
                let result = try await association.get(sopClassUID: getUID, identifier: studyQuery()) {
                    MemorySink($0, shared)
                }
                #expect(result.status == .cancel)
                #expect(shared.snapshot.stored.isEmpty)
                await association.release()
            }
        }
    }
}

extension Live {
    @Suite struct `PS3.7 §10 normalized services` {
        private let client = AssociationClient(group: testGroup)

        @Test func `requests reach the performer with their data set, answers come back with theirs`() async throws {
            var behaviour = TestProvider.Behaviour()
            behaviour.normalized = { request, dataSet in
                var answer = NormalizedAnswer(status: .success, dataSet: dataSet)
                if case .create = request.command.kind { answer.affectedSOPInstanceUID = "1.2.99" }
                if case .delete = request.command.kind {
                    answer = NormalizedAnswer(status: .noSuchSOPInstance, errorComment: "gone")
                }
                return answer
            }
            let mpps = UID.modalityPerformedProcedureStep
            var attributes = DataSet()
            attributes.set(.modality, .cs, "CT")
            try await withServer(behaviour) { server, shared in
                let association = try await client.connect(server.client([mpps]))
                let created = try await association.invoke(
                    .create, sopClassUID: mpps, sopInstanceUID: nil, dataSet: attributes)
                #expect(created.affectedSOPInstanceUID == "1.2.99")
                #expect(created.dataSet == attributes)
                for kind: NormalizedCommand.Kind in [.set, .action(actionTypeID: 3)] {
                    let answer = try await association.invoke(
                        kind, sopClassUID: mpps, sopInstanceUID: "1.2.99", dataSet: attributes)
                    #expect(answer.status == .success)
                }
                _ = try await association.invoke(
                    .get(attributes: [Tag.modality.rawValue]), sopClassUID: mpps, sopInstanceUID: "1.2.99")
                let deleted = try await association.invoke(.delete, sopClassUID: mpps, sopInstanceUID: "1.2.99")
                #expect(deleted.status == .noSuchSOPInstance)
                #expect(deleted.errorComment == "gone")
                #expect(
                    shared.snapshot.normalized.map { $0.kind } == [
                        .create, .set, .action(actionTypeID: 3), .get(attributes: [Tag.modality.rawValue]), .delete,
                    ])
                #expect(shared.snapshot.normalizedDataSets == [attributes, attributes, attributes, nil, nil])
                await association.release()
            }
        }

        /// PS3.4 §J.3: the report comes on the association of the request.
        @Test func `PACS-4.4.1-g storage commitment is asked for and reported on one association`() async throws {
            let request = StorageCommitment.Request(
                transactionUID: "1.2.77", references: [.init(sopClassUID: UID.ctImageStorage, sopInstanceUID: "1.2.3")])
            var behaviour = TestProvider.Behaviour()
            behaviour.normalized = { request, dataSet in
                guard let dataSet, let asked = try? StorageCommitment.Request(dataSet) else {
                    return NormalizedAnswer(status: .processingFailure)
                }
                Task {
                    try await request.association.reportStorageCommitment(
                        .init(
                            transactionUID: asked.transactionUID, retrieveAETitle: "APUS", committed: asked.references,
                            failed: []))
                }
                return NormalizedAnswer(status: .success)
            }
            try await withServer(behaviour) { server, _ in
                let reports = TestProvider.Shared()
                let association = try await client.connect(
                    server.client([StorageCommitment.sopClassUID]), handler: TestProvider(reports, .init()))
                #expect(try await association.requestStorageCommitment(request).status == .success)
                #expect(await eventually { !reports.snapshot.normalized.isEmpty })
                let report = try #require(reports.snapshot.normalizedDataSets.first ?? nil)
                #expect(reports.snapshot.normalized.first?.kind == .eventReport(eventTypeID: 1))
                #expect(try StorageCommitment.Result(report).committed == request.references)
                await association.release()
            }
        }
    }
}

extension Live {
    @Suite struct `PS3.7 §D.3.3.3 asynchronous operations` {
        private let client = AssociationClient(group: testGroup)

        /// The first store takes longest: with a window the later ones are answered before it.
        @Test func `with a window operations run at the same time and are answered out of order`() async throws {
            let answered = Locked<[Int]>([])
            var behaviour = TestProvider.Behaviour()
            behaviour.storeDelay = {
                $0.affectedSOPInstanceUID.hasSuffix(".0") ? .milliseconds(300) : .milliseconds(10)
            }
            try await withServer(behaviour) { server, _ in
                let association = try await client.connect(
                    server.client([UID.ctImageStorage]) {
                        $0.asynchronousOperationsWindow = .init(maximumInvoked: 8, maximumPerformed: 1)
                    })
                #expect(association.maximumInvokedOperations == 8)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<8 {
                        group.addTask {
                            if number > 0 { try await Task.sleep(for: .milliseconds(30)) }
                            let outcome = try await association.store(instance(number))
                            #expect(outcome.status == .success)
                            answered.withLock { $0.append(number) }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(answered.withLock { $0.last } == 0)
                await association.release()
            }
        }

        @Test func `without a window operations are performed one after the other`() async throws {
            let running = Locked([0, 0])
            var behaviour = TestProvider.Behaviour()
            behaviour.store = { _ in OverlapSink(running) }
            try await withServer(behaviour) { server, _ in
                let association = try await client.connect(server.client([UID.ctImageStorage]))
                #expect(association.maximumInvokedOperations == 1)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<10 {
                        group.addTask { _ = try await association.store(instance(number)) }
                    }
                    try await group.waitForAll()
                }
                #expect(association.statistics.invokedOperations == 10)
                #expect(running.withLock { $0[1] } == 1)
                await association.release()
            }
        }

        /// A peer that does not wait for answers though it negotiated nothing gets them all, in order, and no more at once.
        @Test func `requests beyond the window wait`() async throws {
            var behaviour = TestProvider.Behaviour()
            behaviour.storeDelay = { _ in .milliseconds(20) }
            try await withServer(behaviour) { server, shared in
                let peer = try await RawPeer(port: server.localPort)
                #expect(try await peer.associate())
                for id in 1...5 as ClosedRange<UInt16> {
                    let command = StoreCommand(
                        messageID: id, affectedSOPClassUID: UID.ctImageStorage, affectedSOPInstanceUID: "1.2.\(id)")
                    peer.send(.store(command), contextID: 3)
                    peer.sendData([UInt8](repeating: 0, count: 1000), contextID: 3, isLast: true)
                }
                #expect(await eventually { shared.snapshot.stored.count == 1 })
                #expect(peer.responses.isEmpty)
                #expect(await eventually { peer.responses.map { $0.messageIDBeingRespondedTo } == [1, 2, 3, 4, 5] })
            }
        }

        @Test func `the same message ID twice is refused as duplicate invocation`() async throws {
            var behaviour = TestProvider.Behaviour()
            behaviour.storeDelay = { _ in .milliseconds(100) }
            try await withServer(behaviour) { server, _ in
                let peer = try await RawPeer(port: server.localPort)
                #expect(try await peer.associate(window: .init(maximumInvoked: 4, maximumPerformed: 1)))
                for _ in 0..<2 {
                    let command = StoreCommand(
                        messageID: 9, affectedSOPClassUID: UID.ctImageStorage, affectedSOPInstanceUID: "1.2")
                    peer.send(.store(command), contextID: 3)
                    peer.sendData([0, 0], contextID: 3, isLast: true)
                }
                #expect(await eventually { peer.responses.map { $0.status } == [.duplicateInvocation, .success] })
            }
        }

        private func instance(_ number: Int) -> OutgoingInstance {
            OutgoingInstance(
                sopClassUID: UID.ctImageStorage, sopInstanceUID: Phantom.instanceUID(number),
                transferSyntaxUID: UID.explicitVRLittleEndian,
                source: MemoryDataSetSource([UInt8](repeating: 1, count: 100_000)))
        }
    }
}

/// Answers a little later and remembers how many stores were under way at most: [now, at most].
private final class OverlapSink: StoreSink {
    private let running: Locked<[Int]>

    init(_ running: Locked<[Int]>) {
        self.running = running
        running.withLock {
            $0[0] += 1
            $0[1] = max($0[1], $0[0])
        }
    }

    func receive(_ bytes: ByteBuffer) {}

    func finish(_ completion: StoreCompletion) {
        let running = running
        Task {
            try? await Task.sleep(for: .milliseconds(10))
            running.withLock { $0[0] -= 1 }
            completion(.success)
        }
    }

    func cancelled() {}
}
