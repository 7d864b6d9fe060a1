import ArgumentParser
import DICOMCore
import Foundation
import PACSServer

struct ErrorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "errors", abstract: "Explain an error by its code, or list all with what to do.",
        discussion: "The identifier shown with an error leads to its entry in the service log, e.g. journalctl -u apus | grep 4F7KQ2MX.")
    @Argument(help: "Code of an error, as shown with it.") var code: String?
    @Flag(help: "Everything, in both languages, with all functions that ask or can be undone.") var json = false

    func run() async throws {
        try await reporting {
            if json { return print(String(decoding: Self.everything.encoded(), as: UTF8.self)) }
            let entries = ErrorCatalogue.entries.filter { code == nil || $0.code.rawValue == code }
            guard !entries.isEmpty else { throw CommandFault("There is no error \(code ?? "").", .noInput) }
            for entry in entries {
                let wording = entry.wording(terminalLanguage)
                print("\(entry.code.rawValue)\t\(entry.severity.rawValue)\t\(wording.text)\t\(wording.remedy)")
            }
        }
    }

    private static var everything: JSONNode {
        func wording(_ wording: ErrorCatalogue.Wording) -> JSONNode {
            ["text": JSONNode(wording.text), "remedy": JSONNode(wording.remedy)]
        }
        return [
            "errors": JSONNode(
                ErrorCatalogue.entries.map { entry in
                    [
                        "code": JSONNode(entry.code.rawValue), "severity": JSONNode(entry.severity.rawValue),
                        "contact": JSONNode(entry.contact.rawValue), "reference": JSONNode(entry.reference),
                        "surfaces": JSONNode(entry.surfaces.map(\.rawValue).sorted().map { JSONNode($0) }),
                        "zh-CN": wording(entry.chinese), "en": wording(entry.english),
                    ]
                }),
            "serious": JSONNode(
                SeriousFunction.allCases.map { function in
                    [
                        "function": JSONNode(function.rawValue), "safeguard": JSONNode(function.row.safeguard.rawValue),
                        "ways": JSONNode(function.row.ways.map { JSONNode($0) }), "zh-CN": JSONNode(function.row.chinese),
                        "en": JSONNode(function.row.english),
                    ]
                }),
        ]
    }
}
