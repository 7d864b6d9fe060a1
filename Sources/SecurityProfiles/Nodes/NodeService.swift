/// What a DICOM node may ask of Apus (PACS-4.5.4-3). `row` is the one table of names and SOP classes.
package enum NodeService: String, CaseIterable, Hashable, Sendable {
    case echo, store, find, move, get, commit, worklist, mpps, print

    package struct Row: Sendable {
        package let nameZH: String
        package let nameEN: String
        /// DIMSE services or the like, for the conformance statement.
        package let operations: String
    }

    package var row: Row {
        switch self {
        case .echo: Row(nameZH: "连通性测试", nameEN: "Verification", operations: "C-ECHO")
        case .store: Row(nameZH: "存储", nameEN: "Storage", operations: "C-STORE")
        case .find: Row(nameZH: "查询", nameEN: "Query", operations: "C-FIND")
        case .move: Row(nameZH: "检索（移动）", nameEN: "Retrieve by move", operations: "C-MOVE")
        case .get: Row(nameZH: "检索（获取）", nameEN: "Retrieve by get", operations: "C-GET")
        case .commit: Row(nameZH: "存储承诺", nameEN: "Storage commitment", operations: "N-ACTION, N-EVENT-REPORT")
        case .worklist: Row(nameZH: "工作列表", nameEN: "Modality worklist", operations: "C-FIND")
        case .mpps: Row(nameZH: "检查执行状态", nameEN: "Modality performed procedure step", operations: "N-CREATE, N-SET")
        case .print: Row(nameZH: "胶片打印", nameEN: "Print", operations: "N-CREATE, N-SET, N-ACTION, N-DELETE")
        }
    }

    /// Service an abstract syntax belongs to, or `nil` for one not in this table (private classes among them, which the
    /// archive decides about after `store` is granted).
    package static func service(abstractSyntaxUID uid: String) -> NodeService? {
        if let exact = exactAbstractSyntaxes[uid] { return exact }
        if uid.hasPrefix("1.2.840.10008.5.1.4.1.1.") { return .store }
        if uid.hasPrefix("1.2.840.10008.5.1.1.") { return .print }
        guard uid.hasPrefix("1.2.840.10008.5.1.4.1.2.") else { return nil }
        // Query/Retrieve models end in .1 FIND, .2 MOVE, .3 GET (PS3.4 §C.6).
        if uid.hasSuffix(".1") { return .find }
        if uid.hasSuffix(".2") { return .move }
        return uid.hasSuffix(".3") ? .get : nil
    }

    private static let exactAbstractSyntaxes: [String: NodeService] = [
        "1.2.840.10008.1.1": .echo,
        "1.2.840.10008.1.20.1": .commit,
        "1.2.840.10008.5.1.4.31": .worklist,
        "1.2.840.10008.3.1.2.3.3": .mpps,
        "1.2.840.10008.3.1.2.3.4": .mpps,
        "1.2.840.10008.3.1.2.3.5": .mpps,
        // Retrieve without bulk data (PS3.4 §Z), composite instance root retrieve (PS3.4 §Y).
        "1.2.840.10008.5.1.4.1.2.4.2": .move,
        "1.2.840.10008.5.1.4.1.2.4.3": .get,
        "1.2.840.10008.5.1.4.1.2.5.3": .get,
        // Storage classes numbered outside the usual branch: hanging protocol, color palette, implant templates.
        "1.2.840.10008.5.1.4.38.1": .store,
        "1.2.840.10008.5.1.4.39.1": .store,
        "1.2.840.10008.5.1.4.43.1": .store,
        "1.2.840.10008.5.1.4.44.1": .store,
        "1.2.840.10008.5.1.4.45.1": .store,
    ]

    package static var allNames: String { allCases.map(\.rawValue).joined(separator: ",") }

    /// Comma-separated names in a fixed order, the stored form.
    package static func text(_ services: Set<NodeService>) -> String {
        allCases.filter(services.contains).map(\.rawValue).joined(separator: ",")
    }

    /// Reads comma-separated names, spaces ignored; `all` is every service.
    ///
    /// - Returns: `nil` when a name is unknown. Empty text is no service.
    package static func set(_ text: String) -> Set<NodeService>? {
        if text == "all" { return Set(allCases) }
        var services: Set<NodeService> = []
        for name in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
            guard let service = NodeService(rawValue: String(name)) else { return nil }
            services.insert(service)
        }
        return services
    }
}
