import DICOMCore
import NIOCore
import NIOPosix
import Synchronization

@testable import DIMSE

/// A service class provider whose answers tests choose, and which remembers what it was asked.
final class TestProvider: AssociationHandler {
    struct Stored: Sendable {
        let command: StoreCommand
        let transferSyntaxUID: String
        let bytes: [UInt8]
    }

    struct Record: Sendable {
        var requests: [AssociationRequest] = []
        var associations: [Association] = []
        var stored: [Stored] = []
        var cancelledStores = 0
        var ends: [AssociationEnd] = []
        var normalized: [NormalizedCommand] = []
        var normalizedDataSets: [DataSet?] = []
        var moveDestinations: [String] = []
    }

    /// Survives the handlers, of which there is one for each connection.
    final class Shared: Sendable {
        let record = Mutex(Record())
        var snapshot: Record { record.withLock { $0 } }
    }

    struct Behaviour: Sendable {
        var negotiate: @Sendable (AssociationRequest) async -> NegotiationAnswer = { acceptEverything($0) }
        var store: (@Sendable (StoreRequest) -> any StoreSink)?
        var storeStatus = DIMSEStatus.success
        /// Asynchronous time until a C-STORE is answered.
        var storeDelay: @Sendable (StoreCommand) -> Duration? = { _ in nil }
        var find: @Sendable (DataSet) -> AsyncThrowingStream<FindAnswer, any Error> = { _ in
            AsyncThrowingStream { $0.finish() }
        }
        var move: @Sendable (RetrieveRequest, DataSet, RetrieveControl) async -> RetrieveResult = { _, _, _ in
            RetrieveResult(status: .success)
        }
        var get: @Sendable (RetrieveRequest, DataSet, RetrieveControl) async -> RetrieveResult = { _, _, _ in
            RetrieveResult(status: .success)
        }
        var normalized: @Sendable (NormalizedRequest, DataSet?) async -> NormalizedAnswer = { _, _ in
            NormalizedAnswer(status: .success)
        }
    }

    let shared: Shared
    let behaviour: Behaviour

    init(_ shared: Shared, _ behaviour: Behaviour) {
        self.shared = shared
        self.behaviour = behaviour
    }

    func negotiate(_ request: AssociationRequest) async -> NegotiationAnswer {
        shared.record.withLock { $0.requests.append(request) }
        return await behaviour.negotiate(request)
    }

    func associationEstablished(_ association: Association) {
        shared.record.withLock { $0.associations.append(association) }
    }

    func storeSink(for request: StoreRequest) -> any StoreSink {
        behaviour.store.map { $0(request) }
            ?? MemorySink(request, shared, status: behaviour.storeStatus, delay: behaviour.storeDelay(request.command))
    }

    func find(_ request: FindRequest, identifier: DataSet) -> AsyncThrowingStream<FindAnswer, any Error> {
        behaviour.find(identifier)
    }

    func move(
        _ request: RetrieveRequest, identifier: DataSet, control: RetrieveControl
    ) async -> RetrieveResult {
        shared.record.withLock { $0.moveDestinations.append(request.moveDestination ?? "") }
        return await behaviour.move(request, identifier, control)
    }

    func get(_ request: RetrieveRequest, identifier: DataSet, control: RetrieveControl) async -> RetrieveResult {
        await behaviour.get(request, identifier, control)
    }

    func normalized(_ request: NormalizedRequest, dataSet: DataSet?) async -> NormalizedAnswer {
        shared.record.withLock {
            $0.normalized.append(request.command)
            $0.normalizedDataSets.append(dataSet)
        }
        return await behaviour.normalized(request, dataSet)
    }

    func associationEnded(_ end: AssociationEnd) { shared.record.withLock { $0.ends.append(end) } }
}

/// Accepts every context with its first transfer syntax and every role as proposed.
@Sendable func acceptEverything(_ request: AssociationRequest) -> NegotiationAnswer {
    var decisions: [UInt8: NegotiationAcceptance.ContextDecision] = [:]
    for context in request.presentationContexts {
        if let uid = context.transferSyntaxes.first { decisions[context.id] = .accept(transferSyntaxUID: uid) }
    }
    var acceptance = NegotiationAcceptance(contexts: decisions)
    acceptance.roleSelections = request.roleSelections
    return .accept(acceptance)
}

/// Keeps an instance in memory.
final class MemorySink: StoreSink {
    private let request: StoreRequest
    private let shared: TestProvider.Shared
    private let status: DIMSEStatus
    private let delay: Duration?
    private var bytes: [UInt8] = []

    init(_ request: StoreRequest, _ shared: TestProvider.Shared, status: DIMSEStatus = .success, delay: Duration? = nil)
    {
        self.request = request
        self.shared = shared
        self.status = status
        self.delay = delay
    }

    func receive(_ bytes: ByteBuffer) { self.bytes += bytes.readableBytesView }

    func finish(_ completion: StoreCompletion) {
        let stored = TestProvider.Stored(
            command: request.command, transferSyntaxUID: request.transferSyntax.uid, bytes: bytes)
        shared.record.withLock { $0.stored.append(stored) }
        guard let delay else { return completion(status) }
        let status = status
        Task {
            try? await Task.sleep(for: delay)
            completion(status)
        }
    }

    func cancelled() { shared.record.withLock { $0.cancelledStores += 1 } }
}

/// One group for all tests, as a server has one.
let testGroup = MultiThreadedEventLoopGroup(numberOfThreads: 2)

/// Runs a server for the time of `body`.
func withServer(
    limits: AssociationLimits = .default, tls: TLSSettings? = nil, _ behaviour: TestProvider.Behaviour = .init(),
    _ body: (AssociationServer, TestProvider.Shared) async throws -> Void
) async throws {
    let shared = TestProvider.Shared()
    let server = try await AssociationServer.start(
        .init(host: "127.0.0.1", port: 0, tls: tls, limits: limits), group: testGroup
    ) { TestProvider(shared, behaviour) }
    do {
        try await body(server, shared)
    } catch {
        await server.shutdown(grace: .zero)
        throw error
    }
    await server.shutdown(grace: .zero)
}

/// Waits until `condition` holds; `false` when it does not within `limit`.
func eventually(_ limit: Duration = .seconds(60), _ condition: () async -> Bool) async -> Bool {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while clock.now < deadline {
        if await condition() { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return await condition()
}

extension AssociationServer {
    func client(
        _ sopClassUIDs: [String] = [UID.verification], transferSyntaxUIDs: [String]? = nil,
        _ change: (inout AssociationClient.Configuration) -> Void = { _ in }
    ) -> AssociationClient.Configuration {
        var proposal = PresentationContextProposal()
        for uid in sopClassUIDs {
            proposal.add(uid, transferSyntaxUIDs: transferSyntaxUIDs ?? PresentationContextProposal.uncompressed)
        }
        var configuration = AssociationClient.Configuration(
            host: "127.0.0.1", port: localPort, calledAETitle: "APUS", callingAETitle: "TESTER",
            presentationContexts: proposal.contexts)
        change(&configuration)
        return configuration
    }
}
