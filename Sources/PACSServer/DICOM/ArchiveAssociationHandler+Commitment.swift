import Archive
import DICOMCore
import DIMSE
import Logging

extension ArchiveAssociationHandler {
    /// N-ACTION Request Storage Commitment (PS3.4 §J.3.2). Kept durably before it is answered; the result follows by
    /// N-EVENT-REPORT over an association of ours.
    func normalized(_ request: NormalizedRequest, dataSet: DataSet?) async -> NormalizedAnswer {
        guard request.command.sopClassUID == StorageCommitment.sopClassUID else {
            return NormalizedAnswer(status: .noSuchSOPClass)
        }
        if case .eventReport = request.command.kind, services.awaitsResults(from: callingAETitle) {
            let calling = callingAETitle
            return await CommitmentReport.answer(request, dataSet, services.pool) { [forwarded = services.forwardCommitment] in
                try forwarded.received($0, from: calling)
            }
        }
        // The context may be there for results alone.
        guard mayAskForCommitment else {
            return NormalizedAnswer(
                status: .notAuthorized, errorComment: ErrorComment.text("permissionMissing", "no right to ask for commitment"))
        }
        guard case .action(let type) = request.command.kind else { return NormalizedAnswer(status: .unrecognizedOperation) }
        guard type == StorageCommitment.requestActionTypeID else { return NormalizedAnswer(status: .noSuchActionType) }
        guard request.command.sopInstanceUID == StorageCommitment.wellKnownInstanceUID else {
            return NormalizedAnswer(status: .noSuchSOPInstance)
        }
        do {
            let asked = try StorageCommitment.Request(dataSet ?? DataSet())
            let references = asked.references.map {
                CommittedReference(sopClassUID: $0.sopClassUID, sopInstanceUID: $0.sopInstanceUID)
            }
            let calling = callingAETitle
            try await services.pool.run { [commitment = services.commitment] in
                try commitment.accept(transactionUID: asked.transactionUID, references: references, from: calling)
            }
        } catch let error as DIMSEFailure {
            return NormalizedAnswer(status: error.status, errorComment: error.errorComment)
        } catch {
            services.logger.error("Storage commitment request not kept: \(error)")
            return NormalizedAnswer(
                status: .resourceLimitation, errorComment: ErrorComment.text(of: error, "the request cannot be kept now; ask again"))
        }
        services.onCommitmentRequested()
        return NormalizedAnswer(status: .success)
    }
}

extension StorageCommitment.Result {
    init(_ result: CommitmentResult, retrieveAETitle: String) {
        self.init(
            transactionUID: result.transactionUID, retrieveAETitle: retrieveAETitle,
            committed: result.committed.map { .init(sopClassUID: $0.sopClassUID, sopInstanceUID: $0.sopInstanceUID) },
            failed: result.failed.map { reference in
                .init(
                    reference: .init(sopClassUID: reference.sopClassUID, sopInstanceUID: reference.sopInstanceUID),
                    reason: .init(rawValue: reference.failureReason ?? 0))
            })
    }
}
