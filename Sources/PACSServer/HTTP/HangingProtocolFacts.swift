import Archive
import DICOMCore
import Hummingbird
import PersistenceSQLite

/// What hanging rules ask about studies, from index and manifest.
struct HangingFacts: Sendable {
    let pacs: PACS
    let catalogue: ViewingCatalogue

    /// Priors that are looked at.
    private static let maximumPriors = 4
    /// Modalities of which each object is a view, or a run, of its own.
    private static let viewByView: Set<String> = ["CR", "DX", "MG", "IO", "PX", "RG", "XA", "RF", "US", "IVUS", "ES"]

    func newestStudies(_ limit: Int) async throws -> [String] {
        let index = pacs.directory.index
        return try await pacs.pool.run {
            var query = try ArchiveQuery(resources: .study, studyInstanceUID: nil, seriesInstanceUID: nil, parameters: SearchParameters())
            if let date = IndexedAttribute.named(.studyDate) { query.order = [ArchiveQuery.Order(date, ascending: false)] }
            query.limit = limit
            return try index.find(query).rows.compactMap { $0.string(.studyInstanceUID) }
        }
    }

    /// - Parameter withPriors: also series of the patient's earlier studies that share a modality, newest first.
    /// - Throws: `WebFault` 404 when there is no such study.
    func study(_ uid: String, withPriors: Bool) async throws -> (study: HangingStudyFacts, series: [HangingSeriesFacts]) {
        guard UID.isValid(uid), let row = try await row(uid) else { throw WebFault(.notFound, "study", "There is no such study.") }
        let (own, manifests) = try await series(of: uid, prior: 0)
        let priors = withPriors ? try await priors(of: row, uid) : []
        var all = own
        for (place, prior) in priors.enumerated() { all += try await series(of: prior, prior: place + 1).facts }
        let bodyParts = manifests.compactMap { $0["bodyPart"]?.string }
        var seen: Set<String> = []
        let facts = HangingStudyFacts(
            modalities: row.values[.modalitiesInStudy] ?? [],
            description: ([row.string(.studyDescription) ?? ""] + bodyParts).joined(separator: " ").trimmed,
            bodyParts: bodyParts.filter { !$0.isEmpty && seen.insert($0).inserted },
            age: Self.age(row.string(.patientBirthDate) ?? "", row.string(.studyDate) ?? ""), series: manifests.count,
            priors: priors.count)
        return (facts, all)
    }

    private func row(_ uid: String) async throws -> QueryRow? {
        let index = pacs.directory.index
        return try await pacs.pool.run {
            var search = SearchParameters()
            search.includesAll = true
            let query = try ArchiveQuery(resources: .study, studyInstanceUID: uid, seriesInstanceUID: nil, parameters: search)
            return try index.find(query).rows.first
        }
    }

    private static func age(_ birth: String, _ date: String) -> Int? {
        guard birth.utf8.count == 8, date.utf8.count == 8, birth <= date, let from = Int(birth), let to = Int(date) else { return nil }
        return (to - from) / 10_000
    }

    /// Earlier studies under the same Patient ID and issuer.
    private func priors(of row: QueryRow, _ uid: String) async throws -> [String] {
        guard let patient = row.string(.patientID), !patient.isEmpty, !patient.contains(where: { "*?\\".contains($0) }) else { return [] }
        let index = pacs.directory.index
        let found = try await pacs.pool.run { () -> [QueryRow] in
            var search = SearchParameters()
            search.includesAll = true
            search.matches = [.init(path: [.patientID], value: patient)]
            var query = try ArchiveQuery(resources: .study, studyInstanceUID: nil, seriesInstanceUID: nil, parameters: search)
            if let date = IndexedAttribute.named(.studyDate) { query.order = [ArchiveQuery.Order(date, ascending: false)] }
            query.limit = 200
            return try index.find(query).rows
        }
        func moment(_ row: QueryRow) -> String { (row.string(.studyDate) ?? "") + (row.string(.studyTime) ?? "") }
        let modalities = Set(row.values[.modalitiesInStudy] ?? [])
        let earlier = found.filter { other in
            other.string(.studyInstanceUID) != uid && moment(other) <= moment(row)
                && other.string(.issuerOfPatientID) == row.string(.issuerOfPatientID)
                && !modalities.isDisjoint(with: other.values[.modalitiesInStudy] ?? [])
        }
        return earlier.sorted { moment($0) > moment($1) }.prefix(Self.maximumPriors).compactMap { $0.string(.studyInstanceUID) }
    }

    // MARK: Series

    /// Facts of a study's series, and the manifests of those that have something to show.
    private func series(of study: String, prior: Int) async throws -> (facts: [HangingSeriesFacts], manifests: [JSONNode]) {
        let index = pacs.directory.index
        let instances = try await pacs.pool.run { try index.instances(.studies([study]), includingConflicts: false) }
        let groups = Dictionary(grouping: instances, by: \.seriesInstanceUID)
        var facts: [HangingSeriesFacts] = []
        var manifests: [JSONNode] = []
        for uid in groups.keys.sorted() {
            guard let group = groups[uid] else { continue }
            let prepared = try await pacs.pool.run { [catalogue] in catalogue.series(group) }
            guard let manifest = try? JSONParser.parse(prepared.text[...]), (manifest["frames"]?["count"]?.int ?? 0) > 0 else { continue }
            manifests.append(manifest)
            facts += Self.facts(manifest, study: study, prior: prior)
        }
        return (facts, manifests)
    }

    private static func facts(_ manifest: JSONNode, study: String, prior: Int) -> [HangingSeriesFacts] {
        var whole = HangingSeriesFacts()
        whole.study = study
        whole.series = manifest["seriesInstanceUID"]?.string ?? ""
        whole.prior = prior
        whole.modality = manifest["modality"]?.string ?? ""
        whole.description = "\(manifest["seriesDescription"]?.string ?? "") \(manifest["protocolName"]?.string ?? "")".trimmed
        whole.seriesNumber = manifest["seriesNumber"]?.int
        whole.images = manifest["frames"]?["count"]?.int ?? 0
        let stack = manifest["stacks"]?.array?.first
        whole.plane = plane((stack?["normal"]?.array ?? []).compactMap { number($0) })
        whole.thicknessMM = number(stack?["sliceThickness"])
        let list = manifest["instances"] ?? .init(.null)
        let count = list["count"]?.int ?? 0
        let attributes = manifest["attributes"]?.array ?? []
        func of(_ index: Int) -> HangingSeriesFacts {
            var facts = whole
            let place = column(list["attributes"], index)?.int ?? 0
            let own = attributes.indices.contains(place) ? attributes[place] : .init(.null)
            facts.bodyPart = first(own["bodyPart"]?.string, manifest["bodyPart"]?.string)
            facts.laterality = first(own["laterality"]?.string, manifest["laterality"]?.string)
            facts.view = own["viewPosition"]?.string ?? ""
            return facts
        }
        let images = (0..<count).filter { column(list["kind"], $0)?.string == "image" }
        guard viewByView.contains(whole.modality), images.count >= 2 else { return [of(0)] }
        return images.enumerated().map { place, index in
            var facts = of(index)
            facts.place = place
            facts.sop = column(list["sopInstanceUID"], index)?.string
            facts.images = column(list["numberOfFrames"], index)?.int ?? 1
            return facts
        }
    }

    /// A column is a list, or one value when all entries are equal.
    private static func column(_ node: JSONNode?, _ index: Int) -> JSONNode? {
        guard let list = node?.array else { return node }
        return list.indices.contains(index) ? list[index] : nil
    }

    private static func first(_ texts: String?...) -> String { texts.compactMap { $0 }.first { !$0.isEmpty } ?? "" }

    private static func number(_ node: JSONNode?) -> Double? {
        guard case .number(let text)? = node?.content else { return nil }
        return Double(text)
    }

    private static func plane(_ normal: [Double]) -> String {
        guard normal.count == 3 else { return "" }
        if abs(normal[2]) > 0.8 { return "axial" }
        if abs(normal[0]) > 0.8 { return "sagittal" }
        return abs(normal[1]) > 0.8 ? "coronal" : "oblique"
    }
}

extension String {
    fileprivate var trimmed: String { String(trimmingPrefix(while: { $0 == " " }).reversed().drop { $0 == " " }.reversed()) }
}
