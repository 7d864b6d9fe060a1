/// Why an instance is in quarantine. The record says it, not the index: reasons are for the few who look.
package enum QuarantineReasons {
    /// - Returns: the reasons, or that the record cannot be read.
    package static func read(_ instance: StoredInstance, from store: any ObjectStore) -> [String] {
        do {
            return try store.note(instance.location).quarantineReasons
        } catch {
            return ["The record cannot be read now. Run apus check."]
        }
    }
}
