import DICOMCore
import DICOMObjects
import Foundation

enum Support {
    /// The folder of shared test files: `APUS_SHARED`, or `shared/data` beside the repository. Tests that need it are
    /// skipped without it.
    static let sharedData: String? = {
        let manager = FileManager.default
        if let named = ProcessInfo.processInfo.environment["APUS_SHARED"] {
            return [named + "/data", named].first { manager.fileExists(atPath: $0 + "/manifest.csv") }
        }
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent("shared/data").path
            if manager.fileExists(atPath: candidate + "/manifest.csv") { return candidate }
        }
        return nil
    }()

    static func read(_ name: String) throws -> DataSet {
        let data = try Data(contentsOf: URL(fileURLWithPath: (sharedData ?? "") + "/" + name))
        return try Part10File(reading: Array(data)[...]).dataSet
    }

    static func authoring(_ uid: String = "2.25.1001") -> ObjectAuthoring {
        ObjectAuthoring(
            sopInstanceUID: uid, seriesInstanceUID: "2.25.1002", seriesNumber: 9001, seriesDescription: "Measurements",
            date: "20260102", time: "030405.678", timezoneOffset: "+0800", personName: "Li^Reader", loginName: "reader",
            softwareVersion: "test")
    }

    static let image = Phantom(kind: .ct, matrix: 8, numberOfImages: 1)

    /// A slice of the phantom, the object that others are about.
    static func source() -> DataSet {
        var found = DataSet()
        image.generate { found = $0 }
        return found
    }

    static func mark(
        _ kind: String, _ points: [[Double]], uid: String = "2.25.77", text: String = "", values: JSONNode = [],
        extra: [JSONNode.Member] = []
    ) throws -> Mark {
        let source = source()
        return try Mark(
            JSONNode(
                [
                    .init("uid", JSONNode(uid)), .init("kind", JSONNode(kind)), .init("number", 3),
                    .init("seriesInstanceUID", JSONNode(source.uid(.seriesInstanceUID) ?? "")),
                    .init("sopClassUID", JSONNode(source.uid(.sopClassUID) ?? "")),
                    .init("sopInstanceUID", JSONNode(source.uid(.sopInstanceUID) ?? "")), .init("frameNumber", 1),
                    .init("points", JSONNode(points.map { JSONNode($0.map { JSONNode($0) }) })), .init("text", JSONNode(text)),
                    .init("values", values), .init("modified", "2026-01-02T03:04:06.000Z"),
                ] + extra))
    }

    static func value(_ code: String, _ scheme: String, _ meaning: String, _ value: Double, _ unit: String) -> JSONNode {
        [
            "quantity": ["value": JSONNode(code), "scheme": JSONNode(scheme), "meaning": JSONNode(meaning)], "derivation": .null,
            "value": JSONNode(value), "unit": JSONNode(unit), "uncertainty": JSONNode(0.21), "k": 2,
        ]
    }

    /// Written and read again, as through a file.
    static func throughFile(_ dataSet: DataSet) throws -> DataSet {
        let bytes = try Part10File(dataSet: dataSet, syntax: .explicitVRLittleEndian).encoded()
        return try Part10File(reading: bytes[...]).dataSet
    }
}
