import Archive
import DICOMCore
import DIMSE
import NIOCore

extension OutboundSender {
    /// Many providers answer over the same association if it stands for a moment.
    private static let resultPause: Duration = .seconds(10)

    func requestCommitment(
        transactionUID: String, references: [CommittedReference], of destination: String,
        result: @escaping @Sendable (CommitmentResult) throws -> Bool
    ) async throws(PeerFailure) {
        let taker = CommitmentResultTaker(pool: pool, take: result)
        let association = try await connect(destination, contexts: [Self.commitmentContext], handler: taker)
        defer { monitor.ended(association) }
        let request = StorageCommitment.Request(
            transactionUID: transactionUID,
            references: references.map { .init(sopClassUID: $0.sopClassUID, sopInstanceUID: $0.sopInstanceUID) })
        let answer: NormalizedAnswer
        do { answer = try await association.requestStorageCommitment(request) } catch {
            throw PeerFailure(reason: "asking \(destination) for storage commitment failed: \(error)", isTransient: true)
        }
        guard answer.status == .success else {
            await association.release()
            throw PeerFailure(
                reason: "\(destination) answered the request for storage commitment with \(answer.status)", isTransient: true)
        }
        await taker.waitForResult(atMost: Self.resultPause)
        await association.release()
    }

    static let commitmentContext = ProposedPresentationContext(
        id: 1, abstractSyntax: StorageCommitment.sopClassUID,
        transferSyntaxes: [TransferSyntax.explicitVRLittleEndian.uid, TransferSyntax.implicitVRLittleEndian.uid])
}

/// Takes the N-EVENT-REPORT that comes over an association of ours.
private final class CommitmentResultTaker: AssociationHandler {
    private let pool: BlockingPool
    private let take: @Sendable (CommitmentResult) throws -> Bool
    private let came = ArchiveSignal()

    init(pool: BlockingPool, take: @escaping @Sendable (CommitmentResult) throws -> Bool) {
        self.pool = pool
        self.take = take
    }

    func negotiate(_ request: AssociationRequest) async -> NegotiationAnswer { .reject(.temporaryCongestion) }

    func normalized(_ request: NormalizedRequest, dataSet: DataSet?) async -> NormalizedAnswer {
        let answer = await CommitmentReport.answer(request, dataSet, pool, take)
        came.signal()
        return answer
    }

    /// Returns with the result, or without it; then some time is left for our answer to go out.
    func waitForResult(atMost limit: Duration) async {
        await came.wait(after: 0, atMost: limit)
        try? await Task.sleep(for: .milliseconds(200))
    }
}

/// N-EVENT-REPORT of Storage Commitment as user (PS3.4 §J.3.3).
enum CommitmentReport {
    static func answer(
        _ request: NormalizedRequest, _ dataSet: DataSet?, _ pool: BlockingPool,
        _ take: @escaping @Sendable (CommitmentResult) throws -> Bool
    ) async -> NormalizedAnswer {
        guard request.command.sopClassUID == StorageCommitment.sopClassUID else {
            return NormalizedAnswer(status: .noSuchSOPClass)
        }
        guard case .eventReport = request.command.kind else { return NormalizedAnswer(status: .unrecognizedOperation) }
        do {
            let result = CommitmentResult(try StorageCommitment.Result(dataSet ?? DataSet()))
            // A repeated or late result is taken note of as well; there is nothing the provider could do about it.
            _ = try await pool.run { try take(result) }
            return NormalizedAnswer(status: .success)
        } catch let error as DIMSEFailure {
            return NormalizedAnswer(status: error.status, errorComment: error.errorComment)
        } catch {
            return NormalizedAnswer(
                status: .processingFailure, errorComment: ErrorComment.text(of: error, "the result cannot be kept now; send it again"))
        }
    }
}

extension CommitmentResult {
    init(_ result: StorageCommitment.Result) {
        self.init(
            transactionUID: result.transactionUID,
            references: result.committed.map {
                CommittedReference(sopClassUID: $0.sopClassUID, sopInstanceUID: $0.sopInstanceUID)
            } + result.failed.map {
                CommittedReference(
                    sopClassUID: $0.reference.sopClassUID, sopInstanceUID: $0.reference.sopInstanceUID,
                    failureReason: $0.reason.rawValue)
            })
    }
}
