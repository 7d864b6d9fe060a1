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
    /// What we asked of destinations of forwarding.
    let forwardCommitment: ForwardCommitment
    /// AE titles of devices that are asked for commitment.
    let committingDestinations: Set<String>
    let onCommitmentRequested: @Sendable () -> Void
    let outbound: OutboundSender
    let refusals: any RefusalLog
    let pool: BlockingPool
    let monitor: TransferMonitor
    let access: AccessAudit
    let now: @Sendable () -> Int64
    let logger: Logger

    func awaitsResults(from aeTitle: String) -> Bool { committingDestinations.contains(aeTitle) }

    /// Keeps a refusal record without holding up the event loop (PACS-4.2.2-b, PACS-4.2.2-c).
    func record(_ refusal: Refusal) {
        let refusals = refusals
        let pool = pool
        Task { try? await pool.run { try refusals.record([refusal]) } }
    }
}
