import Archive
import DIMSE
import Logging
import SecurityProfiles

/// What the DICOM side of the server works with; each association handler is made from it.
struct DICOMServices: Sendable {
    let aeTitle: String
    let contexts: ContextPolicy
    let nodes: NodePolicy
    let ingest: IngestPipeline
    let queries: any StudyQueries
    let lookup: any InstanceLookup
    let reader: ObjectReader
    let commitment: CommitmentDelivery
    let onCommitmentRequested: @Sendable () -> Void
    let outbound: OutboundSender
    let refusals: any RefusalLog
    let pool: BlockingPool
    let monitor: TransferMonitor
    let access: AccessAudit
    let now: @Sendable () -> Int64
    let logger: Logger

    /// Keeps a refusal record without holding up the event loop (PACS-4.2.2-b, PACS-4.2.2-c).
    func record(_ refusal: Refusal) {
        let refusals = refusals
        let pool = pool
        Task { try? await pool.run { try refusals.record([refusal]) } }
    }
}
