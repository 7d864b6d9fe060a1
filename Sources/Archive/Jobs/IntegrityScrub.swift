/// Reads every stored object back and compares it with its checksum and its index row (PACS-4.5.10-1).
package struct IntegrityScrub: Sendable {
    package struct Finding: Hashable, Sendable {
        package var sopInstanceUID: String
        package var location: ObjectLocation
        package var problem: String
    }

    package struct Report: Hashable, Sendable {
        package var checked = 0
        package var bytes: Int64 = 0
        package var findings: [Finding] = []
        /// Records that no index row points to.
        package var unindexed = 0
    }

    private let store: any ObjectStore
    private let index: any InstanceIndex

    package init(store: any ObjectStore, index: any InstanceIndex) {
        self.store = store
        self.index = index
    }

    /// - Parameter shouldStop: asked between objects with the report so far; also the place to pause for rate limits.
    package func run(shouldStop: (Report) -> Bool = { _ in false }) throws -> Report {
        var report = Report()
        // By the index, so that a lost container shows as well.
        for container in try index.containersInUse() {
            let instances = try index.instances(in: container)
            for instance in instances {
                check(instance, &report)
                if shouldStop(report) { return report }
            }
        }
        try store.scan(from: nil) { location, _ in
            if (try? index.isIndexed(location)) == false { report.unindexed += 1 }
            return !shouldStop(report)
        }
        return report
    }

    private func check(_ instance: StoredInstance, _ report: inout Report) {
        report.checked += 1
        report.bytes += instance.location.recordBytes
        let problem: String?
        do {
            let note = try store.verify(instance.location)
            if note.sopInstanceUID != instance.sopInstanceUID {
                problem = "the record holds another SOP Instance UID than the index says"
            } else {
                problem = note.dataSetDigest == instance.dataSetDigest ? nil : "the checksum of the data set differs from the index"
            }
        } catch {
            problem = RetrieveError.storage(error).description
        }
        if let problem {
            report.findings.append(
                Finding(sopInstanceUID: instance.sopInstanceUID, location: instance.location, problem: problem))
        }
    }
}
