import Archive
import DIMSE
import SecurityProfiles

extension ArchiveAssociationHandler {
    /// A retrieval is over, well or not.
    ///
    /// - Parameter remote: AE title that received the instances, when that is not the caller.
    func told(_ instances: [StoredInstance], _ counts: SuboperationCounts, service: String, remote: String?) {
        guard !instances.isEmpty else { return }
        audit.note(
            .studySent, service: service, remote: remote, studies: Set(instances.map(\.studyInstanceUID)),
            instances: counts.completed + counts.warning, failures: counts.failed + counts.remaining)
    }
}
